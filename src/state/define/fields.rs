//! The entry: one pass over the field table.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reader::Reader;
use super::{Problem, alert, attack, describe, entity, hunt, incident, schedule};
use crate::state::{Fields, Kind};

/// Turns content keys into wire values.
///
/// Every field of the kind but `Query` is in the result: with its value, with the service's default
/// where the table names one, or as `null`, which means "owned, and empty". The template's name and
/// version are there only when the content names a template. A field whose key has an error is left
/// out; errors hold the item, so nothing is sent without it.
///
/// Keys that say nothing about a field (`tags`, `status`, …) are passed over.
#[must_use]
pub fn define(kind: Kind, keys: &BTreeMap<&str, &Value>) -> (Fields, Vec<Problem>) {
    let mut reader = Reader::new(kind, keys);
    describe::define(&mut reader);
    attack::define(&mut reader);
    if kind == Kind::Hunt {
        hunt::define(&mut reader);
    } else {
        schedule::define(&mut reader);
        entity::define(&mut reader);
        alert::define(&mut reader);
        incident::define(&mut reader);
    }
    reader.finish()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::diag::Severity;
    use crate::state::Field;

    /// Keys of a complete scheduled rule, changed by `keys` (`null` takes one out).
    pub(in crate::state::define) fn rule(keys: Value) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        let base = json!({
            "name": "A rule", "severity": "High", "queryFrequency": "1h", "queryPeriod": "1d",
            "triggerOperator": "gt", "triggerThreshold": 0,
        });
        for (key, value) in base.as_object().into_iter().chain(keys.as_object()).flatten() {
            if value.is_null() {
                all.remove(key);
            } else {
                all.insert(key.clone(), value.clone());
            }
        }
        all
    }

    /// `define` for keys that a test has made.
    pub(in crate::state::define) fn defined(
        kind: Kind,
        keys: &BTreeMap<String, Value>,
    ) -> (Fields, Vec<Problem>) {
        define(kind, &keys.iter().map(|(key, value)| (key.as_str(), value)).collect())
    }

    /// What the keys change about a field of a scheduled rule, and the codes of problems.
    pub(in crate::state::define) fn check(
        keys: Value,
        field: Field,
        expect: impl Into<Option<Value>>,
        problems: &[&str],
    ) {
        check_kind(Kind::Scheduled, keys, field, expect, problems);
    }

    /// The same for any kind.
    pub(in crate::state::define) fn check_kind(
        kind: Kind,
        keys: Value,
        field: Field,
        expect: impl Into<Option<Value>>,
        problems: &[&str],
    ) {
        let mut all = rule(keys.clone());
        if kind == Kind::Hunt {
            all.retain(|key, _| {
                !key.starts_with("trigger") && !key.starts_with("query") && key != "severity"
            });
        }
        let (fields, found) = defined(kind, &all);
        assert_eq!(fields.get(&field).cloned(), expect.into(), "{field} of {keys}");
        let codes: Vec<&str> = found.iter().map(|problem| problem.code.as_str()).collect();
        assert_eq!(codes, problems, "{keys}: {found:?}");
    }

    #[test]
    fn every_owned_field_but_the_query_has_a_value_or_null() {
        for kind in [Kind::Scheduled, Kind::Nrt, Kind::Hunt] {
            let (fields, _) = defined(kind, &rule(json!({})));
            let not_defined = [Field::Query, Field::TemplateName, Field::TemplateVersion];
            let expect: Vec<Field> =
                Field::of(kind).filter(|field| !not_defined.contains(field)).collect();
            assert_eq!(fields.into_keys().collect::<Vec<_>>(), expect);
        }
    }

    #[test]
    fn what_is_absent_is_sent_as_the_default() {
        let expect = [
            (Field::Enabled, json!(true)),
            (Field::SuppressionEnabled, json!(false)),
            (Field::SuppressionDuration, json!("PT5H")),
            (Field::AggregationKind, json!("SingleAlert")),
            (Field::CreateIncident, json!(true)),
            (Field::GroupingEnabled, json!(false)),
            (Field::GroupingReopen, json!(false)),
            (Field::GroupingLookback, json!("PT5H")),
            (Field::GroupingMatching, json!("AllEntities")),
            (Field::EntityMappings, Value::Null),
            (Field::Description, Value::Null),
        ];
        for (field, value) in expect {
            check(json!({}), field, value, &[]);
        }
    }

    #[test]
    fn a_hunt_needs_a_name_only() {
        let keys = BTreeMap::from([("name".to_owned(), json!("A hunt"))]);
        assert_eq!(defined(Kind::Hunt, &keys).1, []);
        let (_, problems) = define(Kind::Hunt, &BTreeMap::new());
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].severity, Severity::Error);
        assert_eq!(problems[0].key, "name");
    }
}
