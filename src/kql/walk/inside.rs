//! Tables that come in inside a stage: in the body of an invoked function, in a subquery.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Binding, Scope, Walk};
use crate::kql::{Query, Reach, Stage, Step, refusal};

impl Walk<'_> {
    /// The body of an invoked function: rows of tables that it names itself come in there. Its first
    /// parameter is the pipe at hand, whose rows have passed a place already.
    pub(super) fn invoke(&mut self, call: Range<usize>, scope: &Scope, via: &[Step]) {
        let Some((name, open)) = self.query.name_at(call.start, call.end) else { return };
        let Some(binding) = scope.find(&name).cloned() else { return };
        let Binding::Let { token, function: true, body, .. } = &binding else { return };
        if self.counting {
            *self.met.entry(*token).or_default() += 1;
        }
        let arguments = self.query.closing(open).map(|close| open + 1..close);
        let mut inner = scope.within(self.query, &binding, arguments);
        inner.pipe_in(self.query, body);
        let uses = self.uses.get(&name).copied().unwrap_or(0);
        let beside = !self.counting && uses > self.met.get(token).copied().unwrap_or(0);
        if !beside && !self.entered.insert(*token) {
            return;
        }
        let kept = std::mem::take(&mut self.found);
        let via: Vec<Step> = via.iter().cloned().chain([Step::Function(name.clone())]).collect();
        let result = self.result(body.clone());
        self.expression(result, &inner, &via, false);
        let found = std::mem::replace(&mut self.found, kept);
        self.found.refusals.extend(found.refusals);
        if !beside {
            self.found.places.extend(found.places);
            return;
        }
        for table in found.places.into_iter().map(|place| place.table).collect::<BTreeSet<_>>() {
            let message = format!("`{name}` has other uses that must stay as they are");
            let span = self.query.span(&call);
            self.refuse(refusal::SHARED_LET, message, span, Reach::Table(table));
        }
    }

    /// The expressions inside a stage, in brackets or braces: other tables may come in there too.
    pub(super) fn inside(&mut self, tokens: Range<usize>, scope: &Scope, via: &[Step]) {
        let query = self.query;
        let mut index = tokens.start;
        while index < tokens.end {
            let Some(close) = query.closing(index) else {
                index += 1;
                continue;
            };
            let inner = index + 1..close;
            if query.is(index, "{") {
                self.expression(inner, scope, via, false);
            } else if query.is(index, "(") {
                for tokens in query.split(inner, "|").into_iter().filter(|t| !t.is_empty()) {
                    let operator = query.operator(tokens.start);
                    let (bar, span) = (query.tokens()[tokens.start].start, query.span(&tokens));
                    self.stage(&Stage { operator, bar, span, tokens }, scope, via);
                }
            }
            index = close + 1;
        }
    }
}

impl Scope {
    /// Gives a function's first parameter the pipe before `invoke`.
    fn pipe_in(&mut self, query: &Query<'_>, body: &Range<usize>) {
        let close = body.start.saturating_sub(2);
        let first = query.opening(close).map_or("", |open| query.word(open + 1));
        let parameter = |(name, binding): &&mut (String, Binding)| {
            name == first && !matches!(binding, Binding::Let { .. })
        };
        if let Some((_, binding)) = self.names.iter_mut().rev().find(parameter) {
            *binding = Binding::Piped;
        }
    }
}
