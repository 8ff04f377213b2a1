//! Overrides that make a rule quieter than its content, which need a reason.
//!
//! What quietens whatever the content says is refused when the file is read; here are the keys where
//! it depends on the content's own value.

use serde_json::Value;

use super::overrides::{NEEDS_REASON, with_reason};
use super::{Layered, Workspace};
use crate::content::{Catalog, Content};
use crate::diag::{Diagnostic, Diagnostics};
use crate::ident::Duration;

pub(super) fn check(workspace: &Workspace, catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let overrides = &workspace.settings.overrides;
    if overrides.is_empty() {
        return;
    }
    for content in &catalog.contents {
        let Some(keys) = overrides.get(&content.id.value) else { continue };
        let without_reason = keys.iter().filter(|(_, layered)| layered.reason.is_none());
        for (key, layered) in without_reason {
            if let Some(effect) = quieter(content, key, layered) {
                let value = &layered.value;
                let message = format!("this override {effect} and gives no reason");
                let error = Diagnostic::error(NEEDS_REASON, message)
                    .at(&value.source, value.span.clone(), "")
                    .help(with_reason(key));
                diagnostics.push(own(content, key, error));
            }
        }
    }
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
