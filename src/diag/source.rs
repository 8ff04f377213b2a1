//! A file's text, and places in it.

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

/// Bytes of a source text, start inclusive, end exclusive.
pub type Span = Range<usize>;

/// A line and column, both counted from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// Characters from 1.
    pub column: usize,
}

/// A text file as it was read: its path for people, and its text.
#[derive(Clone)]
pub struct Source {
    path: String,
    text: String,
    /// Where its lines begin, once somebody has asked for a place: a file may have ten thousand findings.
    lines: OnceLock<Vec<usize>>,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, &self.text) == (&other.path, &other.text)
    }
}

impl Eq for Source {}

impl Source {
    /// `path` is relative to the root, with forward slashes, as reports show it.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), lines: OnceLock::new() }
    }

    /// Relative to the root, with forward slashes.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte offset; offsets past the end give the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let lines = self.lines();
        let line = lines.partition_point(|start| *start <= end);
        let line_start = lines[line - 1];
        Position { line, column: self.text[line_start..end].chars().count() + 1 }
    }

    /// The bytes at which lines begin, the first one included.
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        })
    }

    /// The byte offset of a line and column (both from 1), clamped to the text.
    #[must_use]
    pub fn offset(&self, position: Position) -> usize {
        let Some(&line_start) = self.lines().get(position.line.saturating_sub(1)) else {
            return self.text.len();
        };
        let line = self.text[line_start..].split('\n').next().unwrap_or("");
        let column = line.char_indices().nth(position.column.saturating_sub(1));
        line_start + column.map_or(line.len(), |(byte, _)| byte)
    }
}

/// The path only: a file's text would bury what a failing test has to say.
impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.path, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_positions_are_inverse() {
        let source = Source::new("a.yaml", "id: 1\nnäme: x\n");
        for (offset, _) in source.text().char_indices() {
            assert_eq!(source.offset(source.position(offset)), offset);
        }
        assert_eq!(source.position(9), Position { line: 2, column: 3 });
        assert_eq!(source.position(999), Position { line: 3, column: 1 });
    }
}
