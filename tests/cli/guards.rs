//! Guards: more than usual of something is sent only when somebody has said that it is meant.

use sentinelops::emulator::{Answer, Fault};
use serde_json::{Value, json};

use crate::portal::{AlertRules, Metadata, Portal};
use crate::root::Root;
use crate::sample::{EXCLUSION, RULE, TENANT};

const FLEET: &str = "environments/fleet.yaml";
const LOCAL: &str = "environments/local.yaml";
const NOTHING: [&str; 0] = [];

fn file(number: usize) -> String {
    format!("content/analytics/r{number}.yaml")
}

fn rule(number: usize) -> String {
    RULE.replace("relay-rule", &format!("r{number}"))
        .replace("Relay contacted", &format!("Relay {number}"))
}

/// So many rules, not applied.
fn rules(count: usize) -> (Root, Portal) {
    let (root, portal) = Root::empty();
    (0..count).for_each(|number| root.write(&file(number), &rule(number)));
    (root, portal)
}

/// So many rules, applied.
fn deployed(count: usize) -> (Root, Portal) {
    let (root, portal) = rules(count);
    root.run(&["apply", "--yes"]).exits(0);
    portal.forget();
    (root, portal)
}

fn change(root: &Root, numbers: std::ops::Range<usize>, from: &str, to: &str) {
    numbers.for_each(|number| root.replace(&file(number), from, to));
}

/// Nothing is sent, and both `plan` and `apply` say why; the flag that they name lets it pass, one that
/// covers fewer does not.
#[track_caller]
fn objects(root: &Root, portal: &Portal, more: &[&str], said: &[&str], flag: &str) {
    root.run(&[&["plan"], more].concat())
        .exits(21)
        .says(&["guard objects:", "objection of guards: `apply` sends nothing."])
        .says(said)
        .says(&[flag]);
    root.run(&[&["apply", "--yes"], more].concat()).exits(21).says(said).says(&[flag]);
    let (guard, number) = flag.split_once('=').unwrap();
    let number: usize = number.parse().unwrap();
    let fewer = format!("{guard}={}", number - 1);
    let acknowledged = format!("acknowledged are {}", number - 1);
    root.run(&[&["apply", "--yes", "--ack", &fewer], more].concat())
        .exits(21)
        .says(&[&acknowledged]);
    let elsewhere = format!("{}@other", guard.split('@').next().unwrap());
    root.run(&[&["apply", "--yes", "--ack", &elsewhere], more].concat()).exits(10);
    assert_eq!(portal.writes(), NOTHING);
    root.run(&[&["apply", "--yes", "--ack", flag], more].concat()).exits(0);
    assert_ne!(portal.writes(), NOTHING);
}

#[test]
fn many_retirements_need_a_word() {
    let (root, portal) = deployed(12);
    (0..6).for_each(|number| root.remove(&file(number)));
    let said = [
        "6 of 12 items in `local/sandbox` would be retired or deleted; the limit is 5 (built in) and \
         10 % (built in) of them",
    ];
    objects(&root, &portal, &[], &said, "deletes@local/sandbox=6");
}

#[test]
fn many_changes_need_a_word_and_creates_never_count() {
    let (root, portal) = deployed(12);
    change(&root, 0..11, "severity: Medium", "severity: High");
    (12..40).for_each(|number| root.write(&file(number), &rule(number)));
    let said = [
        "11 of 12 items in `local/sandbox` would be changed; the limit is 10 (built in) and 30 % (built \
         in) of them",
        "local/sandbox: analytic-rule/r10",
    ];
    root.run(&["apply", "--yes"]).exits(21).says(&said);
    objects(&root, &portal, &[], &said[..1], "changes@local/sandbox=11");
}

#[test]
fn a_limit_that_is_hit_exactly_lets_pass() {
    let (root, _portal) = deployed(12);
    change(&root, 0..10, "severity: Medium", "severity: High");
    root.run(&["apply", "--yes"]).exits(0);
    root.append(FLEET, "guards: { changes: { count: 0, percent: 50 } }\n");
    change(&root, 0..6, "severity: High", "severity: Low");
    root.run(&["apply", "--yes"]).exits(0);
    change(&root, 0..7, "severity: ", "severity: Informational # ");
    root.run(&["apply", "--yes"]).exits(21).says(&["7 of 12", "50 % (environments/fleet.yaml:3)"]);
    root.replace(FLEET, "50", "100");
    root.run(&["apply", "--yes"]).exits(0);
}

#[test]
fn of_few_items_the_number_alone_counts() {
    let (root, portal) = deployed(3);
    root.append(FLEET, "guards: { changes: { count: 0, percent: 100 } }\n");
    change(&root, 0..1, "severity: Medium", "severity: High");
    let said = [
        "1 of 3 items in `local/sandbox` would be changed; the limit is 0 (environments/fleet.yaml:3), \
         of fewer than 10 whatever their share",
    ];
    objects(&root, &portal, &[], &said, "changes@local/sandbox=1");
}

