//! A saved plan is what was approved: it is applied as it stands, or refused with names.

use crate::portal::{AlertRules, Portal};
use crate::root::Root;
use crate::sample::{HUNT, HUNT_FILE, HUNT_KEY, RULE_FILE, RULE_KEY, RULE_NAME};

const NOTHING: [&str; 0] = [];

/// A rule to update and a hunt to create, planned and saved to `plan.json`.
fn planned() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.write(HUNT_FILE, HUNT);
    root.run(&["plan", "--out", "plan.json"]).exits(0).says(&["Saved to `plan.json`"]);
    (root, portal)
}

#[test]
fn a_saved_plan_is_applied_and_may_be_applied_again() {
    let (root, portal) = planned();
    root.run(&["apply", "plan.json", "--yes"]).exits(0).says(&["Applied 2 changes"]);
    root.run(&["plan", "--exit-code"]).exits(0);
    portal.forget();
    root.run(&["apply", "plan.json", "--yes"]).exits(0);
    assert_eq!(portal.writes(), NOTHING, "done items are fine");
}

#[test]
fn the_same_sides_give_the_same_file() {
    let (root, _portal) = planned();
    root.run(&["plan", "--out", "again.json"]).exits(0);
    assert_eq!(root.read("plan.json"), root.read("again.json"));
}

#[test]
fn a_plan_is_refused_with_names_when_a_side_has_moved() {
    let (root, portal) = planned();
    root.replace(RULE_FILE, "severity: High", "severity: Low");
    root.run(&["apply", "plan.json", "--yes"])
        .exits(21)
        .says(&["local/sandbox: analytic-rule/relay-rule", "plan again"])
        .hides(&[HUNT_KEY]);
    root.replace(RULE_FILE, "severity: Low", "severity: High");
    portal.edit(AlertRules, RULE_NAME, &["displayName=By hand"]);
    root.run(&["apply", "plan.json", "--yes"]).exits(21).says(&[RULE_KEY]);
    portal.edit(AlertRules, RULE_NAME, &["displayName=Relay contacted"]);
    root.write(
        "content/hunting/other.yaml",
        &HUNT.replace("relay-hunt", "other-hunt").replace("Relays by device", "Other"),
    );
    root.run(&["apply", "plan.json", "--yes"]).exits(21).says(&["other-hunt", "not in the plan"]);
    root.remove("content/hunting/other.yaml");
    root.remove(HUNT_FILE);
    root.run(&["apply", "plan.json", "--yes"]).exits(21).says(&[HUNT_KEY, "no longer follows"]);
    assert_eq!(portal.writes(), NOTHING);
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "plan.json", "--yes"]).exits(0);
}

#[test]
fn an_item_that_somebody_has_brought_there_already_is_done() {
    let (root, portal) = planned();
    root.run(&["apply", "--yes", "--content", HUNT_FILE]).exits(0).says(&["1 change"]);
    portal.forget();
    root.run(&["apply", "plan.json", "--yes"]).exits(0).says(&["Applied 1 change"]);
    assert!(portal.writes().iter().all(|write| write.contains("relay-rule")));
}

#[test]
fn a_plan_file_that_was_changed_is_refused() {
    let (root, portal) = planned();
    let good = root.read("plan.json");
    root.write("plan.json", &good.replace("\"create\"", "\"update\""));
    root.run(&["apply", "plan.json", "--yes"]).exits(2).says(&["changed by hand"]);
    root.write("plan.json", "{}");
    root.run(&["apply", "plan.json", "--yes"]).exits(2).says(&["plan --out FILE"]);
    root.run(&["apply", "lacking.json", "--yes"]).exits(2).says(&["lacking.json"]);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn a_plan_file_brings_its_options_and_takes_none() {
    let (root, portal) = Root::with_both();
    root.remove(RULE_FILE);
    root.run(&["plan", "--prune", "--out", "plan.json"]).exits(0);
    for option in [&["--prune"][..], &["--drift", "report"], &["--content", "x"], &["--keep-going"]]
    {
        root.run(&[&["apply", "plan.json", "--yes"], option].concat()).exits(2);
    }
    assert_eq!(portal.writes(), NOTHING);
    root.run(&["apply", "plan.json", "--yes"]).exits(0).says(&["delete done"]);
    root.run(&["apply", "plan.json", "--yes"]).exits(0);
}

#[test]
fn a_plan_for_some_content_is_applied_for_that_content() {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.write(HUNT_FILE, HUNT);
    root.run(&["plan", "--content", "relay-hunt", "--out", "plan.json"]).exits(0);
    root.run(&["apply", "plan.json", "--yes"]).exits(0).says(&["Applied 1 change"]);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["severity"], "Medium");
}

#[test]
fn a_plan_that_deleted_what_it_selects_may_be_applied_again() {
    let (root, portal) = Root::with_both();
    root.remove(RULE_FILE);
    root.run(&["plan", "--prune", "--content", RULE_NAME, "--out", "plan.json"]).exits(0);
    root.run(&["apply", "plan.json", "--yes"]).exits(0).says(&["delete done"]);
    portal.forget();
    root.run(&["apply", "plan.json", "--yes"]).exits(0);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn without_a_terminal_apply_needs_yes() {
    let (root, portal) = planned();
    root.run(&["apply"]).exits(2).says(&["--yes"]);
    root.run(&["apply", "plan.json"]).exits(2).says(&["--yes"]);
    assert_eq!(portal.requests(), 4, "those of the plan");
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn a_saved_plan_names_what_will_stand_by_a_hash_that_nobody_can_meet() {
    let (root, _portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    let saved: serde_json::Value = serde_json::from_str(&root.read("plan.json")).unwrap();
    let after =
        &saved["workspaces"]["local/sandbox"]["changes"]["analytic-rule/relay-rule"]["after"];
    let (kind, hash) = after.as_str().unwrap().split_once(':').unwrap();
    assert_eq!((kind, hash.len()), ("Scheduled", 64));
}

#[test]
fn a_saved_create_is_refused_when_a_field_of_the_customers_would_be_sent_otherwise() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, crate::sample::RULE);
    root.append("environments/local.yaml", "observed: [enabled]\n");
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    let before = root.read("environments/local.yaml");
    let disabled = "overrides:\n  relay-rule: { enabled: { value: false, reason: a trial } }\n";
    root.append("environments/local.yaml", disabled);
    root.run(&["apply", "plan.json", "--yes"]).exits(21).says(&[RULE_KEY, "not as planned"]);
    assert_eq!(portal.writes(), NOTHING);
    root.write("environments/local.yaml", &before);
    root.run(&["apply", "plan.json", "--yes"]).exits(0).says(&["create done"]);
}
