//! The tables of a workspace: the service binds a rule's query when the rule is saved, and refuses
//! what it cannot bind.
//!
//! Tables are sought wherever they stand in the query, columns where the query reads them of a table on
//! its driving spine. A workspace of which nothing is said has every table that a query names, those
//! that Microsoft documents with the documented columns. A saved search is taken as it is: no report says
//! that the service looks at its tables.

use std::collections::{BTreeMap, BTreeSet};

use super::refusal::Refusal;
use crate::kql::{self, Place, Query, Rows, Schema, Step, spine};

/// By table (or saved function), as KQL spells it: its columns, or all that Microsoft documents.
pub type Tables = BTreeMap<String, Option<BTreeSet<String>>>;

/// Columns that every table has.
const EVERYWHERE: [&str; 10] = [
    "TimeGenerated",
    "Type",
    "TenantId",
    "SourceSystem",
    "_BilledSize",
    "_IsBillable",
    "_ItemId",
    "_ResourceId",
    "_SubscriptionId",
    "_TimeReceived",
];

/// Whether a workspace with these tables can run the query of a rule of this kind.
///
/// # Errors
/// What the service answers for a query that it cannot read, and for a table or a column that is not
/// there.
pub(super) fn bind(query: &str, kind: &str, tables: Option<&Tables>) -> Result<(), Refusal> {
    let query = Query::parse(query);
    if !query.faults().is_empty() {
        return Err(refused(
            "Request is invalid and cannot be processed: Syntax error: SYN0001: I could not parse that, sorry. [line:position=0:0]",
        ));
    }
    let calls = |name: &str| {
        (0..query.tokens().len()).any(|at| query.word(at) == name && query.word(at + 1) == "(")
    };
    if kind == "NRT" && (calls("workspace") || calls("cluster")) {
        // Documented; the service's own words are not known.
        return Err(refused("NRT rules cannot query other workspaces."));
    }
    let spine = spine(&query);
    let places: Vec<&Place> = spine.places.iter().filter(|place| !place.is_marked()).collect();
    if let Some(tables) = tables {
        has_tables(&query, &places, tables)?;
    }
    places.into_iter().try_for_each(|place| has_columns(&query, place, tables))
}

fn has_tables(query: &Query<'_>, places: &[&Place], tables: &Tables) -> Result<(), Refusal> {
    let on_spine = places.iter().map(|place| &place.table);
    let named: BTreeSet<String> = kql::tables(query).into_iter().chain(on_spine.cloned()).collect();
    // What a fuzzy union names may be missing, as long as there is something else.
    let may_lack = |table: &str| {
        let at = places.iter().filter(|place| place.table == table);
        let arms: Vec<bool> = at.map(|place| place.via.contains(&Step::UnionArm)).collect();
        is_fuzzy(query) && arms.iter().all(|in_arm| *in_arm)
    };
    let mut lacking = named.iter().filter(|table| !tables.contains_key(*table));
    let all_fuzzy = lacking.clone().all(|table| may_lack(table));
    if lacking.next().is_none()
        || (all_fuzzy && named.iter().any(|table| tables.contains_key(table)))
    {
        return Ok(());
    }
    Err(refused("Failed to run the analytics rule query. One of the tables does not exist."))
}

fn is_fuzzy(query: &Query<'_>) -> bool {
    let words = |at: usize| [query.word(at), query.word(at + 1), query.word(at + 2)];
    (0..query.tokens().len()).any(|at| words(at) == ["isfuzzy", "=", "true"])
}

