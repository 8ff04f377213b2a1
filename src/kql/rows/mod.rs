//! What columns the rows have at a place of a query, and what the query itself says about them.
//!
//! From the source along the stages: which columns of the table still pass, which ones the query has
//! computed, which names of the table it reads, and which names are not columns at all since a let,
//! a function or a parameter has them. Where a stage is not understood, nothing passes: an exclusion
//! that reads such a column is refused rather than compiled into something else.

mod outward;
mod source;
mod stage;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::bound::{Bound, bound_at};
use super::{Place, Query};

/// Rows at one point of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The only columns of the table that still pass; all of them if not given.
    only: Option<BTreeSet<String>>,
    /// Columns of the table that no longer pass.
    lost: BTreeSet<String>,
    /// Columns that the query has computed.
    made: BTreeSet<String>,
    /// Columns of the table that the query reads.
    read: BTreeSet<String>,
    /// Columns that there are, of whichever table: a stage has listed them.
    listed: BTreeSet<String>,
    /// What is no column, and what it is instead.
    bound: BTreeMap<String, &'static str>,
    /// The tables that the rows come from.
    tables: BTreeSet<String>,
    /// Whether they may come from tables that the query does not name.
    unnamed: bool,
    /// Whether columns of another table may be beside those of the table: then a name that is read
    /// says nothing about either.
    mixed: bool,
}

impl Rows {
    /// The rows at a place.
    #[must_use]
    pub fn at(query: &Query<'_>, place: &Place) -> Self {
        let steps = Cell::new(STEPS);
        let reader = Reader { query, table: &place.table, depth: 0, steps: &steps };
        let pipeline = query.pipeline(place.pipe.clone());
        let (before, behind) = pipeline.stages.split_at(place.index.min(pipeline.stages.len()));
        let mut here = reader.source(pipeline.source);
        for stage in before {
            reader.pass(&mut here, stage);
        }
        let mut further = here.clone();
        for stage in behind {
            reader.pass(&mut further, stage);
        }
        here.read.extend(reader.outward(&further, &place.pipe));
        let token = query.tokens().partition_point(|token| token.start < place.at);
        for (name, bound) in bound_at(query, token.saturating_sub(1)) {
            let what = match bound {
                Bound::Let(_) => "a let of the query",
                Bound::Parameter => "a parameter",
            };
            here.bound.insert(name, what);
        }
        here
    }

    /// Rows of a table of which the query reads these columns, and has done nothing else.
    #[must_use]
    pub fn reading(columns: impl IntoIterator<Item = String>) -> Self {
        Self { read: columns.into_iter().collect(), ..Self::default() }
    }

    /// Whether a column of the table still passes as it is.
    #[must_use]
    pub fn keep(&self, column: &str) -> bool {
        !self.made.contains(column)
            && !self.lost.contains(column)
            && self.only.as_ref().is_none_or(|only| only.contains(column))
    }

    /// Whether the query has computed the column: nothing is known about its type.
    #[must_use]
    pub fn make(&self, column: &str) -> bool {
        self.made.contains(column)
    }

    /// Whether the query says that there is such a column: it reads it of the table, or lists it.
    #[must_use]
    pub fn read(&self, column: &str) -> bool {
        self.read.contains(column) || self.listed.contains(column)
    }

    /// What a name is if it is no column: a let, a parameter.
    #[must_use]
    pub fn bound(&self, name: &str) -> Option<&'static str> {
        self.bound.get(name).copied()
    }

    /// The columns of the table that the query reads, in order.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        self.read.iter().filter(|column| self.keep(column)).map(String::as_str)
    }

    /// The columns that the query itself names, in order.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let kept = self.read.union(&self.listed).filter(|column| self.keep(column));
        kept.chain(&self.made).map(String::as_str)
    }

    /// Whether rows of the table may be among them.
    pub(super) fn may_be_of(&self, table: &str) -> bool {
        self.unnamed || self.tables.contains(table)
    }

    /// A column of the table is read.
    fn note(&mut self, column: &str) {
        if self.keep(column) && !self.mixed {
            self.read.insert(column.to_owned());
        }
    }

    /// A column is computed.
    fn add(&mut self, column: String) {
        self.lost.remove(&column);
        self.made.insert(column);
    }

    /// A column is taken away.
    fn lose(&mut self, column: &str) {
        self.made.remove(column);
        self.listed.remove(column);
        self.lost.insert(column.to_owned());
    }

    /// Only these columns pass, of the table and of what was computed.
    fn retain(&mut self, columns: &BTreeSet<String>) {
        let kept = columns.iter().filter(|column| self.keep(column)).cloned().collect();
        self.made.retain(|column| columns.contains(column));
        self.only = Some(kept);
        self.listed.retain(|column| columns.contains(column));
        self.lost.clear();
    }

    /// Nothing is known to pass.
    fn close(&mut self) {
        self.retain(&BTreeSet::new());
    }
}

/// Reads rows along the query, looking for those of a table.
struct Reader<'q> {
    query: &'q Query<'q>,
    table: &'q str,
    depth: usize,
    steps: &'q Cell<usize>,
}

/// Lets that refer to each other are followed no deeper than this.
const DEPTH: usize = 20;

/// Lets that each use another twice would take for ever.
const STEPS: usize = 2000;

impl Reader<'_> {
    /// A reader of what is inside or around; none when it has become too much.
    fn deeper(&self) -> Option<Self> {
        let left = self.steps.get().checked_sub(1)?;
        self.steps.set(left);
        (self.depth < DEPTH).then_some(Self { depth: self.depth + 1, ..*self })
    }
}

#[cfg(test)]
mod tests;
