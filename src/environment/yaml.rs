//! YAML text as a tree in which every key and value knows its bytes.
//!
//! In: a source. Out: its tree, or one diagnostic that says where the text stops being YAML. What the
//! keys mean is not decided here.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::{Location, Spanned};

use crate::diag::{Code, Diagnostic, Position, Source, Span};

const SYNTAX: Code = Code::new("invalid-yaml");
const DUPLICATE: Code = Code::new("duplicate-key");

/// A value and its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NodeKind {
    /// A scalar; never a list or an object.
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Node,
}

/// Reads one document.
///
/// # Errors
/// When the text is not one YAML document of unique keys.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Box<Diagnostic>> {
    let options = serde_saphyr::options! { strict_booleans: true };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(source.text(), options) {
        Ok(raw) => Ok(node(raw, source)),
        Err(error) => Err(Box::new(refused(&error, source))),
    }
}

impl Node {
    /// The value without its places; of a key that a merge brings twice, the first.
    pub(super) fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::List(list) => list.iter().map(Self::to_json).collect(),
            NodeKind::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
        }
    }

    /// The words by which a message calls what stands here.
    pub(super) fn what(&self) -> &'static str {
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

fn refused(error: &serde_saphyr::Error, source: &Arc<Source>) -> Diagnostic {
    let error = error.without_snippet();
    let duplicate = matches!(error, serde_saphyr::Error::DuplicateMappingKey { .. });
    let at = error.location().map_or(0..0, |location| span(&location, source));
    let message = error.to_string();
    // The parser repeats the place, which the label shows.
    let reason = message.split(" at line ").next().unwrap_or(&message);
    let reason = reason
        .strip_prefix("error: line ")
        .map_or(reason, |rest| rest.split_once(": ").map_or(reason, |(_, reason)| reason));
    if matches!(error, serde_saphyr::Error::MultipleDocuments { .. }) {
        return Diagnostic::error(SYNTAX, "more than one YAML document in a file")
            .at(source, at, "a second document")
            .help("keep one document a file, without `---` in between");
    }
    if duplicate {
        return Diagnostic::error(DUPLICATE, "the same key twice in one map")
            .at(source, at, "again here")
            .help("keep one of the two");
    }
    Diagnostic::error(SYNTAX, format!("not valid YAML: {reason}"))
        .at(source, at, "the text stops being YAML here")
        .help("look at the indentation and the quotes of this line and the one before")
}

