//! Who moved: files, workspace, both; what customers choose; what is accepted until a day.

use serde_json::{Value, json};

use crate::portal::{AlertRules, Metadata, Portal};
use crate::root::{Root, change, verdict};
use crate::sample::{RULE_FILE, RULE_KEY, RULE_NAME};

const NOTHING: [&str; 0] = [];
/// A rule's update: the record before, the rule, the record after.
const UPDATE: [&str; 3] =
    ["PUT analyticsrule-relay-rule", "PUT relay-rule", "PUT analyticsrule-relay-rule"];

fn live(portal: &Portal, property: &str) -> Value {
    portal.get(AlertRules, RULE_NAME)["properties"][property].clone()
}

fn fields(document: &Value) -> Vec<(String, String)> {
    let fields = change(document, RULE_KEY)["fields"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    fields.iter().map(|field| (text(&field["field"]), text(&field["moved"]))).collect()
}

#[test]
fn edits_of_other_fields_on_both_sides_are_both_said_and_both_done() {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    portal.edit(AlertRules, RULE_NAME, &["displayName=By hand"]);
    let plan = root.plan();
    assert_eq!(verdict(&plan, RULE_KEY), ("changed-and-drifted", "update"));
    let expect = [("severity", "desired"), ("displayName", "live")];
    assert_eq!(fields(&plan), expect.map(|(field, moved)| (field.into(), moved.into())));
    root.run(&["drift"]).exits(20).says(&[
        "displayName: files say \"Relay contacted\", workspace has \"By hand\" (changed outside git)",
    ]);
    root.run(&["plan"]).exits(0).says(&[
        "severity: \"Medium\" → \"High\"",
        "displayName: \"By hand\" → \"Relay contacted\" (changed outside git)",
    ]);
    portal.forget();
    root.run(&["apply", "--yes"]).exits(0).says(&["update done", "changed-and-drifted"]);
    assert_eq!(portal.writes(), UPDATE);
    assert_eq!(live(&portal, "severity"), "High");
    assert_eq!(live(&portal, "displayName"), "Relay contacted");
    root.run(&["drift"]).exits(0);
}

#[test]
fn a_conflict_stops_its_item_and_no_other() {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    root.write(crate::sample::HUNT_FILE, crate::sample::HUNT);
    let outcome = root.run(&["apply", "--yes", "--format", "json"]).exits(21).json();
    assert_eq!(change(&outcome, RULE_KEY)["verdict"], "refused");
    assert_eq!(change(&outcome, crate::sample::HUNT_KEY)["verdict"], "done");
}

#[test]
fn the_same_change_on_both_sides_is_recorded_and_not_sent() {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    portal.edit(AlertRules, RULE_NAME, &["severity=High"]);
    portal.forget();
    root.run(&["drift"]).exits(0);
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("converged", "record"));
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(portal.writes(), ["PUT analyticsrule-relay-rule"]);
    // The record knows: what moves next is told from the new value.
    root.replace(RULE_FILE, "severity: High", "severity: Low");
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("changed", "update"));
}

#[test]
fn an_observed_field_is_the_customers_it_is_shown_and_never_written() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, crate::sample::RULE);
    root.append("environments/local.yaml", "observed: [enabled, incidentConfiguration]\n");
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(live(&portal, "enabled"), true, "sent on create");
    portal.edit(
        AlertRules,
        RULE_NAME,
        &["enabled=false", "incidentConfiguration.createIncident=false"],
    );
    portal.forget();
    root.run(&["drift"]).exits(0).says(&["enabled", "incidentConfiguration.createIncident"]);
    root.run(&["apply", "--yes"]).exits(0).says(&["Nothing to change"]);
    assert_eq!(portal.writes(), NOTHING);
    // Another field is written around it.
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(live(&portal, "severity"), "High");
    assert_eq!(live(&portal, "enabled"), false);
    assert_eq!(live(&portal, "incidentConfiguration")["createIncident"], false);
}

#[test]
fn accepted_drift_is_shown_and_left_until_its_day_has_passed() {
    let (root, portal) = Root::with_rule();
    root.append(
        "environments/local.yaml",
        "accepted:\n  - { content: relay-rule, fields: [severity], until: 2099-12-31, reason: a trial }\n",
    );
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    portal.forget();
    root.run(&["drift"]).exits(0).says(&["severity", "Low", "2099-12-31", "a trial"]);
    root.run(&["apply", "--yes"]).exits(0).says(&["Nothing to change"]);
    root.run(&["plan", "--exit-code"]).exits(0);
    assert_eq!(portal.writes(), NOTHING);
    root.run(&["drift", "--today", "2099-12-31"]).exits(0);
    root.run(&["drift", "--today", "2100-01-01"]).exits(20).says(&["severity", "outside git"]);
    // What is not accepted is drift, and restoring it leaves the accepted field as it is.
    portal.edit(AlertRules, RULE_NAME, &["displayName=By hand"]);
    root.run(&["drift"]).exits(20);
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(live(&portal, "displayName"), "Relay contacted");
    assert_eq!(live(&portal, "severity"), "Low");
    root.run(&["drift"]).exits(0);
    root.run(&["drift", "--today", "2100-01-01"]).exits(20).says(&["severity"]);
}

