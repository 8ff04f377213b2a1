//! Lists and tables, as a template is filled with them: what is alike is told once.

use serde::Serialize;

use crate::ident::WorkspaceKey;
use crate::plan::{Change, Effect, Exceeded, WorkspacePlan};
use crate::report::ending::Told;
use crate::report::fold::{self, Fold};
use crate::report::matrix::{self, Matrix};
use crate::report::{escape, summary, width, wording};
use crate::state::{Field, Unreadable};

/// Columns of a name.
const NAME: usize = 120;
/// Columns of a reason.
pub(super) const REASON: usize = 600;
/// How many workspaces are named in a folded block, and where they could not be read.
pub(super) const MANY: usize = 40;
/// How many are named in a row of a table.
const IN_ROW: usize = 3;
/// Columns of a table of items: what a phone shows without losing the row's name.
const COLUMNS: usize = 8;

/// A display name.
pub(super) fn name(name: &str) -> String {
    width::cut(&escape::visible(name), NAME)
}

/// Workspaces: the first of them by name, and how many more.
#[derive(Debug, Serialize)]
pub(super) struct Places {
    number: usize,
    named: String,
    more: usize,
}

impl Places {
    /// At most so many are named.
    pub(super) fn of<'k>(keys: impl IntoIterator<Item = &'k WorkspaceKey>, most: usize) -> Self {
        let all: Vec<String> = keys.into_iter().map(ToString::to_string).collect();
        let named = &all[..all.len().min(most)];
        Self { number: all.len(), named: named.join(", "), more: all.len() - named.len() }
    }

    pub(super) fn of_fold<T>(fold: &Fold<'_, WorkspacePlan, T>, most: usize) -> Self {
        Self::of(fold.places.iter().map(|(workspace, _)| &workspace.key), most)
    }
}

/// Workspaces that could not be read for one reason. More of them are named than of others: nobody
/// knows how they stand.
#[derive(Debug, Serialize)]
pub(super) struct Unread {
    places: Places,
    why: String,
}

impl Unread {
    /// Alike reasons are told once.
    pub(super) fn all<'u>(
        all: impl IntoIterator<Item = (&'u WorkspaceKey, Option<&'u Unreadable>)>,
    ) -> Vec<Self> {
        let mut reasons: Vec<(&str, Vec<&WorkspaceKey>)> = Vec::new();
        for (key, unreadable) in all {
            let Some(Unreadable { message, .. }) = unreadable else { continue };
            match reasons.iter_mut().find(|(why, _)| why == message) {
                Some((_, keys)) => keys.push(key),
                None => reasons.push((message, vec![key])),
            }
        }
        let told = |(why, keys): (&str, Vec<&WorkspaceKey>)| Self {
            places: Places::of(keys, MANY),
            why: width::cut(&escape::visible(why), REASON),
        };
        reasons.into_iter().map(told).collect()
    }
}

/// What a guard found.
#[derive(Debug, Serialize)]
pub(super) struct Objected {
    sentence: String,
    /// What acknowledges it, or has acknowledged it.
    flag: String,
}

impl Objected {
    pub(super) fn of(found: &Exceeded) -> Self {
        let ack = found.acknowledged.as_ref().map(|ack| format!("--ack {ack}"));
        let flag = ack.unwrap_or_else(|| found.flag());
        Self { sentence: width::cut(&escape::visible(&found.sentence()), REASON), flag }
    }
}

/// A change in a list.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    places: Places,
    word: &'static str,
    name: String,
    key: String,
}

impl Named {
    pub(super) fn of(fold: &Fold<'_, WorkspacePlan, Change>) -> Self {
        let change = fold.first;
        Self {
            places: Places::of_fold(fold, fold::NAMED),
            word: wording::action_word(change),
            name: name(&change.name),
            key: change.key.to_string(),
        }
    }
}

impl Named {
    /// What was done.
    pub(super) fn of_done(fold: &Told<'_>) -> Self {
        let item = fold.first;
        let keys = fold.places.iter().map(|(workspace, _)| &workspace.key);
        Self {
            places: Places::of(keys, fold::NAMED),
            word: item.action.as_str(),
            name: name(&item.name),
            key: item.key.to_string(),
        }
    }
}

