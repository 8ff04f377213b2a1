//! Where the parser says that something stands.

use serde_saphyr::Location;

use crate::diag::{Position, Source, Span};

/// A location's bytes, as the parser counts them.
pub(crate) fn bytes(location: &Location) -> Span {
    let span = location.span();
    let number = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let start = number(span.byte_offset());
    start..start.saturating_add(number(span.byte_len()))
}

/// A piece of the text at a location; a block's end without the line ends after it.
pub(super) fn place(location: &Location, source: &Source) -> Span {
    let whole = match location.span().byte_offset() {
        Some(_) => bytes(location),
        None => {
            let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
            let (line, column) = (number(location.line()), number(location.column()));
            let start = source.offset(Position { line, column });
            start..start
        }
    };
    let size = source.text().len();
    let (start, end) = (whole.start.min(size), whole.end.min(size));
    let text = source.text().get(start..end).unwrap_or("");
    start..start + text.trim_end().len()
}
