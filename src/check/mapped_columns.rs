//! Columns that a rule maps and its query cannot return.

use super::alert_overrides::columns;
use super::item::Item;
use super::output::output;
use super::techniques::listed;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const NOT_IN_OUTPUT: Code = Code::new("column-not-in-output");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let Some(output) = output(&item.query) else { return Vec::new() };
    let mut found = Vec::new();
    for (key, columns) in mapped(item) {
        let mut missing: Vec<&str> =
            columns.into_iter().filter(|column| !output.may_have(column)).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            continue;
        }
        let message =
            format!("`{key}` names {}, which the query does not return", listed(&missing));
        let warning = item.at(key, Diagnostic::warning(NOT_IN_OUTPUT, message));
        found.push(
            warning.help("let the query's last `project` or `summarize` keep it, or map another"),
        );
    }
    found
}

/// The columns that are mapped, by the key that maps them.
fn mapped<'a>(item: &Item<'a>) -> Vec<(&'static str, Vec<&'a str>)> {
    let entities = item.list(Field::EntityMappings).iter();
    let entities = entities.filter_map(|mapping| mapping["fieldMappings"].as_array()).flatten();
    let entities = entities.filter_map(|field| field["columnName"].as_str()).collect();
    let sentinel = item.list(Field::SentinelEntitiesMappings).iter();
    let sentinel = sentinel.filter_map(|mapping| mapping["columnName"].as_str()).collect();
    let details = item.value(Field::CustomDetails).as_object();
    let details = details.into_iter().flatten().filter_map(|(_, c)| c.as_str()).collect();
    let overrides = item.value(Field::AlertDetailsOverride);
    let formats = ["alertDisplayNameFormat", "alertDescriptionFormat"];
    let formats = formats.into_iter().filter_map(|name| overrides[name].as_str());
    let mut alert: Vec<&str> = formats.flat_map(columns).collect();
    let named = ["alertTacticsColumnName", "alertSeverityColumnName"];
    alert.extend(named.into_iter().filter_map(|name| overrides[name].as_str()));
    vec![
        ("entityMappings", entities),
        ("sentinelEntitiesMappings", sentinel),
        ("customDetails", details),
        ("alertDetailsOverride", alert),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn what_is_mapped_is_returned() {
        let keys = "customDetails: { Device: DeviceName }";
        let missing = ["warning column-not-in-output"];
        check_rule(keys, "T", &[]);
        check_rule(keys, "T | project DeviceName", &[]);
        check_rule(keys, "T | project DeviceId", &missing);
        check_rule(keys, "T | summarize dcount(DeviceName) by User", &missing);
        let text = "alertDetailsOverride: { alertDisplayNameFormat: 'On {{DeviceName}}' }";
        check_rule(text, "T | project DeviceId", &missing);
        check_rule(text, "T | project DeviceName", &[]);
    }
}