#[test]
fn dead_fields_are_neither_compared_nor_changed() {
    let (root, portal) = Root::with_rule();
    portal.edit(
        AlertRules,
        RULE_NAME,
        &[
            "suppressionDuration=PT9H",
            "incidentConfiguration.groupingConfiguration.lookbackDuration=P2D",
        ],
    );
    portal.forget();
    root.run(&["drift"]).exits(0);
    root.run(&["apply", "--yes"]).exits(0).says(&["Nothing to change"]);
    assert_eq!(portal.writes(), NOTHING);
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(live(&portal, "suppressionDuration"), "PT9H", "live's value is sent back");
    // Made alive by the files, it is written in the same PUT.
    root.append(RULE_FILE, "suppressionEnabled: true\n");
    portal.forget();
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(portal.writes(), UPDATE);
    assert_eq!(live(&portal, "suppressionDuration"), "PT5H");
    assert_eq!(live(&portal, "suppressionEnabled"), true);
    portal.edit(AlertRules, RULE_NAME, &["suppressionDuration=PT9H"]);
    root.run(&["drift"]).exits(20).says(&["suppressionDuration"]);
}

#[test]
fn a_record_that_cannot_be_read_is_never_a_silent_two_way_comparison() {
    let (root, portal) = Root::with_rule();
    let name = "analyticsrule-relay-rule";
    let mut record = portal.get(Metadata, name);
    record["properties"]["customVersion"] = json!("so9;from;the;future");
    portal.put(Metadata, name, &record);
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    portal.forget();
    root.run(&["apply", "--yes"]).exits(21).says(&["what was last applied cannot be read"]);
    assert_eq!(portal.writes(), NOTHING);
    portal.edit(AlertRules, RULE_NAME, &["severity=Medium"]);
    portal.forget();
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(portal.writes(), ["PUT analyticsrule-relay-rule"]);
}

#[test]
fn a_kind_cannot_be_changed_under_the_same_id() {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "kind: Scheduled", "kind: NRT");
    portal.forget();
    root.run(&["plan"]).exits(21).says(&["kind-change", "replaces"]);
    root.run(&["apply", "--yes"]).exits(21);
    assert_eq!(portal.writes(), NOTHING);
}

/// The rule's file without the lines of these keys: without a kind and a schedule it is a hunt.
fn without(keys: &[&str]) -> String {
    let kept = crate::sample::RULE.lines().filter(|line| {
        let key = line.split(':').next().unwrap_or_default();
        !keys.contains(&key)
    });
    kept.map(|line| format!("{line}\n")).collect()
}

/// A change of family under the same id: refused on both sides, whatever flags are given.
#[track_caller]
fn check_other_family(root: &Root, portal: &Portal, keys: [&str; 2], code: i32) {
    portal.forget();
    let plan = root.run(&["plan", "--format", "json"]).exits(code).json();
    for key in keys {
        assert_eq!(verdict(&plan, key), ("kind-change", "refuse"), "{plan:#}");
    }
    root.run(&["plan"]).exits(code).says(&["kind-change", "replaces"]).hides(&["QUIETER"]);
    for flags in [&[][..], &["--prune", "--keep-going", "--on-conflict", "desired"]] {
        root.run(&[&["apply", "--yes"], flags].concat()).exits(code);
        assert_eq!(portal.writes(), NOTHING);
    }
}

const AS_HUNT: &str = "hunting-query/relay-rule";
const SCHEDULE: [&str; 5] =
    ["kind", "queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"];

#[test]
fn a_rule_whose_file_loses_its_kind_is_not_retired_for_a_hunt() {
    let (root, portal) = Root::with_rule();
    root.write(RULE_FILE, &without(&SCHEDULE));
    check_other_family(&root, &portal, [RULE_KEY, AS_HUNT], 21);
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    root.run(&["drift"]).exits(20).says(&[RULE_KEY, "severity"]);
    // A way on: the item is deleted by hand, or the file gets a new id that replaces it.
    portal.edit(AlertRules, RULE_NAME, &["severity=Medium"]);
    let new = without(&SCHEDULE).replace("relay-rule", "relay-hunt\nreplaces: relay-rule");
    root.write(RULE_FILE, &new);
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(live(&portal, "enabled"), false);
}

