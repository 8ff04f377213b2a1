//! Content that goes, breaks, comes back, or is replaced.

use serde_json::json;

use crate::portal::{AlertRules, Metadata, SavedSearches};
use crate::root::{Root, change, verdict};
use crate::sample::{HUNT, HUNT_FILE, HUNT_KEY, HUNT_NAME, RULE, RULE_FILE, RULE_KEY, RULE_NAME};

const NOTHING: [&str; 0] = [];

#[test]
fn a_file_that_breaks_after_it_was_deployed_retires_nothing_and_is_held() {
    let (root, portal) = Root::with_rule();
    root.write(RULE_FILE, &RULE.replace("severity: Medium", "severity: [Medium"));
    root.write(HUNT_FILE, HUNT);
    let said = ["held", RULE_KEY, "invalid-yaml", "content/analytics/relay.yaml:5:12"];
    root.run(&["plan"]).exits(10).says(&said);
    root.run(&["apply", "--yes"]).exits(10).says(&said).says(&["--keep-going"]);
    assert_eq!(portal.writes(), NOTHING, "nothing is sent");
    root.run(&["apply", "--yes", "--keep-going"]).exits(10);
    assert_eq!(portal.writes(), ["PUT huntingquery-relay-hunt", "PUT relay-hunt"], "the rest");
    portal.forget();
    root.run(&["apply", "--yes", "--keep-going", "--prune"]).exits(10);
    assert_eq!(portal.writes(), NOTHING);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
    // What moves outside git meanwhile is told all the same.
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    root.run(&["drift"]).exits(20).says(&[RULE_KEY, "severity", "Low"]);
}

#[test]
fn a_file_that_was_renamed_away_retires_nothing_and_is_said_everywhere() {
    for name in ["relay.yaml.off", "relay.ymal", "relay.txt", ".relay.yaml.off"] {
        let (root, portal) = Root::with_rule();
        root.write(HUNT_FILE, HUNT);
        let away = format!("content/analytics/{name}");
        std::fs::rename(root.path(RULE_FILE), root.path(&away)).unwrap();
        let said = ["file-not-read", &away, "looks like content and is not read"];
        root.run(&["drift"]).exits(0).says(&said);
        root.run(&["plan"]).exits(10).says(&said).says(&["held", RULE_KEY]).hides(&["retire:"]);
        root.run(&["apply", "--yes"]).exits(10).says(&said);
        assert_eq!(portal.writes(), NOTHING, "{name}: nothing is sent");
        root.run(&["apply", "--yes", "--keep-going", "--prune"]).exits(10).says(&said);
        assert_eq!(portal.writes(), ["PUT huntingquery-relay-hunt", "PUT relay-hunt"], "{name}");
        // Out of `content/` it is gone on purpose.
        root.remove(&away);
        root.run(&["apply", "--yes"]).exits(0).says(&["retire done"]);
    }
}

#[test]
fn a_copy_of_a_file_holds_what_the_file_no_longer_is() {
    let (root, portal) = Root::with_both();
    root.write("content/analytics/relay.yaml.bak", RULE);
    root.run(&["plan", "--exit-code"]).exits(0).hides(&["file-not-read"]);
    root.replace(RULE_FILE, "id: relay-rule", "id: relay-rule-2");
    root.replace(RULE_FILE, "name: Relay contacted", "name: Relay again");
    root.run(&["apply", "--yes"]).exits(10).says(&["file-not-read", "relay.yaml.bak"]);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn a_file_that_is_not_read_holds_nothing_that_was_never_deployed() {
    let (root, _portal) = Root::with_rule();
    root.write("content/hunting/draft.yaml.txt", HUNT);
    root.run(&["apply", "--yes"]).exits(0).says(&["file-not-read", "draft.yaml.txt"]);
}

#[test]
fn what_a_file_that_is_not_read_replaces_is_not_retired() {
    let (root, portal) = Root::with_rule();
    root.remove(RULE_FILE);
    root.write("content/analytics/new.yaml.off", &successor("replaces: relay-rule"));
    root.run(&["apply", "--yes", "--prune"]).says(&["file-not-read", "is not there yet"]);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn a_refused_exclusion_holds_what_it_applies_to_and_nothing_else() {
    let (root, portal) = Root::with_rule();
    let exclusion = crate::sample::EXCLUSION.replace("DeviceName =~", "DeviceNome =~");
    root.write("content/exclusions/relay.yaml", &exclusion);
    root.write(HUNT_FILE, HUNT);
    let said = ["exclusion-unknown-column", "content/exclusions/relay.yaml:6:11", "held"];
    root.run(&["apply", "--yes"]).exits(10).says(&said);
    assert_eq!(portal.writes(), NOTHING);
    root.run(&["apply", "--yes", "--keep-going"]).exits(10);
    assert_eq!(portal.writes(), ["PUT huntingquery-relay-hunt", "PUT relay-hunt"]);
}

#[test]
fn a_removed_file_disables_its_rule_once_and_prune_deletes_it() {
    let (root, portal) = Root::with_both();
    root.remove(RULE_FILE);
    root.run(&["plan"]).exits(0).says(&["retire", RULE_KEY, "disabled once", "quieter"]);
    root.run(&["apply", "--yes"]).exits(0).says(&["retire done"]);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], false);
    portal.forget();
    root.run(&["apply", "--yes"]).exits(0).says(&[RULE_KEY, "waits for `--prune`"]);
    root.run(&["plan", "--exit-code"]).exits(0).says(&[RULE_KEY, "waits for `--prune`"]);
    assert_eq!(portal.writes(), NOTHING, "only listed");
    root.run(&["drift"]).exits(0);
    root.run(&["apply", "--yes", "--prune"]).exits(0).says(&["delete done"]);
    assert_eq!(portal.writes(), ["DELETE relay-rule", "DELETE analyticsrule-relay-rule"]);
    root.run(&["plan", "--exit-code"]).exits(0).hides(&["relay-rule"]);
    root.write(RULE_FILE, RULE);
    root.run(&["apply", "--yes"]).exits(0).says(&["create done"]);
    root.run(&["drift"]).exits(0);
}

