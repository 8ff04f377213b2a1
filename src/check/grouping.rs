//! Grouping of alerts into incidents by what there is not.

use std::collections::BTreeSet;

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const NOTHING: Code = Code::new("grouping-by-nothing");
const UNMAPPED: Code = Code::new("grouping-by-unmapped");

const KEY: &str = "incidentConfiguration";

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    if !item.is_true(Field::GroupingEnabled) || item.text(Field::GroupingMatching) != "Selected" {
        return Vec::new();
    }
    let entities = item.texts(Field::GroupByEntities);
    let details = item.texts(Field::GroupByCustomDetails);
    if entities.is_empty() && details.is_empty() && item.list(Field::GroupByAlertDetails).is_empty()
    {
        let message = "alerts are grouped by what is selected, and nothing is selected";
        let error = item.at(KEY, Diagnostic::error(NOTHING, message));
        return vec![error.help("fill `groupByEntities`, or write `matchingMethod: AllEntities`")];
    }
    let mapped = item.list(Field::EntityMappings).iter();
    let mapped: BTreeSet<&str> = mapped.filter_map(|m| m["entityType"].as_str()).collect();
    let automatic = !item.list(Field::SentinelEntitiesMappings).is_empty();
    let entities = entities.into_iter().filter(|entity| !automatic && !mapped.contains(entity));
    let known = item.value(Field::CustomDetails);
    let details = details.into_iter().filter(|detail| known.get(*detail).is_none());
    let entities = entities.map(|entity| ("entity", entity, "entityMappings"));
    let details = details.map(|detail| ("custom detail", detail, "customDetails"));
    entities
        .chain(details)
        .map(|(what, name, key)| {
            let message =
                format!("alerts are grouped by the {what} `{name}`, which the rule does not map");
            let warning = item.at(KEY, Diagnostic::warning(UNMAPPED, message));
            warning.help(format!("add it to `{key}`, or take it out here"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn alerts_are_grouped_by_something_that_is_mapped() {
        let with = |groups: &str| {
            format!(
                "customDetails: {{ Device: D }}\n\
                 incidentConfiguration: {{ groupingConfiguration: {{ enabled: true, matchingMethod: Selected, {groups} }} }}"
            )
        };
        check_rule(&with("groupByEntities: []"), "T", &["error grouping-by-nothing"]);
        check_rule(&with("groupByEntities: [Host]"), "T", &["warning grouping-by-unmapped"]);
        check_rule(&with("groupByCustomDetails: [Device]"), "T", &[]);
        check_rule(&with("groupByCustomDetails: [Divice]"), "T", &["warning grouping-by-unmapped"]);
    }
}
