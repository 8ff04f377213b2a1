//! Two runs of one repository at once: a push and a schedule, two jobs of one pipeline.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;

use serde_json::Value;

use crate::gate::{Fate, Gate, Seen, Stop};
use crate::portal::{AlertRules, Metadata, Portal, SavedSearches};
use crate::process::Process;
use crate::root::{Ran, Root};
use crate::sample;

const APPLY: [&str; 2] = ["apply", "--yes"];

/// A run comes to its first request of this line and waits there, while another one runs from its
/// beginning to its end.
fn overtaken_at(root: &Root, portal: &Portal, line: &'static str) -> Ran {
    let (stop, stopped) = Stop::new();
    let met = AtomicBool::new(false);
    let gate = Gate::before(portal, move |seen: &Seen| {
        let first = seen.line == line && !met.swap(true, Ordering::SeqCst);
        if first { stopped.wait() } else { Fate::Pass }
    });
    gate.guards(root);
    let slow = root.start(&APPLY);
    stop.wait();
    root.write("environments/local.yaml", &sample::environment(&portal.endpoint()));
    root.run(&APPLY).exits(0);
    stop.let_go(Fate::Pass);
    slow.ends()
}

/// There is one record, and it is of what is live.
fn is_in_order(root: &Root, portal: &Portal) {
    root.run(&["plan", "--exit-code"]).exits(0).says(&["1 in sync"]);
    root.run(&["drift"]).exits(0);
    let ours = |body: &&Value| body["properties"]["source"]["name"] == "sentinelops";
    assert_eq!(portal.list(Metadata).iter().filter(ours).count(), 1);
}

#[test]
fn a_hunt_that_another_run_has_created_meanwhile_keeps_its_record() {
    let overtaken = |line| {
        let (root, portal) = Root::empty();
        root.write(sample::HUNT_FILE, sample::HUNT);
        overtaken_at(&root, &portal, line).exits(0);
        is_in_order(&root, &portal);
        // The next change is a change, and no collision.
        root.replace(sample::HUNT_FILE, "5d", "7d");
        root.run(&APPLY).exits(0).says(&["update done"]);
        let query = portal.get(SavedSearches, sample::HUNT_NAME)["properties"]["query"].clone();
        assert!(query.as_str().unwrap().contains("7d"), "{query}");
    };
    scope(|threads| {
        threads.spawn(|| overtaken("GET huntingquery-relay-hunt"));
        threads.spawn(|| overtaken("PUT huntingquery-relay-hunt"));
        threads.spawn(|| overtaken("PUT relay-hunt"));
    });
}

#[test]
fn an_update_that_another_run_has_made_meanwhile_is_no_portal_edit() {
    for line in ["GET analyticsrule-relay-rule", "PUT analyticsrule-relay-rule", "PUT relay-rule"] {
        let (root, portal) = Root::with_rule();
        root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
        overtaken_at(&root, &portal, line).exits(0);
        is_in_order(&root, &portal);
        root.replace(sample::RULE_FILE, "severity: High", "severity: Low");
        root.run(&APPLY).exits(0).says(&["update done"]);
        assert_eq!(portal.get(AlertRules, sample::RULE_NAME)["properties"]["severity"], "Low");
    }
}

#[test]
fn a_run_of_older_files_says_that_it_came_too_late() {
    let (root, portal) = Root::with_rule();
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
    let (stop, stopped) = Stop::new();
    let gate = Gate::before(&portal, move |seen: &Seen| {
        if seen.line == "PUT relay-rule" { stopped.wait() } else { Fate::Pass }
    });
    gate.guards(&root);
    let older = root.start(&APPLY);
    stop.wait();
    root.write("environments/local.yaml", &sample::environment(&portal.endpoint()));
    root.replace(sample::RULE_FILE, "severity: High", "severity: Low");
    root.run(&APPLY).exits(0);
    stop.let_go(Fate::Pass);
    older.ends().exits(21).says(&["update refused: Relay contacted", "moved since it was planned"]);
    is_in_order(&root, &portal);
    assert_eq!(portal.get(AlertRules, sample::RULE_NAME)["properties"]["severity"], "Low");
}

#[test]
fn two_runs_at_once_leave_what_the_files_say_and_nothing_twice() {
    let (root, portal) = Root::with_rule();
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
    let running: Vec<Process> = (0..2).map(|_| root.start(&APPLY)).collect();
    for process in running {
        process.ends().exits(0);
    }
    is_in_order(&root, &portal);
}
