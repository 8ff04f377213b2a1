//! Whether Microsoft Sentinel is on in a workspace: `Microsoft.SecurityInsights/onboardingStates`.

use serde_json::{Value, json};

use super::call::{Answered, Call};
use super::refusal::Refusal;
use super::reply::Reply;
use super::store::{WorkspaceRecord, Write};
use crate::arm::WorkspaceId;

/// `GET …/onboardingStates`.
pub(super) fn list(call: &Call<'_>) -> Reply {
    let states: Vec<Value> = call.workspace.onboarded.then(|| body(call)).into_iter().collect();
    Reply::json(200, &json!({ "value": states }))
}

/// `GET …/onboardingStates/default`.
pub(super) fn get(call: &Call<'_>) -> Reply {
    if call.workspace.onboarded {
        return Reply::json(200, &body(call));
    }
    Refusal::not_found("Onboarding state", "default").into()
}

/// `PUT …/onboardingStates/default`.
pub(super) fn put(write: &Write, call: &Call<'_>, id: &WorkspaceId) -> Answered {
    if let Err(refusal) = call.body() {
        return Ok(refusal.into());
    }
    write.put_workspace(id, &WorkspaceRecord { onboarded: true, ..call.workspace.clone() })?;
    Ok(Reply::json(if call.workspace.onboarded { 200 } else { 201 }, &body(call)))
}

/// `DELETE …/onboardingStates/default`. The rules stay, and are seen again afterwards.
pub(super) fn delete(write: &Write, call: &Call<'_>, id: &WorkspaceId) -> Answered {
    write.put_workspace(id, &WorkspaceRecord { onboarded: false, ..call.workspace.clone() })?;
    Ok(Reply::empty(if call.workspace.onboarded { 200 } else { 204 }))
}

fn body(call: &Call<'_>) -> Value {
    json!({
        "id": format!("{}/providers/Microsoft.SecurityInsights/onboardingStates/default", call.workspace.id),
        "name": "default",
        "type": "Microsoft.SecurityInsights/onboardingStates",
        "properties": {"customerManagedKey": false},
    })
}
