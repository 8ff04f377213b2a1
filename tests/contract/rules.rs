//! Analytic rules.

use serde_json::{Value, json};

use crate::contract;
use crate::service::{STABLE, Service};

/// A rule over a table that every workspace has.
pub(crate) fn scheduled() -> Value {
    json!({"kind": "Scheduled", "properties": {
        "displayName": "Contract of sentinelops", "enabled": false, "severity": "Informational",
        "query": "Usage\r\n| where DataType == 'it\\'s <none>'\n| take 1",
        "queryFrequency": "PT5H", "queryPeriod": "PT5H", "triggerOperator": "GreaterThan",
        "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H",
    }})
}

fn nrt() -> Value {
    let mut body = scheduled();
    body["kind"] = json!("NRT");
    let properties = body["properties"].as_object_mut().unwrap();
    for key in ["queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"] {
        properties.remove(key);
    }
    body
}

fn path(service: &Service) -> (String, String) {
    let name = service.name();
    let path = service.sentinel(&format!("alertRules/{name}"));
    (name, path)
}

#[test]
fn a_rule_is_made_with_201_changed_with_200_and_deleted_with_200_then_204() {
    contract(|service| {
        let (name, rule) = path(service);
        let made = service.put(&rule, &scheduled());
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!((&made.body["name"], &made.body["kind"]), (&json!(name), &json!("Scheduled")));
        assert_eq!(made.body["type"], "Microsoft.SecurityInsights/alertRules");
        service.shows(&rule, |answer| answer.status == 200);
        assert_eq!(service.put(&rule, &scheduled()).status, 200);
        let deleted = service.delete(&rule);
        assert_eq!((deleted.status, &deleted.body), (200, &json!({})));
        service.shows(&rule, |answer| answer.status == 404);
        assert_eq!(service.delete(&rule).status, 204);
    });
}

#[test]
fn a_query_comes_back_letter_for_letter() {
    contract(|service| {
        let (_, rule) = path(service);
        service.put(&rule, &scheduled());
        let shown = service.shows(&rule, |answer| answer.status == 200);
        assert_eq!(shown.body["properties"]["query"], scheduled()["properties"]["query"]);
    });
}

#[test]
fn what_was_never_set_is_null_or_left_out() {
    contract(|service| {
        let (_, rule) = path(service);
        let properties = service.put(&rule, &scheduled()).body["properties"].take();
        for key in ["tactics", "description", "alertRuleTemplateName"] {
            assert!(properties.get(key).is_some_and(Value::is_null), "{key}: {properties}");
        }
        for key in ["entityMappings", "customDetails", "alertDetailsOverride"] {
            assert!(properties.get(key).is_none(), "{key}: {properties}");
        }
        assert!(properties["lastModifiedUtc"].is_string());
        assert_eq!(properties["incidentConfiguration"]["createIncident"], true);
    });
}

#[test]
fn every_write_has_a_new_etag_and_a_stale_one_is_refused() {
    contract(|service| {
        let (name, rule) = path(service);
        let first = service.put(&rule, &scheduled());
        let second = service.put(&rule, &scheduled());
        assert_eq!(second.status, 200, "an etag is not needed");
        assert_ne!(first.body["etag"], second.body["etag"]);
        let mut stale = scheduled();
        stale["etag"] = first.body["etag"].clone();
        let refused = service.put(&rule, &stale);
        assert_eq!((refused.status, refused.code()), (409, "Conflict"), "{}", refused.body);
        let text = refused.message();
        assert!(text.starts_with(&format!("Newer instance of rule '{name}' exists")), "{text}");
        stale["etag"] = second.body["etag"].clone();
        assert_eq!(service.put(&rule, &stale).status, 200);
    });
}

