//! What the service's own parser refuses in a condition, though its meaning can be guessed.
//!
//! The reader of expressions is lenient, for it also reads queries that somebody else wrote. In an
//! exclusion, leniency would deploy a query that does not run: a detection gone quiet.

use super::PredicateError;
use super::error::UNREADABLE;
use super::expression::{Expression, Shape};
use crate::kql::lexer::is_typed;
use crate::kql::value::{guid, unquote};
use crate::kql::{Query, TokenKind};

/// The operators that may have a `!` before them.
const NEGATED: [&str; 14] = [
    "has",
    "has_cs",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
    "contains",
    "contains_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "in",
    "between",
];

/// The literals that the lexer knows and the parser refuses, and what they are called instead.
const REFUSED: [(&str, &str); 3] = [("boolean", "bool"), ("uniqueid", "guid"), ("uuid", "guid")];

/// Functions that every condition may call, and how many arguments each takes.
const FUNCTIONS: [(&str, usize); 12] = [
    ("ipv4_is_in_range", 2),
    ("ipv4_is_private", 1),
    ("isempty", 1),
    ("isnotempty", 1),
    ("isnotnull", 1),
    ("isnull", 1),
    ("not", 1),
    ("notempty", 1),
    ("notnull", 1),
    ("strlen", 1),
    ("tolower", 1),
    ("toupper", 1),
];

/// Every mistake of spelling in a condition.
pub(super) fn mistakes(query: &Query<'_>, expression: &Expression) -> Vec<PredicateError> {
    let mut errors = Vec::new();
    for index in 0..query.tokens().len() {
        errors.extend(token(query, index));
    }
    operators(query, expression, &mut errors);
    errors
}

fn token(query: &Query<'_>, index: usize) -> Option<PredicateError> {
    let word = query.word(index);
    let adjacent = |left: usize| {
        query.tokens().get(left).map(|token| token.end)
            == query.tokens().get(left + 1).map(|token| token.start)
    };
    let wrong = |message: String, help: &str| {
        let span = query.tokens()[index].span();
        Some(PredicateError::new(UNREADABLE, message, span).help(help))
    };
    if query.kind(index) == Some(TokenKind::Text) && unquote(word).is_none() {
        let message = format!("{word} has a backslash that escapes nothing");
        return wrong(message, "double the backslash, or write the string as `@\"…\"`");
    }
    match query.kind(index) {
        Some(TokenKind::Number) if word.len() == 36 && guid(word).is_some() => {
            let help = format!("write `guid({word})`");
            return wrong("KQL takes no bare GUID here".to_owned(), &help);
        }
        Some(TokenKind::Literal) => {
            let (kind, rest) = word.split_once('(').unwrap_or((word, ""));
            if let Some((_, taken)) = REFUSED.iter().find(|(refused, _)| *refused == kind) {
                let message = format!("KQL has no literal `{kind}(…)`");
                return wrong(message, &format!("write `{taken}({rest}`"));
            }
        }
        Some(TokenKind::Name) if query.is(index + 1, "(") && is_typed(word) => {
            let message = format!("`{word}` and its `(` belong together");
            return wrong(message, &format!("write `{word}(…)` without a blank"));
        }
        _ => {}
    }
    if query.is(index, "!") {
        let operator = query.word(index + 1);
        if !(adjacent(index) && NEGATED.contains(&operator)) {
            let message = format!("KQL has no operator `!{operator}` that is written like this");
            return wrong(message, "write `not(…)` around the comparison");
        }
    }
    if query.is(index, "~") {
        let before = index.checked_sub(1).filter(|before| query.word(*before) == "in");
        if !before.is_some_and(adjacent) {
            return wrong("`~` does not belong here".to_owned(), "write `in~` without a blank");
        }
    }
    let sign = |at: usize| query.is(at, "-") || query.is(at, "+");
    if sign(index) && sign(index + 1) {
        let value_before = index.checked_sub(1).is_some_and(|before| {
            query.is(before, ")")
                || query.is(before, "]")
                || !matches!(query.kind(before), None | Some(TokenKind::Punctuation))
        });
        if !value_before || sign(index + 2) {
            return wrong("KQL takes one sign only".to_owned(), "leave the other signs out");
        }
    }
    None
}

