//! The reports of shards, made one: it says what one run would have said, or nothing.

use sentinelops::arm::{Collection, ResourceId};
use sentinelops::emulator::{Answer, ErrorAnswer, Fault};
use serde_json::Value;

use crate::fleet::{tenants, workspace};
use crate::portal::Portal;
use crate::root::{Ran, Root};
use crate::sample::{RULE_FILE, RULE_NAME};

/// How many shards the tests divide into.
const SHARDS: usize = 3;

/// Runs a command for every shard, keeps its reports, and tells their files. `exits` are looked at where they
/// are given; the last is that of all after it.
fn shards(root: &Root, args: &[&str], exits: &[i32]) -> Vec<String> {
    let mut files = Vec::new();
    for number in 1..=SHARDS {
        let (shard, file) = (format!("{number}/{SHARDS}"), format!("{}-{number}.json", args[0]));
        let more = ["--shard", &shard, "--format", "json", "--output", &file];
        let ran = root.run(&[args, &more].concat());
        if let Some(code) = exits.get(number - 1).or(exits.last()) {
            ran.exits(*code);
        }
        files.push(file);
    }
    files
}

fn merge(root: &Root, files: &[String], more: &[&str]) -> Ran {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    root.run(&[&["report", "merge"], &files[..], more].concat())
}

/// A repository whose rule is deployed everywhere; in three tenants somebody changed or deleted it.
fn drifted() -> (Root, Portal) {
    let (root, portal) = tenants(8);
    root.run(&["apply", "--all", "--yes"]).exits(0);
    for tenant in [2, 5] {
        portal.edit_at(&rule(tenant), &["severity=Low"]);
    }
    portal.delete_at(&rule(7));
    (root, portal)
}

fn rule(tenant: usize) -> ResourceId {
    workspace(tenant).resource(Collection::AlertRules, &RULE_NAME.parse().unwrap())
}

/// The service refuses rules of these tenants.
fn refuse(portal: &Portal, tenants: &[usize]) {
    let fault = |tenant: &usize| {
        let rules = format!("law-{tenant}/providers/Microsoft.SecurityInsights/alertRules/");
        let answer = Answer::Error(ErrorAnswer { status: 400, ..ErrorAnswer::default() });
        Fault { method: Some("PUT".to_owned()), path_contains: Some(rules), ..Fault::new(answer) }
    };
    portal.emulator.faults().set(tenants.iter().map(fault).collect());
}

/// Saves a plan, and tells how its shards of a ring are applied.
fn saved(root: &Root, ring: &str) -> Vec<String> {
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    let saved: Value = serde_json::from_str(&root.read("plan.json")).unwrap();
    let digest = saved["digest"].as_str().unwrap();
    ["apply", "plan.json", "--digest", digest, "--ring", ring, "--yes"].map(str::to_owned).to_vec()
}

/// A document without what only the one or the other has.
fn without_parts(ran: &Ran) -> Value {
    let mut document = ran.json();
    for name in ["part", "parts", "exit"] {
        document.as_object_mut().unwrap().remove(name);
    }
    document
}

#[test]
fn merged_reports_are_one_page_and_what_it_cannot_know_is_said() {
    let (root, _portal) = drifted();
    let files = shards(&root, &["drift"], &[]);
    let page = merge(&root, &files, &["--format", "html"]).exits(20).out;
    assert!(page.contains("<title>3 drifted · Drift of "), "{}", &page[..900]);
    assert!(page.contains("\"partial\":true"));
}

#[test]
fn the_drift_of_all_shards_reads_as_that_of_one_run_in_every_format() {
    let (root, _portal) = drifted();
    let files = shards(&root, &["drift"], &[]);
    for format in ["text", "markdown"] {
        let whole = root.run(&["drift", "--format", format]).exits(20);
        let merged = merge(&root, &files, &["--format", format]).exits(20);
        assert_eq!(merged.out, whole.out);
    }
    let whole = root.run(&["drift", "--format", "json"]).exits(20);
    let merged = merge(&root, &files, &["--format", "json"]).exits(20);
    assert_eq!(without_parts(&merged), without_parts(&whole));
    assert_eq!(merged.json()["exit"], 20);
    assert_eq!(merged.json()["parts"].as_array().unwrap().len(), SHARDS);
}

