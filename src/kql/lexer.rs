//! The lexer: any text in, tokens out. It is total (it never fails) and lossless (the tokens joined
//! are the text). It does not judge: an unterminated string is a token that says so.
//!
//! The lexical rules are those of Microsoft's own parser: normal strings end with their line, `@`
//! strings double their quotes, `h` marks an obfuscated string, three backticks or tildes span
//! lines, and a type name directly before `(` makes one token up to `)` or the end of the line.

use super::{Token, TokenKind};

const TYPED_LITERALS: [&str; 16] = [
    "bool", "boolean", "date", "datetime", "decimal", "double", "guid", "int", "int32", "int64",
    "long", "real", "time", "timespan", "uniqueid", "uuid",
];

const TWO_CHARACTERS: [&[u8; 2]; 10] =
    [b"..", b"<=", b">=", b"==", b"=>", b"=~", b"!=", b"!~", b"<|", b"<>"];

const ONE_CHARACTER: &[u8] = b"()[]{}|.+-*/%<>=!:;,@?~";

/// Whether the word makes one token with what stands in parentheses directly behind it.
pub(super) fn is_typed(word: &str) -> bool {
    TYPED_LITERALS.contains(&word)
}

/// Cuts a text into tokens.
#[must_use]
pub fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 4);
    let mut start = 0;
    while start < text.len() {
        let token = token(text, start);
        start = token.end;
        tokens.push(token);
    }
    tokens
}

fn token(text: &str, start: usize) -> Token {
    let bytes = text.as_bytes();
    let whole = |kind, end| Token { kind, start, end, terminated: true };
    if let Some(end) = blanks(text, start) {
        return whole(TokenKind::Blank, end);
    }
    match bytes[start] {
        b'/' if bytes.get(start + 1) == Some(&b'/') => {
            whole(TokenKind::Comment, line_end(text, start))
        }
        b'#' => whole(TokenKind::Directive, line_end(text, start)),
        first => {
            if let Some((end, terminated)) = string(text, start) {
                return Token { kind: TokenKind::Text, start, end, terminated };
            }
            if first.is_ascii_digit() {
                return whole(TokenKind::Number, number(bytes, start));
            }
            if first.is_ascii_alphabetic() || first == b'_' || first == b'$' {
                return word(text, start);
            }
            mark(text, start)
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\t' | ' '
            | '\r'
            | '\n'
            | '\u{b}'
            | '\u{c}'
            | '\u{85}'
            | '\u{a0}'
            | '\u{1680}'
            | '\u{180e}'
            | '\u{2000}'
            ..='\u{200b}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202f}'
                | '\u{205f}'
                | '\u{3000}'
                | '\u{feff}'
    )
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn blanks(text: &str, start: usize) -> Option<usize> {
    // Most blanks are ASCII; the others are looked for where a byte is not.
    let bytes = text.as_bytes();
    let mut end = start;
    while matches!(bytes.get(end), Some(b'\t'..=b'\r' | b' ')) {
        end += 1;
    }
    if bytes.get(end).is_some_and(|byte| !byte.is_ascii()) {
        end = text[end..].find(|c| !is_blank(c)).map_or(text.len(), |length| end + length);
    }
    (end > start).then_some(end)
}

fn line_end(text: &str, start: usize) -> usize {
    text[start..].find(is_line_end).map_or(text.len(), |length| start + length)
}

/// A string that begins here: its end, and whether it is closed.
fn string(text: &str, start: usize) -> Option<(usize, bool)> {
    let bytes = text.as_bytes();
    let mut at = start;
    if matches!(bytes[at], b'h' | b'H') {
        at += 1;
    }
    let verbatim = bytes.get(at) == Some(&b'@');
    if verbatim {
        at += 1;
    }
    match *bytes.get(at)? {
        quote @ (b'"' | b'\'') => Some(quoted(bytes, at + 1, quote, verbatim)),
        b'`' if bytes[at..].starts_with(b"```") => Some(fenced(text, at, "```")),
        b'~' if bytes[at..].starts_with(b"~~~") => Some(fenced(text, at, "~~~")),
        _ => None,
    }
}

fn fenced(text: &str, at: usize, fence: &str) -> (usize, bool) {
    match text[at + 3..].find(fence) {
        Some(length) => (at + 3 + length + 3, true),
        None => (text.len(), false),
    }
}

/// Only ASCII bytes are compared, so the end is always at a character's border.
fn quoted(bytes: &[u8], mut at: usize, quote: u8, verbatim: bool) -> (usize, bool) {
    loop {
        match bytes.get(at) {
            None | Some(b'\n' | b'\r') => return (at, false),
            Some(b'\\') if !verbatim => {
                let escaped = bytes.get(at + 1).filter(|byte| byte.is_ascii());
                at += if matches!(escaped, None | Some(b'\n' | b'\r')) { 1 } else { 2 };
            }
            Some(byte) if *byte == quote => {
                if !(verbatim && bytes.get(at + 1) == Some(&quote)) {
                    return (at + 1, true);
                }
                at += 2;
            }
            Some(_) => at += 1,
        }
    }
}

fn guid(bytes: &[u8], start: usize) -> Option<usize> {
    let candidate = bytes.get(start..start + 36)?;
    let fits = candidate.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    fits.then_some(start + 36)
}

fn number(bytes: &[u8], start: usize) -> usize {
    if let Some(end) = guid(bytes, start) {
        return end;
    }
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut at = digits(start);
    if bytes.get(at) == Some(&b'.') && fraction_follows(bytes, at) {
        at = digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
            at = digits(at + 1 + sign);
        }
    }
    // A unit (`5m`), the rest of `0x1f`, or of a name that begins with a digit.
    while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
        at += 1;
    }
    at
}

