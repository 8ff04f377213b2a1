//! The process is killed before each of its writes in turn; then the files change; then the next run
//! takes over.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;

use sentinelops::emulator::Answer;
use serde_json::{Value, json};

use crate::faults::put;
use crate::gate::{Fate, Gate, Seen, Stop};
use crate::portal::{AlertRules, Collection, Metadata, Portal, SavedSearches};
use crate::root::Root;
use crate::sample;

/// Lets `apply` come to its write of this number, from 0, and kills it there. Answers whether it came
/// that far; if not, it ended well.
fn killed_before(root: &Root, portal: &Portal, number: usize) -> bool {
    kills_before(root, portal, number, &["apply", "--yes", "--prune", "--ack", "deletes"])
}

/// The same of any command that writes.
fn kills_before(root: &Root, portal: &Portal, number: usize, args: &[&str]) -> bool {
    let writes = AtomicUsize::new(0);
    let (stop, stopped) = Stop::new();
    let gate = Gate::before(portal, move |seen: &Seen| {
        match seen.writes().then(|| writes.fetch_add(1, Ordering::SeqCst)) {
            // Others may be under way at the same time: they are lost as well.
            Some(at) if at >= number => stopped.wait(),
            Some(_) | None => Fate::Pass,
        }
    });
    gate.guards(root);
    let mut process = root.start(args);
    let reached = stop.reaches(|| process.has_ended());
    match reached {
        true => process.kill(),
        false => drop(process.ends().exits(0)),
    }
    drop(stop);
    gate.settles();
    root.write("environments/local.yaml", &sample::environment(&portal.endpoint()));
    reached
}

