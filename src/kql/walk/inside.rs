//! Tables that come in inside a stage: in the body of an invoked function, in a subquery.

use std::collections::BTreeSet;
use std::ops::Range;

use super::shared::unplace;
use super::{Binding, Scope, Walk};
use crate::kql::passage::{Open, Passage};
use crate::kql::{Reach, Stage, Step, refusal};

impl Walk<'_> {
    /// The body of an invoked function: rows of tables that it names itself come in there. Its first
    /// parameter is the pipe at hand, whose rows have passed a place already.
    pub(super) fn invoke(&mut self, call: Range<usize>, scope: &Scope, via: &[Step]) -> Open {
        let Some((name, open)) = self.query.name_at(call.start, call.end) else {
            return Open::new();
        };
        let Some(binding) = scope.find(&name).cloned() else { return Open::new() };
        let Binding::Let { token, function: true, body, .. } = &binding else {
            return Open::new();
        };
        self.meet(*token, &name, body);
        let arguments = self.query.closing(open).map(|close| open + 1..close);
        let mut inner = scope.within(self.query, &binding, arguments);
        inner.pipe_in(self.query, body);
        let via: Vec<Step> = via.iter().cloned().chain([Step::Function(name.clone())]).collect();
        let result = self.result(body.clone());
        if !self.beside.contains(token) {
            if !self.entered.insert(*token) {
                return Open::new();
            }
            return not_followed(self.expression(result, &inner, &via, false));
        }
        let pipes = self.pipes.len();
        let apart = self.apart(|walk| walk.expression(result, &inner, &via, false));
        self.pipes.truncate(pipes);
        self.found.refusals.extend(apart.refusals);
        for table in apart.places.into_iter().map(|place| place.table).collect::<BTreeSet<_>>() {
            let message = format!("`{name}` has other uses that must stay as they are");
            let span = self.query.span(&call);
            self.refuse(refusal::SHARED_LET, message, span, Reach::Table(table));
        }
        let mut open = apart.open;
        unplace(&mut open, self.found.places.len());
        not_followed(open)
    }

    /// The expressions inside a stage, in brackets or braces: other tables may come in there too.
    pub(super) fn inside(&mut self, tokens: Range<usize>, scope: &Scope, via: &[Step]) -> Open {
        let query = self.query;
        let mut index = tokens.start;
        let mut open = Open::new();
        while index < tokens.end {
            let Some(close) = query.closing(index) else {
                index += 1;
                continue;
            };
            let inner = index + 1..close;
            if query.is(index, "{") {
                open.append(&mut self.expression(inner, scope, via, false));
            } else if query.is(index, "(") {
                for tokens in query.split(inner, "|").into_iter().filter(|t| !t.is_empty()) {
                    let operator = query.operator(tokens.start);
                    let (bar, span) = (query.tokens()[tokens.start].start, query.span(&tokens));
                    let stage = Stage { operator, bar, span, tokens };
                    open.append(&mut self.stage(&stage, &vec![Passage::unread()], scope, via));
                }
            }
            index = close + 1;
        }
        not_followed(open)
    }
}

/// Rows that come out of the inside of a stage: what they pass there is not read.
fn not_followed(mut open: Open) -> Open {
    for passage in &mut open {
        passage.single = false;
        passage.way.leave_unread();
    }
    open
}
