//! A request as the emulator sees it, free of HTTP's types.

use serde_json::Value;

use super::refusal::Refusal;

/// The header by which a test or the portal user says who it is.
pub const ACTOR_HEADER: &str = "x-sentinelops-actor";

/// One request.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// In upper case.
    pub(super) method: String,
    /// Percent-encoded, as it came.
    pub(super) path: String,
    /// Without the question mark.
    pub(super) query: String,
    /// The `Host` header: links in answers lead back to it.
    pub(super) host: String,
    pub(super) authorization: Option<String>,
    /// `X-IDENTITY-HEADER`, by which a machine's own requests are known.
    pub(super) identity_header: Option<String>,
    pub(super) if_match: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) client_request_id: Option<String>,
    /// The actor header, else the user agent.
    pub(super) actor: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A query parameter, decoded; its name in any case.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.query, name)
    }

    /// Path and query.
    pub(super) fn target(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, self.query)
    }

    /// The body as a JSON object.
    pub(super) fn object(&self) -> Result<Value, Refusal> {
        let value: Value = serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::unreadable(&error.to_string()))?;
        if value.is_object() { Ok(value) } else { Err(Refusal::unreadable("it is not an object")) }
    }

    /// Refuses a path or query that has what must be percent-encoded, and a body that is no JSON by its
    /// header, as the front door of Azure Resource Manager does.
    pub(super) fn is_well_formed(&self) -> Result<(), Refusal> {
        if let Some(stray) = stray(&self.path).or_else(|| stray(&self.query)) {
            let text = format!("The request URI is invalid: '{stray}' must be percent-encoded.");
            return Err(Refusal::new(400, "InvalidRequestUri", text));
        }
        let given = self.content_type.as_deref().unwrap_or_default();
        let media_type = given.split(';').next().unwrap_or_default().trim();
        let has_content = !self.body.is_empty() || !given.is_empty();
        if has_content && !media_type.eq_ignore_ascii_case("application/json") {
            let text = format!(
                "The content media type '{given}' is not supported. Only 'application/json' is supported."
            );
            return Err(Refusal::new(415, "UnsupportedMediaType", text));
        }
        Ok(())
    }

    pub(super) fn changes_something(&self) -> bool {
        matches!(self.method.as_str(), "PUT" | "PATCH" | "DELETE" | "POST")
    }
}

/// What RFC 3986 lets stand neither in a path nor in a query.
fn stray(text: &str) -> Option<char> {
    let mut letters = text.char_indices();
    let stray = letters.find(|(at, letter)| match letter {
        '%' => {
            let digits = text.as_bytes().get(at + 1..at + 3);
            !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        }
        letter => !letter.is_ascii_alphanumeric() && !"-._~!$&'()*+,;=:@/?".contains(*letter),
    });
    stray.map(|(_, letter)| letter)
}

/// A value of `name=value&…`, decoded; its name in any case.
pub(super) fn parameter(pairs: &str, name: &str) -> Option<String> {
    let mut pairs = pairs.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(key, _)| decoded(key).eq_ignore_ascii_case(name))?;
    Some(decoded(&value.replace('+', " ")))
}

/// Percent-decoded; what is not valid UTF-8 becomes U+FFFD.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_named_in_any_case() {
        let query = "API-version=2023-09-01&%24filter=a+eq+%27b%26c%27&empty".to_owned();
        let request = Request { query, ..Request::default() };
        assert_eq!(request.parameter("api-version").as_deref(), Some("2023-09-01"));
        assert_eq!(request.parameter("$filter").as_deref(), Some("a eq 'b&c'"));
        assert_eq!(request.parameter("empty").as_deref(), Some(""));
        assert_eq!(request.parameter("$top"), None);
    }

    #[test]
    fn what_must_be_encoded_is_refused_as_it_stands() {
        for (text, expect) in [
            ("/a-b._~/(c),d;e=f:g@h/%7C?x=$y&z='1'+2!*", None),
            ("/a|b", Some('|')),
            ("/a\"b", Some('"')),
            ("/100%", Some('%')),
            ("/%7x", Some('%')),
            ("/straße", Some('ß')),
        ] {
            assert_eq!(stray(text), expect, "{text}");
        }
    }

    #[test]
    fn a_body_must_say_that_it_is_json() {
        let check = |content_type: Option<&str>, body: &str, expect: &str| {
            let content_type = content_type.map(str::to_owned);
            let request = Request { content_type, body: body.into(), ..Request::default() };
            let text = request.is_well_formed().err().map_or("fine".into(), |refusal| {
                assert_eq!((refusal.status, refusal.code), (415, "UnsupportedMediaType"));
                refusal.message
            });
            assert_eq!(text, expect);
        };
        check(None, "", "fine");
        check(Some("Application/JSON; charset=utf-8"), "{}", "fine");
        let text = |given| {
            format!(
                "The content media type '{given}' is not supported. Only 'application/json' is supported."
            )
        };
        check(None, "{}", &text(""));
        check(Some("text/plain"), "{}", &text("text/plain"));
        check(
            Some("application/x-www-form-urlencoded"),
            "",
            &text("application/x-www-form-urlencoded"),
        );
    }

    #[test]
    fn a_stray_percent_sign_stays() {
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%7C%zz%2"), "|%zz%2");
    }

    #[test]
    fn a_body_must_be_a_json_object() {
        for body in ["", "{", "[]", "1"] {
            let request = Request { body: body.into(), ..Request::default() };
            assert_eq!(request.object().unwrap_err().code, "InvalidRequestContent", "{body}");
        }
    }
}
