//! Reading a body field by field: types, lengths, ranges, words.
//!
//! null counts as left out everywhere, as in the service's models.

use serde_json::{Map, Value};

use crate::emulator::refusal::Refusal;
use crate::ident::Duration;

/// The `properties` of a body.
pub(super) fn properties(body: &Value) -> Result<&Map<String, Value>, Refusal> {
    match body.get("properties") {
        Some(Value::Object(properties)) => Ok(properties),
        _ => Err(Refusal::invalid("Properties", "The Properties field is required.")),
    }
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

fn present<'a>(parent: &'a Value, key: &str) -> Option<&'a Value> {
    parent.get(key).filter(|value| !value.is_null())
}

fn wrong_type(path: &str, key: &str, wanted: &str) -> Refusal {
    let name = pascal(key);
    Refusal::invalid(&below(path, &name), &format!("The {name} field must be {wanted}."))
}

/// A text.
pub(super) fn text(parent: &Value, path: &str, key: &str) -> Result<Option<String>, Refusal> {
    match present(parent, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong_type(path, key, "a string")),
    }
}

/// A text of bounded length.
pub(super) fn bounded_text(
    parent: &Value,
    path: &str,
    key: &str,
    (least, most): (usize, usize),
) -> Result<Option<String>, Refusal> {
    let found = text(parent, path, key)?;
    let length = found.as_ref().map_or(least, |text| text.chars().count());
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
pub(super) fn word(
    parent: &Value,
    path: &str,
    key: &str,
    words: &[&str],
) -> Result<Option<String>, Refusal> {
    match text(parent, path, key)? {
        Some(found) if !words.contains(&found.as_str()) => {
            let name = pascal(key);
            let why = format!("The value '{found}' is not valid for '{name}'.");
            Err(Refusal::invalid(&below(path, &name), &why))
        }
        found => Ok(found),
    }
}

/// true or false.
pub(super) fn boolean(parent: &Value, path: &str, key: &str) -> Result<Option<bool>, Refusal> {
    match present(parent, key) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(wrong_type(path, key, "a boolean")),
    }
}

/// An ISO 8601 duration within bounds that are written as ISO 8601, too.
pub(super) fn duration(
    parent: &Value,
    path: &str,
    key: &str,
    (least, most): (&str, &str),
) -> Result<Option<Duration>, Refusal> {
    let Some(found) = text(parent, path, key)? else { return Ok(None) };
    let name = pascal(key);
    let path = below(path, &name);
    let parsed = found.starts_with('P').then(|| found.parse::<Duration>().ok()).flatten();
    let Some(parsed) = parsed else {
        let why = format!("The value '{found}' is not a valid ISO 8601 duration.");
        return Err(Refusal::invalid(&path, &why));
    };
    let bound = |text: &str| text.parse::<Duration>().expect("invariant: bounds are durations");
    if (bound(least)..=bound(most)).contains(&parsed) {
        return Ok(Some(parsed));
    }
    let why = format!("The field {name} must be between {least} and {most}.");
    Err(Refusal::invalid(&path, &why))
}

/// A list.
pub(super) fn array<'a>(
    parent: &'a Value,
    path: &str,
    key: &str,
) -> Result<Option<&'a [Value]>, Refusal> {
    match present(parent, key) {
        None => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items)),
        Some(_) => Err(wrong_type(path, key, "a list")),
    }
}

/// A list of texts.
pub(super) fn texts<'a>(parent: &'a Value, path: &str, key: &str) -> Result<Vec<&'a str>, Refusal> {
    let items = array(parent, path, key)?.unwrap_or_default();
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    texts.ok_or_else(|| wrong_type(path, key, "a list of strings"))
}

/// An object.
pub(super) fn object<'a>(
    parent: &'a Value,
    path: &str,
    key: &str,
) -> Result<Option<&'a Value>, Refusal> {
    match present(parent, key) {
        None => Ok(None),
        Some(value @ Value::Object(_)) => Ok(Some(value)),
        Some(_) => Err(wrong_type(path, key, "an object")),
    }
}
