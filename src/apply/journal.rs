//! What is kept of an item before it is written.

use crate::arm::WorkspaceId;
use crate::ident::WorkspaceKey;
use crate::plan::Change;

/// The work of keeping something, so that it outlives this process and this machine's power: it blocks until
/// that is so. Fails with why it could not be kept.
pub type Keeping = Box<dyn FnOnce() -> Result<(), String> + Send>;

/// Keeps what a run replaces. Asked before the first request of a change that writes; an item that is
/// decided again is kept again, as it is by then.
pub trait Journal: Sync {
    /// What is to be done to keep what the change replaces, if anything. Until it is done nothing of the
    /// change is sent; where it fails, nothing ever is. Many are done at once: a disk that is asked to
    /// write many things through does it in one go, and other items' requests need not wait for it.
    fn replaces(
        &self,
        workspace: &WorkspaceKey,
        id: &WorkspaceId,
        change: &Change,
    ) -> Option<Keeping>;
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
    ) -> Option<Keeping> {
        None
    }
}
