//! The things that a stage lists: `name = expression`, `(name, name) = expression`, or an expression
//! alone. The one reading of such a list, for everybody who asks what a stage computes.

use std::ops::Range;

use super::Query;

/// One of the things that a stage lists.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// What it gives names to; none if there is only an expression.
    pub(super) names: Vec<String>,
    /// The tokens of the expression.
    pub(super) value: Range<usize>,
}

/// What some tokens list.
pub(super) fn items(query: &Query<'_>, tokens: Range<usize>) -> Vec<Item> {
    let pieces = query.split(tokens, ",").into_iter().filter(|piece| !piece.is_empty());
    pieces.map(|piece| item(query, piece)).collect()
}

/// These tokens as one item.
pub(super) fn item(query: &Query<'_>, piece: Range<usize>) -> Item {
    if let Some((name, next)) = query.name_at(piece.start, piece.end)
        && query.is(next, "=")
    {
        return Item { names: vec![name], value: next + 1..piece.end };
    }
    if let Some(close) = query.closing(piece.start)
        && query.is(piece.start, "(")
        && query.is(close + 1, "=")
    {
        let inside = query.split(piece.start + 1..close, ",").into_iter();
        let names = inside.filter_map(|one| only_name(query, one)).collect();
        return Item { names, value: close + 2..piece.end };
    }
    Item { names: Vec::new(), value: piece }
}

/// The name, if the tokens are nothing else.
pub(super) fn only_name(query: &Query<'_>, mut tokens: Range<usize>) -> Option<String> {
    while query.is(tokens.start, "(") && query.closing(tokens.start) == Some(tokens.end - 1) {
        tokens = tokens.start + 1..tokens.end - 1;
    }
    let (name, next) = query.name_at(tokens.start, tokens.end)?;
    (next == tokens.end).then_some(name)
}

impl Item {
    /// The columns that `extend` may write for it: without a name, the service makes one up, perhaps
    /// that of a column in the expression.
    pub(super) fn written(&self, query: &Query<'_>) -> Vec<String> {
        if !self.names.is_empty() || only_name(query, self.value.clone()).is_some() {
            return self.names.clone();
        }
        let end = self.value.end;
        let names = self.value.clone().filter_map(|index| query.name_at(index, end));
        names.map(|(name, _)| name).collect()
    }
}
