//! Metadata records.

use serde_json::{Map, Value};

use super::fields::{object, properties, required, text, word};
use crate::emulator::refusal::Refusal;

const KINDS: &[&str] = &[
    "DataConnector",
    "DataType",
    "Workbook",
    "WorkbookTemplate",
    "Playbook",
    "PlaybookTemplate",
    "AnalyticsRuleTemplate",
    "AnalyticsRule",
    "HuntingQuery",
    "InvestigationQuery",
    "Parser",
    "Watchlist",
    "WatchlistTemplate",
    "Solution",
    "AzureFunction",
    "LogicAppsCustomConnector",
    "AutomationRule",
    "Notebook",
    "ResourcesDataConnector",
    "Standalone",
    "SummaryRule",
];
const SOURCES: &[&str] = &["LocalWorkspace", "Community", "Solution", "SourceRepository"];
const TIERS: &[&str] = &["Microsoft", "Partner", "Community"];

/// Checks a record's body and returns its properties. A PATCH is not `whole`: nothing is required.
pub(in crate::emulator) fn metadata(
    body: &Value,
    whole: bool,
) -> Result<Map<String, Value>, Refusal> {
    let found = properties(body)?;
    let value = &body["properties"];
    let path = "Properties";
    if whole {
        required(value, path, "parentId")?;
        required(value, path, "kind")?;
    }
    word(value, path, "kind", KINDS)?;
    for key in ["parentId", "contentId", "version", "customVersion", "contentSchemaVersion"] {
        text(value, path, key)?;
    }
    if let Some(source) = object(value, path, "source")? {
        let path = "Properties.Source";
        required(source, path, "kind")?;
        word(source, path, "kind", SOURCES)?;
        text(source, path, "name")?;
        text(source, path, "sourceId")?;
    }
    if let Some(support) = object(value, path, "support")? {
        required(support, "Properties.Support", "tier")?;
        word(support, "Properties.Support", "tier", TIERS)?;
    }
    object(value, path, "author")?;
    Ok(found.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(properties: &Value, whole: bool, expect: &str) {
        let body = json!({ "properties": properties });
        let text = metadata(&body, whole).err().map_or("fine".into(), |refusal| refusal.message);
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn parent_and_kind_are_needed_by_put_alone() {
        check(&json!({"parentId": "p", "kind": "AnalyticsRule"}), true, "fine");
        check(&json!({"kind": "AnalyticsRule"}), true, "The ParentId field is required.");
        check(&json!({"parentId": "p"}), true, "The Kind field is required.");
        check(&json!({"customVersion": "1"}), false, "fine");
        check(&json!({"kind": "Poem"}), false, "The value 'Poem' is not valid for 'Kind'.");
        check(&json!({"customVersion": 1}), false, "must be a string");
    }

    #[test]
    fn a_source_has_a_known_kind() {
        let source = |kind: Value| json!({"source": {"kind": kind, "name": "n"}});
        check(&source(json!("SourceRepository")), false, "fine");
        check(&source(Value::Null), false, "[Properties.Source.Kind: The Kind field is required.]");
        check(&source(json!("Elsewhere")), false, "The value 'Elsewhere' is not valid");
    }
}
