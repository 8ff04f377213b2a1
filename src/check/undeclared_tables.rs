//! Tables that a query reads and the file does not declare.

use std::collections::BTreeSet;

use serde_json::Value;

use super::item::Item;
use super::techniques::listed;
use crate::diag::{Code, Diagnostic};
use crate::kql::{Schema, spine};

const UNDECLARED: Code = Code::new("undeclared-table");

const KEY: &str = "requiredDataConnectors";

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let connectors = item.keys.get(KEY).and_then(|value| value.value.as_array());
    let types = connectors.into_iter().flatten().filter_map(|c| c["dataTypes"].as_array());
    let declared: BTreeSet<String> =
        types.flatten().filter_map(Value::as_str).map(|name| bare(name).to_lowercase()).collect();
    if declared.is_empty() {
        return Vec::new();
    }
    let spine = spine(&item.query);
    let tables = spine.tables().into_iter();
    // A parser is a function, and files declare the tables behind it.
    let is_table =
        |table: &&str| table.ends_with("_CL") || Schema::builtin().columns(table).is_some();
    let tables = tables.filter(is_table);
    let missing: Vec<&str> =
        tables.filter(|table| !declared.contains(&table.to_lowercase())).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let message = format!("the query reads {}, which `{KEY}` does not declare", listed(&missing));
    let note = item.at(KEY, Diagnostic::note(UNDECLARED, message));
    vec![note.help("add it to the `dataTypes` of its connector")]
}

/// `Syslog (Cisco)` is `Syslog`.
fn bare(name: &str) -> &str {
    name.split('(').next().unwrap_or("").trim()
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn a_file_declares_the_tables_that_it_reads() {
        let declared =
            "requiredDataConnectors:\n  - { connectorId: X, dataTypes: [Syslog (Cisco)] }";
        check_rule(declared, "Syslog", &[]);
        check_rule(declared, "SigninLogs", &["note undeclared-table"]);
        check_rule(declared, "imDns", &[]);
        check_rule("requiredDataConnectors: []", "SigninLogs", &[]);
    }
}
