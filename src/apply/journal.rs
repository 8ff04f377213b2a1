//! What is kept of an item before it is written.

use crate::arm::WorkspaceId;
use crate::ident::WorkspaceKey;
use crate::plan::Change;

/// Keeps what a run replaces. Asked before the first request of a change that writes; an item that is
/// decided again is kept again, as it is by then.
pub trait Journal: Sync {
    /// Keeps what the change replaces, so that it outlives this process and this machine's power.
    ///
    /// # Errors
    /// Why it could not be kept. Then nothing of the change is sent.
    fn replaces(
        &self,
        workspace: &WorkspaceKey,
        id: &WorkspaceId,
        change: &Change,
    ) -> Result<(), String>;
}

/// Keeps nothing: for tests and benchmarks of the executor itself.
#[derive(Debug, Clone, Copy)]
pub struct Forgetful;

impl Journal for Forgetful {
    fn replaces(
        &self,
        _workspace: &WorkspaceKey,
        _id: &WorkspaceId,
        _change: &Change,
    ) -> Result<(), String> {
        Ok(())
    }
}
