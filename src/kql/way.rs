//! The way of a place's rows to the query's result, and what they satisfy on it.
//!
//! A place's leading filters are only the beginning: what a later `where` drops never becomes a
//! result either. Its conditions are carried back to the table's columns where their names still
//! mean those; otherwise they are opaque parts that read every column they may depend on.

mod itself;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::meaning::{Meaning, Names, Reads, bounded_axis, keys};
use super::operator::{kind, settings};
use super::predicate::{Constants, Context, Opaque, filter, given_to_columns};
use super::spine::conjuncts;
use super::{Columns, Place, Predicate, Query, Schema, Stage};

/// The stages between a table and the result, those before the place included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Way {
    stages: Vec<Stage>,
    /// Behind how many of them a marker stands.
    mark: Option<usize>,
    /// Somewhere on it rows may be dropped in a way that is not read.
    unread: bool,
}

impl Way {
    /// The source, or what is around it, may drop rows in a way that is not read.
    pub(super) fn leave_unread(&mut self) {
        self.unread = true;
    }

    pub(super) fn pass(&mut self, stage: Stage) {
        self.stages.push(stage);
    }

    pub(super) fn mark(&mut self) {
        self.mark = Some(self.stages.len());
    }
}

impl Place {
    /// Everything that a row of the place satisfies if it comes to the query's result, for each way
    /// on which it can.
    #[must_use]
    pub fn ways(&self, query: &Query<'_>, schema: &Schema) -> Vec<Vec<Predicate>> {
        self.ways_behind(&self.filters(query, schema), query, schema)
    }

    /// The same, where the place's own filters have been read already.
    #[must_use]
    pub fn ways_behind(
        &self,
        filters: &[Predicate],
        query: &Query<'_>,
        schema: &Schema,
    ) -> Vec<Vec<Predicate>> {
        let constants = query.constants();
        let columns = schema.columns(&self.table);
        let text = query.text().to_lowercase().replace('\\', "").into();
        let given = given_to_columns(query);
        let table = self.table.as_str();
        let texts = self.leading.iter().map(|conjunct| conjunct.text.as_str());
        let read = texts.zip(filters).collect();
        let constants = &constants;
        let reader = Reader { query, table, columns, constants, given: &given, text, read };
        if self.ways.is_empty() {
            let mut known = filters.to_vec();
            known.push(reader.unread("the way to the result", Reads::anything()));
            return vec![known];
        }
        self.ways.iter().map(|way| reader.conditions(way)).collect()
    }
}

struct Reader<'r> {
    query: &'r Query<'r>,
    /// Empty if it is not known.
    table: &'r str,
    columns: Option<&'r Columns>,
    constants: &'r Constants,
    /// Names that may be another table's columns, though lets or parameters have them too.
    given: &'r BTreeSet<String>,
    /// The query in lower case, without backslashes.
    text: Arc<str>,
    /// Conditions over the table's own columns that have been read already, and what they are.
    read: BTreeMap<&'r str, &'r Predicate>,
}

