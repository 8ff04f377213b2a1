//! What belongs to others stays as it is: their items, their properties, their tags; and look-alikes.

use serde_json::{Value, json};

use crate::portal::{AlertRules, Collection, Metadata, Portal, SavedSearches};
use crate::root::{Root, change, verdict};
use crate::sample::{HUNT, HUNT_FILE, HUNT_NAME, RULE, RULE_FILE, RULE_KEY, RULE_NAME};

const NOTHING: [&str; 0] = [];

/// A rule as somebody made it in the portal.
fn somebodys_rule(name: &str) -> Value {
    json!({"kind": "Scheduled", "properties": {
        "displayName": name, "enabled": true, "severity": "High", "query": "Heartbeat",
        "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan",
        "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H",
    }})
}

fn somebodys_hunt(name: &str) -> Value {
    json!({"etag": "*", "properties": {
        "category": "Hunting Queries", "displayName": name, "query": "Heartbeat | take 1",
        "version": 2, "tags": [{"name": "createdBy", "value": "somebody"}],
    }})
}

fn record_of(owner: &str, parent: &Value) -> Value {
    json!({"properties": {
        "kind": "AnalyticsRule", "parentId": parent["id"], "contentId": parent["name"],
        "customVersion": "so1;A;Scheduled",
        "source": {"kind": "SourceRepository", "name": "sentinelops", "sourceId": owner},
    }})
}

fn everything(portal: &Portal) -> Vec<(Collection, String)> {
    let lists = [AlertRules, SavedSearches, Metadata];
    let of_list =
        |list| portal.list(list).into_iter().map(move |body: Value| (list, body.to_string()));
    lists.into_iter().flat_map(of_list).collect()
}

#[test]
fn what_others_own_survives_every_command_byte_for_byte() {
    let (root, portal) = Root::empty();
    let theirs = portal.put(AlertRules, "their-rule", &somebodys_rule("Of another team"));
    portal.put(Metadata, "analyticsrule-their-rule", &record_of("other-soc", &theirs));
    portal.put(AlertRules, "by-hand", &somebodys_rule("Made by hand"));
    portal.put(SavedSearches, "hunt-by-hand", &somebodys_hunt("Hunt by hand"));
    portal.put(
        SavedSearches,
        "a-function",
        &json!({"etag": "*", "properties": {"category": "Functions", "displayName": "f",
            "query": "T", "functionAlias": "f", "version": 2}}),
    );
    let fusion = portal.list(AlertRules).into_iter().find(|rule| rule["kind"] == "Fusion");
    assert!(fusion.is_some_and(|rule| rule["name"] == "BuiltInFusion"));
    let before = everything(&portal);
    root.write(RULE_FILE, RULE);
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes"]).exits(0);
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    root.run(&["apply", "--yes"]).exits(0);
    root.remove(RULE_FILE);
    root.remove(HUNT_FILE);
    let all_goes = ["apply", "--yes", "--ack", "deletes"];
    root.run(&all_goes).exits(0);
    let prune = ["--prune", "--re-enable", "--on-conflict", "desired"];
    root.run(&[&all_goes[..], &prune].concat()).exits(0);
    assert_eq!(everything(&portal), before);
    let plan = root.plan();
    let unmanaged = &plan["workspaces"][0]["unmanaged"];
    assert_eq!(unmanaged, 3, "BuiltInFusion, the rule and the hunt by hand: {plan:#}");
    let foreign = json!([{"item": "analytic-rule/their-rule", "owner": "other-soc"}]);
    assert_eq!(plan["workspaces"][0]["foreign"], foreign);
}

#[test]
fn an_item_of_another_owner_is_refused_even_by_force() {
    let (root, portal) = Root::empty();
    let theirs = portal.put(AlertRules, RULE_NAME, &somebodys_rule("Of another team"));
    portal.put(Metadata, "analyticsrule-relay-rule", &record_of("other-soc", &theirs));
    let before = everything(&portal);
    root.write(RULE_FILE, RULE);
    for force in [&["--prune"][..], &["--on-conflict", "desired", "--re-enable"]] {
        let args = [&["apply", "--yes"], force].concat();
        root.run(&args).exits(21).says(&["foreign", "other-soc"]);
    }
    assert_eq!(everything(&portal), before);
}

/// A mistyped owner makes everything that this repository deployed look like somebody else's.
#[test]
fn with_a_mistyped_owner_nothing_is_green() {
    let (root, portal) = Root::with_rule();
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes"]).exits(0);
    root.replace("environments/fleet.yaml", "owner: acme-soc", "owner: acme-sok");
    let before = everything(&portal);
    let said = ["2 items that the files want belong to another owner", "acme-soc", "`owner`"];
    for command in [
        &["plan"][..],
        &["plan", "--exit-code"],
        &["plan", "--format", "markdown"],
        &["drift"],
        &["drift", "--format", "markdown"],
        &["apply", "--yes"],
        &["apply", "--yes", "--prune", "--keep-going"],
    ] {
        root.run(command).exits(21).says(&said).hides(&["No drift", "Nothing to change"]);
    }
    for command in [&["plan"][..], &["drift"], &["apply", "--yes"]] {
        let document = root.run(&[command, &["--format", "json"]].concat()).exits(21).json();
        assert_eq!(document["summary"]["wantedForeign"], 2, "{document:#}");
        assert_eq!(change(&document, RULE_KEY)["class"], "foreign");
    }
    assert_eq!(everything(&portal), before);
}

