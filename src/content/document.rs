//! A content file's top-level keys, each with the places of its name and its value.
//!
//! One pass of the parser, straight into JSON values: content is read by the thousand, and nothing
//! below the top level needs a place of its own.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::unique::{self, Unique};
use crate::diag::{Code, Diagnostic, Position, Source, Span};
use std::sync::Arc;

const INVALID_YAML: Code = Code::new("invalid-yaml");
const DUPLICATE_KEY: Code = Code::new("duplicate-key");

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
    fn new(name: Spanned<String>, value: Value, at: Location) -> Self {
        let name_span = span(name.referenced);
        let at = span(at);
        let has_text = !at.is_empty() && !value.is_array() && !value.is_object();
        let span = if has_text { at } else { name_span.clone() };
        Self { name: name.value, name_span, value, span }
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
    match serde_saphyr::from_multiple_with_options::<Mapping>(source.text(), unique::options()) {
        Ok(mappings) => Ok(mappings.into_iter().map(|Mapping(keys)| Document::Map(keys)).collect()),
        // Whatever it was: the strict reading decides, and says what is wrong.
        Err(_) => parse_as(source),
    }
}

/// The same for any type.
pub(super) fn parse_as<T: for<'de> Deserialize<'de>>(
    source: &Arc<Source>,
) -> Result<Vec<T>, Box<Diagnostic>> {
    // Booleans as YAML 1.2 has them: `on` and `yes` are texts, as they are for the service's own
    // tools.
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    serde_saphyr::from_multiple_with_options(source.text(), options)
        .map_err(|error| Box::new(broken(source, &error)))
}

fn broken(source: &Arc<Source>, error: &serde_saphyr::Error) -> Diagnostic {
    let error = error.without_snippet();
    let text = error.to_string();
    // The place is said by the label.
    let message = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    let start = error.location().map_or(0, |location| offset(source, location));
    let rest = &source.text()[start..];
    let end = start + rest.find(['\r', '\n']).unwrap_or(rest.len());
    if matches!(error, serde_saphyr::Error::DuplicateMappingKey { .. }) {
        let message = message.split(", set ").next().unwrap_or(message);
        return Diagnostic::error(DUPLICATE_KEY, message)
            .at(source, start..end, "the second one")
            .help("delete one of the two");
    }
    Diagnostic::error(INVALID_YAML, format!("the file is not valid YAML: {message}"))
        .at(source, start..end, "here")
        .help("mend the line or the one above it; mind the indentation")
}

fn offset(source: &Source, location: Location) -> usize {
    if let Some(byte) = location.span().byte_offset() {
        return usize::try_from(byte).unwrap_or(usize::MAX).min(source.text().len());
    }
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    source.offset(Position { line: number(location.line()), column: number(location.column()) })
}

/// A parser's location as bytes.
pub(super) fn span(location: Location) -> Span {
    let span = location.span();
    let number = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let start = number(span.byte_offset());
    start..start + number(span.byte_len())
}

/// The entries of a mapping whose keys are beyond doubt.
struct Mapping(Vec<Entry>);

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MappingVisitor).map(Self)
    }
}

struct MappingVisitor;

impl<'de> Visitor<'de> for MappingVisitor {
    type Value = Vec<Entry>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Entry>, A::Error> {
        let mut entries: Vec<Entry> = Vec::with_capacity(16);
        while let Some((name, value)) = map.next_entry::<Spanned<String>, Spanned<Unique>>()? {
            let is_twice = entries.iter().any(|entry| entry.name == name.value);
            if is_twice || !unique::is_beyond_doubt(&name.value) {
                return Err(unique::doubtful());
            }
            entries.push(Entry::new(name, value.value.0, value.referenced));
        }
        Ok(entries)
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
            entries.push(Entry::new(name, value.value, value.referenced));
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
