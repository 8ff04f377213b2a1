//! What `check` says to code scanning and to the annotations of a pull request.

use std::fs;

use serde_json::Value;

use crate::root::Root;
use crate::sample::{HUNT, HUNT_FILE, RULE, RULE_FILE};

/// A root in a folder of a git repository, with a mistake behind characters of two code units.
fn mistaken() -> Root {
    let (root, _portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write(HUNT_FILE, &format!("{HUNT}bogus: {{ \"😀\": 1, x: 2 }}\n"));
    root.write("content/hunting/twice.yaml", HUNT);
    fs::create_dir(root.path(".git")).unwrap();
    root
}

#[test]
fn a_sarif_log_names_files_that_are_there_and_rules_that_it_explains() {
    let root = mistaken();
    let log = root.run(&["check", "--format", "sarif"]).exits(10).json();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 2, "{log:#}");
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        for part in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[part]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule:#}");
        }
        let related = result["relatedLocations"].as_array().into_iter().flatten();
        for location in result["locations"].as_array().unwrap().iter().chain(related) {
            let place = &location["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(root.path(uri).is_file(), "{uri}");
            assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
    let prints: std::collections::BTreeSet<String> =
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results.len(), "two findings have one fingerprint");
}

#[test]
fn paths_are_those_of_the_git_repository_and_fingerprints_stay() {
    let root = mistaken();
    let inner = root.path("soc/sentinel");
    fs::create_dir_all(&inner).unwrap();
    for folder in ["content", "environments"] {
        fs::rename(root.path(folder), inner.join(folder)).unwrap();
    }
    let run =
        || root.run(&["check", "--format", "sarif", "--root", "soc/sentinel"]).exits(10).json();
    let uris = |log: &Value| -> Vec<String> {
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        let uri = |result: &Value| {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].to_string()
        };
        results.map(uri).collect()
    };
    let prints = |log: &Value| -> Vec<Value> {
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results.map(|result| result["partialFingerprints"].clone()).collect()
    };
    let before = run();
    assert!(uris(&before).iter().all(|uri| uri.starts_with("\"soc/sentinel/")), "{before:#}");
    let file = inner.join(HUNT_FILE);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("# a line above\n{text}")).unwrap();
    assert_eq!(prints(&run()), prints(&before));
}

#[test]
fn annotations_are_workflow_commands_with_errors_first() {
    let root = mistaken();
    let out = root.run(&["check", "--format", "github"]).exits(10).out;
    let first = out.lines().next().unwrap();
    assert!(first.starts_with("::error file=content/hunting/"), "{out}");
    assert!(out.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")));
    root.run(&["check", "--format", "github", "--output", "said.txt"]).exits(10);
    assert_eq!(root.read("said.txt"), out);
}
