//! Entity mappings: which identifiers an entity has, and which of them it needs.

use serde_json::Value;

use super::fields::{array, text};
use crate::arm::entity;
use crate::emulator::refusal::Refusal;

/// Entity mappings and sentinel entities of one rule share this limit.
const MOST: usize = 10;

/// Checks `entityMappings`; `others` is the number of `sentinelEntitiesMappings`.
pub(super) fn check(mappings: &[Value], others: usize) -> Result<(), Refusal> {
    let count = mappings.len() + others;
    if count > MOST {
        let text = format!(
            "Invalid length of '{count}' for 'EntityMappings'. 'EntityMappings' length should be between '1' and '{MOST}'"
        );
        return Err(Refusal::invalid("Properties.EntityMappings", &text));
    }
    for (index, mapping) in mappings.iter().enumerate() {
        mapping_is_valid(mapping, &format!("Properties.EntityMappings[{index}]"))?;
    }
    Ok(())
}

fn mapping_is_valid(mapping: &Value, path: &str) -> Result<(), Refusal> {
    let name = text(mapping, path, "entityType")?.unwrap_or_default();
    let Some(entity) = entity(&name) else {
        let text = format!("The value '{name}' is not valid for 'EntityType'.");
        return Err(Refusal::invalid(path, &text));
    };
    let fields = array(mapping, path, "fieldMappings")?.unwrap_or_default();
    if !(1..=3).contains(&fields.len()) {
        let text = format!(
            "Invalid length of '{}' for 'FieldMappings'. 'FieldMappings' length should be between '1' and '3'",
            fields.len()
        );
        return Err(Refusal::invalid(path, &text));
    }
    let mut seen = Vec::new();
    for field in fields {
        let identifier = text(field, path, "identifier")?.unwrap_or_default();
        if !entity.identifiers.contains(&identifier.as_str()) {
            let text = format!(
                "Invalid identifier '{identifier}' for type '{name}' encountered. Valid identifiers are: [{}]",
                entity.identifiers.join(", ")
            );
            return Err(Refusal::invalid(path, &text));
        }
        if seen.contains(&identifier) {
            let text =
                format!("Identifier '{identifier}' is defined multiple times for type '{name}'.");
            return Err(Refusal::invalid(path, &text));
        }
        column(&text(field, path, "columnName")?.unwrap_or_default(), path)?;
        seen.push(identifier);
    }
    let met = |combination: &&[&str]| {
        combination.iter().all(|needed| seen.iter().any(|identifier| identifier == needed))
    };
    if entity.required.iter().any(met) {
        return Ok(());
    }
    let combinations: Vec<String> = entity.required.iter().map(|c| c.join(", ")).collect();
    let text = format!(
        "Missing required identifiers in 'EntityMappings' for type '{name}'. Required identifiers are one of the following combinations: {}",
        combinations.join("; ")
    );
    Err(Refusal::invalid(path, &text))
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

    #[track_caller]
    fn check(entity: &str, identifiers: &[&str], expect: &str) {
        let fields: Vec<Value> = identifiers
            .iter()
            .map(|identifier| json!({"identifier": identifier, "columnName": "Column"}))
            .collect();
        let mapping = json!({"entityType": entity, "fieldMappings": fields});
        let text =
            super::check(&[mapping], 0).err().map_or("fine".into(), |refusal| refusal.message);
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn identifiers_must_fit_the_entity() {
        check("Host", &["HostName", "DnsDomain"], "fine");
        check(
            "Host",
            &["Name"],
            "Invalid identifier 'Name' for type 'Host' encountered. Valid identifiers are: [DnsDomain, NTDomain,",
        );
        check("Host", &["HostName", "HostName"], "Identifier 'HostName' is defined multiple times");
        check(
            "Host",
            &["DnsDomain"],
            "Missing required identifiers in 'EntityMappings' for type 'Host'. Required identifiers are one of the following combinations: FullName; HostName; NetBiosName; AzureID; OMSAgentID",
        );
        check("FileHash", &["Value"], "combinations: Algorithm, Value");
        check("FileHash", &["Value", "Algorithm"], "fine");
        check("Planet", &["Name"], "The value 'Planet' is not valid for 'EntityType'.");
    }

    #[test]
    fn an_entity_has_one_to_three_fields() {
        check(
            "Account",
            &[],
            "Invalid length of '0' for 'FieldMappings'. 'FieldMappings' length should be between '1' and '3'",
        );
        check(
            "Account",
            &["Name", "FullName", "Sid", "PUID"],
            "Invalid length of '4' for 'FieldMappings'",
        );
    }

    #[test]
    fn ten_mappings_are_the_most() {
        let field = json!({"identifier": "Address", "columnName": "Ip"});
        let mapping = json!({"entityType": "IP", "fieldMappings": [field]});
        assert!(super::check(&vec![mapping.clone(); 10], 0).is_ok());
        assert!(super::check(&vec![mapping; 10], 1).is_err());
    }

    #[test]
    fn columns_are_words() {
        for name in ["Column", "_c", "a1"] {
            assert!(column(name, "p").is_ok(), "{name}");
        }
        for name in ["", "1a", "a b", "a.b", "a-b"] {
            assert!(column(name, "p").is_err(), "{name}");
        }
    }
}
