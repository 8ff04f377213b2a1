//! Regular expressions of `matches regex`, compiled once.

use regex::Regex;

use crate::kql::Truth;

/// A pattern in RE2's syntax. Patterns with equal texts are equal.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    /// Nothing if this engine does not take the pattern.
    compiled: Option<Regex>,
}

impl Pattern {
    /// Compiles a pattern; one that cannot be compiled matches perhaps.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: Regex::new(text).ok() }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a text matches. RE2's classes are ASCII, so other texts are left open.
    #[must_use]
    pub fn matches(&self, text: &str) -> Truth {
        match &self.compiled {
            Some(regex) if text.is_ascii() => Truth::of(regex.is_match(text)),
            _ => Truth::of(true).or_maybe(Truth::of(false)),
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_compiled_matches_perhaps() {
        let open = Truth::TRUE.or_maybe(Truth::FALSE);
        for (pattern, text, expect) in [
            (r"^\d+$", "12", Truth::TRUE),
            (r"^\d+$", "x", Truth::FALSE),
            (r"\w", "é", open),
            ("(", "x", open),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expect, "{pattern} {text}");
        }
    }
}
