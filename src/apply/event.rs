//! What the executor says while it runs.

use crate::ident::{ItemKey, RingName, WorkspaceKey};
use crate::plan::Action;

/// One thing that happened. Events are for progress; the [`super::Outcome`] is the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A ring's workspaces begin.
    RingStarted {
        /// The ring.
        ring: RingName,
    },
    /// A workspace's writes begin.
    WorkspaceStarted {
        /// The workspace.
        workspace: WorkspaceKey,
        /// How many items will be written.
        items: usize,
    },
    /// An item ended.
    ItemEnded {
        /// The workspace.
        workspace: WorkspaceKey,
        /// The item.
        key: ItemKey,
        /// What was to be done.
        action: Action,
        /// Whether it was done.
        done: bool,
    },
    /// The service asked to wait.
    Waiting {
        /// The workspace.
        workspace: WorkspaceKey,
        /// Seconds.
        seconds: u64,
        /// Why.
        reason: String,
    },
    /// A workspace's writes ended.
    WorkspaceEnded {
        /// The workspace.
        workspace: WorkspaceKey,
    },
}
