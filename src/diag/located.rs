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
