//! A write fails: the item says why, the others go on, and the next run ends what was begun.

use std::collections::BTreeMap;
use std::thread::scope;

use sentinelops::emulator::{Answer, Fault};
use serde_json::json;

use crate::faults::{delete, once, put, refused, status, throttled};
use crate::portal::{AlertRules, Metadata, Portal, SavedSearches};
use crate::root::Root;
use crate::sample;

/// One deployed rule to update, and one hunt to create.
fn workspace() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.write(sample::HUNT_FILE, sample::HUNT);
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
    (root, portal)
}

/// Whatever became of the last run, the next one ends it.
#[track_caller]
fn the_next_run_ends_it(root: &Root, portal: &Portal) {
    portal.fail(&[]);
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0).says(&["2 in sync"]);
    assert_eq!(portal.get(AlertRules, sample::RULE_NAME)["properties"]["severity"], "High");
}

/// The rule is not written, and this is said; the hunt is.
#[track_caller]
fn fails(answer: Answer, code: i32, said: &[&str]) {
    let (root, portal) = workspace();
    portal.fail(&[put("/alertRules/", answer)]);
    let ran = root.run(&["apply", "--yes"]).exits(code);
    ran.says(said).says(&["create done: Relays by device"]);
    assert_eq!(portal.get(AlertRules, sample::RULE_NAME)["properties"]["severity"], "Medium");
    assert_ne!(portal.get(Metadata, "huntingquery-relay-hunt"), json!(null));
    the_next_run_ends_it(&root, &portal);
}

/// It passed: the run ends well, and nothing is left to do.
#[track_caller]
fn passes(faults: &[Fault]) {
    let (root, portal) = workspace();
    portal.fail(faults);
    root.run(&["apply", "--yes"]).exits(0);
    portal.fail(&[]);
    root.run(&["plan", "--exit-code"]).exits(0).says(&["2 in sync"]);
}

#[test]
fn a_write_that_is_not_allowed_fails_and_the_rest_is_done() {
    fails(status(401), 30, &["update failed: Relay contacted", "401 ExpiredAuthenticationToken"]);
    fails(status(403), 30, &["update failed: Relay contacted", "403 AuthorizationFailed"]);
}

#[test]
fn a_write_that_is_refused_fails_and_the_rest_is_done() {
    let why = "Invalid data model.";
    fails(refused(400, why), 30, &["update failed: Relay contacted", why]);
    fails(status(404), 30, &["update failed: Relay contacted", "404 "]);
}

#[test]
fn a_write_that_keeps_losing_races_is_refused() {
    fails(status(409), 21, &["update refused: Relay contacted", "it keeps moving"]);
    fails(status(412), 21, &["update refused: Relay contacted", "it keeps moving"]);
}

#[test]
fn a_write_that_lost_one_race_is_decided_again_and_done() {
    passes(&[once(put("/alertRules/", status(409)))]);
    passes(&[once(put("/alertRules/", status(412)))]);
}

#[test]
fn a_throttled_write_waits_as_told() {
    passes(&[once(put("/alertRules/", throttled(1))), once(put("/metadata/", throttled(1)))]);
}

#[test]
fn a_write_that_is_throttled_for_too_long_fails_and_no_other_is_sent_after_it() {
    let (root, portal) = workspace();
    let limits = format!("{}limits: {{ concurrency: 1, perSubscription: 1 }}\n", sample::FLEET);
    root.write("environments/fleet.yaml", &limits);
    portal.fail(&[put("/providers/", throttled(3600))]);
    let before = portal.writes().len();
    let ran = root.run(&["apply", "--yes"]).exits(30);
    ran.says(&[
        "asked to wait 3600 s more",
        "not sent: the service wants",
        "Applied nothing. Not as planned: 2 failed.",
    ]);
    let sent = portal.writes().split_off(before);
    assert_eq!(sent.len(), 1, "told once, nobody else asks: {sent:?}");
    the_next_run_ends_it(&root, &portal);
}

#[test]
fn a_write_that_keeps_failing_fails_and_the_rest_is_done() {
    scope(|threads| {
        threads.spawn(|| fails(status(500), 30, &["update failed: Relay contacted", "500 "]));
        threads.spawn(|| {
            fails(Answer::Drop, 30, &["update failed: Relay contacted", "the connection broke"]);
        });
    });
}

#[test]
fn an_answer_that_is_lost_once_costs_nothing() {
    scope(|threads| {
        for answer in [Answer::Drop, Answer::DropAfter, Answer::HalfPage, status(500)] {
            let rules = once(put("/alertRules/", answer.clone()));
            let hunts = once(put("/savedSearches/", answer));
            threads.spawn(move || passes(&[rules, hunts]));
        }
    });
}

