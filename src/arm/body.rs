//! Request bodies of new resources, built through Microsoft's own models.
//!
//! Only for what is written the first time: an update sends back what was read, with the owned
//! properties replaced, since the models would drop every property that they do not know.

use azure_mgmt_securityinsights::models::{AlertRuleUnion, MetadataModel};
use serde_json::{Map, Value, json};

use super::marker::HUNTING_CATEGORY;

/// Why a body is not one that the service's models know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a body that the service's models accept: {0}")]
pub struct Unfit(String);

/// The body of a new rule of this kind (`Scheduled`, `NRT`).
///
/// # Errors
/// When a required property is missing or of another type.
pub fn rule(kind: &str, properties: Map<String, Value>) -> Result<Value, Unfit> {
    typed::<AlertRuleUnion>(json!({"kind": kind, "properties": properties}))
}

/// The body of a new metadata resource.
///
/// # Errors
/// When a required property is missing or of another type.
pub fn metadata(properties: Map<String, Value>) -> Result<Value, Unfit> {
    typed::<MetadataModel>(json!({"properties": properties}))
}

/// The body of a new hunting query: a saved search of version 2, the service's current one.
#[must_use]
pub fn hunting_query(mut properties: Map<String, Value>) -> Value {
    properties.insert("category".into(), HUNTING_CATEGORY.into());
    properties.insert("version".into(), 2.into());
    json!({"properties": properties})
}

/// Takes out `null` properties, at every depth of objects: for the service they are absent, and some
/// of its validators refuse them.
pub fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

fn typed<T>(body: Value) -> Result<Value, Unfit>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let model: T = serde_json::from_value(body).map_err(|error| Unfit(error.to_string()))?;
    let mut sent = serde_json::to_value(model).map_err(|error| Unfit(error.to_string()))?;
    strip_nulls(&mut sent);
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_rule_keeps_what_it_was_given_and_has_no_nulls() {
        let properties = json!({
            "displayName": "A", "enabled": true, "severity": "High", "query": "T",
            "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan",
            "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H",
            "subTechniques": ["T1098.001"],
        });
        let body = rule("Scheduled", object(properties.clone())).unwrap();
        assert_eq!(body, json!({"kind": "Scheduled", "properties": properties}));
    }

    #[test]
    fn a_rule_without_a_required_property_is_unfit() {
        let properties = object(json!({"displayName": "A", "enabled": true}));
        assert!(rule("NRT", properties).is_err());
    }

    #[test]
    fn metadata_needs_its_parent_and_kind() {
        let properties = json!({"parentId": "/x", "kind": "AnalyticsRule", "customVersion": "so1"});
        let body = metadata(object(properties.clone())).unwrap();
        assert_eq!(body, json!({"properties": properties}));
        assert!(metadata(object(json!({"kind": "AnalyticsRule"}))).is_err());
    }
}