#[test]
fn stable_versions_leave_near_real_time_rules_out_of_lists() {
    contract(|service| {
        let (name, rule) = path(service);
        let made = service.put(&rule, &nrt());
        assert_eq!(made.status, 201, "{}", made.body);
        service.shows(&service.sentinel("alertRules"), |answer| answer.has(&name));
        let stable = service.of("/providers/Microsoft.SecurityInsights/alertRules", STABLE);
        assert!(!service.get(&stable).has(&name));
    });
}

#[test]
fn the_fusion_rule_is_there_and_is_nobodys_to_rename() {
    contract(|service| {
        let list = service.get(&service.sentinel("alertRules"));
        let fusion = list.items().iter().find(|rule| rule["kind"] == "Fusion").expect("Fusion");
        let mut body = json!({"kind": "Fusion", "properties": fusion["properties"]});
        body["properties"]["displayName"] = json!("Renamed");
        body["properties"].as_object_mut().unwrap().remove("lastModifiedUtc");
        let rule = service.sentinel(&format!("alertRules/{}", fusion["name"].as_str().unwrap()));
        let refused = service.put_for_good(&rule, &body);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(refused.message().contains("Read-only property"), "{}", refused.body);
    });
}

/// One property of a rule, and what the refusal says.
const BAD: &[(&str, &str, &str)] = &[
    ("techniques", "[\"T1071.001\"]", "The expected format is 'T####'"),
    ("techniques", "[\"T1219\"]", "No valid tactic corresponding to the technique T1219"),
    ("queryPeriod", "\"PT1H\"", "'queryPeriod' should be greater than or equal to"),
    ("queryFrequency", "\"PT1M\"", "PT5M"),
    ("query", "\"search * | take 1\"", "should not contain 'search' or 'union *'"),
    ("templateVersion", "\"1.0.0\"", "'templateVersion' can only be used if"),
    (
        "entityMappings",
        "[{\"entityType\": \"Host\", \"fieldMappings\": [{\"identifier\": \"Name\", \"columnName\": \"Computer\"}]}]",
        "Invalid identifier 'Name' for type 'Host' encountered.",
    ),
    ("query", "\"NoSuchTableAnywhere_CL | take 1\"", "does not exist"),
];

#[test]
fn what_is_wrong_with_a_rule_is_refused_and_nothing_is_stored() {
    contract(|service| {
        for (key, value, text) in BAD {
            let (_, rule) = path(service);
            let mut body = scheduled();
            body["properties"][*key] = serde_json::from_str(value).unwrap();
            let refused = service.put(&rule, &body);
            assert_eq!(refused.status, 400, "{key}: {}", refused.body);
            assert!(refused.message().contains(text), "{key}: {}", refused.body);
            assert_eq!(service.get(&rule).status, 404, "{key}");
        }
    });
}

#[test]
fn a_refused_change_leaves_the_rule_as_it_was() {
    contract(|service| {
        let (_, rule) = path(service);
        let made = service.put(&rule, &scheduled());
        let mut body = scheduled();
        body["properties"]["queryPeriod"] = json!("PT1H");
        assert_eq!(service.put(&rule, &body).status, 400);
        let shown = service.shows(&rule, |answer| answer.status == 200);
        assert_eq!(shown.body["etag"], made.body["etag"]);
    });
}

#[test]
fn a_new_rule_has_no_playbooks() {
    contract(|service| {
        let (name, rule) = path(service);
        service.put(&rule, &scheduled());
        service.shows(&rule, |answer| answer.status == 200);
        let actions = service.get(&service.sentinel(&format!("alertRules/{name}/actions")));
        assert_eq!((actions.status, actions.items().len()), (200, 0));
    });
}

#[test]
fn a_deleted_id_is_free_or_refused_for_a_while_by_its_name() {
    contract(|service| {
        let (name, rule) = path(service);
        service.put(&rule, &scheduled());
        service.delete(&rule);
        let again = service.put(&rule, &scheduled());
        if again.status != 201 {
            assert!([400, 409].contains(&again.status), "{}", again.body);
            let text = again.message();
            assert!(text.contains(&format!("'{name}' was recently deleted.")), "{text}");
        }
    });
}
