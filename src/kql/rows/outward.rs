//! What the pipes around a place's own read of the table, as long as its columns pass into them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Reader, Rows};
use crate::kql::bound::{Bound, find};
use crate::kql::{Statement, StatementKind};

impl Reader<'_> {
    /// The columns of the table that are read where the rows of a pipe go on to.
    pub(super) fn outward(&self, rows: &Rows, pipe: &Range<usize>) -> BTreeSet<String> {
        let mut read = rows.read.clone();
        let nothing_left = rows.only.as_ref().is_some_and(BTreeSet::is_empty);
        let Some(reader) = self.deeper().filter(|_| !nothing_left) else { return read };
        for source in reader.sources(pipe) {
            let Some(around) = reader.query.pipe_around(source.start) else { continue };
            let mut further = rows.clone();
            let pipeline = reader.query.pipeline(around.clone());
            if pipeline.source != source && !reader.is_only_table(&pipeline.source, &source) {
                continue;
            }
            for stage in &pipeline.stages {
                reader.pass(&mut further, stage);
            }
            read.extend(reader.outward(&further, &around));
        }
        read
    }

    /// Whether it is an arm of a union of nothing but the table. Where other rows are beside the
    /// table's, a column may be theirs alone.
    fn is_only_table(&self, union: &Range<usize>, arm: &Range<usize>) -> bool {
        let inside = union.start < arm.start && arm.end <= union.end;
        if !inside || self.query.word(union.start) != "union" {
            return false;
        }
        let rows = self.source(union.clone());
        !rows.mixed && rows.may_be_of(self.table)
    }

    /// Where a pipe as a whole is the source of another: its brackets, `materialize` around it, or the
    /// uses of the let whose value it is.
    fn sources(&self, pipe: &Range<usize>) -> Vec<Range<usize>> {
        let query = self.query;
        if let Some(open) = pipe.start.checked_sub(1).filter(|open| query.is(*open, "(")) {
            if query.closing(open) != Some(pipe.end) {
                return Vec::new();
            }
            let called = open > 0 && query.word(open - 1) == "materialize";
            let operator = open > 0 && query.word(open - 1) == "union";
            if open > 0 && query.is_name(open - 1) && !called && !operator {
                return Vec::new();
            }
            let start = if called { open - 1 } else { open };
            return std::iter::once(start..pipe.end + 1).collect();
        }
        let Some(statement) = self.statement_of(pipe) else {
            // It may be a bare arm of a union.
            return vec![pipe.clone()];
        };
        let Some(name) = &statement.name else { return Vec::new() };
        let count = query.tokens().len();
        let mut sources = Vec::new();
        for token in statement.tokens.end..count {
            let Some((found, mut next)) = query.name_at(token, count) else { continue };
            if found != *name || find(query, token, name) != Some(Bound::Let(statement.clone())) {
                continue;
            }
            if statement.kind == StatementKind::Function {
                let Some(close) = query.closing(next) else { continue };
                next = close + 1;
            }
            sources.push(token..next);
        }
        sources
    }

    /// The let whose value is the pipe, or the function whose result it is.
    fn statement_of(&self, pipe: &Range<usize>) -> Option<Statement> {
        let mut within: Vec<Range<usize>> = std::iter::once(0..self.query.tokens().len()).collect();
        while let Some(range) = within.pop() {
            for statement in self.query.statements_in(range) {
                let binds = statement.name.is_some();
                if binds && self.result(&statement) == *pipe {
                    return Some(statement);
                }
                if statement.kind == StatementKind::Function {
                    within.push(statement.body);
                }
            }
        }
        None
    }
}
