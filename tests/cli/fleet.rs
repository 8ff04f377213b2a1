//! Many tenants, each with a workspace of its own.

use sentinelops::arm::WorkspaceId;

use crate::portal::Portal;
use crate::root::Root;
use crate::sample::{RULE, RULE_FILE};

/// The workspace of a tenant, by its number from 1.
pub(crate) fn workspace(number: usize) -> WorkspaceId {
    let mut id = crate::portal::workspace();
    id.subscription = format!("00000000-0000-4000-8000-000000020{number:03}").parse().unwrap();
    id.resource_group = "rg".parse().unwrap();
    id.name = format!("law-{number}").parse().unwrap();
    id
}

/// One rule, and so many tenants in ring broad, `t1/law` and so on, beside `local`, which is in ring canary.
pub(crate) fn tenants(number: usize) -> (Root, Portal) {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    for at in 1..=number {
        let tenant = format!("00000000-0000-4000-8000-000000010{at:03}");
        let id = workspace(at);
        let text = format!(
            "cloud: emulator\nendpoint: {}\ntenantId: {tenant}\ncredential: {{ kind: none }}\n\
             workspaces:\n  - name: law\n    subscriptionId: {}\n    resourceGroup: rg\n    \
             workspaceName: law-{at}\n    ring: broad\n",
            portal.endpoint(),
            id.subscription
        );
        portal.provision(&id, &tenant);
        root.write(&format!("environments/t{at}.yaml"), &text);
    }
    (root, portal)
}
