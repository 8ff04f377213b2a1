//! The tables of a workspace: the service binds a rule's query when the rule is saved, and refuses
//! what it cannot bind.
//!
//! Seen here are the tables that drive a query and the columns in their leading filters; not what is
//! joined or computed later. A saved search is taken as it is: no report says that the service looks
//! at its tables.

use std::collections::{BTreeMap, BTreeSet};

use super::refusal::Refusal;
use crate::kql::{Query, Schema, spine};

/// By table (or saved function), as KQL spells it: its columns, or all that Microsoft documents.
pub type Tables = BTreeMap<String, Option<BTreeSet<String>>>;

/// Whether a workspace with these tables can run the query.
///
/// # Errors
/// What the service answers for a table or a column that is not there.
pub(super) fn bind(query: &str, tables: &Tables) -> Result<(), Refusal> {
    let query = Query::parse(query);
    let spine = spine(&query);
    for place in spine.places.iter().filter(|place| !place.is_marked()) {
        let Some(columns) = tables.get(&place.table) else {
            let text = "Failed to run the analytics rule query. One of the tables does not exist.";
            return Err(Refusal::new(400, "BadRequest", text));
        };
        let documented = Schema::builtin().columns(&place.table);
        let (Some(columns), Some(documented)) = (columns, documented) else { continue };
        for filter in place.filters(&query, Schema::builtin()) {
            let lacks = |name: &&str| documented.contains_key(*name) && !columns.contains(*name);
            if let Some(name) = filter.columns().into_iter().find(lacks) {
                let text = format!(
                    "'where' operator: Failed to resolve table or column expression named '{name}'"
                );
                return Err(Refusal::new(400, "BadRequest", text));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, refused: Option<&str>) {
        let tables = Tables::from([
            ("DeviceNetworkEvents".to_owned(), Some(BTreeSet::from(["RemoteUrl".to_owned()]))),
            ("SigninLogs".to_owned(), None),
        ]);
        match (bind(query, &tables), refused) {
            (Ok(()), None) => {}
            (Err(refusal), Some(text)) => {
                assert_eq!(refusal.status, 400);
                assert!(refusal.message.contains(text), "{query}: {}", refusal.message);
            }
            (bound, _) => panic!("{query}: {}", bound.is_ok()),
        }
    }

    #[test]
    fn a_query_needs_its_tables_and_columns() {
        check("SigninLogs | where UserPrincipalName == 'a'", None);
        check("let t = SigninLogs; t | count", None);
        check("DeviceNetworkEvents | where RemoteUrl has 'a' | extend x = 1 | where x == 1", None);
        check("AADSignInEventsBeta | count", Some("One of the tables does not exist"));
        check("union SigninLogs, signinlogs", Some("One of the tables does not exist"));
        check("DeviceNetworkEvents | where RemotePort == 1", Some("expression named 'RemotePort'"));
    }
}