#[test]
fn a_rule_that_was_swapped_for_one_of_another_kind_is_drift() {
    let (root, portal) = Root::with_rule();
    let mut rule = portal.get(AlertRules, RULE_NAME);
    portal.delete(AlertRules, RULE_NAME);
    rule["kind"] = json!("NRT");
    for key in ["queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"] {
        rule["properties"].as_object_mut().unwrap().remove(key);
    }
    rule["etag"] = Value::Null;
    portal.put(AlertRules, RULE_NAME, &rule);
    root.run(&["drift"]).exits(20).says(&["kind-change", RULE_KEY]).hides(&["No drift"]);
}

#[test]
fn a_hunt_that_is_no_hunting_query_any_more_is_drift_and_not_pruned() {
    for edit in ["category=Other", "functionAlias=f"] {
        let (root, portal) = Root::empty();
        root.write(HUNT_FILE, HUNT);
        root.run(&["apply", "--yes"]).exits(0);
        portal.edit(SavedSearches, HUNT_NAME, &[edit]);
        portal.forget();
        root.run(&["drift"]).exits(20).says(&["kind-change", "saved search or function"]);
        root.run(&["apply", "--yes"]).exits(21).says(&["refused"]);
        root.remove(HUNT_FILE);
        root.run(&["apply", "--yes", "--prune"]).exits(21).says(&["retired-edited"]);
        assert_eq!(portal.writes(), NOTHING, "{edit}");
    }
}

#[test]
fn unknown_properties_and_other_peoples_tags_survive_an_update() {
    let (root, portal) = Root::with_rule();
    root.write(HUNT_FILE, HUNT);
    root.run(&["apply", "--yes"]).exits(0);
    portal.set(AlertRules, RULE_NAME, "somethingNew", json!({"deep": [1, 2]}));
    let mut hunt = portal.get(SavedSearches, HUNT_NAME);
    let tags = hunt["properties"]["tags"].as_array_mut().unwrap();
    tags.insert(0, json!({"name": "createdBy", "value": "somebody"}));
    tags.push(json!({"name": "team", "value": "blue"}));
    hunt["properties"]["somethingNew"] = json!(true);
    portal.put(SavedSearches, HUNT_NAME, &hunt);
    root.run(&["drift"]).exits(0);
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    root.replace(HUNT_FILE, "Who talks to relays.", "Who talks to which relay.");
    root.run(&["apply", "--yes"]).exits(0);
    let rule = portal.get(AlertRules, RULE_NAME);
    assert_eq!(rule["properties"]["somethingNew"], json!({"deep": [1, 2]}));
    assert_eq!(rule["properties"]["severity"], "High");
    let hunt = portal.get(SavedSearches, HUNT_NAME);
    assert_eq!(hunt["properties"]["somethingNew"], true);
    let tags = hunt["properties"]["tags"].as_array().unwrap();
    assert_eq!(tags.len(), 5, "{tags:?}");
    assert_eq!(tags[0], json!({"name": "createdBy", "value": "somebody"}));
    assert_eq!(tags[4], json!({"name": "team", "value": "blue"}));
    assert!(tags.contains(&json!({"name": "description", "value": "Who talks to which relay."})));
}

#[test]
fn a_rule_that_the_service_disabled_is_left_alone_until_re_enable() {
    let (root, portal) = Root::with_rule();
    portal.edit(
        AlertRules,
        RULE_NAME,
        &[
            "displayName=AUTO DISABLED Relay contacted",
            "description=*** The rule was disabled. ***",
            "enabled=false",
        ],
    );
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    portal.forget();
    root.run(&["drift"]).exits(20).says(&["auto-disabled", RULE_KEY, "--re-enable"]);
    root.run(&["apply", "--yes"]).says(&["--re-enable"]);
    root.run(&["apply", "--yes", "--on-conflict", "desired"]);
    assert_eq!(portal.writes(), NOTHING);
    root.run(&["apply", "--yes", "--re-enable"]).exits(0);
    let rule = portal.get(AlertRules, RULE_NAME);
    assert_eq!(rule["properties"]["enabled"], true);
    assert_eq!(rule["properties"]["displayName"], "Relay contacted");
    assert_eq!(rule["properties"]["severity"], "High");
    root.run(&["drift"]).exits(0);
}

