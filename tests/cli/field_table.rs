//! Every row of the field table, one by one: an edit behind the tool's back is named, then restored.
//!
//! A workspace holds one item per field, alike but for their names; on each, another field is edited.

use sentinelops::state::{Field, Kind};
use serde_json::{Value, json};

use crate::portal::{AlertRules, Collection, Portal, SavedSearches};
use crate::root::{Root, change, verdict};

/// A rule in which no field is dead.
const RULE: &str = "\
description: Somebody talks to a relay.
severity: Medium
query: |
  DeviceNetworkEvents
  | where RemoteUrl has 'relay.example'
suppressionEnabled: true
suppressionDuration: 5h
tactics: [CommandAndControl, Execution]
relevantTechniques: [T1219, T1059, T1059.001]
entityMappings:
  - entityType: Host
    fieldMappings:
      - { identifier: FullName, columnName: DeviceName }
sentinelEntitiesMappings:
  - columnName: Entities
customDetails: { Url: RemoteUrl }
alertDetailsOverride:
  alertDisplayNameFormat: Relay on {{DeviceName}}
eventGroupingSettings: { aggregationKind: AlertPerResult }
incidentConfiguration:
  createIncident: true
  groupingConfiguration:
    enabled: true
    reopenClosedIncident: false
    lookbackDuration: 5h
    matchingMethod: Selected
    groupByEntities: [Host]
    groupByAlertDetails: [Severity]
    groupByCustomDetails: [Url]
version: 1.2.3
";

const SCHEDULE: &str = "\
queryFrequency: 1h
queryPeriod: 3h
triggerOperator: gt
triggerThreshold: 0
";

const HUNT: &str = "\
description: Who talks to relays.
tactics: [CommandAndControl, Execution]
relevantTechniques: [T1219]
query: |
  DeviceNetworkEvents
  | where RemoteUrl has 'relay.example'
";

/// A value that nobody asked for.
fn edited(kind: Kind, field: Field) -> Value {
    match field {
        Field::Enabled
        | Field::SuppressionEnabled
        | Field::CreateIncident
        | Field::GroupingEnabled => json!(false),
        Field::GroupingReopen => json!(true),
        Field::Severity => json!("Low"),
        Field::DisplayName => json!("Renamed by hand"),
        Field::Description => json!("Described by hand."),
        Field::Query => json!("DeviceNetworkEvents\n| where RemoteUrl has 'other.example'"),
        Field::QueryFrequency => json!("PT2H"),
        Field::QueryPeriod => json!("PT4H"),
        Field::TriggerOperator => json!("LessThan"),
        Field::TriggerThreshold => json!(7),
        Field::SuppressionDuration => json!("PT6H"),
        Field::Tactics if kind == Kind::Hunt => json!("Execution"),
        Field::Techniques if kind == Kind::Hunt => json!("T1219,T1105"),
        Field::Tactics => json!(["CommandAndControl", "Execution", "Impact"]),
        Field::Techniques => json!(["T1219", "T1059", "T1105"]),
        Field::SubTechniques => json!(["T1059.003"]),
        // Incidents are grouped by the host: it must stay one of the entities.
        Field::EntityMappings => json!([{
            "entityType": "Host",
            "fieldMappings": [{"identifier": "HostName", "columnName": "DeviceName"}],
        }]),
        Field::SentinelEntitiesMappings => json!([{"columnName": "OtherEntities"}]),
        Field::CustomDetails => json!({"Url": "RemoteUrl", "Port": "RemotePort"}),
        Field::AlertDetailsOverride => json!({"alertDisplayNameFormat": "By hand"}),
        Field::AggregationKind => json!("SingleAlert"),
        Field::GroupingLookback => json!("P1D"),
        Field::GroupingMatching => json!("AllEntities"),
        Field::GroupByEntities => json!([]),
        Field::GroupByAlertDetails => json!(["DisplayName"]),
        Field::GroupByCustomDetails => json!([]),
        Field::TemplateName => json!("another-template"),
        Field::TemplateVersion => json!("1.2.4"),
    }
}

struct Case {
    field: Field,
    name: String,
    key: String,
}

fn cases(kind: Kind) -> Vec<Case> {
    let case = |(at, field): (usize, Field)| {
        let name = format!("item-{at}");
        Case { field, key: format!("{}/{name}", kind.family()), name }
    };
    Field::of(kind).enumerate().map(case).collect()
}

