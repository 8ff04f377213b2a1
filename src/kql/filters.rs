//! The conditions of a query, wherever they stand in it.

use super::predicate::{Context, filter};
use super::spine::{Filter, conjuncts};
use super::{Predicate, Query};

/// Every conjunct of every `where` in a query, in order, and what it means. Which table its columns
/// are of is left open.
#[must_use]
pub fn filters(query: &Query<'_>) -> Vec<(Filter, Predicate)> {
    let constants = query.constants();
    let context = Context { columns: None, constants: &constants };
    let is_where =
        |bar: &usize| query.is(*bar, "|") && matches!(query.word(bar + 1), "where" | "filter");
    let bars = (0..query.tokens().len()).filter(is_where);
    let written = bars.flat_map(|bar| conjuncts(query, bar + 2..end(query, bar + 2)));
    written.map(|written| (written.clone(), filter(&written.text, context))).collect()
}

/// Where the stage ends: at the next one, or at the end of what it is a part of.
fn end(query: &Query<'_>, from: usize) -> usize {
    let mut at = from;
    while at < query.tokens().len() {
        let ends = ["|", ";", ")", "]", "}", ","];
        if ends.iter().any(|mark| query.is(at, mark)) {
            break;
        }
        at = query.closing(at).unwrap_or(at) + 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_found_wherever_they_stand() {
        let query = Query::parse(
            "let f = (x: string) { T | where a == x };\nunion (A | where b in ('p', 'q') and c > 1), B\n\
             | extend d = toscalar(U | where e == 1 | count)\n| filter (g == 2 or h == 3)",
        );
        let found: Vec<String> = filters(&query).into_iter().map(|(found, _)| found.text).collect();
        let expect = ["a == x", "b in ('p', 'q')", "c > 1", "e == 1", "g == 2 or h == 3"];
        assert_eq!(found, expect);
    }
}
