//! Canonical values: what is compared and hashed.
//!
//! `null`, an absent property, `[]` and `{}` are one value. Sets are sorted, durations are compared by
//! value, enums without case. A missing value becomes the service's default, so that what was never
//! set equals what was set to the default.

use serde_json::{Map, Value, json};

use super::Field;
use crate::ident::{Duration, FieldHash};

use Field as F;

/// The canonical form of a wire value.
#[must_use]
pub fn canonical(field: Field, wire: &Value) -> Value {
    let value = without_empties(wire);
    match field {
        F::Enabled | F::CreateIncident => or(value, json!(true)),
        F::SuppressionEnabled | F::GroupingEnabled | F::GroupingReopen => or(value, json!(false)),
        F::Severity | F::TriggerOperator | F::GroupingMatching => lower(value),
        F::AggregationKind => or(lower(value), json!("singlealert")),
        F::DisplayName | F::TemplateName | F::TemplateVersion => value,
        F::Description => text(value),
        F::Query => query(value),
        F::QueryFrequency | F::QueryPeriod | F::GroupingLookback => duration(value),
        F::SuppressionDuration => or(duration(value), json!("PT5H")),
        F::TriggerThreshold => number(value),
        // A hunt's tactics and techniques are one comma-joined tag, whose order is part of the text.
        F::Tactics | F::Techniques if value.is_string() => value,
        F::Tactics
        | F::Techniques
        | F::SubTechniques
        | F::GroupByEntities
        | F::GroupByAlertDetails
        | F::GroupByCustomDetails => set(value),
        F::EntityMappings => set(each(value, |mapping| inner_set(mapping, "fieldMappings"))),
        F::SentinelEntitiesMappings => set(value),
        F::CustomDetails => value,
        F::AlertDetailsOverride => inner_set(value, "alertDynamicProperties"),
    }
}

impl Field {
    /// The hash of a wire value's canonical form.
    #[must_use]
    pub fn hash(self, wire: &Value) -> FieldHash {
        FieldHash::of(canonical(self, wire).to_string().as_bytes())
    }

    /// Whether two wire values are the same to the tool.
    #[must_use]
    pub fn same(self, left: &Value, right: &Value) -> bool {
        // Equal values have one canonical form, and nearly all that are compared are equal.
        left == right || canonical(self, left) == canonical(self, right)
    }
}

/// Takes out nulls, empty lists and empty maps, from the inside out.
fn without_empties(value: &Value) -> Value {
    match value {
        Value::Array(list) => {
            let kept: Vec<Value> =
                list.iter().map(without_empties).filter(|v| !v.is_null()).collect();
            if kept.is_empty() { Value::Null } else { Value::Array(kept) }
        }
        Value::Object(map) => {
            let kept: Map<String, Value> = map
                .iter()
                .map(|(key, value)| (key.clone(), without_empties(value)))
                .filter(|(_, value)| !value.is_null())
                .collect();
            if kept.is_empty() { Value::Null } else { Value::Object(kept) }
        }
        other => other.clone(),
    }
}

fn or(value: Value, default: Value) -> Value {
    if value.is_null() { default } else { value }
}

fn lower(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.to_lowercase()),
        other => other,
    }
}

/// An empty text is an absent one.
fn text(value: Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        other => other,
    }
}

/// Line ends become `\n`; blanks at the ends of lines and at both ends of the text do not count: no
/// query means anything else by them, and a service may trim them.
fn query(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            let text = lines.join("\n");
            let text = text.trim_start_matches(|blank: char| blank.is_ascii_whitespace());
            Value::String(text.trim_end().to_owned())
        }
        other => other,
    }
}

fn duration(value: Value) -> Value {
    match value.as_str().map(str::parse::<Duration>) {
        Some(Ok(duration)) => Value::String(duration.to_string()),
        _ => value,
    }
}

/// `1` and `1.0` are the same threshold.
fn number(value: Value) -> Value {
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "only whole numbers in range get here")]
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(number as i64),
        _ => value,
    }
}

fn each(value: Value, change: impl Fn(Value) -> Value) -> Value {
    match value {
        Value::Array(list) => Value::Array(list.into_iter().map(change).collect()),
        other => other,
    }
}

fn inner_set(mut value: Value, key: &str) -> Value {
    if let Some(inner) = value.get_mut(key) {
        *inner = set(inner.take());
    }
    value
}

fn set(value: Value) -> Value {
    match value {
        Value::Array(mut list) => {
            list.sort_by_cached_key(Value::to_string);
            list.dedup();
            Value::Array(list)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(field: Field, left: Value, right: Value) {
        assert!(field.same(&left, &right), "{field}: {left} and {right}");
        assert_eq!(field.hash(&left), field.hash(&right));
    }

    fn differ(field: Field, left: Value, right: Value) {
        assert!(!field.same(&left, &right), "{field}: {left} and {right}");
        assert_ne!(field.hash(&left), field.hash(&right));
    }

    #[test]
    fn what_was_never_set_is_the_default() {
        for field in Field::all() {
            same(field, Value::Null, json!([]));
            same(field, Value::Null, json!({}));
        }
        same(F::Enabled, Value::Null, json!(true));
        same(F::CreateIncident, Value::Null, json!(true));
        same(F::GroupingEnabled, Value::Null, json!(false));
        same(F::AggregationKind, Value::Null, json!("SingleAlert"));
        same(F::SuppressionDuration, Value::Null, json!("PT5H"));
        same(F::Description, Value::Null, json!(""));
    }

    #[test]
    fn durations_compare_by_value_and_enums_without_case() {
        same(F::QueryPeriod, json!("PT24H"), json!("P1D"));
        same(F::Severity, json!("high"), json!("High"));
        same(F::TriggerThreshold, json!(1), json!(1.0));
        differ(F::QueryPeriod, json!("PT24H"), json!("PT25H"));
        differ(F::Severity, json!("High"), json!("Low"));
        differ(F::TriggerThreshold, json!(1), json!(2));
    }

    #[test]
    fn queries_fold_line_ends_trailing_blanks_and_blanks_around_them_only() {
        same(F::Query, json!("A \r\n| where x\t\n\n"), json!("A\n| where x"));
        differ(F::Query, json!("A\n\n| where x"), json!("A\n| where x"));
        same(F::Query, json!("\n\t A"), json!("A"));
        differ(F::Query, json!("A\n  B"), json!("A\nB"));
        differ(F::Query, json!("a"), json!("A"));
    }

    #[test]
    fn sets_have_no_order_and_tags_of_a_hunt_do() {
        same(F::Tactics, json!(["Execution", "Impact"]), json!(["Impact", "Execution", "Impact"]));
        differ(F::Tactics, json!("Execution,Impact"), json!("Impact,Execution"));
        let one = json!([{"entityType": "IP", "fieldMappings": [{"identifier": "a", "columnName": "b"}, {"identifier": "c", "columnName": "d"}]}]);
        let two = json!([{"fieldMappings": [{"columnName": "d", "identifier": "c"}, {"columnName": "b", "identifier": "a"}], "entityType": "IP"}]);
        same(F::EntityMappings, one, two);
    }

    #[test]
    fn nulls_inside_do_not_count() {
        let sent = json!({"alertDisplayNameFormat": "x"});
        let answered = json!({"alertDisplayNameFormat": "x", "alertSeverityColumnName": null});
        same(F::AlertDetailsOverride, sent, answered);
    }
}
