//! A stray `;` that cuts a query in two.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::kql::StatementKind;

const SEVERAL: Code = Code::new("several-results");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let query = &item.query;
    let results = query.statements().iter().filter(|s| s.kind == StatementKind::Expression);
    let Some(second) = results.clone().nth(1) else { return Vec::new() };
    let message =
        format!("the query has {} results: a `;` ends it before its end", results.count());
    let text = &query.text()[query.span(&second.tokens)];
    let warning =
        item.at_query(text.lines().next().unwrap_or(""), Diagnostic::warning(SEVERAL, message));
    vec![warning.help("take the `;` in front of this out; only a `let` ends with one")]
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn a_query_has_one_result() {
        check_rule("", "T | where a == 1; | where b == 2", &["warning several-results"]);
        check_rule("", "T; U", &["warning several-results"]);
        check_rule("", "let x = 1; T | where a == x;", &[]);
    }
}