#[test]
fn answers_that_are_always_lost_leave_what_the_next_run_reads_rightly() {
    let lost = |answer: Answer, code: i32, verdict: &str| {
        let (root, portal) = workspace();
        portal.fail(&[put("/alertRules/", answer.clone()), put("/savedSearches/", answer)]);
        let ran = root.run(&["apply", "--yes"]).exits(code);
        let said = ["update", "create"].map(|action| format!("{action} {verdict}: Relay"));
        ran.says(&said.each_ref().map(String::as_str));
        assert_ne!(portal.get(SavedSearches, "relay-hunt"), json!(null));
        portal.fail(&[]);
        root.run(&["drift"]).exits(0);
        the_next_run_ends_it(&root, &portal);
    };
    scope(|threads| {
        threads.spawn(|| lost(Answer::DropAfter, 30, "failed"));
        // The repeated write is refused because the first one worked: so it is read and settled.
        threads.spawn(|| lost(Answer::HalfPage, 0, "done"));
    });
}

#[test]
fn a_prune_that_fails_says_so_and_the_next_run_ends_it() {
    let fails = |fault: Fault, said: &str| {
        let (root, portal) = Root::with_rule();
        root.remove(sample::RULE_FILE);
        portal.fail(&[fault]);
        let prune = ["apply", "--yes", "--prune", "--ack", "deletes"];
        root.run(&prune).exits(30).says(&["delete failed, QUIETER: Relay contacted", said]);
        assert_ne!(portal.get(Metadata, "analyticsrule-relay-rule"), json!(null), "{said}");
        portal.fail(&[]);
        root.run(&prune).exits(0);
        assert_eq!(portal.get(AlertRules, sample::RULE_NAME), json!(null));
        assert_eq!(portal.get(Metadata, "analyticsrule-relay-rule"), json!(null));
        root.run(&["plan", "--exit-code"]).exits(0);
    };
    let record = "deleted, but its record could not be";
    scope(|threads| {
        threads.spawn(|| fails(delete("/alertRules/", status(403)), "403 AuthorizationFailed"));
        threads.spawn(|| fails(delete("/alertRules/", status(500)), "500 "));
        threads.spawn(|| fails(delete("/alertRules/", Answer::Drop), "the connection broke"));
        threads.spawn(|| fails(delete("/metadata/", status(403)), record));
        threads.spawn(|| fails(delete("/metadata/", Answer::Drop), record));
    });
}

