//! A content file's top-level keys, each with the places of its name and its value.
//!
//! Straight into JSON values: nothing below the top level needs a place of its own.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

use super::quick;
use crate::diag::{Diagnostic, Source, Span};
use crate::yaml;
use std::sync::Arc;

/// The most values, keys among them, that a content file may have; published ones have a hundred.
pub(super) const MOST_VALUES: usize = 5_000;

/// What one YAML document holds.
pub(super) enum Document {
    /// A mapping.
    Map(Vec<Entry>),
    /// A list or a scalar.
    Other,
}

/// One top-level key.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) value: Value,
    /// The value's text. Of a list or mapping, or where there is no text, the name's.
    pub(super) span: Span,
}

impl Entry {
    /// `at` is where the value stands.
    pub(super) fn new(name: String, name_span: Span, value: Value, at: Span) -> Self {
        let has_text = !at.is_empty() && !value.is_array() && !value.is_object();
        let span = if has_text { at } else { name_span.clone() };
        Self { name, name_span, value, span }
    }

    /// What a scalar looks like in the file, where YAML would change its spelling: `1.10` is the
    /// number 1.1, and a version is neither.
    pub(super) fn written<'a>(&self, source: &'a Source) -> Option<&'a str> {
        match self.value {
            Value::Number(_) | Value::Bool(_) => source.text().get(self.span.clone()),
            _ => None,
        }
    }
}

/// The documents of a text that are not empty: front matter (`---` … `---`) is followed by an empty
/// one.
///
/// # Errors
/// A diagnostic at the parser's position when the text is not YAML.
pub(super) fn parse(source: &Arc<Source>) -> Result<Vec<Document>, Box<Diagnostic>> {
    match quick::entries(source.text()) {
        Some(entries) => Ok(vec![Document::Map(entries)]),
        None => yaml::documents(source, MOST_VALUES),
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, value)) = map.next_entry::<Spanned<String>, Spanned<Value>>()? {
            let (at_name, at) = (yaml::bytes(&name.referenced), yaml::bytes(&value.referenced));
            entries.push(Entry::new(name.value, at_name, value.value, at));
        }
        Ok(Document::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Document, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Document::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Document, E> {
        Ok(Document::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Document, E> {
        Ok(Document::Other)
    }
}
