//! From what a person wrote (`when`, `keep`) to the predicate that is compiled: names become
//! columns, `keep` becomes its negation, types are checked.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::error::{NAME_TAKEN, TYPE_MISMATCH, UNREADABLE};
use super::expression::{self, Expression, Shape};
use super::lower::lower;
use super::{Constants, Context, Predicate, PredicateError};
use super::{literal, spelling};
use crate::kql::{ColumnType, Columns, Query, Scope, contained};

/// Which rows a text speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    /// Those to exclude.
    When,
    /// Those to keep; a row for which it is null is kept.
    Keep,
}

/// A predicate ready to be compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// KQL on one line, true for the rows to exclude.
    pub kql: String,
    /// What it means.
    pub predicate: Predicate,
    /// The columns that it reads.
    pub columns: BTreeSet<String>,
}

/// Resolves a predicate on one table.
///
/// # Errors
/// All unreadable places, unknown names and mistaken types, in the order of the text.
pub fn resolve(
    text: &str,
    polarity: Polarity,
    scope: Scope<'_>,
) -> Result<Resolved, Vec<PredicateError>> {
    let query = Query::parse(text);
    let mut expression = expression::parse(&query).map_err(|error| vec![error])?;
    if let Err(refusal) = contained(&query) {
        return Err(vec![PredicateError::new(UNREADABLE, refusal.message, refusal.span)]);
    }
    let mut misspelt = spelling::mistakes(&query, &expression);
    if misspelt.is_empty() {
        misspelt = literal::mistakes(&query, &expression);
    }
    if !misspelt.is_empty() {
        return Err(misspelt);
    }
    let (edits, mut errors) = edits(&query, &expression, scope);
    rename(&mut expression, &edits);
    let constants = Constants::new();
    let columns = scope.columns().map(|columns| as_typed(columns, scope));
    let context = Context { columns: columns.as_deref(), constants: &constants };
    let mut lowered = None;
    if errors.is_empty() {
        let (predicate, mistaken) = lower(&query, &expression, context);
        (lowered, errors) = (Some(predicate), mistaken);
    }
    if !errors.is_empty() {
        errors.sort_by_key(|error| error.span.start);
        return Err(errors);
    }
    let when = written(&query, &edits);
    let kql = match polarity {
        Polarity::When => when,
        Polarity::Keep => format!("not(({when}))"),
    };
    // What stands as it was written means what was read; anything else is read again as it will stand.
    let lowered = lowered.filter(|_| kql == text);
    let predicate = lowered.unwrap_or_else(|| super::filter(&kql, context));
    let columns = predicate.columns().into_iter().map(str::to_owned).collect();
    Ok(Resolved { kql, predicate, columns })
}

/// The table's columns without those that the query may have computed anew: their type is not
/// known, so tests of them are opaque.
fn as_typed<'c>(columns: &'c Columns, scope: Scope<'_>) -> Cow<'c, Columns> {
    let mut known = Cow::Borrowed(columns);
    if columns.keys().any(|name| scope.rows.make(name)) {
        known.to_mut().retain(|name, _| !scope.rows.make(name));
    }
    known
}

/// A name's tokens and the column that it stands for.
type Edits = BTreeMap<usize, (usize, String)>;