#[test]
fn partial_failure_goes_on_in_every_workspace_of_its_ring_and_exits_30() {
    let (root, portal) = Root::empty();
    root.add_workspace(&portal, "second", "canary");
    root.write(sample::HUNT_FILE, sample::HUNT);
    for number in 1..=3 {
        let rule = sample::RULE.replace("relay-rule", &format!("rule-{number}"));
        let rule = rule.replace("Relay contacted", &format!("Relay {number}"));
        root.write(&format!("content/analytics/{number}.yaml"), &rule);
    }
    portal.fail(&[put(
        "law-sandbox/providers/Microsoft.SecurityInsights/alertRules/rule-2",
        status(400),
    )]);
    let ran = root.run(&["apply", "--yes", "--format", "json"]).exits(30);
    let outcome = ran.json();
    let items = outcome["items"].as_array().unwrap();
    let failed: Vec<_> = items.iter().filter(|item| item["verdict"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{outcome:#}");
    assert_eq!(
        (&failed[0]["workspace"], &failed[0]["key"]),
        (&json!("sandbox"), &json!("analytic-rule/rule-2"))
    );
    assert_eq!(items.iter().filter(|item| item["verdict"] == "done").count(), 7, "{outcome:#}");
    portal.fail(&[]);
    let plan = root.plan();
    let pending: Vec<_> = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["class"] != "in-sync")
        .map(|change| (&change["workspace"], &change["key"], &change["class"]))
        .collect();
    assert_eq!(pending, [(&json!("sandbox"), &json!("analytic-rule/rule-2"), &json!("new"))]);
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn a_value_that_the_service_does_not_take_is_a_failure_and_then_drift() {
    let other = [
        ("enabled", json!(false)),
        ("severity", json!("Informational")),
        ("query", json!("DeviceNetworkEvents | where false")),
        ("suppressionEnabled", json!(true)),
    ];
    for (property, value) in other {
        let (root, portal) = Root::with_rule();
        root.replace(sample::RULE_FILE, "name: Relay contacted", "name: Relay talked to");
        let values = BTreeMap::from([(format!("properties/{property}"), value.clone())]);
        portal.fail(&[put("/alertRules/", Answer::AnswerChanged(values))]);
        root.run(&["apply", "--yes"]).exits(30).says(&["failed", property, "another value"]);
        assert_eq!(portal.get(AlertRules, sample::RULE_NAME)["properties"][property], value);
        root.run(&["drift"]).exits(20).says(&[property]);
        root.run(&["apply", "--yes"]).exits(30).says(&["restore failed", property]);
        portal.fail(&[]);
        root.run(&["apply", "--yes"]).exits(0).says(&["restore done"]);
        root.run(&["plan", "--exit-code"]).exits(0);
    }
}

#[test]
fn a_new_rule_that_the_service_makes_disabled_is_a_failure_and_then_drift() {
    let (root, portal) = Root::empty();
    root.write(sample::RULE_FILE, sample::RULE);
    let values = BTreeMap::from([("properties/enabled".to_owned(), json!(false))]);
    portal.fail(&[put("/alertRules/", Answer::AnswerChanged(values))]);
    root.run(&["apply", "--yes"]).exits(30).says(&["create failed", "`enabled`"]);
    portal.fail(&[]);
    root.run(&["drift"]).exits(20).says(&["enabled"]);
    root.run(&["apply", "--yes"]).exits(0).says(&["restore done"]);
}

/// A rule that cannot be made now: nothing is left behind, and the next run makes it.
#[track_caller]
fn waits(prepare: impl Fn(&Portal), end: impl Fn(&Portal), said: &[&str]) {
    let (root, portal) = Root::empty();
    root.write(sample::RULE_FILE, sample::RULE);
    prepare(&portal);
    root.run(&["apply", "--yes"]).exits(0).says(said);
    assert_eq!(portal.get(AlertRules, sample::RULE_NAME), json!(null));
    assert_eq!(portal.get(Metadata, "analyticsrule-relay-rule"), json!(null));
    root.run(&["plan", "--exit-code"]).exits(20).says(&["create: Relay contacted"]);
    end(&portal);
    root.run(&["apply", "--yes"]).exits(0).says(&["create done: Relay contacted"]);
    root.run(&["plan", "--exit-code"]).exits(0).says(&["1 in sync"]);
}

#[test]
fn a_rule_whose_table_the_workspace_lacks_is_blocked_until_the_table_is_there() {
    let tables = |portal: &Portal, tables: &[&str]| {
        let tables = tables.iter().map(|table| ((*table).to_owned(), None)).collect();
        portal.emulator.set_tables(&crate::portal::workspace(), Some(tables)).unwrap();
    };
    waits(
        |portal| tables(portal, &["SigninLogs"]),
        |portal| tables(portal, &["SigninLogs", "DeviceNetworkEvents"]),
        &["create blocked: Relay contacted", "One of the tables does not exist"],
    );
}

#[test]
fn a_rule_whose_id_was_deleted_lately_is_deferred() {
    let why = "The rule with id 'relay-rule' was recently deleted.";
    waits(
        |portal| portal.fail(&[put("/alertRules/", refused(400, why))]),
        |portal| portal.fail(&[]),
        &["create deferred: Relay contacted", "recently deleted"],
    );
}

/// What is deployed must not stay as it was, or gone, behind an exit code that says that all is well.
#[test]
fn a_change_of_a_deployed_rule_that_is_blocked_or_deferred_is_a_failure() {
    let table = "Failed to run the analytics rule query. One of the tables does not exist.";
    let deleted = "The rule with id 'relay-rule' was recently deleted.";
    for (why, said) in [(table, "blocked"), (deleted, "deferred")] {
        let (root, portal) = Root::with_rule();
        root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
        portal.fail(&[put("/alertRules/", refused(400, why))]);
        root.run(&["apply", "--yes"]).exits(30).says(&[&format!("update {said}: Relay contacted")]);
        portal.delete(AlertRules, sample::RULE_NAME);
        root.run(&["apply", "--yes"]).exits(30).says(&[&format!("create {said}: Relay contacted")]);
        portal.fail(&[]);
        root.run(&["apply", "--yes"]).exits(0).says(&["create done"]);
    }
}

#[test]
fn a_write_that_never_happened_is_still_a_change_in_git_whatever_else_stands_as_it_should() {
    let (root, portal) = Root::with_rule();
    portal.edit(AlertRules, sample::RULE_NAME, &["severity=High"]);
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
    root.replace(sample::RULE_FILE, "queryFrequency: 1h", "queryFrequency: 30m");
    portal.fail(&[put("/alertRules/", Answer::Drop)]);
    let apply = ["apply", "--yes", "--drift", "report"];
    root.run(&apply).exits(30).says(&["update failed"]);
    portal.fail(&[]);
    root.run(&["plan"]).says(&["changed in git"]).hides(&["outside git"]);
    root.run(&apply).exits(0).says(&["update done"]);
    let rule = portal.get(AlertRules, sample::RULE_NAME);
    assert_eq!(rule["properties"]["queryFrequency"], "PT30M");
}

#[test]
fn a_deleted_rule_that_the_service_does_not_take_back_yet_is_deferred_and_its_rollback_no_success()
{
    let (root, portal) = Root::with_rule();
    root.remove(sample::RULE_FILE);
    root.run(&["apply", "--yes", "--prune"]).exits(0).says(&["delete done"]);
    let run = std::fs::read_dir(root.path(".sentinelops/runs")).unwrap();
    let run = run.map(|entry| entry.unwrap().file_name().into_string().unwrap()).max().unwrap();
    let deleted = "The rule with id 'relay-rule' was recently deleted.";
    portal.fail(&[put("/alertRules/", refused(400, deleted))]);
    root.run(&["rollback", &run, "--yes"]).exits(30).says(&["create deferred", "recently deleted"]);
    portal.fail(&[]);
    root.run(&["rollback", &run, "--yes"]).exits(0).says(&["create done"]);
    assert_eq!(portal.get(AlertRules, sample::RULE_NAME)["properties"]["severity"], "Medium");
}
