//! The members of a body: which there are, and of what type each is.
//!
//! In: a body, its text, and the [`Shape`] that it must have. Out: nothing, or the refusal of the first
//! member that the service's models do not have, or whose value they cannot take, in the words of the
//! service's JSON reader, with the place in the text.

use serde_json::Value;

use super::place::{Place, place};
use crate::emulator::refusal::Refusal;
use crate::ident::Duration;

/// An object of the service's description.
#[derive(Debug)]
pub(super) struct Shape {
    /// As the description calls it.
    pub(super) name: &'static str,
    pub(super) members: &'static [(&'static str, Type)],
}

/// What stands in a member.
#[derive(Debug)]
pub(super) enum Type {
    Text,
    Flag,
    Number,
    /// ISO 8601.
    Duration,
    Texts,
    /// Texts by names of the client's choice.
    Dictionary,
    Object(&'static Shape),
    List(&'static Shape),
    /// What nothing here looks into.
    Anything,
}

/// What Azure Resource Manager reads of every body before the provider sees it.
const RESOURCE: Shape = Shape {
    name: "ResourceDefinition",
    members: &[
        ("id", Type::Text),
        ("name", Type::Text),
        ("type", Type::Text),
        ("kind", Type::Text),
        ("etag", Type::Text),
        ("systemData", Type::Anything),
        ("properties", Type::Anything),
    ],
};

/// A body on its way to be checked.
pub(in crate::emulator) struct Sent<'a> {
    /// The JSON object.
    pub(in crate::emulator) value: &'a Value,
    /// As it came over the wire.
    pub(in crate::emulator) text: &'a [u8],
    /// The stored body of the resource: a property that it has is known to the service.
    pub(in crate::emulator) stored: Option<&'a [u8]>,
    /// Takes every member, as a service does that is newer than its descriptions here.
    pub(in crate::emulator) is_newer: bool,
}

impl Sent<'_> {
    /// Refuses what no resource has, and what the shape of its properties does not have.
    pub(super) fn has_shape(&self, properties: &Shape) -> Result<(), Refusal> {
        self.object(self.value, &RESOURCE, "")?;
        match self.value.get("properties") {
            None | Some(Value::Null) => Ok(()),
            Some(value) => self.object(value, properties, "properties"),
        }
    }

    /// The refusal of a property that the API version does not have.
    pub(super) fn unknown_member(&self, name: &str, shape: &Shape) -> Refusal {
        self.unknown(name, &format!("properties.{name}"), shape)
    }

    fn unknown(&self, name: &str, path: &str, shape: &Shape) -> Refusal {
        let text = format!("Could not find member '{name}' on object of type '{}'.", shape.name);
        self.refusal(&text, path, |place| place.after_name)
    }

    fn object(&self, value: &Value, shape: &Shape, path: &str) -> Result<(), Refusal> {
        let Value::Object(members) = value else {
            return self.wrong_type(value, path, shape.name);
        };
        for (name, value) in members {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match shape.members.iter().find(|(known, _)| known == name) {
                Some(_) if value.is_null() => {}
                Some((_, kind)) => self.member(value, kind, &path)?,
                None if self.is_newer || self.is_stored(&path) => {}
                None => return Err(self.unknown(name, &path, shape)),
            }
        }
        Ok(())
    }

    fn member(&self, value: &Value, kind: &Type, path: &str) -> Result<(), Refusal> {
        match (kind, value) {
            (Type::Anything, _) | (Type::Text, Value::String(_)) | (Type::Flag, Value::Bool(_)) => {
                Ok(())
            }
            (Type::Number, value) if value.is_i64() => Ok(()),
            (Type::Duration, Value::String(text)) if is_duration(text) => Ok(()),
            (Type::Object(shape), value) => self.object(value, shape, path),
            (Type::List(shape), Value::Array(items)) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(at, item)| self.object(item, shape, &format!("{path}[{at}]")))
            }
            (Type::Texts, Value::Array(items)) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(at, item)| {
                    self.member(item, &Type::Text, &format!("{path}[{at}]"))
                })
            }
            (Type::Dictionary, Value::Object(members)) => {
                members.iter().try_for_each(|(key, value)| {
                    self.member(value, &Type::Text, &format!("{path}.{key}"))
                })
            }
            (Type::Text, value) => self.wrong_type(value, path, "System.String"),
            (Type::Flag, value) => self.wrong_type(value, path, "System.Boolean"),
            (Type::Number, value) => self.wrong_type(value, path, "System.Int32"),
            (Type::Duration, value) => self.wrong_type(value, path, "System.TimeSpan"),
            (Type::List(_) | Type::Texts, value) => {
                self.wrong_type(value, path, "System.Collections.Generic.List`1")
            }
            (Type::Dictionary, value) => {
                self.wrong_type(value, path, "System.Collections.Generic.Dictionary`2")
            }
        }
    }

    /// Whether the stored resource has a value at the path.
    fn is_stored(&self, path: &str) -> bool {
        let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
        let stored: Option<Value> =
            self.stored.and_then(|stored| serde_json::from_slice(stored).ok());
        stored.is_some_and(|stored| stored.pointer(&pointer).is_some())
    }

    fn wrong_type(&self, value: &Value, path: &str, wanted: &str) -> Result<(), Refusal> {
        let text = match value {
            Value::Object(_) | Value::Array(_) => {
                let kind = if value.is_object() { "object" } else { "array" };
                format!("Cannot deserialize the current JSON {kind} into type '{wanted}'.")
            }
            value => format!("Error converting value {value} to type '{wanted}'."),
        };
        Err(self.refusal(&text, path, |place| place.after_value))
    }

    fn refusal(&self, text: &str, path: &str, end: impl Fn(&Place) -> usize) -> Refusal {
        let at = place(self.text, path).map_or(0, |place| end(&place));
        let before = &self.text[..at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        Refusal::unreadable(&format!("{text} Path '{path}', line {line}, position {column}."))
    }
}

