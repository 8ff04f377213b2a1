//! The walk along the driving spine that [`super::spine`] is made of.
//!
//! It runs twice: once to count how often each let is met on the spine, once to place. A let met as
//! often as the text uses it may be filtered in its body; one that is also used beside the spine
//! may not, and is filtered where the spine refers to it, if its columns are still the table's.

mod inside;
mod joined;
mod scope;
mod shared;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::operator::settings;
use super::passage::{Open, Passage, Target};
use super::spine::{conjuncts, uses};
use super::way::Way;
use super::{Pipeline, Place, Query, Reach, Refusal, Spine, Stage, StatementKind, Step};
use super::{TokenKind, refusal};
use scope::{Binding, Scope};
use shared::Met;

/// Deeper nesting than any real query has; keeps lets that refer to each other from looping.
const DEPTH: usize = 40;

/// Walks the main expression. The markers that it passes get their ways.
pub(super) fn walk(query: &Query<'_>, markers: &mut [Place]) -> Spine {
    let mains: Vec<&Range<usize>> = query
        .statements()
        .iter()
        .filter(|statement| statement.kind == StatementKind::Expression)
        .map(|statement| &statement.tokens)
        .collect();
    let whole = 0..query.text().len();
    let refused = |code, message: &str, span| {
        let refusals = vec![Refusal::new(code, message, span, Reach::Anything)];
        Spine { refusals, ..Spine::default() }
    };
    let main = match mains.as_slice() {
        [main] => (*main).clone(),
        [] => return refused(refusal::NO_MAIN, "the query has no tabular expression", whole),
        [first, ..] => {
            let message = "the query has several results";
            return refused(refusal::SEVERAL_MAINS, message, query.span(first));
        }
    };
    let scope = Scope::default().with_statements(query, 0..query.tokens().len());
    let mut walk = Walk {
        query,
        uses: uses(query),
        met: BTreeMap::new(),
        beside: BTreeSet::new(),
        counting: true,
        entered: BTreeSet::new(),
        used: BTreeMap::new(),
        named: BTreeMap::new(),
        depth: 0,
        visited: 0,
        pipes: Vec::new(),
        markers: markers.iter().map(|marker| (marker.pipe.clone(), marker.index)).collect(),
        opened: BTreeMap::new(),
        lost: false,
        found: Spine::default(),
    };
    walk.expression(main.clone(), &scope, &[], false);
    walk.counting = false;
    walk.beside = shared::beside(query, &walk.met, &walk.uses);
    walk.visited = 0;
    walk.entered.clear();
    walk.named.clear();
    walk.opened.clear();
    walk.lost = false;
    walk.found = Spine::default();
    walk.pipes.clear();
    let open = walk.expression(main, &scope, &[], false);
    let lost = walk.lost;
    let mut found = Spine { pipes: walk.pipes, ..walk.found };
    for passage in open.into_iter().filter(|_| !lost) {
        let place = match passage.target {
            Target::Place(place) => found.places.get_mut(place),
            Target::Marker(marker) => markers.get_mut(marker),
            Target::Unplaced => None,
        };
        if let Some(place) = place.filter(|place| !place.ways.contains(&passage.way)) {
            place.ways.push(passage.way);
        }
    }
    found
}

/// More ways to the result than any real query has; lets that each use another twice make many.
const WAYS: usize = 64;

/// More expressions than any real query has on its spine; lets that each use another twice would
/// take for ever.
const EXPRESSIONS: usize = 5000;

struct Walk<'q> {
    query: &'q Query<'q>,
    uses: BTreeMap<Cow<'q, str>, usize>,
    /// By the token at which a let begins: how often the spine came to it.
    met: BTreeMap<usize, Met>,
    /// The lets that something beside the spine reads too; none while counting.
    beside: BTreeSet<usize>,
    counting: bool,
    entered: BTreeSet<usize>,
    /// By the name that `as` gives: how often the spine came to it.
    used: BTreeMap<String, usize>,
    /// By the name that `as` gives: rows that have passed a place already.
    named: BTreeMap<String, Open>,
    depth: usize,
    visited: usize,
    pipes: Vec<(usize, usize)>,
    /// Of each marker: the pipe that it stands in, and behind how many of its stages.
    markers: Vec<(Range<usize>, usize)>,
    /// By the token at which a let begins: what came out of it when it was entered.
    opened: BTreeMap<usize, Open>,
    /// There were too many ways to follow each of them.
    lost: bool,
    found: Spine,
}

