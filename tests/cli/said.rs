//! What a run leaves as it is, or makes less loud than it seems, is said by its report and exit code.

use serde_json::json;

use crate::portal::{AlertRules, Metadata, Portal};
use crate::root::{Root, change};
use crate::sample::{RULE, RULE_FILE, RULE_KEY, RULE_NAME};

/// The rule, deployed, with a file that does not load any more.
fn held() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "queryFrequency: 1h", "queryFrequency: soon");
    root.run(&["drift"]).exits(0).says(&["No drift"]);
    (root, portal)
}

#[test]
fn a_held_rule_that_lost_its_record_is_drift_that_nobody_can_judge() {
    let (root, portal) = held();
    portal.edit(AlertRules, RULE_NAME, &["enabled=false"]);
    portal.delete(Metadata, "analyticsrule-relay-rule");
    let said = ["held", RULE_KEY, "no record", "is unknown"];
    root.run(&["drift"]).exits(20).says(&said).hides(&["No drift"]);
}

#[test]
fn a_held_rule_whose_record_somebody_else_took_is_drift_that_nobody_can_judge() {
    let (root, portal) = held();
    let mut record = portal.get(Metadata, "analyticsrule-relay-rule");
    record["properties"]["source"] = json!({"kind": "SourceRepository", "name": "Repositories"});
    portal.put(Metadata, "analyticsrule-relay-rule", &record);
    root.run(&["drift"]).exits(20).says(&["held", RULE_KEY]).hides(&["No drift"]);
}

#[test]
fn a_held_rule_that_is_not_there_yet_is_no_drift() {
    let (root, _portal) = Root::empty();
    root.write(RULE_FILE, &RULE.replace("queryFrequency: 1h", "queryFrequency: soon"));
    root.run(&["drift"]).exits(0).says(&["No drift"]);
}

const REPORT: [&str; 4] = ["apply", "--yes", "--drift", "report"];

#[test]
fn drift_report_names_what_it_leaves_and_who_changed_it() {
    let (root, portal) = Root::with_rule();
    portal.edit(AlertRules, RULE_NAME, &["displayName=By hand"]);
    let left = ["left", "displayName", "last changed by portal", "1 item with drift"];
    root.run(&REPORT).exits(20).says(&left).hides(&["Nothing to change"]);
    // What is written around it is done, and the drift is said all the same.
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    let ran = root.run(&REPORT).exits(20);
    ran.says(&[
        "update done",
        "left as it was changed outside git: displayName",
        "1 item with drift",
    ]);
    let document = root.run(&[&REPORT[..], &["--format", "json"]].concat()).exits(20).json();
    assert_eq!(change(&document, RULE_KEY)["verdict"], "left");
    assert_eq!(change(&document, RULE_KEY)["driftLeft"], json!(["displayName"]));
    portal.delete(AlertRules, RULE_NAME);
    root.run(&REPORT)
        .exits(20)
        .says(&["left", "deleted outside git"])
        .hides(&["Nothing to change"]);
}

#[test]
fn accepted_drift_is_not_counted_as_in_sync() {
    let (root, portal) = Root::with_rule();
    root.append(
        "environments/local.yaml",
        "accepted:\n  - { content: relay-rule, fields: [severity], until: 2099-12-31, reason: a trial }\n",
    );
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    let said = ["accepted drift", "severity", "2099-12-31", "a trial", "1 with accepted drift"];
    root.run(&["plan", "--exit-code"]).exits(0).says(&said).hides(&["in sync"]);
    let said = ["accepted", "severity", "2099-12-31", "1 item has accepted drift"];
    root.run(&["apply", "--yes"]).exits(0).says(&said).hides(&["in sync"]);
}

#[test]
fn a_rule_that_is_made_disabled_is_said_to_be_so() {
    let (root, _portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.append(
        "environments/local.yaml",
        "overrides:\n  relay-rule: { enabled: { value: false, reason: a trial } }\n",
    );
    root.run(&["plan"]).says(&["created disabled"]);
    let markdown = root.run(&["plan", "--format", "markdown"]).says(&["created disabled"]);
    markdown.hides(&["louder"]);
    root.run(&["apply", "--yes"]).exits(0).says(&["create done", "created disabled"]);
}

#[test]
fn whoever_disabled_a_rule_in_the_services_name_is_named() {
    let (root, portal) = Root::with_rule();
    let edits = ["displayName=AUTO DISABLED Relay contacted", "enabled=false"];
    portal.edit(AlertRules, RULE_NAME, &edits);
    let said = ["last changed by portal", "stays disabled", "--re-enable"];
    root.run(&["apply", "--yes"]).says(&said).hides(&["Nothing to change"]);
}
