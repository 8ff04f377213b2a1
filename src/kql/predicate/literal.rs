//! Constants in an exclusion that can be read and cannot mean what was meant.
//!
//! The service takes them, or refuses the whole query for them; either way nobody gets the exclusion
//! that was written. A query of somebody else is never judged by this.

use super::error::UNREADABLE;
use super::expression::{Expression, Shape};
use super::{Pattern, PredicateError};
use crate::kql::{Query, TokenKind, Value, term};

/// Every constant of a condition that is a slip.
pub(super) fn mistakes(query: &Query<'_>, expression: &Expression) -> Vec<PredicateError> {
    let tokens = 0..query.tokens().len();
    let mut errors: Vec<PredicateError> = tokens.filter_map(|at| escape(query, at)).collect();
    constants(query, expression, &mut errors);
    errors.sort_by_key(|error| error.span.start);
    errors
}

/// `"\temp\notepad.exe"` begins with a tab: a path in a string that is not verbatim.
///
/// A line end or a tab before a letter is what such a path looks like, and so is a character by an
/// octal or short number: `"C:\2024"`. Where one is meant, it can be written as `\u0009`.
fn escape(query: &Query<'_>, at: usize) -> Option<PredicateError> {
    let token = query.tokens().get(at).filter(|token| token.kind == TokenKind::Text)?;
    let mut rest = query.word(at).trim_start_matches(['h', 'H']).strip_prefix(['"', '\''])?;
    while let Some(found) = rest.find('\\') {
        let mut behind = rest[found + 1..].chars();
        let letter = behind.next()?;
        rest = behind.as_str();
        let in_word = rest.starts_with(|next: char| next.is_alphanumeric());
        let what = match letter {
            'n' | 'r' if in_word => Some("the end of a line"),
            't' if in_word => Some("a tab"),
            'a' | 'b' | 'f' | 'v' if in_word => Some("a control character"),
            'x' | '0'..='7' => Some("a character by its number"),
            _ => None,
        };
        if let Some(what) = what {
            let message = format!("`\\{letter}` in this string is {what}, not a part of a path");
            let help = "double the backslash or write the string as `@\"…\"`; where the character \
                        is meant, write its number, such as `\\u0009`";
            return Some(PredicateError::new(UNREADABLE, message, token.span()).help(help));
        }
    }
    None
}

fn constants(query: &Query<'_>, expression: &Expression, errors: &mut Vec<PredicateError>) {
    let mut wrong = |at: &Expression, message: String, help: &str| {
        let span = query.span(&at.tokens);
        errors.push(PredicateError::new(UNREADABLE, message, span).help(help));
    };
    match &expression.shape {
        Shape::Binary { operator, right, .. } if operator == "matches" => {
            if let Some((text, fault)) =
                text(right).and_then(|t| Some((t, Pattern::new(t).fault()?)))
            {
                let help =
                    "mend the pattern; a backslash of it is doubled, or the string is `@\"…\"`";
                wrong(right, format!("`{text}` is no regular expression: {fault}"), help);
            }
        }
        Shape::Call { name, arguments } if name == "ipv4_is_in_range" => {
            if let [_, range] = arguments.as_slice()
                && let Some(text) = text(range).filter(|text| !term::is_range(text))
            {
                let help = "write four numbers and a length from 0 to 32: `10.0.0.0/8`; IPv6 has \
                            `ipv6_is_in_range`";
                wrong(range, format!("`{text}` is no range of IPv4 addresses"), help);
            }
        }
        _ => {}
    }
    for part in expression.parts() {
        constants(query, part, errors);
    }
}

fn text(expression: &Expression) -> Option<&str> {
    match &expression.shape {
        Shape::Value(Value::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::kql::{EcsMap, Polarity, Rows, Schema, Scope, resolve};

    #[track_caller]
    fn check(text: &str, part: &str, message: &str) {
        let (ecs, rows) = (EcsMap::builtin(), Rows::default());
        let table = "DeviceNetworkEvents";
        let scope = Scope { table, schema: Schema::builtin(), ecs: &ecs, rows: &rows };
        let errors = resolve(text, Polarity::When, scope).err().unwrap_or_default();
        let found = errors.first().map_or(("", ""), |e| (&text[e.span.clone()], &e.message));
        assert_eq!(found.0, part, "{text}: {found:?}");
        assert!(found.1.contains(message), "{text}: {found:?}");
    }

    #[test]
    fn a_path_in_a_string_with_escapes_is_a_slip() {
        let path = r#""C:\temp\run.exe""#;
        check(
            &format!("FolderPath =~ {path}").replace("Folder", "InitiatingProcessFolder"),
            path,
            "tab",
        );
        check(r"RemoteUrl endswith '\notepad.exe'", r"'\notepad.exe'", "end of a line");
        check(r"RemoteUrl has h'C:\2024'", r"h'C:\2024'", "number");
        check(r"RemoteUrl in ('a', 'x\appdata')", r"'x\appdata'", "control character");
        check(
            r"RemoteUrl has 'a\\temp' or RemoteUrl has @'\temp' or RemoteUrl has 'a\tb\n'",
            r"'a\tb\n'",
            "tab",
        );
        for fine in [r"RemoteUrl has 'a\n'", r"RemoteUrl has 'a\t b'", r"RemoteUrl has 'a\u0009b'"]
        {
            check(fine, "", "");
        }
    }

    #[test]
    fn a_pattern_that_does_not_compile_is_refused() {
        check("RemoteUrl matches regex 'srv-['", "'srv-['", "unclosed character class");
        check("RemoteUrl matches regex '*'", "'*'", "repetition operator");
        check("RemoteUrl matches regex '(?=x)y'", "'(?=x)y'", "look-around");
        check("not(RemoteUrl matches regex '(a' or RemotePort == 1)", "'(a'", "unclosed group");
        check(r"RemoteUrl matches regex @'^srv-\d+$'", "", "");
    }

    #[test]
    fn what_is_no_range_of_addresses_is_refused() {
        let range = |text: &str| format!("ipv4_is_in_range(RemoteIP, '{text}')");
        for wrong in [
            "10.0.0.0/33",
            "fe80::/10",
            "10.0.0/8",
            "10.0.0.0/-1",
            "10.0.0.*",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "",
        ] {
            check(&range(wrong), &format!("'{wrong}'"), "no range of IPv4");
        }
        for fine in ["10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0"] {
            check(&range(fine), "", "");
        }
    }
}