fn edits(
    query: &Query<'_>,
    expression: &Expression,
    scope: Scope<'_>,
) -> (Edits, Vec<PredicateError>) {
    let mut edits = Edits::new();
    let mut errors = Vec::new();
    for (name, tokens) in expression.names() {
        // `AdditionalFields.x` reads into a column of JSON.
        let head = name.split('.').next().unwrap_or(name);
        let read_into = head != name && scope.is_column(head) && !scope.is_column(name);
        if read_into && scope.rows.bound(head).is_none() {
            let kind = scope.kind(head).filter(|_| !scope.rows.make(head));
            if let Some(kind) = kind.filter(|kind| *kind != ColumnType::Dynamic) {
                let message = format!("nothing can be read out of a {} column", kind.word());
                let error = PredicateError::new(TYPE_MISMATCH, message, query.span(&tokens));
                errors.push(error.help(format!("write `todynamic({head})` if it holds JSON")));
            }
            continue;
        }
        match scope.resolve(name) {
            Ok(column) if column == name => {}
            Ok(column) => {
                edits.insert(tokens.start, (tokens.end, column));
            }
            Err(unknown) => {
                let help = match unknown.candidates.as_slice() {
                    // The query is believed: it may well know more than the built-in list.
                    _ if is_read(name, scope) => Some(with_schema(name, scope)),
                    [] => None,
                    candidates => Some(format!("did you mean {}?", candidates.join(", "))),
                };
                let span = query.span(&tokens);
                let error = PredicateError::new(unknown.code, unknown.message, span);
                errors.push(match help {
                    Some(help) => error.help(help),
                    None if unknown.code == NAME_TAKEN => error.help(RENAME),
                    None => error.help(way_on(name, scope)),
                });
            }
        }
    }
    for (function, _) in expression.calls() {
        if let Some(what) = scope.rows.bound(function) {
            let message = format!("the function `{function}` is {what} here");
            let span = query.span(&expression.tokens);
            errors.push(PredicateError::new(NAME_TAKEN, message, span).help(RENAME));
        }
    }
    (edits, errors)
}

/// What to do about a name that is like no column.
fn way_on(name: &str, scope: Scope<'_>) -> String {
    let open = scope.columns().is_none() && !scope.table.is_empty();
    if name == "null" {
        "write `isnull(column)`, or `isempty(column)` for a text".to_owned()
    } else if open && name.contains('.') {
        format!(
            "say in an environment file which column it is: `ecs: {{ {}: {{ {name}: Column }} }}`",
            scope.table
        )
    } else if open {
        with_schema(name, scope)
    } else {
        format!("name a column of the table; a text stands in quotes: `\"{name}\"`")
    }
}

/// Whether the query reads a column of this name that the table is not known to have.
fn is_read(name: &str, scope: Scope<'_>) -> bool {
    scope.columns().is_some_and(|columns| !columns.contains_key(name))
        && scope.rows.read(name)
        && scope.rows.keep(name)
}

fn with_schema(name: &str, scope: Scope<'_>) -> String {
    format!(
        "if the table has it, say so in `environments/<name>.schema.yaml`: `tables: {{ {}: {{ \
         {name}: string }} }}`",
        scope.table
    )
}

const RENAME: &str = "name another column, or give the query's own name another name";

fn rename(expression: &mut Expression, edits: &Edits) {
    match &mut expression.shape {
        Shape::Name(name) => {
            if let Some((_, column)) = edits.get(&expression.tokens.start) {
                name.clone_from(column);
            }
        }
        Shape::Value(_) => {}
        Shape::Call { arguments: parts, .. }
        | Shape::Arithmetic { operands: parts, .. }
        | Shape::Logic { parts, .. }
        | Shape::List(parts)
        | Shape::Whole { reads: parts } => {
            parts.iter_mut().for_each(|part| rename(part, edits));
        }
        Shape::Binary { left, right, .. } | Shape::Between(left, right) => {
            rename(left, edits);
            rename(right, edits);
        }
    }
}

/// The text on one line, with columns for names.
fn written(query: &Query<'_>, edits: &Edits) -> String {
    let mut line = String::new();
    let mut end = None;
    let mut index = 0;
    while let Some(token) = query.tokens().get(index) {
        if end.is_some_and(|end| end != token.start) {
            line.push(' ');
        }
        let next = match edits.get(&index) {
            Some((next, column)) => {
                line += &column_name(column);
                *next
            }
            None => {
                line += match query.word(index) {
                    "OR" => "or",
                    "AND" => "and",
                    "NOT" => "not",
                    word => word,
                };
                index + 1
            }
        };
        end = Some(query.tokens()[next - 1].end);
        index = next;
    }
    line
}

