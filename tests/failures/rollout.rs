//! Rings: what goes wrong in one must not reach the next.

use sentinelops::emulator::Fault;
use serde_json::Value;

use crate::faults::{on, put, refused, status};
use crate::gate::{Fate, Gate, Seen, Stop};
use crate::portal::Portal;
use crate::root::{Ran, Root};
use crate::sample;

const FLEET: &str = "environments/fleet.yaml";
const LOCAL: &str = "environments/local.yaml";

/// One new rule for one workspace in each of three rings.
fn three_rings(more: &str) -> (Root, Portal) {
    let (root, portal) = Root::empty();
    root.write(FLEET, &format!("owner: acme-soc\nrings: [canary, early, broad]\n{more}"));
    root.add_workspace(&portal, "second", "early");
    root.add_workspace(&portal, "third", "broad");
    root.write(sample::RULE_FILE, sample::RULE);
    (root, portal)
}

/// The service refuses the rule in the canary.
fn bad_rule() -> Fault {
    put("law-sandbox/providers/Microsoft.SecurityInsights/alertRules/", refused(400, "Bad rule."))
}

/// The workspaces that something was sent to.
fn written(portal: &Portal) -> Vec<&'static str> {
    let entries = portal.emulator.journal(0).unwrap();
    let names = ["law-sandbox", "law-second", "law-third"];
    let is_written = |name: &&str| {
        let to_it = entries.iter().filter(|e| e.method != "GET" && e.target.contains(*name));
        to_it.count() > 0
    };
    names.into_iter().filter(is_written).collect()
}

