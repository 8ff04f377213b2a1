//! Where an exclusion is in force.

use super::{Environment, Workspace};
use crate::content::Scope;

impl Workspace {
    /// Whether a scope reaches this workspace of `environment`: by the environment's name, by the
    /// workspace's, or by a tag of either.
    #[must_use]
    pub fn in_scope(&self, environment: &Environment, scope: &Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Within { environments, workspaces, tags } => {
                environments.iter().any(|name| name.value == environment.name)
                    || workspaces.iter().any(|label| label.value == self.key.workspace)
                    || tags.iter().any(|tag| self.tags.contains(&tag.value))
            }
        }
    }
}
