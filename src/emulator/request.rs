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
        let refused = |why: String| {
            let text =
                format!("The request content was invalid and could not be deserialized: '{why}'.");
            Refusal::new(400, "InvalidRequestContent", text)
        };
        let value: Value =
            serde_json::from_slice(&self.body).map_err(|error| refused(error.to_string()))?;
        if value.is_object() { Ok(value) } else { Err(refused("it is not an object".into())) }
    }

    pub(super) fn changes_something(&self) -> bool {
        matches!(self.method.as_str(), "PUT" | "PATCH" | "DELETE" | "POST")
    }
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