#[test]
fn the_return_of_a_file_brings_a_disabled_rule_back() {
    let (root, portal) = Root::with_both();
    root.remove(RULE_FILE);
    root.run(&["apply", "--yes"]).exits(0);
    root.write(RULE_FILE, RULE);
    let plan = root.plan();
    assert_eq!(change(&plan, RULE_KEY)["effect"], "louder", "{plan:#}");
    root.run(&["drift"]).exits(0);
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
    root.run(&["drift"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0);
    // The mark is gone: the next removal disables it again.
    root.remove(RULE_FILE);
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("retired", "retire"));
}

#[test]
fn the_return_of_a_file_enables_its_rule_although_the_switch_is_the_customers_now() {
    let (root, portal) = Root::with_both();
    root.remove(RULE_FILE);
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], false);
    root.append("environments/local.yaml", "observed: [enabled]\n");
    root.write(RULE_FILE, RULE);
    root.run(&["apply", "--yes"]).exits(0).says(&["update done"]);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
    // From here on it is the customer's.
    portal.edit(AlertRules, RULE_NAME, &["enabled=false"]);
    root.run(&["plan", "--exit-code"]).exits(0).says(&["the customer's to choose"]);
}

#[test]
fn a_hunt_and_a_rule_whose_switch_is_the_customers_only_wait_for_prune() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write(HUNT_FILE, HUNT);
    root.append("environments/local.yaml", "observed: [enabled]\n");
    root.run(&["apply", "--yes"]).exits(0);
    root.remove(RULE_FILE);
    root.remove(HUNT_FILE);
    portal.forget();
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(portal.writes(), NOTHING);
    root.run(&["plan"]).exits(0).says(&["waits for `--prune`", HUNT_KEY, RULE_KEY]);
    root.run(&["apply", "--yes", "--prune", "--ack", "deletes"]).exits(0);
    assert!(portal.get(AlertRules, RULE_NAME).is_null());
    assert!(portal.get(SavedSearches, HUNT_NAME).is_null());
    assert_eq!(portal.list(Metadata), Vec::<serde_json::Value>::new());
}

#[test]
fn a_workspace_may_always_prune() {
    let (root, portal) = Root::with_both();
    root.append("environments/local.yaml", "    prune: true\n");
    root.remove(RULE_FILE);
    root.run(&["apply", "--yes"]).exits(0).says(&["delete done"]);
    assert!(portal.get(AlertRules, RULE_NAME).is_null());
}

#[test]
fn a_rule_that_was_edited_after_its_file_went_waits_for_an_acknowledgement() {
    let (root, portal) = Root::with_both();
    root.remove(RULE_FILE);
    portal.edit(AlertRules, RULE_NAME, &["query=Heartbeat"]);
    portal.forget();
    root.run(&["drift"]).exits(20).says(&["retired-edited", "query"]);
    for flags in [&["apply", "--yes"][..], &["apply", "--yes", "--prune"]] {
        root.run(flags).exits(21).says(&["--ack retired-edited"]);
        assert_eq!(portal.writes(), NOTHING);
    }
    root.run(&["apply", "--yes", "--ack", "retired-edited"]).exits(0);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], false);
}

