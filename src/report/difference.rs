//! How two values of a field differ, in the form that is easiest to read.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::diff::{self, Line};
use super::{escape, width};
use crate::state::{Field, canonical};

/// A text that takes more columns is easier to read as a diff than as a pair of values.
const SHORT: usize = 72;

/// How two values differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// Two short values.
    Values {
        /// The one side.
        from: String,
        /// The other side.
        to: String,
    },
    /// Elements of a set, or keys of a map, that are on one side only or differ.
    Parts(Vec<Line>),
    /// Two longer texts.
    Text(Vec<Line>),
}

impl Difference {
    /// What leads from one value to the other.
    pub(super) fn between(field: Field, from: &Value, to: &Value) -> Self {
        match (from, to) {
            (Value::Array(_), Value::Array(_) | Value::Null) | (Value::Null, Value::Array(_)) => {
                Self::Parts(elements(&canonical(field, from), &canonical(field, to)))
            }
            (Value::Object(_), Value::Object(_) | Value::Null)
            | (Value::Null, Value::Object(_)) => {
                Self::Parts(entries(&canonical(field, from), &canonical(field, to)))
            }
            _ => texts(field, from, to),
        }
    }

    /// The difference as the lines of a diff.
    pub(super) fn into_lines(self) -> Vec<Line> {
        match self {
            Self::Values { from, to } => vec![Line::new('-', from), Line::new('+', to)],
            Self::Parts(lines) | Self::Text(lines) => lines,
        }
    }
}

fn texts(field: Field, from: &Value, to: &Value) -> Difference {
    let long = |value: &Value| {
        value.as_str().is_some_and(|text| text.contains('\n') || width::columns(text) > SHORT)
    };
    let text_or_nothing = |value: &Value| value.is_null() || value.is_string();
    if field != Field::Query && !long(from) && !long(to)
        || !text_or_nothing(from)
        || !text_or_nothing(to)
    {
        return Difference::Values { from: escape::value(from), to: escape::value(to) };
    }
    // A query is compared without line ends and trailing blanks, so it is shown without them: a
    // difference that does not count must not bury the one that does.
    let (from, to) = match field {
        Field::Query => (canonical(field, from), canonical(field, to)),
        _ => (from.clone(), to.clone()),
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Difference::Text(diff::unified(&text(&from), &text(&to)))
}

fn elements(from: &Value, to: &Value) -> Vec<Line> {
    let shown = |side: &Value| -> BTreeSet<String> {
        side.as_array().into_iter().flatten().map(escape::value).collect()
    };
    let (from, to) = (shown(from), shown(to));
    let removed = from.difference(&to).map(|element| Line::new('-', element.clone()));
    let added = to.difference(&from).map(|element| Line::new('+', element.clone()));
    removed.chain(added).collect()
}

fn entries(from: &Value, to: &Value) -> Vec<Line> {
    let none = Map::new();
    let (from, to) = (from.as_object().unwrap_or(&none), to.as_object().unwrap_or(&none));
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let line = |key: &String| {
        let name = escape::visible(key);
        match (from.get(key), to.get(key)) {
            (Some(old), Some(new)) if old == new => None,
            (Some(old), Some(new)) => Some(Line::new(
                '~',
                format!("{name}: {} → {}", escape::value(old), escape::value(new)),
            )),
            (Some(old), None) => Some(Line::new('-', format!("{name}: {}", escape::value(old)))),
            (None, Some(new)) => Some(Line::new('+', format!("{name}: {}", escape::value(new)))),
            (None, None) => None,
        }
    };
    keys.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(field: Field, from: Value, to: Value, expect: &[&str]) {
        let lines: Vec<String> =
            Difference::between(field, &from, &to).into_lines().iter().map(Line::to_text).collect();
        assert_eq!(lines, expect);
    }

    #[test]
    fn short_values_stand_side_by_side() {
        let difference = Difference::between(Field::Severity, &json!("High"), &json!("Low"));
        assert_eq!(
            difference,
            Difference::Values { from: "\"High\"".into(), to: "\"Low\"".into() }
        );
        check(Field::Enabled, json!(true), json!(false), &["-true", "+false"]);
        check(Field::TemplateName, Value::Null, json!("x"), &["-nothing", "+\"x\""]);
    }

    #[test]
    fn sets_are_shown_by_what_came_and_went() {
        let from = json!(["Execution", "Impact"]);
        check(
            Field::Tactics,
            from,
            json!(["Impact", "Persistence"]),
            &["-\"Execution\"", "+\"Persistence\""],
        );
        check(Field::Tactics, Value::Null, json!(["Impact"]), &["+\"Impact\""]);
    }

    #[test]
    fn maps_are_shown_key_by_key() {
        let from = json!({"a": "x", "b": "y", "c": "z"});
        check(
            Field::CustomDetails,
            from,
            json!({"a": "x", "b": "Y", "d": "w"}),
            &["~b: \"y\" → \"Y\"", "-c: \"z\"", "+d: \"w\""],
        );
    }

    #[test]
    fn queries_are_diffed_without_noise_of_line_ends() {
        check(
            Field::Query,
            json!("T\r\n| where a  \r\n"),
            json!("T\n| where b"),
            &["@@ -1,2 +1,2 @@", " T", "-| where a", "+| where b"],
        );
    }
}
