//! Where a part of a YAML text stands in its file.

use crate::diag::{Located, Span};

/// The bytes of the file that hold `part` of a text such as a query or a condition.
///
/// A block scalar's lines are indented and end as the file's lines do, so an offset into the value is
/// not an offset into the file. Where YAML changed more than that (folding, escapes, a fence that was
/// taken off), the answer is the whole text's place.
#[must_use]
pub fn place(text: &Located<String>, part: &Span) -> Span {
    find(text, part).unwrap_or_else(|| text.span.clone())
}

fn find(text: &Located<String>, part: &Span) -> Option<Span> {
    let start = offset(text, part.start)?;
    let last = text.value.get(part.clone())?.chars().next_back();
    let end = match last.map(char::len_utf8) {
        Some(length) => offset(text, part.end - length)? + length,
        None => start,
    };
    // YAML ends a block with a line end that the end of a file need not have.
    let limit = text.span.end;
    Some(start.min(limit)..end.max(start).min(limit))
}

fn offset(text: &Located<String>, at: usize) -> Option<usize> {
    let before = text.value.get(..at)?;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.value[line_start..].split('\n').next()?;
    let number = before.bytes().filter(|byte| *byte == b'\n').count();
    let written = text.source.text().get(text.span.clone())?;
    let mut from = text.span.start;
    for (index, source_line) in written.split_inclusive('\n').enumerate() {
        if index == number {
            return Some(from + source_line.find(line)? + (at - line_start));
        }
        from += source_line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::QuerySource;
    use super::super::item;
    use super::*;
    use crate::diag::Source;

    /// Places `part` of the query and gives the text found there.
    fn check(file: &str, part: &str, expect: &str) {
        let source = Arc::new(Source::new("x.yaml", file));
        let content = item::read(&source).content.expect("it loads");
        let QuerySource::Own(query) = &content.query else { panic!("{file}") };
        let start = query.value.find(part).expect("the query has the part");
        let span = place(query, &(start..start + part.len()));
        assert_eq!(&file[span], expect, "{file:?}");
    }

    #[test]
    fn parts_of_blocks_and_one_liners_are_found() {
        check("id: a\nname: b\nquery: |\n  T\n\n  | where x\n", "where", "where");
        check("id: a\r\nname: b\r\nquery: |\r\n    T  \r\n    | where x\r\n", "where", "where");
        check("id: a\nname: b\nquery: |\n  T // ä\n  | where ö == 1\n", "== 1", "== 1");
        check("id: a\nname: b\nquery: T | where x\n", "where", "where");
        check("id: a\nname: b\nquery: |\n  T | where x == “a”\n", "“", "“");
        check("id: a\nname: b\nquery: \"T | where x\"\n", "where", "where");
        check("id: a\nname: b\nquery: |\n  T\n  | where\n  x\n", "where\nx", "where\n  x");
        check("id: a\nname: b\nquery: |\n  T\n  | take 1", "1\n", "1");
    }

    #[test]
    fn what_yaml_changed_is_placed_as_a_whole() {
        check("id: a\nname: b\nquery: \"T\\n| where x\"\n", "where", "\"T\\n| where x\"");
    }
}
