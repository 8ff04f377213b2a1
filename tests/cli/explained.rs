//! `render --explain`: of each exclusion's stage, where it came from and why it stands there.

use serde_json::Value;

use crate::root::Root;
use crate::sample::{EXCLUSION, RULE, RULE_FILE};

const EXCLUSIONS: &str = "content/exclusions/x.yaml";

/// The stages of the only rule that carries the exclusion, with its query.
fn stages(root: &Root) -> (String, Vec<Value>) {
    let document = root.run(&["render", "--explain", "--format", "json"]).exits(0).json();
    let item = &document["items"][0];
    let query = item["properties"]["query"].as_str().unwrap().to_owned();
    (query, item["stages"].as_array().unwrap().clone())
}

#[test]
fn a_stage_is_found_on_its_line_and_says_whose_it_is_and_why_it_applies() {
    let (root, _portal) = Root::with_rule();
    root.write(EXCLUSIONS, EXCLUSION);
    let (query, stages) = stages(&root);
    let [stage] = stages.as_slice() else { panic!("{stages:?}") };
    let line = usize::try_from(stage["line"].as_u64().unwrap()).unwrap();
    assert!(query.lines().nth(line - 1).unwrap().starts_with("| where not("), "{query}");
    assert_eq!(query.lines().nth(line - 2), Some("// exclusion: patch-wave"));
    assert_eq!(stage["place"], format!("{EXCLUSIONS}:2"));
    assert_eq!(stage["applies"], "`appliesTo` names `relay-rule`");
    assert_eq!(stage["inForce"], "`scope` is `all`; the last day is 2027-05-01");
    let placed = "where rows of `DeviceNetworkEvents` come in on line 1, behind the filter that \
                  leads, before `project`";
    assert_eq!(stage["placed"], placed);
}

#[test]
fn every_place_has_its_own_words() {
    let (root, _portal) = Root::with_rule();
    root.write(EXCLUSIONS, &EXCLUSION.replace("content: [relay-rule]", "tags: [network]"));
    let union = "  let relays = DeviceNetworkEvents | where RemoteUrl has 'relay.example';\n  \
                 union relays, (DeviceNetworkEvents)\n";
    let query = "  DeviceNetworkEvents\n  | where RemoteUrl has 'relay.example'\n";
    root.write(RULE_FILE, &RULE.replace(query, union));
    let (_, found) = stages(&root);
    let placed: Vec<&str> = found.iter().map(|stage| stage["placed"].as_str().unwrap()).collect();
    let expect = [
        "where rows of `DeviceNetworkEvents` come in on line 1, in an arm of a union, through the \
         let `relays`, behind the filter that leads",
        "where rows of `DeviceNetworkEvents` come in on line 4, in an arm of a union",
    ];
    assert_eq!(placed, expect);
    assert_eq!(found[0]["applies"], "`appliesTo` names the tag `network`");

    let marked = RULE.replace("  | project", "  // @exclusions DeviceNetworkEvents\n  | project");
    root.write(RULE_FILE, &marked);
    let (_, found) = stages(&root);
    let [stage] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(stage["placed"], "at the query's marker for `DeviceNetworkEvents` on line 3");
}

#[test]
fn text_stays_a_query_and_is_as_before_without_the_flag() {
    let (root, _portal) = Root::with_rule();
    root.write(EXCLUSIONS, EXCLUSION);
    let plain = root.run(&["render"]).exits(0).out;
    let explained = root.run(&["render", "--explain"]).exits(0).out;
    let is_added = |line: &&str| !plain.lines().any(|known| known == *line);
    let added: Vec<&str> = explained.lines().filter(is_added).collect();
    assert_eq!(added.len(), 5, "{added:?}");
    assert!(added.iter().all(|line| line.starts_with("// ")), "{added:?}");
    assert!(explained.starts_with(plain.trim_end()), "{explained}");
}
