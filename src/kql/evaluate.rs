//! The evaluator: what a predicate is for an event, exactly as KQL's documentation has it.

use std::collections::BTreeMap;

use super::predicate::{Bound, Check, Function, Opaque, Subject, Test};
use super::{ColumnType, Event, Predicate, Truth, Value, term};

/// Evaluates a predicate; `now` is in ticks of 100 nanoseconds since 1970. Opaque parts are unknown.
#[must_use]
pub fn evaluate(predicate: &Predicate, event: &Event, now: i64) -> Truth {
    evaluate_assuming(predicate, event, now, &Assumptions::new())
}

/// What opaque parts are taken to be.
pub type Assumptions = BTreeMap<Opaque, bool>;

/// Evaluates a predicate of which some opaque parts are taken to be true or false.
#[must_use]
pub fn evaluate_assuming(
    predicate: &Predicate,
    event: &Event,
    now: i64,
    assumed: &Assumptions,
) -> Truth {
    let part = |part: &Predicate| evaluate_assuming(part, event, now, assumed);
    match predicate {
        Predicate::Always(value) => Truth::of(*value),
        Predicate::Not(inner) => part(inner).negated(),
        Predicate::All(parts) => parts.iter().map(part).fold(Truth::TRUE, Truth::and),
        Predicate::Any(parts) => parts.iter().map(part).fold(Truth::FALSE, Truth::or),
        Predicate::Test(test) => evaluate_test(test, event, now),
        Predicate::Opaque(opaque) => {
            assumed.get(opaque).map_or(Truth::UNKNOWN, |value| Truth::of(*value))
        }
    }
}

fn evaluate_test(test: &Test, event: &Event, now: i64) -> Truth {
    let Some(value) = subject(&test.subject, event) else { return Truth::UNKNOWN };
    match &test.check {
        Check::True => match value {
            Value::Bool(value) => Truth::of(value),
            Value::Null => Truth::NULL,
            _ => Truth::UNKNOWN,
        },
        Check::Null => Truth::of(value == Value::Null),
        Check::Empty => Truth::of(value == Value::Null || text_of(&value).as_deref() == Some("")),
        Check::Equal(constant) => match order(&value, constant) {
            _ if value == Value::Null => Truth::FALSE,
            Some(order) => Truth::of(order.is_eq()),
            None => Truth::UNKNOWN,
        },
        Check::Below { bound, inclusive } => {
            let bound = match bound {
                Bound::Value(value) => value.clone(),
                Bound::Now(offset) => Value::Datetime(now.saturating_add(*offset)),
            };
            match order(&value, &bound) {
                _ if value == Value::Null => Truth::NULL,
                Some(order) => Truth::of(order.is_lt() || (*inclusive && order.is_eq())),
                None => Truth::UNKNOWN,
            }
        }
        Check::Text { operator, needle, cased } => {
            of_text(&value, |text| term::compare(text, *operator, needle, *cased))
        }
        Check::Regex(pattern) => of_text(&value, |text| pattern.matches(text)),
        Check::Ipv4InRange(range) => of_text(&value, |text| term::in_range(text, range)),
        Check::Ipv4Private => of_text(&value, term::is_private),
    }
}

fn of_text(value: &Value, compare: impl Fn(&str) -> Truth) -> Truth {
    match (value, text_of(value)) {
        (Value::Null, _) => Truth::FALSE_OR_NULL,
        (_, Some(text)) => compare(&text),
        (_, None) => Truth::UNKNOWN,
    }
}

/// The value of a subject; nothing if the event's value is not of the type that the test wants.
fn subject(subject: &Subject, event: &Event) -> Option<Value> {
    let column_kind = if subject.functions.is_empty() { subject.kind } else { ColumnType::String };
    let mut value = event.value(&subject.column, column_kind);
    let fits = match (&value, column_kind) {
        (Value::Null, _) | (_, ColumnType::Dynamic) => true,
        (Value::Long(_) | Value::Real(_), kind) => kind.is_number(),
        (other, kind) => other.kind() == Some(kind),
    };
    if !fits {
        return None;
    }
    for function in &subject.functions {
        let Value::Text(text) = &value else { return None };
        value = match function {
            // The documentation promises nothing for letters beyond ASCII.
            Function::Lower if text.is_ascii() => Value::Text(text.to_ascii_lowercase()),
            Function::Upper if text.is_ascii() => Value::Text(text.to_ascii_uppercase()),
            Function::Length => Value::Long(i64::try_from(text.chars().count()).ok()?),
            Function::Lower | Function::Upper => return None,
        };
    }
    Some(value)
}

/// Text as operators see it; JSON other than a string is its own text.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Dynamic(serde_json::Value::String(text)) => Some(text.clone()),
        Value::Dynamic(json) => Some(json.to_string()),
        _ => None,
    }
}