#[test]
fn the_limit_of_the_lowest_layer_counts_and_its_place_is_named() {
    let (root, _portal) = deployed(2);
    root.append(FLEET, "guards: { disables: 5 }\n");
    root.append(LOCAL, "    guards: { disables: 0 }\n");
    root.append(&file(0), "enabled: false\n");
    root.run(&["apply", "--yes"]).exits(21).says(&["the limit is 0 (environments/local.yaml:12)"]);
    root.replace(LOCAL, "disables: 0", "disables: 1");
    root.run(&["apply", "--yes"]).exits(0);
}

#[test]
fn a_rule_is_switched_off_only_with_a_word() {
    let (root, portal) = deployed(1);
    root.append(&file(0), "enabled: false\n");
    let said = ["1 rule in `local/sandbox` would be switched off; the limit is 0 (built in)"];
    objects(&root, &portal, &[], &said, "disables@local/sandbox=1");
    // It is off now: nothing is switched off by writing it again.
    root.replace(&file(0), "severity: Medium", "severity: High");
    root.run(&["apply", "--yes"]).exits(0);
}

#[test]
fn a_restore_that_switches_a_rule_off_needs_a_word_too() {
    let (root, portal) = rules(1);
    root.append(&file(0), "enabled: false\n");
    root.run(&["apply", "--yes"]).exits(0);
    portal.edit(AlertRules, "r0", &["enabled=true"]);
    portal.forget();
    objects(&root, &portal, &[], &["1 rule in `local/sandbox`"], "disables@local/sandbox=1");
}

#[test]
fn an_exclusion_by_tag_or_table_reaches_far_only_with_a_word() {
    for by in ["tags: [network]", "tables: [DeviceNetworkEvents]"] {
        let (root, portal) = deployed(3);
        root.append(FLEET, "guards: { exclusionReach: 2 }\n");
        let broad = EXCLUSION.replace("content: [relay-rule]", by);
        root.write("content/exclusions/a.yaml", &broad);
        let said = [
            "exclusion `patch-wave`, which chooses its content by tag or table, would be put into 3 items \
             in `local/sandbox`; the limit is 2 (environments/fleet.yaml:3)",
        ];
        objects(&root, &portal, &[], &said, "exclusion-reach@local/sandbox=3");
        // What stands already is no question any more; what is prolonged is one again.
        change(&root, 0..3, "severity: Medium", "severity: High");
        root.run(&["apply", "--yes"]).exits(0);
        root.replace("content/exclusions/a.yaml", "expires: 2027-05-01", "expires: 2027-06-01");
        root.run(&["apply", "--yes"]).exits(21).says(&["--ack exclusion-reach@local/sandbox=3"]);
        root.replace("content/exclusions/a.yaml", "expires: 2027-06-01", "expires: 2027-04-01");
        root.run(&["apply", "--yes"]).exits(0);
    }
}

#[test]
fn an_exclusion_that_names_its_content_reaches_what_it_names() {
    let (root, _portal) = deployed(3);
    root.append(FLEET, "guards: { exclusionReach: 2 }\n");
    let named = EXCLUSION.replace("content: [relay-rule]", "content: [r0, r1, r2]");
    root.write("content/exclusions/a.yaml", &named);
    root.run(&["apply", "--yes"]).exits(0);
}

#[test]
fn items_are_made_with_a_broad_exclusion_only_with_a_word() {
    let (root, portal) = rules(3);
    root.append(FLEET, "guards: { exclusionReach: 2 }\n");
    let broad = EXCLUSION.replace("content: [relay-rule]", "tags: [network]");
    root.write("content/exclusions/a.yaml", &broad);
    let said = ["would be put into 3 items"];
    objects(&root, &portal, &[], &said, "exclusion-reach@local/sandbox=3");
}

#[test]
fn a_workspace_is_taken_over_only_with_a_word() {
    let (root, portal) = deployed(2);
    (0..2).for_each(|number| portal.delete(Metadata, &format!("analyticsrule-r{number}")));
    portal.forget();
    let said = [
        "2 items in `local/sandbox` without an owner would be taken over, equal to the files, where this \
         repository owns nothing yet; the limit is 0 (built in)",
    ];
    objects(&root, &portal, &[], &said, "first-run@local/sandbox=2");
    // It owns something now: one more that lost its record is taken over as before.
    portal.delete(Metadata, "analyticsrule-r1");
    root.run(&["apply", "--yes"]).exits(0).says(&["adoptable"]);
}

