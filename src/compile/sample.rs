//! Small repositories for the tests of this module.

use std::fs;

use super::tests::compiled;
use super::*;
use crate::diag::Severity;
use crate::state::DesiredState;

/// An exclusion file with one entry, up to its other keys.
pub(super) fn exclusion(body: &str) -> String {
    format!("exclusions:\n  - id: tried\n    scenario: A test\n    scope: all\n{body}\n")
}

/// A hunt `h` with a query, and further keys.
pub(super) fn hunt(query: &str, keys: &str) -> String {
    let query = query.replace('\n', "\n  ");
    format!(
        "id: h\nname: Hunt\ndescription: It hunts.\ntactics: [Discovery]\n\
         relevantTechniques: [T1219]\n{keys}query: |\n  {query}\n"
    )
}

/// Files of a repository with one workspace, compiled. An environment's keys come at its end.
pub(super) fn repository(files: &[(&str, &str)], environment: &str) -> Compiled {
    let root = tempfile::TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (path, text) in files {
        write(&format!("content/{path}"), text);
    }
    let head = "cloud: emulator\nendpoint: embedded\n\
                tenantId: 33333333-3333-3333-3333-333333333333\ncredential: { kind: none }\n\
                workspaces:\n  - name: prod\n    \
                subscriptionId: 22222222-2222-2222-2222-222222222222\n    \
                resourceGroup: rg-sec\n    workspaceName: law-sec\n";
    write("environments/a.yaml", &format!("{head}{environment}"));
    let policy = "policy: { exclusionsNeed: [] }";
    write("environments/fleet.yaml", &format!("owner: acme\nrings: [canary]\n{policy}\n"));
    compiled(root.path())
}

/// The codes of errors, and `held` or the exclusions of the only item.
pub(super) fn outcome(compiled: &Compiled) -> (Vec<&'static str>, String) {
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let codes = errors.map(|d| d.code.as_str()).collect();
    let item = compiled.desired.workspaces[0].items.values().next().expect("there is an item");
    let state = match &item.state {
        DesiredState::Present(present) => {
            present.exclusions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        DesiredState::Held(_) => "held".to_owned(),
    };
    (codes, state)
}
