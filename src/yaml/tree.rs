//! The tree: a file's values with their places.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::Spanned;

use super::place::place;
use crate::diag::{Source, Span};

/// A value and its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) span: Span,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeKind {
    /// A scalar; never a list or an object.
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn is_null(&self) -> bool {
        self.kind == NodeKind::Scalar(Value::Null)
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar(Value::String(_)))
    }

    /// A text, or what stands in the file where YAML would change its spelling: `1.10` is the number
    /// 1.1, and a version is neither.
    pub(crate) fn written<'a>(&'a self, source: &'a Source) -> &'a str {
        match &self.kind {
            NodeKind::Scalar(Value::String(text)) => text,
            _ => source.text().get(self.span.clone()).unwrap_or(""),
        }
    }

    /// The first list or map with more than `most` entries, from the outside in: its bytes.
    pub(super) fn broadest(&self, most: usize) -> Option<Span> {
        let (count, mut inner): (_, Box<dyn Iterator<Item = &Self>>) = match &self.kind {
            NodeKind::Scalar(_) => return None,
            NodeKind::List(list) => (list.len(), Box::new(list.iter())),
            NodeKind::Map(entries) => (entries.len(), Box::new(entries.iter().map(|e| &e.value))),
        };
        if count > most {
            return Some(self.span.clone());
        }
        inner.find_map(|node| node.broadest(most))
    }

    /// The value without its places.
    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::List(list) => list.iter().map(Self::to_json).collect(),
            NodeKind::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
        }
    }

    /// The words by which a message calls what stands here.
    pub(crate) fn what(&self) -> &'static str {
        match &self.kind {
            NodeKind::Scalar(Value::Null) => "nothing",
            NodeKind::Scalar(Value::Bool(_)) => "a truth value",
            NodeKind::Scalar(Value::Number(_)) => "a number",
            NodeKind::Scalar(_) => "a text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }
}

pub(super) fn node(raw: Spanned<Raw>, source: &Source) -> Node {
    let start = place(&raw.referenced, source);
    let kind = match raw.value {
        Raw::Scalar(value) => NodeKind::Scalar(value),
        Raw::List(list) => NodeKind::List(list.into_iter().map(|raw| node(raw, source)).collect()),
        Raw::Map(entries) => {
            let entry = |(key, value): (Spanned<String>, Spanned<Raw>)| Entry {
                key_span: place(&key.referenced, source),
                key: key.value,
                value: node(value, source),
            };
            NodeKind::Map(entries.into_iter().map(entry).collect())
        }
    };
    let span = whole(start, &kind, source.text());
    Node { kind, span }
}

/// The parser places a list or a map at its first character: it reaches to the end of its last value
/// and, if it has one, to its bracket.
fn whole(start: Span, kind: &NodeKind, text: &str) -> Span {
    // Values behind an alias or a merge stand further up.
    let end = match kind {
        NodeKind::Scalar(_) => return start,
        NodeKind::List(list) => list.iter().map(|item| item.span.end).max(),
        NodeKind::Map(entries) => {
            entries.iter().map(|entry| entry.value.span.end.max(entry.key_span.end)).max()
        }
    };
    let end = start.end.max(end.unwrap_or(0));
    let close = match text.get(start.clone()) {
        Some("[") => ']',
        Some("{") => '}',
        _ => return start.start..end,
    };
    let rest = text.get(end..).unwrap_or("");
    let blank = rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',').len();
    let bracket = rest[blank..].starts_with(close);
    start.start..if bracket { end + blank + 1 } else { end }
}

/// A value as the parser hands it over.
pub(super) enum Raw {
    Scalar(Value),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
