//! The parts that several documents share.

use serde_json::{Map, Value, json};

use crate::ident::{ExclusionId, WorkspaceKey};
use crate::plan::{BaselineSide, Change, DesiredSide, FieldChange, WorkspacePlan};
use crate::report::summary;
use crate::state::{Freeze, Unreadable};

/// One change: `{environment, workspace, key, armName, name, class, action, reason, effect, fields, observed}`;
/// `sides` but for what is in sync; `quieterBy` where single fields make it quieter, each `certain` or not;
/// `modified` where the service says who changed the live item and something is to be said of that.
pub(super) fn change(workspace: &WorkspacePlan, change: &Change) -> Value {
    let mut entry = json!({
        "environment": workspace.key.environment.as_str(),
        "workspace": workspace.key.workspace.as_str(),
        "key": change.key.to_string(),
        "armName": change.arm_name.as_str(),
        "name": change.name,
        "class": change.class.as_str(),
        "action": change.action.as_str(),
        "reason": change.reason,
        "effect": change.effect.as_str(),
        "fields": change.fields.iter().map(field).collect::<Vec<_>>(),
        "observed": change.observed.iter().map(field).collect::<Vec<_>>(),
    });
    // Most items of a fleet are in sync, with all three sides there.
    if !summary::is_quiet(change) {
        entry["sides"] = sides(change);
    }
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

/// What there is on each side: `desired` (`present`, `held`, `absent`), `live` (whether it is there), `record`
/// (`none`, `ours`, `unreadable`, `ambiguous`, `other`: somebody else's), `exclusions` of what is desired; where
/// they hold, `heldBack` (by a rollback), `otherKind` (than was applied is there), `createsDisabled`.
fn sides(change: &Change) -> Value {
    let sides = &change.sides;
    let (desired, exclusions) = match &sides.desired {
        DesiredSide::Present(present) => ("present", present.exclusions.as_slice()),
        DesiredSide::Held(_) => ("held", [].as_slice()),
        DesiredSide::Absent => ("absent", [].as_slice()),
    };
    let record = match &sides.baseline {
        BaselineSide::None => "none",
        BaselineSide::Ours(baseline) if baseline.record().is_ok() => "ours",
        BaselineSide::Ours(_) => "unreadable",
        BaselineSide::Ambiguous(_) => "ambiguous",
        BaselineSide::Other(..) => "other",
    };
    let mut entry = json!({
        "desired": desired,
        "live": sides.live.is_some(),
        "record": record,
        "exclusions": exclusions.iter().map(ExclusionId::as_str).collect::<Vec<_>>(),
    });
    let flags = [
        ("heldBack", change.is_held_back()),
        ("otherKind", summary::was_swapped(change)),
        ("createsDisabled", change.creates_disabled()),
    ];
    for (name, _) in flags.into_iter().filter(|(_, holds)| *holds) {
        entry[name] = json!(true);
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
