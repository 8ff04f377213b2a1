//! The walk along the driving spine that [`super::spine`] is made of.
//!
//! It runs twice: once to count how often each let is met on the spine, once to place. A let met as
//! often as the text uses it may be filtered in its body; one that is also used beside the spine
//! may not, and is filtered where the spine refers to it, if its columns are still the table's.

mod inside;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::operator::{kind, settings};
use super::passage::{Open, Passage, Target};
use super::spine::{conjuncts, uses};
use super::value::unquote;
use super::way::Way;
use super::{Pipeline, Place, Query, Reach, Refusal, Spine, Stage, StatementKind, Step};
use super::{TokenKind, refusal};

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
        counting: true,
        entered: BTreeSet::new(),
        named: BTreeSet::new(),
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

/// What a name means.
#[derive(Debug, Clone)]
enum Binding {
    Parameter,
    /// The parameter for which `invoke` gives the pipe before it.
    Piped,
    /// A parameter for which the call at hand gives this text.
    Text(String),
    Let {
        name: String,
        token: usize,
        function: bool,
        body: Range<usize>,
        visible: usize,
    },
}

/// The names in force, later ones first in force.
#[derive(Debug, Clone, Default)]
struct Scope {
    names: Vec<(String, Binding)>,
}

impl Scope {
    fn with_statements(mut self, query: &Query<'_>, range: Range<usize>) -> Self {
        for statement in query.statements_in(range) {
            let function = match statement.kind {
                StatementKind::Let => false,
                StatementKind::Function => true,
                _ => continue,
            };
            let Some(name) = statement.name else { continue };
            let binding = Binding::Let {
                name: name.clone(),
                token: statement.tokens.start,
                function,
                body: statement.body,
                visible: self.names.len(),
            };
            self.names.push((name, binding));
        }
        self
    }

    fn find(&self, name: &str) -> Option<&Binding> {
        self.names.iter().rev().find(|(known, _)| known == name).map(|(_, binding)| binding)
    }

    /// The scope in which a let's value was written; a function's parameters are in its own.
    fn within(
        &self,
        query: &Query<'_>,
        binding: &Binding,
        arguments: Option<Range<usize>>,
    ) -> Self {
        let Binding::Let { function, body, visible, .. } = binding else {
            return self.clone();
        };
        let mut scope = Self { names: self.names[..*visible].to_vec() };
        let close = body.start.saturating_sub(2);
        let Some(open) = query.opening(close).filter(|_| *function) else { return scope };
        let given = arguments.map_or(Vec::new(), |arguments| query.split(arguments, ","));
        for (index, parameter) in query.split(open + 1..close, ",").into_iter().enumerate() {
            let text = given
                .get(index)
                .filter(|argument| argument.len() == 1)
                .filter(|argument| query.kind(argument.start) == Some(TokenKind::Text))
                .and_then(|argument| unquote(query.word(argument.start)));
            let bound = text.map_or(Binding::Parameter, Binding::Text);
            scope.names.push((query.word(parameter.start).to_owned(), bound));
        }
        scope.with_statements(query, body.clone())
    }
}

