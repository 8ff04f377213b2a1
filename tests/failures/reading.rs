//! The workspace cannot be read: what is not known is never green, and gets no writes.

use std::thread::scope;

use sentinelops::emulator::{Answer, Fault};
use serde_json::json;

use crate::faults::{on, once, status, throttled};
use crate::portal::Portal;
use crate::process::Process;
use crate::root::{Ran, Root};
use crate::sample;

const ALL: [&[&str]; 3] = [&["plan", "--exit-code"], &["drift"], &["apply", "--yes"]];

/// One deployed rule that drifted, and one more to create: whoever reads has something to say, and
/// `apply` something to write.
fn workspace() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.write(sample::HUNT_FILE, sample::HUNT);
    portal.edit(crate::portal::AlertRules, sample::RULE_NAME, &["severity=Low"]);
    portal.forget();
    (root, portal)
}

/// Runs `plan`, `drift` and `apply` side by side.
fn all(root: &Root) -> Vec<Ran> {
    let running: Vec<Process> = ALL.iter().map(|args| root.start(args)).collect();
    running.into_iter().map(Process::ends).collect()
}

/// Whatever is asked for, the workspace is unknown, for this reason, and nothing is sent to it.
#[track_caller]
fn unreadable(fault: Fault, code: i32, reason: &str) {
    let (root, portal) = workspace();
    portal.fail(&[fault]);
    for ran in all(&root) {
        ran.exits(code).says(&["local/sandbox", reason]).hides(&["in sync", "No drift"]);
    }
    assert!(portal.writes().is_empty(), "{:?}", portal.writes());
}

/// Whatever happened, it passed: the workspace is read, and `apply` brings it to what the files say.
#[track_caller]
fn readable_all_the_same(faults: &[Fault]) {
    let (root, portal) = workspace();
    for (args, code) in ALL.iter().zip([20, 20, 0]) {
        portal.fail(faults);
        root.run(args).exits(code);
    }
    portal.fail(&[]);
    root.run(&["plan", "--exit-code"]).exits(0).says(&["2 in sync"]);
}

#[test]
fn whoever_is_not_signed_in_reads_nothing_and_exits_40() {
    unreadable(on("alertRules", status(401)), 40, "401 ExpiredAuthenticationToken");
}

#[test]
fn whoever_is_not_allowed_reads_nothing_and_exits_40() {
    unreadable(on("metadata", status(403)), 40, "403 AuthorizationFailed");
    unreadable(on("savedSearches", status(403)), 40, "403 AuthorizationFailed");
}

#[test]
fn a_workspace_that_is_not_found_is_unknown_and_not_empty() {
    unreadable(on("alertRules", status(404)), 41, "404 ");
    unreadable(on("metadata", status(404)), 41, "404 ");
}

#[test]
fn a_conflict_while_reading_makes_the_workspace_unknown() {
    unreadable(on("alertRules", status(409)), 41, "409 ");
    unreadable(on("alertRules", status(412)), 41, "412 ");
}

#[test]
fn a_service_that_asks_for_more_patience_than_there_is_makes_it_unknown() {
    unreadable(on("alertRules", throttled(3600)), 41, "asked to wait 3600 s more");
}

#[test]
fn a_service_that_keeps_failing_makes_it_unknown() {
    unreadable(on("alertRules", status(500)), 41, "500 ");
}

#[test]
fn a_connection_that_keeps_breaking_makes_it_unknown() {
    unreadable(on("alertRules", Answer::Drop), 41, "the connection broke");
}

#[test]
fn half_a_page_is_not_a_page() {
    unreadable(on("alertRules", Answer::HalfPage), 41, "the answer ends in the middle");
}

#[test]
fn a_next_page_on_another_host_is_not_asked_for() {
    // Nobody may see the token; so nobody is there who could answer either.
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let link = format!("http://{}/next", elsewhere.local_addr().unwrap());
    let reason = "leads to another server, `127.0.0.1`";
    unreadable(on("alertRules", Answer::NextLink(link)), 41, reason);
    assert!(elsewhere.accept().is_err(), "somebody asked");
}

#[test]
fn a_subscription_of_another_tenant_is_not_read_and_exits_40() {
    let (root, portal) = workspace();
    let other = "99999999-9999-4999-8999-999999999999";
    root.replace("environments/local.yaml", sample::TENANT, other);
    for ran in all(&root) {
        ran.exits(40).says(&["belongs to tenant", sample::TENANT, other]);
    }
    assert!(portal.writes().is_empty());
    assert_eq!(portal.requests(), 3, "the subscription, and nothing of it");
}

#[test]
fn what_passes_within_moments_is_waited_for() {
    let answers = [
        once(on("alertRules", throttled(1))),
        once(on("savedSearches", status(500))),
        once(on("metadata", status(503))),
    ];
    let connections = [
        once(on("alertRules", Answer::Drop)),
        once(on("savedSearches", Answer::HalfPage)),
        once(on("metadata", Answer::DropAfter)),
    ];
    scope(|threads| {
        threads.spawn(|| readable_all_the_same(&answers));
        threads.spawn(|| readable_all_the_same(&connections));
    });
}

