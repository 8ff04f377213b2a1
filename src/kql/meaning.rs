//! What names mean behind the stages of a pipe, in terms of the table's own columns.
//!
//! Where that is not certain, a name is *made of* every column that it may depend on: too many
//! rather than too few.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::item::{Item, item, items, only_name};
use super::operator::{kind, settings};
use super::predicate::{Context, names_column, unnamed};
use super::{Columns, Query, Stage, TYPE};

/// What something depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// Columns of the table.
    pub(super) columns: BTreeSet<String>,
    /// Perhaps every column.
    pub(super) anything: bool,
    /// The columns are only compared with rows of another table.
    pub(super) elsewhere: bool,
    /// Among them may be another table's column, which has no value in this table's rows.
    pub(super) foreign: bool,
}

impl Reads {
    pub(super) fn anything() -> Self {
        Self { anything: true, ..Self::default() }
    }

    fn of(column: &str) -> Self {
        Self { columns: BTreeSet::from([column.to_owned()]), ..Self::default() }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.columns.is_empty() && !self.anything
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.elsewhere = match (self.is_nothing(), other.is_nothing()) {
            (true, _) => other.elsewhere,
            (false, true) => self.elsewhere,
            (false, false) => self.elsewhere && other.elsewhere,
        };
        self.columns.extend(other.columns);
        self.anything |= other.anything;
        self.foreign |= other.foreign;
    }
}

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The table's column of this name.
    Own(String),
    /// Something made of these.
    Made(Reads),
}

impl Meaning {
    pub(super) fn reads(self) -> Reads {
        match self {
            Self::Own(column) => Reads::of(&column),
            Self::Made(reads) => reads,
        }
    }
}

/// The names at one point of a pipe.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// Names that do not, or may not, mean the table's column of that name.
    changed: BTreeMap<String, Meaning>,
    /// What all other names are made of; nothing while they are the table's columns.
    others: Option<Reads>,
    /// Patterns with `*` of names that were taken away.
    gone: Vec<String>,
    /// What columns without a written name are made of.
    unnamed: Option<Reads>,
    /// Rows of other tables were added: a name may be a column of theirs alone.
    united: bool,
}

impl Names {
    pub(super) fn meaning(&self, name: &str, known: Option<&Columns>) -> Meaning {
        if let Some(meaning) = self.changed.get(name) {
            return meaning.clone();
        }
        let is_own = known.is_some_and(|columns| columns.contains_key(name));
        if let Some(others) = &self.others {
            return Meaning::Made(others.clone());
        }
        if self.gone.iter().any(|pattern| fits(pattern, name)) {
            let mut reads = self.unnamed.clone().unwrap_or_default();
            reads.extend(Reads::of(name));
            return Meaning::Made(reads);
        }
        match &self.unnamed {
            Some(unnamed) if !is_own => {
                let mut reads = unnamed.clone();
                if known.is_none() {
                    reads.extend(Reads::of(name));
                }
                Meaning::Made(reads)
            }
            _ => Meaning::Own(name.to_owned()),
        }
    }

    /// Whether it may be a column of another table only, and null in this table's rows. Of a table
    /// without a schema, no column is known to be its own but `Type`, the table's name, which every
    /// table of a workspace has (a standard column of Azure Monitor Logs).
    fn is_foreign(&self, meaning: &Meaning, known: Option<&Columns>) -> bool {
        let Meaning::Own(own) = meaning else { return false };
        self.united && own != TYPE && known.is_none_or(|columns| !columns.contains_key(own))
    }

    /// Whether it may have the same value in all of this table's rows.
    pub(super) fn may_be_fixed(&self, name: &str, known: Option<&Columns>) -> bool {
        let meaning = self.meaning(name, known);
        let foreign = self.is_foreign(&meaning, known);
        let made = match meaning {
            Meaning::Own(_) => false,
            Meaning::Made(reads) => reads.is_nothing() || reads.foreign,
        };
        foreign || made
    }

    /// What reading it reads.
    fn read(&self, name: &str, known: Option<&Columns>) -> Reads {
        let meaning = self.meaning(name, known);
        let foreign = self.is_foreign(&meaning, known);
        let mut reads = meaning.reads();
        reads.foreign |= foreign;
        reads
    }

    /// Whether there are columns whose names no stage on the way has written.
    pub(super) fn have_unwritten(&self) -> bool {
        self.united || self.unnamed.is_some() || self.others.is_some()
    }

    /// The names that do not mean the table's column of that name.
    pub(super) fn changed(&self) -> &BTreeMap<String, Meaning> {
        &self.changed
    }

