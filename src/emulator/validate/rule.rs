//! Analytic rules.

use serde_json::{Map, Value};

use super::fields::{
    array, boolean, bounded_text, duration, object, properties, required, text, texts, word,
};
use super::{entity, technique};
use crate::emulator::refusal::Refusal;
use crate::ident::Duration;

const SEVERITIES: &[&str] = &["High", "Medium", "Low", "Informational"];
const OPERATORS: &[&str] = &["GreaterThan", "LessThan", "Equal", "NotEqual"];
/// Named here and in the field table: what judges the client does not learn from it.
const DYNAMIC_PROPERTIES: &[&str] = &[
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
    body: &Value,
    preview: bool,
) -> Result<(String, Map<String, Value>), Refusal> {
    let kind = text(body, "", "kind")?;
    let kind = kind.ok_or_else(|| Refusal::invalid("Kind", "The Kind field is required."))?;
    text(body, "", "etag")?;
    let mut found = properties(body)?.clone();
    let value = &body["properties"];
    match kind.as_str() {
        "Scheduled" => {
            common(value)?;
            schedule(value)?;
        }
        "NRT" if preview => common(value)?,
        "Fusion" => template(value)?,
        "MLBehaviorAnalytics" if preview => template(value)?,
        "ThreatIntelligence" if preview => {
            required(value, PATH, "displayName")?;
            required(value, PATH, "enabled")?;
        }
        "MicrosoftSecurityIncidentCreation" => {
            for key in ["displayName", "enabled", "productFilter"] {
                required(value, PATH, key)?;
            }
        }
        other => {
            let text = format!("The value '{other}' is not valid for 'Kind'.");
            return Err(Refusal::invalid("Kind", &text));
        }
    }
    found.remove("lastModifiedUtc");
    Ok((kind, found))
}

