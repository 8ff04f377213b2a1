//! Overrides judged together with their content: those that make a rule quieter need a reason, and
//! those that its kind has no field for are refused.
//!
//! What quietens whatever the content says is refused when the file is read; here are the keys where
//! it depends on the content's own value.

use std::collections::BTreeMap;

use serde_json::Value;

use super::overrides::{NEEDS_REASON, with_reason};
use super::{Layered, Workspace};
use crate::content::{Catalog, Content};
use crate::diag::{Code, Diagnostic, Diagnostics, Located};
use crate::ident::Duration;
use crate::state::Field;

const NO_EFFECT: Code = Code::new("override-without-effect");

pub(super) fn check(workspace: &Workspace, catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let overrides = &workspace.settings.overrides;
    if overrides.is_empty() {
        return;
    }
    for content in &catalog.contents {
        let Some(keys) = overrides.get(&content.id.value) else { continue };
        for (key, layered) in keys {
            let value = &layered.value;
            if !has_field(content, key) {
                let message = format!("a {} has no `{key}`", content.kind);
                let error = Diagnostic::error(NO_EFFECT, message)
                    .at(&value.source, value.span.clone(), "")
                    .help("take it out: it would have no effect");
                diagnostics.push(error);
                continue;
            }
            for part in unexplained(layered) {
                let Some(effect) = quieter(content, key, &part.value, keys) else { continue };
                let message = format!("this override {effect} and gives no reason");
                let error = Diagnostic::error(NEEDS_REASON, message)
                    .at(&part.source, part.span.clone(), "")
                    .help(with_reason(key));
                diagnostics.push(own(content, key, error));
            }
        }
    }
}

/// What no reason is given for: the whole value, or the parts of it that layers without one added.
fn unexplained(layered: &Layered) -> Vec<Located<Value>> {
    if layered.reason.is_none() {
        return vec![layered.value.clone()];
    }
    let in_force = |part: &Located<Value>| part.clone().map(|p| kept(&p, &layered.value.value));
    layered.unexplained.iter().map(in_force).collect()
}

/// What of a part is still there after upper layers were laid over it.
fn kept(part: &Value, whole: &Value) -> Value {
    let (Value::Object(part), Value::Object(whole)) = (part, whole) else {
        return if part == whole { part.clone() } else { Value::Null };
    };
    let of_key = |(key, value): (&String, &Value)| {
        let value = kept(value, whole.get(key)?);
        (!value.is_null()).then(|| (key.clone(), value))
    };
    Value::Object(part.iter().filter_map(of_key).collect())
}

/// Whether the kind of item has a field that the key sets. `version` goes into the metadata of all.
fn has_field(content: &Content, key: &str) -> bool {
    let fields = Field::named(key);
    key == "version" || Field::of(content.kind).any(|field| fields.contains(&field))
}

/// What a value without a reason takes away, if anything. A value that cannot be compared counts as
/// quieter: nobody has shown that it is not.
fn quieter(
    content: &Content,
    key: &str,
    value: &Value,
    overrides: &BTreeMap<String, Layered>,
) -> Option<String> {
    let own = content.keys.get(key).map(|own| &own.value);
    match key {
        "severity" => {
            let own = own?;
            let lower = match (severity(value), severity(own)) {
                (Some(value), Some(own)) => value < own,
                _ => true,
            };
            lower.then(|| format!("lowers the severity from {} to {}", plain(own), plain(value)))
        }
        "triggerThreshold" => {
            let own = own?;
            let from_to = || format!("from {} to {}", plain(own), plain(value));
            fewer_triggers(content, value, own, overrides.get("triggerOperator"))
                .then(|| format!("moves the threshold {}", from_to()))
        }
        "triggerOperator" => {
            let same = operator(own?) == operator(value);
            (!same).then(|| "changes when the rule triggers".to_owned())
        }
        "queryFrequency" => {
            is_longer(Some(value), Some(own?)).then(|| "runs the rule less often".to_owned())
        }
        "queryPeriod" => {
            is_longer(Some(own?), Some(value)).then(|| "looks at a shorter time".to_owned())
        }
        "suppressionDuration" => {
            is_longer(Some(value), own).then(|| "suppresses alerts for longer".to_owned())
        }
        _ => fewer_alerts(key, value, own).map(str::to_owned),
    }
}