/// Kills `apply` before its every write, each time in a repository of its own; changes the files;
/// applies again; then live is what the files say, and nothing is there twice.
fn survives_every_death(
    prepare: impl Fn() -> (Root, Portal) + Sync,
    change: impl Fn(&Root) + Sync,
    writes: usize,
    live: &[(Collection, &str, &str, Value)],
) {
    let dies = |number: usize| {
        let (root, portal) = prepare();
        assert_eq!(killed_before(&root, &portal, number), number < writes, "write {number}");
        change(&root);
        root.run(&["apply", "--yes", "--prune"]).exits(0);
        root.run(&["plan", "--prune", "--exit-code"]).exits(0);
        root.run(&["drift"]).exits(0);
        for (collection, name, property, value) in live {
            let body = portal.get(*collection, name);
            assert_eq!(&body["properties"][*property], value, "{name} after write {number}");
        }
        nothing_twice(&portal, live);
    };
    scope(|threads| {
        let all: Vec<_> = (0..=writes).map(|number| threads.spawn(move || dies(number))).collect();
        all.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// As many items and records as there should be items, and each record about one of them.
fn nothing_twice(portal: &Portal, live: &[(Collection, &str, &str, Value)]) {
    let mut expect: Vec<&str> = live.iter().map(|(_, name, ..)| *name).collect();
    expect.sort_unstable();
    expect.dedup();
    let named = |body: &Value| body["name"].as_str().unwrap_or_default().to_owned();
    let scheduled = portal.list(AlertRules).into_iter().filter(|body| body["kind"] == "Scheduled");
    let hunts = portal.list(SavedSearches).into_iter();
    let hunts = hunts.filter(|body| body["properties"]["category"] == "Hunting Queries");
    let mut items: Vec<String> = scheduled.chain(hunts).map(|body| named(&body)).collect();
    items.sort_unstable();
    assert_eq!(items, expect);
    let records = portal.list(Metadata);
    let mut about: Vec<&str> =
        records.iter().filter_map(|body| body["properties"]["contentId"].as_str()).collect();
    about.sort_unstable();
    assert_eq!(about, expect, "records");
}

fn high(root: &Root) {
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
}

fn low(root: &Root) {
    let text = root.read(sample::RULE_FILE);
    let (before, rest) = text.split_once("severity: ").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    root.write(sample::RULE_FILE, &format!("{before}severity: Low\n{after}"));
}

#[test]
fn a_create_that_dies_before_any_write_is_ended_by_the_next_run() {
    let prepare = || {
        let (root, portal) = Root::empty();
        root.write(sample::RULE_FILE, sample::RULE);
        root.write(sample::HUNT_FILE, sample::HUNT);
        (root, portal)
    };
    let live = [
        (AlertRules, sample::RULE_NAME, "severity", json!("Low")),
        (SavedSearches, sample::HUNT_NAME, "displayName", json!("Relays by device")),
    ];
    survives_every_death(prepare, low, 4, &live);
}

#[test]
fn an_update_that_dies_before_any_write_is_ended_by_the_next_run() {
    let prepare = || {
        let (root, portal) = Root::with_rule();
        high(&root);
        (root, portal)
    };
    let live = [(AlertRules, sample::RULE_NAME, "severity", json!("Low"))];
    survives_every_death(prepare, low, 3, &live);
}

#[test]
fn a_replacement_with_prune_that_dies_before_any_write_is_ended_by_the_next_run() {
    let prepare = || {
        let (root, portal) = Root::with_rule();
        root.remove(sample::RULE_FILE);
        let heir = sample::RULE.replace("relay-rule", "heir-rule").replace("Relay c", "Heir c");
        root.write("content/analytics/heir.yaml", &(heir + "replaces: relay-rule\n"));
        (root, portal)
    };
    let change = |root: &Root| root.replace("content/analytics/heir.yaml", "Medium", "Low");
    survives_every_death(
        prepare,
        change,
        4,
        &[(AlertRules, "heir-rule", "severity", json!("Low"))],
    );
}

#[test]
fn a_prune_that_dies_before_any_write_can_be_taken_back() {
    let prepare = || {
        let (root, portal) = Root::with_rule();
        root.remove(sample::RULE_FILE);
        (root, portal)
    };
    let change = |root: &Root| root.write(sample::RULE_FILE, sample::RULE);
    let live = [
        (AlertRules, sample::RULE_NAME, "severity", json!("Medium")),
        (AlertRules, sample::RULE_NAME, "enabled", json!(true)),
    ];
    survives_every_death(prepare, change, 2, &live);
}

#[test]
fn an_answered_value_that_death_kept_from_the_record_is_a_conflict_and_said() {
    let (root, portal) = Root::empty();
    root.write(sample::RULE_FILE, sample::RULE);
    let values =
        BTreeMap::from([("properties/displayName".to_owned(), json!("Relay, named otherwise"))]);
    portal.fail(&[put("/alertRules/", Answer::AnswerChanged(values))]);
    // The record, the rule, and then the record with what was answered.
    assert!(killed_before(&root, &portal, 2));
    portal.fail(&[]);
    root.replace(sample::RULE_FILE, "name: Relay contacted", "name: Relay talked to");
    root.run(&["plan"]).exits(21).says(&[sample::RULE_KEY, "displayName", "named otherwise"]);
    root.run(&["apply", "--yes"]).exits(21).says(&["refused: Relay talked to", "conflict"]);
    let name = &portal.get(AlertRules, sample::RULE_NAME)["properties"]["displayName"];
    assert_eq!(name, "Relay, named otherwise", "nobody decided");
    root.run(&["apply", "--yes", "--on-conflict", "desired"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0);
}

/// A rule that is there and was made High in the files.
fn to_be_high() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    high(&root);
    (root, portal)
}

fn severity(portal: &Portal) -> Value {
    portal.get(AlertRules, sample::RULE_NAME)["properties"]["severity"].clone()
}

/// Its files are held back, and no field of it drifted.
fn is_rolled_back(root: &Root, portal: &Portal, number: usize) {
    assert_eq!(severity(portal), "Medium", "after write {number}");
    portal.forget();
    root.run(&["apply", "--yes"]).exits(20).says(&["held back by a rollback"]);
    let drift = root.run(&["drift", "--format", "json"]).exits(20).json();
    let change = crate::root::change(&drift, sample::RULE_KEY);
    assert_eq!((&change["class"], &change["fields"]), (&json!("held"), &json!([])));
    assert!(portal.writes().is_empty());
    root.run(&["apply", "--yes", "--retry"]).exits(0);
    assert_eq!(severity(portal), "High", "after write {number}");
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn an_update_that_dies_before_any_write_can_be_rolled_back() {
    scope(|threads| {
        for number in 0..3 {
            threads.spawn(move || {
                let (root, portal) = to_be_high();
                assert!(killed_before(&root, &portal, number));
                root.run(&["rollback", "latest", "--yes"]).exits(0).says(&["was cut off"]);
                is_rolled_back(&root, &portal, number);
            });
        }
    });
}

#[test]
fn a_rollback_that_dies_before_any_write_is_ended_by_the_same_rollback() {
    scope(|threads| {
        for number in 0..3 {
            threads.spawn(move || {
                let (root, portal) = to_be_high();
                root.run(&["apply", "--yes"]).exits(0);
                let run = last_run(&root);
                let rollback = ["rollback", &run, "--yes"];
                assert!(kills_before(&root, &portal, number, &rollback), "write {number}");
                root.run(&rollback).exits(0);
                is_rolled_back(&root, &portal, number);
            });
        }
    });
}

#[test]
fn a_create_that_dies_before_any_write_can_be_rolled_back() {
    scope(|threads| {
        for number in 0..2 {
            threads.spawn(move || {
                let (root, portal) = Root::empty();
                root.write(sample::RULE_FILE, sample::RULE);
                assert!(killed_before(&root, &portal, number), "write {number}");
                root.run(&["rollback", "latest", "--yes"]).exits(0);
                let rule = portal.get(AlertRules, sample::RULE_NAME);
                assert_ne!(rule["properties"]["enabled"], true, "write {number}");
                // Where not even its record was written, the run has done nothing that could be held back.
                let held = if number == 0 { 0 } else { 20 };
                root.run(&["apply", "--yes"]).exits(held);
                root.run(&["apply", "--yes", "--retry"]).exits(0);
                root.run(&["plan", "--exit-code"]).exits(0);
                let rule = portal.get(AlertRules, sample::RULE_NAME);
                assert_eq!(rule["properties"]["enabled"], true, "write {number}");
                assert_eq!(portal.list(Metadata).len(), 1);
            });
        }
    });
}

fn last_run(root: &Root) -> String {
    let runs = std::fs::read_dir(root.path(".sentinelops/runs")).unwrap();
    runs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).max().unwrap()
}
