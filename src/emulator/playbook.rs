//! Playbook links of rules: `Microsoft.SecurityInsights/alertRules/actions`.
//!
//! The trigger's address is a secret: it is taken and never answered.

use serde_json::{Value, json};

use super::call::{Answered, Call};
use super::paging;
use super::refusal::Refusal;
use super::reply::Reply;
use super::store::{Resource, View, Write};
use super::{rules, stamp, validate};
use crate::arm::ResourceId;
use crate::ident::ArmName;

const TYPE: &str = "Microsoft.SecurityInsights/alertRules/actions";

/// `GET …/alertRules/{id}/actions`.
pub(super) fn list(view: &View, rule: &ResourceId) -> Answered {
    if view.resource(rule)?.is_none() {
        return Ok(rules::missing(rule).into());
    }
    let found = view.actions(rule)?;
    let bodies = found.iter().map(|action| action.body.as_slice());
    Ok(Reply::bytes(200, paging::body(bodies, None)))
}

/// `GET …/alertRules/{id}/actions/{id}`.
pub(super) fn get(view: &View, rule: &ResourceId, name: &ArmName) -> Answered {
    let found = view.action(rule, name.as_str())?;
    let missing = || Refusal::not_found("Action", name.as_str()).into();
    Ok(found.map_or_else(missing, |action| Reply::bytes(200, action.body)))
}

/// `PUT …/alertRules/{id}/actions/{id}`.
pub(super) fn put(write: &Write, call: &Call<'_>, rule: &ResourceId, name: &ArmName) -> Answered {
    if write.resource(rule)?.is_none() {
        return Ok(rules::missing(rule).into());
    }
    let before = write.action(rule, name.as_str())?;
    let properties = match call.body().and_then(|body| validate::action(&call.sent(&body, None))) {
        Ok(properties) => properties,
        Err(refusal) => return Ok(refusal.into()),
    };
    let playbook = &properties["logicAppResourceId"];
    let workflow = stamp::guid(playbook.as_str().unwrap_or_default());
    let etag = stamp::rule_etag(call.stamp(write)?);
    let rule_id = call.id_of(rule, rule.name.as_str());
    let body = json!({
        "id": format!("{rule_id}/actions/{name}"),
        "name": name.as_str(),
        "type": TYPE,
        "etag": etag,
        "properties": {"logicAppResourceId": playbook, "workflowId": workflow.replace('-', "")},
    });
    let stored = Resource { kind: String::new(), etag, body: Value::to_string(&body).into() };
    write.put_action(rule, name.as_str(), Some(&stored))?;
    Ok(Reply::json(if before.is_some() { 200 } else { 201 }, &body))
}

/// `DELETE …/alertRules/{id}/actions/{id}`.
pub(super) fn delete(write: &Write, rule: &ResourceId, name: &ArmName) -> Answered {
    if write.action(rule, name.as_str())?.is_none() {
        return Ok(Reply::empty(204));
    }
    write.put_action(rule, name.as_str(), None)?;
    Ok(Reply::empty(200))
}