fn has_columns(query: &Query<'_>, place: &Place, tables: Option<&Tables>) -> Result<(), Refusal> {
    let documented = Schema::builtin().columns(&place.table);
    let given = tables.and_then(|tables| tables.get(&place.table)).and_then(Option::as_ref);
    let there = |name: &str| {
        let known = match (given, documented) {
            (Some(given), _) => given.contains(name),
            (None, Some(documented)) => documented.contains_key(name),
            (None, None) => true,
        };
        known || EVERYWHERE.contains(&name)
    };
    let rows = Rows::at(query, place);
    // What a filter reads without a name of its own (`ingestion_time()`) is there.
    let names = query.names();
    let lacking = |name: &&str| names.contains(*name) && rows.bound(name).is_none() && !there(name);
    for filter in place.filters(query, Schema::builtin()) {
        if let Some(name) = filter.columns().into_iter().find(lacking) {
            return Err(refused(&format!(
                "'where' operator: Failed to resolve table or column expression named '{name}'"
            )));
        }
    }
    match rows.reads().find(lacking) {
        Some(name) => Err(refused(&format!("Failed to resolve scalar expression named '{name}'"))),
        None => Ok(()),
    }
}

fn refused(text: &str) -> Refusal {
    Refusal::new(400, "BadRequest", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_in(tables: Option<&Tables>, query: &str, refused: Option<&str>) {
        let bound = bind(query, "NRT", tables);
        let text = bound.err().map(|refusal| {
            assert_eq!(refusal.status, 400);
            refusal.message
        });
        match (&text, refused) {
            (None, None) => {}
            (Some(found), Some(expect)) => assert!(found.contains(expect), "{query}: {found}"),
            _ => panic!("{query}: {text:?}"),
        }
    }

    #[track_caller]
    fn check(query: &str, refused: Option<&str>) {
        let tables = Tables::from([
            ("DeviceNetworkEvents".to_owned(), Some(BTreeSet::from(["RemoteUrl".to_owned()]))),
            ("SigninLogs".to_owned(), None),
        ]);
        check_in(Some(&tables), query, refused);
    }

    const NO_TABLE: Option<&str> = Some("One of the tables does not exist");

    #[test]
    fn a_query_needs_its_tables_wherever_they_stand() {
        check("SigninLogs | where UserPrincipalName == 'a'", None);
        check("let t = SigninLogs; t | count", None);
        check("AADSignInEventsBeta | count", NO_TABLE);
        check("union SigninLogs, signinlogs", NO_TABLE);
        check("SigninLogs | join kind=inner (AuditLogs) on CorrelationId", NO_TABLE);
        check("SigninLogs | where AppId in ((AuditLogs | project Id))", NO_TABLE);
        check("let t = toscalar(AuditLogs | count); SigninLogs | extend t", NO_TABLE);
    }

    #[test]
    fn a_fuzzy_union_may_lack_all_but_one_of_its_tables() {
        check("union isfuzzy=true SigninLogs, AuditLogs | count", None);
        check("union isfuzzy=true AuditLogs, OfficeActivity | count", NO_TABLE);
        check("union isfuzzy=false SigninLogs, AuditLogs | count", NO_TABLE);
    }

    #[test]
    fn a_query_needs_its_columns_where_it_reads_them() {
        check("DeviceNetworkEvents | where RemoteUrl has 'a' | extend x = 1 | where x == 1", None);
        check("DeviceNetworkEvents | where TimeGenerated > ago(1d)", None);
        check("DeviceNetworkEvents | where ingestion_time() > ago(1d)", None);
        check(
            "let RemotePort = 1; DeviceNetworkEvents | where RemoteUrl has tostring(RemotePort)",
            None,
        );
        check(
            "DeviceNetworkEvents | where RemotePort == 1",
            Some(
                "'where' operator: Failed to resolve table or column expression named 'RemotePort'",
            ),
        );
        check(
            "DeviceNetworkEvents | extend x = 1 | project RemoteUrl, RemotePort",
            Some("Failed to resolve scalar expression named 'RemotePort'"),
        );
        check("SigninLogs | where UserPrincipleName == 'a'", Some("named 'UserPrincipleName'"));
    }

    #[test]
    fn of_a_workspace_of_which_nothing_is_said_only_documented_tables_are_known() {
        check_in(None, "Made_CL | where Whatever_s == 'a'", None);
        check_in(None, "SigninLogs | where Whatever_s == 'a'", Some("named 'Whatever_s'"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        check("SigninLogs | where (", Some("SYN0001: I could not parse that, sorry."));
        check("workspace('other').SigninLogs | count", Some("NRT rules cannot query other"));
    }
}
