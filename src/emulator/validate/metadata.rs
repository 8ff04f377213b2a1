//! Metadata records.

use serde_json::{Map, Value};

use super::fields::{object, properties, required, text, word};
use super::shape::Sent;
use super::shapes;
use crate::emulator::refusal::Refusal;
use crate::ident::Day;

/// Of 2024-04-01-preview, and the last four of 2025-09-01.
pub(super) const KINDS: &[&str] = &[
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
pub(super) const SOURCES: &[&str] =
    &["LocalWorkspace", "Community", "Solution", "SourceRepository"];
pub(super) const TIERS: &[&str] = &["Microsoft", "Partner", "Community"];

/// Checks a record's body and returns its properties. A PATCH is not `whole`: nothing is required.
pub(in crate::emulator) fn metadata(
    sent: &Sent<'_>,
    whole: bool,
) -> Result<Map<String, Value>, Refusal> {
    let found = properties(sent, &shapes::METADATA)?;
    let value = &sent.value["properties"];
    let path = "Properties";
    if whole {
        required(value, path, "parentId")?;
        required(value, path, "kind")?;
    }
    word(value, path, "kind", KINDS)?;
    if let Some(source) = object(value, "source") {
        let path = "Properties.Source";
        required(source, path, "kind")?;
        word(source, path, "kind", SOURCES)?;
    }
    if let Some(support) = object(value, "support") {
        required(support, "Properties.Support", "tier")?;
        word(support, "Properties.Support", "tier", TIERS)?;
    }
    for key in ["firstPublishDate", "lastPublishDate"] {
        if let Some(day) = text(value, key).filter(|day| day.parse::<Day>().is_err()) {
            let name = super::fields::pascal(key);
            let why = format!("The value '{day}' is not valid for '{name}'.");
            return Err(Refusal::invalid(&format!("{path}.{name}"), &why));
        }
    }
    Ok(found.clone())
}