#[test]
fn re_enable_enables_whatever_is_accepted_or_left_alone() {
    let accepted = "accepted:\n  - { content: relay-rule, fields: [enabled, displayName], \
                    until: 2099-12-31, reason: a trial }\n";
    for (environment, flags) in [(accepted, &[][..]), ("", &["--drift", "report"])] {
        let (root, portal) = Root::with_rule();
        root.append("environments/local.yaml", environment);
        let edits = ["displayName=AUTO DISABLED Relay contacted", "enabled=false"];
        portal.edit(AlertRules, RULE_NAME, &edits);
        root.run(&[&["apply", "--yes", "--re-enable"], flags].concat()).exits(0);
        let live = portal.get(AlertRules, RULE_NAME);
        assert_eq!(live["properties"]["enabled"], true, "{flags:?}");
        assert_eq!(live["properties"]["displayName"], "Relay contacted");
    }
}

/// A look-alike of the rule or hunt, and what it is recognised by.
#[track_caller]
fn check_twin(collection: Collection, file: &str, content: &str, twin: Value, said: &str) {
    let (root, portal) = Root::empty();
    portal.put(collection, "look-alike", &twin);
    root.write(file, content);
    root.run(&["plan"]).exits(21).says(&["twin", "look-alike", said, "allowTwin"]);
    root.run(&["apply", "--yes"]).exits(21);
    assert_eq!(portal.writes(), NOTHING);
    let id = if file == RULE_FILE { RULE_NAME } else { HUNT_NAME };
    root.append("environments/local.yaml", &format!("    allowTwin: [{id}]\n"));
    root.run(&["apply", "--yes"]).exits(0).says(&["create done"]);
    root.run(&["drift"]).exits(0);
}

#[test]
fn a_twin_is_refused_until_it_is_allowed() {
    let same_name = somebodys_rule("Relay contacted");
    check_twin(AlertRules, RULE_FILE, RULE, same_name, "same name");
    let mut of_template = somebodys_rule("Other");
    of_template["properties"]["alertRuleTemplateName"] = json!("relay-rule");
    check_twin(AlertRules, RULE_FILE, RULE, of_template, "same template");
    let same_name = somebodys_hunt("Relays by device");
    check_twin(SavedSearches, HUNT_FILE, HUNT, same_name, "same name");
}

#[test]
fn another_item_under_the_same_name_is_a_collision_and_an_equal_one_is_taken_over() {
    let (root, portal) = Root::with_rule();
    portal.delete(Metadata, "analyticsrule-relay-rule");
    portal.forget();
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("adoptable", "record"));
    root.run(&["apply", "--yes", "--ack", "first-run"]).exits(0).says(&["adoptable"]);
    assert_eq!(portal.writes(), ["PUT analyticsrule-relay-rule"]);
    root.run(&["plan", "--exit-code"]).exits(0);
    portal.delete(Metadata, "analyticsrule-relay-rule");
    portal.edit(AlertRules, RULE_NAME, &["severity=Low"]);
    portal.forget();
    let plan = root.run(&["plan", "--format", "json"]).exits(21).json();
    assert_eq!(verdict(&plan, RULE_KEY), ("collision", "refuse"));
    assert_eq!(change(&plan, RULE_KEY)["fields"][0]["field"], "severity");
    root.run(&["apply", "--yes", "--on-conflict", "desired"]).exits(21);
    assert_eq!(portal.writes(), NOTHING);
}

#[test]
fn metadata_of_another_source_makes_an_item_theirs() {
    let (root, portal) = Root::with_rule();
    let mut record = portal.get(Metadata, "analyticsrule-relay-rule");
    record["properties"]["source"] =
        json!({"kind": "Solution", "name": "Some solution", "sourceId": "s"});
    portal.put(Metadata, "analyticsrule-relay-rule", &record);
    portal.forget();
    root.run(&["apply", "--yes"]).exits(21).says(&["collision", "Some solution"]);
    assert_eq!(portal.writes(), NOTHING);
    // Once the item is gone, what is left of it does not stand in the way.
    portal.delete(AlertRules, RULE_NAME);
    assert_eq!(verdict(&root.plan(), RULE_KEY), ("leftover", "create"));
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn a_record_binds_its_item_to_an_existing_resource() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.append("environments/local.yaml", "    resources: { relay-rule: 0a1b-existing }\n");
    root.run(&["apply", "--yes"]).exits(0);
    assert!(portal.get(AlertRules, RULE_NAME).is_null());
    assert_eq!(portal.get(AlertRules, "0a1b-existing")["properties"]["severity"], "Medium");
    // The record binds, also when the list does not name it any more.
    root.replace("environments/local.yaml", "    resources: { relay-rule: 0a1b-existing }\n", "");
    root.run(&["plan", "--exit-code"]).exits(0);
    root.append("environments/local.yaml", "    resources: { relay-rule: elsewhere }\n");
    root.run(&["plan"]).exits(21).says(&["0a1b-existing", "elsewhere"]);
}