/// How an item ended, in a list.
#[derive(Debug, Serialize)]
pub(super) struct Ended {
    places: Places,
    word: String,
    quieter: bool,
    name: String,
    key: String,
    class: &'static str,
    reason: String,
}

impl Ended {
    pub(super) fn of(fold: &Told<'_>) -> Self {
        let item = fold.first;
        let verdict = summary::verdict_words(&item.verdict);
        let word = match item.action.writes() {
            true => format!("{} {verdict}", item.action),
            false => verdict.to_owned(),
        };
        let mut reasons: Vec<String> = Vec::new();
        reasons.extend(summary::verdict_reason(&item.verdict).map(escape::visible));
        let fields = |all: &[Field]| all.iter().map(|f| f.path()).collect::<Vec<_>>().join(", ");
        if !item.undecided.is_empty() {
            let fields = fields(&item.undecided);
            reasons.push(format!("left as it is until someone decides: {fields}"));
        }
        if !item.drift_left.is_empty() {
            let fields = fields(&item.drift_left);
            reasons.push(format!("left as it was changed outside git: {fields}"));
        }
        if item.creates_disabled {
            reasons.push(wording::MADE_DISABLED.to_owned());
        }
        let keys = fold.places.iter().map(|(workspace, _)| &workspace.key);
        Self {
            places: Places::of(keys, fold::NAMED),
            word,
            quieter: item.effect == Effect::Quieter,
            name: name(&item.name),
            key: item.key.to_string(),
            class: item.class.as_str(),
            reason: width::cut(&reasons.join("; "), REASON),
        }
    }
}

/// Workspaces of a ring that stand alike, in the table.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    places: Places,
    ring: String,
    unreadable: bool,
    frozen: bool,
    /// One count per column.
    cells: Vec<usize>,
}

/// How one workspace stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) ring: String,
    pub(super) unreadable: bool,
    pub(super) frozen: bool,
    pub(super) cells: Vec<usize>,
}

impl Row {
    /// Those that stand alike share a row.
    pub(super) fn all<'p>(all: impl IntoIterator<Item = (&'p WorkspaceKey, Stand)>) -> Vec<Self> {
        let mut rows: Vec<(Stand, Vec<&WorkspaceKey>)> = Vec::new();
        for (key, stand) in all {
            match rows.iter_mut().find(|(known, _)| *known == stand) {
                Some((_, keys)) => keys.push(key),
                None => rows.push((stand, vec![key])),
            }
        }
        let row = |(stand, keys): (Stand, Vec<&WorkspaceKey>)| {
            let Stand { ring, unreadable, frozen, cells } = stand;
            Self { places: Places::of(keys, IN_ROW), ring, unreadable, frozen, cells }
        };
        rows.into_iter().map(row).collect()
    }
}

/// Items against workspaces, as many columns as a phone can bear.
#[derive(Debug, Default, Serialize)]
pub(super) struct Table {
    columns: Vec<Column>,
    pub(super) rows: Vec<ItemRow>,
    /// Columns that are not shown.
    pub(super) left: usize,
}

#[derive(Debug, Serialize)]
struct Column {
    label: String,
    places: Places,
}

/// One item in the table.
#[derive(Debug, Serialize)]
pub(super) struct ItemRow {
    name: String,
    cells: Vec<String>,
}

impl Table {
    pub(super) fn of(matrix: &Matrix<'_>) -> Self {
        if !matrix.is_worth_showing() {
            return Self::default();
        }
        let shown = matrix.columns.len().min(COLUMNS);
        let column = |(at, keys): (usize, &Vec<&WorkspaceKey>)| Column {
            label: matrix::label(at),
            places: Places::of(keys.iter().copied(), fold::NAMED),
        };
        let row = |row: &matrix::Row<'_>| ItemRow {
            name: matrix.name_of(row),
            cells: row.cells[..shown].to_vec(),
        };
        Self {
            columns: matrix.columns[..shown].iter().enumerate().map(column).collect(),
            rows: matrix.rows.iter().map(row).collect(),
            left: matrix.columns.len() - shown,
        }
    }
}
