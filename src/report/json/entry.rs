//! The parts that several documents share.

use serde_json::{Map, Value, json};

use crate::ident::WorkspaceKey;
use crate::plan::{Change, FieldChange, WorkspacePlan};
use crate::state::{Freeze, Unreadable};

/// One change: `{environment, workspace, key, name, class, action, reason, effect, fields, observed}`;
/// `quieterBy` where single fields make it quieter, each `certain` or not; `modified` where the service
/// says who changed the live item and something is to be said of that.
pub(super) fn change(workspace: &WorkspacePlan, change: &Change) -> Value {
    let mut entry = json!({
        "environment": workspace.key.environment.as_str(),
        "workspace": workspace.key.workspace.as_str(),
        "key": change.key.to_string(),
        "name": change.name,
        "class": change.class.as_str(),
        "action": change.action.as_str(),
        "reason": change.reason,
        "effect": change.effect.as_str(),
        "fields": change.fields.iter().map(field).collect::<Vec<_>>(),
        "observed": change.observed.iter().map(field).collect::<Vec<_>>(),
    });
    if !change.quieter_by.is_empty() {
        let by = change.quieter_by.iter();
        let by = by.map(|one| json!({"what": one.what, "certain": one.is_certain}));
        entry["quieterBy"] = by.collect();
    }
    if let Some(modified) = &change.modified {
        entry["modified"] = json!({"by": modified.by, "at": modified.at});
    }
    entry
}

/// One field: `{field, moved, before, after}`, and `accepted` where its drift is.
fn field(field: &FieldChange) -> Value {
    let mut entry = json!({
        "field": field.field.path(),
        "moved": field.moved.as_str(),
        "before": field.before,
        "after": field.after,
    });
    if let Some(terms) = &field.accepted {
        entry["accepted"] = json!(terms);
    }
    entry
}

/// One workspace of a plan: `{environment, workspace, ring, resourceId, status, unmanaged, foreign}`, and
/// `frozen` where nothing is written today.
pub(super) fn workspace(workspace: &WorkspacePlan) -> Value {
    let foreign: Vec<Value> = workspace
        .foreign
        .iter()
        .map(|foreign| json!({"item": foreign.item, "owner": foreign.owner}))
        .collect();
    let mut entry = status(&workspace.key, workspace.unreadable.as_ref());
    entry.insert("ring".into(), json!(workspace.ring.as_str()));
    if let Some(Freeze { from, to, reason, set_at }) = &workspace.frozen {
        let freeze = json!({"from": from.to_string(), "to": to.to_string(), "reason": reason, "setAt": set_at});
        entry.insert("frozen".into(), freeze);
    }
    entry.insert("resourceId".into(), json!(workspace.id.to_string()));
    entry.insert("unmanaged".into(), json!(workspace.unmanaged));
    entry.insert("foreign".into(), Value::Array(foreign));
    Value::Object(entry)
}

/// `{environment, workspace, status: "read"|"unreadable"}`, and for an unreadable one `error` and
/// whether the reason is that access was `denied`.
pub(super) fn status(key: &WorkspaceKey, unreadable: Option<&Unreadable>) -> Map<String, Value> {
    let mut entry = Map::new();
    entry.insert("environment".into(), json!(key.environment.as_str()));
    entry.insert("workspace".into(), json!(key.workspace.as_str()));
    entry.insert("status".into(), json!(if unreadable.is_some() { "unreadable" } else { "read" }));
    if let Some(Unreadable { denied, message }) = unreadable {
        entry.insert("error".into(), json!(message));
        entry.insert("denied".into(), json!(denied));
    }
    entry
}
