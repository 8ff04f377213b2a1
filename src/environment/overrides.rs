//! Overriding values: which keys may be overridden, with what shape, and when a reason is needed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Layered;
use super::reading::{Keys, Reading};
use crate::diag::{Code, suggest};
use crate::yaml::{Entry, Node, NodeKind};

const NOT_OVERRIDABLE: Code = Code::new("not-overridable");
pub(super) const NEEDS_REASON: Code = Code::new("override-needs-reason");

/// What an environment may change of a content file: the keys that become fields in Azure.
const OVERRIDABLE: &[&str] = &[
    "name",
    "description",
    "enabled",
    "severity",
    "queryFrequency",
    "queryPeriod",
    "triggerOperator",
    "triggerThreshold",
    "suppressionEnabled",
    "suppressionDuration",
    "tactics",
    "techniques",
    "relevantTechniques",
    "entityMappings",
    "sentinelEntitiesMappings",
    "customDetails",
    "alertDetailsOverride",
    "eventGroupingSettings",
    "incidentConfiguration",
    "alertRuleTemplateName",
    "version",
];

/// What makes a rule another one, or is decided by other means than an override.
const NEVER: &[(&str, &str)] = &[
    ("id", "an id names one item everywhere; write a second content file instead"),
    ("kind", "write a second content file, with its own id and `replaces`"),
    ("query", "change a `let` of the query through `parameters`, or write an exclusion"),
    ("queryFrom", "write a second content file, with its own id"),
];

/// The overrides of one content item.
pub(super) fn read(reading: &mut Reading, keys: &Keys<'_>) -> BTreeMap<String, Layered> {
    let mut overrides = BTreeMap::new();
    for Entry { key, key_span, value } in keys.entries() {
        if let Some((_, help)) = NEVER.iter().find(|(never, _)| never == key) {
            let message = format!("`{key}` cannot be overridden");
            reading.error(NOT_OVERRIDABLE, key_span, message, *help);
            continue;
        }
        if !OVERRIDABLE.contains(&key.as_str()) {
            let message = format!("`{key}` is not a key that can be overridden");
            let help = suggest(key, OVERRIDABLE.iter().copied());
            reading.error(NOT_OVERRIDABLE, key_span, message, help);
            continue;
        }
        if let Some(layered) = layered(reading, key, value) {
            demand_reason(reading, key, &layered);
            overrides.insert(key.clone(), layered);
        }
    }
    overrides
}

/// A value alone, or `{ value, reason, expires }`. The columns of `customDetails` may bear these
/// names too, but its value is always a map.
fn layered(reading: &mut Reading, key: &str, node: &Node) -> Option<Layered> {
    const PARTS: [&str; 3] = ["value", "reason", "expires"];
    let explained = match &node.kind {
        NodeKind::Map(entries) if key == "customDetails" => entries
            .iter()
            .any(|entry| entry.key == "value" && matches!(entry.value.kind, NodeKind::Map(_))),
        NodeKind::Map(entries) => entries.iter().any(|entry| PARTS.contains(&entry.key.as_str())),
        _ => false,
    };
    let (value, reason, expires) = if explained {
        let keys = reading.keys(node, "an override with a reason", &PARTS)?;
        let reason = keys.get("reason").map(|node| reading.words(node, "`reason`"));
        let expires = keys.get("expires").map(|node| reading.name(node, "a day"));
        let value = reading.need(&keys, "value")?;
        (value, reason.flatten(), expires.flatten().map(|day| day.value))
    } else {
        (node, None, None)
    };
    if value.is_null() {
        let help = "say the value, or take the line out";
        reading.invalid(&value.span, format!("the override of `{key}` says nothing"), help);
        return None;
    }
    let value = reading.located(value.to_json(), &value.span);
    Some(Layered { value, reason, unexplained: Vec::new(), expires })
}

/// What quietens whatever the content says. Whether a severity or a threshold does depends on the
/// content, and is judged where the content is known.
fn demand_reason(reading: &mut Reading, key: &str, layered: &Layered) {
    let value = &layered.value.value;
    let quiet = match key {
        "enabled" => (value != &Value::Bool(true)).then_some("turns the rule off"),
        "suppressionEnabled" => {
            (value != &Value::Bool(false)).then_some("suppresses alerts after the first")
        }
        "incidentConfiguration" => fewer_incidents(value),
        _ => None,
    };
    if let (Some(effect), None) = (quiet, &layered.reason) {
        let message = format!("this override {effect} and gives no reason");
        let span = layered.value.span.clone();
        reading.error(NEEDS_REASON, &span, message, with_reason(key));
    }
}

