//! `rollback` puts back what a run replaced, and holds back what the run wanted.

use crate::portal::{AlertRules, Metadata, Portal, SavedSearches};
use crate::root::{Root, change, verdict};
use crate::sample::{HUNT, HUNT_FILE, HUNT_KEY, HUNT_NAME, RULE, RULE_FILE, RULE_KEY, RULE_NAME};

const NOTHING: [&str; 0] = [];

fn severity(portal: &Portal) -> String {
    portal.get(AlertRules, RULE_NAME)["properties"]["severity"].as_str().unwrap().to_owned()
}

/// A rule that a second run made High.
fn changed() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["apply", "--yes"]).exits(0);
    portal.forget();
    (root, portal)
}

#[test]
fn what_was_rolled_back_stays_so_until_its_content_changes() {
    let (root, portal) = changed();
    root.run(&["rollback", "latest", "--yes"]).exits(0).says(&["Relay contacted", "update done"]);
    assert_eq!(severity(&portal), "Medium");
    portal.forget();
    root.run(&["apply", "--yes"]).exits(20).says(&["held back by a rollback", "--retry"]);
    root.run(&["plan"]).exits(0).says(&["held back by a rollback"]);
    root.run(&["plan", "--exit-code"]).exits(20);
    let held_back = ["held back by a rollback", "apply --retry"];
    root.run(&["drift"]).exits(20).says(&held_back).says(&["Drift: 1 item"]);
    root.run(&["drift", "--format", "markdown"]).exits(20).says(&["held back by a rollback"]);
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("held", "none"));
    assert_eq!(portal.writes(), NOTHING);
    root.replace(RULE_FILE, "severity: High", "severity: Low");
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(severity(&portal), "Low");
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn what_was_rolled_back_is_written_when_somebody_asks_for_it_again() {
    let (root, portal) = changed();
    root.run(&["rollback", "latest", "--yes"]).exits(0);
    root.run(&["apply", "--yes", "--retry"]).exits(0);
    assert_eq!(severity(&portal), "High");
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn a_file_that_goes_back_to_what_is_live_ends_the_hold() {
    let (root, portal) = changed();
    root.run(&["rollback", "latest", "--yes"]).exits(0);
    root.replace(RULE_FILE, "severity: High", "severity: Medium");
    root.run(&["apply", "--yes"]).exits(0).says(&["record done"]);
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(severity(&portal), "High");
}

#[test]
fn a_rollback_asks_and_takes_a_plan_and_its_guards() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write(HUNT_FILE, HUNT);
    root.write("content/analytics/two.yaml", &second());
    root.run(&["apply", "--yes"]).exits(0);
    portal.forget();
    root.run(&["rollback", "latest"]).exits(2).says(&["--yes"]);
    root.append("environments/fleet.yaml", "guards: { deletes: { count: 1 } }\n");
    root.run(&["rollback", "latest", "--yes"]).exits(21).says(&["--ack deletes"]);
    assert_eq!(portal.writes(), NOTHING);
}

fn second() -> String {
    RULE.replace("relay-rule", "second-rule").replace("Relay contacted", "Second contacted")
}

#[test]
fn what_a_run_made_is_retired_and_not_made_again() {
    let (root, portal) = Root::with_rule();
    root.write("content/analytics/two.yaml", &second());
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["rollback", "latest", "--yes"]).exits(0).says(&["retire done", "record done"]);
    let enabled = || portal.get(AlertRules, "second-rule")["properties"]["enabled"].clone();
    assert_eq!(enabled(), false);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
    portal.forget();
    root.run(&["apply", "--yes", "--prune"]).exits(20).says(&["held back by a rollback"]);
    assert_eq!(portal.writes(), NOTHING);
    assert_eq!(verdict(&root.plan(), HUNT_KEY), ("held", "none"));
    root.replace("content/analytics/two.yaml", "severity: Medium", "severity: Low");
    root.run(&["apply", "--yes"]).exits(20);
    assert_eq!(enabled(), true);
    root.remove(HUNT_FILE);
    root.run(&["apply", "--yes", "--prune"]).exits(0).says(&["delete done"]);
    assert!(portal.get(SavedSearches, HUNT_NAME).is_null());
}

#[test]
fn what_a_run_deleted_is_made_again_and_stays_though_its_file_is_gone() {
    let (root, portal) = Root::with_both();
    let before = portal.get(SavedSearches, HUNT_NAME);
    root.remove(HUNT_FILE);
    root.run(&["apply", "--yes", "--prune"]).exits(0).says(&["delete done"]);
    assert!(portal.get(SavedSearches, HUNT_NAME).is_null());
    root.run(&["rollback", "latest", "--yes"]).exits(0).says(&["create done"]);
    let again = portal.get(SavedSearches, HUNT_NAME);
    assert_eq!(again["properties"], before["properties"]);
    portal.forget();
    root.run(&["apply", "--yes", "--prune"]).exits(20).says(&["held back by a rollback"]);
    assert_eq!(portal.writes(), NOTHING);
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes", "--prune"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn what_was_retired_is_enabled_again() {
    let (root, portal) = Root::with_both();
    root.remove(RULE_FILE);
    root.run(&["apply", "--yes"]).exits(0).says(&["retire done"]);
    let retired = root.last_run();
    root.run(&["rollback", &retired, "--yes"]).exits(0);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
    root.run(&["apply", "--yes"]).exits(20).says(&["stays until its content is back"]);
    root.run(&["apply", "--yes", "--retry"]).exits(0).says(&["retire done"]);
}