/// A column as KQL writes it: bare, or in brackets if it is no identifier.
fn column_name(column: &str) -> String {
    let plain = column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { column.to_owned() } else { format!("[{}]", crate::kql::value::quote(column)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::{EcsMap, Rows, Schema};

    fn check(table: &str, text: &str, expect: Result<&str, &[(&str, &str)]>) {
        let ecs = EcsMap::builtin();
        let rows = Rows::reading(["host_s".to_owned()]);
        let scope = Scope { table, schema: Schema::builtin(), ecs: &ecs, rows: &rows };
        let found = resolve(text, Polarity::When, scope);
        match expect {
            Ok(kql) => assert_eq!(found.expect(text).kql, kql),
            Err(errors) => {
                let found = found.expect_err(text);
                let found: Vec<(&str, &str)> =
                    found.iter().map(|e| (e.code.as_str(), &text[e.span.clone()])).collect();
                assert_eq!(found, errors, "{text}");
            }
        }
    }

    #[test]
    fn ecs_names_become_columns_and_the_rest_stays() {
        check(
            "DeviceNetworkEvents",
            "process.name =~ \"a.exe\" // why\n and RemoteUrl  has 'b'",
            Ok("InitiatingProcessFileName =~ \"a.exe\" and RemoteUrl has 'b'"),
        );
        check("DeviceProcessEvents", "process.name == 'x'", Ok("FileName == 'x'"));
        check(
            "DeviceNetworkEvents",
            "tostring(AdditionalFields.process.name) == 'x'",
            Ok("tostring(AdditionalFields.process.name) == 'x'"),
        );
        check("Made_CL", "host_s == 'x'", Ok("host_s == 'x'"));
        check(
            "Made_CL",
            "NOT(host_s == 'x' OR host_s == 'AND')",
            Ok("not(host_s == 'x' or host_s == 'AND')"),
        );
        check(
            "DeviceNetworkEvents",
            "RemoteIP in ((_GetWatchlist('x') | project SearchKey))",
            Ok("RemoteIP in ((_GetWatchlist('x') | project SearchKey))"),
        );
    }

    #[test]
    fn unknown_names_and_mistaken_types_are_errors_at_their_place() {
        let unknown = "exclusion-unknown-column";
        let mistyped = "exclusion-type-mismatch";
        let table = "DeviceNetworkEvents";
        check(
            table,
            "process.name != 'a' or event.type != 'b' or event.source == 'c'",
            Err(&[(unknown, "event.type"), (unknown, "event.source")]),
        );
        check("Made_CL", "host == 'x'", Err(&[(unknown, "host")]));
        for text in [
            "RemotePort has '443'",
            "RemotePort == '443'",
            "RemoteUrl == 443",
            "RemoteUrl < 'x'",
            "Timestamp > '2020-01-01'",
            "RemotePort in ('a', 'b')",
            "RemoteUrl",
            "ipv4_is_private(RemotePort)",
            "RemotePort like 'a'",
            "tolower(RemoteUrl)",
        ] {
            check(table, text, Err(&[(mistyped, text)]));
        }
        check(table, "RemoteUrl.x == 'a'", Err(&[(mistyped, "RemoteUrl.x")]));
        check(table, "AdditionalFields.x == 'a'", Ok("AdditionalFields.x == 'a'"));
        for text in ["RemotePort == 443", "RemotePort < 1.5", "Timestamp > ago(1d)"] {
            check(table, text, Ok(text));
        }
        check(table, "RemoteUrl has", Err(&[("exclusion-predicate-unreadable", "")]));
    }

    #[test]
    fn keep_is_negated() {
        let ecs = EcsMap::builtin();
        let rows = Rows::default();
        let scope =
            Scope { table: "SigninLogs", schema: Schema::builtin(), ecs: &ecs, rows: &rows };
        let keep = resolve("UserPrincipalName != 'a' or AppId == 'b'", Polarity::Keep, scope);
        assert_eq!(keep.unwrap().kql, "not((UserPrincipalName != 'a' or AppId == 'b'))");
    }
}
