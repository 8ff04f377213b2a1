//! The values of fields as lists of visible texts, each list once.

use std::collections::HashMap;

use serde_json::Value;

use super::stages::stages;
use crate::report::escape;
use crate::state::{Field, canonical};

/// Every value that some field has, by its number.
#[derive(Debug, Default)]
pub(super) struct Values {
    list: Vec<Vec<String>>,
    known: HashMap<Vec<String>, usize>,
}

impl Values {
    /// The number of a value.
    pub(super) fn number(&mut self, field: Field, value: &Value) -> usize {
        let parts = parts(field, value);
        if let Some(known) = self.known.get(&parts) {
            return *known;
        }
        self.list.push(parts.clone());
        self.known.insert(parts, self.list.len() - 1);
        self.list.len() - 1
    }

    /// All of them, in the order of their numbers.
    pub(super) fn into_list(self) -> Vec<Vec<String>> {
        self.list
    }
}

/// A query in stages, a longer text in lines, a list in elements, a map in the lines of its JSON.
fn parts(field: Field, value: &Value) -> Vec<String> {
    match (field, value) {
        (Field::Query, Value::String(text)) => {
            stages(text).into_iter().map(escape::visible_lines).collect()
        }
        (_, Value::String(text)) if text.contains('\n') => {
            text.split('\n').map(escape::visible_line).collect()
        }
        (_, Value::Array(_) | Value::Object(_)) => {
            let text = format!("{:#}", canonical(field, value));
            text.split('\n').map(escape::visible_line).collect()
        }
        (_, other) => vec![escape::value(other)],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_values_stand_there_once() {
        let mut values = Values::default();
        let numbers = ["T\n| take 1", "T", "T\n| take 1"]
            .map(|text| values.number(Field::Query, &json!(text)));
        assert_eq!(numbers, [0, 1, 0]);
        assert_eq!(values.into_list(), [vec!["T", "| take 1"], vec!["T"]]);
    }

    #[test]
    fn values_are_lists_of_visible_texts() {
        let check = |field, value: Value, expect: &[&str]| assert_eq!(parts(field, &value), expect);
        check(Field::Severity, json!("High"), &["\"High\""]);
        check(Field::Enabled, json!(true), &["true"]);
        check(Field::Description, json!("a\n\u{202e}b"), &["a", "\\u{202e}b"]);
        check(Field::Tactics, json!(["Impact"]), &["[", "  \"Impact\"", "]"]);
        check(Field::QueryPeriod, Value::Null, &["nothing"]);
    }
}
