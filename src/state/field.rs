//! The fields that the tool owns, and where they stand in a body.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::Kind;

/// Wire values by field. A field that is not in the map is not owned.
pub type Fields = BTreeMap<Field, Value>;

/// One owned field. Comparison, baseline and who-moved are per field.
///
/// The order is the order of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is named after the ARM property it stands for; see `path`")]
pub enum Field {
    Enabled,
    Severity,
    DisplayName,
    Description,
    Query,
    QueryFrequency,
    QueryPeriod,
    TriggerOperator,
    TriggerThreshold,
    SuppressionEnabled,
    SuppressionDuration,
    Tactics,
    Techniques,
    SubTechniques,
    EntityMappings,
    SentinelEntitiesMappings,
    CustomDetails,
    AlertDetailsOverride,
    AggregationKind,
    CreateIncident,
    GroupingEnabled,
    GroupingReopen,
    GroupingLookback,
    GroupingMatching,
    GroupByEntities,
    GroupByAlertDetails,
    GroupByCustomDetails,
    TemplateName,
    TemplateVersion,
}

use Field as F;

/// Every field: its one-letter code in a record, and its path under `properties`.
///
/// Codes are part of the record's format: never reuse one.
const TABLE: &[(Field, char, &str)] = &[
    (F::Enabled, 'e', "enabled"),
    (F::Severity, 's', "severity"),
    (F::DisplayName, 'n', "displayName"),
    (F::Description, 'd', "description"),
    (F::Query, 'q', "query"),
    (F::QueryFrequency, 'f', "queryFrequency"),
    (F::QueryPeriod, 'p', "queryPeriod"),
    (F::TriggerOperator, 'o', "triggerOperator"),
    (F::TriggerThreshold, 't', "triggerThreshold"),
    (F::SuppressionEnabled, 'x', "suppressionEnabled"),
    (F::SuppressionDuration, 'X', "suppressionDuration"),
    (F::Tactics, 'a', "tactics"),
    (F::Techniques, 'i', "techniques"),
    (F::SubTechniques, 'j', "subTechniques"),
    (F::EntityMappings, 'm', "entityMappings"),
    (F::SentinelEntitiesMappings, 'M', "sentinelEntitiesMappings"),
    (F::CustomDetails, 'c', "customDetails"),
    (F::AlertDetailsOverride, 'r', "alertDetailsOverride"),
    (F::AggregationKind, 'g', "eventGroupingSettings.aggregationKind"),
    (F::CreateIncident, 'I', "incidentConfiguration.createIncident"),
    (F::GroupingEnabled, 'G', "incidentConfiguration.groupingConfiguration.enabled"),
    (F::GroupingReopen, 'R', "incidentConfiguration.groupingConfiguration.reopenClosedIncident"),
    (F::GroupingLookback, 'L', "incidentConfiguration.groupingConfiguration.lookbackDuration"),
    (F::GroupingMatching, 'K', "incidentConfiguration.groupingConfiguration.matchingMethod"),
    (F::GroupByEntities, 'E', "incidentConfiguration.groupingConfiguration.groupByEntities"),
    (
        F::GroupByAlertDetails,
        'A',
        "incidentConfiguration.groupingConfiguration.groupByAlertDetails",
    ),
    (
        F::GroupByCustomDetails,
        'C',
        "incidentConfiguration.groupingConfiguration.groupByCustomDetails",
    ),
    (F::TemplateName, 'z', "alertRuleTemplateName"),
    (F::TemplateVersion, 'Z', "templateVersion"),
];

/// A saved search keeps these in its tags.
const HUNT: &[Field] = &[F::DisplayName, F::Description, F::Query, F::Tactics, F::Techniques];

/// What only a scheduled rule has.
const SCHEDULE: &[Field] =
    &[F::QueryFrequency, F::QueryPeriod, F::TriggerOperator, F::TriggerThreshold];

