//! Where an exclusion is in force.

use super::{Environment, Workspace};
use crate::content::Scope;

impl Workspace {
    /// Whether a scope reaches this workspace of `environment`: by the environment's name, by the
    /// workspace's, or by a tag of either. That a workspace's name alone means a single one is seen
    /// to by [`check_names`](super::check_names).
    #[must_use]
    pub fn in_scope(&self, environment: &Environment, scope: &Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Within { environments, workspaces, tags } => {
                environments.iter().any(|name| name.value == environment.name)
                    || workspaces.iter().any(|reference| reference.value.fits(&self.key))
                    || tags.iter().any(|tag| self.tags.contains(&tag.value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::sample::{ENVIRONMENT, FLEET, fleet};
    use super::*;
    use crate::diag::{Located, Source};

    fn check(environment: &str, workspace: &str, tag: &str, expect: bool) {
        let text = format!("tags: [emea]\n{ENVIRONMENT}    tags: [gold]\n");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        let workspaces = fleet.workspaces();
        let (owner, place) = workspaces[0];
        let source = Arc::new(Source::new("x.yaml", ""));
        let scope = Scope::Within {
            environments: vec![Located::new(environment.parse().unwrap(), &source, 0..0)],
            workspaces: vec![Located::new(workspace.parse().unwrap(), &source, 0..0)],
            tags: vec![Located::new(tag.parse().unwrap(), &source, 0..0)],
        };
        assert_eq!(place.in_scope(owner, &scope), expect, "{environment} {workspace} {tag}");
        assert!(place.in_scope(owner, &Scope::All));
    }

    #[test]
    fn any_name_that_fits_puts_a_workspace_in_scope() {
        check("A", "other", "other", true);
        check("b", "Prod", "other", true);
        check("b", "A/prod", "other", true);
        check("b", "b/prod", "other", false);
        check("b", "other", "EMEA", true);
        check("b", "other", "gold", true);
        check("b", "other", "silver", false);
    }
}
