//! All environments.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Settings;
use crate::arm::{Cloud, WorkspaceId};
use crate::diag::Located;
use crate::ident::{
    ArmName, ClientId, ContentId, EnvironmentName, Owner, RingName, Tag, TenantId, WorkspaceKey,
};
use crate::kql::Schema;
use crate::kql::schema::Columns;
use crate::state::{FailureBudget, Guards};

/// Everything that `environments/` says.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// Marks in every workspace what this repository owns.
    pub owner: Located<Owner>,
    /// Rings in order of rollout.
    pub rings: Vec<RingName>,
    /// How much may fail in a ring before the next one must not begin; a ring that is not here has no
    /// budget.
    pub budgets: BTreeMap<RingName, FailureBudget>,
    /// How much may happen in a run as a whole before somebody has to say that it is meant.
    pub run_guards: Guards,
    /// How much may run at once.
    pub limits: Limits,
    /// What exclusions need.
    pub policy: Policy,
    /// By name.
    pub environments: BTreeMap<EnvironmentName, Environment>,
}

impl Fleet {
    /// Every workspace, by ring, then environment, then place in its file: the order of rollout and
    /// of every report.
    #[must_use]
    pub fn workspaces(&self) -> Vec<(&Environment, &Workspace)> {
        let mut all: Vec<_> = self
            .environments
            .values()
            .flat_map(|environment| environment.workspaces.iter().map(move |w| (environment, w)))
            .collect();
        let place = |ring: &RingName| self.rings.iter().position(|known| known == ring);
        all.sort_by_key(|(_, workspace)| place(&workspace.ring.value));
        all
    }
}

/// One customer tenant.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The name of its file.
    pub name: EnvironmentName,
    /// Its file, for messages.
    pub path: String,
    /// Which Azure.
    pub cloud: Cloud,
    /// Where requests go.
    pub endpoint: Endpoint,
    /// The tenant that the resources live in.
    pub tenant: Located<TenantId>,
    /// How to sign in.
    pub credential: Located<Credential>,
    /// The tenant that tokens come from, where that is another one (Azure Lighthouse).
    pub credential_tenant: Option<Located<TenantId>>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// In the order of the file.
    pub workspaces: Vec<Workspace>,
    /// What is known about its tables, where files say more than is built in.
    pub schema: Option<Arc<Schema>>,
}

impl Environment {
    /// The tenant whose tokens its requests carry: its own, or the one that manages it (Azure
    /// Lighthouse).
    #[must_use]
    pub fn token_tenant(&self) -> &TenantId {
        &self.credential_tenant.as_ref().unwrap_or(&self.tenant).value
    }

    /// What is known about its tables.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.schema.as_deref().unwrap_or_else(|| Schema::builtin())
    }

    /// Adds tables and columns to what is known; a type given later wins.
    pub(super) fn add_tables(&mut self, tables: &BTreeMap<String, Columns>) {
        let known = self.schema().clone().with(tables.clone());
        self.schema = Some(Arc::new(known));
    }
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The cloud's own ARM endpoint.
    Cloud,
    /// The emulator, started within the process, state under `.sentinelops/`.
    Embedded,
    /// A server on loopback: `http://127.0.0.1:PORT`.
    Loopback(String),
}

/// How to sign in. Secrets are never in files: only the name of the variable that holds one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// No token; loopback only.
    None,
    /// A job of GitHub Actions with `id-token: write`.
    GithubOidc {
        /// The app registration whose federated credential takes the job's assertion.
        client: ClientId,
    },
    /// A pod of Kubernetes whose token lies in a file.
    WorkloadIdentity {
        /// The application; by default the one in `AZURE_CLIENT_ID`.
        client: Option<ClientId>,
    },
    /// The identity of the machine in Azure that this runs on.
    ManagedIdentity {
        /// A user-assigned identity; by default the machine's own.
        client: Option<ClientId>,
    },
    /// The account of the Azure CLI.
    AzureCli,
    /// An app registration's secret.
    ClientSecret {
        /// The application (client) id.
        client: ClientId,
        /// The environment variable that holds the secret.
        secret_variable: String,
    },
    /// Whichever of the others the surroundings suggest.
    Auto {
        /// The application; by default the one in `AZURE_CLIENT_ID`.
        client: Option<ClientId>,
    },
}

impl Credential {
    /// Its kind, as environment files spell it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::GithubOidc { .. } => "github-oidc",
            Self::WorkloadIdentity { .. } => "workload-identity",
            Self::ManagedIdentity { .. } => "managed-identity",
            Self::AzureCli => "azure-cli",
            Self::ClientSecret { .. } => "client-secret",
            Self::Auto { .. } => "auto",
        }
    }
}

/// One workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its name here.
    pub key: WorkspaceKey,
    /// Its name in Azure.
    pub id: Located<WorkspaceId>,
    /// Its ring; by default the last one.
    pub ring: Located<RingName>,
    /// Its own tags and its environment's.
    pub tags: Vec<Tag>,
    /// Existing ARM names that items are bound to.
    pub resources: BTreeMap<ContentId, Located<ArmName>>,
    /// Whether retired items are deleted here without `--prune`.
    pub prune: bool,
    /// New items that may stand beside a look-alike.
    pub allow_twin: Vec<Located<ContentId>>,
    /// What is different here, merged over all layers.
    pub settings: Settings,
}

/// How much may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests under way over everything.
    pub concurrency: usize,
    /// Requests under way per subscription.
    pub per_subscription: usize,
    /// Requests under way per tenant.
    pub per_tenant: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: 32, per_subscription: 8, per_tenant: 32 }
    }
}

/// What exclusions need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether an exclusion needs an owner.
    pub needs_owner: bool,
    /// Whether an exclusion needs an end date.
    pub needs_expires: bool,
    /// Whether an exclusion needs tests.
    pub needs_tests: bool,
    /// How many days before its end an exclusion is named in a warning.
    pub expiry_warning_days: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { needs_owner: true, needs_expires: true, needs_tests: true, expiry_warning_days: 30 }
    }
}