/// `ring standing` of each ring of an outcome.
fn standings(ran: &Ran) -> Vec<String> {
    let document = ran.json();
    let rings = document["rings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rings.map(|ring| format!("{} {}", text(&ring["ring"]), text(&ring["standing"]))).collect()
}

const APPLY: [&str; 5] = ["apply", "--all", "--yes", "--format", "json"];

#[test]
fn a_bad_rule_in_the_canary_reaches_no_other_ring() {
    let (root, portal) = three_rings("");
    portal.fail(&[bad_rule()]);
    let ran = root.run(&["apply", "--all", "--yes"]).exits(31);
    ran.says(&[
        "create failed: Relay contacted",
        "Bad rule.",
        "Rollout halted at ring canary: 1 change failed of 1 that were tried, and its failure budget \
         allows none (built in)",
        "canary: halted: 1 change begun in 1 workspace, 1 failed",
        "early: not started: 1 change in 1 workspace",
        "broad: not started: 1 change in 1 workspace",
        "hint: mend what went wrong in ring `canary` and run `sentinelops apply` again",
        "`--ring early`",
        "Halted at ring `canary`. Applied nothing. Not as planned: 1 failed, 2 not started.",
    ]);
    assert_eq!(written(&portal), ["law-sandbox"]);
    // Once it is mended, the run goes on through all rings.
    portal.fail(&[]);
    let ran = root.run(&APPLY).exits(0);
    assert_eq!(standings(&ran), ["canary finished", "early finished", "broad finished"]);
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn the_outcome_carries_the_halt() {
    let (root, portal) = three_rings("failureBudget: { items: 0, percent: 100 }\n");
    portal.fail(&[bad_rule()]);
    let ran = root.run(&APPLY).exits(31);
    assert_eq!(standings(&ran), ["canary halted", "early not-started", "broad not-started"]);
    let outcome = ran.json();
    let canary = &outcome["rings"][0];
    assert_eq!(canary["halt"], "over-budget");
    assert_eq!((&canary["begun"], &canary["failed"]), (&1.into(), &1.into()));
    assert_eq!(canary["budget"]["items"]["setAt"], "environments/fleet.yaml:3");
    assert_eq!(outcome["rings"][2]["notBegun"], 1);
    let verdicts: Vec<&str> = outcome["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["failed", "not-started", "not-started"]);
}

#[test]
fn a_budget_that_is_hit_exactly_lets_the_rollout_go_on() {
    for (budget, goes_on) in [
        ("{ items: 1 }", true),
        ("{ percent: 50 }", true),
        ("{ items: 1, percent: 49 }", false),
        ("{ percent: 0 }", false),
        ("{ percent: 100 }", true),
    ] {
        let (root, portal) = three_rings(&format!("failureBudget: {budget}\n"));
        root.write(sample::HUNT_FILE, sample::HUNT);
        portal.fail(&[bad_rule()]);
        root.run(&APPLY).exits(if goes_on { 30 } else { 31 });
        assert_eq!(written(&portal).len(), if goes_on { 3 } else { 1 }, "{budget}");
    }
}

#[test]
fn a_canary_that_nobody_could_read_lets_nothing_begin() {
    let (root, portal) = three_rings("failureBudget: { percent: 100 }\n");
    portal.fail(&[on("law-sandbox", status(403))]);
    let ran = root.run(&APPLY).exits(31);
    assert_eq!(standings(&ran), ["canary halted", "early not-started", "broad not-started"]);
    assert_eq!(ran.json()["rings"][0]["halt"], "nothing-tried");
    assert_eq!(ran.json()["summary"]["workspaces"]["unreadable"], 1);
    assert!(written(&portal).is_empty());
    root.run(&["apply", "--all", "--yes"]).exits(31).says(&[
        "Rollout halted at ring canary: nothing could be tried in it (1 workspace could not be read)",
    ]);
}

#[test]
fn an_unreadable_workspace_is_a_failure_of_its_ring() {
    for (budget, code, lands) in [("{ items: 1 }", 41, 3), ("{ items: 0 }", 31, 1)] {
        let (root, portal) = three_rings(&format!("failureBudget: {budget}\n"));
        root.add_workspace(&portal, "fourth", "canary");
        portal.fail(&[on("law-fourth", status(403))]);
        root.run(&APPLY).exits(code);
        assert_eq!(written(&portal).len(), lands, "{budget}");
    }
}

#[test]
fn a_failure_in_the_last_ring_halts_nothing() {
    let (root, portal) = three_rings("");
    let path = "law-third/providers/Microsoft.SecurityInsights/alertRules/";
    portal.fail(&[put(path, refused(400, "Bad rule."))]);
    let ran = root.run(&APPLY).exits(30);
    assert_eq!(standings(&ran), ["canary finished", "early finished", "broad finished"]);
}

/// Chained jobs run one ring each: the first must say that the second may not begin.
#[test]
fn a_ring_that_runs_by_itself_halts_the_chain() {
    let (root, portal) = three_rings("");
    portal.fail(&[bad_rule()]);
    root.run(&["apply", "--ring", "canary", "--yes"]).exits(31);
    // What is named otherwise is no job of a chain: nothing waits for it.
    root.run(&["apply", "--all", "--workspace", "sandbox", "--yes"]).exits(30);
}

#[test]
fn a_frozen_workspace_that_nothing_waits_for_is_pending() {
    let (root, portal) = three_rings(FROZEN);
    root.run(&["apply", "--all", "--workspace", "sandbox", "--yes"]).exits(20);
    root.run(&["apply", "--ring", "canary", "--yes"]).exits(31);
    assert!(written(&portal).is_empty());
}

#[test]
fn a_ring_that_is_named_does_not_ask_for_those_before_it() {
    let (root, portal) = three_rings("");
    portal.fail(&[bad_rule()]);
    root.run(&["apply", "--all", "--yes"]).exits(31);
    portal.forget();
    root.run(&["apply", "--ring", "early", "--yes"]).exits(0);
    assert_eq!(written(&portal), ["law-second"]);
}

#[test]
fn a_ring_without_workspaces_hinders_nobody() {
    let (root, portal) = three_rings("");
    root.replace(FLEET, "[canary, early", "[canary, empty, early");
    let ran = root.run(&APPLY).exits(0);
    assert_eq!(standings(&ran), ["canary finished", "early finished", "broad finished"]);
    assert_eq!(written(&portal).len(), 3);
    root.run(&["apply", "--ring", "empty", "--yes"]).exits(10).says(&["empty-selection"]);
}

#[test]
fn a_ring_in_which_nothing_is_to_be_done_hinders_nobody() {
    let (root, portal) = three_rings("");
    root.run(&["apply", "--ring", "canary", "--yes"]).exits(0);
    portal.forget();
    root.run(&APPLY).exits(0);
    assert_eq!(written(&portal), ["law-second", "law-third"]);
}

#[test]
fn environments_of_one_subscription_are_written_in_their_rings() {
    let (root, portal) = three_rings("");
    // The environment comes first by name, and last by ring.
    let whole = root.read(LOCAL);
    let at = whole.find("  - name: third").unwrap();
    let head = &whole[..whole.find("  - name: sandbox").unwrap()];
    root.write("environments/alpha.yaml", &format!("{head}{}", &whole[at..]));
    root.write(LOCAL, &whole[..at]);
    portal.fail(&[bad_rule()]);
    root.run(&["apply", "--all", "--yes"]).exits(31);
    assert_eq!(written(&portal), ["law-sandbox"]);
    portal.fail(&[]);
    root.run(&["apply", "--all", "--yes"]).exits(0);
    let order = portal.emulator.journal(0).unwrap();
    let place =
        |name: &str| order.iter().rposition(|e| e.method == "PUT" && e.target.contains(name));
    assert!(place("law-sandbox") < place("law-second") && place("law-second") < place("law-third"));
}

#[test]
fn an_interrupt_in_a_ring_begins_no_other() {
    let (root, portal) = three_rings("");
    let (stop, stopped) = Stop::new();
    let rule = move |seen: &Seen| {
        if seen.line == "PUT relay-rule" { stopped.wait() } else { Fate::Pass }
    };
    let gate = Gate::before(&portal, rule);
    let address = root.read(LOCAL);
    let behind = portal.endpoint();
    gate.guards(&root);
    let guarded = root.read(LOCAL);
    let endpoint = guarded.lines().find_map(|line| line.strip_prefix("endpoint: ")).unwrap();
    root.write(LOCAL, &address.replace(&behind, endpoint));
    let mut process = root.start(&APPLY);
    stop.wait();
    process.signal("INT");
    process.says("interrupted (Ctrl-C)");
    stop.let_go(Fate::Pass);
    let ran = process.ends().exits(130);
    assert_eq!(standings(&ran), ["canary interrupted", "early interrupted", "broad interrupted"]);
    assert_eq!(written(&portal), ["law-sandbox"]);
}

const FROZEN: &str = "freeze: [{ from: 2020-01-01, to: 2099-12-31, reason: audit }]\n";

#[test]
fn a_frozen_workspace_gets_no_writes_and_is_not_green() {
    let (root, portal) = three_rings("");
    root.append(LOCAL, &format!("    {FROZEN}"));
    let why = "frozen until 2099-12-31: audit (environments/local.yaml:";
    root.run(&["plan", "--exit-code"]).exits(20).says(&[
        why,
        "Plan: 3 to create.",
        "Of these, 1 change waits for the end of a freeze.",
    ]);
    let ran = root.run(&["apply", "--all", "--yes"]).exits(20);
    ran.says(&[why, "create frozen: Relay contacted", "Not as planned: 1 frozen."]);
    assert_eq!(written(&portal), ["law-sandbox", "law-second"]);
    // Drift can still be seen, and what is in sync is in sync.
    root.run(&["drift"]).exits(0);
    root.replace(LOCAL, "2099-12-31", "2020-12-31");
    root.run(&["apply", "--all", "--yes"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn a_freeze_of_an_environment_or_the_fleet_covers_all_of_it() {
    let (root, portal) = three_rings(FROZEN);
    root.run(&["apply", "--ring", "broad", "--yes"]).exits(20);
    root.write(FLEET, "owner: acme-soc\nrings: [canary, early, broad]\n");
    root.write(LOCAL, &format!("{FROZEN}{}", root.read(LOCAL)));
    root.run(&["apply", "--ring", "broad", "--yes"]).exits(20);
    assert!(written(&portal).is_empty());
}

#[test]
fn a_frozen_canary_shows_nothing_to_the_rings_after_it() {
    let (root, portal) = three_rings("");
    root.write(
        FLEET,
        &format!("owner: acme-soc\nrings: [{{ name: canary, {} }}, early, broad]\n", FROZEN.trim()),
    );
    root.run(&["apply", "--all", "--yes"])
        .exits(31)
        .says(&["nothing could be tried in it (1 workspace is frozen)"]);
    assert!(written(&portal).is_empty());
    root.run(&["apply", "--ring", "early,broad", "--yes"]).exits(0);
    // With nothing left to do there, it hinders nobody.
    root.replace(FLEET, "2099", "2021");
    root.run(&["apply", "--all", "--yes"]).exits(0);
    root.replace(FLEET, "2021", "2099");
    root.run(&["apply", "--all", "--yes"]).exits(0);
}

#[test]
fn a_plan_that_was_saved_in_a_freeze_is_applied_after_it() {
    let (root, portal) = three_rings(FROZEN);
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    root.run(&["apply", "plan.json", "--yes"]).exits(31);
    assert!(written(&portal).is_empty());
    root.replace(FLEET, "2099", "2021");
    root.run(&["apply", "plan.json", "--yes"]).exits(0);
    assert_eq!(written(&portal).len(), 3);
}

#[test]
fn what_a_guard_objects_to_in_the_last_ring_stops_the_first() {
    let (root, portal) = three_rings("");
    root.run(&["apply", "--all", "--yes"]).exits(0);
    portal.forget();
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
    root.append(
        LOCAL,
        "    overrides: { relay-rule: { enabled: { value: false, reason: pilot } } }\n",
    );
    root.run(&["apply", "--all", "--yes"]).exits(21).says(&["--ack disables@local/third=1"]);
    assert!(written(&portal).is_empty());
    root.run(&["apply", "--ring", "canary,early", "--yes"]).exits(0);
}