    /// Everything that some tokens may read.
    pub(super) fn reads(
        &self,
        query: &Query<'_>,
        tokens: Range<usize>,
        context: Context<'_>,
    ) -> Reads {
        let mut reads = Reads::default();
        let mut changed = false;
        for index in tokens.clone() {
            if query.is_name(index) && query.is(index + 1, "(") {
                continue;
            }
            if let Some((name, _)) = query.name_at(index, tokens.end) {
                changed |= self.changed.contains_key(&name);
                reads.extend(self.read(&name, context.columns));
            }
        }
        let named = changed || names_column(query, tokens.clone(), context);
        let unnamed = unnamed(query, tokens, context, named);
        for name in unnamed.columns {
            reads.extend(self.read(&name, context.columns));
        }
        if unnamed.anything {
            reads.extend(Reads::anything());
        }
        reads
    }

    /// The names behind a stage.
    pub(super) fn behind(&self, query: &Query<'_>, stage: &Stage, context: Context<'_>) -> Self {
        let tokens = query.behind_operator(stage);
        let step = Step { names: self, query, context };
        match stage.operator.as_str() {
            "extend" | "serialize" => step.extend(tokens),
            "project" | "distinct" => step.project(tokens),
            "project-keep" => step.keep(tokens),
            "project-away" => step.away(tokens),
            "project-rename" => step.rename(tokens),
            "summarize" => step.summarize(tokens),
            "make-series" => step.make_series(tokens),
            "parse" | "parse-where" | "parse-kv" | "mv-expand" | "mvexpand" | "mv-apply"
            | "mvapply" => step.rewritten(tokens),
            "join" | "lookup" => step.joined(tokens),
            "right-join" => step.right_joined(tokens),
            "union" => Self { united: true, ..self.clone() },
            "evaluate" => step.added(tokens),
            "where" | "filter" | "sort" | "order" | "top" | "take" | "limit" | "sample" | "as"
            | "render" | "consume" | "project-reorder" | "" => self.clone(),
            "count" => Self { others: Some(Reads::default()), ..Self::default() },
            _ => Self { others: Some(Reads::anything()), ..Self::default() },
        }
    }
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            (0..=left.len())
                .filter(|at| left.is_char_boundary(*at))
                .any(|at| fits(rest, &left[at..]))
        }),
    }
}

/// One stage that changes names.
struct Step<'s> {
    names: &'s Names,
    query: &'s Query<'s>,
    context: Context<'s>,
}