impl Field {
    /// Every field, in the order of reports.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(field, _, _)| *field)
    }

    /// The fields that a kind of item can have, in the order of reports.
    pub fn of(kind: Kind) -> impl Iterator<Item = Self> {
        Self::all().filter(move |field| match kind {
            Kind::Scheduled => true,
            Kind::Nrt => !SCHEDULE.contains(field),
            Kind::Hunt => HUNT.contains(field),
        })
    }

    /// Its letter in a record.
    #[must_use]
    pub fn code(self) -> char {
        self.row().1
    }

    /// The field of a record's letter; `None` for letters of a newer version.
    #[must_use]
    pub fn from_code(code: char) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == code).map(|row| row.0)
    }

    /// Its path under `properties`, which is also its name in reports and environment files.
    #[must_use]
    pub fn path(self) -> &'static str {
        self.row().2
    }

    /// The fields that a name in an environment file means: the field of that path, or all fields
    /// below it (`incidentConfiguration`). Empty when there is none.
    #[must_use]
    pub fn named(name: &str) -> Vec<Self> {
        let below = format!("{name}.");
        let means = |path: &str| path == name || path.starts_with(&below);
        let known = match name {
            "name" => vec![F::DisplayName],
            "relevantTechniques" => vec![F::Techniques, F::SubTechniques],
            "eventGroupingSettings" => vec![F::AggregationKind],
            _ => Vec::new(),
        };
        if known.is_empty() {
            Self::all().filter(|field| means(field.path())).collect()
        } else {
            known
        }
    }

    /// The table is in the order of the fields.
    fn row(self) -> &'static (Self, char, &'static str) {
        &TABLE[self as usize]
    }

    /// The wire value in a resource's body, `null` when absent.
    #[must_use]
    pub fn read(self, kind: Kind, body: &Value) -> Value {
        self.find(kind, body).clone()
    }

    /// Where the wire value stands in a resource's body, `null` when absent.
    #[must_use]
    pub fn find(self, kind: Kind, body: &Value) -> &Value {
        let properties = &body["properties"];
        if kind == Kind::Hunt && self.is_tag() {
            return tag(properties, self.path()).unwrap_or(&Value::Null);
        }
        let mut value = properties;
        for part in self.path().split('.') {
            value = value.get(part).unwrap_or(&Value::Null);
        }
        value
    }

    /// Puts a wire value into a resource's body; `null` takes the property out.
    pub fn write(self, kind: Kind, body: &mut Value, value: Value) {
        let properties = object(entry(object(body), "properties"));
        if kind == Kind::Hunt && self.is_tag() {
            set_tag(properties, self.path(), value);
            return;
        }
        let (parents, last) = self.path().rsplit_once('.').unwrap_or(("", self.path()));
        let mut target = properties;
        for part in parents.split('.').filter(|part| !part.is_empty()) {
            target = object(entry(target, part));
        }
        if value.is_null() {
            target.remove(last);
        } else {
            target.insert(last.to_owned(), value);
        }
    }

    /// Whether files that do not name the field do not own it: the template that a rule was made from.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, F::TemplateName | F::TemplateVersion)
    }

    /// Whether the field has no meaning given the other fields' values, so that it is neither
    /// compared nor changed: suppression's length while suppression is off, the grouping's details
    /// while grouping is off.
    #[must_use]
    pub fn is_dead(self, fields: &Fields) -> bool {
        let off = |field: Field| fields.get(&field).is_none_or(|value| value != &Value::Bool(true));
        match self {
            F::SuppressionDuration => off(F::SuppressionEnabled),
            F::GroupingReopen
            | F::GroupingLookback
            | F::GroupingMatching
            | F::GroupByEntities
            | F::GroupByAlertDetails
            | F::GroupByCustomDetails => off(F::GroupingEnabled),
            _ => false,
        }
    }

    /// Whether its value decides what is detected, when, and whether anybody hears of it: here the
    /// service has no wording of its own, and another value in its answer is another detection.
    #[must_use]
    pub const fn is_decisive(self) -> bool {
        match self {
            F::Enabled
            | F::Severity
            | F::Query
            | F::QueryFrequency
            | F::QueryPeriod
            | F::TriggerOperator
            | F::TriggerThreshold
            | F::SuppressionEnabled
            | F::SuppressionDuration
            | F::AggregationKind
            | F::CreateIncident
            | F::GroupingEnabled
            | F::GroupingLookback
            | F::GroupingMatching => true,
            F::DisplayName
            | F::Description
            | F::Tactics
            | F::Techniques
            | F::SubTechniques
            | F::EntityMappings
            | F::SentinelEntitiesMappings
            | F::CustomDetails
            | F::AlertDetailsOverride
            | F::GroupingReopen
            | F::GroupByEntities
            | F::GroupByAlertDetails
            | F::GroupByCustomDetails
            | F::TemplateName
            | F::TemplateVersion => false,
        }
    }

    /// Whether a saved search keeps it as a tag.
    const fn is_tag(self) -> bool {
        matches!(self, F::Description | F::Tactics | F::Techniques)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.path())
    }
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("invariant: it was just made an object")
}

