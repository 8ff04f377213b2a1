//! Table names in exclusions: names of tables have case, and one in the wrong case means no table.

use std::collections::BTreeSet;

use super::{Catalog, Exclusion, QuerySource};
use crate::diag::{Code, Diagnostic, Located};
use crate::kql::{Query, Schema, spine};

const TABLE_CASE: Code = Code::new("table-case");

/// An error for every name that only case keeps from naming a table: a built-in one, or one that
/// drives a query. A name that is like none may be a table that only the workspace knows.
pub(super) fn check(exclusions: &[Exclusion], catalog: &Catalog) -> Vec<Diagnostic> {
    let schema = Schema::builtin();
    let unknown = |name: &Located<String>| schema.columns(&name.value).is_none();
    let mut driving: Option<BTreeSet<String>> = None;
    let mut found = Vec::new();
    for exclusion in exclusions {
        let named = exclusion.applies_to.tables.iter().chain(&exclusion.table);
        for name in named.filter(|name| unknown(name)) {
            let driving = driving.get_or_insert_with(|| tables(catalog));
            if driving.contains(&name.value) {
                continue;
            }
            let mut known = driving.iter().map(String::as_str).chain(schema.tables());
            if let Some(table) = known.find(|table| table.eq_ignore_ascii_case(&name.value)) {
                let message =
                    format!("there is no table `{}`: names of tables have case", name.value);
                let error = Diagnostic::error(TABLE_CASE, message)
                    .at(&name.source, name.span.clone(), "")
                    .about(exclusion.id.value.as_str())
                    .help(format!("write `{table}`"));
                found.push(error);
            }
        }
    }
    found
}

/// The tables that drive any query.
fn tables(catalog: &Catalog) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for content in &catalog.contents {
        if let QuerySource::Own(text) = &content.query {
            let spine = spine(&Query::parse(&text.value));
            tables.extend(spine.tables().into_iter().map(str::to_owned));
        }
    }
    tables
}