impl Step<'_> {
    fn reads(&self, tokens: Range<usize>) -> Reads {
        self.names.reads(self.query, tokens, self.context)
    }

    fn items(&self, tokens: Range<usize>) -> Vec<Item> {
        items(self.query, tokens)
    }

    fn only_name(&self, tokens: Range<usize>) -> Option<String> {
        only_name(self.query, tokens)
    }

    /// What an item's names mean.
    fn value(&self, item: &Item) -> Meaning {
        match self.only_name(item.value.clone()) {
            Some(name) if item.names.len() < 2 => self.names.meaning(&name, self.context.columns),
            _ => Meaning::Made(self.reads(item.value.clone())),
        }
    }

    fn extend(&self, tokens: Range<usize>) -> Names {
        let mut next = self.names.clone();
        let mut own: BTreeSet<String> = BTreeSet::new();
        for item in self.items(tokens) {
            let mut meaning = self.value(&item);
            let mentioned = item.value.clone().any(|index| own.contains(self.query.word(index)));
            if mentioned {
                // Whether it means the name before this stage or the new one is left open.
                let mut reads = meaning.reads();
                reads.extend(next.reads(self.query, item.value.clone(), self.context));
                meaning = Meaning::Made(reads);
            }
            if item.names.is_empty() {
                self.without_name(&mut next, &item, meaning);
                continue;
            }
            for name in item.names {
                own.insert(name.clone());
                next.changed.insert(name, meaning.clone());
            }
        }
        next
    }

    /// The service makes a name up: perhaps that of a column in the expression.
    fn without_name(&self, next: &mut Names, item: &Item, meaning: Meaning) {
        if let Some(name) = self.only_name(item.value.clone()) {
            next.changed.insert(name, meaning);
            return;
        }
        let reads = meaning.reads();
        for index in item.value.clone().filter(|index| self.query.is_name(*index)) {
            next.changed.insert(self.query.word(index).to_owned(), Meaning::Made(reads.clone()));
        }
        next.unnamed.get_or_insert_default().extend(reads);
    }

    /// Only what is listed stays.
    fn project(&self, tokens: Range<usize>) -> Names {
        let all = |piece: &Range<usize>| piece.len() == 1 && self.query.is(piece.start, "*");
        if self.query.split(tokens.clone(), ",").iter().any(all) {
            return self.names.clone();
        }
        let mut next =
            Names { others: Some(Reads::default()), united: self.names.united, ..Names::default() };
        for item in self.items(tokens) {
            let meaning = self.value(&item);
            if item.names.is_empty() {
                self.without_name(&mut next, &item, meaning);
                continue;
            }
            for name in item.names {
                next.changed.insert(name, meaning.clone());
            }
        }
        if let Some(unnamed) = next.unnamed.take() {
            next.others.get_or_insert_default().extend(unnamed);
        }
        next
    }

    /// As `project`, with patterns of names.
    fn keep(&self, tokens: Range<usize>) -> Names {
        if !tokens.clone().any(|index| self.query.is(index, "*")) {
            return self.project(tokens);
        }
        let mut next = self.names.clone();
        for piece in self.query.split(tokens, ",") {
            if let Some(name) = self.only_name(piece) {
                let meaning = self.names.meaning(&name, self.context.columns);
                next.changed.insert(name, meaning);
            }
        }
        next.gone.push("*".to_owned());
        next
    }

    fn away(&self, tokens: Range<usize>) -> Names {
        let mut next = self.names.clone();
        for piece in self.query.split(tokens, ",") {
            let pattern: String = match self.only_name(piece.clone()) {
                Some(name) => name,
                None => piece.map(|index| self.query.word(index)).collect(),
            };
            for (name, meaning) in &mut next.changed {
                if fits(&pattern, name) {
                    let mut reads = meaning.clone().reads();
                    reads.extend(Reads::of(name));
                    *meaning = Meaning::Made(reads);
                }
            }
            next.gone.push(pattern);
        }
        next
    }

    fn rename(&self, tokens: Range<usize>) -> Names {
        let mut next = self.names.clone();
        let items = self.items(tokens);
        for item in &items {
            if let Some(old) = self.only_name(item.value.clone()) {
                next.changed.insert(old.clone(), Meaning::Made(Reads::of(&old)));
            }
        }
        for item in &items {
            for name in &item.names {
                next.changed.insert(name.clone(), self.value(item));
            }
        }
        next
    }

    /// Keys stay what they are; aggregates are made of what they read.
    fn summarize(&self, tokens: Range<usize>) -> Names {
        let (aggregates, keys) = cut(self.query, tokens, "by");
        self.grouped(aggregates, keys, &Reads::default())
    }

    /// As `summarize`, with an axis along which every aggregate is a list.
    fn make_series(&self, tokens: Range<usize>) -> Names {
        let (aggregates, behind) = cut(self.query, tokens.clone(), "on");
        let axis = item(self.query, axis(self.query, tokens));
        let along = self.reads(axis.value.clone());
        let mut next = self.grouped(aggregates, cut(self.query, behind, "by").1, &along);
        let meaning = Meaning::Made(along);
        if axis.names.is_empty() {
            self.without_name(&mut next, &axis, meaning.clone());
        }
        next.changed.extend(axis.names.into_iter().map(|name| (name, meaning.clone())));
        next
    }

    /// Aggregates, which depend on more than they read, by keys.
    fn grouped(&self, aggregates: Range<usize>, keys: Range<usize>, more: &Reads) -> Names {
        let mut next =
            Names { others: Some(Reads::default()), united: self.names.united, ..Names::default() };
        let mut whole = false;
        for item in self.items(aggregates) {
            let kept = self.row(&item);
            whole |= kept.iter().any(|name| name == "*");
            for name in kept.iter().filter(|name| *name != "*") {
                next.changed.insert(name.clone(), self.names.meaning(name, self.context.columns));
            }
            let mut reads = match self.counts(&item) {
                true => Reads::default(),
                // All columns of one row: under their own names, and not in the aggregate's.
                false if kept.iter().any(|name| name == "*") => self.reads_first(&item),
                false => self.reads(item.value.clone()),
            };
            reads.extend(more.clone());
            let meaning = Meaning::Made(reads);
            match item.names.as_slice() {
                [] => next.unnamed.get_or_insert_default().extend(meaning.reads()),
                names => {
                    for name in names {
                        next.changed.insert(name.clone(), meaning.clone());
                    }
                }
            }
        }
        for item in self.items(keys) {
            let meaning = self.value(&item);
            match item.names.as_slice() {
                [] => self.without_name(&mut next, &item, meaning),
                names => {
                    for name in names {
                        next.changed.insert(name.clone(), meaning.clone());
                    }
                }
            }
        }
        if whole {
            next.others.clone_from(&self.names.others);
            next.gone.clone_from(&self.names.gone);
            for (name, meaning) in &self.names.changed {
                next.changed.entry(name.clone()).or_insert_with(|| meaning.clone());
            }
            if let Some(before) = self.names.unnamed.clone() {
                next.unnamed.get_or_insert_default().extend(before);
            }
        } else if let Some(unnamed) = next.unnamed.take() {
            next.others.get_or_insert_default().extend(unnamed);
        }
        next
    }

    /// The columns that `arg_max`, `arg_min` and `take_any` take from one row; `*` for all.
    fn row(&self, item: &Item) -> Vec<String> {
        let start = item.value.start;
        let calls = ["arg_max", "arg_min", "take_any", "any", "argmax", "argmin"];
        let close = self.query.closing(start + 1).filter(|_| self.query.is(start + 1, "("));
        let (Some(close), true) = (close, calls.contains(&self.query.word(start))) else {
            return Vec::new();
        };
        let parts = self.query.split(start + 2..close, ",").into_iter();
        parts
            .filter_map(|part| match part.len() == 1 && self.query.is(part.start, "*") {
                true => Some("*".to_owned()),
                false => self.only_name(part),
            })
            .collect()
    }

    /// What the first argument of such a call reads.
    fn reads_first(&self, item: &Item) -> Reads {
        let open = item.value.start + 1;
        let close = self.query.closing(open).unwrap_or(open + 1);
        let first = self.query.split(open + 1..close, ",").swap_remove(0);
        self.reads(first)
    }

    /// `count()`, and how many values a column has: any number of rows can come through.
    fn counts(&self, item: &Item) -> bool {
        let start = item.value.start;
        let close = self.query.closing(start + 1).filter(|_| self.query.is(start + 1, "("));
        let Some(close) = close.filter(|close| close + 1 == item.value.end) else { return false };
        let inside = start + 2..close;
        match self.query.word(start) {
            "count" => inside.is_empty(),
            "dcount" | "count_distinct" => {
                let parts = self.query.split(inside, ",");
                parts.first().is_some_and(|part| self.only_name(part.clone()).is_some())
            }
            _ => false,
        }
    }

    /// What such a stage writes stands among what it reads.
    fn rewritten(&self, tokens: Range<usize>) -> Names {
        let mut next = self.names.clone();
        let reads = self.reads(tokens.clone());
        for index in tokens.filter(|index| self.query.is_name(*index)) {
            let name = self.query.word(index).to_owned();
            next.changed.insert(name, Meaning::Made(reads.clone()));
        }
        next
    }

    /// The left side's columns keep their names; all others are the right side's.
    fn joined(&self, tokens: Range<usize>) -> Names {
        let mut next = self.names.clone();
        let keys = Reads { elsewhere: true, ..self.reads(keys(self.query, tokens)) };
        if let Some(others) = &mut next.others {
            others.extend(keys);
        } else {
            next.unnamed.get_or_insert_default().extend(keys);
        }
        next
    }

    fn right_joined(&self, tokens: Range<usize>) -> Names {
        let (settings, _) = settings(self.query, tokens.start, tokens.end);
        match kind(&settings).as_str() {
            "rightsemi" | "rightanti" | "rightantisemi" => self.names.clone(),
            // Columns of the left side take the names that both have.
            _ => Names { others: Some(Reads::anything()), ..Names::default() },
        }
    }

    /// Columns come in addition, with names that are not written.
    fn added(&self, tokens: Range<usize>) -> Names {
        let mut next = self.names.clone();
        let reads = self.reads(tokens);
        match &mut next.others {
            Some(others) => others.extend(reads),
            None => next.unnamed.get_or_insert_default().extend(reads),
        }
        next
    }
}

