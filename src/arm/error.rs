//! ARM's error bodies.

use serde_json::Value;

/// How the id of a request is put behind its error.
const REQUEST: &str = " (request ";

/// What was said of an error without the ids of its requests, which are others in every answer: so that the
/// same error in many workspaces is seen to be the same.
#[must_use]
pub fn without_requests(text: &str) -> String {
    let mut parts = text.split(REQUEST);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((id, rest)) if !id.is_empty() && !id.contains(char::is_whitespace) => out += rest,
            _ => {
                out += REQUEST;
                out += part;
            }
        }
    }
    out
}

/// An error answer: `{"error": {"code", "message"}}` and what came with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}{}", .request_id.as_ref().map(|id| format!("{REQUEST}{id})")).unwrap_or_default())]
pub struct ArmError {
    /// The HTTP status.
    pub status: u16,
    /// ARM's code, such as `AuthorizationFailed`; empty when the body had none.
    pub code: String,
    /// ARM's message; the beginning of the body when it was no ARM error.
    pub message: String,
    /// `x-ms-request-id`, which Microsoft's support asks for.
    pub request_id: Option<String>,
}

impl ArmError {
    /// Reads an error body. Inner errors of known wrappers are not unfolded; ARM's top code decides.
    #[must_use]
    pub fn read(status: u16, body: &[u8], request_id: Option<String>) -> Self {
        let parsed: Option<Value> = serde_json::from_slice(body).ok();
        let error = parsed.as_ref().map(|value| value.get("error").unwrap_or(value));
        let text = |key: &str| error.and_then(|e| e.get(key)).and_then(Value::as_str);
        let beginning = || String::from_utf8_lossy(body).chars().take(200).collect::<String>();
        Self {
            status,
            code: text("code").unwrap_or_default().to_owned(),
            message: text("message").map_or_else(beginning, str::to_owned),
            request_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_same_whatever_its_request() {
        let check = |text: &str, expect: &str| assert_eq!(without_requests(text), expect);
        check("409 Conflict: no (request 26c7-8e)", "409 Conflict: no");
        check("a (request 1); b (request 2)!", "a; b!");
        check("a (request", "a (request");
        check("a (request for help)", "a (request for help)");
        check("", "");
    }

    #[test]
    fn code_and_message_are_read_and_other_bodies_are_quoted() {
        let body = br#"{"error":{"code":"Conflict","message":"Newer instance of rule"}}"#;
        let error = ArmError::read(409, body, Some("abc".into()));
        assert_eq!(error.to_string(), "409 Conflict: Newer instance of rule (request abc)");
        let html = ArmError::read(502, b"<html>bad gateway", None);
        assert_eq!((html.code.as_str(), html.message.as_str()), ("", "<html>bad gateway"));
    }
}