struct Walk<'q> {
    query: &'q Query<'q>,
    uses: BTreeMap<String, usize>,
    /// By the token at which a let begins: how often the spine came to it.
    met: BTreeMap<usize, usize>,
    counting: bool,
    entered: BTreeSet<usize>,
    /// Names given by `as`: their rows have passed a place already.
    named: BTreeSet<String>,
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
            self.refuse(refusal::TOO_DEEP, "the query nests too deeply", span, Reach::Anything);
            return Open::new();
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
        self.mark(&mut open, &range, 0, &pipe);
        for (index, stage) in pipe.stages.iter().enumerate() {
            let mut more = Open::new();
            if index < leading {
                let filters = conjuncts(self.query, stage.tokens.start + 1..stage.tokens.end);
                let first = open.iter().filter(|passage| passage.filtered_only);
                for place in first.filter_map(Passage::place) {
                    self.found.places[place].leading.extend(filters.iter().cloned());
                }
            } else {
                more = self.stage(stage, scope, via);
                open.iter_mut().for_each(|passage| passage.behind(self.query, stage));
            }
            open.iter_mut().for_each(|passage| passage.way.pass(stage.clone()));
            open.append(&mut more);
            self.mark(&mut open, &range, index + 1, &pipe);
        }
        self.depth -= 1;
        self.bounded(open)
    }

    /// Where a marker stands, what comes this far is the marker's too.
    fn mark(&self, open: &mut Open, range: &Range<usize>, index: usize, pipe: &Pipeline) {
        let here = |(pipe, at): &(Range<usize>, usize)| pipe == range && *at == index;
        for (marker, _) in self.markers.iter().enumerate().filter(|(_, place)| here(place)) {
            let target = Target::Marker(marker);
            let places = |passage: &&Passage| matches!(passage.target, Target::Place(_));
            let mut marked: Open = open.iter().filter(places).cloned().collect();
            if marked.is_empty() {
                let word = self.query.word(pipe.source.start);
                let way = Way::from_source(matches!(word, "search" | "find" | "evaluate"));
                let hidden = BTreeSet::new();
                marked.push(Passage { target, hidden, filtered_only: false, single: false, way });
                for stage in &pipe.stages[..index] {
                    marked[0].way.pass(stage.clone());
                }
            }
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
            self.refuse(refusal::UNKNOWN_SOURCE, message, span, Reach::Anything);
            return Open::new();
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
                    self.refuse(refusal::SEARCH, message, span, Reach::Anything);
                    return Open::new();
                }
                "print" | "range" | "datatable" | "externaldata" => {
                    let message = format!("`{word}` makes rows that come from no table");
                    self.refuse(refusal::NO_TABLE, message, span, Reach::Nothing);
                    return Open::new();
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
            self.refuse(refusal::WILDCARD, message, span, Reach::Pattern(pattern));
            return Open::new();
        }
        self.unknown(span)
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
                "table" if argument.len() == 1 && query.kind(open + 1) == Some(TokenKind::Text) => {
                    let table = query.word(open + 1).trim_matches(['"', '\'']).to_owned();
                    self.table(context, table)
                }
                "table" if argument.len() == 1 && self.given_text(context, open + 1).is_some() => {
                    let table = self.given_text(context, open + 1).unwrap_or_default();
                    self.table(context, table)
                }
                "table" => {
                    let message = "the table's name is not written in the query";
                    self.refuse(refusal::PARAMETER, message, span, Reach::Anything);
                    Open::new()
                }
                "toscalar" => self.unknown(span),
                _ => self.named(context, name, Some(argument)),
            };
        }
        let last = query.name_at(close + 2, end).filter(|(_, next)| *next == end);
        match last {
            Some((table, _)) if query.is(close + 1, ".") => match name.as_str() {
                "workspace" | "app" => self.table(context, table),
                _ => self.remote(span),
            },
            _ if matches!(name.as_str(), "cluster" | "database" | "adx" | "arg") => {
                self.remote(span)
            }
            _ => self.unknown(span),
        }
    }

    fn remote(&mut self, span: Range<usize>) -> Open {
        let message = "a table outside Sentinel's workspaces";
        self.refuse(refusal::REMOTE, message, span, Reach::Nothing);
        Open::new()
    }

    fn unknown(&mut self, span: Range<usize>) -> Open {
        let text = &self.query.text()[span.clone()];
        let shown: String = text.chars().take(40).collect();
        let message = format!("`{shown}` is not a source that is understood");
        self.refuse(refusal::UNKNOWN_SOURCE, message, span, Reach::Anything);
        Open::new()
    }

    /// A name alone, or a function called.
    fn named(
        &mut self,
        context: &Context<'_>,
        name: String,
        arguments: Option<Range<usize>>,
    ) -> Open {
        let Some(binding) = context.scope.find(&name).cloned() else {
            if self.named.contains(&name) && arguments.is_none() {
                return Open::new();
            }
            return self.table(context, name);
        };
        if matches!(binding, Binding::Piped) {
            return Open::new();
        }
        let Binding::Let { name, token, function, body, .. } = &binding else {
            let span = self.query.span(&context.pipe.source);
            let message = format!("the function's caller chooses the table `{name}`");
            self.refuse(refusal::PARAMETER, message, span, Reach::Anything);
            return Open::new();
        };
        if self.counting {
            *self.met.entry(*token).or_default() += 1;
        }
        let scope = context.scope.within(self.query, &binding, arguments);
        let uses = self.uses.get(name).copied().unwrap_or(0);
        // One body that stands for several tables is filtered at its calls, each for its own.
        let chosen = uses > 1 && self.names_table_by_parameter(body);
        let body = if *function { self.result(body.clone()) } else { body.clone() };
        let step = if *function { Step::Function(name.clone()) } else { Step::Let(name.clone()) };
        let beside = !self.counting && uses > self.met.get(token).copied().unwrap_or(0);
        if beside || chosen {
            return self.shared(context, name, body, &scope, step);
        }
        if !self.entered.insert(*token) {
            return self.opened.get(token).cloned().unwrap_or_default();
        }
        let via = context.further(step);
        let mut open = self.expression(body, &scope, &via, false);
        if uses > 1 {
            // What filters one use says nothing about the rows of the others.
            open.iter_mut().for_each(|passage| passage.single = false);
            self.opened.insert(*token, open.clone());
        }
        open
    }

    /// The text that the call at hand gives for the parameter of this name.
    fn given_text(&self, context: &Context<'_>, token: usize) -> Option<String> {
        match context.scope.find(self.query.word(token))? {
            Binding::Text(text) => Some(text.clone()),
            Binding::Parameter | Binding::Piped | Binding::Let { .. } => None,
        }
    }

    /// Whether a function's body has `table(name)` with a name that is not written there.
    fn names_table_by_parameter(&self, body: &Range<usize>) -> bool {
        body.clone().any(|index| {
            self.query.word(index) == "table"
                && self.query.is(index + 1, "(")
                && self.query.is_name(index + 2)
        })
    }

    /// The last expression of a function's body.
    fn result(&self, body: Range<usize>) -> Range<usize> {
        let statements = self.query.statements_in(body.clone());
        let last = statements.into_iter().rev().find(|s| s.kind == StatementKind::Expression);
        last.map_or(body.start..body.start, |statement| statement.tokens)
    }

    /// A let that is also used beside the spine: its body must stay as it is.
    fn shared(
        &mut self,
        context: &Context<'_>,
        name: &str,
        body: Range<usize>,
        scope: &Scope,
        step: Step,
    ) -> Open {
        let kept = std::mem::take(&mut self.found);
        let entered = self.entered.clone();
        let opened = std::mem::take(&mut self.opened);
        let mut open = self.expression(body, scope, &context.further(step), false);
        let inner = std::mem::replace(&mut self.found, kept);
        self.entered = entered;
        self.opened = opened;
        open.retain(|passage| passage.place().is_some());
        if let ([passage], [place], []) =
            (open.as_slice(), inner.places.as_slice(), inner.refusals.as_slice())
        {
            let mut place = place.clone();
            place.hidden.extend(passage.hidden.iter().cloned());
            return self.place(context, place, passage.filtered_only, passage.way.clone());
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
        Open::new()
    }

    fn union(&mut self, tokens: Range<usize>, scope: &Scope, via: &[Step]) -> Open {
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
        open.retain_mut(|passage| match passage.target {
            Target::Place(place) if place >= first => {
                let moved = left.get(&place).copied();
                passage.target = Target::Place(moved.unwrap_or(place));
                moved.is_some()
            }
            Target::Place(_) | Target::Marker(_) => true,
        });
    }

    /// Skips the settings behind an operator; says whether one is `withsource`.
    fn parameters(&self, at: usize, end: usize) -> (usize, bool) {
        let (settings, at) = settings(self.query, at, end);
        let names = |name: &str| settings.iter().any(|setting| setting.name == name);
        (at, names("withsource") || names("with_source"))
    }

    /// A stage behind the leading ones; what it adds to the rows.
    fn stage(&mut self, stage: &Stage, scope: &Scope, via: &[Step]) -> Open {
        let Range { start, end } = stage.tokens;
        match stage.operator.as_str() {
            "union" => return self.union(start..end, scope, via),
            // Where the rows of these go is not followed: their places have no way.
            "invoke" => self.invoke(start + 1..end, scope, via),
            "partition" | "mv-apply" | "mvapply" | "fork" | "facet" => {
                self.inside(start + 1..end, scope, via);
            }
            "as" => {
                let names = (start + 1..end).filter(|index| self.query.is_name(*index));
                self.named.extend(names.map(|index| self.query.word(index).to_owned()));
            }
            _ => {}
        }
        Open::new()
    }

    /// `rightanti`, `rightsemi` and `rightouter` give the rows of the right side: it drives, and what
    /// stands before is what it is compared with.
    fn right_join(
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
        let mut open = self.expression(start..end, scope, &via, true);
        let joined = query.stage_of(stage.tokens.clone(), "right-join");
        open.iter_mut().for_each(|passage| passage.way.pass(joined.clone()));
        self.mark(&mut open, range, at + 1, pipe);
        for (index, stage) in pipe.stages.iter().enumerate().skip(at + 1) {
            let mut more = self.stage(stage, scope, &via);
            open.iter_mut().for_each(|passage| passage.way.pass(stage.clone()));
            open.append(&mut more);
            self.mark(&mut open, range, index + 1, pipe);
        }
        open.iter_mut().for_each(|passage| passage.single = false);
        Some(self.bounded(open))
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
    ) {
        self.found.refusals.push(Refusal::new(code, message, span, reach));
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
