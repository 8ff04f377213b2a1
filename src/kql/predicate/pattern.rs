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

    /// Why it cannot be compiled.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let error = match Regex::new(&self.text) {
            Ok(_) => return None,
            Err(regex::Error::Syntax(message)) => message,
            Err(other) => other.to_string(),
        };
        // The engine draws the pattern and the place first; the reason stands in the last line.
        let reason = error.lines().last().unwrap_or("");
        Some(reason.trim_start_matches("error: ").to_owned())
    }

    /// Whether it is certain that every text has a part that fits: the empty one fits, wherever it is.
    #[must_use]
    pub fn fits_everything(&self) -> bool {
        let text = &self.text;
        let about_its_place = text.contains(['^', '$'])
            || ["\\b", "\\B", "\\A", "\\z", "\\<", "\\>"].iter().any(|mark| text.contains(mark));
        !about_its_place && self.compiled.as_ref().is_some_and(|regex| regex.is_match(""))
    }

    /// Whether a text matches. RE2's classes are ASCII, so other texts are left open.
    #[must_use]
    pub fn matches(&self, text: &str) -> Truth {
        if self.fits_everything() {
            return Truth::TRUE;
        }
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

    #[test]
    fn a_pattern_fits_everything_where_nothing_has_to_be_there() {
        for everything in ["", ".*", "(a|b)*", "x?", "[ab]*", ".*?", "(?i)z{0,2}"] {
            assert!(Pattern::new(everything).fits_everything(), "{everything}");
        }
        // `.` is no end of a line.
        for something in ["a", ".+", "^.*$", r"\b", "(", "a*b", "^"] {
            assert!(!Pattern::new(something).fits_everything(), "{something}");
        }
    }
}