#[test]
fn what_moved_since_the_run_is_refused_by_name_and_the_rest_is_put_back() {
    let (root, portal) = Root::with_both();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.replace(HUNT_FILE, "name: Relays by device", "name: Relays by host");
    root.run(&["apply", "--yes"]).exits(0);
    portal.edit(AlertRules, RULE_NAME, &["severity=Informational"]);
    root.run(&["rollback", "latest", "--yes"]).exits(21).says(&[
        "moved since the run",
        "`severity`",
        "Relay contacted",
    ]);
    assert_eq!(severity(&portal), "Informational");
    let hunt = portal.get(SavedSearches, HUNT_NAME);
    assert_eq!(hunt["properties"]["displayName"], "Relays by device");
}

#[test]
fn a_rollback_twice_does_nothing_and_one_of_a_rollback_brings_it_back() {
    let (root, portal) = changed();
    let run = root.last_run();
    root.run(&["rollback", &run, "--yes"]).exits(0);
    portal.forget();
    root.run(&["rollback", &run, "--yes"]).exits(0);
    assert_eq!(portal.writes(), NOTHING);
    assert_ne!(root.last_run(), run);
    root.run(&["rollback", "latest", "--yes"]).exits(0);
    assert_eq!(severity(&portal), "High");
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn a_run_is_rolled_back_though_its_files_are_gone_and_the_files_win_afterwards() {
    let (root, portal) = changed();
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes"]).exits(0);
    let run = root.runs()[1].clone();
    root.remove(RULE_FILE);
    root.run(&["rollback", &run, "--yes"]).exits(0);
    assert_eq!(severity(&portal), "Medium");
    root.run(&["apply", "--yes"]).exits(0).says(&["retire done"]);
}

#[test]
fn an_item_that_is_held_back_and_deleted_in_the_portal_is_drift() {
    let (root, portal) = changed();
    root.run(&["rollback", "latest", "--yes"]).exits(0);
    portal.delete(AlertRules, RULE_NAME);
    root.run(&["drift"]).exits(20).says(&["deleted outside git"]);
    root.run(&["apply", "--yes"]).exits(20).says(&["held back by a rollback"]);
}

#[test]
fn a_folder_that_is_not_whole_is_refused() {
    let (root, portal) = changed();
    let kept = root.in_last_run("replaced/local/sandbox/analytic-rule.relay-rule.json");
    let good = root.read(&kept);
    let refuses = |why: &str| {
        root.run(&["rollback", "latest", "--yes"]).exits(2).says(&[why]);
        assert_eq!(portal.writes(), NOTHING);
    };
    root.write(&kept, &good.replace("\"Medium\"", "\"Low\""));
    refuses("changed after it was written");
    root.write(&kept, &good[..good.len() / 2]);
    refuses("cut off");
    root.write(&kept, &good.replace("sentinelops.replaced/v1", "sentinelops.replaced/v9"));
    refuses("another version");
    root.remove(&kept);
    refuses("analytic-rule/relay-rule");
    // An outcome that somebody edited could hide just that.
    let ended = root.in_last_run("outcome.json");
    let outcome = root.read(&ended);
    root.write(&ended, &outcome.replace("\"done\"", "\"failed\""));
    refuses("changed after it was written");
    // Of a run that was cut off, nobody can tell: it is said.
    root.remove(&ended);
    root.run(&["rollback", "latest", "--yes"])
        .exits(0)
        .says(&["it was cut off", "of 1 items that it was to write its folder has nothing"]);
    assert_eq!(portal.writes(), NOTHING);
    root.write(&ended, &outcome);
    root.write(&kept, &good);
    root.run(&["rollback", "lacking", "--yes"]).exits(2).says(&["no run is named `lacking`"]);
    root.run(&["rollback", "2", "--yes"]).exits(2).says(&["may be any of 2 runs"]);
    root.run(&["rollback", "./lacking", "--yes"]).exits(2);
}

#[test]
fn a_workspace_that_is_gone_or_another_one_is_refused() {
    let (root, portal) = changed();
    let file = "environments/local.yaml";
    let good = root.read(file);
    root.replace(file, "workspaceName: law-sandbox", "workspaceName: law-other");
    root.run(&["rollback", "latest", "--yes"]).exits(21).says(&["another workspace in Azure"]);
    root.write(file, &good.replace("name: sandbox", "name: renamed"));
    root.run(&["rollback", "latest", "--yes"]).exits(10).says(&[
        "local/sandbox",
        "hint: the run wrote to local/sandbox; where one of them is no longer in the files",
    ]);
    root.write(file, &good);
    root.replace("environments/fleet.yaml", "acme-soc", "other-soc");
    root.run(&["rollback", "latest", "--yes"]).exits(21).says(&["owner `acme-soc`"]);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn no_record_is_lost_and_none_is_left_over() {
    let (root, portal) = changed();
    root.run(&["rollback", "latest", "--yes"]).exits(0);
    assert_eq!(portal.list(Metadata).len(), 1);
    let document = root.plan();
    assert!(change(&document, RULE_KEY)["reason"].as_str().unwrap().contains("held back"));
}
