//! The tokens of KQL: what kinds there are, and where one stands in its text.

use crate::diag::Span;

/// What a token is. Every byte of a text belongs to exactly one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Blanks and line ends.
    Blank,
    /// `// …` up to the end of the line. KQL has no other comments.
    Comment,
    /// `#…` up to the end of the line.
    Directive,
    /// A string in any of its forms, quotes and prefixes included.
    Text,
    /// A name or keyword.
    Name,
    /// A number, a timespan such as `5m`, a bare GUID, or a name that begins with a digit.
    Number,
    /// A typed literal that is one token up to its bracket: `datetime(…)`, `guid(…)`, `int(…)`.
    Literal,
    /// An operator or bracket, of one or two characters.
    Punctuation,
    /// A character that no token of KQL begins with.
    Unknown,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// False for a string or typed literal that lacks its end.
    pub terminated: bool,
}

impl Token {
    /// Its bytes.
    #[must_use]
    pub fn span(self) -> Span {
        self.start..self.end
    }

    /// Whether it carries meaning: neither blanks nor a comment nor a directive.
    #[must_use]
    pub fn is_significant(self) -> bool {
        !matches!(self.kind, TokenKind::Blank | TokenKind::Comment | TokenKind::Directive)
    }
}
