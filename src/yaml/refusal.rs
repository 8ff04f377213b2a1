//! What is said of a text that is not one YAML document of unique keys.

use std::sync::Arc;

use serde_saphyr::{Error, budget::BudgetBreach};

use super::place::place;
use crate::diag::{Code, Diagnostic, Source, Span};

const INVALID_YAML: Code = Code::new("invalid-yaml");
const TOO_MUCH: Code = Code::new("too-much-yaml");
const DUPLICATE_KEY: Code = Code::new("duplicate-key");
const MANY_DOCUMENTS: Code = Code::new("many-documents");

/// The parser's error, at its place.
pub(super) fn of(error: &Error, source: &Arc<Source>) -> Diagnostic {
    let error = error.without_snippet();
    let at = error.location().map_or(0..0, |location| place(&location, source));
    if let Error::DuplicateMappingKey { key, .. } = error {
        let key = key.as_ref().map_or_else(|| "a key".to_owned(), |key| format!("`{key}`"));
        return Diagnostic::error(DUPLICATE_KEY, format!("{key} stands twice in one map"))
            .at(source, at, "the second one")
            .help("delete one of the two");
    }
    let said = error.to_string();
    // Behind an alias it is only told as a text.
    let is_too_much = matches!(error, Error::Budget { .. }) || said.contains("budget breached");
    if is_too_much {
        let what = match error {
            Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => "is nested too deeply",
            _ => "has too many values; what an alias stands for counts each time",
        };
        return Diagnostic::error(TOO_MUCH, format!("the file {what}"))
            .at(source, or_line(at, source), "nothing behind this is read")
            .help("divide it into several files, or write less into it");
    }
    let message = format!("the file is not valid YAML: {}", reason(&said));
    Diagnostic::error(INVALID_YAML, message)
        .at(source, or_line(at, source), "the text stops being YAML here")
        .help("look at the indentation and the quotes of this line and the one before")
}

/// A list or map with more entries than anybody means.
pub(super) fn too_broad(at: Span, source: &Arc<Source>) -> Diagnostic {
    let start = at.start..at.start;
    Diagnostic::error(TOO_MUCH, "a list or map has too many entries")
        .at(source, or_line(start, source), "it begins here")
        .help("divide it over several files, or write less into it")
}

/// A file with a second document, which begins at `second`.
pub(super) fn several(second: Span, source: &Arc<Source>) -> Diagnostic {
    Diagnostic::error(MANY_DOCUMENTS, "the file has several YAML documents")
        .at(source, or_line(second, source), "the second one begins here")
        .help("make them one, without `---` in between, or give each its own file")
}

/// The parser's words without the place, which the label shows.
fn reason(said: &str) -> &str {
    let reason = said.rfind(" at line ").map_or(said, |end| &said[..end]);
    let inner = reason.strip_prefix("error: line ").and_then(|rest| rest.split_once(": "));
    inner.map_or(reason, |(_, reason)| reason)
}

/// A place with something to underline: the rest of the line where the parser names a point.
fn or_line(at: Span, source: &Source) -> Span {
    if !at.is_empty() {
        return at;
    }
    let rest = source.text().get(at.start..).unwrap_or("");
    at.start..at.start + rest.find(['\r', '\n']).unwrap_or(rest.len())
}