fn content(kind: Kind, case: &Case) -> String {
    let Case { field, name, .. } = case;
    let head = format!("id: {name}\nname: About {field}\n");
    let template = format!("alertRuleTemplateName: template-of-{name}\n");
    match kind {
        Kind::Scheduled => format!("{head}kind: Scheduled\n{template}{RULE}{SCHEDULE}"),
        Kind::Nrt => format!("{head}kind: NRT\n{template}{RULE}"),
        Kind::Hunt => format!("{head}{HUNT}"),
    }
}

/// Live values without what the service sets.
fn owned(portal: &Portal, collection: Collection, name: &str) -> Value {
    let mut properties = portal.get(collection, name)["properties"].take();
    properties.as_object_mut().unwrap().remove("lastModifiedUtc");
    properties
}

#[track_caller]
fn check(kind: Kind) {
    let (root, portal) = Root::empty();
    let cases = cases(kind);
    let (collection, folder) = match kind {
        Kind::Hunt => (SavedSearches, "hunting"),
        Kind::Scheduled | Kind::Nrt => (AlertRules, "analytics"),
    };
    for case in &cases {
        root.write(&format!("content/{folder}/{}.yaml", case.name), &content(kind, case));
    }
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["drift"]).exits(0);
    let before: Vec<Value> =
        cases.iter().map(|case| owned(&portal, collection, &case.name)).collect();
    for case in &cases {
        portal.set(collection, &case.name, case.field.path(), edited(kind, case.field));
    }
    // Each alone, in words.
    for case in &cases {
        let drift = root.run(&["drift", "--content", &case.key]).exits(20);
        let field = case.field.path();
        let said = drift.says(&["local/sandbox", &case.key, field, "changed outside git"]);
        // The service does not say who changed a saved search.
        let said = if kind == Kind::Hunt { said } else { said.says(&["last changed by portal"]) };
        let value = edited(kind, case.field);
        if case.field != Field::Query
            && (value.is_string() || value.is_number() || value.is_boolean())
        {
            said.says(&["files say", &format!("workspace has {value}")]);
        }
    }
    // All together, as a document: exactly one field each, with both values.
    let drift = root.run(&["drift", "--format", "json"]).exits(20).json();
    for case in &cases {
        assert_eq!(verdict(&drift, &case.key), ("drifted", "restore"));
        let fields = change(&drift, &case.key)["fields"].as_array().unwrap();
        assert_eq!(fields.len(), 1, "{}: {fields:#?}", case.field);
        assert_eq!(fields[0]["field"], case.field.path());
        assert_eq!(fields[0]["moved"], "live", "{}", case.field);
        assert!(case.field.same(&fields[0]["before"], &edited(kind, case.field)), "{fields:#?}");
        assert!(!case.field.same(&fields[0]["before"], &fields[0]["after"]), "{fields:#?}");
    }
    root.run(&["apply", "--yes", "--ack", "changes,disables"]).exits(0).says(&["restore done"]);
    root.run(&["drift"]).exits(0);
    for (case, before) in cases.iter().zip(before) {
        assert_eq!(owned(&portal, collection, &case.name), before, "{}", case.field);
    }
    // Deleted behind the tool's back, every one.
    for case in &cases {
        portal.delete(collection, &case.name);
    }
    let drift = root.run(&["drift", "--format", "json"]).exits(20).json();
    for case in &cases {
        assert_eq!(verdict(&drift, &case.key), ("vanished", "create"));
    }
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["drift"]).exits(0);
    portal.forget();
    root.run(&["apply", "--yes"]).exits(0).says(&["Nothing to change"]);
    assert_eq!(portal.writes(), Vec::<String>::new());
}

#[test]
fn a_portal_edit_of_every_field_of_a_scheduled_rule_is_drift_and_is_restored() {
    check(Kind::Scheduled);
}

#[test]
fn a_portal_edit_of_every_field_of_a_near_real_time_rule_is_drift_and_is_restored() {
    check(Kind::Nrt);
}

#[test]
fn a_portal_edit_of_every_field_of_a_hunt_is_drift_and_is_restored() {
    check(Kind::Hunt);
}
