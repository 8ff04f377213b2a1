//! Records that somebody edited or deleted: nothing goes quiet, and nothing of others is touched.

use serde_json::{Value, json};

use crate::portal::{AlertRules, Metadata, Portal};
use crate::root::{Root, verdict};
use crate::sample::{RULE_FILE, RULE_KEY, RULE_NAME};

const NOTHING: [&str; 0] = [];
const RECORD: &str = "analyticsrule-relay-rule";

/// Changes a property of the rule's record.
fn edit_record(portal: &Portal, property: &str, value: &str) {
    let mut record = portal.get(Metadata, RECORD);
    record["properties"][property] = json!(value);
    portal.put(Metadata, RECORD, &record);
    portal.forget();
}

/// Whatever is asked for, nothing is sent and the refusal is said.
#[track_caller]
fn check_untouched(root: &Root, portal: &Portal) {
    for flags in [&[][..], &["--prune"], &["--prune", "--ack", "retired-edited"]] {
        root.run(&[&["apply", "--yes"], flags].concat()).exits(21).says(&["refused"]);
        assert_eq!(portal.writes(), NOTHING, "{flags:?}");
    }
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
}

#[test]
fn a_record_that_names_another_content_does_not_retire_what_the_files_want() {
    let (root, portal) = Root::with_rule();
    edit_record(&portal, "contentId", "another");
    let plan = root.plan();
    assert_eq!(verdict(&plan, RULE_KEY), ("collision", "refuse"));
    assert_eq!(verdict(&plan, "analytic-rule/another"), ("collision", "refuse"));
    check_untouched(&root, &portal);
}

#[test]
fn a_new_id_bound_to_the_old_resource_does_not_retire_it() {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "id: relay-rule", "id: relay-two");
    root.append("environments/local.yaml", "    resources: { relay-two: relay-rule }\n");
    portal.forget();
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("collision", "refuse"));
    check_untouched(&root, &portal);
}

#[test]
fn a_record_that_points_at_somebody_elses_rule_does_not_touch_it() {
    let (root, portal) = Root::with_rule();
    let mut theirs: Value = portal.get(AlertRules, RULE_NAME);
    theirs["properties"]["displayName"] = json!("Theirs");
    theirs.as_object_mut().unwrap().remove("etag");
    let theirs = portal.put(AlertRules, "theirs", &theirs);
    edit_record(&portal, "parentId", theirs["id"].as_str().unwrap());
    // Files and rule agree, so the record is put right.
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("converged", "record"));
    // Without its file, nobody knows what the record is about.
    root.remove(RULE_FILE);
    check_untouched(&root, &portal);
    assert_eq!(portal.get(AlertRules, "theirs"), theirs);
}

#[test]
fn a_rule_that_lost_its_record_and_was_disabled_is_not_green() {
    let (root, portal) = Root::with_rule();
    portal.delete(Metadata, RECORD);
    root.run(&["drift"]).exits(0);
    portal.edit(AlertRules, RULE_NAME, &["enabled=false"]);
    root.run(&["drift"]).exits(21).says(&["collision: Relay contacted", "enabled", "false"]);
    let drift = root.run(&["drift", "--format", "json"]).exits(21).json();
    assert_eq!(verdict(&drift, RULE_KEY), ("collision", "refuse"));
    root.run(&["drift", "--format", "markdown"]).exits(21).says(&["Relay contacted", "enabled"]);
}

#[test]
fn a_rule_that_is_taken_over_disabled_is_said_to_be_disabled() {
    let (root, portal) = Root::with_rule();
    portal.delete(Metadata, RECORD);
    portal.edit(AlertRules, RULE_NAME, &["enabled=false"]);
    root.append("environments/local.yaml", "observed: [enabled]\n");
    let said = ["files say true, workspace has false"];
    root.run(&["plan", "--ack", "first-run"]).exits(0).says(&["adoptable"]).says(&said);
    root.run(&["drift"]).exits(0).says(&said);
}
