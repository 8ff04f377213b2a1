//! A fresh clone: the shipped hunt and its exclusions, from files to the embedded emulator.

use crate::portal::{AlertRules, Portal, SavedSearches};
use crate::root::Root;

const RULE: &str = "analytic-rule/b6212120-3f98-439d-b982-24e84b913e53";
const HUNT: &str = "hunting-query/e483619f-5356-4967-b93e-cceb602783fb";

fn applied() -> Root {
    let root = Root::shipped();
    root.run(&["apply", "--environment", "local", "--yes"]).exits(0);
    root
}

#[test]
fn a_fresh_apply_creates_hunt_rule_and_two_records_and_says_so() {
    let root = Root::shipped();
    root.run(&["apply", "--environment", "local", "--yes"]).exits(0).says(&[
        "create done: ConnectWise remote management tool connects to the internet",
        RULE,
        "create done: Remote Management and Monitoring tool - ConnectWise - Network Connection",
        HUNT,
        "Applied 2 changes to 1 workspace.",
    ]);
    let journal = root.run(&["emulator", "journal", "--writes"]).exits(0).out;
    let written: Vec<&str> = journal
        .lines()
        .map(|line| line.split_whitespace().nth(3).unwrap().rsplit('/').next().unwrap())
        .map(|name| name.split('?').next().unwrap())
        .collect();
    let place = |name: &str| written.iter().position(|other| *other == name);
    let (_, rule) = RULE.split_once('/').unwrap();
    let (_, hunt) = HUNT.split_once('/').unwrap();
    assert_eq!(written.len(), 4, "{written:?}");
    assert!(place(&format!("analyticsrule-{rule}")) < place(rule), "{written:?}");
    assert!(place(&format!("huntingquery-{hunt}")) < place(hunt), "{written:?}");
}

#[test]
fn a_second_apply_finds_nothing_to_change_and_writes_nothing() {
    let root = applied();
    root.run(&["emulator", "journal", "--clear"]).exits(0);
    root.run(&["apply", "-e", "local", "--yes"])
        .exits(0)
        .says(&["Nothing to change in 1 workspace."]);
    let journal = root.run(&["emulator", "journal"]).exits(0).out;
    assert!(journal.contains(" GET "), "{journal}");
    assert!(journal.lines().all(|line| line.contains(" GET ")), "{journal}");
    root.run(&["plan", "-e", "local", "--exit-code"]).exits(0).says(&["2 in sync"]);
    root.run(&["drift", "-e", "local"]).exits(0);
}

#[test]
fn plan_reads_only_and_tells_pending_changes_by_its_exit_code() {
    let root = Root::shipped();
    root.run(&["plan", "-e", "local"]).exits(0).says(&["Plan: 2 to create"]);
    root.run(&["plan", "-e", "local", "--exit-code"]).exits(20);
    assert_eq!(root.run(&["emulator", "journal", "--writes"]).exits(0).out, "");
}

#[test]
fn the_deployed_query_has_every_exclusion_in_scope_before_the_summarize() {
    let root = applied();
    let portal = Portal::of(&root);
    for (collection, key) in [(AlertRules, RULE), (SavedSearches, HUNT)] {
        let (_, name) = key.split_once('/').unwrap();
        let body = portal.get(collection, name);
        let query = body["properties"]["query"].as_str().unwrap();
        let first = query.find("// exclusion: ").unwrap();
        let (filters, rest) = query.split_at(first);
        assert!(filters.contains("| where Timestamp between (Time_start..Time_end)"), "{query}");
        assert!(filters.contains("| where RemoteUrl has_any ("), "{query}");
        assert!(filters.contains("and InitiatingProcessVersionInfoCompanyName has_any ("));
        let (exclusions, _) = rest.split_once("\n| summarize ").unwrap();
        let ids: Vec<&str> =
            exclusions.lines().filter_map(|line| line.strip_prefix("// exclusion: ")).collect();
        let expect = [
            "connectwise-compliance-scan",
            "connectwise-intune-install",
            "connectwise-scheduled-maintenance",
            "connectwise-software-rollout",
        ];
        assert_eq!(ids, expect, "the fifth is scoped to another environment");
        let stages = exclusions.lines().filter(|line| line.starts_with('|'));
        for stage in stages {
            assert!(stage.starts_with("| where not(now() < datetime("), "{stage}");
            assert!(stage.ends_with(", false))"), "{stage}");
        }
    }
}

#[test]
fn an_edit_behind_the_back_is_named_and_restored() {
    let root = applied();
    root.run(&["emulator", "edit", "-e", "local", RULE, "severity=Low"]).exits(0);
    root.run(&["drift", "-e", "local"]).exits(20).says(&[
        "local/sandbox",
        "ConnectWise remote management tool connects to the internet",
        RULE,
        "severity: files say \"Medium\", workspace has \"Low\" (changed outside git)",
        "last changed by portal",
    ]);
    root.run(&["apply", "-e", "local", "--yes"]).exits(0).says(&["restore done"]);
    root.run(&["drift", "-e", "local"]).exits(0);
}

#[test]
fn a_delete_behind_the_back_is_named_and_undone() {
    let root = applied();
    for key in [RULE, HUNT] {
        root.run(&["emulator", "delete", "-e", "local", key]).exits(0);
    }
    root.run(&["drift", "-e", "local"]).exits(20).says(&[RULE, HUNT, "it was deleted outside git"]);
    root.run(&["apply", "-e", "local", "--yes"]).exits(0);
    root.run(&["drift", "-e", "local"]).exits(0);
    root.run(&["plan", "-e", "local", "--exit-code"]).exits(0);
}
