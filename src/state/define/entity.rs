//! Which columns of the result are accounts, hosts, addresses and so on.

use serde_json::{Map, Value, json};

use super::reader::{Reader, Reported, list};
use super::spelling::{self, ENTITY_TYPES};
use crate::diag::Code;
use crate::state::Field;

const BAD_MAPPING: Code = Code::new("bad-entity-mapping");

const MAPPINGS: &str = "entityMappings";
const SENTINEL: &str = "sentinelEntitiesMappings";

pub(super) fn define(reader: &mut Reader<'_>) {
    if let Ok(mappings) = mappings(reader) {
        reader.set(Field::EntityMappings, list(mappings));
    }
    if let Ok(columns) = sentinel(reader) {
        reader.set(Field::SentinelEntitiesMappings, list(columns));
    }
}

fn mappings(reader: &mut Reader<'_>) -> Result<Vec<Value>, Reported> {
    let known = ["entityType", "fieldMappings"];
    let mut result = Vec::new();
    for item in items(reader, MAPPINGS)? {
        let Some(map) = reader.mapping(MAPPINGS, MAPPINGS, Some(item), &known)? else { continue };
        let entity_type = entity_type(reader, map)?;
        let fields = field_mappings(reader, entity_type, map)?;
        result.push(json!({"entityType": entity_type, "fieldMappings": fields}));
    }
    Ok(result)
}

fn entity_type(
    reader: &mut Reader<'_>,
    map: &Map<String, Value>,
) -> Result<&'static str, Reported> {
    let text = required(reader, map, "entityType")?;
    spelling::word(text, ENTITY_TYPES).ok_or_else(|| {
        let message = format!("`{text}` is not a type of entity");
        reader.error(BAD_MAPPING, MAPPINGS, message, &spelling::instead(text, ENTITY_TYPES));
        Reported
    })
}

/// A list of mappings; some published files write a single mapping without the list.
fn field_mappings(
    reader: &mut Reader<'_>,
    entity_type: &str,
    map: &Map<String, Value>,
) -> Result<Vec<Value>, Reported> {
    let one;
    let items = match map.get("fieldMappings") {
        Some(Value::Array(items)) => items,
        Some(single @ Value::Object(_)) => {
            one = vec![single.clone()];
            &one
        }
        _ => &Vec::new(),
    };
    let mut fields = Vec::new();
    for item in items {
        let Some(field) = item.as_object() else {
            reader.wrong_type(MAPPINGS, "fieldMappings", "a list of mappings", item);
            return Err(Reported);
        };
        if let Some(unknown) = field.keys().find(|key| *key != "identifier" && *key != "columnName")
        {
            let message = format!("`fieldMappings` has no key `{unknown}`");
            let help = "each has an `identifier` and a `columnName`";
            reader.error(super::reader::UNKNOWN_KEY, MAPPINGS, message, help);
            return Err(Reported);
        }
        let identifier = required(reader, field, "identifier")?;
        let column = required(reader, field, "columnName")?;
        fields.push(json!({"identifier": identifier, "columnName": column}));
    }
    if fields.is_empty() {
        let message = format!("the mapping of `{entity_type}` names no column");
        let help = "add `fieldMappings` with an `identifier` and a `columnName`";
        reader.error(BAD_MAPPING, MAPPINGS, message, help);
        return Err(Reported);
    }
    Ok(fields)
}

fn sentinel(reader: &mut Reader<'_>) -> Result<Vec<Value>, Reported> {
    let mut result = Vec::new();
    for item in items(reader, SENTINEL)? {
        let Some(map) = reader.mapping(SENTINEL, SENTINEL, Some(item), &["columnName"])? else {
            continue;
        };
        match map.get("columnName").and_then(Value::as_str) {
            Some(column) => result.push(json!({"columnName": column})),
            None => {
                let message = format!("an entry of `{SENTINEL}` names no column");
                reader.error(BAD_MAPPING, SENTINEL, message, "add `columnName: Entities`");
                return Err(Reported);
            }
        }
    }
    Ok(result)
}

/// The entries of a list of mappings.
fn items<'a>(reader: &mut Reader<'a>, key: &str) -> Result<&'a [Value], Reported> {
    match reader.get(key) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => {
            reader.wrong_type(key, key, "a list of mappings", other);
            Err(Reported)
        }
    }
}

fn required<'m>(
    reader: &mut Reader<'_>,
    map: &'m Map<String, Value>,
    name: &str,
) -> Result<&'m str, Reported> {
    match map.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim()),
        None | Some(Value::Null | Value::String(_)) => {
            let message = format!("an entity mapping has no `{name}`");
            reader.error(BAD_MAPPING, MAPPINGS, message, "complete it or delete it");
            Err(Reported)
        }
        Some(other) => {
            reader.wrong_type(MAPPINGS, name, "a text", other);
            Err(Reported)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::check;
    use super::*;

    fn mapping(value: Value, expect: Option<Value>, problems: &[&str]) {
        check(json!({MAPPINGS: value}), Field::EntityMappings, expect, problems);
    }

    #[test]
    fn types_are_spelled_as_the_service_does() {
        let fields = json!([{"identifier": "ResourceId", "columnName": "Id"}]);
        for (written, expect) in
            [("Azure Resource", "AzureResource"), ("Url", "URL"), ("File hash", "FileHash")]
        {
            mapping(
                json!([{"entityType": written, "fieldMappings": fields}]),
                Some(json!([{"entityType": expect, "fieldMappings": fields}])),
                &[],
            );
        }
        let unknown = json!([{"entityType": "test", "fieldMappings": fields}]);
        mapping(unknown, None, &["bad-entity-mapping"]);
        let null = json!([{"entityType": null, "fieldMappings": fields}]);
        mapping(null, None, &["bad-entity-mapping"]);
    }

    #[test]
    fn a_single_field_mapping_may_stand_without_its_list() {
        let one = json!({"identifier": "FullName", "columnName": "User"});
        mapping(
            json!([{"entityType": "Account", "fieldMappings": one}]),
            Some(json!([{"entityType": "Account", "fieldMappings": [one]}])),
            &[],
        );
    }

    #[test]
    fn a_mapping_that_says_nothing_is_an_error() {
        mapping(json!([{"entityType": "IP"}]), None, &["bad-entity-mapping"]);
        mapping(json!({"entityType": "IP"}), None, &["wrong-type"]);
        mapping(json!([{"entityTyp": "IP"}]), None, &["unknown-key"]);
        let misspelt = json!([{"entityType": "IP", "fieldMappings": [{"Identifier": "Address"}]}]);
        mapping(misspelt, None, &["unknown-key"]);
        mapping(json!([]), Some(Value::Null), &[]);
    }

    #[test]
    fn sentinel_entities_are_columns() {
        let keys = json!({SENTINEL: [{"columnName": "Entities"}]});
        let expect = json!([{"columnName": "Entities"}]);
        check(keys, Field::SentinelEntitiesMappings, expect, &[]);
        let empty = json!({SENTINEL: [{}]});
        check(empty, Field::SentinelEntitiesMappings, None, &["bad-entity-mapping"]);
    }
}
