//! `sentinelops.diagnostics/v1`.

use serde_json::{Value, json};

use crate::diag::{Diagnostic, Diagnostics, Label, Severity};

/// Every diagnostic in the order of the list. Lines and columns count from 1, columns in characters;
/// `labels[0]` is the primary place.
#[must_use]
pub fn diagnostics(diagnostics: &Diagnostics) -> Value {
    json!({
        "format": "sentinelops.diagnostics/v1",
        "diagnostics": diagnostics.iter().map(one).collect::<Vec<_>>(),
        "summary": {
            "error": diagnostics.count(Severity::Error),
            "warning": diagnostics.count(Severity::Warning),
            "note": diagnostics.count(Severity::Note),
        },
    })
}

fn one(diagnostic: &Diagnostic) -> Value {
    json!({
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity.word(),
        "message": diagnostic.message,
        "subject": diagnostic.subject,
        "labels": diagnostic.labels.iter().map(label).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
    })
}

fn label(label: &Label) -> Value {
    let (start, end) =
        (label.source.position(label.span.start), label.source.position(label.span.end));
    json!({
        "path": label.source.path(),
        "line": start.line,
        "column": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "text": label.text,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::to_text;
    use super::*;
    use crate::diag::{Code, Source};

    #[test]
    fn places_count_from_one_in_characters() {
        let source = Arc::new(Source::new("content/ä.yaml", "id: 1\nnäme: x\n"));
        let list: Diagnostics = [
            Diagnostic::error(Code::new("unknown-key"), "unknown key `näme`")
                .at(&source, 6..11, "here")
                .help("write `name`")
                .about("e483619f"),
            Diagnostic::warning(Code::new("no-content"), "nothing to deploy"),
        ]
        .into_iter()
        .collect();
        insta::assert_snapshot!(to_text(&diagnostics(&list)));
    }
}
