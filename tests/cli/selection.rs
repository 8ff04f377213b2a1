//! What is selected: environments, workspaces, rings, content, tags.

use serde_json::Value;

use crate::portal::{AlertRules, Portal, SavedSearches};
use crate::root::Root;
use crate::sample::{HUNT, HUNT_FILE, HUNT_KEY, HUNT_NAME, RULE, RULE_FILE, RULE_KEY, RULE_NAME};

/// Two environments: `local` with one workspace in ring canary, `remote` with two.
fn fleet() -> (Root, Portal) {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write(HUNT_FILE, HUNT);
    let tenant = "00000000-0000-4000-8000-000000000002";
    let mut text = format!(
        "cloud: emulator\nendpoint: {}\ntenantId: {tenant}\ncredential: {{ kind: none }}\nworkspaces:\n",
        portal.endpoint()
    );
    for (name, ring) in [("one", "canary"), ("two", "broad")] {
        let subscription = "00000000-0000-4000-8000-0000000000bb";
        text += &format!(
            "  - name: {name}\n    subscriptionId: {subscription}\n    resourceGroup: rg\n    \
             workspaceName: law-{name}\n    ring: {ring}\n"
        );
        let mut id = crate::portal::workspace();
        id.subscription = subscription.parse().unwrap();
        id.resource_group = "rg".parse().unwrap();
        id.name = format!("law-{name}").parse().unwrap();
        portal.provision(&id, tenant);
    }
    root.write("environments/remote.yaml", &text);
    (root, portal)
}

#[track_caller]
fn check(root: &Root, args: &[&str], workspaces: &[&str], keys: &[&str]) {
    let args = [&["plan", "--format", "json"], args].concat();
    let plan = root.run(&args).exits(0).json();
    let name = |entry: &Value| {
        format!(
            "{}/{}",
            entry["environment"].as_str().unwrap(),
            entry["workspace"].as_str().unwrap()
        )
    };
    let read: Vec<String> = plan["workspaces"].as_array().unwrap().iter().map(name).collect();
    assert_eq!(read, workspaces, "{args:?}");
    for workspace in workspaces {
        let changes = plan["changes"].as_array().unwrap().iter();
        let of_workspace = changes.filter(|change| name(change) == *workspace);
        let found: Vec<&str> = of_workspace.map(|change| change["key"].as_str().unwrap()).collect();
        assert_eq!(found, keys, "{args:?}");
    }
}

#[test]
fn selections_filter_workspaces_and_content() {
    let (root, _portal) = fleet();
    let (all, both) = (["local/sandbox", "remote/one", "remote/two"], [RULE_KEY, HUNT_KEY]);
    check(&root, &[], &all, &both);
    check(&root, &["--all"], &all, &both);
    check(&root, &["-e", "remote"], &all[1..], &both);
    check(&root, &["-e", "REMOTE", "-e", "local"], &all, &both);
    check(&root, &["--workspace", "two"], &all[2..], &both);
    check(&root, &["--workspace", "remote/one"], &all[1..2], &both);
    check(&root, &["--ring", "canary"], &all[..2], &both);
    check(&root, &["--ring", "canary", "-e", "remote"], &all[1..2], &both);
    check(&root, &["-e", "local", "--content", "relay-rule"], &all[..1], &both[..1]);
    check(&root, &["-e", "local", "--content", HUNT_KEY], &all[..1], &both[1..]);
    check(&root, &["-e", "local", "--content", "content/hunting"], &all[..1], &both[1..]);
    check(
        &root,
        &["-e", "local", "--content", HUNT_FILE, "--content", RULE_NAME],
        &all[..1],
        &both,
    );
    check(&root, &["-e", "local", "--tag", "network"], &all[..1], &both[..1]);
}

#[test]
fn an_unknown_name_in_a_selection_is_an_error_that_knows_better() {
    let (root, portal) = fleet();
    let cases = [
        (["-e", "remot"], "unknown-environment", "remote"),
        (["--workspace", "three"], "unknown-workspace", "two"),
        (["--ring", "brod"], "unknown-ring", "broad"),
        (["--content", "relay-rul"], "unknown-content", "relay-rule"),
        (["--tag", "netwrk"], "unknown-tag", "network"),
    ];
    for (flag, code, near) in cases {
        for command in [&["plan"][..], &["drift"], &["apply", "--yes", "--all"]] {
            if command.len() == 3 && flag[0] == "-e" {
                continue;
            }
            if command.len() == 3 && flag[0] == "--ring" {
                continue;
            }
            root.run(&[command, &flag].concat()).exits(10).says(&[code, near, "help"]);
        }
    }
    assert_eq!(portal.writes(), Vec::<String>::new());
}

#[test]
fn with_several_environments_a_writing_command_must_be_told_where() {
    let (root, portal) = fleet();
    root.run(&["apply", "--yes"]).exits(2).says(&["--environment", "local", "remote"]);
    root.run(&["apply", "--yes", "--content", "relay-rule"]).exits(2);
    assert_eq!(portal.writes(), Vec::<String>::new());
    root.run(&["apply", "--yes", "-e", "local"])
        .exits(0)
        .says(&["local/sandbox"])
        .hides(&["remote/"]);
    root.run(&["apply", "--yes", "--ring", "broad"]).exits(0).says(&["remote/two"]);
    root.run(&["apply", "--yes", "--all"]).exits(0).says(&["remote/one"]);
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn what_is_not_selected_is_neither_written_nor_retired() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes"]).exits(0);
    root.remove(RULE_FILE);
    root.replace(HUNT_FILE, "Who talks to relays.", "Who talks.");
    root.run(&["apply", "--yes", "--prune", "--content", HUNT_NAME]).exits(0);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
    // A retired item can be selected by its id.
    root.run(&["apply", "--yes", "--prune", "--content", RULE_NAME]).exits(0);
    assert!(portal.get(AlertRules, RULE_NAME).is_null());
    assert!(!portal.get(SavedSearches, HUNT_NAME).is_null());
}

#[test]
fn a_held_item_outside_the_selection_stops_nothing() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, &RULE.replace("severity: Medium", "severity: Loud"));
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes"]).exits(10);
    assert_eq!(portal.writes(), Vec::<String>::new());
    root.run(&["apply", "--yes", "--content", HUNT_NAME]).exits(0);
    assert_eq!(portal.writes(), ["PUT huntingquery-relay-hunt", "PUT relay-hunt"]);
}