#[test]
fn the_plans_of_all_shards_read_as_that_of_one_run() {
    let (root, _portal) = drifted();
    root.replace(RULE_FILE, "triggerThreshold: 0", "triggerThreshold: 3");
    root.write("environments/fleet.yaml", FLEET_WITH_A_GUARD);
    let files = shards(&root, &["plan"], &[21]);
    for format in ["text", "markdown"] {
        let whole = root.run(&["plan", "--format", format]).exits(21);
        let merged = merge(&root, &files, &["--format", format]).exits(21);
        assert_eq!(merged.out, whole.out);
    }
    let whole = root.run(&["plan", "--format", "json"]).exits(21);
    let merged = merge(&root, &files, &["--format", "json"]).exits(21);
    assert_eq!(without_parts(&merged), without_parts(&whole));
}

/// One update is one too many in each workspace.
const FLEET_WITH_A_GUARD: &str = "\
owner: acme-soc
rings: [canary, broad]
guards: { changes: { count: 0, percent: 0 } }
";

#[test]
fn the_outcomes_of_all_shards_and_rings_read_as_that_of_one_run() {
    let (root, portal) = tenants(8);
    let apply = saved(&root, "broad");
    let apply: Vec<&str> = apply.iter().map(String::as_str).collect();
    let mut canary = apply.clone();
    canary[5] = "canary";
    root.run(&[&canary[..], &["--format", "json", "--output", "canary.json"]].concat()).exits(0);
    refuse(&portal, &[3]);
    let mut files = vec!["canary.json".to_owned()];
    let refused = (1..=SHARDS).map(|shard| if has(&root, shard, "t3") { 30 } else { 0 });
    files.extend(shards(&root, &apply, &refused.collect::<Vec<_>>()));
    let merged = merge(&root, &files, &[]).exits(30);
    merged.says(&["create failed: Relay contacted", "Applied 8 changes to 8 workspaces."]);
    let merged = merge(&root, &files, &["--format", "json"]).exits(30).json();
    let rings = merged["rings"].as_array().unwrap();
    let told: Vec<_> = rings.iter().map(|ring| (&ring["ring"], &ring["workspaces"])).collect();
    assert_eq!(told, [(&"canary".into(), &1.into()), (&"broad".into(), &8.into())]);
    assert_eq!(merged["summary"]["verdicts"]["done"], 8);
    let markdown = merge(&root, &files, &["--format", "markdown"]).exits(30);
    markdown.says(&["## Outcome", "**create failed**"]);
}

/// Whether an environment is in a shard of ring broad.
fn has(root: &Root, shard: usize, environment: &str) -> bool {
    let jobs = root.run(&["matrix", "--shards", &SHARDS.to_string()]).exits(0).json();
    let jobs = jobs["jobs"]["broad"]["include"].as_array().unwrap().clone();
    let name = format!("{shard}/{SHARDS}");
    let job = jobs.into_iter().find(|job| job["shard"] == name.as_str()).unwrap();
    job["environments"].as_array().unwrap().contains(&environment.into())
}

#[test]
fn what_is_lacking_or_there_twice_or_of_another_run_is_refused_by_name() {
    let (root, _portal) = drifted();
    let files = shards(&root, &["drift"], &[]);
    merge(&root, &files[1..], &[]).exits(21).says(&["no report of shard 1/3", "is unknown"]);
    let twice = [&files[..], &files[..1]].concat();
    merge(&root, &twice, &[])
        .exits(21)
        .says(&["`drift-1.json` and `drift-1.json` are both shard 1/3"]);
    // Divided in another way.
    let other = ["--shard", "2/2", "--format", "json", "--output", "half.json"];
    root.run(&[&["drift"], &other[..]].concat());
    let mixed = ["drift-1.json", "half.json", "drift-3.json"].map(str::to_owned);
    merge(&root, &mixed, &[]).exits(21).says(&["divided in different ways"]);
    // The whole beside a part of it.
    root.run(&["drift", "--format", "json", "--output", "whole.json"]).exits(20);
    let more = [&files[..], &["whole.json".to_owned()]].concat();
    merge(&root, &more, &[]).exits(21).says(&["whole.json"]);
    // Another command.
    root.run(&["plan", "--shard", "3/3", "--format", "json", "--output", "plan-3.json"]);
    let mixed = [&files[..2], &["plan-3.json".to_owned()]].concat();
    merge(&root, &mixed, &[]).exits(21).says(&["the format is sentinelops.drift/v1 and"]);
    // Other files.
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["drift", "--shard", "3/3", "--format", "json", "--output", "late.json"]);
    let mixed = [&files[..2], &["late.json".to_owned()]].concat();
    merge(&root, &mixed, &[])
        .exits(21)
        .says(&["`drift-1.json` and `late.json`", "digest of the files"]);
}

