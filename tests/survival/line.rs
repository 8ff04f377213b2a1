//! The line from a client to the emulator: no sockets, so that an hour of waiting takes no time.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use azure_core::Bytes;
use sentinelops::emulator::{ACTOR_HEADER, Emulator};
use sentinelops::live::{Request, Response, Transport, TransportError};

/// When the real transport gives an answer up.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(180);

/// Who the tool is in the emulator's journal; everybody else is somebody else.
pub(crate) const TOOL: &str = "the tool";

/// A line. Answers that are cut off or take too long end as they do in the real transport.
#[derive(Debug, Clone)]
pub(crate) struct Line(pub(crate) Emulator);

#[async_trait]
impl Transport for Line {
    async fn sign_in(&self) -> Result<(), TransportError> {
        Ok(())
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        let lost = |why: &str| Err(TransportError::Unknown(why.to_owned()));
        match tokio::time::timeout(EXCHANGE_TIMEOUT, send(&self.0, request, TOOL)).await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => lost("connection reset"),
            Err(_) => lost("no whole answer within 180 s"),
        }
    }
}

/// Sends a request as somebody; `None` where the connection ends without an answer.
pub(crate) async fn send(emulator: &Emulator, request: &Request, who: &str) -> Option<Response> {
    let url = &request.url;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut http = axum::http::Request::builder()
        .method(request.method.as_str())
        .uri(format!("{}{query}", url.path()))
        .header("host", "emulator.example")
        .header("content-type", "application/json")
        .header(ACTOR_HEADER, who);
    for (name, value) in &request.headers {
        http = http.header(name, value);
    }
    let body = request.body.clone().map_or_else(Body::empty, Body::from);
    let (parts, body) = emulator.call(http.body(body).unwrap()).await.into_parts();
    let body: Bytes = to_bytes(body, usize::MAX).await.ok()?;
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers: BTreeMap<String, String> =
        parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Some(Response { status: parts.status.as_u16(), headers, body })
}