fn fewer_incidents(value: &Value) -> Option<&'static str> {
    let set = |part: Option<&Value>, to: bool| {
        part.is_some_and(|part| !part.is_null() && part != &Value::Bool(!to))
    };
    let grouping = value.get("groupingConfiguration").and_then(|grouping| grouping.get("enabled"));
    if set(value.get("createIncident"), false) {
        Some("takes the incidents away")
    } else if set(grouping, true) {
        Some("puts alerts together into fewer incidents")
    } else {
        None
    }
}

/// How a reason is written.
pub(super) fn with_reason(key: &str) -> String {
    format!(
        "write `{key}: {{ value: …, reason: why, expires: 2027-06-30 }}`; `expires` is optional"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{ENVIRONMENT, FLEET, check_added, fleet};
    use super::*;

    /// The override of `key` that a line makes.
    fn read_one(key: &str, line: &str) -> Layered {
        let text = format!("{ENVIRONMENT}overrides:\n  rule-1:\n    {line}\n");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        let settings = &fleet.workspaces()[0].1.settings;
        settings.overrides[&"RULE-1".parse().unwrap()][key].clone()
    }

    #[test]
    fn a_value_is_written_plainly_or_with_its_reason() {
        let plain = read_one("severity", "severity: Low");
        assert_eq!((plain.value.value.clone(), plain.reason), (json!("Low"), None));
        assert_eq!(plain.value.place(), "environments/a.yaml:11");
        let line = "enabled: { value: false, reason: too loud, expires: 2027-06-30 }";
        let explained = read_one("enabled", line);
        assert_eq!(explained.value.value, json!(false));
        assert_eq!(explained.reason.as_deref(), Some("too loud"));
        assert_eq!(explained.expires, "2027-06-30".parse().ok());
    }

    #[test]
    fn columns_of_custom_details_may_be_called_value_or_reason() {
        let details = read_one("customDetails", "customDetails: { value: Count, reason: Why }");
        assert_eq!(details.value.value, json!({"value": "Count", "reason": "Why"}));
        let line = "customDetails: { value: { Hits: Count }, reason: theirs }";
        let explained = read_one("customDetails", line);
        assert_eq!(explained.value.value, json!({"Hits": "Count"}));
        assert_eq!(explained.reason.as_deref(), Some("theirs"));
    }

    fn check(line: &str, expect: &[&str]) {
        check_added(&format!("overrides:\n  rule-1:\n    {line}\n"), expect);
    }

    #[test]
    fn what_makes_an_item_another_one_cannot_be_overridden() {
        check("id: x", &["not-overridable a.yaml:11 id"]);
        check("kind: NRT", &["not-overridable a.yaml:11 kind"]);
        check("query: T", &["not-overridable a.yaml:11 query"]);
        check("queryFrom: x", &["not-overridable a.yaml:11 queryFrom"]);
        check("severty: Low", &["not-overridable a.yaml:11 severty"]);
        check("requiredDataConnectors: []", &["not-overridable a.yaml:11 requiredDataConnectors"]);
    }

    #[test]
    fn what_quietens_needs_a_reason() {
        check("enabled: false", &["override-needs-reason a.yaml:11 false"]);
        check("enabled: 'true'", &["override-needs-reason a.yaml:11 'true'"]);
        check("enabled: { value: false }", &["override-needs-reason a.yaml:11 false"]);
        check(
            "enabled: { value: false, expires: 2027-01-01 }",
            &["override-needs-reason a.yaml:11 false"],
        );
        check(
            "enabled: { value: false, reason: ' ' }",
            &["override-needs-reason a.yaml:11 false", "invalid-value a.yaml:11 ' '"],
        );
        check("suppressionEnabled: true", &["override-needs-reason a.yaml:11 true"]);
        check(
            "incidentConfiguration: { createIncident: false }",
            &["override-needs-reason a.yaml:11 { createIncident: false }"],
        );
        check(
            "incidentConfiguration: { groupingConfiguration: { enabled: true } }",
            &["override-needs-reason a.yaml:11 { groupingConfiguration: { enabled: true } }"],
        );
        let off = "incidentConfiguration: { groupingConfiguration: { enabled: false } }";
        read_one("incidentConfiguration", off);
        read_one("enabled", "enabled: true");
        read_one("suppressionEnabled", "suppressionEnabled: false");
        read_one("incidentConfiguration", "incidentConfiguration: { createIncident: true }");
    }

    #[test]
    fn an_override_says_something() {
        check("severity:", &["invalid-value a.yaml:11 "]);
        check("enabled: { reason: why }", &["missing-key a.yaml:11 { reason: why }"]);
        check("enabled: { value: true, reasn: why }", &["unknown-key a.yaml:11 reasn"]);
        check("enabled: { value: true, expires: soon }", &["invalid-value a.yaml:11 soon"]);
    }
}
