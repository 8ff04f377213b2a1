//! Every run that sends something leaves a folder with what it replaced.

use std::path::PathBuf;

use serde_json::Value;

use crate::portal::{AlertRules, Portal};
use crate::root::Root;
use crate::sample::{HUNT, HUNT_FILE, RULE, RULE_FILE, RULE_NAME};

const NOTHING: [&str; 0] = [];
const RULE_KEPT: &str = "replaced/local/sandbox/analytic-rule.relay-rule.json";

impl Root {
    /// The ids of the runs, oldest first.
    pub(crate) fn runs(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(".sentinelops/runs")) else {
            return Vec::new();
        };
        let mut ids: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        ids.sort();
        ids
    }

    /// The id of the last run.
    pub(crate) fn last_run(&self) -> String {
        self.runs().pop().unwrap()
    }

    /// A path within the last run's folder, from the root.
    pub(crate) fn in_last_run(&self, path: &str) -> String {
        format!(".sentinelops/runs/{}/{path}", self.last_run())
    }
}

fn document(root: &Root, path: &str) -> Value {
    serde_json::from_str(&root.read(&root.in_last_run(path))).unwrap()
}

fn changed() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    (root, portal)
}

#[test]
fn a_run_leaves_its_plan_what_it_replaced_and_its_outcome() {
    let (root, portal) = changed();
    let before = portal.get(AlertRules, RULE_NAME);
    root.run(&["apply", "--yes"]).exits(0).says(&["sentinelops rollback"]);
    assert_eq!(root.runs().len(), 2, "that of the first apply too");
    let run = document(&root, "run.json");
    assert_eq!(run["format"], "sentinelops.run/v1");
    assert_eq!((&run["command"], &run["owner"]), (&"apply".into(), &"acme-soc".into()));
    assert_eq!(document(&root, "plan.json")["digest"], run["planDigest"]);
    assert_eq!(document(&root, "outcome.json")["format"], "sentinelops.outcome/v1");
    let kept = document(&root, RULE_KEPT);
    assert_eq!(kept["before"]["properties"], before["properties"]);
    assert_eq!(kept["before"]["properties"]["severity"], "Medium");
    let record = kept["metadata"]["properties"]["customVersion"].as_str().unwrap();
    assert!(record.starts_with("so1;A;"), "{record}");
    assert_eq!(root.read(".sentinelops/.gitignore"), "*\n");
}

#[test]
fn a_run_with_nothing_to_do_leaves_nothing() {
    let (root, _portal) = Root::with_rule();
    let before = root.runs();
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["plan"]).exits(0);
    assert_eq!(root.runs(), before);
}

#[cfg(unix)]
#[test]
fn only_their_owner_may_read_what_runs_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let (root, _portal) = changed();
    root.run(&["apply", "--yes"]).exits(0);
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for file in ["run.json", "plan.json", "outcome.json", RULE_KEPT] {
        assert_eq!(mode(root.path(&root.in_last_run(file))), 0o600, "{file}");
    }
    for folder in ["", "replaced", "replaced/local", "replaced/local/sandbox"] {
        assert_eq!(mode(root.path(&root.in_last_run(folder))), 0o700, "{folder}");
    }
}

#[test]
fn a_run_that_cannot_be_kept_sends_nothing() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    // No folder can be made where a file is, whoever asks for it.
    root.write(".sentinelops/runs", "in the way");
    root.run(&["apply", "--yes"]).exits(3).says(&["failed to keep the run", "nothing was sent"]);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn two_runs_at_once_have_a_folder_each() {
    let (root, _portal) = Root::with_rule();
    let before = root.runs().len();
    root.write(HUNT_FILE, HUNT);
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    std::thread::scope(|threads| {
        for content in [RULE_FILE, HUNT_FILE] {
            let root = &root;
            threads.spawn(move || {
                root.run(&["apply", "--yes", "--content", content]).exits(0);
            });
        }
    });
    assert_eq!(root.runs().len(), before + 2);
}

#[test]
fn a_digest_that_is_demanded_is_that_of_the_plan() {
    let (root, portal) = changed();
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    let saved: Value = serde_json::from_str(&root.read("plan.json")).unwrap();
    let digest = saved["digest"].as_str().unwrap();
    let other = format!("sha256:{}", "0".repeat(64));
    for plan in [&["plan.json"][..], &[]] {
        let args = [&["apply"][..], plan, &["--yes", "--digest", &other]].concat();
        root.run(&args).exits(21).says(&[digest, "is demanded"]);
    }
    assert_eq!(portal.writes(), NOTHING);
    // Another clone, at the merge commit.
    let clone = Root::clone_of(&root);
    let mut apply = clone.command(&["apply", "plan.json", "--yes", "--digest", digest]);
    let output = apply.env("GITHUB_SHA", "0123456789abcdef").output().unwrap();
    crate::root::Ran::of(&["apply"], output).exits(0).says(&["Applied 1 change"]);
    assert_eq!(portal.get(AlertRules, RULE_NAME)["properties"]["severity"], "High");
}
