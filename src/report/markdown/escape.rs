//! Filters through which every value goes into a template.
//!
//! GitHub turns more than markdown into something else: `@name` notifies a person, `#1` links an
//! issue, a bare address becomes a link, `$…$` becomes mathematics. Characters that can mean
//! anything are written as numeric entities, which mean nothing in tables, summaries and paragraphs
//! alike; backslashes would not do inside a table or an HTML tag.

use crate::report::escape;

/// A name or an id: one line, in a `<code>` element, where GitHub links and notifies nobody.
pub(super) fn code(text: &str) -> String {
    match text {
        "" => "<i>empty</i>".to_owned(),
        text => format!("<code>{}</code>", entities(&escape::visible(text))),
    }
}

/// A sentence that may quote other people's words: one line, no link, no notification.
pub(super) fn prose(text: &str) -> String {
    entities(&escape::visible(text))
        .replace("&#64;", "&#64;&#8203;")
        .replace("&#35;", "&#35;&#8203;")
}

/// Workspaces, the first of them by name.
pub(super) fn places(number: usize, named: &str, more: usize) -> String {
    let named = code(named);
    match (number, more) {
        (0 | 1, _) => named,
        (_, 0) => format!("{number} workspaces ({named})"),
        (_, more) => format!("{number} workspaces ({named} and {more} more)"),
    }
}

/// The lines of a diff in a block whose fence is longer than any within. The text is visible already.
pub(super) fn fence(lines: &str) -> String {
    let longest = lines.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{}\n{fence}", lines.trim_end_matches('\n'))
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~'
            | '@' | '&' | '$' | '"' | '\'' | '^' => {
                out += &format!("&#{};", u32::from(character));
            }
            plain => out.push(plain),
        }
    }
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_becomes_an_entity() {
        assert_eq!(code("a|b`<x>\n"), "<code>a&#124;b&#96;&#60;x&#62;&#92;n</code>");
        assert_eq!(code("e483619f-5356"), "<code>e483619f-5356</code>");
        assert_eq!(code("http://a"), "<code>http&#58;//a</code>");
        assert_eq!(code(""), "<i>empty</i>");
        assert_eq!(
            prose("ask @me at www.x.example, #1"),
            "ask &#64;&#8203;me at www&#46;x.example, &#35;&#8203;1"
        );
    }

    #[test]
    fn a_fence_is_longer_than_any_within() {
        assert_eq!(fence("+a\n"), "```diff\n+a\n```");
        assert_eq!(fence(" ````\n+a"), "`````diff\n ````\n+a\n`````");
    }

    proptest::proptest! {
        #[test]
        fn no_value_ends_its_line_or_starts_a_tag(text in ".*|[`<>|@#\\\\\n\r]*") {
            for shown in [prose(&text), code(&text).replace("<code>", "").replace("</code>", "")] {
                let shown = shown.replace("<i>empty</i>", "");
                proptest::prop_assert!(!shown.contains(['\n', '\r', '<', '>', '|', '`', '@']));
            }
        }
    }
}
