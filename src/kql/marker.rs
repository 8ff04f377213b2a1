//! The author's marker: `// @exclusions` or `// @exclusions TABLE`, alone on a line between two
//! stages, says where exclusions go when the spine cannot tell.

use std::collections::BTreeSet;

use crate::diag::Span;

use super::spine::conjuncts;
use super::{Place, Query, Reach, Refusal, Rows, Spine, Step, Token, TokenKind, refusal};

/// What a marker looks like, for people.
const SHAPE: &str =
    "a marker is `// @exclusions` or `// @exclusions TABLE`, alone on a line before a `|`";

/// Finds the markers. One that cannot be read, does not stand between two stages, or stands where the
/// rows of its table do not pass is refused: it must not take an exclusion to where it does nothing.
pub(super) fn markers(query: &Query<'_>, spine: &Spine) -> Spine {
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
        match table.and_then(|table| at(query, *token, table, spine)) {
            Ok(place) => found.places.push(place),
            Err(message) => {
                let refusal = Refusal::new(refusal::MARKER, message, token.span(), Reach::Anything);
                found.refusals.push(refusal.help(SHAPE));
            }
        }
    }
    found
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

/// The place at a marker.
fn at(query: &Query<'_>, token: Token, table: String, spine: &Spine) -> Result<Place, String> {
    let Some(place) = place(query, token, table) else {
        return Err("this marker does not stand between two stages".to_owned());
    };
    if !spine.drives(&place) {
        return Err(
            "this marker stands beside what drives the query: an exclusion here would change \
                    what the query compares with, and not what it finds"
                .to_owned(),
        );
    }
    if !place.table.is_empty() && !Rows::at(query, &place).may_be_of(&place.table) {
        return Err(format!("no rows of `{}` pass this marker", place.table));
    }
    Ok(place)
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
