//! One exchange with a server, as a seam: the pipeline to Azure behind it, or a simulation.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::http::Url;
use jiff::Timestamp;

/// One request and its answer; never retries.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Gets what [`Self::exchange`] shows the server. It may take as long as signing in does, so it is
    /// waited for before a place among the requests under way is taken.
    ///
    /// # Errors
    /// `Credential`, when there is nothing to show.
    async fn sign_in(&self) -> Result<(), TransportError>;

    /// Sends the request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When there is no whole answer; the error says whether the request may have had effect.
    async fn exchange(&self, request: &Request) -> Result<Response, TransportError>;
}

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Create or replace.
    Put,
    /// Delete.
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Get, Self::Put, Self::Delete];

    /// As HTTP spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A request. A body is always JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is done.
    pub method: Method,
    /// To what, with its query.
    pub url: Url,
    /// Further headers by lower-case name; the transport adds authorization and the usual ones.
    pub headers: BTreeMap<String, String>,
    /// The body of a PUT.
    pub body: Option<Bytes>,
}

impl Request {
    /// A request without body.
    #[must_use]
    pub const fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: BTreeMap::new(), body: None }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The whole body.
    pub body: Bytes,
}

impl Response {
    /// Whether the status is one of 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// `x-ms-request-id`, which Microsoft's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.headers.get("x-ms-request-id").map(String::as_str)
    }

    /// `Retry-After`, whole seconds or a date. A date counts from the answer's own `Date`, since clocks
    /// differ, else from `now`; one that has passed is no wait.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let text = self.headers.get("retry-after")?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let sent = self.headers.get("date").and_then(|date| date_of(date)).unwrap_or(now);
        Some(date_of(text)?.duration_since(sent).try_into().unwrap_or_default())
    }
}

/// A date as HTTP writes it, `Tue, 24 Nov 2026 14:47:36 GMT`.
fn date_of(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim());
    zoned.ok()
}

/// Why there is no whole answer. The texts are for people and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// There is no token, or not the right one: nothing was sent.
    #[error("could not sign in: {0}")]
    Credential(String),
    /// There is no connection: nothing was sent.
    #[error("could not connect: {0}")]
    NotSent(String),
    /// The connection broke or took too long: the request may have had effect.
    #[error("the connection broke: {0}")]
    Unknown(String),
}

/// Whether a URL's host is this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_only() {
        let check = |url: &str, expect| {
            assert_eq!(is_loopback(&url.parse().unwrap()), expect, "{url}");
        };
        check("http://127.0.0.1:8080", true);
        check("http://127.9.9.9", true);
        check("http://[::1]:8080", true);
        check("http://localhost:1", true);
        check("http://localhost.example.com", false);
        check("http://127.0.0.1.example.com", false);
        check("http://0.0.0.0", false);
        check("https://management.azure.com", false);
    }

    #[test]
    fn retry_after_may_be_whole_seconds() {
        let check = |text: &str, expect: Option<u64>| {
            let headers = BTreeMap::from([("retry-after".to_owned(), text.to_owned())]);
            let response = Response { status: 429, headers, body: Bytes::new() };
            assert_eq!(
                response.retry_after(Timestamp::UNIX_EPOCH),
                expect.map(Duration::from_secs),
                "{text}"
            );
        };
        check("17", Some(17));
        check(" 0 ", Some(0));
        check("-1", None);
    }

    #[test]
    fn retry_after_may_be_a_date_and_counts_from_the_answers_own() {
        let now = "2026-11-24T14:47:00Z".parse().unwrap();
        let check = |retry_after: &str, date: Option<&str>, expect: Option<u64>| {
            let mut headers = BTreeMap::from([("retry-after".into(), retry_after.to_owned())]);
            headers.extend(date.map(|date| ("date".to_owned(), date.to_owned())));
            let response = Response { status: 429, headers, body: Bytes::new() };
            let expect = expect.map(Duration::from_secs);
            assert_eq!(response.retry_after(now), expect, "{retry_after} {date:?}");
        };
        let then = "Tue, 24 Nov 2026 14:47:36 GMT";
        check(then, Some("Tue, 24 Nov 2026 14:47:19 GMT"), Some(17));
        check(then, None, Some(36));
        check(then, Some("soon"), Some(36));
        check(then, Some("Tue, 24 Nov 2026 14:48:00 GMT"), Some(0));
        check("Tue, 24 Nov 2026", None, None);
    }
}
