//! From HTTP to requests and back.
//!
//! Everything but `/_emulator/…` is ARM, or what signs in to it. The store is asked without leaving the thread: a write
//! takes some tens of microseconds, less than handing it to another thread costs.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH, USER_AGENT};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::control;
use super::emulator::Emulator;
use super::headers;
use super::refusal::Refusal;
use super::reply::{Fate, Reply};
use super::request::{ACTOR_HEADER, Request};

/// ARM refuses larger bodies.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

impl Emulator {
    /// The HTTP service: ARM, and the emulator's own controls below `/_emulator/`.
    pub fn router(&self) -> Router {
        control::routes().fallback(arm).with_state(self.clone())
    }

    /// Answers one request without a socket. A dropped connection is a body that fails.
    pub async fn call(&self, request: HttpRequest) -> Response {
        arm(State(self.clone()), request).await
    }
}

async fn arm(State(emulator): State<Emulator>, http: HttpRequest) -> Response {
    let request = match read(http).await {
        Ok(request) => request,
        Err(refusal) => return respond(&Request::default(), Reply::from(refusal), 0),
    };
    let played = emulator.play(&request);
    let latency = emulator.options().latency + played.latency;
    let reply = emulator.answer(&request, &played);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let now = super::stamp::of((emulator.options().clock)());
    respond(&request, reply, now)
}

async fn read(http: HttpRequest) -> Result<Request, Refusal> {
    let (parts, body) = http.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.map_err(|_| {
        let text = format!("The request content size exceeds the limit of {LARGEST_BODY} bytes.");
        Refusal::new(413, "RequestContentTooLarge", text)
    })?;
    let header = |name: HeaderName| {
        let value = parts.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let actor = header(HeaderName::from_static(ACTOR_HEADER)).or_else(|| header(USER_AGENT));
    Ok(Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        host: header(HOST)
            .or_else(|| parts.uri.authority().map(ToString::to_string))
            .unwrap_or_else(|| "127.0.0.1".to_owned()),
        authorization: header(AUTHORIZATION),
        identity_header: header(HeaderName::from_static("x-identity-header")),
        if_match: header(IF_MATCH),
        content_type: header(CONTENT_TYPE),
        client_request_id: header(HeaderName::from_static("x-ms-client-request-id")),
        actor: actor.unwrap_or_default(),
        body: body.to_vec(),
    })
}

fn respond(request: &Request, reply: Reply, now: u64) -> Response {
    let Reply { status, body, headers, fate } = reply;
    let has_body = !body.is_empty();
    let body = match fate {
        Fate::Whole => Body::from(body),
        Fate::Half => Body::from(body[..body.len() / 2].to_vec()),
        Fate::Dropped => broken_body(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let usual = headers::usual(request, now);
    for (name, value) in usual.into_iter().chain(headers) {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    if has_body {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    response
}

/// A body that fails at once: the server ends the connection before it has written anything.
fn broken_body() -> Body {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Body::from_stream(futures::stream::once(async { Err::<Bytes, _>(broken) }))
}