impl Reader<'_> {
    fn conditions(&self, way: &Way) -> Vec<Predicate> {
        let mut found: Vec<Predicate> = Vec::new();
        if way.unread {
            found.push(self.unread("the source of its rows", Reads::anything()));
        }
        let before = way.mark.unwrap_or(0).min(way.stages.len());
        let mut names = Names::default();
        for stage in &way.stages[..before] {
            found.extend(self.drops(stage, &names));
            found.extend(self.taken_out_by_itself(stage));
            names = names.behind(self.query, stage, self.context());
        }
        found = found.into_iter().map(|known| self.at_marker(known, &names)).collect();
        let at_mark = std::mem::take(&mut names);
        for stage in &way.stages[before..] {
            found.extend(self.drops(stage, &names));
            found.extend(self.taken_out_by_itself(stage));
            names = names.behind(self.query, stage, self.context());
        }
        found.extend(self.ties(&at_mark, &found));
        let mut once: Vec<Predicate> = Vec::with_capacity(found.len());
        for condition in found {
            if !once.contains(&condition) {
                once.push(condition);
            }
        }
        once
    }

    fn context(&self) -> Context<'_> {
        Context { columns: self.columns, constants: self.constants }
    }

    /// What the rows satisfy that a stage lets through.
    fn drops(&self, stage: &Stage, names: &Names) -> Vec<Predicate> {
        let tokens = self.query.behind_operator(stage);
        let text = || &self.query.text()[stage.span.clone()];
        let reads = |tokens: Range<usize>| names.reads(self.query, tokens, self.context());
        match stage.operator.as_str() {
            "where" | "filter" => conjuncts(self.query, tokens)
                .iter()
                .filter(|conjunct| !conjunct.text.trim().is_empty())
                .map(|conjunct| self.condition(&conjunct.text, names))
                .collect(),
            "parse-where" | "mv-apply" | "mvapply" | "partition" | "scan" => {
                vec![self.unread(text(), reads(tokens))]
            }
            "join" | "lookup" | "right-join" if drops_unmatched(self.query, stage) => {
                let keys = reads(keys(self.query, tokens));
                vec![self.unread(text(), Reads { elsewhere: true, ..keys })]
            }
            "make-series" => {
                let axis = bounded_axis(self.query, tokens);
                axis.map(|axis| self.unread(text(), reads(axis))).into_iter().collect()
            }
            "evaluate" if !adds_only(self.query, stage) => {
                vec![self.unread(text(), reads(tokens))]
            }
            "join" | "lookup" | "right-join" | "evaluate" | "extend" | "project"
            | "project-away" | "project-keep" | "project-rename" | "project-reorder"
            | "distinct" | "summarize" | "parse" | "parse-kv" | "mv-expand" | "mvexpand"
            | "union" | "sort" | "order" | "serialize" | "top" | "take" | "limit" | "sample"
            | "as" | "render" | "consume" | "count" | "getschema" | "" => Vec::new(),
            _ => vec![self.unread(text(), Reads::anything())],
        }
    }

    fn condition(&self, text: &str, names: &Names) -> Predicate {
        let read = self.as_read(text, names);
        let beside: BTreeSet<String> = read.columns().into_iter().map(str::to_owned).collect();
        read.map_leaves(&mut |leaf| self.leaf(leaf, names, &beside))
    }

    fn as_read(&self, text: &str, names: &Names) -> Predicate {
        let are_own = names.changed().is_empty() && !names.have_unwritten();
        if let Some(known) = self.read.get(text).filter(|_| are_own) {
            return (*known).clone();
        }
        // A column hides the let of its name.
        let mut constants = Cow::Borrowed(self.constants);
        if names.changed().keys().any(|name| constants.contains_key(name)) {
            constants.to_mut().retain(|name, _| !names.changed().contains_key(name));
        }
        if names.have_unwritten() && self.given.iter().any(|name| constants.contains_key(name)) {
            constants.to_mut().retain(|name, _| !self.given.contains(name));
        }
        let typed = self.columns.map(|columns| {
            let mut typed = Cow::Borrowed(columns);
            for (name, meaning) in names.changed() {
                let kind = match meaning {
                    Meaning::Own(column) => columns.get(column),
                    Meaning::Made(_) => None,
                };
                match kind {
                    Some(kind) => typed.to_mut().insert(name.clone(), *kind),
                    None => typed.to_mut().remove(name),
                };
            }
            typed
        });
        let context = Context { columns: typed.as_deref(), constants: &constants };
        filter(text, context)
    }

    /// A leaf over names, as one over the table's columns; `beside` are the names in its condition.
    fn leaf(&self, leaf: Predicate, names: &Names, beside: &BTreeSet<String>) -> Predicate {
        // What has the same value in all rows leaves the decision to the rest of the condition.
        let rests = |column: &str| names.may_be_fixed(column, self.columns) && beside.len() > 1;
        if let Predicate::Test(test) = &leaf {
            let column = &test.subject.column;
            if let Meaning::Own(own) = names.meaning(column, self.columns)
                && !rests(column)
            {
                let mut test = test.clone();
                test.subject.column = own;
                return Predicate::Test(test);
            }
        }
        let mut reads = Reads::default();
        let mut unchanged = true;
        for column in leaf.columns() {
            let meaning = names.meaning(column, self.columns);
            unchanged &= meaning == Meaning::Own(column.to_owned());
            reads.extend(meaning.reads());
            if rests(column) {
                let all = beside.iter().map(|name| names.meaning(name, self.columns).reads());
                all.for_each(|more| reads.extend(more));
            }
        }
        match leaf {
            Predicate::Opaque(opaque) => {
                let time_only = opaque.time_only && unchanged;
                let any_column = opaque.any_column || reads.anything;
                let elsewhere = self.elsewhere(reads.elsewhere);
                let columns = reads.columns;
                Predicate::Opaque(Opaque { columns, time_only, any_column, elsewhere, ..opaque })
            }
            other => self.unread(&other.to_string(), reads),
        }
    }

    fn unread(&self, text: &str, reads: Reads) -> Predicate {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Predicate::Opaque(Opaque {
            text,
            columns: reads.columns,
            time_only: false,
            any_column: reads.anything,
            elsewhere: self.elsewhere(reads.elsewhere),
        })
    }

    fn elsewhere(&self, elsewhere: bool) -> Option<Arc<str>> {
        elsewhere.then(|| Arc::clone(&self.text))
    }

    /// Columns at a marker that were made of others say something about these, and the other way
    /// round: where a condition reads the one, an exclusion of the other is not decided.
    fn ties(&self, at_mark: &Names, known: &[Predicate]) -> Vec<Predicate> {
        let read: BTreeSet<&str> = known.iter().flat_map(Predicate::columns).collect();
        let any = known.iter().flat_map(Predicate::opaque).any(|opaque| opaque.any_column);
        let mut ties = Vec::new();
        let itself = |name: &str| Meaning::Own(name.to_owned());
        for (name, meaning) in at_mark.changed().iter().filter(|(name, m)| **m != itself(name)) {
            let mut reads = meaning.clone().reads();
            let of_read = reads.columns.iter().any(|column| read.contains(column.as_str()));
            let is_read = read.contains(name.as_str());
            if !(any || is_read || of_read || reads.anything) {
                continue;
            }
            if !is_read {
                reads = Reads::default();
            }
            reads.columns.insert(name.clone());
            reads.elsewhere = false;
            ties.push(self.unread(&format!("what `{name}` is made of"), reads));
        }
        ties
    }

    /// A condition from before a marker over the columns that there are at the marker.
    fn at_marker(&self, known: Predicate, names: &Names) -> Predicate {
        known.map_leaves(&mut |leaf| {
            let columns: BTreeSet<String> = leaf.columns().into_iter().map(str::to_owned).collect();
            let same = |column: &String| {
                names.meaning(column, self.columns) == Meaning::Own(column.clone())
            };
            if columns.iter().all(same) {
                return leaf;
            }
            let mut reads = Reads::default();
            for (name, meaning) in names.changed() {
                let from = meaning.clone().reads();
                if from.anything || from.columns.iter().any(|column| columns.contains(column)) {
                    reads.columns.insert(name.clone());
                }
            }
            reads.columns.extend(columns);
            self.unread(&leaf.to_string(), reads)
        })
    }
}

/// Whether a join drops rows of its driving side for which the other side has, or has not, a row.
fn drops_unmatched(query: &Query<'_>, stage: &Stage) -> bool {
    let tokens = query.behind_operator(stage);
    let (settings, _) = settings(query, tokens.start, tokens.end);
    match kind(&settings).as_str() {
        "leftouter" | "fullouter" | "rightouter" => false,
        "" => stage.operator != "lookup",
        _ => true,
    }
}

/// Whether a plug-in leaves every row.
fn adds_only(query: &Query<'_>, stage: &Stage) -> bool {
    let plugins = ["bag_unpack", "narrow", "pivot"];
    stage.tokens.clone().skip(1).take(3).any(|index| plugins.contains(&query.word(index)))
}

#[cfg(test)]
pub(super) mod tests;
