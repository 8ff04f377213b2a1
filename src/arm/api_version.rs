//! The one table of API versions.

/// A kind of resource that the tool calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Analytic rules.
    AlertRules,
    /// Sentinel metadata: the baseline lives here.
    Metadata,
    /// Saved searches: hunting queries.
    SavedSearches,
    /// A subscription, to learn its tenant.
    Subscriptions,
    /// A Log Analytics workspace.
    Workspaces,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiVersion {
    /// What is called.
    pub operation: Operation,
    /// The `api-version` that is sent.
    pub version: &'static str,
}

/// Every call's version.
///
/// Alert rules and metadata use a preview version, since stable versions silently leave NRT rules
/// out of lists (Azure/azure-sdk-for-python#39996); this one is the newest whose full description
/// was at hand.
pub const API_VERSIONS: &[ApiVersion] = &[
    ApiVersion { operation: Operation::AlertRules, version: "2024-04-01-preview" },
    ApiVersion { operation: Operation::Metadata, version: "2024-04-01-preview" },
    ApiVersion { operation: Operation::SavedSearches, version: "2023-09-01" },
    ApiVersion { operation: Operation::Subscriptions, version: "2022-12-01" },
    ApiVersion { operation: Operation::Workspaces, version: "2023-09-01" },
];

impl Operation {
    /// The `api-version` that is sent for it.
    #[must_use]
    pub fn version(self) -> &'static str {
        API_VERSIONS
            .iter()
            .find(|row| row.operation == self)
            .map(|row| row.version)
            .expect("invariant: every operation has a row in the table")
    }
}
