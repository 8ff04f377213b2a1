//! The scalars that a query's lets bind, so that its filters can be read.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{self, Expression};
use super::lower::{list_of, moment, scalar};
use super::{Bound, Context};
use crate::kql::{Query, StatementKind, Value};

/// What a let binds.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// A literal.
    Value(Value),
    /// A point in time relative to the clock, in ticks.
    Now(i64),
    /// `dynamic([…])` of scalars.
    List(Vec<Value>),
    /// Something else: a table, a function, a calculation.
    Unknown,
}

/// Constants by name.
pub type Constants = BTreeMap<String, Constant>;

/// Reads the lets at the top level of a query; later ones may use earlier ones.
///
/// A name that is bound twice, or that some function takes as a parameter, means different things in
/// different places: it is known to be no column, and nothing more.
pub(in crate::kql) fn constants(query: &Query<'_>) -> Constants {
    let mut constants = Constants::new();
    let ambiguous = ambiguous(query);
    for statement in query.statements() {
        let (Some(name), StatementKind::Let | StatementKind::Function) =
            (&statement.name, statement.kind)
        else {
            continue;
        };
        let value = match statement.kind {
            StatementKind::Let if !ambiguous.contains(name.as_str()) => {
                expression::parse_range(query, statement.body.clone()).ok()
            }
            _ => None,
        };
        let constant = value.map_or(Constant::Unknown, |value| read(query, &value, &constants));
        constants.insert(name.clone(), constant);
    }
    for name in ambiguous {
        constants.insert(name.to_owned(), Constant::Unknown);
    }
    constants
}

/// Names bound more than once, and parameters of functions and of the query.
fn ambiguous<'q>(query: &Query<'q>) -> BTreeSet<&'q str> {
    let mut bound = BTreeSet::new();
    let mut ambiguous = BTreeSet::new();
    for (index, role) in roles(query) {
        let name = query.word(index);
        if role == Role::Parameter || (role == Role::Let && !bound.insert(name)) {
            ambiguous.insert(name);
        }
    }
    ambiguous
}

/// Names that may be columns where rows of another table come in, whatever else they are: the query
/// gives them to columns somewhere, or they are bound in a function only.
pub(in crate::kql) fn given_to_columns(query: &Query<'_>) -> BTreeSet<String> {
    let roles = roles(query).into_iter().filter(|(_, role)| *role != Role::Let);
    roles.map(|(index, _)| query.word(index).to_owned()).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// `let name =`
    Let,
    /// `(name: type)` of a function or of the query.
    Parameter,
    /// `(name: type)` of a table, or `name = expression`.
    Column,
}

/// The names that are given to something, at their tokens.
fn roles(query: &Query<'_>) -> Vec<(usize, Role)> {
    let mut roles = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for index in 0..query.tokens().len() {
        if query.closing(index).is_some() {
            open.push(index);
        } else if query.opening(index).is_some() {
            open.pop();
        } else if query.is_name(index) && query.is(index + 1, ":") {
            let head = open.last().and_then(|at| at.checked_sub(1));
            let parameter = head.is_some_and(|head| {
                query.is(head, "=") || matches!(query.word(head), "view" | "query_parameters")
            });
            roles.push((index, if parameter { Role::Parameter } else { Role::Column }));
        } else if query.is_name(index) && query.is(index + 1, "=") {
            let is_let = index > 0 && query.word(index - 1) == "let";
            roles.push((index, if is_let { Role::Let } else { Role::Column }));
        }
    }
    roles
}

fn read(query: &Query<'_>, value: &Expression, known: &Constants) -> Constant {
    let context = Context { columns: None, constants: known };
    if let Some(list) = list_of(query, value, context) {
        return Constant::List(list);
    }
    match moment(value, context) {
        Some(Bound::Now(ticks)) => Constant::Now(ticks),
        Some(Bound::Value(value)) => Constant::Value(value),
        None => scalar(value, context).map_or(Constant::Unknown, Constant::Value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::value::DAY;

    #[test]
    fn lets_bind_literals_lists_and_times() {
        let query = Query::parse(
            "let a = 'x'; let b = now(-5d); let c = ago(a1); let d = dynamic(['p', \"q\"]); \
             let w = 2d; let e = ago(w); let f = T | take 1; let g = () { 1 }; \
             let h = datetime(1970-01-03) - 1d; let k = 1; let l = (k:int) { 1 }; T",
        );
        let constants = constants(&query);
        let check = |name: &str, expect: Constant| assert_eq!(constants[name], expect, "{name}");
        check("a", Constant::Value(Value::Text("x".into())));
        check("b", Constant::Now(-5 * DAY));
        check("c", Constant::Unknown);
        check("d", Constant::List(vec![Value::Text("p".into()), Value::Text("q".into())]));
        check("e", Constant::Now(-2 * DAY));
        check("f", Constant::Unknown);
        check("g", Constant::Unknown);
        check("k", Constant::Unknown);
        check("h", Constant::Value(Value::Datetime(DAY)));
    }
}