fn entry<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Value {
    map.entry(key).or_insert(Value::Null)
}

fn tag<'a>(properties: &'a Value, name: &str) -> Option<&'a Value> {
    let tags = properties.get("tags")?.as_array()?;
    tags.iter().find(|tag| named(tag, name)).and_then(|tag| tag.get("value"))
}

/// Other people's tags stay where they are.
fn set_tag(properties: &mut Map<String, Value>, name: &str, value: Value) {
    let tags = entry(properties, "tags");
    if !tags.is_array() {
        *tags = json!([]);
    }
    let tags = tags.as_array_mut().expect("invariant: it was just made an array");
    let place = tags.iter().position(|tag| named(tag, name));
    match (place, value.is_null()) {
        (Some(index), true) => drop(tags.remove(index)),
        (Some(index), false) => tags[index] = json!({"name": name, "value": value}),
        (None, true) => {}
        (None, false) => tags.push(json!({"name": name, "value": value})),
    }
}

fn named(tag: &Value, name: &str) -> bool {
    tag.get("name").and_then(Value::as_str) == Some(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_has_its_own_code_and_path() {
        let codes: BTreeSet<char> = TABLE.iter().map(|row| row.1).collect();
        let paths: BTreeSet<&str> = TABLE.iter().map(|row| row.2).collect();
        assert_eq!((codes.len(), paths.len()), (TABLE.len(), TABLE.len()));
        assert!(Field::all().all(|field| Field::from_code(field.code()) == Some(field)));
        assert!(Field::all().all(|field| field.row().0 == field));
    }

    #[test]
    fn what_is_written_is_read_back_and_null_takes_it_out() {
        for kind in [Kind::Scheduled, Kind::Nrt, Kind::Hunt] {
            for field in Field::of(kind) {
                let mut body =
                    json!({"properties": {"other": 1, "tags": [{"name": "x", "value": "y"}]}});
                field.write(kind, &mut body, json!("value"));
                assert_eq!(field.read(kind, &body), json!("value"), "{field}");
                field.write(kind, &mut body, Value::Null);
                assert_eq!(field.read(kind, &body), Value::Null, "{field}");
                assert_eq!(body["properties"]["other"], 1);
                assert_eq!(body["properties"]["tags"], json!([{"name": "x", "value": "y"}]));
            }
        }
    }

    #[test]
    fn a_name_above_fields_means_all_of_them() {
        assert_eq!(Field::named("severity"), [F::Severity]);
        assert_eq!(Field::named("incidentConfiguration").len(), 8);
        assert_eq!(Field::named("name"), [F::DisplayName]);
        assert!(Field::named("incident").is_empty());
        assert!(Field::named("").is_empty());
    }

    #[test]
    fn details_of_what_is_off_are_dead() {
        let mut fields = Fields::from([(F::SuppressionEnabled, json!(false))]);
        assert!(F::SuppressionDuration.is_dead(&fields));
        fields.insert(F::SuppressionEnabled, json!(true));
        assert!(!F::SuppressionDuration.is_dead(&fields));
        assert!(!F::Severity.is_dead(&fields));
    }
}
