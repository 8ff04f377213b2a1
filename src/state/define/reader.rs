//! Typed access to content keys, with a problem for every value that is not what it should be.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Problem, spelling};
use crate::diag::{Code, Severity, closest};
use crate::ident::Duration;
use crate::state::{Field, Fields, Kind};

pub(super) const MISSING_KEY: Code = Code::new("missing-key");
pub(super) const WRONG_TYPE: Code = Code::new("wrong-type");
pub(super) const UNKNOWN_KEY: Code = Code::new("unknown-key");
pub(super) const UNKNOWN_VALUE: Code = Code::new("unknown-value");
const BAD_DURATION: Code = Code::new("bad-duration");

/// The keys of one item, and what was made of them so far.
pub(super) struct Reader<'a> {
    pub(super) kind: Kind,
    keys: &'a BTreeMap<&'a str, &'a Value>,
    fields: Fields,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(kind: Kind, keys: &'a BTreeMap<&'a str, &'a Value>) -> Self {
        Self { kind, keys, fields: Fields::new(), problems: Vec::new() }
    }

    pub(super) fn finish(self) -> (Fields, Vec<Problem>) {
        (self.fields, self.problems)
    }

    /// A key's value; `null` is absent.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.keys.get(key).copied().filter(|value| !value.is_null())
    }

    pub(super) fn set(&mut self, field: Field, value: impl Into<Value>) {
        self.fields.insert(field, value.into());
    }

    pub(super) fn error(&mut self, code: Code, key: &str, message: String, help: &str) {
        self.report(Severity::Error, code, key, message, help);
    }

    pub(super) fn warning(&mut self, code: Code, key: &str, message: String, help: &str) {
        self.report(Severity::Warning, code, key, message, help);
    }

    pub(super) fn report(
        &mut self,
        severity: Severity,
        code: Code,
        key: &str,
        message: String,
        help: &str,
    ) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.problems.push(Problem { code, severity, key: key.to_owned(), message, help });
    }

    pub(super) fn missing(&mut self, key: &str, help: &str) {
        self.error(MISSING_KEY, key, format!("`{key}` is missing"), help);
    }

    pub(super) fn wrong_type(&mut self, key: &str, what: &str, expected: &str, found: &Value) {
        let message = format!("`{what}` must be {expected}, not {}", spelling::shape(found));
        self.error(WRONG_TYPE, key, message, &format!("write {expected}"));
    }

    /// `Ok(None)` when absent, `Err` when a problem was reported.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<&'a str>, Reported> {
        let value = self.get(key);
        self.as_text(key, key, value)
    }

    pub(super) fn as_text<'v>(
        &mut self,
        key: &str,
        what: &str,
        value: Option<&'v Value>,
    ) -> Result<Option<&'v str>, Reported> {
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                self.wrong_type(key, what, "a text", other);
                Err(Reported)
            }
        }
    }

    pub(super) fn as_bool(
        &mut self,
        key: &str,
        what: &str,
        value: Option<&Value>,
    ) -> Result<Option<bool>, Reported> {
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => {
                self.wrong_type(key, what, "`true` or `false`", other);
                Err(Reported)
            }
        }
    }

    /// As ISO 8601, whichever form it was written in.
    pub(super) fn as_duration(
        &mut self,
        key: &str,
        what: &str,
        value: Option<&Value>,
    ) -> Result<Option<String>, Reported> {
        let Some(text) = self.as_text(key, what, value)? else { return Ok(None) };
        match text.trim().parse::<Duration>() {
            Ok(duration) => Ok(Some(duration.to_string())),
            Err(invalid) => {
                let help = "write a number and a unit (`30m`, `1h`, `1d`) or ISO 8601 (`PT30M`)";
                self.error(BAD_DURATION, key, format!("`{what}`: {invalid}"), help);
                Err(Reported)
            }
        }
    }

    /// One of the service's words, spelled as the service does; case does not count.
    pub(super) fn as_word(
        &mut self,
        key: &str,
        what: &str,
        value: Option<&Value>,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, Reported> {
        let Some(text) = self.as_text(key, what, value)? else { return Ok(None) };
        match words.iter().find(|word| word.eq_ignore_ascii_case(text.trim())) {
            Some(word) => Ok(Some(word)),
            None => {
                self.unknown_value(key, what, text, words);
                Err(Reported)
            }
        }
    }

    pub(super) fn unknown_value(&mut self, key: &str, what: &str, text: &str, words: &[&str]) {
        let message = format!("`{text}` is not a value of `{what}`");
        self.error(UNKNOWN_VALUE, key, message, &spelling::instead(text, words));
    }

    /// The mapping below a top-level key, if it is one; unknown keys in it are errors.
    pub(super) fn mapping(
        &mut self,
        key: &str,
        what: &str,
        value: Option<&'a Value>,
        known: &[&str],
    ) -> Result<Option<&'a Map<String, Value>>, Reported> {
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(map)) => {
                self.only(key, what, map, known)?;
                Ok(Some(map))
            }
            Some(other) => {
                self.wrong_type(key, what, "a mapping", other);
                Err(Reported)
            }
        }
    }

    fn only(
        &mut self,
        key: &str,
        what: &str,
        map: &Map<String, Value>,
        known: &[&str],
    ) -> Result<(), Reported> {
        let mut result = Ok(());
        for unknown in map.keys().filter(|name| !known.contains(&name.as_str())) {
            let help = match closest(unknown, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", spelling::listed(known)),
            };
            self.error(UNKNOWN_KEY, key, format!("`{what}` has no key `{unknown}`"), &help);
            result = Err(Reported);
        }
        result
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn texts<'v>(
        &mut self,
        key: &str,
        what: &str,
        value: Option<&'v Value>,
    ) -> Result<Vec<&'v str>, Reported> {
        match value {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(list)) => {
                let mut texts = Vec::new();
                for item in list {
                    texts.extend(self.as_text(key, what, Some(item))?);
                }
                Ok(texts)
            }
            Some(other) => {
                self.wrong_type(key, what, "a list of texts", other);
                Err(Reported)
            }
        }
    }

    /// Sets a field to a value or its default, or leaves it out after an error.
    pub(super) fn set_or(
        &mut self,
        field: Field,
        value: Result<Option<impl Into<Value>>, Reported>,
        default: impl Into<Value>,
    ) {
        match value {
            Ok(Some(value)) => self.set(field, value),
            Ok(None) => self.set(field, default),
            Err(Reported) => {}
        }
    }
}

/// A problem was reported in place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported;

/// A list as a wire value; an empty one is `null`.
pub(super) fn list<T: Into<Value>>(items: Vec<T>) -> Value {
    if items.is_empty() {
        return Value::Null;
    }
    Value::Array(items.into_iter().map(Into::into).collect())
}