/// A word outside of brackets.
fn top_level(query: &Query<'_>, tokens: Range<usize>, word: &str) -> Option<usize> {
    let mut index = tokens.start;
    while index < tokens.end {
        match query.closing(index) {
            Some(close) => index = close + 1,
            None if query.word(index) == word => return Some(index),
            None => index += 1,
        }
    }
    None
}

/// What stands before a word outside of brackets, and what behind it.
fn cut(query: &Query<'_>, tokens: Range<usize>, word: &str) -> (Range<usize>, Range<usize>) {
    let Range { start, end } = tokens;
    let at = top_level(query, start..end, word).unwrap_or(end);
    (start..at, (at + 1).min(end)..end)
}

/// The column along which `make-series` makes lists.
fn axis(query: &Query<'_>, tokens: Range<usize>) -> Range<usize> {
    let (_, behind) = cut(query, tokens, "on");
    let ends = ["from", "to", "in", "step", "by"].into_iter();
    ends.fold(behind, |axis, word| cut(query, axis, word).0)
}

/// The axis of a `make-series` that leaves out what lies beyond some bounds.
pub(super) fn bounded_axis(query: &Query<'_>, tokens: Range<usize>) -> Option<Range<usize>> {
    let (_, behind) = cut(query, tokens.clone(), "on");
    let bounded = |word: &&str| top_level(query, behind.clone(), word).is_some();
    ["from", "to", "in"].iter().any(bounded).then(|| axis(query, tokens))
}

/// The columns that a join compares: what stands behind `on`.
pub(super) fn keys(query: &Query<'_>, tokens: Range<usize>) -> Range<usize> {
    top_level(query, tokens.clone(), "on").map_or(tokens.clone(), |on| on + 1..tokens.end)
}
