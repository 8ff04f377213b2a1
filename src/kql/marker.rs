//! The author's marker: `// @exclusions` or `// @exclusions TABLE`, alone on a line between two
//! stages, says where exclusions go when the spine cannot tell.

use std::collections::BTreeSet;

use crate::diag::Span;

use super::spine::conjuncts;
use super::{Place, Query, Reach, Refusal, Rows, Spine, Step, Token, TokenKind, refusal};

/// What a marker looks like, for people.
const SHAPE: &str =
    "a marker is `// @exclusions` or `// @exclusions TABLE`, alone on a line before a `|`";

/// Finds the markers. One that cannot be read, or does not stand between two stages, is refused.
pub(super) fn markers(query: &Query<'_>) -> Spine {
    let mut found = Spine::default();
    for (index, token) in query.all_tokens().iter().enumerate() {
        if !matches!(token.kind, TokenKind::Comment | TokenKind::Directive) {
            continue;
        }
        let table = match marked(query, index, *token) {
            Mark::None => continue,
            Mark::Table(table) => Ok(table),
            Mark::Unreadable(why) => Err(why.to_owned()),
        };
        let beside = || "this marker does not stand between two stages".to_owned();
        match table.and_then(|table| place(query, *token, table).ok_or_else(beside)) {
            Ok(place) => found.places.push(place),
            Err(message) => found.refusals.push(refused(message, token.span())),
        }
    }
    found
}

/// The markers that stand where rows of their table pass on their way to the result. Any other is
/// refused: it must not take an exclusion to where it does nothing.
pub(super) fn driving(query: &Query<'_>, marked: Spine, spine: &Spine) -> Spine {
    let mut found = Spine { refusals: marked.refusals, ..Spine::default() };
    for place in marked.places {
        match fault(query, &place, spine) {
            None => found.places.push(place),
            Some(message) => found.refusals.push(refused(message, place.source)),
        }
    }
    found
}

fn refused(message: String, span: Span) -> Refusal {
    Refusal::new(refusal::MARKER, message, span, Reach::Anything).help(SHAPE)
}

/// What a comment is.
enum Mark {
    /// No marker.
    None,
    /// One for this table; empty when it names none.
    Table(String),
    /// Meant as one.
    Unreadable(&'static str),
}

fn marked(query: &Query<'_>, index: usize, token: Token) -> Mark {
    let comment = query.text()[token.span()].trim_start_matches('/').trim();
    // What cannot be seen before it does not make it another comment to its author.
    let lower = comment.to_ascii_lowercase();
    let lower = lower.trim_start_matches(|c: char| c == '#' || !c.is_ascii_graphic());
    let name = lower.trim_start_matches(|c: char| !c.is_alphanumeric());
    if !(lower.starts_with('@') && name.starts_with("exclu")) {
        return Mark::None;
    }
    let (word, rest) = comment.split_at(comment.find(char::is_whitespace).unwrap_or(comment.len()));
    if word != "@exclusions" {
        return Mark::Unreadable("this looks like a marker, but is none");
    }
    let alone = match index.checked_sub(1).map(|before| query.all_tokens()[before]) {
        None => true,
        Some(before) => {
            before.kind == TokenKind::Blank && query.text()[before.span()].contains(['\n', '\r'])
        }
    };
    if !alone {
        return Mark::Unreadable("this marker is not alone on its line");
    }
    match table(rest.trim()) {
        Some(table) => Mark::Table(table),
        None => Mark::Unreadable("this marker does not name one table"),
    }
}

/// A table's name as KQL writes it; empty for none.
fn table(text: &str) -> Option<String> {
    let name = Query::parse(text);
    let count = name.tokens().len();
    match name.name_at(0, count) {
        None if count == 0 && text.is_empty() => Some(String::new()),
        Some((table, next)) if next == count && name.span(&(0..count)) == (0..text.len()) => {
            Some(table)
        }
        _ => None,
    }
}

/// Why an exclusion must not go to this marker.
fn fault(query: &Query<'_>, place: &Place, spine: &Spine) -> Option<String> {
    if !spine.drives(place) {
        let message = "this marker stands beside what drives the query: an exclusion here would \
                       change what the query compares with, and not what it finds";
        return Some(message.to_owned());
    }
    if !place.table.is_empty() && !Rows::at(query, place).may_be_of(&place.table) {
        return Some(format!("no rows of `{}` pass this marker", place.table));
    }
    None
}

fn place(query: &Query<'_>, token: Token, table: String) -> Option<Place> {
    let next = query.tokens().partition_point(|other| other.start < token.start);
    let previous = next.checked_sub(1)?;
    if query.is(previous, "|") || query.is(previous, ";") || query.is(previous, "=") {
        return None;
    }
    let pipe = query.pipe_around(next)?;
    let pipeline = query.pipeline(pipe.clone());
    let ends = pipe.end == next;
    let between =
        query.is(next, "|") || (ends && query.main().is_some_and(|main| main.tokens.end == next));
    if !between || pipe.start >= next {
        return None;
    }
    let index = pipeline.stages.iter().filter(|stage| stage.tokens.end <= next).count();
    let run = pipeline.stages[..index].iter().rev();
    let wheres = run.take_while(|stage| matches!(stage.operator.as_str(), "where" | "filter"));
    let first = index - wheres.count();
    let leading = pipeline.stages[first..index]
        .iter()
        .flat_map(|stage| conjuncts(query, stage.tokens.start + 1..stage.tokens.end))
        .collect();
    let source: Span = token.span();
    Some(Place {
        table,
        at: token.end,
        wrap: None,
        via: vec![Step::Marker],
        leading,
        hidden: BTreeSet::new(),
        source,
        pipe,
        index,
        ways: Vec::new(),
    })
}
