//! Analytic rules: `Microsoft.SecurityInsights/alertRules`.
//!
//! Answers have the shape of recorded traffic: some properties that were never set come back as
//! null, others are left out; the query comes back letter for letter. Properties that the emulator
//! does not know are kept: the service has more than its description says.

use serde_json::{Map, Value, json};

use super::call::{Answered, Call, parsed};
use super::paging;
use super::refusal::Refusal;
use super::reply::{Reply, escaped};
use super::store::{Resource, StoreError, View, Write};
use super::{stamp, tables, validate, version};
use crate::arm::{Collection, ResourceId, WorkspaceId};

const TYPE: &str = "Microsoft.SecurityInsights/alertRules";
/// Properties that stable API versions do not have.
const PREVIEW_ONLY: [&str; 2] = ["subTechniques", "sentinelEntitiesMappings"];
/// Null when they were never set.
const NULL_WHEN_UNSET: [&str; 3] = ["tactics", "description", "alertRuleTemplateName"];
/// Left out when they were never set.
const ABSENT_WHEN_UNSET: [&str; 5] = [
    "eventGroupingSettings",
    "entityMappings",
    "customDetails",
    "alertDetailsOverride",
    "sentinelEntitiesMappings",
];

/// `GET …/alertRules`. Stable versions leave NRT rules out without a word.
pub(super) fn list(view: &View, call: &Call<'_>, workspace: &WorkspaceId) -> Answered {
    let after = match paging::after(call.request) {
        Ok(after) => after,
        Err(refusal) => return Ok(refusal.into()),
    };
    let mut found = call.list(view, workspace, Collection::AlertRules, after.as_deref())?;
    let preview = version::is_preview(call.version);
    if !preview {
        found.retain(|(_, rule)| rule.kind != "NRT");
    }
    let next = paging::cut(&mut found, call.options.page_size, call.request);
    for (_, rule) in &mut found {
        if !preview {
            rule.body = without_previews(&rule.body);
        }
    }
    let bodies = found.iter().map(|(_, rule)| rule.body.as_slice());
    Ok(Reply::bytes(200, paging::body(bodies, next.as_deref())))
}

/// `GET …/alertRules/{id}`. Only lists are known to hide NRT rules, so this shows them.
pub(super) fn get(view: &View, call: &Call<'_>, id: &ResourceId) -> Answered {
    let Some(rule) = call.resource(view, id)? else { return Ok(missing(id).into()) };
    let preview = version::is_preview(call.version);
    Ok(Reply::bytes(200, if preview { rule.body } else { without_previews(&rule.body) }))
}

/// `DELETE …/alertRules/{id}`.
pub(super) fn delete(write: &Write, call: &Call<'_>, id: &ResourceId) -> Answered {
    let Some(rule) = write.resource(id)? else { return Ok(Reply::empty(204)) };
    if let Err(refusal) = if_match(call, Some(&rule)) {
        return Ok(refusal.into());
    }
    write.remove(id)?;
    write.remove_actions(id)?;
    let stamp = call.stamp(write)?;
    write.bury(id, stamp)?;
    Ok(Reply::json(200, &json!({})))
}

/// `PUT …/alertRules/{id}`.
pub(super) fn put(write: &Write, call: &Call<'_>, id: &ResourceId) -> Answered {
    let before = write.resource(id)?;
    let buried = write.buried(id)?;
    let (kind, properties) = match accept(call, id, before.as_ref(), buried) {
        Ok(accepted) => accepted,
        Err(refusal) => return Ok(refusal.into()),
    };
    if let (None, Some(refusal)) = (&before, too_many(write, id, &kind)?) {
        return Ok(refusal.into());
    }
    let stamp = call.stamp(write)?;
    let etag = stamp::rule_etag(stamp);
    let old = before.as_ref().map(|rule| parsed(&rule.body));
    let name = old.as_ref().and_then(|old| old["name"].as_str()).unwrap_or(id.name.as_str());
    let body = json!({
        "id": call.id_of(id, name),
        "name": name,
        "type": TYPE,
        "kind": kind,
        "etag": etag,
        "systemData": call.system_data(stamp, old.as_ref().map(|old| &old["systemData"])),
        "properties": stored(&kind, properties, old.as_ref(), call, stamp),
    });
    let body = escaped(&body);
    write.put(id, &Resource { kind, etag, body: body.clone() })?;
    Ok(Reply::bytes(if before.is_some() { 200 } else { 201 }, body))
}

/// The service's limits (Microsoft's page of service limits); its own words are not known.
fn too_many(write: &Write, id: &ResourceId, kind: &str) -> Result<Option<Refusal>, StoreError> {
    let limits = [(None, 512), (Some("NRT"), 50)];
    for (limited, most) in limits {
        let concerns = limited.is_none_or(|limited| limited == kind);
        if concerns && write.count_rules(&id.workspace, limited)? >= most {
            let what = limited.map_or_else(String::new, |kind| format!("{kind} "));
            let text =
                format!("The maximum number of {what}alert rules ({most}) has been reached.");
            return Ok(Some(Refusal::new(400, "BadRequest", text)));
        }
    }
    Ok(None)
}

