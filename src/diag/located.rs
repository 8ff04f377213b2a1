//! A value that knows the place it was written at.

use std::fmt;
use std::sync::Arc;

use super::{Source, Span};

/// A value together with the file and the bytes it came from.
#[derive(Clone)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The file.
    pub source: Arc<Source>,
    /// Where in the file.
    pub span: Span,
}

impl<T> Located<T> {
    /// A value and its place.
    #[must_use]
    pub fn new(value: T, source: &Arc<Source>, span: Span) -> Self {
        Self { value, source: Arc::clone(source), span }
    }

    /// Another value at the same place.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: change(self.value), source: self.source, span: self.span }
    }

    /// `path:line`, for provenance in reports.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.source.path(), self.source.position(self.span.start).line)
    }
}

impl<T: fmt::Debug> fmt::Debug for Located<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} at {}", self.value, self.place())
    }
}

/// Equal values are equal wherever they were written.
impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Located<String> {
    /// The place of a part of the text in the file, given bytes of the value.
    ///
    /// A YAML scalar's value and its text in the file are not the same bytes (indentation, quotes,
    /// escapes), so the lines of the value are looked up one after the other. Where one is not there
    /// as it stands, the whole scalar is the place.
    #[must_use]
    pub fn part(&self, part: Span) -> Span {
        self.find(part.clone()).unwrap_or_else(|| self.span.clone())
    }

    fn find(&self, part: Span) -> Option<Span> {
        let before = self.value.get(..part.start)?;
        let first_line = before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
        let mut from = self.span.start;
        for (number, line) in self.value.split('\n').enumerate() {
            let found = from + self.source.text().get(from..)?.find(line)?;
            if number == first_line {
                let start = found + column;
                let length = part.len().min(line.len().saturating_sub(column)).max(1);
                return Some(start..(start + length).min(self.source.text().len()));
            }
            from = found + line.len();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_block_scalar_is_found_in_the_file() {
        let text = "when: |\n  a == 1\n    and b == 2\nnext: x\n";
        let source = Arc::new(Source::new("x.yaml", text));
        let located = Located::new("a == 1\n  and b == 2\n".to_owned(), &source, 6..32);
        let at = located.value.find("b ==").unwrap();
        let span = located.part(at..at + 1);
        assert_eq!(&text[span.clone()], "b");
        assert_eq!(source.position(span.start).line, 3);
    }

    #[test]
    fn what_is_not_there_as_it_stands_is_the_whole_scalar() {
        let source = Arc::new(Source::new("x.yaml", "when: \"a\\tb\"\n"));
        let located = Located::new("a\tb".to_owned(), &source, 6..12);
        assert_eq!(located.part(2..3), 6..12);
    }
}
