//! The tables against the API's descriptions, which lie beside the project and are not part of it; only
//! CI insists on them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::shape::{Shape, Type};
use super::{entity, metadata, rule, shapes, technique};

const SENTINEL: &str = "specification/securityinsights/resource-manager/Microsoft.SecurityInsights/preview/2024-04-01-preview";
const LOGS: &str = "specification/operationalinsights/resource-manager/Microsoft.OperationalInsights/stable/2023-09-01";

fn read(path: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs").join(path);
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", path.display());
        println!("SKIPPED: {} is missing", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// The definitions of all descriptions by name.
fn definitions() -> Option<BTreeMap<String, Value>> {
    let files = ["AlertRules.json", "Metadata.json", "common/AlertTypes.json"];
    let mut files: Vec<String> = files.iter().map(|file| format!("{SENTINEL}/{file}")).collect();
    files.push(format!("{SENTINEL}/common/ContentCommonTypes.json"));
    files.push(format!("{LOGS}/SavedSearches.json"));
    let mut all = BTreeMap::new();
    for file in files {
        let read = read(&file)?;
        for (name, value) in read["definitions"].as_object().unwrap() {
            // Metadata.json repeats names only to refer to them.
            if value.get("$ref").is_none() || !all.contains_key(name) {
                all.insert(name.clone(), value.clone());
            }
        }
    }
    Some(all)
}

type Definitions = BTreeMap<String, Value>;

/// The definition behind references, and its name.
fn resolved<'d>(value: &'d Value, all: &'d Definitions) -> (Option<&'d str>, &'d Value) {
    match value["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        Some(name) if all[name] != *value => {
            let (inner, value) = resolved(&all[name], all);
            (inner.or(Some(name)), value)
        }
        _ => (None, value),
    }
}

fn properties(value: &Value, all: &Definitions) -> BTreeMap<String, String> {
    let parts = value["allOf"].as_array().into_iter().flatten();
    let mut found: BTreeMap<String, String> =
        parts.flat_map(|part| properties(resolved(part, all).1, all)).collect();
    for (name, value) in value["properties"].as_object().into_iter().flatten() {
        found.insert(name.clone(), kind(value, all));
    }
    found
}

fn kind(value: &Value, all: &Definitions) -> String {
    let (name, value) = resolved(value, all);
    match (value["type"].as_str().unwrap_or("object"), name) {
        ("string", _) if value["format"] == "duration" => "duration".into(),
        ("boolean" | "integer" | "string", _) => value["type"].as_str().unwrap().into(),
        ("array", _) => format!("list of {}", kind(&value["items"], all)),
        (_, Some(name)) => name.to_owned(),
        (_, None) => match &value["additionalProperties"]["type"] {
            Value::String(_) => "dictionary".into(),
            _ => "anything".into(),
        },
    }
}

fn ours(kind: &Type) -> String {
    match kind {
        Type::Text => "string".into(),
        Type::Flag => "boolean".into(),
        Type::Number => "integer".into(),
        Type::Duration => "duration".into(),
        Type::Texts => "list of string".into(),
        Type::Dictionary => "dictionary".into(),
        Type::Anything => "anything".into(),
        Type::Object(shape) => shape.name.to_owned(),
        Type::List(shape) => format!("list of {}", shape.name),
    }
}

#[test]
fn every_shape_has_the_members_and_types_of_the_description() {
    let Some(all) = definitions() else { return };
    for shape in shapes::ALL {
        let Shape { name, members } = shape;
        let mut expect = properties(&all[*name], &all);
        if *name == "SavedSearchProperties" {
            expect.insert("eTag".into(), "string".into());
        }
        let found: BTreeMap<String, String> =
            members.iter().map(|(name, kind)| ((*name).to_owned(), ours(kind))).collect();
        assert_eq!(found, expect, "{name}");
    }
}

fn assert_words(all: &Definitions, path: &[&str], words: &[&str]) {
    let found = path[1..].iter().fold(&all[path[0]], |value, key| resolved(&value[*key], all).1);
    let expect: BTreeSet<&str> =
        found["enum"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(expect.is_subset(&words.iter().copied().collect()), "{path:?}: {expect:?}");
}

#[test]
fn every_word_of_the_description_is_known() {
    let Some(all) = definitions() else { return };
    assert_words(&all, &["AlertSeverityEnum"], rule::SEVERITIES);
    assert_words(&all, &["AlertRuleTriggerOperator"], rule::OPERATORS);
    assert_words(&all, &["EventGroupingAggregationKind"], rule::AGGREGATIONS);
    assert_words(&all, &["AlertProperty"], rule::DYNAMIC_PROPERTIES);
    assert_words(&all, &["MicrosoftSecurityProductName"], rule::PRODUCTS);
    let grouping = |key| ["GroupingConfiguration", "properties", key];
    assert_words(&all, &grouping("matchingMethod"), rule::MATCHING);
    let details = ["GroupingConfiguration", "properties", "groupByAlertDetails", "items"];
    assert_words(&all, &details, rule::ALERT_DETAILS);
    assert_words(&all, &["metadataKind"], metadata::KINDS);
    assert_words(&all, &["metadataSource", "properties", "kind"], metadata::SOURCES);
    assert_words(&all, &["metadataSupport", "properties", "tier"], metadata::TIERS);
    let entities: Vec<&str> = entity::entities().iter().map(|entity| entity.name).collect();
    assert_words(&all, &["EntityMappingType"], &entities);
    let tactics: Vec<&str> = technique::tactics().keys().copied().collect();
    assert_words(&all, &["AttackTactic"], &tactics);
}

#[test]
fn entities_and_techniques_are_those_of_the_validator() {
    let Some(expect) = read("derived/entity_identifiers.json") else { return };
    let set = |value: &Value| -> BTreeSet<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    for entity in entity::entities() {
        let (expect, found) = (&expect[entity.name], &entity.identifiers);
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
            set(&expect["identifiers"])
        );
        let needs: Vec<BTreeSet<String>> =
            expect["required_any_of"].as_array().unwrap().iter().map(set).collect();
        let found = entity.needs.iter();
        let found: Vec<BTreeSet<String>> =
            found.map(|needed| needed.iter().map(ToString::to_string).collect()).collect();
        assert_eq!(found, needs, "{}", entity.name);
    }
    assert_eq!(entity::entities().len(), expect.as_object().unwrap().len());
    let Some(expect) = read("derived/tactic_techniques.json") else { return };
    let expect: BTreeMap<&str, BTreeSet<String>> = expect
        .as_object()
        .unwrap()
        .iter()
        .filter(|(tactic, _)| *tactic != "Unknown")
        .map(|(tactic, techniques)| (tactic.as_str(), set(techniques)))
        .collect();
    let found: BTreeMap<&str, BTreeSet<String>> = technique::tactics()
        .iter()
        .map(|(tactic, all)| (*tactic, all.iter().map(ToString::to_string).collect()))
        .collect();
    assert_eq!(found, expect);
}
