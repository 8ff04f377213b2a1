//! Overrides judged together with their content: those that make a rule quieter need a reason, and
//! those that its kind has no field for are refused.
//!
//! What quietens whatever the content says is refused when the file is read; here are the keys where
//! it depends on the content's own value.

use serde_json::Value;

use super::overrides::{NEEDS_REASON, with_reason};
use super::{Layered, Workspace};
use crate::content::{Catalog, Content};
use crate::diag::{Code, Diagnostic, Diagnostics};
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
            let unexplained = layered.reason.is_none();
            let effect = unexplained.then(|| quieter(content, key, layered)).flatten();
            if let Some(effect) = effect {
                let message = format!("this override {effect} and gives no reason");
                let error = Diagnostic::error(NEEDS_REASON, message)
                    .at(&value.source, value.span.clone(), "")
                    .help(with_reason(key));
                diagnostics.push(own(content, key, error));
            }
        }
    }
}

/// Whether the kind of item has a field that the key sets. `version` goes into the metadata of all.
fn has_field(content: &Content, key: &str) -> bool {
    let fields = Field::named(key);
    key == "version" || Field::of(content.kind).any(|field| fields.contains(&field))
}

/// What a value without a reason takes away, if anything. A value that cannot be compared counts as
/// quieter: nobody has shown that it is not.
fn quieter(content: &Content, key: &str, layered: &Layered) -> Option<String> {
    let own = content.keys.get(key).map(|own| &own.value);
    let value = &layered.value.value;
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
            let operator = content.keys.get("triggerOperator").and_then(|key| key.value.as_str());
            let quieter = match (value.as_f64(), own.as_f64()) {
                (Some(value), Some(own)) if value == own => false,
                (Some(value), Some(own)) => match operator.map(str::to_lowercase).as_deref() {
                    Some("gt" | "greaterthan") => value > own,
                    Some("lt" | "lessthan") => value < own,
                    _ => true,
                },
                _ => true,
            };
            let from_to = || format!("from {} to {}", plain(own), plain(value));
            quieter.then(|| format!("moves the threshold {}", from_to()))
        }
        "triggerOperator" => {
            let same = operator(own?) == operator(value);
            (!same).then(|| "changes when the rule triggers".to_owned())
        }
        "suppressionDuration" => {
            let own = own.map_or(Some(DEFAULT_SUPPRESSION), duration);
            let longer = match (duration(value), own) {
                (Some(value), Some(own)) => value > own,
                _ => true,
            };
            longer.then(|| "suppresses alerts for longer".to_owned())
        }
        _ => None,
    }
}

/// What the service takes where content says nothing.
const DEFAULT_SUPPRESSION: Duration = Duration::from_seconds(5 * 60 * 60);

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
    fn a_longer_suppression_needs_a_reason() {
        check_rule(json!({"suppressionDuration": "2h"}), "suppressionDuration: PT3H", true);
        check_rule(json!({"suppressionDuration": "2h"}), "suppressionDuration: 120m", false);
        check_rule(json!({}), "suppressionDuration: 6h", true);
        check_rule(json!({}), "suppressionDuration: 5h", false);
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
