//! What an alert looks like: custom details, overridden properties, one alert or one per row.

use serde_json::{Map, Value, json};

use super::reader::{Reader, Reported, WRONG_TYPE};
use crate::state::Field;

const DETAILS: &str = "customDetails";
const OVERRIDE: &str = "alertDetailsOverride";
const GROUPING: &str = "eventGroupingSettings";

const OVERRIDE_TEXTS: &[&str] = &[
    "alertDisplayNameFormat",
    "alertDescriptionFormat",
    "alertTacticsColumnName",
    "alertSeverityColumnName",
];
const DYNAMIC: &str = "alertDynamicProperties";

/// `alertProperty` of Microsoft.SecurityInsights 2024-04-01-preview.
const PROPERTIES: &[&str] = &[
    "AlertLink",
    "ConfidenceLevel",
    "ConfidenceScore",
    "ExtendedLinks",
    "ProductName",
    "ProviderName",
    "ProductComponentName",
    "RemediationSteps",
    "Techniques",
    "SubTechniques",
];

pub(super) fn define(reader: &mut Reader<'_>) {
    if let Ok(details) = details(reader) {
        reader.set(Field::CustomDetails, details);
    }
    if let Ok(overridden) = overridden(reader) {
        reader.set(Field::AlertDetailsOverride, overridden);
    }
    let kind = aggregation(reader);
    reader.set_or(Field::AggregationKind, kind, "SingleAlert");
}

fn details(reader: &mut Reader<'_>) -> Result<Value, Reported> {
    let map = match reader.get(DETAILS) {
        None => return Ok(Value::Null),
        Some(Value::Object(map)) => map,
        Some(other) => {
            reader.wrong_type(DETAILS, DETAILS, "a mapping of names to columns", other);
            return Err(Reported);
        }
    };
    for (name, column) in map {
        if !column.is_string() {
            let message = format!("the custom detail `{name}` names no column");
            reader.error(WRONG_TYPE, DETAILS, message, "write the name of a column as a text");
            return Err(Reported);
        }
    }
    Ok(object(map.clone()))
}

fn overridden(reader: &mut Reader<'_>) -> Result<Value, Reported> {
    let known: Vec<&str> = OVERRIDE_TEXTS.iter().copied().chain([DYNAMIC]).collect();
    let value = reader.get(OVERRIDE);
    let Some(map) = reader.mapping(OVERRIDE, OVERRIDE, value, &known)? else {
        return Ok(Value::Null);
    };
    let mut result = Map::new();
    for name in OVERRIDE_TEXTS {
        if let Some(text) = reader.as_text(OVERRIDE, name, map.get(*name))? {
            result.insert((*name).to_owned(), json!(text));
        }
    }
    let dynamic = match map.get(DYNAMIC) {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(items)) => items,
        Some(other) => {
            reader.wrong_type(OVERRIDE, DYNAMIC, "a list of mappings", other);
            return Err(Reported);
        }
    };
    let dynamic =
        dynamic.iter().map(|item| property(reader, item)).collect::<Result<Vec<Value>, _>>()?;
    if !dynamic.is_empty() {
        result.insert(DYNAMIC.to_owned(), json!(dynamic));
    }
    Ok(object(result))
}

fn property<'a>(reader: &mut Reader<'a>, item: &'a Value) -> Result<Value, Reported> {
    let known = ["alertProperty", "value"];
    let map = reader.mapping(OVERRIDE, DYNAMIC, Some(item), &known)?;
    let part = |name| map.and_then(|map| map.get(name));
    let name = reader.as_word(OVERRIDE, "alertProperty", part("alertProperty"), PROPERTIES)?;
    let column = reader.as_text(OVERRIDE, "value", part("value"))?;
    if let (Some(name), Some(column)) = (name, column) {
        return Ok(json!({"alertProperty": name, "value": column}));
    }
    let message = format!("an entry of `{DYNAMIC}` is incomplete");
    reader.error(WRONG_TYPE, OVERRIDE, message, "each has an `alertProperty` and a `value`");
    Err(Reported)
}

fn aggregation(reader: &mut Reader<'_>) -> Result<Option<&'static str>, Reported> {
    let value = reader.get(GROUPING);
    let map = reader.mapping(GROUPING, GROUPING, value, &["aggregationKind"])?;
    let kind = map.and_then(|map| map.get("aggregationKind"));
    reader.as_word(GROUPING, "aggregationKind", kind, &["SingleAlert", "AlertPerResult"])
}

fn object(map: Map<String, Value>) -> Value {
    if map.is_empty() { Value::Null } else { Value::Object(map) }
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::check;
    use super::*;

    #[test]
    fn custom_details_name_columns() {
        let details = json!({"Device": "DeviceName"});
        check(json!({DETAILS: details}), Field::CustomDetails, details, &[]);
        check(json!({DETAILS: {}}), Field::CustomDetails, Value::Null, &[]);
        check(json!({DETAILS: {"a": 1}}), Field::CustomDetails, None, &["wrong-type"]);
        check(json!({DETAILS: ["a"]}), Field::CustomDetails, None, &["wrong-type"]);
    }

    #[test]
    fn misspelt_override_keys_are_named() {
        let value = json!({"alertDisplayNameFormat": "{{x}}", "alertTacticsColumnName": null});
        let expect = json!({"alertDisplayNameFormat": "{{x}}"});
        check(json!({OVERRIDE: value}), Field::AlertDetailsOverride, expect, &[]);
        for misspelt in ["alertnameFormat", "alertDisplaynameFormat"] {
            let keys = json!({OVERRIDE: {misspelt: "x"}});
            check(keys, Field::AlertDetailsOverride, None, &["unknown-key"]);
        }
    }

    #[test]
    fn dynamic_properties_are_a_list_of_pairs() {
        let keys = |item: Value| json!({OVERRIDE: {DYNAMIC: [item]}});
        let pair = json!({"alertProperty": "AlertLink", "value": "Link"});
        let expect = json!({DYNAMIC: [pair]});
        check(keys(pair), Field::AlertDetailsOverride, expect, &[]);
        let unknown = json!({"alertProperty": "Link", "value": "x"});
        check(keys(unknown), Field::AlertDetailsOverride, None, &["unknown-value"]);
        let half = json!({"alertProperty": "AlertLink"});
        check(keys(half), Field::AlertDetailsOverride, None, &["wrong-type"]);
    }

    #[test]
    fn events_are_grouped_in_one_of_two_ways() {
        let keys = json!({GROUPING: {"aggregationKind": "alertperresult"}});
        check(keys, Field::AggregationKind, json!("AlertPerResult"), &[]);
        let keys = json!({GROUPING: {"aggregationKind": "PerRow"}});
        check(keys, Field::AggregationKind, None, &["unknown-value"]);
        check(json!({GROUPING: "SingleAlert"}), Field::AggregationKind, None, &["wrong-type"]);
    }
}
