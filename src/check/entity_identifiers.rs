//! Entity mappings: identifiers that a type does not have, or needs; how many there may be.

use std::collections::BTreeSet;

use serde_json::Value;

use super::item::Item;
use super::techniques::listed;
use crate::arm::{Entity, entity};
use crate::diag::{Code, Diagnostic, closest};
use crate::state::Field;

const IDENTIFIER: Code = Code::new("bad-entity-identifier");
const COUNT: Code = Code::new("too-many-entities");
const COLUMN: Code = Code::new("bad-entity-column");

/// Mappings and Sentinel entities of one rule together.
const MOST: usize = 10;
const MOST_FIELDS: usize = 3;

const MAPPINGS: &str = "entityMappings";

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    if !item.is_rule() {
        return Vec::new();
    }
    let mappings = item.list(Field::EntityMappings);
    let others = item.list(Field::SentinelEntitiesMappings);
    let mut found: Vec<Diagnostic> = mappings.iter().flat_map(mapping).collect();
    let count = mappings.len() + others.len();
    if count > MOST {
        let message = format!("the rule maps {count} entities; the service takes {MOST}");
        let error = Diagnostic::error(COUNT, message);
        found.push(error.help("leave the least important ones out"));
    }
    found.into_iter().map(|diagnostic| item.at(MAPPINGS, diagnostic)).collect()
}

fn mapping(mapping: &Value) -> Vec<Diagnostic> {
    let Some(entity) = mapping["entityType"].as_str().and_then(entity) else { return Vec::new() };
    let fields = mapping["fieldMappings"].as_array().map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    if fields.len() > MOST_FIELDS {
        let message = format!(
            "the mapping of `{}` names {} identifiers; the service takes {MOST_FIELDS}",
            entity.name,
            fields.len()
        );
        found.push(Diagnostic::error(COUNT, message).help("leave the least telling ones out"));
    }
    let mut seen = BTreeSet::new();
    for field in fields {
        let identifier = field["identifier"].as_str().unwrap_or("");
        if !entity.identifiers.contains(&identifier) {
            found.push(unknown(entity, identifier));
        } else if !seen.insert(identifier) {
            let message = format!("`{}` has the identifier `{identifier}` twice", entity.name);
            let help = "write a mapping of its own for the second one";
            found.push(Diagnostic::error(IDENTIFIER, message).help(help));
        }
        let column = field["columnName"].as_str().unwrap_or("");
        if !is_column(column) {
            let message = format!("`{column}` cannot be the column of an entity");
            let help = "name a column of the result: letters, digits and `_`";
            found.push(Diagnostic::error(COLUMN, message).help(help));
        }
    }
    let met = |combination: &&[&str]| combination.iter().all(|needed| seen.contains(needed));
    if found.is_empty() && !entity.required.iter().any(met) {
        let combinations: Vec<String> = entity.required.iter().map(|c| c.join(" and ")).collect();
        let combinations: Vec<&str> = combinations.iter().map(String::as_str).collect();
        let message = format!("the mapping of `{}` does not say which one it is", entity.name);
        let help = format!("map one of {}", listed(&combinations));
        found.push(Diagnostic::error(IDENTIFIER, message).help(help));
    }
    found
}

fn unknown(entity: &Entity, identifier: &str) -> Diagnostic {
    let message = format!("`{}` has no identifier `{identifier}`", entity.name);
    let help = match closest(identifier, entity.identifiers.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", listed(entity.identifiers)),
    };
    Diagnostic::error(IDENTIFIER, message).help(help)
}

/// `^[a-zA-Z_]+\w*$`, at most 500 characters.
pub(super) fn is_column(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= 500
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[track_caller]
    fn check(entity: &str, identifiers: &[&str], expect: &[&str]) {
        let fields: Vec<String> =
            identifiers.iter().map(|i| format!("{{ identifier: {i}, columnName: C }}")).collect();
        let fields = fields.join(", ");
        let keys =
            format!("entityMappings:\n  - entityType: {entity}\n    fieldMappings: [{fields}]");
        check_rule(&keys, "T", expect);
    }

    #[test]
    fn identifiers_are_those_of_the_type() {
        let bad = ["error bad-entity-identifier"];
        check("Host", &["HostName", "DnsDomain"], &[]);
        check("Host", &["Name"], &bad);
        check("Host", &["hostname"], &bad);
        check("Host", &["HostName", "HostName"], &bad);
        check("IP", &["Address"], &[]);
    }

    #[test]
    fn an_entity_needs_what_identifies_it() {
        check("Account", &["UPNSuffix"], &["error bad-entity-identifier"]);
        check("FileHash", &["Value"], &["error bad-entity-identifier"]);
        check("FileHash", &["Algorithm", "Value"], &[]);
    }

    #[test]
    fn identifiers_and_entities_are_few() {
        let four = ["HostName", "DnsDomain", "NTDomain", "OSFamily"];
        check("Host", &four, &["error too-many-entities"]);
        let one =
            "\n  - entityType: IP\n    fieldMappings: [{ identifier: Address, columnName: C }]";
        check_rule(&format!("entityMappings:{}", one.repeat(10)), "T", &[]);
        check_rule(
            &format!("entityMappings:{}", one.repeat(11)),
            "T",
            &["error too-many-entities"],
        );
    }

    #[test]
    fn a_column_is_a_plain_name() {
        let keys = "entityMappings:\n  - entityType: IP\n    fieldMappings: [{ identifier: Address, columnName: a.b }]";
        check_rule(keys, "T", &["error bad-entity-column"]);
    }
}
