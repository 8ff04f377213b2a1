//! Places in files as other programs count them: paths from the repository's top, columns in UTF-16 code units.

use crate::diag::{Label, Span};

/// Where a label points, counted from 1; the end column is the one behind the last character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// From the top of the repository, with forward slashes.
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

impl Place {
    /// `within` is the root's folder in its repository: empty, or with a slash at its end.
    pub(super) fn of(label: &Label, within: &str) -> Self {
        let text = label.source.text();
        let Span { start, end } = label.span;
        let (line, column) = position(text, start);
        let (end_line, end_column) = position(text, end.max(start));
        Self {
            path: format!("{within}{}", label.source.path()),
            line,
            column,
            end_line,
            end_column,
        }
    }
}

/// The line and column of a byte.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let units: usize = before[line_start..].chars().map(char::len_utf16).sum();
    (before.bytes().filter(|byte| *byte == b'\n').count() + 1, units + 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;

    #[test]
    fn columns_count_utf16_code_units() {
        let source = Arc::new(Source::new("content/a.yaml", "id: 1\n😀é: x\n"));
        let start = source.text().find(": x").unwrap();
        let label = Label { source, span: start..start + 3, text: String::new() };
        let place = Place::of(&label, "soc/");
        assert_eq!(place.path, "soc/content/a.yaml");
        assert_eq!((place.line, place.column), (2, 4));
        assert_eq!((place.end_line, place.end_column), (2, 7));
    }
}
