//! The portal user: what somebody who edits a rule or a hunting query by hand would send.
//!
//! In: a live body and assignments such as `severity=Low`. Out: the body to PUT. It carries the live
//! etag, so it is refused when somebody else was quicker, and everything that was not assigned.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::ident::Invalid;

/// What the service says and a client does not send.
const READ_ONLY: [&str; 4] = ["id", "name", "type", "systemData"];
/// Properties of a hunting query that are tags on the wire.
const TAGS: [&str; 3] = ["description", "tactics", "techniques"];

/// One edit: `severity=Low`, `enabled=false`, `incidentConfiguration.createIncident=false`,
/// `tactics=["Execution"]`.
///
/// The value is JSON if it parses as JSON, else a text as it stands; `null` takes a property away.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Below `properties`, parts joined by dots.
    pub path: String,
    /// The new value.
    pub value: Value,
}

impl FromStr for Assignment {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (path, value) = text.split_once('=').unwrap_or_default();
        if path.is_empty() || path.split('.').any(|part| part.trim().is_empty()) {
            return Err(Invalid::new(format!("`{text}` is not an edit such as `severity=Low`")));
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
        Ok(Self { path: path.to_owned(), value })
    }
}

/// The body to PUT for a rule or a saved search.
///
/// # Errors
/// When the live body has no properties, or a path leads through something that is no object.
pub fn edit(live: &Value, assignments: &[Assignment]) -> Result<Value, Invalid> {
    let mut body = live.clone();
    let is_search = body["type"]
        .as_str()
        .is_some_and(|kind| kind.to_ascii_lowercase().ends_with("/savedsearches"));
    let fields = body.as_object_mut().ok_or_else(|| Invalid::new("the body is no object"))?;
    for key in READ_ONLY {
        fields.remove(key);
    }
    let Some(Value::Object(properties)) = fields.get_mut("properties") else {
        return Err(Invalid::new("the body has no properties"));
    };
    properties.remove("lastModifiedUtc");
    for Assignment { path, value } in assignments {
        match path.as_str() {
            tag if is_search && TAGS.contains(&tag) => set_tag(properties, tag, value)?,
            "name" => set(properties, "displayName", value)?,
            path => set(properties, path, value)?,
        }
    }
    // A built-in search has no etag; the service takes `*` then.
    if is_search {
        fields.entry("etag").or_insert_with(|| json!("*"));
    }
    Ok(body)
}

fn set(properties: &mut Map<String, Value>, path: &str, value: &Value) -> Result<(), Invalid> {
    let Some((first, rest)) = path.split_once('.') else {
        if value.is_null() {
            properties.remove(path);
        } else {
            properties.insert(path.to_owned(), value.clone());
        }
        return Ok(());
    };
    let place = properties.entry(first).or_insert(Value::Null);
    if place.is_null() {
        *place = json!({});
    }
    match place {
        Value::Object(inner) => set(inner, rest, value),
        _ => Err(Invalid::new(format!("`{first}` is no object, so it has no `{rest}`"))),
    }
}

/// Replaces a tag's value in its place, or adds the tag at the end. Lists are joined by commas.
fn set_tag(properties: &mut Map<String, Value>, name: &str, value: &Value) -> Result<(), Invalid> {
    let place = properties.entry("tags").or_insert(Value::Null);
    if place.is_null() {
        *place = json!([]);
    }
    let Value::Array(tags) = place else { return Err(Invalid::new("`tags` is no list")) };
    let is_it = |tag: &Value| tag["name"] == name;
    let text = match value {
        Value::Null => {
            tags.retain(|tag| !is_it(tag));
            return Ok(());
        }
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.ok_or_else(|| Invalid::new(format!("`{name}` takes texts")))?.join(",")
        }
        other => other.to_string(),
    };
    match tags.iter_mut().find(|tag| is_it(tag)) {
        Some(tag) => tag["value"] = json!(text),
        None => tags.push(json!({"name": name, "value": text})),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Value {
        json!({
            "id": "/x", "name": "r1", "type": "Microsoft.SecurityInsights/alertRules",
            "kind": "Scheduled", "etag": "\"e\"", "systemData": {},
            "properties": {"severity": "High", "incidentConfiguration": null, "query": "T",
                "somethingNew": 1, "lastModifiedUtc": "2026"},
        })
    }

    fn search() -> Value {
        json!({
            "id": "/x", "name": "s1", "type": "Microsoft.OperationalInsights/savedSearches",
            "etag": "W/\"e\"",
            "properties": {"displayName": "x", "tags": [
                {"name": "createdBy", "value": "a"}, {"name": "tactics", "value": "Execution"},
            ]},
        })
    }

    fn edited(live: &Value, assignments: &[&str]) -> Value {
        let parsed: Vec<Assignment> =
            assignments.iter().map(|text| text.parse().unwrap()).collect();
        edit(live, &parsed).unwrap()
    }

    #[test]
    fn an_edit_keeps_everything_else_and_the_etag() {
        let body = edited(&rule(), &["severity=Low", "incidentConfiguration.createIncident=false"]);
        assert_eq!(
            body,
            json!({"kind": "Scheduled", "etag": "\"e\"", "properties": {
                "severity": "Low", "query": "T", "somethingNew": 1,
                "incidentConfiguration": {"createIncident": false},
            }})
        );
    }

    #[test]
    fn values_are_json_or_text() {
        let value = |text: &str| text.parse::<Assignment>().unwrap().value;
        assert_eq!(value("a=false"), json!(false));
        assert_eq!(value("a=[\"Execution\"]"), json!(["Execution"]));
        assert_eq!(value("a=T | where x == 1"), json!("T | where x == 1"));
        assert_eq!(value("a="), json!(""));
        assert_eq!(value("a=PT1H"), json!("PT1H"));
        assert_eq!(value("a=\"false\""), json!("false"));
    }

    #[test]
    fn what_is_no_edit_is_refused() {
        for text in ["", "severity", "=x", "a..b=1", ".a=1"] {
            assert!(text.parse::<Assignment>().is_err(), "{text:?}");
        }
        let through_a_text = ["severity.x=1".parse().unwrap()];
        assert!(edit(&rule(), &through_a_text).is_err());
        assert!(edit(&json!({}), &[]).is_err());
    }

    #[test]
    fn null_takes_a_property_away() {
        let body = edited(&rule(), &["somethingNew=null"]);
        assert!(body["properties"].get("somethingNew").is_none());
    }

    #[test]
    fn a_hunting_query_keeps_what_a_rule_has_in_tags() {
        let body =
            edited(&search(), &["name=y", "tactics=[\"Impact\",\"Execution\"]", "description=z"]);
        assert_eq!(
            body,
            json!({"etag": "W/\"e\"", "properties": {"displayName": "y", "tags": [
                {"name": "createdBy", "value": "a"},
                {"name": "tactics", "value": "Impact,Execution"},
                {"name": "description", "value": "z"},
            ]}})
        );
        let body = edited(&search(), &["tactics=null"]);
        assert_eq!(body["properties"]["tags"], json!([{"name": "createdBy", "value": "a"}]));
    }

    #[test]
    fn a_built_in_search_is_overridden() {
        let mut live = search();
        live.as_object_mut().unwrap().remove("etag");
        assert_eq!(edited(&live, &["name=y"])["etag"], "*");
    }
}
