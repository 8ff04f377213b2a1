//! Rows as they come out of a pipe's source.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Reader, Rows};
use crate::kql::bound::{Bound, find};
use crate::kql::operator::{kind, settings};
use crate::kql::value::unquote;
use crate::kql::{Statement, StatementKind};

impl Reader<'_> {
    /// The rows that come out of an expression.
    pub(super) fn pipe(&self, range: Range<usize>) -> Rows {
        let Some(reader) = self.deeper() else {
            let mut rows = Rows::unknown();
            rows.close();
            return rows;
        };
        let pipeline = self.query.pipeline(range);
        let mut rows = reader.source(pipeline.source);
        for stage in &pipeline.stages {
            reader.pass(&mut rows, stage);
        }
        rows
    }

    pub(super) fn source(&self, source: Range<usize>) -> Rows {
        let query = self.query;
        let Range { start, end } = source;
        if query.is(start, "(") && query.closing(start).is_some_and(|close| close + 1 == end) {
            return self.pipe(start + 1..end - 1);
        }
        match query.word(start) {
            "union" if end > start + 1 => {
                let (settings, from) = settings(query, start + 1, end);
                let mut rows = self.union(None, from..end);
                let named = settings.iter().filter(|s| s.name.starts_with("with"));
                named.for_each(|setting| rows.add(setting.value.clone()));
                if kind(&settings) == "inner" {
                    rows.close();
                }
                return rows;
            }
            "datatable" | "externaldata" if end > start + 1 => return self.declared(start + 1),
            "print" | "range" if end > start + 1 => {
                let mut rows = Rows::default();
                rows.close();
                self.given(start + 1..end).into_iter().for_each(|name| rows.add(name));
                return rows;
            }
            _ => {}
        }
        let Some((name, next)) = query.name_at(start, end) else { return Rows::unknown() };
        if next == end {
            return self.named(start, name);
        }
        let Some(close) = query.closing(next).filter(|_| query.is(next, "(")) else {
            return Rows::unknown();
        };
        if close + 1 == end {
            return match name.as_str() {
                "materialize" => self.pipe(next + 1..close),
                "table" => match unquote(query.word(next + 1)) {
                    Some(table) if close == next + 2 => Rows::of(table),
                    _ => Rows::unknown(),
                },
                _ => self.named(start, name),
            };
        }
        match query.name_at(close + 2, end) {
            Some((table, last)) if query.is(close + 1, ".") && last == end => Rows::of(table),
            _ => Rows::unknown(),
        }
    }

    fn named(&self, token: usize, name: String) -> Rows {
        match find(self.query, token, &name) {
            Some(Bound::Let(statement)) => self.pipe(self.result(&statement)),
            Some(Bound::Parameter) => Rows::unknown(),
            None => Rows::of(name),
        }
    }

    /// A let's value, or the last expression of a function's body.
    pub(super) fn result(&self, statement: &Statement) -> Range<usize> {
        if statement.kind != StatementKind::Function {
            return statement.body.clone();
        }
        let statements = self.query.statements_in(statement.body.clone()).into_iter().rev();
        let mut expressions = statements.filter(|s| s.kind == StatementKind::Expression);
        expressions.next().map_or(0..0, |expression| expression.tokens)
    }

    /// The arms of a union, together with the rows before it if there are any. A column passes if it
    /// does in every arm that may hold rows of the table.
    pub(super) fn union(&self, before: Option<Rows>, arms: Range<usize>) -> Rows {
        let arms = self.query.split(arms, ",").into_iter();
        let arms: Vec<Rows> = before.into_iter().chain(arms.map(|arm| self.pipe(arm))).collect();
        let ours: Vec<&Rows> = arms.iter().filter(|rows| rows.may_be_of(self.table)).collect();
        let ours = if ours.is_empty() { arms.iter().collect() } else { ours };
        let mut together = Rows::default();
        for rows in &ours {
            if let Some(only) = &rows.only {
                let common = match &together.only {
                    Some(known) => known.intersection(only).cloned().collect(),
                    None => only.clone(),
                };
                together.only = Some(common);
            }
            together.lost.extend(rows.lost.iter().cloned());
            together.made.extend(rows.made.iter().cloned());
            together.read.extend(rows.read.iter().cloned());
        }
        together.tables = arms.iter().flat_map(|rows| rows.tables.iter().cloned()).collect();
        together.unnamed = arms.iter().any(|rows| rows.unnamed);
        together.mixed = together.tables.len() > 1 || together.unnamed;
        together.mixed |= arms.iter().any(|rows| rows.mixed);
        together
    }

    /// `datatable(a:string, …)` and `externaldata(…)`.
    fn declared(&self, open: usize) -> Rows {
        let mut rows = Rows::default();
        rows.close();
        let Some(close) = self.query.closing(open) else { return rows };
        for column in self.query.split(open + 1..close, ",") {
            rows.made.extend(self.query.name_at(column.start, column.end).map(|(name, _)| name));
        }
        rows
    }

    /// The names that `print` and `range` give.
    fn given(&self, range: Range<usize>) -> BTreeSet<String> {
        let query = self.query;
        let items = query.split(range, ",").into_iter();
        let names = items.filter_map(|item| query.name_at(item.start, item.end));
        names
            .filter(|(_, next)| query.is(*next, "=") || query.word(*next) == "from")
            .map(|(name, _)| name)
            .collect()
    }
}

impl Rows {
    fn of(table: String) -> Self {
        Self { tables: BTreeSet::from([table]), ..Self::default() }
    }

    /// From a source that names no tables.
    pub(super) fn unknown() -> Self {
        Self { unnamed: true, ..Self::default() }
    }
}