fn order(value: &Value, constant: &Value) -> Option<std::cmp::Ordering> {
    match (value, constant) {
        (Value::Long(left), Value::Long(right))
        | (Value::Datetime(left), Value::Datetime(right))
        | (Value::Timespan(left), Value::Timespan(right)) => Some(left.cmp(right)),
        (Value::Real(left), Value::Real(right)) => left.partial_cmp(right),
        (Value::Long(left), Value::Real(right)) => (*left as f64).partial_cmp(right),
        (Value::Real(left), Value::Long(right)) => left.partial_cmp(&(*right as f64)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Guid(left), Value::Guid(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kql::predicate::{Constants, Context, filter};
    use crate::kql::{Columns, value::datetime};

    fn columns() -> Columns {
        [
            ("s", ColumnType::String),
            ("t", ColumnType::String),
            ("i", ColumnType::Int),
            ("r", ColumnType::Real),
            ("b", ColumnType::Bool),
            ("d", ColumnType::Datetime),
            ("p", ColumnType::Timespan),
            ("g", ColumnType::Guid),
            ("j", ColumnType::Dynamic),
        ]
        .map(|(name, kind)| (name.to_owned(), kind))
        .into()
    }

    fn check(event: serde_json::Value, text: &str, expect: Truth) {
        let columns = columns();
        let constants = Constants::new();
        let context = Context { columns: Some(&columns), constants: &constants };
        let values = serde_json::from_value(event.clone()).unwrap();
        let event_read = Event::read(&values, Some(&columns)).unwrap();
        let now = datetime("2026-01-01T12:00:00Z").unwrap();
        let found = evaluate(&filter(text, context), &event_read, now);
        assert_eq!(found, expect, "{event} {text}");
    }

    const T: Truth = Truth::TRUE;
    const F: Truth = Truth::FALSE;
    const N: Truth = Truth::NULL;

    #[test]
    fn null_is_unequal_to_everything_and_below_nothing() {
        for (text, expect) in [
            ("i == 5", F),
            ("i != 5", T),
            ("i > 3", N),
            ("i <= 3", N),
            ("not(i > 3)", N),
            ("i in (1, 2)", F),
            ("i !in (1, 2)", T),
            ("i between (1 .. 2)", Truth::FALSE_OR_NULL),
            ("isnull(i)", T),
            ("isnotnull(i)", F),
            ("isempty(i)", T),
            ("isnull(s)", F),
            ("isempty(s)", T),
            ("isnotempty(s)", F),
            ("s == ''", T),
            ("s has 'x'", F),
            ("s !has 'x'", T),
            ("b", N),
            ("not(b)", N),
            ("b == true", F),
            ("b != true", T),
            ("i > 3 or isnull(i)", T),
            ("d > ago(1d)", N),
            ("j has 'x'", Truth::FALSE_OR_NULL),
            ("strlen(s) == 0", T),
        ] {
            check(json!({}), text, expect);
        }
    }

    #[test]
    fn operators_do_as_documented() {
        let event = json!({"s": "North America", "t": "aBc", "i": 5, "r": 1.5, "b": true,
            "d": "2026-01-01T00:00:00Z", "p": "1h", "j": ["x-y", 3],
            "g": "74BE27DE-1e4e-49d9-b579-fe0b331d3642"});
        for (text, expect) in [
            ("t == 'aBc'", T),
            ("t == 'ABC'", F),
            ("t != 'ABC'", T),
            ("t =~ 'ABC'", T),
            ("t !~ 'ABC'", F),
            ("t in ('ABC', 'aBc')", T),
            ("t in ('ABC')", F),
            ("t in~ ('ABC')", T),
            ("t !in~ ('ABC')", F),
            ("t in (dynamic(['aBc', 'x']))", T),
            ("s has_any ('x', 'north')", T),
            ("s has_all ('x', 'north')", F),
            ("s has_all ('america', 'north')", T),
            ("s has_cs 'north'", F),
            ("s !hasprefix 'ame'", F),
            ("s contains_cs 'th A'", T),
            ("s !contains_cs 'th a'", T),
            ("s startswith 'NORTH'", T),
            ("s !startswith_cs 'NORTH'", T),
            ("s endswith_cs 'rica'", T),
            ("s matches regex '^N.*a$'", T),
            ("s matches regex '^n'", F),
            ("tolower(t) == 'abc'", T),
            ("toupper(t) == 'ABC'", T),
            ("strlen(t) > 2", T),
            ("i == 5.0", T),
            ("i > 4 and i <= 5", T),
            ("5 > i", F),
            ("i between (1 .. 5)", T),
            ("i !between (1 .. 5)", F),
            ("i between (6 .. 9)", F),
            ("r < 2", T),
            ("b", T),
            ("b and i == 5", T),
            ("b == false", F),
            ("d > ago(1d)", T),
            ("d > ago(1h)", F),
            ("d < now(-1h)", T),
            ("d >= datetime(2026-01-01)", T),
            ("d between (datetime(2025-12-31) .. 1d)", T),
            ("p == 60m", T),
            ("p > 1d", F),
            ("g == guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", T),
            ("j has 'y'", T),
            ("j has 'z'", F),
            ("true", T),
            ("not(false)", T),
            ("unknown_function(s) == 1", Truth::UNKNOWN),
            ("unknown_function(s) == 1 or i == 5", T),
            ("unknown_function(s) == 1 and i == 6", F),
            ("s == t", Truth::UNKNOWN),
        ] {
            check(event.clone(), text, expect);
        }
    }
}
