//! The evaluator: what a predicate is for an event, exactly as KQL's documentation has it.

use std::borrow::Cow;
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
        // What is certainly false decides an `and`, what is certainly true an `or`.
        Predicate::All(parts) => {
            let mut outcome = Truth::TRUE;
            for part in parts.iter().map(part) {
                outcome = outcome.and(part);
                if outcome.is_false() {
                    break;
                }
            }
            outcome
        }
        Predicate::Any(parts) => {
            let mut outcome = Truth::FALSE;
            for part in parts.iter().map(part) {
                outcome = outcome.or(part);
                if outcome.is_true() {
                    break;
                }
            }
            outcome
        }
        Predicate::Test(test) => evaluate_test(test, event, now),
        Predicate::Opaque(opaque) => {
            assumed.get(opaque).map_or(Truth::UNKNOWN, |value| Truth::of(*value))
        }
    }
}

fn evaluate_test(test: &Test, event: &Event, now: i64) -> Truth {
    let Some(value) = subject(&test.subject, event) else { return Truth::UNKNOWN };
    match &test.check {
        Check::True => match *value {
            Value::Bool(value) => Truth::of(value),
            Value::Null => Truth::NULL,
            _ => Truth::UNKNOWN,
        },
        Check::Null => Truth::of(*value == Value::Null),
        Check::Empty => Truth::of(*value == Value::Null || text_of(&value).as_deref() == Some("")),
        Check::Equal(constant) => match order(&value, constant) {
            _ if *value == Value::Null => Truth::FALSE,
            Some(order) => Truth::of(order.is_eq()),
            None => Truth::UNKNOWN,
        },
        Check::Below { bound, inclusive } => {
            let bound = match bound {
                Bound::Value(value) => Cow::Borrowed(value),
                Bound::Now(offset) => Cow::Owned(Value::Datetime(now.saturating_add(*offset))),
            };
            match order(&value, &bound) {
                _ if *value == Value::Null => Truth::NULL,
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
fn subject<'e>(subject: &Subject, event: &'e Event) -> Option<Cow<'e, Value>> {
    let column_kind = if subject.functions.is_empty() { subject.kind } else { ColumnType::String };
    let mut value = event.value(&subject.column, column_kind);
    let fits = match (value.as_ref(), column_kind) {
        (Value::Null, _) | (_, ColumnType::Dynamic) => true,
        (Value::Long(_) | Value::Real(_), kind) => kind.is_number(),
        (other, kind) => other.kind() == Some(kind),
    };
    if !fits {
        return None;
    }
    for function in &subject.functions {
        let Value::Text(text) = value.as_ref() else { return None };
        value = Cow::Owned(match function {
            // The documentation promises nothing for letters beyond ASCII.
            Function::Lower if text.is_ascii() => Value::Text(text.to_ascii_lowercase()),
            Function::Upper if text.is_ascii() => Value::Text(text.to_ascii_uppercase()),
            Function::Length => Value::Long(i64::try_from(text.chars().count()).ok()?),
            Function::Lower | Function::Upper => return None,
        });
    }
    Some(value)
}

/// Text as operators see it; JSON other than a string is its own text.
fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(text.into()),
        Value::Dynamic(serde_json::Value::String(text)) => Some(text.into()),
        Value::Dynamic(json) => Some(json.to_string().into()),
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
mod tests;
