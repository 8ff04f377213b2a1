//! Analytic rules.

use serde_json::{Map, Value};

use super::fields::{
    array, bounded_text, duration, object, pascal, properties, required, text, texts, word, words,
};
use super::shape::{Sent, Shape};
use super::{entity, shapes, technique};
use crate::emulator::refusal::Refusal;
use crate::ident::Duration;

pub(super) const SEVERITIES: &[&str] = &["High", "Medium", "Low", "Informational"];
pub(super) const OPERATORS: &[&str] = &["GreaterThan", "LessThan", "Equal", "NotEqual"];
pub(super) const AGGREGATIONS: &[&str] = &["SingleAlert", "AlertPerResult"];
pub(super) const MATCHING: &[&str] = &["AllEntities", "AnyAlert", "Selected"];
pub(super) const ALERT_DETAILS: &[&str] = &["DisplayName", "Severity"];
pub(super) const DYNAMIC_PROPERTIES: &[&str] = &[
    "AlertLink",
    "ConfidenceLevel",
    "ConfidenceScore",
    "ExtendedLinks",
    "ProductName",
    "ProviderName",
    "ProductComponentName",
    "RemediationSteps",
    "Techniques",
    "SubTechniques",
];
pub(super) const PRODUCTS: &[&str] = &[
    "Microsoft Cloud App Security",
    "Azure Security Center",
    "Azure Advanced Threat Protection",
    "Azure Active Directory Identity Protection",
    "Azure Security Center for IoT",
    "Office 365 Advanced Threat Protection",
    "Microsoft Defender Advanced Threat Protection",
];
/// What the service says of its own rules; a client cannot.
const READ_ONLY_OF_TEMPLATES: &[&str] =
    &["displayName", "description", "severity", "tactics", "techniques", "subTechniques"];

const BOTH: &[&str] =
    &["displayName", "enabled", "severity", "query", "suppressionEnabled", "suppressionDuration"];
const SCHEDULE: &[&str] = &["queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"];

const PATH: &str = "Properties";

/// Checks a rule's body and returns its kind and properties. `preview` is whether the API version
/// knows NRT rules.
pub(in crate::emulator) fn rule(
    sent: &Sent<'_>,
    preview: bool,
) -> Result<(String, Map<String, Value>), Refusal> {
    let kind = match &sent.value["kind"] {
        Value::String(kind) => kind.as_str(),
        Value::Null => return Err(Refusal::invalid("Kind", "The Kind field is required.")),
        other => return Err(unknown_kind(&other.to_string())),
    };
    let shape = shape_of(kind, preview).ok_or_else(|| unknown_kind(kind))?;
    let mut found = properties(sent, shape)?.clone();
    let value = &sent.value["properties"];
    if !preview && !sent.is_newer {
        let unknown = shapes::PREVIEW_ONLY.iter().find(|key| found.contains_key(**key));
        unknown.map_or(Ok(()), |key| Err(sent.unknown_member(key, shape)))?;
    }
    match kind {
        "Scheduled" => {
            common(value)?;
            schedule(value)?;
        }
        "NRT" => common(value)?,
        "ThreatIntelligence" => {
            for key in ["displayName", "enabled", "alertRuleTemplateName"] {
                required(value, PATH, key)?;
            }
        }
        "MicrosoftSecurityIncidentCreation" => {
            for key in ["displayName", "enabled", "productFilter"] {
                required(value, PATH, key)?;
            }
            word(value, PATH, "productFilter", PRODUCTS)?;
            words(value, PATH, "severitiesFilter", SEVERITIES)?;
        }
        _ => template(value)?,
    }
    found.remove("lastModifiedUtc");
    Ok((kind.to_owned(), found))
}

fn shape_of(kind: &str, preview: bool) -> Option<&'static Shape> {
    match kind {
        "Scheduled" => Some(&shapes::SCHEDULED),
        "Fusion" => Some(&shapes::FUSION),
        "MicrosoftSecurityIncidentCreation" => Some(&shapes::INCIDENT_CREATION),
        "NRT" if preview => Some(&shapes::NRT),
        "MLBehaviorAnalytics" if preview => Some(&shapes::BEHAVIOR),
        "ThreatIntelligence" if preview => Some(&shapes::THREAT_INTELLIGENCE),
        _ => None,
    }
}

