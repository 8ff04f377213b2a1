//! The author's marker: `// @exclusions` or `// @exclusions TABLE`, alone on a line between two
//! stages, says where exclusions go when the spine cannot tell.

use std::collections::BTreeSet;

use crate::diag::Span;

use super::spine::conjuncts;
use super::{Place, Query, Reach, Refusal, Spine, Step, Token, TokenKind, refusal};

const WORD: &str = "@exclusions";

/// Finds the markers; one that does not stand between two stages is refused.
pub(super) fn markers(query: &Query<'_>) -> Spine {
    let mut found = Spine::default();
    for (index, token) in query.all_tokens().iter().enumerate() {
        let Some(table) = marked(query, index, *token) else { continue };
        match place(query, *token, table) {
            Some(place) => found.places.push(place),
            None => {
                let message = "this marker does not stand between two stages";
                let span = token.span();
                let refusal = Refusal::new(refusal::MARKER, message, span, Reach::Anything);
                found.refusals.push(refusal.help("put it on the line before a `|`"));
            }
        }
    }
    found
}

/// The table that a comment marks; empty when it names none.
fn marked(query: &Query<'_>, index: usize, token: Token) -> Option<String> {
    if token.kind != TokenKind::Comment {
        return None;
    }
    let comment = query.text()[token.span()].trim_start_matches('/');
    let mut words = comment.split_whitespace();
    if words.next() != Some(WORD) {
        return None;
    }
    let table = words.next().unwrap_or("").to_owned();
    let alone = match index.checked_sub(1).map(|before| query.all_tokens()[before]) {
        None => true,
        Some(before) => {
            before.kind == TokenKind::Blank && query.text()[before.span()].contains(['\n', '\r'])
        }
    };
    (alone && words.next().is_none()).then_some(table)
}

fn place(query: &Query<'_>, token: Token, table: String) -> Option<Place> {
    let next = query.tokens().partition_point(|other| other.start < token.start);
    let previous = next.checked_sub(1)?;
    if query.is(previous, "|") || query.is(previous, ";") || query.is(previous, "=") {
        return None;
    }
    let pipe = pipe_around(query, next)?;
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

/// The tokens of the innermost pipe in which a token stands.
fn pipe_around(query: &Query<'_>, token: usize) -> Option<std::ops::Range<usize>> {
    let count = query.tokens().len();
    let mut start = 0;
    let mut at = token;
    while at > 0 {
        at -= 1;
        if let Some(open) = query.opening(at) {
            at = open;
        } else if query.closing(at).is_some() || query.is(at, ";") {
            start = at + 1;
            break;
        }
    }
    let mut end = token;
    while end < count && !query.is(end, ";") && query.opening(end).is_none() {
        end = query.closing(end).unwrap_or(end) + 1;
    }
    // A let's name and `=`, and the word of a declaration, are no part of the pipe.
    let statements = query.statements_in(start..end);
    let statement = statements.into_iter().next()?;
    Some(statement.body.start.max(start)..end.min(statement.tokens.end))
}