/// `1.5` and `1.` are numbers; `1..5` is a range and `1.a` an access.
fn fraction_follows(bytes: &[u8], point: usize) -> bool {
    match bytes.get(point + 1) {
        Some(b'.') => bytes.get(point + 2) == Some(&b'.'),
        Some(byte) => !(byte.is_ascii_alphabetic() || *byte == b'_'),
        None => true,
    }
}

fn word(text: &str, start: usize) -> Token {
    let bytes = text.as_bytes();
    let token = |kind, end, terminated| Token { kind, start, end, terminated };
    if let Some(end) = guid(bytes, start) {
        return token(TokenKind::Number, end, true);
    }
    let mut end = start + 1;
    while bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
        end += 1;
    }
    if bytes.get(end) != Some(&b'(') || !is_typed(&text[start..end]) {
        return token(TokenKind::Name, end, true);
    }
    let close = text[end..].find(|c| c == ')' || is_line_end(c)).map_or(text.len(), |n| end + n);
    match bytes.get(close) {
        Some(b')') => token(TokenKind::Literal, close + 1, true),
        _ => token(TokenKind::Literal, close, false),
    }
}

fn mark(text: &str, start: usize) -> Token {
    let bytes = text.as_bytes();
    let pair = bytes.get(start..start + 2);
    if pair.is_some_and(|pair| TWO_CHARACTERS.iter().any(|two| two.as_slice() == pair)) {
        return Token { kind: TokenKind::Punctuation, start, end: start + 2, terminated: true };
    }
    let kind = if ONE_CHARACTER.contains(&bytes[start]) {
        TokenKind::Punctuation
    } else {
        TokenKind::Unknown
    };
    let length = text[start..].chars().next().map_or(1, char::len_utf8);
    Token { kind, start, end: start + length, terminated: true }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<&str> = lex(text)
            .into_iter()
            .filter(|token| token.is_significant())
            .map(|token| &text[token.span()])
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn every_string_form_is_one_token() {
        check(r#"a=="x|;(" b"#, &["a", "==", r#""x|;(""#, "b"]);
        check(r#"@"c:\" d"#, &[r#"@"c:\""#, "d"]);
        check(r#"@'it''s' d"#, &["@'it''s'", "d"]);
        check(r#""a\"b" d"#, &[r#""a\"b""#, "d"]);
        check(r#"h"s" H@'t' d"#, &[r#"h"s""#, "H@'t'", "d"]);
        check("```a\n\"b\"``` c ~~~\nx~~~", &["```a\n\"b\"```", "c", "~~~\nx~~~"]);
        check("\"http://a\" // c \"", &["\"http://a\""]);
    }

    #[test]
    fn a_normal_string_ends_with_its_line() {
        let tokens = lex("\"abc\nd");
        assert!(!tokens[0].terminated);
        assert_eq!(tokens[0].end, 4);
        assert!(!lex("\"abc\\\nd")[0].terminated);
        assert!(!lex("datetime(2020\n)")[0].terminated);
    }

    #[test]
    fn typed_literals_ranges_and_numbers_are_told_apart() {
        check("datetime(2020-01-01 10:00) ", &["datetime(2020-01-01 10:00)"]);
        check("datetime (x)", &["datetime", "(", "x", ")"]);
        check("dynamic([1])", &["dynamic", "(", "[", "1", "]", ")"]);
        check("(1..5)", &["(", "1", "..", "5", ")"]);
        check("(a..b)", &["(", "a", "..", "b", ")"]);
        check("1.5h 1e3 0x1F 3CX", &["1.5h", "1e3", "0x1F", "3CX"]);
        check("a !in~ (b)", &["a", "!", "in", "~", "(", "b", ")"]);
        check(
            "abcdef01-1111-1111-1111-111111111111-1",
            &["abcdef01-1111-1111-1111-111111111111", "-", "1"],
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn tokens_joined_are_the_text(text in "(?s)([ -~\n\r\u{e9}\u{2028}]|\"|'|@|h|`{3}|~{3}|//|\\\\|datetime\\()*") {
            let mut at = 0;
            for token in lex(&text) {
                prop_assert_eq!(token.start, at);
                prop_assert!(token.end > at && text.is_char_boundary(token.end));
                at = token.end;
            }
            prop_assert_eq!(at, text.len());
        }

        #[test]
        fn any_characters_are_lexed(text in any::<String>()) {
            let joined: String = lex(&text).into_iter().map(|token| &text[token.span()]).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
