//! What was probably meant where a condition cannot be read: habits of other languages, of editors
//! and of YAML.

use super::PredicateError;
use super::expression::WORDS;
use crate::kql::Query;

/// The error with a way on, if there is a better one than to write a condition.
pub(super) fn helped(error: PredicateError, help: Option<String>) -> PredicateError {
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

/// What to write instead of the token at which reading stopped.
pub(super) fn at(query: &Query<'_>, at: usize) -> Option<String> {
    let word = query.word(at);
    let doubled = query.is(at + 1, word);
    let before = at.checked_sub(1).map_or("", |before| query.word(before));
    let help = match word {
        "=" => "write `==` to compare, or `=~` where case does not matter",
        "&" => "write `and`",
        "|" if doubled => "write `or`",
        "!" => "write `not(…)` around what is negated",
        "|" => "a condition has no stages: write only what stands behind `where`",
        ";" => "a condition is one expression: write values where they are used",
        "," => "write several values as a list: `column in (\"a\", \"b\")`",
        ")" if before == "(" => "name a value in the list",
        "*" => "write `startswith`, `endswith` or `contains`: nothing stands for any text",
        "“" | "”" | "„" | "«" | "»" | "‘" | "’" | "‚" => {
            "write straight quotes: an editor has made them curly"
        }
        _ if before == "where" => "leave `where` out: write only what stands behind it",
        _ if before == "let" => "a condition has no `let`: write the value where it is used",
        _ => return operator(word),
    };
    Some(help.to_owned())
}

/// `CONTAINS` is no operator, `contains` is.
fn operator(word: &str) -> Option<String> {
    let small = word.to_ascii_lowercase();
    let known = WORDS.contains(&small.as_str()) || matches!(small.as_str(), "and" | "or" | "not");
    (known && small != word).then(|| format!("write `{small}`: operators are in lower case"))
}

/// What to do about a bracket or a quote without its other half.
pub(super) fn of_fault(part: &str) -> Option<String> {
    let opens_text = part.trim_start_matches(['h', 'H', '@']).starts_with(['"', '\'']);
    let help = if opens_text {
        "close the quotes; if they are closed in the file, ` #` began a comment of YAML: put the \
         condition into a `|` block"
    } else {
        "write the other bracket, or take this one out"
    };
    Some(help.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::kql::{EcsMap, Polarity, Rows, Schema, Scope, resolve};

    /// What is underlined, and a part of the help.
    #[track_caller]
    fn check(text: &str, part: &str, help: &str) {
        let (ecs, rows) = (EcsMap::builtin(), Rows::default());
        let table = "DeviceNetworkEvents";
        let scope = Scope { table, schema: Schema::builtin(), ecs: &ecs, rows: &rows };
        let errors = resolve(text, Polarity::When, scope).expect_err(text);
        let error = &errors[0];
        assert_eq!(error.code.as_str(), "exclusion-predicate-unreadable", "{text}");
        assert_eq!(&text[error.span.clone()], part, "{text}");
        let said = error.help.as_deref().unwrap_or("");
        assert!(said.contains(help), "{text}: {said}");
    }

    #[test]
    fn habits_of_other_languages_have_a_way_on() {
        check("DeviceName = 'a'", "=", "`==`");
        check("DeviceName == 'a' && RemotePort == 1", "&", "`and`");
        check("DeviceName == 'a' || RemotePort == 1", "|", "`or`");
        check("!(DeviceName == 'a')", "!", "`not(…)`");
        check("where DeviceName == 'a'", "DeviceName", "leave `where` out");
        check("| where DeviceName == 'a'", "|", "behind `where`");
        check("DeviceName == 'a' | take 1", "|", "no stages");
        check("let x = 'a'; DeviceName == x", "x", "no `let`");
        check("DeviceName == 'a';", ";", "one expression");
        check("DeviceName == 'a', 'b'", ",", "as a list");
        check("DeviceName in ()", ")", "name a value");
        check("DeviceName == *", "*", "`startswith`");
        check("DeviceName CONTAINS 'a'", "CONTAINS", "`contains`");
        check("DeviceName IN ('a')", "IN", "`in`");
    }

    #[test]
    fn what_an_editor_or_yaml_does_has_a_way_on() {
        check("DeviceName == “a”", "“", "straight quotes");
        check("DeviceName == ‘a’", "‘", "straight quotes");
        check("DeviceName == \"a", "\"a", "` #`");
        check("(DeviceName == 'a'", "(", "other bracket");
        check("DeviceName == 'a')", ")", "other bracket");
    }
}
