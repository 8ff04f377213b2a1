//! The columns that a query can return, as far as its last stages list them.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::kql::{Query, Stage, StatementKind, TokenKind};

/// Columns, in lower case, and beginnings of columns that the engine names itself (`count_`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Output {
    names: BTreeSet<String>,
    beginnings: BTreeSet<String>,
}

impl Output {
    /// Whether there may be a column of this name. Case is not asked for.
    pub(super) fn may_have(&self, column: &str) -> bool {
        let column = column.to_lowercase();
        self.names.contains(&column) || self.beginnings.iter().any(|b| column.starts_with(b))
    }

    fn add(&mut self, name: &str) {
        self.names.insert(name.to_lowercase());
    }
}

/// How deep a result may be a `let` of a `let`.
const DEEPEST: usize = 16;

/// Stages behind which all earlier columns are still there, and perhaps more that they name.
const ADDING: &[&str] = &[
    "where",
    "filter",
    "extend",
    "sort",
    "order",
    "top",
    "take",
    "limit",
    "mv-expand",
    "mvexpand",
    "parse",
    "parse-where",
    "serialize",
    "sample",
    "project-reorder",
    "project-rename",
];

/// Aggregates of which the engine names the column after one of their arguments.
const NAMED_BY_ARGUMENT: &[&str] =
    &["arg_max", "arg_min", "take_any", "any", "take_anyif", "anyif"];

/// The columns of the result; nothing where any stage may bring columns that the query does not name.
pub(super) fn output(query: &Query<'_>) -> Option<Output> {
    if !query.faults().is_empty() {
        return None;
    }
    of(query, query.main()?.body.clone(), DEEPEST)
}

fn of(query: &Query<'_>, range: Range<usize>, deepest: usize) -> Option<Output> {
    let pipeline = query.pipeline(range);
    let closing = pipeline.stages.iter().rposition(|stage| is_closing(&stage.operator));
    let (mut output, from) = match closing {
        Some(at) => (closed(query, &pipeline.stages[at])?, at + 1),
        None => (of_let(query, &pipeline.source, deepest)?, 0),
    };
    for stage in &pipeline.stages[from..] {
        add(query, stage, &mut output)?;
    }
    Some(output)
}

/// The result of a `let` that stands alone as the source.
fn of_let(query: &Query<'_>, source: &Range<usize>, deepest: usize) -> Option<Output> {
    let name = (source.len() == 1).then(|| query.word(source.start))?;
    let mut lets = query.statements().iter().filter(|s| s.name.as_deref() == Some(name));
    let (statement, None) = (lets.next()?, lets.next()) else { return None };
    if statement.kind != StatementKind::Let || deepest == 0 || statement.tokens.start > source.start
    {
        return None;
    }
    of(query, statement.body.clone(), deepest - 1)
}

fn is_closing(operator: &str) -> bool {
    matches!(operator, "project" | "project-keep" | "distinct" | "summarize" | "count")
}

fn closed(query: &Query<'_>, stage: &Stage) -> Option<Output> {
    let mut output = Output::default();
    if stage.operator == "count" {
        output.add("Count");
        return Some(output);
    }
    let words = stage.tokens.start + 1..stage.tokens.end;
    if has_wildcard(query, &words) {
        return None;
    }
    let words = if stage.operator == "project-keep" { words.start + 2..words.end } else { words };
    let by = top_level(query, &words, "by").filter(|_| stage.operator == "summarize");
    let aggregates = words.start..by.unwrap_or(words.end);
    for item in query.split(aggregates, ",") {
        listed(query, item, by.is_some() || stage.operator == "summarize", &mut output);
    }
    if let Some(by) = by {
        query.split(by + 1..words.end, ",").into_iter().for_each(|item| {
            listed(query, item, false, &mut output);
        });
    }
    Some(output)
}

/// One item of a list: `Name = expression`, `(a, b) = expression`, or an expression alone.
fn listed(query: &Query<'_>, item: Range<usize>, aggregate: bool, output: &mut Output) {
    if let Some(equals) = top_level(query, &item, "=") {
        names(query, item.start..equals, output);
        return;
    }
    let function = query.word(item.start);
    let call = query.word(item.start + 1) == "(";
    if aggregate && call && !NAMED_BY_ARGUMENT.contains(&function.to_lowercase().as_str()) {
        let function = function.to_lowercase();
        let function = function.strip_prefix("make_").unwrap_or(&function);
        let function =
            function.strip_suffix("iles").map_or(function.to_owned(), |f| format!("{f}ile"));
        output.beginnings.insert(format!("{function}_"));
        return;
    }
    // `a.b` is named `a_b`, `tostring(a)` is named `a`.
    names(query, item.clone(), output);
    let path: Vec<&str> = item.map(|at| query.word(at)).filter(|word| *word != ".").collect();
    output.add(&path.join("_"));
}

