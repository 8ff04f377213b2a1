//! Lets and functions that are used more than once: their bodies stand for several uses.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Binding, Context, Scope, Walk};
use crate::kql::passage::{Open, Target};
use crate::kql::value::unquote;
use crate::kql::{Place, Query, Reach, Refusal, StatementKind, Step, TokenKind, refusal};

/// How often the spine came to a let.
#[derive(Debug, Clone)]
pub(super) struct Met {
    name: String,
    body: Range<usize>,
    count: usize,
}

/// What was found apart from everything else.
pub(super) struct Apart {
    pub(super) open: Open,
    pub(super) places: Vec<Place>,
    pub(super) refusals: Vec<Refusal>,
}

/// The lets, by their tokens, whose rows something beside the spine reads too: they are used more
/// often than the spine meets them, or such a let uses them.
pub(super) fn beside(
    query: &Query<'_>,
    met: &BTreeMap<usize, Met>,
    uses: &BTreeMap<Cow<'_, str>, usize>,
) -> BTreeSet<usize> {
    let more = |met: &Met| uses.get(met.name.as_str()).is_some_and(|uses| *uses > met.count);
    let mut next: Vec<usize> =
        met.iter().filter(|(_, met)| more(met)).map(|(token, _)| *token).collect();
    let mut found: BTreeSet<usize> = next.iter().copied().collect();
    while let Some(token) = next.pop() {
        let body = met[&token].body.clone();
        let named: BTreeSet<String> = body
            .clone()
            .filter_map(|index| query.name_at(index, body.end))
            .map(|(name, _)| name)
            .collect();
        for (token, met) in met {
            if named.contains(&met.name) && found.insert(*token) {
                next.push(*token);
            }
        }
    }
    found
}

impl Walk<'_> {
    /// While counting: the spine has come to a let.
    pub(super) fn meet(&mut self, token: usize, name: &str, body: &Range<usize>) {
        if self.counting {
            let new = || Met { name: name.to_owned(), body: body.clone(), count: 0 };
            self.met.entry(token).or_insert_with(new).count += 1;
        }
    }

    /// The text that is written for an argument, there or where the function at hand is called.
    pub(super) fn written(&self, context: &Context<'_>, argument: Range<usize>) -> Option<String> {
        let only = Some(argument.start).filter(|_| argument.len() == 1)?;
        if self.query.kind(only) == Some(TokenKind::Text) {
            return unquote(self.query.word(only));
        }
        match context.scope.find(self.query.word(only))? {
            Binding::Text(text) => Some(text.clone()),
            Binding::Parameter | Binding::Piped | Binding::Let { .. } => None,
        }
    }

    /// Whether a function's body has `table(name)` with a name that is not written there.
    pub(super) fn names_table_by_parameter(&self, body: &Range<usize>) -> bool {
        body.clone().any(|index| {
            self.query.word(index) == "table"
                && self.query.is(index + 1, "(")
                && self.query.is_name(index + 2)
        })
    }

    /// The last expression of a function's body.
    pub(super) fn result(&self, body: Range<usize>) -> Range<usize> {
        let statements = self.query.statements_in(body.clone());
        let last = statements.into_iter().rev().find(|s| s.kind == StatementKind::Expression);
        last.map_or(body.start..body.start, |statement| statement.tokens)
    }

    /// Walks something whose places may not become places: nothing that comes later finds them.
    pub(super) fn apart(&mut self, walk: impl FnOnce(&mut Self) -> Open) -> Apart {
        let first = self.found.places.len();
        let refusals = self.found.refusals.len();
        let entered = self.entered.clone();
        let known: BTreeSet<usize> = self.opened.keys().copied().collect();
        let open = walk(self);
        self.entered = entered;
        self.opened.retain(|token, _| known.contains(token));
        for open in self.named.values_mut() {
            unplace(open, first);
        }
        let places = self.found.places.split_off(first);
        let refusals = self.found.refusals.split_off(refusals);
        Apart { open, places, refusals }
    }

    /// A let that is also used beside the spine, or that stands for several tables: its body must
    /// stay as it is. It is filtered where it is used, if its rows are still those of one place.
    pub(super) fn shared(
        &mut self,
        context: &Context<'_>,
        name: &str,
        body: Range<usize>,
        scope: &Scope,
        step: Step,
    ) -> Open {
        let via = context.further(step);
        let inner = self.apart(|walk| walk.expression(body, scope, &via, false));
        let first = self.found.places.len();
        let own = |target: Target| matches!(target, Target::Place(place) if place >= first);
        let (mut own, mut others): (Open, Open) =
            inner.open.into_iter().partition(|passage| own(passage.target));
        others.iter_mut().for_each(|passage| passage.single = false);
        if let ([passage], [place], []) =
            (own.as_slice(), inner.places.as_slice(), inner.refusals.as_slice())
            && passage.single
        {
            let mut place = place.clone();
            place.hidden.extend(passage.hidden.iter().cloned());
            let (filtered_only, way) = (passage.filtered_only, passage.way.clone());
            others.extend(self.place(context, place, filtered_only, way));
            return others;
        }
        let span = self.query.span(&context.pipe.source);
        let tables: BTreeSet<String> = inner.places.into_iter().map(|place| place.table).collect();
        for table in tables {
            let message = format!(
                "`{name}` has other uses that must stay as they are, and its rows are no longer \
                 those of `{table}`"
            );
            self.refuse(refusal::SHARED_LET, message, span.clone(), Reach::Table(table));
        }
        self.found.refusals.extend(inner.refusals);
        unplace(&mut own, first);
        others.append(&mut own);
        others
    }
}

/// Rows of places that are given up, from this one on, have none on their way.
pub(super) fn unplace(open: &mut Open, first: usize) {
    for passage in open {
        if matches!(passage.target, Target::Place(place) if place >= first) {
            passage.target = Target::Unplaced;
            passage.single = false;
        }
    }
}
