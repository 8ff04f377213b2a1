//! What a query's lets, functions and parameters bind at one of its tokens.

use std::ops::Range;

use super::{Query, Statement, StatementKind};

/// What a name is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bound {
    /// The value of a let, or a function.
    Let(Statement),
    /// A parameter of a function, or of the query.
    Parameter,
}

/// The names in force at a token, the innermost last.
pub(super) fn bound_at(query: &Query<'_>, token: usize) -> Vec<(String, Bound)> {
    let mut names = Vec::new();
    let mut within = Some(0..query.tokens().len());
    while let Some(range) = within.take() {
        for statement in query.statements_in(range) {
            if matches!(statement.kind, StatementKind::Declare) {
                names
                    .extend(parameters(query, &(statement.tokens.start + 2..statement.tokens.end)));
            }
            let function = statement.kind == StatementKind::Function;
            if function && statement.body.contains(&token) {
                names.extend(parameters_of(query, &statement));
                within = Some(statement.body);
                break;
            }
            if statement.tokens.end <= token {
                let name = statement.name.clone();
                names.extend(name.map(|name| (name, Bound::Let(statement))));
            }
        }
    }
    names
}

/// What a name means at a token.
pub(super) fn find(query: &Query<'_>, token: usize, name: &str) -> Option<Bound> {
    let names = bound_at(query, token).into_iter().rev();
    names.into_iter().find(|(known, _)| known == name).map(|(_, bound)| bound)
}

/// The parameters of a function, in order.
pub(super) fn parameters_of(query: &Query<'_>, function: &Statement) -> Vec<(String, Bound)> {
    let close = function.body.start.saturating_sub(2);
    let Some(open) = query.opening(close) else { return Vec::new() };
    parameters(query, &(open..close + 1))
}

/// The names in these brackets that have a type or columns behind them.
fn parameters(query: &Query<'_>, brackets: &Range<usize>) -> Vec<(String, Bound)> {
    let Some(close) = query.closing(brackets.start) else { return Vec::new() };
    query
        .split(brackets.start + 1..close, ",")
        .into_iter()
        .filter_map(|parameter| query.name_at(parameter.start, parameter.end))
        .map(|(name, _)| (name, Bound::Parameter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, at: &str, expect: &[&str]) {
        let query = Query::parse(text);
        let start = text.find(at).unwrap();
        let token = query.tokens().partition_point(|token| token.start < start);
        let names: Vec<String> = bound_at(&query, token).into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, expect, "{text}");
    }

    #[test]
    fn names_are_bound_behind_their_let_and_inside_their_function() {
        check("let a = 1; let ['b c'] = 2; HERE | count; ", "HERE", &["a", "b c"]);
        check("let a = HERE; T", "HERE", &[]);
        check("HERE; let a = 1; T", "HERE", &[]);
        check(
            "let a = 1; let f = (T:(x:int), y:string = 'z') { let b = 1; HERE | take b; }; f(U)",
            "HERE",
            &["a", "T", "y", "b"],
        );
        check("let f = (y:string) { let b = 1; U }; HERE", "HERE", &["f"]);
        check("declare query_parameters(p:int = 1); HERE", "HERE", &["p"]);
    }
}
