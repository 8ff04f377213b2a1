//! A fleet in which workspaces differ: what some of them lack, what is unknown, what others have there, and
//! what customers choose. One workspace's peculiarity is felt in no other.

use sentinelops::arm::{Collection, ResourceId};
use sentinelops::emulator::{Answer, ErrorAnswer, Fault};
use serde_json::{Value, json};

use crate::fleet::{tenants, workspace};
use crate::root::Root;
use crate::sample::{HUNT, HUNT_FILE, RULE_NAME};

const TENANTS: usize = 49;

fn at(tenant: usize, collection: Collection, name: &str) -> ResourceId {
    workspace(tenant).resource(collection, &name.parse().unwrap())
}

fn rule(tenant: usize) -> ResourceId {
    at(tenant, Collection::AlertRules, RULE_NAME)
}

/// How often a command's result names the rule in a line that begins so.
fn lines(out: &str, begins: &str) -> usize {
    out.lines().filter(|line| line.trim_start().starts_with(begins)).count()
}

/// Items by how they ended.
fn verdicts(root: &Root, args: &[&str], exit: i32) -> Value {
    root.run(&[args, &["--format", "json"]].concat()).exits(exit).json()["summary"]["verdicts"]
        .take()
}

const APPLY: [&str; 3] = ["apply", "--all", "--yes"];

#[test]
fn forty_of_fifty_workspaces_without_the_table_are_one_line_and_the_rest_is_done() {
    let (root, portal) = tenants(TENANTS);
    root.write(HUNT_FILE, HUNT);
    for tenant in 1..=40 {
        let tables = [("SigninLogs".to_owned(), None)].into();
        portal.emulator.set_tables(&workspace(tenant), Some(tables)).unwrap();
    }
    let ran = root.run(&APPLY).exits(0);
    assert_eq!(lines(&ran.out, ". create blocked in 40 workspaces: Relay contacted"), 1, "{ran}");
    assert_eq!(lines(&ran.out, "+ create done in 10 workspaces: Relay contacted"), 1, "{ran}");
    let ran = ran.says(&["Applied 60 changes to 50 workspaces. Not as planned: 40 blocked."]);
    assert!(ran.out.lines().count() < 40, "{ran}");
    // They are still pending, and are told once again, in every format.
    let told = root.run(&[&APPLY[..], &["--format", "markdown"]].concat()).exits(0);
    assert_eq!(lines(&told.out, "- **create blocked**"), 1, "{told}");
    assert_eq!(verdicts(&root, &APPLY, 0)["blocked"], 40);
    root.run(&["plan"]).exits(0).says(&["+ create in 40 workspaces: Relay contacted"]);
    // With the tables they are made, and nothing else is.
    for tenant in 1..=40 {
        portal.emulator.set_tables(&workspace(tenant), None).unwrap();
    }
    portal.forget();
    root.run(&APPLY).exits(0).says(&["+ create done in 40 workspaces: Relay contacted"]);
    assert_eq!(portal.writes().len(), 80);
}

#[test]
fn forty_ids_that_were_deleted_lately_are_one_line_and_tried_again() {
    let (root, portal) = tenants(TENANTS);
    let lately = |tenant: usize| {
        let message = Some("The rule with id 'relay-rule' was recently deleted.".to_owned());
        let answer = ErrorAnswer { status: 400, message, ..ErrorAnswer::default() };
        on(tenant, "PUT", Answer::Error(answer))
    };
    portal.emulator.faults().set((1..=40).map(lately).collect());
    let ran = root.run(&APPLY).exits(0);
    assert_eq!(lines(&ran.out, ". create deferred in 40 workspaces: Relay contacted"), 1, "{ran}");
    ran.says(&["Applied 10 changes to 10 workspaces. Not as planned: 40 deferred."]);
    portal.emulator.faults().set(Vec::new());
    assert_eq!(verdicts(&root, &APPLY, 0)["done"], 40);
}

fn on(tenant: usize, method: &str, answer: Answer) -> Fault {
    let rules = format!("law-{tenant}/providers/Microsoft.SecurityInsights/alertRules");
    Fault { method: Some(method.to_owned()), path_contains: Some(rules), ..Fault::new(answer) }
}