#[test]
fn what_went_on_both_sides_is_forgotten() {
    let (root, portal) = Root::with_rule();
    root.remove(RULE_FILE);
    portal.delete(AlertRules, RULE_NAME);
    portal.forget();
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("gone", "forget"));
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(portal.writes(), ["DELETE analyticsrule-relay-rule"]);
}

#[test]
fn a_new_id_replaces_an_old_one_and_the_old_one_goes_only_when_the_new_one_stands() {
    let (root, portal) = Root::with_rule();
    let new = RULE
        .replace("id: relay-rule", "id: relay-rule-2\nreplaces: relay-rule")
        .replace("name: Relay contacted", "name: Relay contacted again")
        .replace("kind: Scheduled", "kind: NRT");
    let new: String = new
        .lines()
        .filter(|line| !line.contains("query") || line.contains("query:"))
        .filter(|line| !line.starts_with("trigger"))
        .map(|line| format!("{line}\n"))
        .collect();
    let new_file = "content/analytics/relay-2.yaml";
    root.write(new_file, &new);
    root.run(&["plan"])
        .exits(10)
        .says(&["replaced-still-there", "content/analytics/relay-2.yaml:"]);
    root.remove(RULE_FILE);
    // Held, not loaded, not for this workspace: the old one stays as it is.
    let prune = ["apply", "--yes", "--keep-going", "--prune"];
    for bad in ["severity: Loud", "severity: [Medium"] {
        root.replace(new_file, "severity: Medium", bad);
        root.run(&prune).exits(10).says(&["is not there yet"]);
        root.replace(new_file, bad, "severity: Medium");
    }
    let not_here = "content: { exclude: [{ id: relay-rule-2 }] }\n";
    root.append("environments/local.yaml", not_here);
    root.run(&prune).exits(0);
    root.replace("environments/local.yaml", not_here, "");
    assert_eq!(portal.writes(), NOTHING);
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(portal.get(AlertRules, "relay-rule-2")["kind"], "NRT");
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], json!(false));
    let writes = portal.writes();
    let place = |text: &str| writes.iter().position(|write| write == text).unwrap();
    assert!(place("PUT relay-rule-2") < place("PUT relay-rule"), "{writes:?}");
}

/// The successor of the rule, as a file that is wrong in some way, deployed over a root in which the
/// rule's own file is gone: whatever is allowed, the rule stays as it is.
#[track_caller]
fn check_successor(text: &str) {
    let (root, portal) = Root::with_rule();
    root.remove(RULE_FILE);
    root.write("content/analytics/relay-2.yaml", text);
    for flags in [&[][..], &["--keep-going"], &["--keep-going", "--prune"]] {
        let flags = [&["apply", "--yes", "--ack", "retired-edited"], flags].concat();
        root.run(&flags).exits(10);
        root.run(&[&flags[..], &["--content", RULE_NAME]].concat());
        assert_eq!(portal.writes(), NOTHING, "{flags:?}: {text}");
    }
    let plan = root.run(&["plan", "--format", "json"]).exits(10).json();
    assert_eq!(verdict(&plan, RULE_KEY), ("held", "none"), "{text}");
}

fn successor(replaces: &str) -> String {
    RULE.replace("id: relay-rule", &format!("id: relay-rule-2\n{replaces}"))
        .replace("name: Relay contacted", "name: Relay contacted again")
}

#[test]
fn a_successor_whose_replaces_cannot_be_read_retires_nothing() {
    for bad in [
        "replaces: relay/rule",
        "replaces: [relay-rule]",
        "replaces:",
        "replaces: { id: relay-rule }",
        "Replaces: relay rule",
    ] {
        check_successor(&successor(bad));
    }
}

#[test]
fn a_successor_that_does_not_load_retires_nothing_however_it_says_what_it_replaces() {
    let broken = "severity: [Medium";
    for replaces in [
        "replaces: relay-rule",
        "  replaces: relay-rule",
        "replaces:\n  relay-rule",
        "replaces: [relay-rule]",
        "\"replaces\": 'relay-rule' # the old one",
        "replaces: other-rule\nreplaces: relay-rule",
        "<<<<<<< ours\nreplaces: other\n=======\nreplaces: relay-rule\n>>>>>>> theirs",
    ] {
        check_successor(&successor(replaces).replace("severity: Medium", broken));
    }
    // YAML, but nothing that could be deployed.
    let replaced = successor("replaces: relay-rule");
    check_successor(&replaced.replace("kind: Scheduled", "kind: Fusion"));
    check_successor(&replaced.replace("tags:", "queryFrom: x\ntags:"));
    let flow = "{ id: relay-rule-2, replaces: relay-rule, name: x, query: T, kind: Fusion }\n";
    check_successor(flow);
}