/// A link to a playbook, as the service lists it.
fn playbook() -> Fault {
    let link = json!({"name": "a1", "properties": {"logicAppResourceId": "/logic/isolate-host"}});
    let answer = Answer::ExtraItem(link);
    Fault { path_contains: Some("/alertRules/r0/actions".to_owned()), ..Fault::new(answer) }
}

#[test]
fn a_rule_with_playbooks_is_deleted_only_with_a_word() {
    let (root, portal) = deployed(2);
    portal.emulator.faults().set(vec![playbook()]);
    root.remove(&file(0));
    // A rule that is only switched off keeps its links.
    root.run(&["apply", "--yes"]).exits(0).says(&["retire done"]);
    portal.forget();
    let said = [
        "1 rule in `local/sandbox` would be deleted together with links to playbooks, or with links that \
         could not be read; the limit is 0 (built in)",
    ];
    objects(&root, &portal, &["--prune"], &said, "playbooks@local/sandbox=1");
}

#[test]
fn playbooks_that_cannot_be_read_are_not_taken_for_none() {
    let (root, portal) = deployed(2);
    let answer =
        Answer::Error(sentinelops::emulator::ErrorAnswer { status: 403, ..Default::default() });
    let fault = Fault { path_contains: Some("/actions".to_owned()), ..Fault::new(answer) };
    portal.emulator.faults().set(vec![fault]);
    root.remove(&file(0));
    root.run(&["apply", "--yes", "--prune"]).exits(21).says(&["playbooks@local/sandbox=1"]);
    portal.emulator.faults().set(Vec::new());
    root.run(&["apply", "--yes", "--prune"]).exits(0).says(&["delete done"]);
}

#[test]
fn a_workspace_takes_only_so_many_rules() {
    let (root, portal) = deployed(2);
    root.append(FLEET, "guards: { rules: 3, nrtRules: 0 }\n");
    // Whoever owns them: all count.
    let mut other = portal.get(AlertRules, "r0");
    other.as_object_mut().unwrap().remove("etag");
    other["properties"]["displayName"] = json!("Theirs");
    portal.put(AlertRules, "theirs", &other);
    portal.forget();
    root.run(&["plan"]).exits(0);
    root.write(&file(2), &rule(2));
    let said = [
        "there would be 4 analytic rules in `local/sandbox`; the limit is 3 (environments/fleet.yaml:3)",
    ];
    objects(&root, &portal, &[], &said, "rules@local/sandbox=4");
    let nrt = "id: fast\nname: Fast\nkind: NRT\nseverity: Low\nquery: DeviceNetworkEvents\n";
    root.write("content/analytics/fast.yaml", nrt);
    root.run(&["apply", "--yes", "--ack", "rules"])
        .exits(21)
        .says(&["there would be 1 near-real-time rule in", "--ack nrt-rules@local/sandbox=1"]);
}

/// One environment of several workspaces, `w0`, `w1` …, and so many rules in each, applied.
fn workspaces(count: usize, rules: usize) -> (Root, Portal) {
    let (root, portal) = self::rules(rules);
    for number in 0..count {
        let mut id = crate::portal::workspace();
        id.name = format!("law-w{number}").parse().unwrap();
        portal.provision(&id, TENANT);
        let entry = format!(
            "  - name: w{number}\n    subscriptionId: {}\n    resourceGroup: rg-sandbox\n    \
             workspaceName: law-w{number}\n    ring: canary\n",
            crate::sample::SUBSCRIPTION
        );
        root.append(LOCAL, &entry);
    }
    root.run(&["apply", "--yes"]).exits(0);
    portal.forget();
    (root, portal)
}

#[test]
fn what_no_workspace_is_alarmed_by_adds_up_over_the_run() {
    let (root, portal) = workspaces(5, 8);
    (0..4).for_each(|number| root.remove(&file(number)));
    let said = [
        "24 of 48 items in this run would be retired or deleted; the limit is 20 (built in) and 10 % \
         (built in) of them",
        "and 4 more; `sentinelops plan --format json` has them all",
    ];
    root.run(&["apply", "--yes"]).exits(21).says(&said);
    objects(&root, &portal, &[], &said[..1], "deletes=24");
}

#[test]
fn a_limit_of_the_run_is_set_in_the_fleet_file() {
    let (root, portal) = workspaces(1, 3);
    root.append(FLEET, "guards: { disables: 3 }\nrunGuards: { disables: 1 }\n");
    root.append(&file(0), "enabled: false\n");
    let said =
        ["2 rules in this run would be switched off; the limit is 1 (environments/fleet.yaml:4)"];
    objects(&root, &portal, &[], &said, "disables=2");
    // One workspace is judged by its own limits.
    root.append(&file(1), "enabled: false\n");
    root.append(&file(2), "enabled: false\n");
    root.run(&["apply", "--yes", "--workspace", "w0"]).exits(0);
}

