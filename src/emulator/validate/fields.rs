//! Reading a body field by field: lengths, ranges, words.
//!
//! The body has the shape of its kind: what is read here is of the right type. null counts as left out
//! everywhere, as in the service's models.

use serde_json::{Map, Value};

use super::shape::{Sent, Shape};
use crate::emulator::refusal::Refusal;
use crate::ident::Duration;

/// The properties of a body of this shape.
pub(super) fn properties<'a>(
    sent: &Sent<'a>,
    shape: &Shape,
) -> Result<&'a Map<String, Value>, Refusal> {
    sent.has_shape(shape)?;
    let properties = sent.value.get("properties").and_then(Value::as_object);
    properties.ok_or_else(|| Refusal::invalid("Properties", "The Properties field is required."))
}

/// `displayName` as .NET calls it: `DisplayName`.
pub(super) fn pascal(key: &str) -> String {
    let mut letters = key.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// A field that must be there.
pub(super) fn required(parent: &Value, path: &str, key: &str) -> Result<(), Refusal> {
    if parent.get(key).is_some_and(|value| !value.is_null()) {
        return Ok(());
    }
    let name = pascal(key);
    Err(Refusal::invalid(&below(path, &name), &format!("The {name} field is required.")))
}

/// `Properties.Query`; the name alone at the top.
fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A text.
pub(super) fn text<'a>(parent: &'a Value, key: &str) -> Option<&'a str> {
    parent.get(key)?.as_str()
}

/// A text of bounded length.
pub(super) fn bounded_text<'a>(
    parent: &'a Value,
    path: &str,
    key: &str,
    (least, most): (usize, usize),
) -> Result<Option<&'a str>, Refusal> {
    let found = text(parent, key);
    let length = found.map_or(least, |text| text.chars().count());
    if (least..=most).contains(&length) {
        return Ok(found);
    }
    let name = pascal(key);
    let why = format!(
        "The field {name} must be a string with a minimum length of {least} and a maximum length of {most}."
    );
    Err(Refusal::invalid(&below(path, &name), &why))
}

/// One of a few words, spelled exactly.
pub(super) fn word<'a>(
    parent: &'a Value,
    path: &str,
    key: &str,
    words: &[&str],
) -> Result<Option<&'a str>, Refusal> {
    let found = text(parent, key);
    found.map_or(Ok(()), |found| one_of(found, path, key, words))?;
    Ok(found)
}

/// Each of them one of a few words.
pub(super) fn words(parent: &Value, path: &str, key: &str, words: &[&str]) -> Result<(), Refusal> {
    texts(parent, key).into_iter().try_for_each(|found| one_of(found, path, key, words))
}

fn one_of(found: &str, path: &str, key: &str, words: &[&str]) -> Result<(), Refusal> {
    if words.contains(&found) {
        return Ok(());
    }
    let name = pascal(key);
    let why = format!("The value '{found}' is not valid for '{name}'.");
    Err(Refusal::invalid(&below(path, &name), &why))
}

/// A duration within bounds that are written as ISO 8601, too.
pub(super) fn duration(
    parent: &Value,
    path: &str,
    key: &str,
    (least, most): (&str, &str),
) -> Result<Option<Duration>, Refusal> {
    let found = text(parent, key).and_then(|text| text.parse::<Duration>().ok());
    let bound = |text: &str| text.parse::<Duration>().expect("invariant: bounds are durations");
    match found {
        Some(found) if !(bound(least)..=bound(most)).contains(&found) => {
            let name = pascal(key);
            let why = format!("The field {name} must be between {least} and {most}.");
            Err(Refusal::invalid(&below(path, &name), &why))
        }
        found => Ok(found),
    }
}

/// A list; empty when it is not there.
pub(super) fn array<'a>(parent: &'a Value, key: &str) -> &'a [Value] {
    parent.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A list of texts; empty when it is not there.
pub(super) fn texts<'a>(parent: &'a Value, key: &str) -> Vec<&'a str> {
    array(parent, key).iter().filter_map(Value::as_str).collect()
}

/// An object.
pub(super) fn object<'a>(parent: &'a Value, key: &str) -> Option<&'a Value> {
    parent.get(key).filter(|value| value.is_object())
}
