//! Entity mappings: which identifiers an entity has, and which of them it needs.
//!
//! The table is Microsoft's own validator's (Azure-Sentinel, September 2024), in the order in which the
//! service lists identifiers; `entities.txt` has a type per paragraph.

use std::sync::OnceLock;

use serde_json::Value;

use super::fields::{array, text};
use crate::emulator::refusal::Refusal;

/// Entity mappings and sentinel entities of one rule share this limit.
const MOST: usize = 10;

/// One type of entity.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) name: &'static str,
    pub(super) identifiers: Vec<&'static str>,
    /// One of these combinations must be mapped.
    pub(super) needs: Vec<Vec<&'static str>>,
}

/// Every type.
pub(super) fn entities() -> &'static [Entity] {
    static ENTITIES: OnceLock<Vec<Entity>> = OnceLock::new();
    ENTITIES.get_or_init(|| {
        let mut entities: Vec<Entity> = Vec::new();
        for line in include_str!("entities.txt").lines() {
            let mut words = line.split_whitespace();
            let first = words.next().unwrap_or_default();
            match (line.starts_with(' '), entities.last_mut()) {
                (true, Some(entity)) if first == "needs" => entity.needs.push(words.collect()),
                (true, Some(entity)) => entity.identifiers = words.collect(),
                _ => {
                    let (identifiers, needs) = (Vec::new(), Vec::new());
                    entities.push(Entity { name: first, identifiers, needs });
                }
            }
        }
        entities
    })
}

/// Whether there is such a type.
pub(super) fn is_entity(name: &str) -> bool {
    entities().iter().any(|entity| entity.name == name)
}

/// Checks `entityMappings`; `others` is the number of `sentinelEntitiesMappings`.
pub(super) fn check(mappings: &[Value], others: usize) -> Result<(), Refusal> {
    let count = mappings.len() + others;
    if count > MOST {
        return Err(length("EntityMappings", count, MOST));
    }
    mappings.iter().try_for_each(mapping_is_valid)
}

fn mapping_is_valid(mapping: &Value) -> Result<(), Refusal> {
    let name = text(mapping, "entityType").unwrap_or_default();
    let Some(entity) = entities().iter().find(|entity| entity.name == name) else {
        return Err(refused(&format!("The value '{name}' is not valid for 'EntityType'.")));
    };
    let fields = array(mapping, "fieldMappings");
    if !(1..=3).contains(&fields.len()) {
        return Err(length("FieldMappings", fields.len(), 3));
    }
    let mut seen = Vec::new();
    for field in fields {
        let identifier = text(field, "identifier").unwrap_or_default();
        if !entity.identifiers.contains(&identifier) {
            return Err(refused(&format!(
                "Invalid identifier '{identifier}' for type '{name}' encountered. Valid identifiers are: [{}]",
                entity.identifiers.join(", ")
            )));
        }
        if seen.contains(&identifier) {
            return Err(refused(&format!(
                "Identifier '{identifier}' is defined multiple times for type '{name}'."
            )));
        }
        column(text(field, "columnName").unwrap_or_default(), "")?;
        seen.push(identifier);
    }
    let met = |combination: &Vec<&str>| combination.iter().all(|needed| seen.contains(needed));
    if entity.needs.iter().any(met) {
        return Ok(());
    }
    let combinations: Vec<String> = entity.needs.iter().map(|needed| needed.join(", ")).collect();
    Err(refused(&format!(
        "Missing required identifiers in 'EntityMappings' for type '{name}'. Required identifiers are one of the following combinations: {}",
        combinations.join("; ")
    )))
}

/// The service names no path with what it says of mappings (Azure-Sentinel#7809).
fn refused(text: &str) -> Refusal {
    Refusal::invalid("", text)
}

fn length(list: &str, count: usize, most: usize) -> Refusal {
    refused(&format!(
        "Invalid length of '{count}' for '{list}'. '{list}' length should be between '1' and '{most}'"
    ))
}

/// A column: `^[a-zA-Z_]+\w*$`, at most 500 characters.
pub(super) fn column(name: &str, path: &str) -> Result<(), Refusal> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let word = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if begins && word && name.chars().count() <= 500 {
        return Ok(());
    }
    Err(Refusal::invalid(path, &format!("The column name '{name}' is invalid.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_are_words() {
        for name in ["Column", "_c", "a1"] {
            assert!(column(name, "p").is_ok(), "{name}");
        }
        for name in ["", "1a", "a b", "a.b", "a-b"] {
            assert!(column(name, "p").is_err(), "{name}");
        }
    }

    #[test]
    fn every_combination_that_a_type_needs_is_enough() {
        for entity in entities() {
            for needed in &entity.needs {
                let field = |name: &&str| json!({"identifier": name, "columnName": "Column"});
                let fields: Vec<Value> = needed.iter().map(field).collect();
                let mapping = json!({"entityType": entity.name, "fieldMappings": fields});
                assert_eq!(check(&[mapping], 0), Ok(()), "{} by {needed:?}", entity.name);
            }
        }
    }
}
