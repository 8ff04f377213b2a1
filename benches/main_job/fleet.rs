//! Roots of any size, made from this repository's own hunting query.

use std::fs;
use std::path::{Path, PathBuf};

use sentinelops::arm::WorkspaceId;

/// A scratch root that goes away with it.
pub(crate) struct Root {
    folder: tempfile::TempDir,
}

impl Root {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path: PathBuf = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const HUNT: &str = include_str!("../../content/hunting/rmm-connectwise-network-connection.yaml");
const HUNT_ID: &str = "e483619f-5356-4967-b93e-cceb602783fb";
const HUNT_NAME: &str = "Remote Management and Monitoring tool - ConnectWise - Network Connection";

const SCHEDULE: &str = "kind: Scheduled
severity: Medium
queryFrequency: 1h
queryPeriod: 5d
triggerOperator: gt
triggerThreshold: 0
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: FullName
        columnName: DeviceName
";

/// Hunting queries and scheduled rules, each with an id and a name of its own.
pub(crate) fn write_content(root: &Root, hunts: usize, rules: usize) {
    for number in 0..hunts {
        root.write(&format!("content/hunting/{number:05}.yaml"), &text("0", number, ""));
    }
    for number in 0..rules {
        root.write(&format!("content/analytics/{number:05}.yaml"), &text("1", number, SCHEDULE));
    }
}

fn text(family: &str, number: usize, schedule: &str) -> String {
    let id = format!("{family}0000000-0000-4000-8000-{number:012}");
    let name = format!("{HUNT_NAME} {family}{number}");
    format!("{}{schedule}", HUNT.replace(HUNT_ID, &id).replace(HUNT_NAME, &name))
}

/// The tenant of the environment.
pub(crate) const TENANT: &str = "00000000-0000-4000-8000-0000000000ff";

/// A workspace of the environment, counted from 1.
pub(crate) fn workspace(number: usize) -> WorkspaceId {
    WorkspaceId {
        subscription: format!("00000000-0000-4000-8000-{number:012}").parse().unwrap(),
        resource_group: "rg".parse().unwrap(),
        name: format!("law-{number}").parse().unwrap(),
    }
}

/// One emulated environment with workspaces in subscriptions of their own.
pub(crate) fn write_environment(root: &Root, workspaces: usize, endpoint: &str) {
    root.write("environments/fleet.yaml", "owner: bench\nrings: [broad]\n");
    let list: String = (1..=workspaces)
        .map(|number| {
            format!(
                "  - name: w{number}\n    subscriptionId: 00000000-0000-4000-8000-{number:012}\n    \
                 resourceGroup: rg\n    workspaceName: law-{number}\n"
            )
        })
        .collect();
    let text = format!(
        "cloud: emulator\nendpoint: {endpoint}\n\
         tenantId: {TENANT}\n\
         credential: {{ kind: none }}\nworkspaces:\n{list}"
    );
    root.write("environments/bench.yaml", &text);
}
