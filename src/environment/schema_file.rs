//! Schema files: tables and columns that a customer's workspaces have and the built-in schema has not.
//!
//! `environments/<name>.schema.yaml` is about the environment of that name; `--schema FILE` about all of
//! them. A table of a schema file is known from then on: a column that is in neither is an error.

use std::collections::BTreeMap;

use super::reading::{Keys, Reading};
use crate::diag::suggest;
use crate::kql::schema::Columns;
use crate::kql::{ColumnType, Schema};
use crate::yaml::{Node, NodeKind};

/// The words for types, as KQL's `getschema` shows them and Microsoft's table reference writes them.
const TYPES: [&str; 10] =
    ["bool", "int", "long", "real", "decimal", "datetime", "timespan", "guid", "dynamic", "string"];

/// Reads one file: `tables:`, then tables, then columns with their types.
pub(super) fn read(reading: &mut Reading, node: &Node) -> BTreeMap<String, Columns> {
    let mut found = BTreeMap::new();
    let Some(keys) = reading.keys(node, "a schema file", &["tables"]) else { return found };
    let tables = reading.need(&keys, "tables").and_then(|node| reading.map(node, "`tables`"));
    for entry in tables.iter().flat_map(Keys::entries) {
        if !is_name(&entry.key) {
            let message = format!("`{}` is not the name of a table", entry.key);
            let help = "write it as a query does: letters, digits and `_`";
            reading.invalid(&entry.key_span, message, help);
        }
        let known = Schema::builtin();
        let miswritten = known.tables().find(|table| table.eq_ignore_ascii_case(&entry.key));
        if let Some(table) = miswritten.filter(|table| *table != entry.key) {
            let message = format!("there is no table `{}`: names of tables have case", entry.key);
            reading.invalid(&entry.key_span, message, &format!("write `{table}`"));
        }
        let columns = columns(reading, &entry.value);
        if matches!(&entry.value.kind, NodeKind::Map(columns) if columns.is_empty()) {
            let message = format!("`{}` has no column", entry.key);
            reading.invalid(&entry.key_span, message, "list its columns, or take it out");
        }
        found.insert(entry.key.clone(), columns);
    }
    found
}

fn columns(reading: &mut Reading, node: &Node) -> Columns {
    let mut columns = Columns::new();
    let Some(keys) = reading.map(node, "a table's columns") else { return columns };
    for entry in keys.entries() {
        if entry.key.trim().is_empty() {
            reading.invalid(&entry.key_span, "a column has a name", "name it, or take it out");
        }
        let Some(word) = reading.text(&entry.value, "a column's type") else { continue };
        match ColumnType::from_word(word) {
            Some(kind) => drop(columns.insert(entry.key.clone(), kind)),
            None => {
                let message = format!("`{word}` is not a type of KQL");
                reading.invalid(&entry.value.span, message, &suggest(word, TYPES));
            }
        }
    }
    columns
}

fn is_name(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, ENVIRONMENT, FLEET, check_errors, shown};
    use super::*;

    const MADE: &str = "tables:\n  Made_CL:\n    User_s: string\n    Size_d: real\n";

    #[test]
    fn a_schema_file_is_about_the_environment_of_its_name() {
        let other = ENVIRONMENT.replace("law-sec", "law-other");
        let files = [
            ("fleet.yaml", FLEET),
            ("emea/a.yaml", ENVIRONMENT),
            ("b.yaml", &other),
            ("a.schema.yaml", MADE),
        ];
        let fleet = sample::fleet(&files);
        let columns = |name: &str| {
            let environment = fleet.environments.values().find(|it| it.name.as_str() == name);
            environment.unwrap().schema().columns("Made_CL").cloned()
        };
        let expect =
            [("Size_d".to_owned(), ColumnType::Real), ("User_s".to_owned(), ColumnType::String)];
        assert_eq!(columns("a"), Some(Columns::from(expect)));
        assert_eq!(columns("b"), None);
    }

    #[test]
    fn what_is_wrong_with_a_schema_file_is_said_at_its_place() {
        let check = |text: &str, expect: &[&str]| {
            let files = [("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT), ("a.schema.yaml", text)];
            check_errors(&files, expect);
        };
        check("tables: {Made_CL: {a: strnig}}\n", &["invalid-value a.schema.yaml:1 strnig"]);
        check("tables: {Made_CL: {}}\n", &["invalid-value a.schema.yaml:1 Made_CL"]);
        check("tables: {'Made CL': {a: int}}\n", &["invalid-value a.schema.yaml:1 'Made CL'"]);
        check(
            "tables: {deviceevents: {a: int}}\n",
            &["invalid-value a.schema.yaml:1 deviceevents"],
        );
        check("tables: {Made_CL: [a]}\n", &["wrong-type a.schema.yaml:1 [a]"]);
        check(
            "Made_CL: {a: int}\n",
            &[
                "unknown-key a.schema.yaml:1 Made_CL",
                "missing-key a.schema.yaml:1 Made_CL: {a: int}",
            ],
        );
        check("x: [\n", &["invalid-yaml a.schema.yaml:1 ["]);
    }

    #[test]
    fn a_schema_of_no_environment_is_an_error() {
        let files = [("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT), ("b.schema.yaml", MADE)];
        let (fleet, diagnostics) = sample::load(&files);
        assert_eq!(shown(&diagnostics), ["schema-without-environment"]);
        assert!(fleet.is_none());
        for name in ["a.schema.yml", "A.Schema.YAML"] {
            let files = [("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT), (name, MADE)];
            assert_eq!(shown(&sample::load(&files).1), ["environment-file-name"], "{name}");
        }
    }
}