fn unknown_kind(kind: &str) -> Refusal {
    Refusal::invalid("Kind", &format!("The value '{kind}' is not valid for 'Kind'."))
}

/// Fusion and its like: switched on and off, nothing more.
fn template(value: &Value) -> Result<(), Refusal> {
    required(value, PATH, "alertRuleTemplateName")?;
    required(value, PATH, "enabled")?;
    match READ_ONLY_OF_TEMPLATES.iter().find(|key| value.get(**key).is_some()) {
        None => Ok(()),
        Some(key) => {
            let text = format!("Read-only property '{key}' cannot be assigned");
            Err(Refusal::new(400, "BadRequest", text))
        }
    }
}

/// What Scheduled and NRT rules share.
fn common(value: &Value) -> Result<(), Refusal> {
    BOTH.iter().try_for_each(|key| required(value, PATH, key))?;
    bounded_text(value, PATH, "displayName", (1, 256))?;
    bounded_text(value, PATH, "description", (0, 5000))?;
    word(value, PATH, "severity", SEVERITIES)?;
    query(value)?;
    let suppressed = duration(value, PATH, "suppressionDuration", ("PT5M", "PT24H"))?;
    let frequency = text(value, "queryFrequency").and_then(|text| text.parse::<Duration>().ok());
    if value["suppressionEnabled"] == true && suppressed < frequency {
        let text = "'suppressionDuration' should be greater than or equal to 'queryFrequency'";
        return Err(properties_of("Scheduled alert rule", text));
    }
    technique::check(value)?;
    let others = array(value, "sentinelEntitiesMappings");
    entity::check(array(value, "entityMappings"), others.len())?;
    custom_details(value)?;
    alert_details(value)?;
    if let Some(grouping) = object(value, "eventGroupingSettings") {
        let path = "Properties.EventGroupingSettings";
        word(grouping, path, "aggregationKind", AGGREGATIONS)?;
    }
    incidents(value)?;
    template_version(value)
}

fn query(value: &Value) -> Result<(), Refusal> {
    let query = bounded_text(value, PATH, "query", (1, 10_000))?.unwrap_or_default();
    let words: Vec<String> = query.split_whitespace().map(str::to_ascii_lowercase).collect();
    let everything = |pair: &[String]| {
        ["search", "union"].contains(&pair[0].as_str())
            && pair[1].split(['|', ';']).next() == Some("*")
    };
    if words.windows(2).any(everything) {
        let text = "Scheduled alert rule query should not contain 'search' or 'union *'";
        return Err(Refusal::invalid("Properties.Query", text));
    }
    Ok(())
}

fn schedule(value: &Value) -> Result<(), Refusal> {
    SCHEDULE.iter().try_for_each(|key| required(value, PATH, key))?;
    let bounds = ("PT5M", "P14D");
    let frequency = duration(value, PATH, "queryFrequency", bounds)?;
    let period = duration(value, PATH, "queryPeriod", bounds)?;
    if period < frequency {
        let text = "'queryPeriod' should be greater than or equal to 'queryFrequency'";
        return Err(properties_of("Scheduled alert rule", text));
    }
    let (two_days, hour) = (Duration::from_seconds(172_800), Duration::from_seconds(3_600));
    if period >= Some(two_days) && frequency < Some(hour) {
        let text = "When 'queryPeriod' greater than or equal to 2 days, the 'queryFrequency' should be greater than or equal to 1 hour.";
        return Err(properties_of("Scheduled alert rule", text));
    }
    word(value, PATH, "triggerOperator", OPERATORS)?;
    match value["triggerThreshold"].as_i64() {
        Some(0..=10_000) => Ok(()),
        _ => {
            let text = "The field TriggerThreshold must be between 0 and 10000.";
            Err(Refusal::invalid("Properties.TriggerThreshold", text))
        }
    }
}

fn custom_details(value: &Value) -> Result<(), Refusal> {
    let path = "Properties.CustomDetails";
    let details = object(value, "customDetails").and_then(Value::as_object);
    let details = details.into_iter().flatten();
    if details.clone().count() > 20 {
        let text = "Maximum length of CustomDetails exceeded. The maximum allowed is 20";
        return Err(Refusal::invalid(path, text));
    }
    for (key, column) in details {
        let begins = key.starts_with(|c: char| c.is_ascii_alphabetic());
        let word = key.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !begins || !word || key.chars().count() > 20 {
            let text = format!(
                "The key '{key}' in CustomDetails is invalid. The key must start with a letter, have letters, digits and underscores only, and at most 20 characters"
            );
            return Err(Refusal::invalid(path, &text));
        }
        entity::column(column.as_str().unwrap_or_default(), path)?;
    }
    Ok(())
}

