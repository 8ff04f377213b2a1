//! Several runs that share a ring: shards, the jobs that they are, and what none of them may dodge.

use serde_json::Value;

use crate::fleet::tenants;
use crate::root::Root;
use crate::sample::RULE_FILE;

fn matrix(root: &Root, args: &[&str]) -> Value {
    root.run(&[&["matrix"], args].concat()).exits(0).json()
}

fn digest(root: &Root) -> String {
    let saved: Value = serde_json::from_str(&root.read("plan.json")).unwrap();
    saved["digest"].as_str().unwrap().to_owned()
}

#[test]
fn shards_of_a_saved_plan_apply_all_of_it_and_nothing_twice() {
    let (root, portal) = tenants(8);
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    let digest = digest(&root);
    let jobs = matrix(&root, &["--shards", "3"]);
    assert_eq!(jobs["rings"], serde_json::json!(["canary", "broad"]));
    for ring in ["canary", "broad"] {
        for job in jobs["jobs"][ring]["include"].as_array().unwrap() {
            let shard = job["shard"].as_str().unwrap();
            let args =
                ["apply", "plan.json", "--digest", &digest, "--ring", ring, "--shard", shard];
            root.run(&[&args[..], &["--yes"]].concat()).exits(0);
        }
    }
    root.run(&["plan", "--exit-code"]).exits(0);
    let puts = portal.writes().into_iter().filter(|line| line == "PUT relay-rule").count();
    assert_eq!(puts, 9);
}

#[test]
fn a_shard_cannot_dodge_a_guard_of_the_run() {
    let (root, portal) = tenants(8);
    root.run(&["apply", "--all", "--yes"]).exits(0);
    portal.forget();
    root.append("environments/fleet.yaml", "runGuards: { changes: { count: 3, percent: 30 } }\n");
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.run(&["plan", "--out", "plan.json"]).exits(21);
    let digest = digest(&root);
    let shard = |number: usize| {
        let shard = format!("{number}/8");
        let args = ["apply", "plan.json", "--digest", &digest, "--ring", "broad", "--yes"];
        root.run(&[&args[..], &["--shard", &shard]].concat())
    };
    for number in 1..=8 {
        shard(number).exits(21).says(&["the plan as a whole is refused", "--ack changes"]);
    }
    assert_eq!(portal.writes(), Vec::<String>::new());
    // Nor is there another way to a shard.
    root.run(&["apply", "--ring", "broad", "--shard", "1/8", "--yes"]).exits(2);
    root.run(&["plan", "--shard", "1/8", "--out", "plan.json"]).exits(2);
    // What somebody has acknowledged for the whole goes through in parts.
    root.run(&["plan", "--ack", "changes", "--out", "plan.json"]).exits(0);
    let digest = self::digest(&root);
    for number in 1..=8 {
        let shard = format!("{number}/8");
        let args = ["apply", "plan.json", "--digest", &digest, "--ring", "broad", "--yes"];
        root.run(&[&args[..], &["--shard", &shard]].concat()).exits(0);
    }
    root.run(&["plan", "--ring", "broad", "--exit-code"]).exits(0);
}

#[test]
fn a_plan_with_another_digest_is_not_applied() {
    let (root, portal) = tenants(8);
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    root.run(&["apply", "plan.json", "--digest", "sha256:0", "--yes"])
        .exits(21)
        .says(&["the plan's digest is sha256:", "sha256:0 is demanded"]);
    root.run(&["apply", "--digest", "sha256:0", "--all", "--yes"]).exits(21);
    assert_eq!(portal.writes(), Vec::<String>::new());
}

#[test]
fn a_shard_is_of_one_ring_and_one_of_so_many() {
    let (root, portal) = tenants(8);
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    let digest = digest(&root);
    let apply = |more: &[&str]| {
        root.run(&[&["apply", "plan.json", "--digest", &digest, "--yes"], more].concat())
    };
    apply(&["--shard", "1/2"]).exits(2).says(&["exactly one ring"]);
    apply(&["--shard", "1/2", "--ring", "canary,broad"]).exits(2);
    apply(&["--shard", "3/2", "--ring", "broad"]).exits(2).says(&["I from 1 to N"]);
    apply(&["--shard", "0/2", "--ring", "broad"]).exits(2);
    root.run(&["apply", "plan.json", "--shard", "1/2", "--ring", "broad", "--yes"]).exits(2);
    assert_eq!(portal.writes(), Vec::<String>::new());
}

#[test]
fn a_shard_without_workspaces_says_so_and_is_done() {
    let (root, portal) = tenants(8);
    let jobs = matrix(&root, &["--shards", "16", "--ring", "canary"]);
    let used = jobs["jobs"]["canary"]["include"][0]["shard"].as_str().unwrap().to_owned();
    let empty = if used == "1/16" { "2/16" } else { "1/16" };
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    let digest = digest(&root);
    let said = format!("Shard {empty} has no workspace");
    let at = ["--ring", "canary", "--shard", empty];
    root.run(&[&["plan"], &at[..]].concat()).exits(0).says(&[&said]);
    root.run(&[&["drift"], &at[..]].concat()).exits(0).says(&[&said]);
    let apply = ["apply", "plan.json", "--digest", &digest, "--yes"];
    root.run(&[&apply[..], &at].concat()).exits(0).says(&[&said]);
    assert_eq!(portal.writes(), Vec::<String>::new());
}

#[test]
fn jobs_are_divided_by_size_or_by_number() {
    let (root, _portal) = tenants(8);
    let jobs = matrix(&root, &["--max-workspaces-per-job", "3"]);
    let broad = jobs["jobs"]["broad"]["include"].as_array().unwrap();
    assert!(broad.iter().all(|job| job["workspaces"].as_u64().unwrap() <= 3), "{jobs}");
    assert_eq!(broad.iter().map(|job| job["workspaces"].as_u64().unwrap()).sum::<u64>(), 8);
    assert_eq!(matrix(&root, &[])["jobs"]["broad"]["include"][0]["shard"], "1/1");
    root.run(&["matrix", "--shards", "257"]).exits(2).says(&["at most 256 jobs"]);
    root.run(&["matrix", "--shards", "0"]).exits(2);
}