#[test]
fn of_two_successors_both_must_stand() {
    let good = successor("replaces: relay-rule");
    let bad = good.replace("severity: Medium", "severity: Loud");
    for (first, second) in [(&good, &bad), (&bad, &good)] {
        let (root, portal) = Root::with_rule();
        root.remove(RULE_FILE);
        root.write("content/analytics/a.yaml", first);
        let second = second.replace("relay-rule-2", "relay-rule-3").replace("again", "at last");
        root.write("content/analytics/b.yaml", &second);
        root.run(&["apply", "--yes", "--keep-going", "--prune"]).exits(10);
        assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
    }
}

#[test]
fn a_replaced_rule_is_not_retired_by_a_run_that_does_not_make_its_successor() {
    let (root, portal) = Root::with_rule();
    root.remove(RULE_FILE);
    root.write("content/analytics/relay-2.yaml", &successor("replaces: relay-rule"));
    for flags in [&["--content", RULE_NAME][..], &["--prune", "--content", RULE_KEY]] {
        root.run(&[&["apply", "--yes"], flags].concat()).says(&["held", "is not there yet"]);
        assert_eq!(portal.writes(), NOTHING);
    }
    root.run(&["apply", "--yes", "--content", "relay-rule-2"]).exits(0);
    root.run(&["apply", "--yes", "--content", RULE_NAME]).exits(0).says(&["retire done"]);
}

#[test]
fn a_replaced_rule_is_not_retired_while_its_successor_stays_disabled() {
    let (root, portal) = Root::with_rule();
    root.write("content/analytics/relay-2.yaml", &successor(""));
    root.run(&["apply", "--yes"]).exits(0);
    root.remove(RULE_FILE);
    root.write("content/analytics/relay-2.yaml", &successor("replaces: relay-rule"));
    let rule = || portal.get(AlertRules, RULE_NAME)["properties"]["enabled"].clone();
    portal.edit(AlertRules, "relay-rule-2", &["enabled=false"]);
    root.run(&["apply", "--yes", "--drift", "report"]).says(&["held"]);
    assert_eq!(rule(), true);
    portal.edit(AlertRules, "relay-rule-2", &["displayName=AUTO DISABLED Relay contacted again"]);
    root.run(&["apply", "--yes"]).says(&["held"]);
    assert_eq!(rule(), true);
    root.run(&["apply", "--yes", "--re-enable"]).exits(0).says(&["retire done"]);
    assert_eq!(rule(), false);
}

#[test]
fn what_a_selector_cannot_judge_is_not_retired() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, &(RULE.to_owned() + "tactics: [Execution]\n"));
    root.append("environments/local.yaml", "content: { include: [{ tactic: Execution }] }\n");
    root.run(&["apply", "--yes"]).exits(0);
    portal.forget();
    root.replace(RULE_FILE, "tactics: [Execution]", "tactics: [Exekution]");
    root.run(&["apply", "--yes", "--keep-going", "--prune"]).exits(10);
    assert_eq!(portal.writes(), NOTHING);
    // Left out on purpose, it is retired, and the plan does not say that its file is gone.
    root.replace(RULE_FILE, "tactics: [Exekution]", "tactics: [Impact]");
    root.run(&["plan"]).says(&["QUIETER", "leave `content/analytics/relay.yaml` out"]);
}

#[test]
fn while_an_id_cannot_be_read_nothing_is_retired() {
    let (root, portal) = Root::with_rule();
    root.remove(RULE_FILE);
    root.write("content/analytics/broken.yaml", "name: no id here\nseverity: [High\n");
    root.write(HUNT_FILE, HUNT);
    let said = ["content/analytics/broken.yaml:2:11", "invalid-yaml", "cannot be read"];
    root.run(&["apply", "--yes"]).exits(10).says(&said).says(&["--keep-going"]);
    assert_eq!(portal.writes(), NOTHING, "nothing is sent");
    root.run(&["apply", "--yes", "--keep-going", "--prune"]).exits(10).says(&said);
    assert_eq!(portal.writes(), ["PUT huntingquery-relay-hunt", "PUT relay-hunt"], "the rest");
    let plan = root.run(&["plan", "--format", "json"]).exits(10).json();
    assert_eq!(verdict(&plan, RULE_KEY), ("held", "none"));
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], true);
    // What moves outside git meanwhile is told all the same.
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    root.run(&["drift"]).exits(20).says(&[RULE_KEY, "severity", "Low"]);
}

