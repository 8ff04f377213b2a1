//! The tables that a query reads, wherever they stand: on its driving spine or beside it.
//!
//! Nothing is decided by them: they hold the splitter against other readers of the same queries.

use std::collections::BTreeSet;
use std::ops::Range;

use super::operator::settings;
use super::value::unquote;
use super::{Query, Stage, StatementKind, TokenKind};

/// Deeper nesting than any real query has.
const DEPTH: usize = 100;

/// The names that stand where a table may and that the query does not bind itself: tables, and saved
/// functions that are used like one. Wildcards and tables outside the workspace are not among them.
#[must_use]
pub fn tables(query: &Query<'_>) -> BTreeSet<String> {
    let mut search = Search { query, bound: Vec::new(), depth: 0, found: BTreeSet::new() };
    search.statements(0..query.tokens().len());
    search.found
}

struct Search<'q> {
    query: &'q Query<'q>,
    /// Names of lets, parameters and `as`, in force at the moment.
    bound: Vec<String>,
    depth: usize,
    found: BTreeSet<String>,
}

impl Search<'_> {
    fn statements(&mut self, range: Range<usize>) {
        let outer = self.bound.len();
        for statement in self.query.statements_in(range) {
            match statement.kind {
                StatementKind::Let | StatementKind::Expression => self.expression(statement.body),
                StatementKind::Function => {
                    let before = self.bound.len();
                    self.parameters(statement.tokens.start..statement.body.start);
                    self.statements(statement.body);
                    self.bound.truncate(before);
                }
                StatementKind::Declare => self.parameters(statement.tokens),
                StatementKind::Set | StatementKind::Access => {}
            }
            self.bound.extend(statement.name);
        }
        // What the text as a whole binds is bound to its end.
        if self.depth > 0 {
            self.bound.truncate(outer);
        }
    }

    /// Binds the names before a `:`.
    fn parameters(&mut self, range: Range<usize>) {
        let named = range.filter(|at| self.query.is_name(*at) && self.query.is(at + 1, ":"));
        self.bound.extend(named.map(|at| self.query.word(at).to_owned()));
    }

    fn expression(&mut self, range: Range<usize>) {
        if self.depth == DEPTH {
            return;
        }
        self.depth += 1;
        let pipeline = self.query.pipeline(range);
        self.source(pipeline.source);
        for stage in pipeline.stages {
            self.stage(&stage);
        }
        self.depth -= 1;
    }

    fn source(&mut self, range: Range<usize>) {
        let query = self.query;
        let Range { start, end } = range;
        if start >= end {
            return;
        }
        if query.is(start, "(") && query.closing(start) == Some(end - 1) {
            return self.expression(start + 1..end - 1);
        }
        let operator = query.word(start);
        if end > start + 1 && matches!(operator, "union" | "find" | "search") {
            return self.stage(&query.stage_of(range, operator));
        }
        let Some((name, next)) = query.name_at(start, end) else { return self.inside(range) };
        if next == end {
            // A timespan is read as a name that begins with a digit.
            if query.kind(start) != Some(TokenKind::Number) && !self.bound.contains(&name) {
                self.found.insert(name);
            }
            return;
        }
        let close = query.closing(next).filter(|close| query.is(next, "(") && close + 1 == end);
        let Some(close) = close else { return self.inside(range) };
        if name == "table" && query.kind(next + 1) == Some(TokenKind::Text) {
            self.found.extend(unquote(query.word(next + 1)));
        }
        // Without rows before it, a name that is given to a function can be no column.
        for argument in query.split(next + 1..close, ",") {
            self.expression(argument);
        }
    }

    fn stage(&mut self, stage: &Stage) {
        let query = self.query;
        let tokens = query.behind_operator(stage);
        let (_, start) = settings(query, tokens.start, tokens.end);
        let end = tokens.end;
        match stage.operator.as_str() {
            "join" | "lookup" => {
                let on = (start..end).find(|at| ["on", "where"].contains(&query.word(*at)));
                let behind = query.closing(start).filter(|_| query.is(start, "("));
                let behind = behind.map(|close| close + 1).or(on).unwrap_or(end);
                self.source(start..behind);
                self.inside(behind..end);
            }
            "union" => {
                for arm in query.split(start..end, ",") {
                    self.expression(arm);
                }
            }
            "find" | "search" => {
                let list = (start..end).find(|at| query.word(*at) == "in");
                let list = list.filter(|at| query.is(at + 1, "("));
                let list = list.and_then(|at| Some(at + 2..query.closing(at + 1)?));
                for table in list.into_iter().flat_map(|list| query.split(list, ",")) {
                    self.expression(table);
                }
                self.inside(start..end);
            }
            "invoke" => self.source(start..end),
            "as" => self.bound.push(query.word(start).to_owned()),
            _ => self.inside(start..end),
        }
    }

    /// Tables in the brackets of a scalar expression: in subqueries, in `in (T)`, in `toscalar(T)`.
    fn inside(&mut self, range: Range<usize>) {
        if self.depth == DEPTH {
            return;
        }
        self.depth += 1;
        let query = self.query;
        let mut at = range.start;
        while at < range.end {
            let Some(close) = query.closing(at) else {
                at += 1;
                continue;
            };
            let inner = at + 1..close;
            let before = at.checked_sub(1).map_or("", |before| query.word(before));
            let reads = matches!(before, "in" | "!in" | "~" | "in~" | "!in~")
                || matches!(before, "toscalar" | "materialize");
            if query.is(at, "{") {
                self.statements(inner);
            } else if query.split(inner.clone(), "|").len() > 1
                || (reads && query.split(inner.clone(), ",").len() == 1)
            {
                self.expression(inner);
            } else {
                self.inside(inner);
            }
            at = close + 1;
        }
        self.depth -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found = tables(&Query::parse(text));
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expect, "{text}");
    }

    #[test]
    fn tables_are_found_on_the_spine_and_beside_it() {
        check("T | where a == 1 | project b", &["T"]);
        check("['T'] | join kind=inner (U | where c) on d", &["T", "U"]);
        check("T | join U on a | lookup kind=leftouter V on $left.b == $right.c", &["T", "U", "V"]);
        check("union isfuzzy=true T, (U | take 1), table('V')", &["T", "U", "V"]);
        check("T | where a in (U | project a) and b in~ (V)", &["T", "U", "V"]);
        check("T | where a > toscalar(U | count) and b in ('x', c)", &["T", "U"]);
        check("find in (T, U) where a == 1", &["T", "U"]);
        check("search in (T) 'x'", &["T"]);
        check("let x = materialize(T); x | partition by a { union U }", &["T", "U"]);
    }

    #[test]
    fn what_the_query_binds_is_no_table() {
        check("let T = U; let span = 5d; T | where a > ago(span)", &["U"]);
        check("let f = (x:string, T:(*)) { let V = T; V | where a == x }; f('a', U)", &["U"]);
        check("let f = () { let V = T; V }; V | take 1", &["T", "V"]);
        check("T | as X | union X", &["T"]);
        check("declare query_parameters(P:string = 'x'); T | where a == P", &["T"]);
        check("workspace('w').T | take 1", &[]);
        check("union Device*", &[]);
        check("print x = 1", &[]);
    }

    #[test]
    fn deep_nesting_ends() {
        let text = format!("{}T{}", "(".repeat(5000), ")".repeat(5000));
        check(&text, &[]);
        check(&format!("T | where {}a{}", "f(".repeat(5000), ")".repeat(5000)), &["T"]);
        check(&format!("{}T{}", "{".repeat(5000), "}".repeat(5000)), &[]);
    }
}
