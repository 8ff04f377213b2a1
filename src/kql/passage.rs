//! How the rows of a place come out of an expression, for [`super::walk`].

use std::collections::BTreeSet;

use super::item::items;
use super::way::Way;
use super::{Query, Stage};

/// Places whose rows come out of an expression.
pub(super) type Open = Vec<Passage>;

/// How the rows of a place come out of an expression.
#[derive(Clone)]
pub(super) struct Passage {
    pub(super) target: Target,
    /// Columns that are no longer the table's own.
    pub(super) hidden: BTreeSet<String>,
    /// Nothing but filters was on the way.
    pub(super) filtered_only: bool,
    /// They still come out one by one and by this way only, so that they can be filtered here.
    pub(super) single: bool,
    /// Every stage that they passed.
    pub(super) way: Way,
}

#[derive(Clone, Copy)]
pub(super) enum Target {
    Place(usize),
    Marker(usize),
    /// The rows have no place: it was refused, or they have passed one that is not known here.
    Unplaced,
}

impl Passage {
    /// Of rows without a place, by this way.
    pub(super) fn unplaced(way: Way) -> Self {
        let (target, hidden) = (Target::Unplaced, BTreeSet::new());
        Self { target, hidden, filtered_only: false, single: false, way }
    }

    /// Of rows of which nothing is known.
    pub(super) fn unread() -> Self {
        let mut way = Way::default();
        way.leave_unread();
        Self::unplaced(way)
    }

    /// The place whose rows can be filtered here too.
    pub(super) fn place(&self) -> Option<usize> {
        match self.target {
            Target::Place(place) if self.single => Some(place),
            Target::Place(_) | Target::Marker(_) | Target::Unplaced => None,
        }
    }

    /// Behind a stage that is no leading filter.
    pub(super) fn behind(&mut self, query: &Query<'_>, stage: &Stage) {
        let tokens = query.behind_operator(stage);
        let hidden: Vec<String> = match stage.operator.as_str() {
            "where" | "filter" | "sort" | "order" | "as" => Vec::new(),
            "extend" | "serialize" => {
                items(query, tokens).iter().flat_map(|item| item.written(query)).collect()
            }
            // These name what they write among what they read.
            "parse" | "parse-where" | "parse-kv" | "mv-expand" | "mvexpand" | "mv-apply"
            | "mvapply" => {
                let end = tokens.end;
                let names = tokens.filter_map(|index| query.name_at(index, end));
                names.map(|(name, _)| name).collect()
            }
            _ => {
                self.single = false;
                Vec::new()
            }
        };
        self.filtered_only = false;
        self.hidden.extend(hidden);
    }
}