/// Fusion and its like: switched on and off, nothing more.
fn template(value: &Value) -> Result<(), Refusal> {
    required(value, PATH, "alertRuleTemplateName")?;
    required(value, PATH, "enabled")?;
    boolean(value, PATH, "enabled")?;
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
    boolean(value, PATH, "enabled")?;
    word(value, PATH, "severity", SEVERITIES)?;
    query(value)?;
    boolean(value, PATH, "suppressionEnabled")?;
    let suppressed = duration(value, PATH, "suppressionDuration", ("PT5M", "PT24H"))?;
    let frequency = text(value, PATH, "queryFrequency")?;
    let frequency = frequency.and_then(|text| text.parse::<Duration>().ok());
    if value["suppressionEnabled"] == true && suppressed < frequency {
        let text = "'suppressionDuration' should be greater than or equal to 'queryFrequency'";
        return Err(properties_of("Scheduled alert rule", text));
    }
    technique::check(value)?;
    let others = array(value, PATH, "sentinelEntitiesMappings")?.unwrap_or_default();
    let mappings = array(value, PATH, "entityMappings")?.unwrap_or_default();
    entity::check(mappings, others.len())?;
    custom_details(value)?;
    alert_details(value)?;
    if let Some(grouping) = object(value, PATH, "eventGroupingSettings")? {
        let path = "Properties.EventGroupingSettings";
        word(grouping, path, "aggregationKind", &["SingleAlert", "AlertPerResult"])?;
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
    let details = object(value, PATH, "customDetails")?.and_then(Value::as_object);
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
    let Some(details) = object(value, PATH, "alertDetailsOverride")? else { return Ok(()) };
    let path = "Properties.AlertDetailsOverride";
    for (key, most) in [("alertDisplayNameFormat", 256), ("alertDescriptionFormat", 5000)] {
        let format = bounded_text(details, path, key, (0, most))?.unwrap_or_default();
        let parameters = format.matches("{{").count();
        if parameters > 3 {
            let name = super::fields::pascal(key);
            let text = format!(
                "You have defined {parameters} parameters in '{name}'. The maximum allowed is 3."
            );
            return Err(Refusal::invalid(&format!("{path}.{name}"), &text));
        }
    }
    for key in ["alertTacticsColumnName", "alertSeverityColumnName"] {
        text(details, path, key)?;
    }
    for dynamic in array(details, path, "alertDynamicProperties")?.unwrap_or_default() {
        word(dynamic, path, "alertProperty", DYNAMIC_PROPERTIES)?;
        text(dynamic, path, "value")?;
    }
    Ok(())
}

fn incidents(value: &Value) -> Result<(), Refusal> {
    let Some(incidents) = object(value, PATH, "incidentConfiguration")? else { return Ok(()) };
    let path = "Properties.IncidentConfiguration";
    required(incidents, path, "createIncident")?;
    boolean(incidents, path, "createIncident")?;
    let Some(grouping) = object(incidents, path, "groupingConfiguration")? else { return Ok(()) };
    let path = "Properties.IncidentConfiguration.GroupingConfiguration";
    for key in ["enabled", "reopenClosedIncident", "lookbackDuration", "matchingMethod"] {
        required(grouping, path, key)?;
    }
    let on = boolean(grouping, path, "enabled")?;
    boolean(grouping, path, "reopenClosedIncident")?;
    duration(grouping, path, "lookbackDuration", ("PT5M", "P7D"))?;
    let methods = ["AllEntities", "AnyAlert", "Selected"];
    let method = word(grouping, path, "matchingMethod", &methods)?;
    let mut groups = 0;
    for key in ["groupByEntities", "groupByAlertDetails", "groupByCustomDetails"] {
        groups += texts(grouping, path, key)?.len();
    }
    if on == Some(true) && method.as_deref() == Some("Selected") && groups == 0 {
        let text = "When matchingMethod is 'Selected', at least one of groupByEntities, groupByAlertDetails, groupByCustomDetails must be provided and not empty.";
        return Err(Refusal::invalid(path, text));
    }
    Ok(())
}

fn template_version(value: &Value) -> Result<(), Refusal> {
    let template = text(value, PATH, "alertRuleTemplateName")?;
    let Some(version) = text(value, PATH, "templateVersion")? else { return Ok(()) };
    if template.is_none_or(|name| name.is_empty()) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scheduled() -> Value {
        json!({"kind": "Scheduled", "properties": {
            "displayName": "x", "enabled": true, "severity": "High", "query": "T",
            "suppressionEnabled": false, "suppressionDuration": "PT5H",
            "queryFrequency": "PT1H", "queryPeriod": "P1D",
            "triggerOperator": "GreaterThan", "triggerThreshold": 0,
        }})
    }

    #[track_caller]
    fn check(key: &str, value: Value, expect: &str) {
        check_all(&[(key, value)], expect);
    }

    #[track_caller]
    fn check_all(changes: &[(&str, Value)], expect: &str) {
        let mut body = scheduled();
        for (key, value) in changes {
            body["properties"][*key] = value.clone();
        }
        let text = rule(&body, true).err().map_or("fine".into(), |refusal| refusal.message);
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn every_required_property_is_required() {
        for key in BOTH.iter().chain(SCHEDULE) {
            check(key, Value::Null, "field is required.]");
        }
        check("severity", Value::Null, "[Properties.Severity: The Severity field is required.]");
    }

    #[test]
    fn a_query_is_bounded_and_does_not_read_everything() {
        check("query", json!("x".repeat(10_000)), "fine");
        check("query", json!("x".repeat(10_001)), "maximum length of 10000");
        check("query", json!(""), "minimum length of 1");
        let text = "Invalid data model. [Properties.Query: Scheduled alert rule query should not contain 'search' or 'union *']";
        check("query", json!("search *| where a"), text);
        check("query", json!("let x = 1;\nunion  * | take 1"), text);
        check("query", json!("union Sign* | take 1"), "fine");
    }

    #[test]
    fn schedules_are_within_bounds() {
        check(
            "queryFrequency",
            json!("PT4M"),
            "[Properties.QueryFrequency: The field QueryFrequency must be between PT5M and P14D.]",
        );
        check("queryPeriod", json!("P15D"), "must be between PT5M and P14D");
        check("queryPeriod", json!("1d"), "not a valid ISO 8601 duration");
        check(
            "queryPeriod",
            json!("PT30M"),
            "Invalid Properties for Scheduled alert rule: 'queryPeriod' should be greater than or equal to 'queryFrequency'",
        );
        let changes = [("queryPeriod", json!("P2D")), ("queryFrequency", json!("PT30M"))];
        check_all(
            &changes,
            "When 'queryPeriod' greater than or equal to 2 days, the 'queryFrequency' should be greater than or equal to 1 hour.",
        );
        check_all(&[("queryPeriod", json!("P2D"))], "fine");
    }

    #[test]
    fn thresholds_and_suppression_are_within_bounds() {
        check("triggerThreshold", json!(10_000), "fine");
        for value in [json!(-1), json!(10_001), json!("1"), json!(0.5)] {
            check("triggerThreshold", value, "must be between 0 and 10000");
        }
        check("suppressionDuration", json!("PT25H"), "between PT5M and PT24H");
        let changes =
            [("suppressionEnabled", json!(true)), ("suppressionDuration", json!("PT30M"))];
        check_all(&changes, "'suppressionDuration' should be greater than");
    }

    #[test]
    fn words_are_spelled_exactly() {
        check("severity", json!("high"), "The value 'high' is not valid for 'Severity'.");
        check("triggerOperator", json!("gt"), "The value 'gt' is not valid");
        check("enabled", json!("true"), "must be a boolean");
        let grouping = json!({"aggregationKind": "Each"});
        check("eventGroupingSettings", grouping, "The value 'Each' is not valid");
    }

    #[test]
    fn a_template_version_needs_its_template() {
        let text = "Invalid Properties for alert rule: 'templateVersion' can only be used if 'alertRuleTemplateName' is not empty.";
        check("templateVersion", json!("1.0.0"), text);
        let with =
            |version| [("templateVersion", json!(version)), ("alertRuleTemplateName", json!("t"))];
        check_all(&with("1.0.0"), "fine");
        check_all(&with("1.0"), "'X.Y.Z'");
    }

    #[test]
    fn details_are_bounded() {
        let many: Map<String, Value> = (0..21).map(|n| (format!("k{n}"), json!("C"))).collect();
        check("customDetails", Value::Object(many), "Maximum length of CustomDetails exceeded.");
        check(
            "customDetails",
            json!({"1a": "C"}),
            "The key '1a' in CustomDetails is invalid. The key must start with a letter",
        );
        check("customDetails", json!({"a": "b c"}), "The column name 'b c' is invalid.");
        let format = json!({"alertDisplayNameFormat": "{{a}} {{b}} {{c}} {{d}}"});
        check(
            "alertDetailsOverride",
            format,
            "You have defined 4 parameters in 'AlertDisplayNameFormat'. The maximum allowed is 3.",
        );
    }

    #[test]
    fn grouping_says_by_what() {
        let with = |method: &str, entities: Value| {
            json!({"createIncident": true, "groupingConfiguration": {
                "enabled": true, "reopenClosedIncident": false, "lookbackDuration": "PT5H",
                "matchingMethod": method, "groupByEntities": entities,
            }})
        };
        check("incidentConfiguration", with("Selected", json!(["Host"])), "fine");
        check(
            "incidentConfiguration",
            with("Selected", json!([])),
            "at least one of groupByEntities",
        );
        check("incidentConfiguration", with("Some", json!([])), "The value 'Some' is not valid");
        check("incidentConfiguration", json!({}), "The CreateIncident field is required.");
    }

    #[test]
    fn stable_versions_know_no_nrt_rules() {
        let mut body = scheduled();
        body["kind"] = json!("NRT");
        assert!(rule(&body, true).is_ok());
        let refusal = rule(&body, false).unwrap_err();
        assert_eq!(
            refusal.message,
            "Invalid data model. [Kind: The value 'NRT' is not valid for 'Kind'.]"
        );
    }

    #[test]
    fn a_template_kind_is_only_switched() {
        let mut body = json!({"kind": "Fusion", "properties": {"alertRuleTemplateName": "f", "enabled": false}});
        assert!(rule(&body, false).is_ok());
        body["properties"]["displayName"] = json!("x");
        let refusal = rule(&body, false).unwrap_err();
        assert_eq!(refusal.message, "Read-only property 'displayName' cannot be assigned");
    }

    #[test]
    fn unknown_properties_are_kept() {
        let mut body = scheduled();
        body["properties"]["somethingNew"] = json!(1);
        body["properties"]["lastModifiedUtc"] = json!("old");
        let (_, properties) = rule(&body, true).unwrap();
        assert_eq!(properties["somethingNew"], 1);
        assert!(!properties.contains_key("lastModifiedUtc"));
    }
}
