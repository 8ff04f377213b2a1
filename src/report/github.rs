//! Diagnostics as workflow commands of GitHub Actions: annotations at the lines of a pull request.
//!
//! How a command is written and what is escaped in it is as GitHub's own toolkit does it (`command.ts`): `%`,
//! carriage returns and line feeds in all of it, `:` and `,` in its properties too.

use std::fmt::Write as _;

use super::escape;
use super::place::Place;
use super::style::Style;
use crate::diag::{Diagnostic, Diagnostics, Severity};

/// One command a line, errors first: GitHub shows only the first ten of a kind. Notes are for who asks for more,
/// as in texts. Paths are from the top of the
/// repository, of which `within` is the root's folder (empty, or with a slash at its end).
#[must_use]
pub fn diagnostics(diagnostics: &Diagnostics, within: &str, style: Style) -> String {
    let told = |one: &&Diagnostic| style.verbose || one.severity != Severity::Note;
    let mut all: Vec<&Diagnostic> = diagnostics.iter().filter(told).collect();
    all.sort_by_key(|diagnostic| diagnostic.severity);
    all.into_iter().map(|diagnostic| command(diagnostic, within)).collect()
}

fn command(diagnostic: &Diagnostic, within: &str) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(label) = diagnostic.labels.first() {
        let Place { path, line, column, end_line, end_column } = Place::of(label, within);
        properties.push(format!("file={}", property(&path)));
        properties.push(format!("line={line}"));
        properties.push(format!("endLine={end_line}"));
        // Columns of a place over several lines are refused by the service.
        if line == end_line {
            properties.push(format!("col={column},endColumn={end_column}"));
        }
    }
    properties.push(format!("title={}", property(diagnostic.code.as_str())));
    let mut text = diagnostic.message.clone();
    for note in &diagnostic.notes {
        let _ = write!(text, "\n{note}");
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(text, "\nWay on: {help}");
    }
    format!("::{word} {}::{}\n", properties.join(","), data(&text))
}

/// A text behind the second `::`.
fn data(text: &str) -> String {
    let visible = escape::with_marks(&escape::visible_lines(text), "\\u{23}");
    visible.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value of a property.
fn property(text: &str) -> String {
    let text = escape::visible(text).replace('%', "%25");
    text.replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::{Code, Source};

    const VERBOSE: Style = Style { color: false, width: 100, verbose: true };

    #[test]
    fn a_finding_is_a_command_at_its_line_and_errors_come_first() {
        let file = Arc::new(Source::new("content/a,b:c.yaml", "id: 1\nquery: |\n  T\n"));
        let list: Diagnostics = [
            Diagnostic::note(Code::new("no-content"), "nothing"),
            Diagnostic::warning(Code::new("unknown-key"), "over lines").at(&file, 6..18, ""),
            Diagnostic::error(Code::new("duplicate-id"), "100 % twice")
                .at(&file, 4..5, "here")
                .because("a fact")
                .help("rename it"),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            diagnostics(&list, "soc/", VERBOSE),
            "::error file=soc/content/a%2Cb%3Ac.yaml,line=1,endLine=1,col=5,endColumn=6,\
             title=duplicate-id::100 %25 twice%0Aa fact%0AWay on: rename it\n\
             ::warning file=soc/content/a%2Cb%3Ac.yaml,line=2,endLine=3,title=unknown-key::over lines\n\
             ::notice title=no-content::nothing\n"
        );
    }

    #[test]
    fn nothing_in_a_finding_is_a_command_of_its_own() {
        let file = Arc::new(Source::new("content/x\n::stop-commands::y", "id: 1\n"));
        let message = "a\n::add-mask::b\r::c ##[error]d \u{1b}[2K";
        let list: Diagnostics =
            [Diagnostic::error(Code::new("duplicate-id"), message).at(&file, 0..1, "")]
                .into_iter()
                .collect();
        let text = diagnostics(&list, "", VERBOSE);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            !text.contains("##[") && !text.contains('\u{1b}') && !text.contains('\r'),
            "{text}"
        );
    }
}