fn alert_details(value: &Value) -> Result<(), Refusal> {
    let Some(details) = object(value, "alertDetailsOverride") else { return Ok(()) };
    let path = "Properties.AlertDetailsOverride";
    for (key, most) in [("alertDisplayNameFormat", 256), ("alertDescriptionFormat", 5000)] {
        let format = bounded_text(details, path, key, (0, most))?.unwrap_or_default();
        let parameters = format.matches("{{").count();
        if parameters > 3 {
            let name = pascal(key);
            let text = format!(
                "You have defined {parameters} parameters in '{name}'. The maximum allowed is 3."
            );
            return Err(Refusal::invalid(&format!("{path}.{name}"), &text));
        }
    }
    for dynamic in array(details, "alertDynamicProperties") {
        word(dynamic, path, "alertProperty", DYNAMIC_PROPERTIES)?;
    }
    Ok(())
}

fn incidents(value: &Value) -> Result<(), Refusal> {
    let Some(incidents) = object(value, "incidentConfiguration") else { return Ok(()) };
    let path = "Properties.IncidentConfiguration";
    required(incidents, path, "createIncident")?;
    let Some(grouping) = object(incidents, "groupingConfiguration") else { return Ok(()) };
    let path = "Properties.IncidentConfiguration.GroupingConfiguration";
    for key in ["enabled", "reopenClosedIncident", "lookbackDuration", "matchingMethod"] {
        required(grouping, path, key)?;
    }
    duration(grouping, path, "lookbackDuration", ("PT5M", "P7D"))?;
    let method = word(grouping, path, "matchingMethod", MATCHING)?;
    words(grouping, path, "groupByAlertDetails", ALERT_DETAILS)?;
    let entities = array(value, "entityMappings").iter();
    let entities: Vec<&str> = entities.filter_map(|mapping| text(mapping, "entityType")).collect();
    let details = object(value, "customDetails").and_then(Value::as_object);
    for entity in texts(grouping, "groupByEntities") {
        if !entity::is_entity(entity) || !entities.contains(&entity) {
            return Err(undefined(path, "groupByEntities", entity));
        }
    }
    for key in texts(grouping, "groupByCustomDetails") {
        if !details.is_some_and(|details| details.contains_key(key)) {
            return Err(undefined(path, "groupByCustomDetails", key));
        }
    }
    let lists = ["groupByEntities", "groupByAlertDetails", "groupByCustomDetails"];
    let groups: usize = lists.iter().map(|key| texts(grouping, key).len()).sum();
    if grouping["enabled"] == true && method == Some("Selected") && groups == 0 {
        let text = "When matchingMethod is 'Selected', at least one of groupByEntities, groupByAlertDetails, groupByCustomDetails must be provided and not empty.";
        return Err(Refusal::invalid(path, text));
    }
    Ok(())
}

/// The description: "Only entities (keys) defined in the current alert rule may be used."
fn undefined(path: &str, list: &str, name: &str) -> Refusal {
    let text = format!("'{name}' in '{list}' is not defined in the current alert rule.");
    Refusal::invalid(&format!("{path}.{}", pascal(list)), &text)
}

fn template_version(value: &Value) -> Result<(), Refusal> {
    let template = text(value, "alertRuleTemplateName");
    let Some(version) = text(value, "templateVersion") else { return Ok(()) };
    if template.is_none_or(str::is_empty) {
        let text = "'templateVersion' can only be used if 'alertRuleTemplateName' is not empty.";
        return Err(properties_of("alert rule", text));
    }
    let numbers = version.split('.').all(|part| part.parse::<u32>().is_ok());
    if numbers && version.split('.').count() == 3 && version.len() <= 20 {
        return Ok(());
    }
    let text = format!("The version '{version}' is invalid. The expected format is 'X.Y.Z'.");
    Err(Refusal::invalid("Properties.TemplateVersion", &text))
}

/// A refusal that concerns several properties together.
fn properties_of(what: &str, text: &str) -> Refusal {
    Refusal::invalid("", &format!("Invalid Properties for {what}: {text}"))
}
