//! What YAML's folding may do to KQL: lines are joined, and a comment swallows the line after it.
//!
//! Plain and quoted texts over several lines and `>` blocks are folded; a `|` block is not. The style
//! is not asked for here: a comment of the value that does not stand so on one line of the file is one
//! that YAML has made longer, or that was written elsewhere (an alias).

use crate::diag::{Code, Diagnostic, Source, Span};
use crate::kql::{TokenKind, lex};

/// YAML has joined a comment with a line that is not part of it.
pub(super) const FOLDED: Code = Code::new("folded-comment");

/// An error for the first comment of a text that is longer than it is in the file, and its place.
pub(super) fn check(
    name: &str,
    value: &str,
    source: &Source,
    span: &Span,
) -> Option<(Diagnostic, Span)> {
    if !value.contains("//") && !value.contains('#') {
        return None;
    }
    let written = source.text().get(span.clone()).unwrap_or("");
    if is_as_written(value, written) {
        return None;
    }
    let comment = first_folded(value, written)?;
    let at = begun(&comment, written)
        .map_or_else(|| span.clone(), |line| span.start + line.start..span.start + line.end);
    let message = format!(
        "YAML joins the lines of `{name}`, so that this comment swallows what stands behind it"
    );
    let help = format!("write `{name}: |` and the text on lines of its own below it");
    Some((Diagnostic::error(FOLDED, message).help(help), at))
}

/// Whether every line that may hold a comment stands so in the file, in this order: then none has
/// grown, and nothing needs to be lexed. This is so in every `|` block.
fn is_as_written(value: &str, written: &str) -> bool {
    let mut rest = written;
    let marked = value.split('\n').filter(|line| line.contains("//") || line.contains('#'));
    marked.map(str::trim).all(|line| match rest.find(line) {
        Some(found) => {
            rest = &rest[found + line.len()..];
            true
        }
        None => false,
    })
}

/// The comment, bared, of which there is no line in the file. Comments are looked for in their order,
/// each behind the one before.
fn first_folded(value: &str, written: &str) -> Option<String> {
    let written = bared(&spelt_out(written));
    let mut rest = written.as_str();
    for token in lex(value) {
        if !matches!(token.kind, TokenKind::Comment | TokenKind::Directive) {
            continue;
        }
        let comment = bared(value[token.span()].trim_end());
        match rest.find(&comment) {
            Some(found) => rest = &rest[found + comment.len()..],
            None => return Some(comment),
        }
    }
    None
}

/// A text in double quotes with the characters that are escaped by their number.
fn spelt_out(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    let quoted = written.starts_with('"');
    while let Some(at) = rest.find('\\').filter(|_| quoted) {
        let (before, escape) = rest.split_at(at);
        text += before;
        let digits = match escape.as_bytes().get(1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let number = escape.get(2..2 + digits).filter(|_| digits > 0);
        let number = number.and_then(|number| u32::from_str_radix(number, 16).ok());
        match number.and_then(char::from_u32) {
            Some(character) => text.push(character),
            // A backslash behind a backslash begins no escape.
            None => text += escape.get(..2).unwrap_or(escape),
        }
        rest = escape.get(2 + number.map_or(0, |_| digits)..).unwrap_or("");
    }
    text + rest
}

/// A text without what quoting and indentation add to it; its lines stay lines.
fn bared(text: &str) -> String {
    let added = |c: char| c != '\n' && (c.is_whitespace() || matches!(c, '\\' | '"' | '\''));
    text.chars().filter(|c| !added(*c)).collect()
}

/// The line on which a folded comment begins, from its mark on.
fn begun(comment: &str, written: &str) -> Option<Span> {
    let mut start = 0;
    for line in written.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        for (at, _) in line.match_indices("//") {
            let tail = bared(line[at..].trim_end());
            if comment.starts_with(&tail) && tail != comment {
                return Some(start + at..end);
            }
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a comment of the value has grown, given how the value is written.
    fn check_text(value: &str, written: &str, expect: bool) {
        assert_eq!(first_folded(value, written).is_some(), expect, "{value:?} from {written:?}");
    }

    #[test]
    fn a_comment_that_goes_on_with_the_next_line_has_grown() {
        check_text("a // x\nand b", "  a // x\n  and b\n", false);
        check_text("a // x and b", "a // x\n  and b", true);
        check_text("a // x and b", "a // x and b", false);
        check_text("a and b // x", "a\n  and b // x", false);
        check_text("// x a", "// x\r\n  a", true);
        check_text("a // x\nand b", "a // x\n\n  and b", false);
    }

    #[test]
    fn a_paragraph_that_reads_alike_does_not_hide_another() {
        let written = "a // x\nand b\n\nor c // x and b\n";
        check_text("a // x and b\nor c // x and b", written, true);
    }

    #[test]
    fn quoting_does_not_count() {
        check_text("a // \"x\"", "\"a // \\\"x\\\"\"", false);
        check_text("a // x\nand b", "\"a // x\\nand b\"", false);
        check_text("a // it's", "'a // it''s'", false);
        check_text("a // \u{1f918} \u{e9}\nb", r#""a // \U0001F918 \xe9\nb""#, false);
        check_text("a // c:\\ue\u{2013}\nb", r#""a // c:\\ue\u2013\nb""#, false);
        check_text("a // \\u2013 b", r"a // \u2013 b", false);
        check_text("a // \u{2013} b", "\"a // \\u2013\n  b\"", true);
        check_text("a // x and b", "\"a // x\\\n  \\ and b\"", true);
    }

    #[test]
    fn an_address_in_a_string_is_no_comment() {
        check_text("a == \"http://x\" and b", "a == \"http://x\"\n  and b", false);
        check_text("a == @'c:\\' // x and b", "a == @'c:\\' // x\n  and b", true);
    }

    #[test]
    fn what_is_written_elsewhere_cannot_be_compared() {
        check_text("a // x", "*condition", true);
        check_text("a == 1", "*condition", false);
    }

    #[test]
    fn nothing_is_lexed_where_every_commented_line_stands_as_it_is() {
        assert!(is_as_written("a // x\nb\n# y\n", "  a // x\r\n  b\r\n  # y\r\n"));
        assert!(!is_as_written("a // x b\n", "  a // x\n  b\n"));
        assert!(!is_as_written("// x\n// x", "// x"));
    }

    #[test]
    fn the_place_is_the_comment_and_not_the_line() {
        let source = Source::new("x.yaml", "when: a == 1 // ours\n  and b == 2\n");
        let (_, span) = check("when", "a == 1 // ours and b == 2", &source, &(6..34)).unwrap();
        assert_eq!(&source.text()[span], "// ours");
    }
}