#[test]
fn a_near_real_time_rule_whose_file_loses_its_kind_is_not_retired_for_a_hunt() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, &without(&SCHEDULE).replace("severity:", "kind: NRT\nseverity:"));
    root.run(&["apply", "--yes"]).exits(0);
    root.write(RULE_FILE, &without(&SCHEDULE));
    check_other_family(&root, &portal, [RULE_KEY, AS_HUNT], 21);
    assert_eq!(live(&portal, "enabled"), true);
    // Where the rule is gone, nothing can be made quieter.
    portal.delete(AlertRules, RULE_NAME);
    root.run(&["apply", "--yes"]).exits(0).says(&["create done"]);
}

#[test]
fn a_rule_is_not_retired_where_a_selector_leaves_out_the_hunt_that_its_file_became() {
    let (root, portal) = Root::with_rule();
    root.append("environments/local.yaml", "content: { include: [{ kind: Scheduled }] }\n");
    root.run(&["plan", "--exit-code"]).exits(0);
    root.write(RULE_FILE, &without(&SCHEDULE));
    let plan = root.run(&["plan", "--format", "json"]).exits(21).json();
    assert_eq!(verdict(&plan, RULE_KEY), ("kind-change", "refuse"), "{plan:#}");
    root.run(&["apply", "--yes", "--prune"]).exits(21);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn a_rule_whose_file_becomes_a_hunt_with_errors_is_not_retired() {
    let (root, portal) = Root::with_rule();
    root.write(RULE_FILE, &(without(&SCHEDULE) + "severty: High\n"));
    root.run(&["apply", "--yes", "--prune", "--keep-going"]).exits(10).says(&["kind-change"]);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn a_hunt_whose_file_becomes_a_rule_is_not_retired() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, &without(&SCHEDULE));
    root.run(&["apply", "--yes"]).exits(0);
    root.write(RULE_FILE, crate::sample::RULE);
    check_other_family(&root, &portal, [RULE_KEY, AS_HUNT], 21);
}

#[test]
fn drift_report_leaves_what_was_changed_outside_git() {
    let (root, portal) = Root::with_rule();
    portal.edit(AlertRules, RULE_NAME, &["displayName=By hand"]);
    portal.forget();
    root.run(&["apply", "--yes", "--drift", "report"]).exits(20).says(&["Changed nothing"]);
    root.run(&["plan", "--drift", "report", "--exit-code"]).exits(0).says(&["displayName"]);
    assert_eq!(portal.writes(), NOTHING);
    // What moved in git is done; what moved outside stays, and stays drift.
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["apply", "--yes", "--drift", "report"]).exits(20);
    assert_eq!(live(&portal, "severity"), "High");
    assert_eq!(live(&portal, "displayName"), "By hand");
    root.run(&["drift"]).exits(20).says(&["displayName"]);
    portal.delete(AlertRules, RULE_NAME);
    portal.forget();
    root.run(&["apply", "--yes", "--drift", "report"]).exits(20);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn the_same_field_changed_on_both_sides_is_a_conflict_that_shows_three_sides() {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    portal.forget();
    for command in [&["drift"][..], &["plan"], &["apply", "--yes"]] {
        let ran = root.run(command).exits(21).says(&["conflict", RULE_KEY]);
        if command[0] != "apply" {
            ran.says(&["severity", "High", "Low", "git"]);
        }
    }
    assert_eq!(portal.writes(), NOTHING);
    assert_eq!(live(&portal, "severity"), "Low");
    let plan = root.run(&["plan", "--format", "json"]).exits(21).json();
    assert_eq!(fields(&plan), [("severity".into(), "both".into())]);
    root.run(&["apply", "--yes", "--on-conflict", "desired"]).exits(0);
    assert_eq!(live(&portal, "severity"), "High");
    root.run(&["drift"]).exits(0);
}

#[test]
fn a_field_that_is_observed_no_longer_is_shown_as_unknown_until_someone_decides() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, crate::sample::RULE);
    let observed = "observed: [enabled]\n";
    root.append("environments/local.yaml", observed);
    root.run(&["apply", "--yes"]).exits(0);
    portal.edit(AlertRules, RULE_NAME, &["enabled=false"]);
    root.replace("environments/local.yaml", observed, "");
    portal.forget();
    let plan = root.run(&["plan", "--format", "json"]).exits(21).json();
    assert_eq!(verdict(&plan, RULE_KEY), ("conflict", "refuse"));
    assert_eq!(fields(&plan), [("enabled".into(), "unknown".into())]);
    root.run(&["apply", "--yes"]).exits(21);
    assert_eq!(portal.writes(), NOTHING);
    // Another change is written, and leaves it alone.
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["apply", "--yes"]).exits(21).says(&["left as it is until someone decides: enabled"]);
    assert_eq!(live(&portal, "severity"), "High");
    assert_eq!(live(&portal, "enabled"), false);
    root.run(&["apply", "--yes", "--on-conflict", "desired"]).exits(0);
    assert_eq!(live(&portal, "enabled"), true);
}