#[test]
fn one_of_fifty_that_cannot_be_read_is_unknown_and_the_other_forty_nine_are_done() {
    let (root, portal) = tenants(TENANTS);
    let denied = ErrorAnswer { status: 403, ..ErrorAnswer::default() };
    portal.emulator.faults().set(vec![on(17, "GET", Answer::Error(denied))]);
    let ran = root.run(&APPLY).exits(41);
    ran.says(&["t17/law", "COULD NOT BE READ", "Applied 49 changes to 49 workspaces."]);
    for command in [&["plan"][..], &["drift"]] {
        let ran = root.run(command).exits(41).says(&["t17/law", "could not be read"]);
        assert!(!ran.out.contains("No drift in 50 workspaces"), "{ran}");
    }
    portal.emulator.faults().set(Vec::new());
    assert!(portal.get_at(&rule(17)).is_null());
    assert!(
        (1..=TENANTS).filter(|tenant| *tenant != 17).all(|t| !portal.get_at(&rule(t)).is_null())
    );
    assert_eq!(verdicts(&root, &APPLY, 0)["done"], 1);
}

/// Metadata by which Content Hub, or Sentinel's own Repositories, say that an item is theirs.
fn theirs(kind: &str, name: &str, item: &Value) -> Value {
    json!({"properties": {
        "kind": "AnalyticsRule", "parentId": item["id"], "contentId": item["name"],
        "version": "1.0.0", "source": {"kind": kind, "name": name, "sourceId": "someone"},
    }})
}

#[test]
fn what_content_hub_and_repositories_have_there_is_refused_by_name_and_stays_byte_for_byte() {
    let (root, portal) = tenants(9);
    let rule_body = json!({"kind": "Scheduled", "properties": {
        "displayName": "Installed", "enabled": true, "severity": "High", "query": "Heartbeat",
        "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan",
        "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H",
    }});
    let sources = [("Solution", "Some solution"), ("SourceRepository", "Contoso repository")];
    let put = |tenant: usize, (kind, name): (&str, &str)| {
        let item = portal.put_at(&rule(tenant), &rule_body);
        let record = at(tenant, Collection::Metadata, "analyticsrule-relay-rule");
        portal.put_at(&record, &theirs(kind, name, &item));
        [portal.get_at(&rule(tenant)), portal.get_at(&record)]
    };
    let before: Vec<_> = [2, 5].into_iter().map(|t| put(t, sources[0])).collect();
    let repository = put(8, sources[1]);
    let ran = root.run(&APPLY).exits(21);
    ran.says(&[
        "refused in 2 workspaces: Relay contacted",
        "`Some solution` owns the item of this name",
        "t2/law, t5/law",
        "`Contoso repository` owns the item of this name",
        "Applied 7 changes to 7 workspaces. Not as planned: 3 refused.",
    ]);
    for force in [&["--on-conflict", "desired"][..], &["--prune", "--re-enable", "--retry"]] {
        root.run(&[&APPLY, force].concat()).exits(21);
    }
    root.run(&["drift"]).exits(21).says(&["t2/law", "t5/law", "t8/law"]);
    let after: Vec<_> = [2, 5, 8]
        .into_iter()
        .map(|t| {
            let record = at(t, Collection::Metadata, "analyticsrule-relay-rule");
            [portal.get_at(&rule(t)), portal.get_at(&record)]
        })
        .collect();
    assert_eq!(after, [before, vec![repository]].concat());
}

/// Each customer's file says what is theirs; the same edit is something else in each.
#[test]
fn the_same_edit_is_observed_here_accepted_there_and_drift_elsewhere() {
    let (root, portal) = tenants(4);
    let append = |tenant: usize, text: &str| {
        root.append(&format!("environments/t{tenant}.yaml"), text);
    };
    append(1, "observed: [severity]\n");
    append(
        2,
        "accepted:\n  - { content: relay-rule, fields: [severity], until: 2099-12-31, reason: a trial }\n",
    );
    append(3, "    resources: { relay-rule: 0a1b-existing }\n");
    root.run(&APPLY).exits(0);
    assert!(portal.get_at(&rule(3)).is_null(), "the mapping is of this workspace");
    let mapped = at(3, Collection::AlertRules, "0a1b-existing");
    for item in [rule(1), rule(2), mapped.clone(), rule(4)] {
        portal.edit_at(&item, &["severity=Low"]);
    }
    let ran = root.run(&["drift"]).exits(20);
    ran.says(&["a trial", "Drift: 2 items in 2 of 5 workspaces."]);
    let document = root.run(&["drift", "--format", "json"]).exits(20).json();
    assert_eq!(document["summary"]["accepted"], 1);
    assert_eq!(document["summary"]["observed"], 1);
    portal.forget();
    root.run(&APPLY).exits(0).says(&["Applied 2 changes to 2 workspaces."]);
    let severity = |item: &ResourceId| portal.get_at(item)["properties"]["severity"].clone();
    assert_eq!([rule(1), rule(2)].map(|item| severity(&item)), ["Low", "Low"]);
    assert_eq!([mapped, rule(4)].map(|item| severity(&item)), ["Medium", "Medium"]);
    root.run(&["drift"]).exits(0);
}
