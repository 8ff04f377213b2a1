//! The query's text, and what a YAML file may have done to it.

use super::document::Entry;
use super::folding;
use super::sheet::Sheet;
use crate::diag::{Code, Diagnostic, Located};

const MISSING_QUERY: Code = Code::new("missing-query");
const FENCED: Code = Code::new("fenced-query");

const FENCE: &str = "```";

/// The text as YAML gives it, byte for byte; only a Markdown fence around all of it is taken off.
///
/// # Errors
/// When it is not a text, or empty.
pub(super) fn query(sheet: &mut Sheet, entry: Entry) -> Result<Located<String>, Box<Diagnostic>> {
    let text = entry.value.as_str().unwrap_or("");
    if let Some((folded, at)) = folding::check("query", text, &sheet.source, &entry.span) {
        sheet.report(folded, &at, "comment");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
