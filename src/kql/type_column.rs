//! What every row says of itself: its `Type` is the name of its table (a standard column of Azure Monitor
//! Logs).

use std::collections::BTreeSet;

use super::predicate::{Constants, Context, Opaque, filter};
use super::{Place, Predicate, Query, Rows, Schema};

/// The column.
pub const TYPE: &str = "Type";

/// What is known of `Type` in rows of a table at a place; nothing if the query has computed it anew. Of a
/// name that may be a function's, only that its rows may all have the same one.
#[must_use]
pub fn type_of_rows(
    query: &Query<'_>,
    schema: &Schema,
    (place, table): (&Place, &str),
) -> Option<Predicate> {
    if place.hidden.contains(TYPE) || Rows::at(query, place).make(TYPE) {
        return None;
    }
    let columns = schema.columns(table);
    let is_plain = table.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain && (columns.is_some() || table.ends_with("_CL")) {
        let context = Context { columns, constants: &Constants::default() };
        return Some(filter(&format!("{TYPE} == \"{table}\""), context));
    }
    Some(Predicate::Opaque(Opaque {
        text: format!("the `{TYPE}` of its rows"),
        columns: BTreeSet::from([TYPE.to_owned()]),
        time_only: false,
        any_column: false,
        elsewhere: None,
    }))
}
