//! A query cut into its stages, so that two versions of it can stand side by side.

use std::ops::Range;

use crate::kql::{Query, Statement, StatementKind};

/// The pieces of a query: one for each statement and each stage of a pipe at its top level, with the
/// comment lines above it. Together they are the text; the line end between two pieces is left out.
pub(super) fn stages(text: &str) -> Vec<&str> {
    let query = Query::parse(text);
    let mut cuts = Vec::new();
    for statement in query.statements() {
        cut(&query, statement, &mut cuts);
    }
    let mut cuts: Vec<usize> = cuts.into_iter().map(|at| with_comments(text, at)).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.retain(|at| *at > 0 && !text[..*at].trim().is_empty());
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(text.len()));
    starts.zip(ends).map(|(start, end)| piece(text, start..end)).collect()
}

fn piece(text: &str, range: Range<usize>) -> &str {
    let is_last = range.end == text.len();
    let piece = &text[range];
    match is_last {
        true => piece,
        false => {
            piece.strip_suffix('\n').map_or(piece, |rest| rest.strip_suffix('\r').unwrap_or(rest))
        }
    }
}

fn cut(query: &Query<'_>, statement: &Statement, cuts: &mut Vec<usize>) {
    cuts.push(query.span(&statement.tokens).start);
    match statement.kind {
        StatementKind::Function => {
            for inner in query.statements_in(statement.body.clone()) {
                cut(query, &inner, cuts);
            }
        }
        StatementKind::Let | StatementKind::Expression => {
            let pipeline = query.pipeline(statement.body.clone());
            cuts.extend(pipeline.stages.iter().map(|stage| stage.bar));
        }
        StatementKind::Set | StatementKind::Declare | StatementKind::Access => {}
    }
}

/// A piece begins with its line, if nothing stands before it there, and with the comments above.
fn with_comments(text: &str, at: usize) -> usize {
    let line_start = |end: usize| text[..end].rfind('\n').map_or(0, |newline| newline + 1);
    let mut start = line_start(at);
    if !text[start..at].trim().is_empty() {
        return at;
    }
    while start > 0 {
        let above = line_start(start - 1);
        let line = text[above..start].trim();
        if !line.is_empty() && !line.starts_with("//") {
            break;
        }
        start = above;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        assert_eq!(stages(text), expect);
    }

    #[test]
    fn every_stage_is_a_piece_with_the_comments_above_it() {
        check(
            "let t = 1h;\nSecurityEvent\n| where a\n// exclusion: own\n| where not(b)\n| take 1\n",
            &[
                "let t = 1h;",
                "SecurityEvent",
                "| where a",
                "// exclusion: own\n| where not(b)",
                "| take 1\n",
            ],
        );
    }

    #[test]
    fn what_stands_on_one_line_is_cut_too() {
        check("T | where a | take 1", &["T ", "| where a ", "| take 1"]);
    }

    #[test]
    fn a_pipe_within_brackets_or_a_text_cuts_nothing() {
        check(
            "union (A | where x), B\n| where y == '|'",
            &["union (A | where x), B", "| where y == '|'"],
        );
    }

    #[test]
    fn the_stages_of_a_function_are_pieces() {
        check("let f = () { T\n| where a };\nf", &["let f = () { ", "T", "| where a };", "f"]);
    }

    #[test]
    fn no_query_is_no_piece_or_one() {
        check("", &[""]);
        check("// nothing\n", &["// nothing\n"]);
        check("T\r\n| where a", &["T", "| where a"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_but_line_ends_is_left_out(text in "[T|() \\n/a;'=]{0,60}|.{0,40}") {
            let bare = |text: &str| text.replace(['\n', '\r'], "");
            proptest::prop_assert_eq!(bare(&stages(&text).concat()), bare(&text));
        }
    }
}