#[test]
fn an_empty_checkout_does_not_retire_a_whole_workspace() {
    let (root, portal) = Root::empty();
    let file = |number: usize| format!("content/analytics/relay-{number}.yaml");
    for number in 0..6 {
        let rule = RULE.replace("relay-rule", &format!("relay-rule-{number}"));
        root.write(&file(number), &rule.replace("Relay contacted", &format!("Relay {number}")));
    }
    root.run(&["apply", "--yes"]).exits(0);
    portal.forget();
    (0..6).for_each(|number| root.remove(&file(number)));
    for flags in [&[][..], &["--prune"], &["--keep-going"]] {
        root.run(&[&["apply", "--yes"], flags].concat())
            .exits(21)
            .says(&["6 of 6 items in `local/sandbox`", "--ack deletes"]);
        assert_eq!(portal.writes(), NOTHING);
    }
    root.run(&["apply", "--yes", "--ack", "deletes"]).exits(0).says(&["retire done"]);
}

#[test]
fn an_empty_checkout_retires_nothing() {
    let (root, portal) = Root::with_both();
    portal.forget();
    root.remove(RULE_FILE);
    root.remove(HUNT_FILE);
    for flags in [&[][..], &["--prune"], &["--keep-going"]] {
        root.run(&[&["apply", "--yes"], flags].concat())
            .exits(21)
            .says(&["`local/sandbox` (2 items)", "--ack deletes"]);
        assert_eq!(portal.writes(), NOTHING);
    }
    // A plan says what would be refused; it is saved with the acknowledgement or not applied.
    root.run(&["plan", "--out", "plan.json"]).exits(21).says(&["retire"]);
    root.run(&["apply", "plan.json", "--yes"]).exits(21);
    assert_eq!(portal.writes(), NOTHING);
    root.run(&["apply", "--yes", "--ack", "deletes"]).exits(0).says(&["retire done"]);
}

#[test]
fn the_only_item_is_retired_as_any_other() {
    let (root, _portal) = Root::with_rule();
    root.remove(RULE_FILE);
    root.run(&["apply", "--yes"]).exits(0).says(&["retire done", "QUIETER"]);
}

#[test]
fn a_checkout_of_something_else_does_not_retire_all_of_a_small_workspace() {
    let (root, portal) = Root::with_rule();
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes"]).exits(0);
    portal.forget();
    root.remove(RULE_FILE);
    root.remove(HUNT_FILE);
    root.write("content/hunting/other.yaml", &HUNT.replace("relay-hunt", "other-hunt"));
    root.replace("content/hunting/other.yaml", "Relays by device", "Something else");
    root.run(&["apply", "--yes"]).exits(21).says(&["(2 items)", "--ack deletes"]);
    assert_eq!(portal.writes(), NOTHING);
    // What is named is meant.
    root.run(&["apply", "--yes", "--content", RULE_NAME]).exits(0).says(&["retire done"]);
}

#[test]
fn all_that_a_workspace_has_may_be_replaced_at_once() {
    let (root, portal) = Root::with_rule();
    let second = RULE.replace("relay-rule", "other-rule").replace("Relay contacted", "Other");
    root.write("content/analytics/other.yaml", &second);
    root.run(&["apply", "--yes"]).exits(0);
    for (file, old) in [(RULE_FILE, "relay-rule"), ("content/analytics/other.yaml", "other-rule")] {
        root.replace(file, &format!("id: {old}"), &format!("id: {old}-2\nreplaces: {old}"));
        root.replace(file, "name: ", "name: New ");
    }
    root.run(&["apply", "--yes"]).exits(0).says(&["create done", "retire done"]);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["enabled"], false);
}

#[test]
fn a_held_item_whose_record_cannot_be_read_is_not_green() {
    let (root, portal) = Root::with_rule();
    let mut record = portal.get(Metadata, "analyticsrule-relay-rule");
    record["properties"]["customVersion"] = json!("so9;from;the;future");
    portal.put(Metadata, "analyticsrule-relay-rule", &record);
    root.replace(RULE_FILE, "severity: Medium", "severity: Loud");
    let said = ["what was last applied cannot be read", "unknown"];
    root.run(&["drift"]).exits(20).says(&said).hides(&["No drift"]);
    root.run(&["drift", "--format", "markdown"]).exits(20).says(&said);
}
