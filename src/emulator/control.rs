//! The emulator's own controls, below `/_emulator/`: journal, faults, workspaces, applications.
//!
//! They are not ARM: no tenants, no API versions, no faults, nothing in the journal.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::app::{App, Role};
use super::emulator::{Emulator, EmulatorError};
use super::fault::Fault;
use super::tables::Tables;
use crate::arm::WorkspaceId;
use crate::ident::{Invalid, TenantId};

pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/_emulator/journal", get(journal).delete(clear_journal))
        .route("/_emulator/faults", get(faults).put(set_faults).delete(clear_faults))
        .route("/_emulator/workspaces", get(workspaces).put(provision))
        .route("/_emulator/apps", put(register))
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn journal(
    State(emulator): State<Emulator>,
    Query(After { after }): Query<After>,
) -> Response {
    match emulator.journal(after) {
        Ok(entries) => Json(json!({ "value": entries })).into_response(),
        Err(error) => failed(&error),
    }
}

async fn clear_journal(State(emulator): State<Emulator>) -> Response {
    done(emulator.clear_journal())
}

async fn faults(State(emulator): State<Emulator>) -> Response {
    Json(json!({ "value": emulator.faults().get() })).into_response()
}

async fn set_faults(State(emulator): State<Emulator>, body: Bytes) -> Response {
    match serde_json::from_slice::<Vec<Fault>>(&body) {
        Ok(faults) => {
            emulator.faults().set(faults);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => invalid(&error.to_string()),
    }
}

async fn clear_faults(State(emulator): State<Emulator>) -> Response {
    emulator.faults().clear();
    StatusCode::NO_CONTENT.into_response()
}

async fn workspaces(State(emulator): State<Emulator>) -> Response {
    match emulator.workspaces() {
        Ok(ids) => Json(json!({ "value": ids })).into_response(),
        Err(error) => failed(&error),
    }
}

/// A workspace to be: `{"tenantId", "subscriptionId", "resourceGroup", "workspaceName",
/// "managedBy": [tenants], "tables": {table: [columns] or null}, "sentinel": false}`. Without `tables` it
/// has all that queries name, or those it had; without `sentinel` it is onboarded, or as it was.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    tenant_id: String,
    subscription_id: String,
    resource_group: String,
    workspace_name: String,
    #[serde(default)]
    managed_by: Vec<String>,
    #[serde(default)]
    tables: Option<Tables>,
    #[serde(default)]
    sentinel: Option<bool>,
}

/// Why workspaces were not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unprovided {
    /// The list cannot be read, or names what is no name.
    #[error("{0}")]
    Invalid(String),
    /// One of them cannot be made; those before it are.
    #[error(transparent)]
    Failed(#[from] EmulatorError),
}

impl Emulator {
    /// Makes the workspaces of a list. All of them are read before the first is made.
    pub(super) fn provision_all(&self, list: &[u8]) -> Result<(), Unprovided> {
        let invalid = |why: String| Unprovided::Invalid(why);
        let wanted = serde_json::from_slice::<Vec<Wanted>>(list);
        let wanted = wanted.map_err(|error| invalid(error.to_string()))?;
        let read: Result<Vec<_>, Invalid> = wanted.iter().map(parsed).collect();
        let read = read.map_err(|error| invalid(error.reason))?;
        for ((workspace, tenant, managing), wanted) in read.into_iter().zip(wanted) {
            self.provision(&workspace, &tenant)?;
            if let Some(tables) = wanted.tables {
                self.set_tables(&workspace, Some(tables))?;
            }
            if let Some(onboarded) = wanted.sentinel {
                self.set_onboarded(&workspace, onboarded)?;
            }
            for managing in managing {
                self.delegate(&workspace, &managing)?;
            }
        }
        Ok(())
    }
}

async fn provision(State(emulator): State<Emulator>, body: Bytes) -> Response {
    match emulator.provision_all(&body) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(Unprovided::Invalid(why)) => invalid(&why),
        Err(Unprovided::Failed(error @ EmulatorError::OtherTenant { .. })) => {
            let body = Json(json!({"error": {"code": "Conflict", "message": error.to_string()}}));
            (StatusCode::CONFLICT, body).into_response()
        }
        Err(Unprovided::Failed(error)) => failed(&error),
    }
}

fn parsed(wanted: &Wanted) -> Result<(WorkspaceId, TenantId, Vec<TenantId>), Invalid> {
    let workspace = WorkspaceId {
        subscription: wanted.subscription_id.parse()?,
        resource_group: wanted.resource_group.parse()?,
        name: wanted.workspace_name.parse()?,
    };
    let managing: Result<Vec<TenantId>, Invalid> =
        wanted.managed_by.iter().map(|tenant| tenant.parse()).collect();
    Ok((workspace, wanted.tenant_id.parse()?, managing?))
}

/// An application to be: `{"tenantId", "clientId", "secret", "subject", "managedIdentity", "role":
/// "contributor" | "reader" | "none"}`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WantedApp {
    tenant_id: String,
    client_id: String,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    managed_identity: bool,
    #[serde(default)]
    role: Role,
}

async fn register(State(emulator): State<Emulator>, body: Bytes) -> Response {
    let app = |wanted: WantedApp| -> Result<App, Invalid> {
        let WantedApp { tenant_id, client_id, secret, subject, managed_identity, role } = wanted;
        let app = App::new(tenant_id.parse()?, client_id.parse()?);
        Ok(App { secret, subject, managed: managed_identity, role, ..app })
    };
    // The reader's own words could repeat a secret.
    let Ok(wanted) = serde_json::from_slice::<Vec<WantedApp>>(&body) else {
        return invalid("the body is no list of applications");
    };
    let apps: Result<Vec<App>, Invalid> = wanted.into_iter().map(app).collect();
    match apps {
        Ok(apps) => {
            apps.into_iter().for_each(|app| emulator.register(app));
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => invalid(&error.reason),
    }
}

fn done(result: Result<(), EmulatorError>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(&error),
    }
}

fn invalid(why: &str) -> Response {
    let body = Json(json!({"error": {"code": "BadRequest", "message": why}}));
    (StatusCode::BAD_REQUEST, body).into_response()
}

fn failed(error: &EmulatorError) -> Response {
    let body = json!({"error": {"code": "InternalServerError", "message": error.to_string()}});
    (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
}