#[test]
fn a_rule_of_an_unknown_kind_is_left_alone_and_hides_nothing() {
    let item = json!({"name": "x", "kind": "Anomaly2", "properties": {"displayName": "New"}});
    readable_all_the_same(&[on("alertRules?", Answer::ExtraItem(item))]);
}

#[test]
fn lists_that_are_empty_for_a_moment_lose_nothing() {
    for path in ["alertRules?", "savedSearches?", "metadata?"] {
        let (root, portal) = Root::with_rule();
        root.write(sample::HUNT_FILE, sample::HUNT);
        root.run(&["apply", "--yes"]).exits(0);
        portal.forget();
        for args in ALL {
            portal.fail(&[on(path, Answer::EmptyList)]);
            root.run(args).exits(0);
        }
        assert!(portal.writes().is_empty(), "{path}: {:?}", portal.writes());
    }
}

#[test]
fn one_workspace_that_cannot_be_read_is_unknown_and_the_other_is_served() {
    let (root, portal) = workspace();
    root.add_workspace(&portal, "broken", "canary");
    let faults = [on("law-broken/providers", status(403))];
    for (args, code) in ALL.iter().zip([41, 41, 41]) {
        portal.fail(&faults);
        let said = ["local/broken", "403 AuthorizationFailed", "local/sandbox"];
        root.run(args).exits(code).says(&said);
    }
    let sent = portal.writes();
    assert!(sent.iter().any(|line| line == "PUT relay-hunt"), "{sent:?}");
    portal.fail(&[]);
    root.run(&["plan", "--workspace", "sandbox", "--exit-code"]).exits(0);
    root.run(&["plan", "--workspace", "broken", "--exit-code"]).exits(20);
}

#[test]
fn a_name_that_was_selected_is_not_called_unknown_while_a_workspace_is() {
    let (root, portal) = workspace();
    root.remove(sample::RULE_FILE);
    for (fault, code) in [(status(401), 40), (status(404), 41)] {
        portal.fail(&[on("alertRules", fault)]);
        for name in [sample::HUNT_NAME, sample::RULE_NAME] {
            for args in ALL {
                root.run(&[args, &["--content", name]].concat())
                    .exits(code)
                    .says(&["local/sandbox"])
                    .hides(&["there is no content"]);
            }
        }
    }
    assert!(portal.writes().is_empty(), "{:?}", portal.writes());
}

/// One workspace in which something is to be refused, and one that cannot be read.
fn refused_and_unreadable() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.add_workspace(&portal, "broken", "canary");
    (root, portal)
}

#[test]
fn a_refused_run_that_has_not_read_everything_exits_as_unknown() {
    let (root, portal) = refused_and_unreadable();
    root.write(sample::HUNT_FILE, sample::HUNT);
    root.run(&["apply", "--yes"]).exits(0);
    portal.forget();
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    portal.fail(&[on("law-broken/providers", status(403))]);
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: Low");
    root.run(&["apply", "plan.json", "--yes"]).exits(41).says(&["no longer the plan"]);
    root.remove(sample::RULE_FILE);
    root.remove(sample::HUNT_FILE);
    root.run(&["apply", "--yes"]).exits(41).says(&["--ack deletes"]);
    assert!(portal.writes().is_empty(), "{:?}", portal.writes());
}

#[test]
fn a_plan_that_was_saved_without_reading_a_workspace_changes_nothing_there() {
    let (root, portal) = refused_and_unreadable();
    let unread = on("law-broken/providers", status(403));
    portal.fail(std::slice::from_ref(&unread));
    let said = ["saved as one without changes", "refused"];
    root.run(&["plan", "--out", "plan.json"]).exits(41).says(&said);
    root.run(&["apply", "plan.json", "--yes"]).exits(41);
    portal.fail(&[]);
    root.run(&["apply", "plan.json", "--yes"]).exits(21).says(&["local/broken", "not in the plan"]);
    assert!(portal.writes().is_empty(), "{:?}", portal.writes());
}

#[test]
fn a_report_that_cannot_be_written_does_not_hide_how_the_run_ended() {
    let lost = ["--output", "no/such/folder.txt"];
    let (root, portal) = workspace();
    portal.fail(&[on("relay-hunt", status(400))]);
    root.run(&[&["apply", "--yes"][..], &lost].concat())
        .exits(30)
        .says(&["no/such/folder.txt", "failed"]);
    portal.fail(&[on("alertRules", status(404))]);
    for args in ALL {
        root.run(&[args, &lost].concat()).exits(41).says(&["no/such/folder.txt"]);
    }
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: Loud");
    root.run(&[&["check"][..], &lost].concat()).exits(10).says(&["no/such/folder.txt"]);
}
