//! What is wrong with a predicate that a person wrote.

use crate::diag::{Code, Span};

/// It is no expression.
pub const UNREADABLE: Code = Code::new("exclusion-predicate-unreadable");
/// A name in it stands for no column.
pub const UNKNOWN_COLUMN: Code = Code::new("exclusion-unknown-column");
/// A name in it is a let, a function or a parameter of the query, and would mean that.
pub const NAME_TAKEN: Code = Code::new("exclusion-name-taken");
/// An operator does not go with a column's type.
pub const TYPE_MISMATCH: Code = Code::new("exclusion-type-mismatch");

/// One mistake in a predicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PredicateError {
    /// Stable name.
    pub code: Code,
    /// A lower-case sentence.
    pub message: String,
    /// Bytes of the predicate's text.
    pub span: Span,
    /// A way on.
    pub help: Option<String>,
}

impl PredicateError {
    pub(super) fn new(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self { code, message: message.into(), span, help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