fn add(query: &Query<'_>, stage: &Stage, output: &mut Output) -> Option<()> {
    let words = stage.tokens.start + 1..stage.tokens.end;
    match stage.operator.as_str() {
        "project-away" => {
            if has_wildcard(query, &words) {
                return Some(());
            }
            let gone = words.start + 2..words.end;
            for item in query.split(gone, ",").into_iter().filter(|item| item.len() == 1) {
                output.names.remove(&query.word(item.start).to_lowercase());
            }
            Some(())
        }
        operator if ADDING.contains(&operator) => {
            names(query, words, output);
            Some(())
        }
        _ => None,
    }
}

/// Every name in these tokens, those in strings too: `['a b']`.
fn names(query: &Query<'_>, range: Range<usize>, output: &mut Output) {
    for at in range {
        match query.tokens().get(at).map(|token| token.kind) {
            Some(TokenKind::Text) => output.add(query.word(at).trim_matches(['"', '\''])),
            Some(TokenKind::Name | TokenKind::Number) => output.add(query.word(at)),
            _ => {}
        }
    }
}

/// `*` that stands for columns rather than for a product.
fn has_wildcard(query: &Query<'_>, range: &Range<usize>) -> bool {
    let mut stars = range.clone().filter(|at| query.word(*at) == "*");
    stars.any(|at| {
        let last = at + 1 >= range.end || matches!(query.word(at + 1), "," | ")" | "by");
        let first = at == range.start || matches!(query.word(at - 1), "," | "(" | "by");
        last || first
    })
}

/// The first of these words outside of brackets.
fn top_level(query: &Query<'_>, range: &Range<usize>, word: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for at in range.clone() {
        match query.word(at) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            found if found == word && depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a query may return the column `C`; `None` where nothing is known.
    #[track_caller]
    fn check(query: &str, expect: Option<bool>) {
        let found = output(&Query::parse(query)).map(|output| output.may_have("C"));
        assert_eq!(found, expect, "{query}");
    }

    #[test]
    fn the_last_list_of_columns_counts() {
        check("T", None);
        check("T | where C == 1", None);
        check("T | project A, C", Some(true));
        check("T | project A = C", Some(false));
        check("T | project C = A", Some(true));
        check("T | project A | extend C = 1", Some(true));
        check("T | project A, C | project-away C", Some(false));
        check("T | extend C = 1 | distinct A", Some(false));
        check("T | project-keep A, C", Some(true));
        check("T | distinct *", None);
    }

    #[test]
    fn aggregates_are_named_by_the_engine() {
        check("T | summarize dcount(C) by A", Some(false));
        check("T | summarize C = count() by A", Some(true));
        check("T | summarize count() by A, bin(C, 1h)", Some(true));
        check("T | summarize arg_max(A, *) by B", None);
        check("T | summarize arg_max(A, C) by B", Some(true));
        check("T | summarize (A, C) = arg_max(B, D)", Some(true));
        let counted = output(&Query::parse("T | summarize count(), make_set(A, 5) by B")).unwrap();
        for name in ["count_", "set_A", "B"] {
            assert!(counted.may_have(name), "{name}");
        }
        assert!(!counted.may_have("A"));
        let path = output(&Query::parse("T | project a.b.c")).unwrap();
        assert!(path.may_have("a_b_c"));
    }

    #[test]
    fn a_let_may_be_the_result() {
        check("let x = T | project A; x", Some(false));
        check("let x = T | project A; x | extend C = 1", Some(true));
        check("let f = () { T | project A }; f()", None);
    }

    #[test]
    fn nothing_is_known_behind_what_brings_columns() {
        check("T | project A | join (U) on A", None);
        check("T | project A | evaluate bag_unpack(A)", None);
        check("T | project A | union U", None);
        check("T | project A | lookup U on A | project A", Some(false));
    }
}
