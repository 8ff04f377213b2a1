//! What expressions read of a row without naming it: the one place that says so, for filters and for
//! the stages before them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Context;
use super::expression::{is_operator, parse_range};
use super::lower::{may_be_column, scalar};
use crate::kql::{Query, Value};

/// Functions that know nothing of the row but their arguments. One that is not here, and has no
/// column among its arguments, may read any.
const ROWLESS: [&str; 34] = [
    "ago",
    "array_length",
    "bag_pack",
    "bin",
    "bool",
    "coalesce",
    "count",
    "datetime",
    "datetime_add",
    "datetime_diff",
    "dynamic",
    "endofday",
    "format_datetime",
    "iff",
    "iif",
    "int",
    "isempty",
    "isnotempty",
    "isnotnull",
    "isnull",
    "long",
    "not",
    "now",
    "pack",
    "pack_array",
    "rand",
    "real",
    "startofday",
    "startofhour",
    "strcat",
    "timespan",
    "tostring",
    "toscalar",
    "typeof",
];

/// What is read without being named.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::kql) struct Unnamed {
    /// These columns.
    pub(in crate::kql) columns: BTreeSet<String>,
    /// Perhaps every column.
    pub(in crate::kql) anything: bool,
}

/// Whether an expression names a column; one that cannot be read may do so.
pub(in crate::kql) fn names_column(
    query: &Query<'_>,
    tokens: Range<usize>,
    context: Context<'_>,
) -> bool {
    let Ok(expression) = parse_range(query, tokens) else { return true };
    let heads = expression.names().into_iter().map(|(name, _)| name.split('.').next());
    heads.flatten().any(|name| may_be_column(name, context))
}

/// What some tokens read without naming it; `named` says whether they name a column.
pub(in crate::kql) fn unnamed(
    query: &Query<'_>,
    tokens: Range<usize>,
    context: Context<'_>,
    named: bool,
) -> Unnamed {
    let mut found = Unnamed::default();
    let mut rowless = true;
    for index in tokens.clone() {
        let argument =
            index > tokens.start && (query.is(index - 1, "(") || query.is(index - 1, ","));
        found.anything |= query.is(index, "*") && argument;
        let Some(close) = query.closing(index + 1).filter(|_| query.is(index + 1, "(")) else {
            continue;
        };
        let call = query.word(index);
        if !query.is_name(index) || is_operator(call) {
            continue;
        }
        match call {
            "column_ifexists" | "columnifexists" => {
                let arguments = query.split(index + 2..close, ",");
                let first = parse_range(query, arguments[0].clone()).ok();
                match first.and_then(|first| scalar(&first, context)) {
                    Some(Value::Text(name)) => found.columns.extend([name]),
                    _ => found.anything = true,
                }
            }
            "ingestion_time" => {
                found.columns.extend(["TimeGenerated", "Timestamp"].map(str::to_owned));
            }
            "pack_all" | "bag_pack_columns" => found.anything = true,
            _ => rowless &= ROWLESS.contains(&call) || context.constants.contains_key(call),
        }
    }
    found.anything |= !named && found.columns.is_empty() && !rowless;
    found
}