/// Whether a threshold is met less often, or that cannot be told: the operator decides, which another
/// override may change.
fn fewer_triggers(
    content: &Content,
    value: &Value,
    own: &Value,
    overridden: Option<&Layered>,
) -> bool {
    let own_operator = content.keys.get("triggerOperator").and_then(|key| operator(&key.value));
    let moved = overridden.is_some_and(|other| operator(&other.value.value) != own_operator);
    match (value.as_f64(), own.as_f64()) {
        (Some(value), Some(own)) if value == own => false,
        (Some(value), Some(own)) => match own_operator.filter(|_| !moved) {
            Some("gt") => value > own,
            Some("lt") => value < own,
            _ => true,
        },
        _ => true,
    }
}

/// What becomes of the same events, if it is less.
fn fewer_alerts(key: &str, value: &Value, own: Option<&Value>) -> Option<&'static str> {
    match key {
        "eventGroupingSettings" => {
            let per_row = |settings: Option<&Value>| {
                let kind = settings.and_then(|settings| settings.get("aggregationKind"));
                kind.and_then(Value::as_str)
                    .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("AlertPerResult"))
            };
            // A map without the kind leaves the content's own.
            let kept = value.as_object().is_some_and(|map| !map.contains_key("aggregationKind"));
            let fewer = per_row(own) && !per_row(Some(value)) && !kept;
            fewer.then_some("makes one alert of what were several")
        }
        "incidentConfiguration" => {
            let grouping = "groupingConfiguration";
            wider_grouping(value.get(grouping)?, own?.get(grouping)?)
                .then_some("puts more alerts together into one incident")
        }
        "alertDetailsOverride" => {
            let column = |details: &Value| details.get("alertSeverityColumnName").cloned();
            let new = column(value).filter(|new| Some(new) != own.and_then(column).as_ref());
            new.map(|_| "lets a column set the severity")
        }
        _ => None,
    }
}

/// What the service takes where content says nothing about suppression or grouping.
const DEFAULT_SPAN: Duration = Duration::from_seconds(5 * 60 * 60);

/// Whether one duration is longer than another, or that cannot be told.
fn is_longer(one: Option<&Value>, other: Option<&Value>) -> bool {
    let read = |value: Option<&Value>| value.map_or(Some(DEFAULT_SPAN), duration);
    match (read(one), read(other)) {
        (Some(one), Some(other)) => one > other,
        _ => true,
    }
}

/// Whether grouping that the content has puts more into one incident: for longer, or by another rule.
/// That grouping is switched on is judged where the file is read.
fn wider_grouping(value: &Value, own: &Value) -> bool {
    let off = |grouping: &Value| grouping.get("enabled") != Some(&Value::Bool(true));
    if off(own) || value.get("enabled") == Some(&Value::Bool(false)) {
        return false;
    }
    let lookback = "lookbackDuration";
    let longer = value.get(lookback).is_some_and(|new| is_longer(Some(new), own.get(lookback)));
    let rules =
        ["matchingMethod", "groupByEntities", "groupByAlertDetails", "groupByCustomDetails"];
    let changed = |name: &&str| value.get(name).is_some_and(|new| Some(new) != own.get(name));
    longer || rules.iter().any(changed)
}

fn severity(value: &Value) -> Option<usize> {
    let text = value.as_str()?;
    let levels = ["informational", "low", "medium", "high"];
    levels.iter().position(|level| level.eq_ignore_ascii_case(text))
}

/// Content files say `gt`, ARM says `GreaterThan`.
fn operator(value: &Value) -> Option<&'static str> {
    match value.as_str()?.to_lowercase().as_str() {
        "gt" | "greaterthan" => Some("gt"),
        "lt" | "lessthan" => Some("lt"),
        "eq" | "equal" => Some("eq"),
        "ne" | "notequal" => Some("ne"),
        _ => None,
    }
}