impl Walk<'_> {
    fn expression(&mut self, range: Range<usize>, scope: &Scope, via: &[Step], arm: bool) -> Open {
        self.visited += 1;
        if self.depth == DEPTH || self.visited > EXPRESSIONS {
            let span = self.query.span(&range);
            let message = "the query nests too deeply";
            return self.refuse(refusal::TOO_DEEP, message, span, Reach::Anything);
        }
        self.depth += 1;
        let pipe = self.query.pipeline(range.clone());
        if let Some(open) = self.right_join(&pipe, &range, scope, via) {
            self.depth -= 1;
            return open;
        }
        let leading = leading(&pipe.stages);
        let mut context = Context { pipe: &pipe, range: &range, scope, via, arm };
        context.arm &= pipe.stages.is_empty();
        let mut open = self.source(&context);
        self.mark(&mut open, &range, 0);
        for (index, stage) in pipe.stages.iter().enumerate() {
            let mut more = Open::new();
            if index < leading {
                let filters = conjuncts(self.query, stage.tokens.start + 1..stage.tokens.end);
                let first = open.iter().filter(|passage| passage.filtered_only);
                for place in first.filter_map(Passage::place) {
                    self.found.places[place].leading.extend(filters.iter().cloned());
                }
            } else {
                more = self.stage(stage, &open, scope, via);
                open.iter_mut().for_each(|passage| passage.behind(self.query, stage));
            }
            self.pass(&mut open, stage);
            open.append(&mut more);
            self.mark(&mut open, &range, index + 1);
        }
        self.depth -= 1;
        self.bounded(open)
    }

    /// Rows pass a stage. Under a name that something beside the spine reads too, what filters them
    /// changes what they are compared with.
    fn pass(&self, open: &mut Open, stage: &Stage) {
        let compared = stage.operator == "as" && self.is_compared(stage);
        for passage in open {
            passage.way.pass(stage.clone());
            if compared {
                passage.way.leave_unread();
            }
        }
    }

    /// Whether a name given by `as` is used more often than the spine comes to it.
    fn is_compared(&self, stage: &Stage) -> bool {
        let Range { start, end } = stage.tokens;
        let (_, at) = settings(self.query, start + 1, end);
        let Some((name, _)) = self.query.name_at(at, end) else { return true };
        let uses = self.uses.get(name.as_str()).copied().unwrap_or(0);
        // One of them is where the name is given.
        uses > 1 + self.used.get(&name).copied().unwrap_or(0)
    }

    /// Where a marker stands, what comes this far is the marker's too.
    fn mark(&self, open: &mut Open, range: &Range<usize>, index: usize) {
        let here = |(pipe, at): &(Range<usize>, usize)| pipe == range && *at == index;
        for (marker, _) in self.markers.iter().enumerate().filter(|(_, place)| here(place)) {
            let target = Target::Marker(marker);
            let rows = |passage: &&Passage| !matches!(passage.target, Target::Marker(_));
            let mut marked: Open = open.iter().filter(rows).cloned().collect();
            for passage in &mut marked {
                passage.target = target;
                passage.single = false;
                passage.way.mark();
            }
            open.append(&mut marked);
        }
    }

    /// What comes out of an expression, if it is not too much.
    fn bounded(&mut self, mut open: Open) -> Open {
        if open.len() > WAYS {
            self.lost = true;
            open.truncate(WAYS);
        }
        open
    }

    fn source(&mut self, context: &Context<'_>) -> Open {
        let query = self.query;
        let Range { start, end } = context.pipe.source;
        let span = query.span(&(start..end));
        if start >= end {
            let message = "an expression without a source";
            return self.refuse(refusal::UNKNOWN_SOURCE, message, span, Reach::Anything);
        }
        if query.is(start, "(") && query.closing(start) == Some(end - 1) {
            let via = context.further(Step::Parentheses);
            return self.expression(start + 1..end - 1, context.scope, &via, false);
        }
        let word = query.word(start);
        if end > start + 1 || word == "search" {
            match word {
                "union" => return self.union(start..end, context.scope, context.via),
                "search" | "find" | "evaluate" | "macro" => {
                    let message = format!("`{word}` reads tables that it does not name one by one");
                    return self.refuse(refusal::SEARCH, message, span, Reach::Anything);
                }
                "print" | "range" | "datatable" | "externaldata" => {
                    let message = format!("`{word}` makes rows that come from no table");
                    self.refuse(refusal::NO_TABLE, message, span, Reach::Nothing);
                    return self.made(word, end);
                }
                _ => {}
            }
        }
        if let Some((name, next)) = query.name_at(start, end) {
            if next == end {
                return self.named(context, name, None);
            }
            if query.is(next, "(") {
                return self.call(context, name, next);
            }
        }
        if (start..end).any(|index| query.is(index, "*")) {
            let pattern: String = (start..end).map(|index| query.word(index)).collect();
            let message = format!("`{pattern}` stands for tables that it does not name");
            let open = self.refuse(refusal::WILDCARD, message, span, Reach::Pattern(pattern));
            // Its tables are not filtered, but a view of the query that fits may be.
            let views = (0..query.tokens().len()).any(|index| query.word(index) == "view");
            return if views { open } else { vec![Passage::unplaced(Way::default())] };
        }
        self.unknown(span)
    }

    /// Rows that come from no table pass markers all the same. Those of a file may be any.
    fn made(&self, word: &str, end: usize) -> Open {
        match word {
            "externaldata" => vec![Passage::unplaced(Way::default())],
            "datatable" if self.query.opening(end - 1) == Some(end.saturating_sub(2)) => {
                Open::new()
            }
            _ => vec![Passage::unread()],
        }
    }

    /// A call, alone or at the head of a chain such as `workspace("w").T`.
    fn call(&mut self, context: &Context<'_>, name: String, open: usize) -> Open {
        let query = self.query;
        let Range { start, end } = context.pipe.source;
        let span = query.span(&(start..end));
        let Some(close) = query.closing(open) else { return self.unknown(span) };
        if close + 1 == end {
            let argument = open + 1..close;
            return match name.as_str() {
                "materialize" => {
                    let via = context.further(Step::Materialize);
                    self.expression(argument, context.scope, &via, false)
                }
                "table" => match self.written(context, argument) {
                    Some(table) => self.table(context, table),
                    None => {
                        let message = "the table's name is not written in the query";
                        self.refuse(refusal::PARAMETER, message, span, Reach::Anything)
                    }
                },
                "toscalar" => self.unknown(span),
                _ => self.named(context, name, Some(argument)),
            };
        }
        let last = query.name_at(close + 2, end).filter(|(_, next)| *next == end);
        match last {
            Some((table, _)) if query.is(close + 1, ".") => match name.as_str() {
                "workspace" | "app" => self.table(context, table),
                _ => self.remote(end, span),
            },
            _ if matches!(name.as_str(), "cluster" | "database" | "adx" | "arg") => {
                self.remote(end, span)
            }
            _ => self.unknown(span),
        }
    }

    /// No place, but if its name is the last thing there, rows as those of any table.
    fn remote(&mut self, end: usize, span: Range<usize>) -> Open {
        let message = "a table outside Sentinel's workspaces";
        self.refuse(refusal::REMOTE, message, span, Reach::Nothing);
        let plain = self.query.is(end - 2, ".") && self.query.is_name(end - 1);
        vec![if plain { Passage::unplaced(Way::default()) } else { Passage::unread() }]
    }

    fn unknown(&mut self, span: Range<usize>) -> Open {
        let text = &self.query.text()[span.clone()];
        let shown: String = text.chars().take(40).collect();
        let message = format!("`{shown}` is not a source that is understood");
        self.refuse(refusal::UNKNOWN_SOURCE, message, span, Reach::Anything)
    }

    /// A name alone, or a function called.
    fn named(
        &mut self,
        context: &Context<'_>,
        name: String,
        arguments: Option<Range<usize>>,
    ) -> Open {
        let Some(binding) = context.scope.find(&name).cloned() else {
            return match self.named.get(&name).filter(|_| arguments.is_none()) {
                Some(open) => {
                    *self.used.entry(name).or_default() += usize::from(self.counting);
                    open.clone()
                }
                None => self.table(context, name),
            };
        };
        if matches!(binding, Binding::Piped) {
            return vec![Passage::unread()];
        }
        let Binding::Let { name, token, function, body, .. } = &binding else {
            let span = self.query.span(&context.pipe.source);
            let message = format!("the function's caller chooses the table `{name}`");
            return self.refuse(refusal::PARAMETER, message, span, Reach::Anything);
        };
        self.meet(*token, name, body);
        let scope = context.scope.within(self.query, &binding, arguments);
        let uses = self.uses.get(name.as_str()).copied().unwrap_or(0);
        // One body that stands for several tables is filtered at its calls, each for its own.
        let chosen = uses > 1 && self.names_table_by_parameter(body);
        let body = if *function { self.result(body.clone()) } else { body.clone() };
        let step = if *function { Step::Function(name.clone()) } else { Step::Let(name.clone()) };
        let beside = self.beside.contains(token);
        if beside || chosen {
            let pipes = self.pipes.len();
            let open = self.shared(context, name, body, &scope, step);
            if beside {
                // What is read beside the spine must not be filtered at a marker either.
                self.pipes.truncate(pipes);
            }
            return open;
        }
        if !self.entered.insert(*token) {
            return match self.opened.get(token) {
                Some(open) => open.clone(),
                None => self.unknown(self.query.span(&context.pipe.source)),
            };
        }
        let via = context.further(step);
        let mut open = self.expression(body, &scope, &via, false);
        if uses > 1 {
            // What filters one use says nothing about the rows of the others.
            open.iter_mut().for_each(|passage| passage.single = false);
        }
        self.opened.insert(*token, open.clone());
        open
    }

    /// A stage behind the leading ones, and the rows that come to it; what it adds to them.
    fn stage(&mut self, stage: &Stage, open: &Open, scope: &Scope, via: &[Step]) -> Open {
        let Range { start, end } = stage.tokens;
        match stage.operator.as_str() {
            "union" => self.union(start..end, scope, via),
            "invoke" => self.invoke(start + 1..end, scope, via),
            "partition" | "mv-apply" | "mvapply" | "fork" | "facet" => {
                self.inside(start + 1..end, scope, via)
            }
            "as" => {
                let (_, at) = settings(self.query, start + 1, end);
                if let Some((name, _)) = self.query.name_at(at, end) {
                    let mut given = open.clone();
                    given.iter_mut().for_each(|passage| passage.single = false);
                    self.named.insert(name, given);
                }
                Open::new()
            }
            _ => Open::new(),
        }
    }

    fn table(&mut self, context: &Context<'_>, table: String) -> Open {
        let place = Place {
            table,
            at: 0,
            wrap: None,
            via: context.via.to_vec(),
            leading: Vec::new(),
            hidden: BTreeSet::new(),
            source: 0..0,
            pipe: 0..0,
            index: 0,
            ways: Vec::new(),
        };
        self.place(context, place, true, Way::default())
    }

    /// Puts a place behind the leading filters of the expression at hand.
    fn place(
        &mut self,
        context: &Context<'_>,
        place: Place,
        filtered_only: bool,
        way: Way,
    ) -> Open {
        let query = self.query;
        let index = leading(&context.pipe.stages);
        let end = match index {
            0 => context.pipe.source.end,
            _ => context.pipe.stages[index - 1].tokens.end,
        };
        let source = query.span(&context.pipe.source);
        let hidden = place.hidden.clone();
        self.found.places.push(Place {
            at: behind_comment(query, end - 1),
            wrap: context.arm.then_some(source.start),
            source,
            pipe: context.range.clone(),
            index,
            ..place
        });
        let target = Target::Place(self.found.places.len() - 1);
        vec![Passage { target, hidden, filtered_only, single: true, way }]
    }

    fn refuse(
        &mut self,
        code: crate::diag::Code,
        message: impl Into<String>,
        span: Range<usize>,
        reach: Reach,
    ) -> Open {
        let rows = match reach {
            Reach::Nothing => Open::new(),
            Reach::Table(_) | Reach::Pattern(_) | Reach::Anything => vec![Passage::unread()],
        };
        self.found.refusals.push(Refusal::new(code, message, span, reach));
        rows
    }
}