fn node(raw: Spanned<Raw>, source: &Source) -> Node {
    let start = span(&raw.referenced, source);
    let kind = match raw.value {
        Raw::Scalar(value) => NodeKind::Scalar(value),
        Raw::List(list) => NodeKind::List(list.into_iter().map(|raw| node(raw, source)).collect()),
        Raw::Map(entries) => {
            let entry = |(key, value): (Spanned<String>, Spanned<Raw>)| Entry {
                key_span: span(&key.referenced, source),
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
    let last = match kind {
        NodeKind::Scalar(_) => return start,
        NodeKind::List(list) => list.last().map(|item| &item.span),
        NodeKind::Map(entries) => entries.last().map(|entry| &entry.value.span),
    };
    // Values behind an alias stand elsewhere.
    let end = last.map_or(start.end, |last| last.end.max(start.end));
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

/// The bytes of a location; a block's end without the line ends after it.
fn span(location: &Location, source: &Source) -> Span {
    let whole = location.span();
    let (Some(start), Some(length)) = (whole.byte_offset(), whole.byte_len()) else {
        let line = usize::try_from(location.line()).unwrap_or(1);
        let column = usize::try_from(location.column()).unwrap_or(1);
        let start = source.offset(Position { line, column });
        return start..start;
    };
    let size = source.text().len();
    let start = usize::try_from(start).unwrap_or(size).min(size);
    let end = usize::try_from(length).map_or(size, |length| start.saturating_add(length).min(size));
    let text = source.text().get(start..end).unwrap_or("");
    start..start + text.trim_end().len()
}

/// A value as the parser hands it over.
enum Raw {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::access;
    use super::*;

    /// Every span of a tree is a piece of the text.
    fn holds(node: &Node, text: &str) -> bool {
        let inside = text.get(node.span.clone()).is_some();
        inside
            && match &node.kind {
                NodeKind::Scalar(_) => true,
                NodeKind::List(list) => list.iter().all(|item| holds(item, text)),
                NodeKind::Map(entries) => entries.iter().all(|entry| {
                    text.get(entry.key_span.clone()).is_some() && holds(&entry.value, text)
                }),
            }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_place_is_in_the_text(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "ü", "secret", ": ", "- ", "\n", "\n  ", "\r\n", "[", "]", "{", "}", ", ",
                    "'", "\"", "|\n", "&x ", "*x", "# c", "\u{feff}", "\t", "---\n", "<<: ", "~", "1",
                ]),
                0..24,
            )
        ) {
            let source = Arc::new(Source::new("a.yaml", parts.concat()));
            match parse(&source) {
                Ok(node) => {
                    prop_assert!(holds(&node, source.text()));
                    let blackened = access::blackened(&source, &node);
                    prop_assert_eq!(blackened.text().len(), source.text().len());
                }
                Err(diagnostic) => {
                    let span = diagnostic.labels[0].span.clone();
                    prop_assert!(source.text().get(span).is_some());
                }
            }
        }
    }

    fn parsed(text: &str) -> Node {
        parse(&Arc::new(Source::new("a.yaml", text))).unwrap()
    }

    /// The texts of all keys and scalars, in order.
    fn pieces(node: &Node, text: &str, out: &mut Vec<String>) {
        match &node.kind {
            NodeKind::Scalar(_) => out.push(text[node.span.clone()].to_owned()),
            NodeKind::List(list) => list.iter().for_each(|item| pieces(item, text, out)),
            NodeKind::Map(entries) => {
                for entry in entries {
                    out.push(text[entry.key_span.clone()].to_owned());
                    pieces(&entry.value, text, out);
                }
            }
        }
    }

    fn check_pieces(text: &str, expect: &[&str]) {
        let mut found = Vec::new();
        pieces(&parsed(text), text, &mut found);
        assert_eq!(found, expect);
    }

    #[test]
    fn every_key_and_value_knows_its_bytes() {
        check_pieces(
            "a: 1\nnäme: { b: ü, c: [x, 'y'] }\n",
            &["a", "1", "näme", "b", "ü", "c", "x", "'y'"],
        );
        check_pieces("a: 1\r\nb:\r\n  - c: two words\r\n", &["a", "1", "b", "c", "two words"]);
    }

    fn check_whole(text: &str, path: &[usize], expect: &str) {
        let mut node = &parsed(text);
        for index in path {
            node = match &node.kind {
                NodeKind::Scalar(_) => panic!("nothing is in a scalar"),
                NodeKind::List(list) => &list[*index],
                NodeKind::Map(entries) => &entries[*index].value,
            };
        }
        assert_eq!(&text[node.span.clone()], expect);
    }

    #[test]
    fn lists_and_maps_reach_to_their_ends() {
        check_whole("a: [1, {b: 2}, ]\nc: 3\n", &[0], "[1, {b: 2}, ]");
        check_whole("a: [1, {b: 2}]\nc: 3\n", &[0, 1], "{b: 2}");
        check_whole("a: {}\nc: 3\n", &[0], "{}");
        check_whole("a:\n  b: 1\n  c: two\nd: 3\n", &[0], "b: 1\n  c: two");
        check_whole("a:\n  - b\n  - c\nd: 3\n", &[0], "- b\n  - c");
        check_whole("a: &x {b: 1}\nc: *x\nd: 3\n", &[1], "*x");
    }

    #[test]
    fn values_keep_their_types() {
        let text = "{a: 1, b: true, c: ~, d: 2026-12-31, e: '1', f: 1.5, g: [yes, no], h: {i: 3d}}";
        let expect = json!({"a": 1, "b": true, "c": null, "d": "2026-12-31", "e": "1", "f": 1.5,
            "g": ["yes", "no"], "h": {"i": "3d"}});
        assert_eq!(parsed(text).to_json(), expect);
    }

    fn check_refused(text: &str, code: &str, line: usize) {
        let source = Arc::new(Source::new("a.yaml", text));
        let diagnostic = parse(&source).unwrap_err();
        assert_eq!(diagnostic.code.as_str(), code, "{text}");
        assert_eq!(diagnostic.place().unwrap().1.line, line, "{text} {diagnostic:?}");
        assert!(!diagnostic.message.contains("line"), "{}", diagnostic.message);
    }

    #[test]
    fn broken_text_is_refused_with_its_place() {
        check_refused("a: 1\nb: [1, 2\nc: 3\n", "invalid-yaml", 3);
        check_refused("a: 1\n b: 2\n", "invalid-yaml", 2);
        check_refused("a: 1\nb: 2\na: 3\n", "duplicate-key", 3);
        check_refused("a: 1\n---\nb: 2\n", "invalid-yaml", 3);
    }
}
