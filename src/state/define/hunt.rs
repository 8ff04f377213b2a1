//! What only a rule has, in a hunting query: most of all the remains of a rule that lost its `kind`.

use super::reader::Reader;
use crate::diag::{Code, Severity};

const RULE_KEY: Code = Code::new("rule-key-in-hunt");
const SEVERITY: Code = Code::new("severity-in-hunt");

/// Published hunts have none of these.
const OF_RULES: &[&str] = &[
    "enabled",
    "queryFrequency",
    "queryPeriod",
    "triggerOperator",
    "triggerThreshold",
    "suppressionEnabled",
    "suppressionDuration",
    "customDetails",
    "alertDetailsOverride",
    "eventGroupingSettings",
    "incidentConfiguration",
    "alertRuleTemplateName",
];

/// One finding for all of them. A severity alone, as many published hunts have it, is only noted.
pub(super) fn define(reader: &mut Reader<'_>) {
    let found: Vec<&str> =
        OF_RULES.iter().copied().filter(|key| reader.get(key).is_some()).collect();
    if let Some(first) = found.first() {
        let message = format!("a hunting query has no {}", super::spelling::listed(&found));
        let help = "write `kind: Scheduled` or `kind: NRT` if it is a rule; else delete the lines";
        reader.error(RULE_KEY, first, message, help);
    } else if reader.get("severity").is_some() {
        let message = "a hunting query has no severity; it is left out".to_owned();
        let help = "write `kind: Scheduled` or `kind: NRT` if it is a rule";
        reader.report(Severity::Note, SEVERITY, "severity", message, help);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use crate::state::{Kind, define};

    #[track_caller]
    fn check(keys: Value, code: Option<(&str, &str)>) {
        let keys: BTreeMap<String, Value> = json!({"name": "A hunt"})
            .as_object()
            .into_iter()
            .chain(keys.as_object())
            .flatten()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let (_, problems) = define::fields::tests::defined(Kind::Hunt, &keys);
        let found: Vec<(&str, &str)> =
            problems.iter().map(|p| (p.severity.word(), p.code.as_str())).collect();
        assert_eq!(found, code.into_iter().collect::<Vec<_>>(), "{keys:?}");
    }

    #[test]
    fn what_only_a_rule_has_holds_a_hunt() {
        let wrong = Some(("error", "rule-key-in-hunt"));
        check(json!({"enabled": false}), wrong);
        check(json!({"suppressionDuration": "PT5H", "severity": "High"}), wrong);
        check(json!({"incidentConfiguration": {"createIncident": true}}), wrong);
        check(json!({"queryFrequency": "1h"}), wrong);
        check(json!({"alertRuleTemplateName": null}), None);
    }

    #[test]
    fn what_published_hunts_carry_does_not() {
        check(json!({"entityMappings": [], "version": "1.0.0", "metadata": {}}), None);
        check(json!({"severity": "High"}), Some(("note", "severity-in-hunt")));
    }
}