/// One expression on the way.
struct Context<'c> {
    pipe: &'c Pipeline,
    range: &'c Range<usize>,
    scope: &'c Scope,
    via: &'c [Step],
    /// Whether it is a union arm without stages and parentheses of its own.
    arm: bool,
}

impl Context<'_> {
    fn further(&self, step: Step) -> Vec<Step> {
        self.via.iter().cloned().chain([step]).collect()
    }
}

/// How many stages at the start only drop rows.
fn leading(stages: &[Stage]) -> usize {
    let filters = |stage: &&Stage| {
        matches!(stage.operator.as_str(), "where" | "filter") && stage.tokens.len() > 1
    };
    stages.iter().take_while(filters).count()
}

/// The end of a token, or of the comment on the rest of its line: a comment stays with its stage.
fn behind_comment(query: &Query<'_>, token: usize) -> usize {
    let end = query.tokens()[token].end;
    let all = query.all_tokens();
    let mut next = all.partition_point(|other| other.start < end);
    if let Some(blank) = all.get(next).filter(|other| other.kind == TokenKind::Blank) {
        if query.text()[blank.span()].contains(['\n', '\r']) {
            return end;
        }
        next += 1;
    }
    all.get(next).filter(|other| other.kind == TokenKind::Comment).map_or(end, |other| other.end)
}

#[cfg(test)]
mod tests;
