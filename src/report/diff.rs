//! The unified diff of two texts, as lines with signs.

use similar::{ChangeTag, TextDiff};

use super::escape;

/// Lines around a change that show where it is.
const CONTEXT: usize = 3;

/// A longer line is broken before it is compared. A reader sees the change and not a wall of text,
/// and nobody hides `| where false` behind a thousand blanks: nothing is cut out of a line, ever.
const LONG_LINE: usize = 300;

/// One line of a diff, already visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// `@` for a place, a blank for context, `-`, `+`, `~` for what changed within, `\` for a remark.
    pub(super) sign: char,
    /// The text after the sign.
    pub(super) text: String,
}

impl Line {
    pub(super) fn new(sign: char, text: impl Into<String>) -> Self {
        Self { sign, text: text.into() }
    }

    /// The line as diffs are written.
    pub(super) fn to_text(&self) -> String {
        match self.sign {
            '@' => self.text.clone(),
            sign => format!("{sign}{}", self.text),
        }
    }
}

/// The lines that differ, with three lines around them.
pub(super) fn unified(from: &str, to: &str) -> Vec<Line> {
    let (from, to) = (broken(from), broken(to));
    let diff = TextDiff::from_lines(from.as_str(), to.as_str());
    // Where both texts end without a line end, saying so on every last line would only be noise.
    let ends_differ = from.ends_with('\n') != to.ends_with('\n');
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        lines.push(Line::new('@', hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let text = change.value().strip_suffix('\n').unwrap_or(change.value());
            lines.push(Line::new(sign, escape::visible_line(text)));
            if ends_differ && change.missing_newline() {
                lines.push(Line::new('\\', " no line end"));
            }
        }
    }
    lines
}

/// The text with its long lines broken before each pipe and after each comma, and inside what is
/// still too long. Where a line breaks depends on what stands there, so that an insertion does not
/// move every break after it.
fn broken(text: &str) -> String {
    if text.lines().all(|line| line.len() <= LONG_LINE) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 64);
    for line in text.split_inclusive('\n') {
        if line.len() <= LONG_LINE {
            out += line;
            continue;
        }
        let mut length = 0;
        for character in line.chars() {
            let breaks = character == '|' && length > 40 || length >= LONG_LINE;
            if breaks && character != '\n' {
                out.push('\n');
                length = 0;
            }
            out.push(character);
            length += 1;
            if character == ',' && length > 40 {
                out.push('\n');
                length = 0;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, expect: &[&str]) {
        let lines: Vec<String> = unified(from, to).iter().map(Line::to_text).collect();
        assert_eq!(lines, expect);
    }

    #[test]
    fn only_what_differs_is_shown() {
        let expect = ["@@ -1,2 +1,2 @@", " T", "-| where a", "+| where b"];
        check("T\n| where a", "T\n| where b", &expect);
        check("T", "T", &[]);
        check("", "T\n", &["@@ -0,0 +1 @@", "+T"]);
    }

    #[test]
    fn a_lost_line_end_is_said() {
        check("T\n", "T", &["@@ -1 +1 @@", "-T", "+T", "\\ no line end"]);
    }

    #[test]
    fn a_change_behind_a_thousand_blanks_is_seen() {
        let (from, blanks) = ("T | where a", " ".repeat(1000));
        let lines = unified(from, &format!("{from}{blanks}| where false"));
        assert!(lines.iter().any(|line| line.sign == '+' && line.text.contains("| where false")));
        assert!(lines.iter().all(|line| line.text.len() <= LONG_LINE));
    }

    #[test]
    fn an_escape_sequence_in_a_query_is_shown() {
        let expect = ["@@ -1 +1 @@", "-T", "+T \\u{1b}[2K"];
        check("T", "T \u{1b}[2K", &expect);
    }
}
