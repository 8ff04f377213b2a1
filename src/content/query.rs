//! The query's text, and what a YAML file may have done to it.

use super::document::Entry;
use super::sheet::Sheet;
use crate::diag::{Code, Diagnostic, Located, Source};

const MISSING_QUERY: Code = Code::new("missing-query");
const FENCED: Code = Code::new("fenced-query");
const FOLDED: Code = Code::new("folded-comment");

const FENCE: &str = "```";

/// The text as YAML gives it, byte for byte; only a Markdown fence around all of it is taken off.
///
/// # Errors
/// When it is not a text, or empty.
pub(super) fn query(sheet: &mut Sheet, entry: Entry) -> Result<Located<String>, Box<Diagnostic>> {
    check_folding(sheet, &entry);
    let serde_json::Value::String(text) = entry.value else {
        let message = "`query` must be a text";
        return Err(Diagnostic::error(MISSING_QUERY, message).help("write `query: |`").into());
    };
    if text.trim().is_empty() {
        return Err(Diagnostic::error(MISSING_QUERY, "`query` is empty")
            .help("add the query")
            .into());
    }
    let text = match fenced(&text) {
        Fence::None => text,
        Fence::Around(inner) => {
            let message = "the query stands in a Markdown code fence";
            let help = "the fence is left out; take it out of the file";
            let span = entry.name_span.clone();
            sheet.report(Diagnostic::warning(FENCED, message).help(help), &span, "");
            inner.to_owned()
        }
        Fence::Open => {
            let message = "the query begins a Markdown code fence that nothing ends";
            let help = "take the fence out of the query";
            let span = entry.name_span.clone();
            sheet.report(Diagnostic::error(FENCED, message).help(help), &span, "");
            text
        }
    };
    Ok(Located::new(text, &sheet.source, entry.span))
}

enum Fence<'a> {
    None,
    Around(&'a str),
    Open,
}

fn fenced(text: &str) -> Fence<'_> {
    let Some(rest) = text.trim().strip_prefix(FENCE) else { return Fence::None };
    let (language, body) = rest.split_once('\n').unwrap_or((rest, ""));
    match body.strip_suffix(FENCE) {
        Some(body) if language.trim().chars().all(char::is_alphanumeric) => Fence::Around(body),
        _ => Fence::Open,
    }
}

/// A folded block (`>`) joins lines, so that a comment swallows the line after it: good YAML, and a
/// detection that has lost a part of its query.
fn check_folding(sheet: &mut Sheet, entry: &Entry) {
    let source = std::sync::Arc::clone(&sheet.source);
    if !entry.introduction(&source).contains('>') {
        return;
    }
    let Some(offset) = swallowed(&source, entry) else { return };
    let line = source.text()[offset..].lines().next().unwrap_or("");
    let message = "folding (`>`) appends the next line to this comment, which swallows it";
    let diagnostic = Diagnostic::error(FOLDED, message).help("write `query: |` in place of `>`");
    sheet.report(diagnostic, &(offset..offset + line.trim_end().len()), "comment");
}

/// The first line with a comment that the value continues with the next line.
fn swallowed(source: &Source, entry: &Entry) -> Option<usize> {
    let value = entry.value.as_str()?;
    let text = source.text().get(entry.span.clone())?;
    let mut start = entry.span.start;
    let mut before: Option<(usize, &str)> = None;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some((at, comment)) = before
            && !trimmed.is_empty()
            && value.contains(&format!("{comment} {trimmed}"))
        {
            return Some(at);
        }
        let indent = line.len() - line.trim_start().len();
        before = has_comment(trimmed).then_some((start + indent, trimmed));
        start += line.len();
    }
    None
}

/// Whether a line has `//` outside of its string literals.
fn has_comment(line: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    let mut previous = ' ';
    for c in line.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '/' && previous == '/' => return true,
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
        previous = c;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_not_an_address_in_a_string() {
        assert!(has_comment("// all"));
        assert!(has_comment("T | where x == 'a' // b"));
        assert!(!has_comment("| where Url has \"https://x\""));
        assert!(!has_comment("| where x == 'it\\'s//' and y / 2"));
    }

    #[test]
    fn a_fence_is_around_all_of_it_or_left_open() {
        let inner = |text| match fenced(text) {
            Fence::None => "none",
            Fence::Around(inner) => inner,
            Fence::Open => "open",
        };
        assert_eq!(inner("```kusto\nT \n| take 1\n```"), "T \n| take 1\n");
        assert_eq!(inner("\n```\nT\n```\n"), "T\n");
        assert_eq!(inner("T | take 1"), "none");
        assert_eq!(inner("```kql\nT"), "open");
    }
}
