//! More than one workspace: what fails in one must not be felt in the other.

use crate::portal::{Portal, workspace};
use crate::root::Root;
use crate::sample::TENANT;

impl Root {
    /// Adds a workspace to the environment and to the emulator, as `law-<name>` in Azure.
    pub(crate) fn add_workspace(&self, portal: &Portal, name: &str, ring: &str) {
        let mut id = workspace();
        id.name = format!("law-{name}").parse().unwrap();
        portal.provision(&id, TENANT);
        let entry = format!(
            "  - name: {name}\n    subscriptionId: 00000000-0000-4000-8000-0000000000aa\n    \
             resourceGroup: rg-sandbox\n    workspaceName: law-{name}\n    ring: {ring}\n"
        );
        self.append("environments/local.yaml", &entry);
    }
}