fn is_duration(text: &str) -> bool {
    text.starts_with('P') && text.parse::<Duration>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: Shape = Shape { name: "Inner", members: &[("a", Type::Flag)] };
    const OUTER: Shape = Shape {
        name: "Outer",
        members: &[
            ("text", Type::Text),
            ("number", Type::Number),
            ("time", Type::Duration),
            ("words", Type::Texts),
            ("map", Type::Dictionary),
            ("one", Type::Object(&INNER)),
            ("many", Type::List(&INNER)),
        ],
    };

    fn read(text: &str, stored: &str, is_newer: bool) -> String {
        let value: Value = serde_json::from_str(text).unwrap();
        let stored = Some(stored.as_bytes());
        let sent = Sent { value: &value, text: text.as_bytes(), stored, is_newer };
        let result = sent.object(&value, &OUTER, "");
        let prefix = "The request content was invalid and could not be deserialized: '";
        result.err().map_or("fine".into(), |refusal| {
            assert_eq!((refusal.status, refusal.code), (400, "InvalidRequestContent"));
            refusal.message.strip_prefix(prefix).unwrap().trim_end_matches("'.").to_owned()
        })
    }

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(read(text, "{}", false), expect, "{text}");
    }

    #[test]
    fn what_fits_is_fine_and_null_fits_everywhere() {
        check(
            r#"{"text": "x", "number": 1, "time": "PT1H", "words": ["a"], "map": {"k": "v"},
                "one": {"a": true}, "many": [{"a": null}, {}]}"#,
            "fine",
        );
        check(r#"{"text": null, "one": null, "many": null, "words": null}"#, "fine");
    }

    #[test]
    fn an_unknown_member_is_named_with_its_place() {
        check(
            "{\"text\": \"x\",\n  \"tex\": 1}",
            "Could not find member 'tex' on object of type 'Outer'. Path 'tex', line 2, position 8.",
        );
        check(
            r#"{"many": [{}, {"b": 1}]}"#,
            "Could not find member 'b' on object of type 'Inner'. Path 'many[1].b', line 1, position 19.",
        );
    }

    #[test]
    fn a_value_of_another_type_is_named_with_its_place() {
        check(
            r#"{"one": {"a": "yes"}}"#,
            "Error converting value \"yes\" to type 'System.Boolean'. Path 'one.a', line 1, position 19.",
        );
        check(
            r#"{"number": 0.5}"#,
            "Error converting value 0.5 to type 'System.Int32'. Path 'number', line 1, position 14.",
        );
        check(
            r#"{"time": "1h"}"#,
            "Error converting value \"1h\" to type 'System.TimeSpan'. Path 'time', line 1, position 13.",
        );
        check(
            r#"{"text": {}}"#,
            "Cannot deserialize the current JSON object into type 'System.String'. Path 'text', line 1, position 11.",
        );
        check(
            r#"{"words": ["a", 1]}"#,
            "Error converting value 1 to type 'System.String'. Path 'words[1]', line 1, position 17.",
        );
        check(
            r#"{"map": {"k": 1}}"#,
            "Error converting value 1 to type 'System.String'. Path 'map.k', line 1, position 15.",
        );
    }

    #[test]
    fn a_resource_has_the_members_of_every_resource() {
        let check = |text: &str, expect: &str| {
            let value: Value = serde_json::from_str(text).unwrap();
            let sent = Sent { value: &value, text: text.as_bytes(), stored: None, is_newer: false };
            let text = sent.has_shape(&INNER).err().map_or("fine".into(), |r| r.message);
            assert!(text.contains(expect), "{text}");
        };
        check(r#"{"etag": "x", "kind": "k", "properties": {"a": true}}"#, "fine");
        check(r#"{"properties": null}"#, "fine");
        check(
            r#"{"a": true}"#,
            "'Could not find member 'a' on object of type 'ResourceDefinition'. Path 'a', line 1, position 5.'.",
        );
        check(r#"{"properties": {"b": 1}}"#, "type 'Inner'. Path 'properties.b'");
        check(r#"{"properties": []}"#, "JSON array into type 'Inner'. Path 'properties'");
    }

    #[test]
    fn what_is_stored_may_be_sent_again_and_a_newer_service_takes_more() {
        let text = r#"{"one": {"b": 1}}"#;
        assert_eq!(read(text, r#"{"one": {"b": 2}}"#, false), "fine");
        assert!(read(text, r#"{"b": 2}"#, false).starts_with("Could not find member 'b'"));
        assert_eq!(read(text, "{}", true), "fine");
    }
}
