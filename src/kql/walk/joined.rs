//! Where several expressions give the rows: the arms of a union, the right side of a join.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Scope, Walk};
use crate::kql::operator::{kind, settings};
use crate::kql::passage::{Open, Target};
use crate::kql::{Pipeline, Reach, Stage, Step, refusal};

impl Walk<'_> {
    pub(super) fn union(&mut self, tokens: Range<usize>, scope: &Scope, via: &[Step]) -> Open {
        let (start, with_source) = self.parameters(tokens.start + 1, tokens.end);
        let mut all = Open::new();
        for arm in self.query.split(start..tokens.end, ",") {
            let first = self.found.places.len();
            let via: Vec<Step> = via.iter().cloned().chain([Step::UnionArm]).collect();
            let mut open = self.expression(arm, scope, &via, true);
            if with_source {
                self.bare_arms_refused(first, &mut open);
            }
            all.append(&mut open);
        }
        let stage = self.query.stage_of(tokens, "union");
        for passage in &mut all {
            passage.single = false;
            passage.way.pass(stage.clone());
        }
        self.bounded(all)
    }

    /// Behind `withsource`, a bare arm cannot get parentheses: its place becomes a refusal.
    fn bare_arms_refused(&mut self, first: usize, open: &mut Open) {
        let mut left: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, place) in self.found.places.split_off(first).into_iter().enumerate() {
            if place.wrap.is_none() {
                left.insert(first + index, self.found.places.len());
                self.found.places.push(place);
                continue;
            }
            let message = format!(
                "parentheses around `{}` might change what `withsource` reports",
                place.table
            );
            let reach = Reach::Table(place.table);
            self.refuse(refusal::WITH_SOURCE, message, place.source, reach);
        }
        for passage in open {
            if let Target::Place(place) = passage.target
                && place >= first
            {
                passage.target = left.get(&place).map_or(Target::Unplaced, |at| Target::Place(*at));
            }
        }
    }

    /// Skips the settings behind an operator; says whether one is `withsource`.
    fn parameters(&self, at: usize, end: usize) -> (usize, bool) {
        let (settings, at) = settings(self.query, at, end);
        let names = |name: &str| settings.iter().any(|setting| setting.name == name);
        (at, names("withsource") || names("with_source"))
    }

    /// `rightanti`, `rightsemi` and `rightouter` give the rows of the right side: it drives, and what
    /// stands before is what it is compared with.
    pub(super) fn right_join(
        &mut self,
        pipe: &Pipeline,
        range: &Range<usize>,
        scope: &Scope,
        via: &[Step],
    ) -> Option<Open> {
        let query = self.query;
        let turns = |stage: &Stage| {
            let (settings, _) = settings(query, stage.tokens.start + 1, stage.tokens.end);
            stage.operator == "join" && kind(&settings).starts_with("right")
        };
        let turn = pipe.stages.iter().rposition(turns);
        self.pipes.push((pipe.source.start, turn.map_or(0, |at| at + 1)));
        let at = turn?;
        let stage = &pipe.stages[at];
        let (start, _) = self.parameters(stage.tokens.start + 1, stage.tokens.end);
        let end = match query.closing(start) {
            Some(close) => close + 1,
            None => (start..stage.tokens.end)
                .find(|index| matches!(query.word(*index), "on" | "where"))
                .unwrap_or(stage.tokens.end),
        };
        let via: Vec<Step> = via.iter().cloned().chain([Step::RightSide]).collect();
        let scope = &scope.clone().with_names_given(query, pipe, at);
        let mut open = self.expression(start..end, scope, &via, true);
        let joined = query.stage_of(stage.tokens.clone(), "right-join");
        open.iter_mut().for_each(|passage| passage.way.pass(joined.clone()));
        self.mark(&mut open, range, at + 1);
        for (index, stage) in pipe.stages.iter().enumerate().skip(at + 1) {
            let mut more = self.stage(stage, &open, scope, &via);
            self.pass(&mut open, stage);
            open.append(&mut more);
            self.mark(&mut open, range, index + 1);
        }
        open.iter_mut().for_each(|passage| passage.single = false);
        Some(self.bounded(open))
    }
}
