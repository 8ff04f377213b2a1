//! What environments change: layered values, overrides with reasons, parameters, tuning by scope.

use serde_json::Value;

use crate::portal::{AlertRules, Metadata, Portal, SavedSearches};
use crate::root::Root;
use crate::sample::{EXCLUSION, HUNT, HUNT_FILE, HUNT_NAME, RULE, RULE_FILE, RULE_NAME};

const ENVIRONMENT: &str = "environments/local.yaml";

fn applied(environment: &str, fleet: &str) -> (Root, Portal) {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write(HUNT_FILE, HUNT);
    root.append(ENVIRONMENT, environment);
    root.append("environments/fleet.yaml", fleet);
    root.run(&["apply", "--yes"]).exits(0);
    (root, portal)
}

fn rule(portal: &Portal, property: &str) -> Value {
    portal.get(AlertRules, RULE_NAME)["properties"][property].clone()
}

#[test]
fn an_override_changes_the_item_here_and_only_here() {
    let (root, portal) =
        applied("overrides:\n  relay-rule: { severity: High, queryPeriod: 4h }\n", "");
    assert_eq!(rule(&portal, "severity"), "High");
    assert_eq!(rule(&portal, "queryPeriod"), "PT4H");
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn an_overridden_version_reaches_the_rule_and_its_metadata() {
    let (root, portal) = Root::empty();
    let template = "version: 1.0.0\nalertRuleTemplateName: a-template\n";
    root.write(RULE_FILE, &format!("{RULE}{template}"));
    let overridden = "overrides:\n  relay-rule: { version: 2.1.0 }\n";
    root.append(ENVIRONMENT, overridden);
    root.run(&["apply", "--yes"]).exits(0);
    let version =
        || portal.get(Metadata, "analyticsrule-relay-rule")["properties"]["version"].clone();
    assert_eq!(rule(&portal, "templateVersion"), "2.1.0");
    assert_eq!(version(), "2.1.0");
    root.replace(ENVIRONMENT, overridden, "");
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(version(), "1.0.0");
}

#[test]
fn an_override_that_quietens_needs_a_reason() {
    let (root, portal) = Root::with_rule();
    for (key, value) in [
        ("severity", "Low"),
        ("enabled", "false"),
        ("triggerThreshold", "5"),
        ("suppressionEnabled", "true"),
        ("incidentConfiguration", "{ createIncident: false }"),
        ("incidentConfiguration", "{ groupingConfiguration: { enabled: true } }"),
        ("queryFrequency", "1d"),
        ("queryPeriod", "5m"),
    ] {
        let plain = format!("overrides:\n  relay-rule: {{ {key}: {value} }}\n");
        root.append(ENVIRONMENT, &plain);
        let said = ["override-needs-reason", "environments/local.yaml:13:", "reason"];
        root.run(&["apply", "--yes"]).exits(10).says(&said);
        assert_eq!(portal.writes(), Vec::<String>::new(), "{key}");
        root.replace(ENVIRONMENT, &plain, "");
    }
    root.append(
        ENVIRONMENT,
        "overrides:\n  relay-rule: { severity: { value: Low, reason: a lab, expires: 2099-12-31 } }\n",
    );
    root.run(&["apply", "--yes"]).exits(0);
    assert_eq!(rule(&portal, "severity"), "Low");
    root.run(&["plan", "--today", "2099-12-31", "--exit-code"]).exits(0);
    root.run(&["plan", "--today", "2100-01-01", "--exit-code"]).exits(20).says(&["severity"]);
}

#[test]
fn no_layer_gives_a_rule_the_name_that_the_service_gives_to_what_it_disabled() {
    let (root, portal) = Root::with_rule();
    root.append(ENVIRONMENT, "overrides:\n  relay-rule: { name: AUTO DISABLED relay }\n");
    let said = ["auto-disabled-name", "environments/local.yaml:13:", "take it off"];
    root.run(&["apply", "--yes"]).exits(10).says(&said);
    assert_eq!(portal.writes(), Vec::<String>::new());
}

#[test]
fn the_nearest_layer_wins_and_maps_merge() {
    let (_root, portal) = applied(
        "    overrides:\n      relay-rule: { queryPeriod: 8h }\n\
         overrides:\n  relay-rule: { queryPeriod: 6h, severity: High, name: Here }\n",
        "overrides:\n  relay-rule: { severity: Medium, queryPeriod: 5h, description: Fleet }\n",
    );
    assert_eq!(rule(&portal, "queryPeriod"), "PT8H", "the workspace's");
    assert_eq!(rule(&portal, "severity"), "High", "the environment's");
    assert_eq!(rule(&portal, "description"), "Fleet", "the fleet's");
    assert_eq!(rule(&portal, "displayName"), "Here");
}

#[test]
fn observed_lists_replace_each_other() {
    let (root, portal) = applied("observed: [severity]\n", "observed: [enabled]\n");
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    root.run(&["drift"]).exits(0).says(&["severity"]);
    portal.edit(AlertRules, RULE_NAME, &["enabled=false"]);
    root.run(&["drift"]).exits(20).says(&["enabled"]);
}

#[test]
fn a_query_is_never_the_customers_to_choose() {
    let (root, portal) = Root::with_rule();
    root.append(ENVIRONMENT, "observed: [enabled, query]\n");
    root.run(&["apply", "--yes"])
        .exits(10)
        .says(&["not-observable", "environments/local.yaml:12:"]);
    assert_eq!(portal.writes(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_overridden_is_said() {
    let (root, portal) = Root::with_rule();
    for key in ["id: other", "kind: NRT", "query: Heartbeat"] {
        let plain = format!("overrides:\n  relay-rule: {{ {key} }}\n");
        root.append(ENVIRONMENT, &plain);
        let said = ["not-overridable", "environments/local.yaml:13:"];
        root.run(&["apply", "--yes"]).exits(10).says(&said);
        root.replace(ENVIRONMENT, &plain, "");
    }
    assert_eq!(portal.writes(), Vec::<String>::new());
}

#[test]
fn a_parameter_has_another_value_per_environment() {
    let (root, portal) = Root::empty();
    root.write(HUNT_FILE, &format!("{HUNT}parameters: [lookback]\n"));
    root.append(ENVIRONMENT, "parameters:\n  relay-hunt: { lookback: 14d }\n");
    root.run(&["apply", "--yes"]).exits(0);
    let query = || portal.get(SavedSearches, HUNT_NAME)["properties"]["query"].clone();
    let text = query();
    assert!(text.as_str().unwrap().starts_with("let lookback = 14d;\n"), "{text}");
    root.replace(ENVIRONMENT, "14d", "3d");
    root.run(&["plan"]).exits(0).says(&["-let lookback = 14d;", "+let lookback = 3d;"]);
    for bad in ["soon", "-3d", "7"] {
        root.replace(ENVIRONMENT, "lookback: 3d", &format!("lookback: {bad}"));
        root.run(&["apply", "--yes"]).exits(10).says(&["lookback"]);
        root.replace(ENVIRONMENT, &format!("lookback: {bad}"), "lookback: 3d");
    }
    root.replace(ENVIRONMENT, "lookback: 3d", "lookbak: 3d");
    root.run(&["plan"]).exits(10).says(&["unknown-parameter", "lookback"]);
    assert_eq!(query(), text);
}

#[test]
fn an_exclusion_is_in_force_in_its_scope_only_and_ends_by_itself() {
    let (root, portal) = Root::with_rule();
    let file = "content/exclusions/relay.yaml";
    root.write(file, &EXCLUSION.replace("scope: all", "scope: { tags: [lab] }"));
    let plan = root.plan();
    assert_eq!(crate::root::change(&plan, "analytic-rule/relay-rule")["effect"], "quieter");
    root.run(&["apply", "--yes"]).exits(0);
    let query = rule(&portal, "query");
    let query = query.as_str().unwrap();
    let stage = query.find("| where not(now() < datetime(2027-05-02) and coalesce(").unwrap();
    assert!(query.find("has 'relay.example'").unwrap() < stage, "{query}");
    assert!(stage < query.find("| project").unwrap(), "{query}");
    // The end date is in the query: a later day changes nothing in the plan.
    root.run(&["plan", "--exit-code", "--today", "2027-06-01"]).exits(0);
    root.replace("environments/local.yaml", "tags: [lab]", "tags: [lab2]");
    root.run(&["plan"]).exits(10).says(&["unknown-scope-name", "lab2"]);
}