#[test]
fn what_a_workspace_objects_to_is_not_counted_again_by_the_run() {
    let (root, _portal) = workspaces(1, 7);
    root.append(FLEET, "runGuards: { deletes: { count: 0, percent: 0 } }\n");
    root.replace(LOCAL, "ring: canary\n", "ring: canary\n    guards: { deletes: { count: 1 } }\n");
    (0..2).for_each(|number| root.remove(&file(number)));
    let plan = root.run(&["plan", "--format", "json"]).exits(21).json();
    let found: Vec<&Value> =
        plan["objections"].as_array().unwrap().iter().map(|one| &one["workspace"]).collect();
    assert_eq!(found, ["sandbox"], "{plan:#}");
}

#[test]
fn nothing_is_found_where_a_freeze_stops_it() {
    let (root, portal) = deployed(1);
    root.append(&file(0), "enabled: false\n");
    let freeze = "    freeze: [{ from: 2020-01-01, to: 2099-12-31, reason: audit }]\n";
    root.append(LOCAL, freeze);
    root.run(&["plan"]).exits(0);
    root.run(&["apply", "--yes"]).exits(20);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn an_acknowledgement_that_means_nothing_is_an_error() {
    let (root, _portal) = deployed(1);
    for (ack, code, said) in [
        ("delets", 2, "`delets` is nothing that can be acknowledged"),
        ("deletes=many", 2, "`many` is not a number of items"),
        ("retired-edited=1", 2, "takes no number"),
        ("deletes@sandbx", 10, "there is no workspace `sandbx`"),
        ("deletes@other/sandbox", 10, "there is no workspace `other/sandbox`"),
    ] {
        root.run(&["plan", "--ack", ack]).exits(code).says(&[said]);
    }
    let other = root.read(LOCAL).replace("law-sandbox", "law-other");
    root.write("environments/other.yaml", &other);
    root.run(&["plan", "-e", "local", "--ack", "deletes@sandbox"])
        .exits(10)
        .says(&["`sandbox` may be local/sandbox or other/sandbox"]);
}

#[test]
fn an_acknowledgement_that_nothing_needed_is_said() {
    let (root, _portal) = deployed(1);
    for ack in ["deletes", "changes@sandbox=3", "retired-edited"] {
        let said = format!("warning: `--ack {ack}` acknowledges nothing");
        root.run(&["apply", "--yes", "--ack", ack]).exits(0).says(&[&said]);
    }
    root.append(&file(0), "enabled: false\n");
    root.run(&["plan", "--ack", "disables"])
        .exits(0)
        .says(&[
            "acknowledged: 1 rule in `local/sandbox` would be switched off",
            "`--ack disables`",
        ])
        .hides(&["acknowledges nothing"]);
}

#[test]
fn a_saved_plan_carries_its_acknowledgements() {
    let (root, portal) = deployed(2);
    root.append(&file(0), "enabled: false\n");
    root.run(&["plan", "--out", "bare.json"]).exits(21);
    root.run(&["apply", "bare.json", "--yes"]).exits(21).says(&["--ack disables@local/sandbox=1"]);
    root.run(&["apply", "bare.json", "--yes", "--ack", "disables"]).exits(2);
    assert_eq!(portal.writes(), NOTHING);
    let ack = ["--ack", "disables@local/sandbox=1"];
    root.run(&[&["plan", "--out", "plan.json"], &ack[..]].concat()).exits(0);
    let digest = |name: &str| {
        let saved: Value = serde_json::from_str(&root.read(name)).unwrap();
        saved["digest"].clone()
    };
    assert_ne!(digest("bare.json"), digest("plan.json"));
    root.run(&["apply", "plan.json", "--yes"]).exits(0);
}

#[test]
fn retired_and_edited_items_are_acknowledged_in_one_workspace() {
    let (root, portal) = deployed(2);
    root.remove(&file(0));
    portal.edit(AlertRules, "r0", &["severity=Low"]);
    root.run(&["plan"]).exits(21).says(&["--ack retired-edited"]);
    root.run(&["apply", "--yes", "--ack", "retired-edited@local/sandbox"])
        .exits(0)
        .says(&["retire done"])
        .hides(&["acknowledges nothing"]);
}

#[test]
fn a_plan_as_markdown_says_what_is_refused() {
    let (root, _portal) = deployed(1);
    root.append(&file(0), "enabled: false\n");
    root.run(&["plan", "--format", "markdown"]).exits(21).says(&[
        "### Guards object: `apply` sends nothing",
        "would be switched off",
        "<code>--ack disables&#64;local/sandbox=1</code>",
    ]);
    root.run(&["plan", "--format", "markdown", "--ack", "disables"])
        .exits(0)
        .hides(&["Guards object"])
        .says(&["### Acknowledged", "<code>--ack disables</code>"]);
}
