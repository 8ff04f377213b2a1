//! Reports for machines: one document per format name, keys and entries in a stable order.
//!
//! Values are whole and as they are on the wire. Every document carries `format`, and a new
//! version of it has a new name there.

mod diagnostics;
mod entry;
mod exclusion_tests;
mod jobs;
mod outcome;
mod plan;

pub use diagnostics::diagnostics;
pub use exclusion_tests::exclusion_tests;
pub use jobs::jobs;
pub use outcome::outcome;
pub use plan::{drift, judged_plan, plan};

use serde_json::Value;

use super::escape;

/// The document as text, indented, with a line end.
///
/// JSON itself escapes only some of the characters that can paint a terminal; here the others are
/// escaped too, and what commands a pipeline. The value stays the same.
#[must_use]
pub fn to_text(document: &Value) -> String {
    let plain = escape::with_marks(&format!("{document:#}\n"), "\\u0023");
    if !plain.chars().any(|character| character != '\n' && escape::is_hidden(character)) {
        return plain;
    }
    let mut out = String::with_capacity(plain.len());
    for character in plain.chars() {
        if character != '\n' && escape::is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out += &format!("\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_stay_the_same_value() {
        let document = json!({"name": "a\u{9b}31m\u{202e}b\u{e0041}\n", "n": 1.0});
        let text = to_text(&document);
        assert!(text.contains("a\\u009b31m\\u202eb\\udb40\\udc41\\n"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
    }

    #[test]
    fn what_commands_a_pipeline_is_escaped_and_stays_the_same_value() {
        let document = json!({"##[a]": "::b\n::c ##vso[d]", "list": ["::e"]});
        let text = to_text(&document);
        assert!(!text.contains("##"), "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
    }
}