fn duration(value: &Value) -> Option<Duration> {
    value.as_str()?.parse().ok()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn own(content: &Content, key: &str, error: Diagnostic) -> Diagnostic {
    match content.keys.get(key) {
        Some(own) => error.at(&own.source, own.span.clone(), "the content's own value"),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{self, ENVIRONMENT, FLEET, fleet, shown};
    use super::*;
    use crate::state::Kind;

    fn check_on(kind: Kind, own: Value, line: &str, expect: &[&str]) {
        let text = format!("{ENVIRONMENT}overrides:\n  rule-1:\n    {line}\n");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        let catalog = sample::catalog(vec![sample::content("Rule-1", kind, "one.yaml", own)]);
        let mut diagnostics = Diagnostics::new();
        check(fleet.workspaces()[0].1, &catalog, &mut diagnostics);
        assert_eq!(shown(&diagnostics), expect, "{line}");
    }

    fn check_rule(own: Value, line: &str, quiet: bool) {
        let value = line.split(": ").last().unwrap();
        let error = format!("override-needs-reason a.yaml:11 {value}");
        let expect: &[&str] = if quiet { &[&error] } else { &[] };
        check_on(Kind::Scheduled, own, line, expect);
    }

    #[test]
    fn a_lower_severity_needs_a_reason_and_a_higher_one_does_not() {
        let own = || json!({"severity": "Medium"});
        check_rule(own(), "severity: Low", true);
        check_rule(own(), "severity: informational", true);
        check_rule(own(), "severity: medium", false);
        check_rule(own(), "severity: High", false);
        check_rule(own(), "severity: Middling", true);
        check_on(Kind::Nrt, own(), "severity: { value: Low, reason: pilot }", &[]);
    }

    #[test]
    fn which_threshold_is_quieter_depends_on_the_operator() {
        let own = |operator: &str| json!({"triggerOperator": operator, "triggerThreshold": 5});
        check_rule(own("gt"), "triggerThreshold: 6", true);
        check_rule(own("GreaterThan"), "triggerThreshold: 4", false);
        check_rule(own("lt"), "triggerThreshold: 4", true);
        check_rule(own("lt"), "triggerThreshold: 6", false);
        check_rule(own("eq"), "triggerThreshold: 6", true);
        check_rule(own("eq"), "triggerThreshold: 5", false);
        check_rule(own("gt"), "triggerOperator: GreaterThan", false);
        check_rule(own("gt"), "triggerOperator: lt", true);
    }

    #[test]
    fn a_threshold_under_another_operator_needs_its_own_reason() {
        let text = format!(
            "{ENVIRONMENT}overrides:\n  rule-1:\n    triggerOperator: {{ value: lt, reason: pilot }}\n    \
             triggerThreshold: 3\n"
        );
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        let own = json!({"triggerOperator": "gt", "triggerThreshold": 5});
        let rule = sample::content("rule-1", Kind::Scheduled, "one.yaml", own);
        let mut diagnostics = Diagnostics::new();
        check(fleet.workspaces()[0].1, &sample::catalog(vec![rule]), &mut diagnostics);
        assert_eq!(shown(&diagnostics), ["override-needs-reason a.yaml:12 3"]);
    }

    #[test]
    fn running_less_often_or_looking_back_less_far_needs_a_reason() {
        let own = || json!({"queryFrequency": "1h", "queryPeriod": "PT2H"});
        check_rule(own(), "queryFrequency: 4h", true);
        check_rule(own(), "queryFrequency: PT60M", false);
        check_rule(own(), "queryFrequency: 30m", false);
        check_rule(own(), "queryFrequency: often", true);
        check_rule(own(), "queryPeriod: 1h", true);
        check_rule(own(), "queryPeriod: 120m", false);
        check_rule(own(), "queryPeriod: 1d", false);
        let explained = "queryFrequency: { value: 4h, reason: costs }";
        check_on(Kind::Scheduled, own(), explained, &[]);
    }

    #[test]
    fn fewer_alerts_or_incidents_of_the_same_events_need_a_reason() {
        let check = |own: Value, line: &str, quiet: bool| {
            let (_, value) = line.split_once(": ").unwrap();
            let error = format!("override-needs-reason a.yaml:11 {value}");
            let expect: &[&str] = if quiet { &[&error] } else { &[] };
            check_on(Kind::Scheduled, own, line, expect);
        };
        let alerts = |kind: &str| json!({"eventGroupingSettings": {"aggregationKind": kind}});
        let single = "eventGroupingSettings: { aggregationKind: SingleAlert }";
        check(alerts("AlertPerResult"), single, true);
        check(alerts("SingleAlert"), single, false);
        check(json!({}), "eventGroupingSettings: { aggregationKind: AlertPerResult }", false);

        let grouped = |enabled: bool| {
            let grouping = json!({"enabled": enabled, "lookbackDuration": "12h"});
            json!({"incidentConfiguration": {"groupingConfiguration": grouping}})
        };
        let grouping = |inner: &str| {
            format!("incidentConfiguration: {{ groupingConfiguration: {{ {inner} }} }}")
        };
        check(grouped(true), &grouping("lookbackDuration: 1d"), true);
        check(grouped(true), &grouping("lookbackDuration: 5h"), false);
        check(grouped(false), &grouping("lookbackDuration: 1d"), false);
        check(grouped(true), &grouping("matchingMethod: AnyAlert"), true);
        check(grouped(true), &grouping("enabled: false, matchingMethod: AnyAlert"), false);

        let column = "alertDetailsOverride: { alertSeverityColumnName: Level }";
        check(json!({}), column, true);
        check(json!({}), "alertDetailsOverride: { alertDisplayNameFormat: Here }", false);
    }

    #[test]
    fn a_longer_suppression_needs_a_reason() {
        check_rule(json!({"suppressionDuration": "2h"}), "suppressionDuration: PT3H", true);
        check_rule(json!({"suppressionDuration": "2h"}), "suppressionDuration: 120m", false);
        check_rule(json!({}), "suppressionDuration: 6h", true);
        check_rule(json!({}), "suppressionDuration: 5h", false);
    }

    #[test]
    fn the_reason_of_one_layer_is_none_for_what_another_one_adds() {
        let reason = "{ value: { groupingConfiguration: { PART } }, reason: their shift }";
        let bare = "{ groupingConfiguration: { PART } }";
        let check = |lower: (&str, &str), upper: (&str, &str), expect: &[&str]| {
            let layer = |(form, part): (&str, &str)| {
                format!("incidentConfiguration: {}", form.replace("PART", part))
            };
            let text = format!(
                "{ENVIRONMENT}    overrides: {{ rule-1: {{ {} }} }}\noverrides: {{ rule-1: {{ {} }} }}\n",
                layer(upper),
                layer(lower)
            );
            let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
            let grouping = json!({"enabled": true, "lookbackDuration": "5h"});
            let own = json!({"incidentConfiguration": {"groupingConfiguration": grouping}});
            let rule = sample::content("rule-1", Kind::Scheduled, "one.yaml", own);
            let mut diagnostics = Diagnostics::new();
            check(fleet.workspaces()[0].1, &sample::catalog(vec![rule]), &mut diagnostics);
            let codes: Vec<String> = shown(&diagnostics)
                .iter()
                .map(|shown| shown.split(' ').take(2).collect::<Vec<_>>().join(" "))
                .collect();
            assert_eq!(codes, expect, "{text}");
        };
        let (longer, method) = ("lookbackDuration: 7d", "matchingMethod: AnyAlert");
        let (shorter, harmless) = ("lookbackDuration: 1h", "reopenClosedIncident: true");
        check((reason, method), (bare, longer), &["override-needs-reason a.yaml:9"]);
        check((bare, longer), (reason, method), &["override-needs-reason a.yaml:10"]);
        check((reason, method), (reason, longer), &[]);
        check((reason, longer), (bare, harmless), &[]);
        check((bare, longer), (reason, shorter), &[]);
    }

    #[test]
    fn what_a_kind_has_no_field_for_is_refused() {
        let check = |kind, line: &str, expect: &[&str]| check_on(kind, json!({}), line, expect);
        check(Kind::Hunt, "severity: High", &["override-without-effect a.yaml:11 High"]);
        check(Kind::Nrt, "queryFrequency: 1h", &["override-without-effect a.yaml:11 1h"]);
        check(Kind::Scheduled, "queryFrequency: 1h", &[]);
        check(Kind::Hunt, "description: theirs", &[]);
        check(Kind::Hunt, "version: 1.0.1", &[]);
    }
}
