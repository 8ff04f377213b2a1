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
    })
}