#[test]
fn every_file_that_cannot_be_read_is_named() {
    let (root, _portal) = drifted();
    let files = shards(&root, &["drift"], &[]);
    let text = root.read(&files[0]);
    root.write("cut.json", &text[..text.len() / 2]);
    root.write("other.json", "{\"format\": \"sentinelops.matrix/v1\"}");
    root.write("newer.json", &text.replace("\"drifted\"", "\"sideways\""));
    let given = ["cut.json", "other.json", "drift-2.json"].map(str::to_owned);
    merge(&root, &given, &[])
        .exits(2)
        .says(&["`cut.json` is no report", "`other.json` is no report"]);
    let given = [vec!["gone.json".to_owned()], files.clone()].concat();
    merge(&root, &given, &[]).exits(2).says(&["failed to read `gone.json`"]);
    let given = [&["newer.json".to_owned()], &files[1..]].concat();
    merge(&root, &given, &[]).exits(2).says(&["`newer.json`", "`sideways` means nothing"]);
    merge(&root, &files, &["--format", "json", "--output", "merged.json"]).exits(20);
    merge(&root, &["merged.json".to_owned()], &[]).exits(2).says(&["merged already"]);
    root.run(&["report", "merge"]).exits(2);
}

#[test]
fn a_workspace_that_a_shard_could_not_read_stays_unknown() {
    let (root, portal) = tenants(8);
    let fault = Fault {
        path_contains: Some("law-3/".to_owned()),
        ..Fault::new(Answer::Error(ErrorAnswer { status: 403, ..ErrorAnswer::default() }))
    };
    portal.emulator.faults().set(vec![fault]);
    let unknown = (1..=SHARDS).map(|shard| if has(&root, shard, "t3") { 41 } else { 0 });
    let files = shards(&root, &["drift"], &unknown.collect::<Vec<_>>());
    merge(&root, &files, &[]).exits(41).says(&["t3/law", "COULD NOT BE READ"]);
}

/// The budget is of the ring: what each of its shards may fail by itself, all together may not.
#[test]
fn the_failure_budget_is_judged_on_all_shards_together() {
    let budget = |terms: &str, refused: &[usize]| {
        let (root, portal) = tenants(8);
        let fleet = format!("owner: acme-soc\nrings: [broad, canary]\nfailureBudget: {terms}\n");
        root.write("environments/fleet.yaml", &fleet);
        let apply = saved(&root, "broad");
        let apply: Vec<&str> = apply.iter().map(String::as_str).collect();
        refuse(&portal, refused);
        let mut codes = Vec::new();
        let mut files = Vec::new();
        for number in 1..=SHARDS {
            let (shard, file) = (format!("{number}/{SHARDS}"), format!("{number}.json"));
            let more = ["--shard", &shard, "--format", "json", "--output", &file];
            codes.push(root.run(&[&apply[..], &more].concat()).code);
            files.push(file);
        }
        (root, files, codes)
    };
    // One in each of two shards, and two are too many.
    let (root, _portal) = tenants(8);
    let (root, files, codes) = budget("{ items: 1 }", &[first_of(&root, 1), first_of(&root, 2)]);
    assert_eq!(codes, [30, 30, 0]);
    merge(&root, &files, &["--next-ring"]).exits(31).says(&["Rollout halted at ring broad"]);
    merge(&root, &files, &[]).exits(31).says(&["no report of ring `canary`, and need be none"]);
    // One is too large a share of its shard, and not of the ring.
    let (root, files, codes) = budget("{ percent: 13 }", &[first_of(&root, 1)]);
    assert_eq!(codes, [31, 0, 0]);
    merge(&root, &files, &["--next-ring"]).exits(0).hides(&["halted"]);
    merge(&root, &files, &["--ring", "broad"]).exits(30);
    // And without `--ring`, a ring of which nothing is known is missed.
    merge(&root, &files, &[]).exits(21).says(&["no report of ring `canary`"]);
    merge(&root, &files[..2], &["--next-ring"]).exits(21);
}

fn first_of(root: &Root, shard: usize) -> usize {
    (1..=8).find(|at| has(root, shard, &format!("t{at}"))).unwrap()
}
