//! The names of things as types: each is parsed once, where it enters, and is right from then on.
//!
//! All names compare without regard to case where Azure does, and keep the spelling they came with.

mod day;
mod duration;
mod hash;
mod key;
mod name;

pub use day::Day;
pub use duration::Duration;
pub use hash::FieldHash;
pub use key::{Family, ItemKey, WorkspaceKey, WorkspaceReference};
pub use name::{
    ArmName, ClientId, ContentId, EnvironmentName, ExclusionId, Name, Owner, ResourceGroupName,
    RingName, Rule, SubscriptionId, Tag, TenantId, WorkspaceLabel, WorkspaceName, rule,
};

/// Why a text is not the name it should be: a lower-case fragment that fits "failed to …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Invalid {
    /// For people.
    pub reason: String,
}

impl Invalid {
    /// States the reason.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
