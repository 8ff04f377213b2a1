//! App registrations and managed identities: who may sign in where.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::ident::{ClientId, TenantId};

/// An application as one tenant knows it. A multi-tenant application is one in every tenant that has
/// consented to it.
#[derive(Clone, PartialEq, Eq)]
pub struct App {
    /// The tenant that it can sign in to.
    pub tenant: TenantId,
    /// Its client id.
    pub client: ClientId,
    /// Its secret, if it has one.
    pub secret: Option<String>,
    /// The subject of the assertions that its federated credential takes, if it has one.
    pub subject: Option<String>,
    /// Whether it is a managed identity of the machine.
    pub managed: bool,
    /// What it may do in the workspaces of the tenants that it signs in to.
    pub role: Role,
}

/// A role at every workspace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Microsoft Sentinel Contributor and Log Analytics Contributor: reads and writes.
    #[default]
    Contributor,
    /// Their readers' counterparts: what writes is refused.
    Reader,
    /// No role was assigned: everything is refused.
    None,
}

impl Role {
    /// Whether it may send a request of this method.
    pub(super) fn allows(self, method: &str) -> bool {
        match self {
            Self::Contributor => true,
            Self::Reader => method == "GET",
            Self::None => false,
        }
    }
}

impl App {
    /// An application that nothing signs in to yet.
    #[must_use]
    pub fn new(tenant: TenantId, client: ClientId) -> Self {
        Self { tenant, client, secret: None, subject: None, managed: false, role: Role::default() }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, client, secret, subject, managed, role } = self;
        formatter
            .debug_struct("App")
            .field("tenant", tenant)
            .field("client", client)
            .field("has_secret", &secret.is_some())
            .field("subject", subject)
            .field("managed", managed)
            .field("role", role)
            .finish()
    }
}

/// Every application, kept in memory: whoever starts an emulator says who may sign in.
#[derive(Debug, Default)]
pub(super) struct Directory {
    apps: Mutex<BTreeMap<(TenantId, ClientId), App>>,
}

/// What a directory knows of a tenant and a client.
pub(super) enum Known {
    App(App),
    TenantOnly,
    Nothing,
}

impl Directory {
    /// Adds an application, or replaces it.
    pub(super) fn register(&self, app: App) {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        apps.insert((app.tenant.clone(), app.client.clone()), app);
    }

    pub(super) fn find(&self, tenant: &TenantId, client: Option<&ClientId>) -> Known {
        let apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let app = client.and_then(|client| apps.get(&(tenant.clone(), client.clone())));
        match app {
            Some(app) => Known::App(app.clone()),
            None if apps.keys().any(|(known, _)| known == tenant) => Known::TenantOnly,
            None => Known::Nothing,
        }
    }

    /// The machine's managed identity: the one of this client id, or the only one.
    pub(super) fn managed(&self, client: Option<&ClientId>) -> Option<App> {
        let apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = apps
            .values()
            .filter(|app| app.managed && client.is_none_or(|client| *client == app.client));
        let first = found.next()?;
        found.next().is_none().then(|| first.clone())
    }
}
