//! Columns on a terminal: a wide character takes two, a combining one none.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// The text, or its beginning and `…` when it takes more columns.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if columns(text) <= limit {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > limit {
            break;
        }
        out.push(character);
    }
    out.push('…');
    out
}

/// The text in lines of at most `limit` columns, broken at blanks; 0 means one line.
///
/// A word that is longer stays whole, and so does what stands between backticks, so that ids, paths
/// and commands can still be copied.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut inside = false;
    let at_blank = |character: char| {
        inside ^= character == '`';
        character == ' ' && !inside
    };
    for word in text.split(at_blank) {
        let fits = limit == 0 || columns(&line) + 1 + columns(word) <= limit;
        if line.is_empty() {
            word.clone_into(&mut line);
        } else if fits {
            line.push(' ');
            line += word;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("日本"), 4);
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("e\u{301}tude", 3), "e\u{301}t…");
    }

    #[test]
    fn lines_break_at_blanks_and_never_inside_a_word() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("a bcdefghijk l", 4), ["a", "bcdefghijk", "l"]);
        assert_eq!(wrap("a bc def", 0), ["a bc def"]);
        assert_eq!(wrap("see `a b c` now", 8), ["see", "`a b c`", "now"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