/// Checks a body against the rule that is there; returns kind and properties.
fn accept(
    call: &Call<'_>,
    id: &ResourceId,
    before: Option<&Resource>,
    buried: Option<u64>,
) -> Result<(String, Map<String, Value>), Refusal> {
    let body = call.body()?;
    let sent = call.sent(&body, before);
    let (kind, properties) = validate::rule(&sent, version::is_preview(call.version))?;
    if let Some(query) = properties.get("query").and_then(Value::as_str) {
        tables::bind(query, &kind, call.workspace.tables.as_ref())?;
    }
    if_match(call, before)?;
    let current = before.map_or("", |rule| rule.etag.as_str());
    match body.get("etag").and_then(Value::as_str) {
        None | Some("" | "*") => {}
        Some(sent) if sent == current => {}
        Some(_) => {
            let customer_id = &call.workspace.customer_id;
            return Err(Refusal::newer_rule(id.name.as_str(), customer_id));
        }
    }
    if let Some(rule) = before
        && rule.kind != kind
    {
        let text = format!(
            "The kind of rule '{}' cannot be changed from '{}' to '{kind}'.",
            id.name, rule.kind
        );
        return Err(Refusal::new(400, "BadRequest", text));
    }
    if let (None, Some(buried), Some(tombstones)) = (before, buried, call.options.tombstones) {
        let age = std::time::Duration::from_nanos(
            stamp::of(call.now).saturating_sub(buried).saturating_mul(100),
        );
        if age < tombstones.window {
            return Err(Refusal::recently_deleted(id.name.as_str(), tombstones.status));
        }
    }
    Ok((kind, properties))
}

fn if_match(call: &Call<'_>, before: Option<&Resource>) -> Result<(), Refusal> {
    let current = before.map_or("", |rule| rule.etag.as_str());
    match &call.request.if_match {
        Some(sent) if call.options.honour_if_match && sent != "*" && sent != current => {
            Err(Refusal::precondition_failed())
        }
        _ => Ok(()),
    }
}

/// The properties as they are stored and answered.
fn stored(
    kind: &str,
    mut properties: Map<String, Value>,
    old: Option<&Value>,
    call: &Call<'_>,
    stamp: u64,
) -> Map<String, Value> {
    match kind {
        "Scheduled" | "NRT" => fill(&mut properties),
        // What a template kind says of itself is the service's and cannot be assigned.
        _ => {
            let kept = old.and_then(|old| old["properties"].as_object()).into_iter().flatten();
            for (key, value) in kept {
                properties.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    call.options.normaliser.rule(&mut properties);
    properties.insert("lastModifiedUtc".into(), json!(stamp::to_text(stamp)));
    properties
}

/// Nulls where the service answers nulls, and nothing where it answers nothing.
fn fill(properties: &mut Map<String, Value>) {
    for key in NULL_WHEN_UNSET {
        properties.entry(key).or_insert(Value::Null);
    }
    for key in ABSENT_WHEN_UNSET {
        if properties.get(key).is_some_and(Value::is_null) {
            properties.remove(key);
        }
    }
    let incidents = properties.entry("incidentConfiguration").or_insert(Value::Null);
    if incidents.is_null() {
        // The service creates incidents when nothing is said about them.
        *incidents = json!({"createIncident": true, "groupingConfiguration": {
            "enabled": false, "reopenClosedIncident": false,
            "lookbackDuration": "PT5H", "matchingMethod": "AllEntities",
        }});
    }
    if let Some(Value::Object(incidents)) = properties.get_mut("incidentConfiguration") {
        incidents.entry("groupingConfiguration").or_insert(Value::Null);
        let keys = ["groupByEntities", "groupByAlertDetails", "groupByCustomDetails"];
        fill_object(incidents, "groupingConfiguration", &keys);
    }
    let keys = [
        "alertDisplayNameFormat",
        "alertDescriptionFormat",
        "alertTacticsColumnName",
        "alertSeverityColumnName",
    ];
    fill_object(properties, "alertDetailsOverride", &keys);
}

/// Nulls in an object, if it is there.
fn fill_object(parent: &mut Map<String, Value>, name: &str, keys: &[&str]) {
    if let Some(Value::Object(fields)) = parent.get_mut(name) {
        for key in keys {
            fields.entry(*key).or_insert(Value::Null);
        }
    }
}

fn without_previews(body: &[u8]) -> Vec<u8> {
    let mut rule = parsed(body);
    if let Some(properties) = rule["properties"].as_object_mut() {
        for key in PREVIEW_ONLY {
            properties.remove(key);
        }
    }
    escaped(&rule)
}

pub(super) fn missing(id: &ResourceId) -> Refusal {
    Refusal::not_found("Alert rule", id.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(properties: Value) -> Value {
        let Value::Object(mut properties) = properties else { panic!("an object") };
        fill(&mut properties);
        Value::Object(properties)
    }

    #[test]
    fn what_was_never_set_is_null_or_left_out() {
        let grouping = json!({"enabled": true, "groupByEntities": []});
        let filled = filled(json!({
            "incidentConfiguration": {"createIncident": false, "groupingConfiguration": grouping},
            "alertDetailsOverride": {"alertDisplayNameFormat": "x"},
            "entityMappings": null,
        }));
        assert_eq!(
            filled,
            json!({
                "tactics": null, "description": null, "alertRuleTemplateName": null,
                "incidentConfiguration": {"createIncident": false, "groupingConfiguration": {
                    "enabled": true, "groupByEntities": [],
                    "groupByAlertDetails": null, "groupByCustomDetails": null,
                }},
                "alertDetailsOverride": {
                    "alertDisplayNameFormat": "x", "alertDescriptionFormat": null,
                    "alertTacticsColumnName": null, "alertSeverityColumnName": null,
                },
            })
        );
    }

    #[test]
    fn incidents_are_created_when_nothing_is_said() {
        let filled = filled(json!({}));
        assert_eq!(filled["incidentConfiguration"]["createIncident"], true);
        assert_eq!(filled["incidentConfiguration"]["groupingConfiguration"]["enabled"], false);
    }
}
