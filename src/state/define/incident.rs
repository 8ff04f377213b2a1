//! Whether alerts become incidents and how they are grouped.

use serde_json::{Map, Value};

use super::reader::{Reader, Reported, list};
use super::spelling::{self, ENTITY_TYPES};
use crate::diag::Code;
use crate::state::Field;

const OLD_NAME: Code = Code::new("old-name");

const KEY: &str = "incidentConfiguration";
const MATCHING: &str = "matchingMethod";
/// The name of `matchingMethod` in 2019 previews of the service.
const OLD_MATCHING: &str = "entitiesMatchingMethod";

const METHODS: &[&str] = &["AllEntities", "AnyAlert", "Selected"];
const DETAILS: &[&str] = &["DisplayName", "Severity"];

/// What `groupingConfiguration` may hold.
const GROUPING: &[&str] = &[
    "enabled",
    "reopenClosedIncident",
    "lookbackDuration",
    MATCHING,
    OLD_MATCHING,
    "groupByEntities",
    "groupByAlertDetails",
    "groupByCustomDetails",
];

pub(super) fn define(reader: &mut Reader<'_>) {
    let known = ["createIncident", "groupingConfiguration"];
    let value = reader.get(KEY);
    let Ok(map) = reader.mapping(KEY, KEY, value, &known) else { return };
    let part = |name: &str| map.and_then(|map| map.get(name));
    let create = reader.as_bool(KEY, "createIncident", part("createIncident"));
    reader.set_or(Field::CreateIncident, create, true);
    let name = "groupingConfiguration";
    let Ok(grouping) = reader.mapping(KEY, name, part(name), GROUPING) else { return };
    let none = Map::new();
    group(reader, grouping.unwrap_or(&none));
}

fn group(reader: &mut Reader<'_>, map: &Map<String, Value>) {
    let enabled = reader.as_bool(KEY, "enabled", map.get("enabled"));
    reader.set_or(Field::GroupingEnabled, enabled, false);
    let name = "reopenClosedIncident";
    let reopen = reader.as_bool(KEY, name, map.get(name));
    reader.set_or(Field::GroupingReopen, reopen, false);
    let name = "lookbackDuration";
    let lookback = reader.as_duration(KEY, name, map.get(name));
    reader.set_or(Field::GroupingLookback, lookback, "PT5H");
    let method = matching(reader, map);
    reader.set_or(Field::GroupingMatching, method, "AllEntities");

    let entities = words(reader, map, "groupByEntities", ENTITY_TYPES);
    reader.set_or(Field::GroupByEntities, entities.map(Some), Value::Null);
    let details = words(reader, map, "groupByAlertDetails", DETAILS);
    reader.set_or(Field::GroupByAlertDetails, details.map(Some), Value::Null);
    let name = "groupByCustomDetails";
    let custom = reader.texts(KEY, name, map.get(name)).map(list);
    reader.set_or(Field::GroupByCustomDetails, custom.map(Some), Value::Null);
}

fn matching(
    reader: &mut Reader<'_>,
    map: &Map<String, Value>,
) -> Result<Option<&'static str>, Reported> {
    let method = reader.as_word(KEY, MATCHING, map.get(MATCHING), METHODS)?;
    let Some(old) = reader.as_text(KEY, OLD_MATCHING, map.get(OLD_MATCHING))? else {
        return Ok(method);
    };
    let new = if old.eq_ignore_ascii_case("All") { Some("AllEntities") } else { None };
    match new {
        Some(new) if method.is_none_or(|method| method == new) => {
            let message = format!("`{OLD_MATCHING}` is an old name of `{MATCHING}`");
            reader.warning(OLD_NAME, KEY, message, "write `matchingMethod: AllEntities`");
            Ok(Some(new))
        }
        _ => {
            let message = format!("`{OLD_MATCHING}: {old}` has no meaning any more");
            let help = format!("write `{MATCHING}` with one of {}", spelling::listed(METHODS));
            reader.error(OLD_NAME, KEY, message, &help);
            Err(Reported)
        }
    }
}

/// A list of the service's words.
fn words(
    reader: &mut Reader<'_>,
    map: &Map<String, Value>,
    name: &str,
    known: &[&'static str],
) -> Result<Value, Reported> {
    let mut found = Vec::new();
    for text in reader.texts(KEY, name, map.get(name))? {
        let Some(word) = spelling::word(text, known) else {
            reader.unknown_value(KEY, name, text, known);
            return Err(Reported);
        };
        found.push(word);
    }
    Ok(list(found))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fields::tests::check;
    use super::*;

    fn grouping(value: Value, field: Field, expect: Option<Value>, problems: &[&str]) {
        check(json!({KEY: {"groupingConfiguration": value}}), field, expect, problems);
    }

    #[test]
    fn incidents_can_be_switched_off() {
        check(json!({KEY: {"createIncident": false}}), Field::CreateIncident, json!(false), &[]);
        check(
            json!({KEY: {"createIncidents": false}}),
            Field::CreateIncident,
            None,
            &["unknown-key"],
        );
        check(json!({KEY: {"createIncident": "no"}}), Field::CreateIncident, None, &["wrong-type"]);
    }

    #[test]
    fn grouping_is_read_in_both_forms_of_duration() {
        grouping(
            json!({"lookbackDuration": "5h"}),
            Field::GroupingLookback,
            Some(json!("PT5H")),
            &[],
        );
        grouping(
            json!({"lookbackDuration": "PT6H"}),
            Field::GroupingLookback,
            Some(json!("PT6H")),
            &[],
        );
        grouping(json!({"enabled": true}), Field::GroupingEnabled, Some(json!(true)), &[]);
        grouping(
            json!({"groupByEntities": ["Url"]}),
            Field::GroupByEntities,
            Some(json!(["URL"])),
            &[],
        );
        grouping(json!({"groupByEntities": []}), Field::GroupByEntities, Some(Value::Null), &[]);
        grouping(
            json!({"groupByAlertDetails": ["Title"]}),
            Field::GroupByAlertDetails,
            None,
            &["unknown-value"],
        );
    }

    #[test]
    fn the_old_matching_method_is_understood_with_a_warning() {
        let field = Field::GroupingMatching;
        let all = Some(json!("AllEntities"));
        grouping(json!({OLD_MATCHING: "All"}), field, all.clone(), &["old-name"]);
        grouping(json!({OLD_MATCHING: "Custom"}), field, None, &["old-name"]);
        grouping(json!({OLD_MATCHING: "All", MATCHING: "AnyAlert"}), field, None, &["old-name"]);
        grouping(json!({MATCHING: "selected"}), field, Some(json!("Selected")), &[]);
        grouping(json!({MATCHING: "All"}), field, None, &["unknown-value"]);
    }
}