fn operators(query: &Query<'_>, expression: &Expression, errors: &mut Vec<PredicateError>) {
    if let Shape::Binary { operator, left, right } = &expression.shape {
        let mut wrong = |message: String, help: &str| {
            let span = query.span(&expression.tokens);
            errors.push(PredicateError::new(UNREADABLE, message, span).help(help));
        };
        let bare = operator.trim_start_matches('!').trim_end_matches('~');
        if matches!(bare, "in" | "has_any" | "has_all") && !query.is(right.tokens.start, "(") {
            let message = format!("`{operator}` needs a list in parentheses");
            wrong(message, "write `(…)` around what stands behind it");
        }
        if bare == "matches" && query.word(right.tokens.start - 1) != "regex" {
            wrong("KQL has no operator `matches`".to_owned(), "write `matches regex`");
        }
        let in_brackets = query.is(left.tokens.start, "(")
            && query.closing(left.tokens.start) == Some(left.tokens.end - 1);
        if matches!(left.shape, Shape::Binary { .. }) && !in_brackets {
            let message = "it is not certain which of these comparisons is compared with the other";
            wrong(message.to_owned(), "write parentheses around one, or `and` between them");
        }
    }
    errors.extend(call(query, expression));
    for part in expression.parts() {
        operators(query, part, errors);
    }
}

/// A function that is spelt or called otherwise than the one that must have been meant.
fn call(query: &Query<'_>, expression: &Expression) -> Option<PredicateError> {
    let Shape::Call { name, arguments } = &expression.shape else { return None };
    let lower = name.to_ascii_lowercase();
    let (known, count) = FUNCTIONS.iter().find(|(known, _)| *known == lower)?;
    let span = query.span(&expression.tokens);
    let wrong = |message: String, help: String| {
        Some(PredicateError::new(UNREADABLE, message, span).help(help))
    };
    if known != name {
        return wrong(format!("KQL has no function `{name}`"), format!("write `{known}(…)`"));
    }
    if arguments.len() != *count {
        let message = format!("`{known}` takes {count} and not {} arguments", arguments.len());
        return wrong(message, format!("give `{known}` what it takes"));
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::kql::{EcsMap, Polarity, Rows, Schema, Scope, resolve};

    fn codes(text: &str) -> Vec<&'static str> {
        let (ecs, rows) = (EcsMap::builtin(), Rows::default());
        let table = "DeviceNetworkEvents";
        let scope = Scope { table, schema: Schema::builtin(), ecs: &ecs, rows: &rows };
        let errors = resolve(text, Polarity::When, scope).err().unwrap_or_default();
        errors.iter().map(|error| error.code.as_str()).collect()
    }

    #[test]
    fn what_the_service_cannot_read_is_never_compiled() {
        for text in [
            r#"InitiatingProcessFolderPath has "C:\Windows\System32""#,
            r#"RemoteUrl has "a\/b""#,
            r#"RemoteUrl in ((T | where a == "\s" | project b))"#,
            "RemoteUrl !has_any ('a', 'b')",
            "RemoteUrl !has_all ('a', 'b')",
            "RemoteUrl !matches regex 'a'",
            "RemoteUrl matches 'a'",
            "RemoteUrl !like 'a'",
            "RemoteUrl ! has 'a'",
            "RemoteUrl ! in ('a')",
            "RemoteUrl in ~ ('a')",
            "RemoteUrl in 'a'",
            "RemoteUrl has_any 'a'",
            "RemoteUrl in RemoteIP",
            "RemotePort == 1 == true",
            "1 < RemotePort < 5",
            "RemoteUrl has 'a' == true",
            "not(RemoteUrl has 'a' has 'b')",
            "RemotePort == --1",
            "InitiatingProcessUniqueId == 74be27de-1e4e-49d9-b579-fe0b331d3642",
            "RemoteUrl == '' or DeviceId == uuid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
            "Timestamp > datetime (2026-01-01)",
            "IsInitiatingProcessRemoteSession == boolean(1)",
            "IsEmpty(RemoteUrl)",
            "not(RemoteUrl has 'a', RemoteUrl has 'b')",
            "tolower() == 'a'",
            "ipv4_is_in_range(RemoteIP)",
            "ipv4_is_private(RemoteIP, RemotePort)",
            "RemotePort - - -1 == 0",
        ] {
            let found = codes(text);
            assert!(!found.is_empty(), "{text}");
            assert!(found.iter().all(|code| *code == "exclusion-predicate-unreadable"), "{text}");
        }
    }

    #[test]
    fn what_the_service_reads_is_read() {
        for text in [
            r#"InitiatingProcessFolderPath has @"C:\Windows\System32""#,
            r#"InitiatingProcessFolderPath has "C:\\Windows\\System32" or RemoteUrl has '\a\u0041\v'"#,
            "RemoteUrl !in~ ('a') and RemoteUrl !has_cs 'a' and RemotePort !between (1 .. 2)",
            "RemoteUrl matches   regex 'a' or RemoteUrl has_any (dynamic(['a']))",
            "(RemoteUrl has 'a') == true",
            "RemotePort - -1 == 0 and (RemotePort) - -1 == -(-1)",
            "RemoteUrl in ((T | project b))",
            "RemoteUrl == 'True' or IsInitiatingProcessRemoteSession == True or FALSE",
            "NOT(RemoteUrl has 'a') and isempty (RemoteUrl)",
        ] {
            assert_eq!(codes(text), [""; 0], "{text}");
        }
    }
}
