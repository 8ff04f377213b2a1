//! Text of other people made harmless and visible.
//!
//! Live values are written by anyone with a portal account. A terminal must not be painted by them,
//! and two values that differ must not look alike: control characters, escape sequences, characters
//! that change the direction of text and characters without width are shown as `\u{…}`. A pipeline
//! must not be commanded by them either.

use serde_json::Value;

/// One line of text; line ends and tabs are shown as `\n`, `\r` and `\t`.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        push_visible(&mut out, character);
    }
    out
}

/// One line of a longer text, as in a diff: tabs stay, since KQL is indented with them.
pub(super) fn visible_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '\t' => out.push('\t'),
            other => push_visible(&mut out, other),
        }
    }
    out
}

/// Several lines of text.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible_line).collect::<Vec<_>>().join("\n")
}

/// A whole report as a build's log may have it.
///
/// The runners of GitHub and of Azure Pipelines read what a job prints: a line that begins with `::`
/// behind blanks, and `##[` or `##vso[` anywhere, are commands to them, which hide text, stop the log
/// or set variables. Whoever names a rule in the portal must not give commands to a pipeline.
#[must_use]
pub fn inert(text: &str) -> String {
    text.split('\n').map(inert_line).collect::<Vec<_>>().join("\n")
}

fn inert_line(line: &str) -> String {
    let line = with_marks(line, "\\u{23}");
    let start = line.len() - line.trim_start().len();
    match line[start..].strip_prefix("::") {
        Some(rest) => format!("{}\\u{{3a}}:{rest}", &line[..start]),
        None => line,
    }
}

/// The text with the first character of every `##[` and `##vso[` written as `escaped`.
pub(super) fn with_marks(text: &str, escaped: &str) -> String {
    let begins = |rest: &str, mark: &str| {
        rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark))
    };
    let mut out = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        match begins(rest, "##[") || begins(rest, "##vso[") {
            true => out += escaped,
            false => out.push(character),
        }
    }
    out
}

/// A value on one line: texts quoted, `nothing` for null, the rest as compact JSON.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => quoted(text),
        other => visible(&other.to_string()),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            other => push_visible(&mut out, other),
        }
    }
    out.push('"');
    out
}

fn push_visible(out: &mut String, character: char) {
    match character {
        '\n' => *out += "\\n",
        '\r' => *out += "\\r",
        '\t' => *out += "\\t",
        hidden if is_hidden(hidden) => *out += &hidden.escape_unicode().to_string(),
        plain => out.push(plain),
    }
}

/// Whether a character paints, moves or vanishes instead of being seen.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_paints_or_hides_is_shown() {
        let check = |text: &str, expect: &str| assert_eq!(visible(text), expect);
        check("plain – Ünïcode 日本", "plain – Ünïcode 日本");
        check("\u{1b}[32mgreen", "\\u{1b}[32mgreen");
        check("\u{9b}2J", "\\u{9b}2J");
        check("a\r\nb\tc", "a\\r\\nb\\tc");
        check("user\u{202e}nimda", "user\\u{202e}nimda");
        check("Hi\u{200b}gh", "Hi\\u{200b}gh");
        assert_eq!(visible_line("\twhere x\u{7}"), "\twhere x\\u{7}");
    }

    #[test]
    fn values_are_told_apart() {
        let check = |from: Value, expect: &str| assert_eq!(value(&from), expect);
        check(Value::Null, "nothing");
        check(json!("nothing"), "\"nothing\"");
        check(json!("a\"b\\c\n"), r#""a\"b\\c\n""#);
        check(json!(true), "true");
        check(json!(["\u{1b}", 1]), "[\"\\u001b\",1]");
    }

    #[test]
    fn no_line_of_a_report_is_a_command_to_a_pipeline() {
        let check = |text: &str, expect: &str| assert_eq!(inert(text), expect);
        check("::add-mask::x", "\\u{3a}:add-mask::x");
        check("a\n \t\u{a0}::stop-commands::x\n", "a\n \t\u{a0}\\u{3a}:stop-commands::x\n");
        check("name ##[error]x", "name \\u{23}#[error]x");
        check("###[error]x ##VSO[task.x]", "#\\u{23}#[error]x \\u{23}#VSO[task.x]");
        check("+::x a::b # ## [x] [##]", "+::x a::b # ## [x] [##]");
        check("", "");
    }

    proptest::proptest! {
        #[test]
        fn nothing_commands_a_pipeline(text in "[ :#\\[vso\n\u{a0}x]*") {
            let shown = inert(&text);
            let commands = |line: &str| line.trim_start().starts_with("::")
                || line.contains("##[") || line.contains("##vso[");
            proptest::prop_assert!(!shown.lines().any(commands), "{}", shown);
        }

        #[test]
        fn nothing_hidden_gets_through(text in "\\PC*|.*") {
            let shown = visible(&text);
            proptest::prop_assert!(!shown.chars().any(is_hidden));
        }
    }
}
