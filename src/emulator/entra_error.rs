//! Refusals of Microsoft Entra: its codes, its texts, its JSON.
//!
//! Texts are those of Entra's documentation and of operators' reports.

use jiff::Timestamp;
use serde_json::json;

use super::reply::Reply;
use super::stamp;

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntraError {
    pub(super) status: u16,
    /// OAuth's word: `invalid_client`.
    pub(super) error: &'static str,
    /// The number after `AADSTS`.
    pub(super) code: u32,
    pub(super) message: String,
}

impl EntraError {
    /// 400: the request itself is wrong, or about what is not there.
    pub(super) fn request(error: &'static str, code: u32, message: impl Into<String>) -> Self {
        Self { status: 400, error, code, message: message.into() }
    }

    /// 401: whoever asks did not show that it may.
    pub(super) fn client(code: u32, message: impl Into<String>) -> Self {
        Self { status: 401, error: "invalid_client", code, message: message.into() }
    }

    pub(super) fn missing(parameter: &str) -> Self {
        let message =
            format!("The request body must contain the following parameter: '{parameter}'.");
        Self::request("invalid_request", 900_144, message)
    }

    /// The answer, with ids that follow from the moment.
    pub(super) fn reply(&self, now: Timestamp) -> Reply {
        let Self { status, error, code, message } = self;
        let time = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let id = |what: &str| stamp::guid(&format!("{what} {} {code}", now.as_nanosecond()));
        let (trace, correlation) = (id("trace"), id("correlation"));
        let description = format!(
            "AADSTS{code}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
        );
        let body = json!({
            "error": error,
            "error_description": description,
            "error_codes": [code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        Reply::json(*status, &body)
    }
}
