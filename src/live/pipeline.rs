//! The transport over azure_core's pipeline: user agent, client request id, redacted logging and
//! bearer tokens are its; retrying is not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::error::ErrorKind;
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{
    ClientOptions, Context, HttpClient, Pipeline, PipelineSendOptions, RetryOptions, Url,
    UserAgentOptions,
};

use super::credential::TenantCredential;
use super::issuer::{Issuer, secured};
use super::plain::Plain;
use super::transport::{Method, Request, Response, Transport, TransportError, is_loopback};

/// A connection that is not there by then will not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Silence for this long ends an exchange; the service answers lists of hundreds of rules in seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest that one exchange may take, however steadily it trickles.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(180);
/// azure_core panics on more than 24 characters or on a `/`.
pub(super) const APPLICATION_ID: &str = "sentinelops";

/// Connections that are kept and reused: one pool for everything that goes to a cloud, another for
/// loopback, which no proxy may see.
#[derive(Debug, Clone)]
pub struct Connections {
    cloud: Arc<dyn HttpClient>,
    loopback: Arc<dyn HttpClient>,
}

impl Connections {
    /// Two empty pools.
    ///
    /// # Errors
    /// When the TLS library has no trust store.
    pub fn new() -> Result<Self, TransportError> {
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| TransportError::NotSent(chain(&error)))
        };
        Ok(Self {
            cloud: Arc::new(build(builder())?),
            loopback: Arc::new(build(builder().no_proxy())?),
        })
    }

    /// The line for what only goes over https: to a cloud, or in plain to one emulator.
    pub(super) fn line(&self, issuer: &Issuer) -> Arc<dyn HttpClient> {
        if issuer.is_emulator() {
            Arc::new(Plain::new(issuer.server(), Arc::clone(&self.loopback)))
        } else {
            Arc::clone(&self.cloud)
        }
    }

    /// The line for URLs that are as they are.
    pub(super) fn direct(&self, issuer: &Issuer) -> Arc<dyn HttpClient> {
        Arc::clone(if issuer.is_emulator() { &self.loopback } else { &self.cloud })
    }

    /// The line that no proxy sees.
    pub(super) fn unproxied(&self) -> Arc<dyn HttpClient> {
        Arc::clone(&self.loopback)
    }
}

/// Redirects are not followed: ARM has none, and a token must not travel along.
fn builder() -> reqwest::ClientBuilder {
    reqwest::ClientBuilder::new()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
}

/// What a request shows the server.
#[derive(Debug, Clone)]
pub enum Access {
    /// Nothing; loopback only.
    Anonymous,
    /// A token of one tenant, to its issuer's server only.
    Token(Arc<TenantCredential>),
}

/// Exchanges with one origin.
#[derive(Debug, Clone)]
pub struct PipelineTransport {
    base: Url,
    /// Whether the pipeline is told https for what goes to an emulator in plain.
    is_plain: bool,
    credential: Option<Arc<TenantCredential>>,
    pipeline: Pipeline,
}

impl PipelineTransport {
    /// A transport to `base` and nowhere else.
    ///
    /// # Errors
    /// When `base` is not the server that the token is for, or not on loopback without one.
    pub fn new(
        connections: &Connections,
        base: Url,
        access: Access,
    ) -> Result<Self, TransportError> {
        match access {
            Access::Anonymous if is_loopback(&base) => {
                let pipeline = pipeline(Arc::clone(&connections.loopback), Vec::new());
                Ok(Self { base, is_plain: false, credential: None, pipeline })
            }
            Access::Anonymous => {
                Err(refused(&base, "only a server on loopback is asked without a token"))
            }
            Access::Token(credential) if credential.issuer().serves(&base) => {
                let issuer = credential.issuer().clone();
                let known = Arc::clone(&credential);
                let policy = BearerTokenAuthorizationPolicy::new(credential, [issuer.scope()]);
                let pipeline = pipeline(connections.line(&issuer), vec![Arc::new(policy)]);
                let is_plain = issuer.is_emulator();
                Ok(Self { base, is_plain, credential: Some(known), pipeline })
            }
            Access::Token(_) => Err(refused(&base, "a token goes to its issuer's server only")),
        }
    }
}

fn refused(base: &Url, why: &str) -> TransportError {
    TransportError::NotSent(format!("{why}, which `{base}` is not"))
}

fn pipeline(client: Arc<dyn HttpClient>, policies: Vec<Arc<dyn Policy>>) -> Pipeline {
    let options = ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(azure_core::http::Transport::new(client)),
        user_agent: UserAgentOptions { application_id: Some(APPLICATION_ID.to_owned()) },
        ..ClientOptions::default()
    };
    let (name, version) = (option_env!("CARGO_PKG_NAME"), option_env!("CARGO_PKG_VERSION"));
    Pipeline::new(name, version, options, Vec::new(), policies, None)
}

#[async_trait]
impl Transport for PipelineTransport {
    async fn sign_in(&self) -> Result<(), TransportError> {
        let Some(credential) = &self.credential else { return Ok(()) };
        let scope = credential.issuer().scope();
        let token = credential.sign_in(&[&scope]).await;
        let token = token.map(drop).map_err(|error| TransportError::Credential(chain(&error)));
        token.inspect_err(|error| tracing::debug!(%scope, %error, "no token"))
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        if request.url.origin() != self.base.origin() {
            return Err(refused(&request.url, "requests and tokens stay with one server"));
        }
        let sent = tokio::time::timeout(EXCHANGE_TIMEOUT, self.send(request)).await;
        sent.unwrap_or_else(|_| {
            let seconds = EXCHANGE_TIMEOUT.as_secs();
            Err(TransportError::Unknown(format!("no whole answer within {seconds} s")))
        })
    }
}

impl PipelineTransport {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let url = if self.is_plain { secured(&request.url) } else { request.url.clone() };
        let mut wire = azure_core::http::Request::new(url, method(request.method));
        wire.insert_header("accept", "application/json");
        for (name, value) in &request.headers {
            wire.insert_header(name.clone(), value.clone());
        }
        if let Some(body) = &request.body {
            wire.insert_header("content-type", "application/json");
            wire.set_body(body.clone());
        }
        let options = PipelineSendOptions { skip_checks: true, ..PipelineSendOptions::default() };
        let answer = self.pipeline.send(&Context::new(), &mut wire, Some(options)).await;
        let answer = answer.map_err(|error| failure(&error)).inspect_err(|error| {
            tracing::debug!(method = request.method.as_str(), url = %request.url, %error, "no answer");
        })?;
        let (status, headers, body) = answer.deconstruct();
        // Neither headers nor bodies: one holds the token, the other the customer's rules.
        let code: u16 = status.into();
        tracing::debug!(method = request.method.as_str(), url = %request.url, status = code, "answered");
        let headers: BTreeMap<String, String> = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_ascii_lowercase(), value.as_str().to_owned()))
            .collect();
        Ok(Response { status: status.into(), headers, body: Bytes::from(body) })
    }
}

const fn method(method: Method) -> azure_core::http::Method {
    match method {
        Method::Get => azure_core::http::Method::Get,
        Method::Put => azure_core::http::Method::Put,
        Method::Delete => azure_core::http::Method::Delete,
    }
}

fn failure(error: &azure_core::Error) -> TransportError {
    let text = chain(error);
    match error.kind() {
        ErrorKind::Credential => TransportError::Credential(text),
        ErrorKind::Connection => TransportError::NotSent(text),
        ErrorKind::HttpResponse { .. }
        | ErrorKind::Io
        | ErrorKind::DataConversion
        | ErrorKind::Other => TransportError::Unknown(text),
    }
}

/// An error with its causes, each said once.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::arm::Cloud;
    use crate::live::fake::TestClock;

    #[derive(Debug)]
    struct NoToken;

    #[async_trait]
    impl TokenCredential for NoToken {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            Err(azure_core::Error::with_message(ErrorKind::Credential, "run `az login`"))
        }
    }

    fn transport(base: &str, access: Access) -> Result<PipelineTransport, TransportError> {
        PipelineTransport::new(&Connections::new().unwrap(), base.parse().unwrap(), access)
    }

    fn token(cloud: Cloud, server: &str) -> Access {
        let issuer = Issuer::of(cloud, &server.parse().unwrap()).unwrap();
        let tenant = "11111111-1111-1111-1111-111111111111".parse().unwrap();
        let clock = Arc::new(TestClock::default());
        Access::Token(Arc::new(TenantCredential::new(issuer, tenant, Arc::new(NoToken), clock)))
    }

    const AZURE: &str = "https://management.azure.com";
    const EMULATOR: &str = "http://127.0.0.1:1";

    #[test]
    fn a_token_goes_to_its_own_server_and_anonymous_requests_stay_on_loopback() {
        let public = || token(Cloud::Public, AZURE);
        let emulator = || token(Cloud::Emulator, EMULATOR);
        assert!(transport(AZURE, public()).is_ok());
        assert!(transport(EMULATOR, emulator()).is_ok());
        assert!(transport(EMULATOR, Access::Anonymous).is_ok());
        for wrong in ["http://management.azure.com", EMULATOR, "https://127.0.0.1:1"] {
            assert!(transport(wrong, public()).is_err(), "{wrong}");
        }
        for wrong in ["http://127.0.0.1:2", "http://localhost:1", AZURE] {
            assert!(transport(wrong, emulator()).is_err(), "{wrong}");
        }
        assert!(transport(AZURE, Access::Anonymous).is_err());
        assert!(transport("http://10.0.0.1", Access::Anonymous).is_err());
    }

    #[tokio::test]
    async fn nothing_is_sent_to_another_origin_or_without_a_token() {
        let transport = transport(AZURE, token(Cloud::Public, AZURE)).unwrap();
        let other = Request::new(Method::Get, "https://evil.example/".parse().unwrap());
        let error = transport.exchange(&other).await.unwrap_err();
        assert!(matches!(error, TransportError::NotSent(_)), "{error}");
        let own = Request::new(Method::Get, "https://management.azure.com/x".parse().unwrap());
        let error = transport.exchange(&own).await.unwrap_err();
        assert_eq!(error, TransportError::Credential("run `az login`".to_owned()));
        assert_eq!(transport.sign_in().await, Err(error));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_was_sent_nothing() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let transport = transport(&base, Access::Anonymous).unwrap();
        let request = Request::new(Method::Put, base.parse().unwrap());
        let error = transport.exchange(&request).await.unwrap_err();
        assert!(matches!(error, TransportError::NotSent(_)), "{error}");
    }

    /// Serves one connection: reads each request's head, and answers what `answers` says, in order;
    /// `None` hangs up. Tells what it read.
    async fn serve_one(
        listener: tokio::net::TcpListener,
        answers: Vec<Option<&'static str>>,
    ) -> Vec<String> {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut heads = Vec::new();
        for answer in answers {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            heads.push(String::from_utf8(head).unwrap().to_ascii_lowercase());
            let Some(answer) = answer else { break };
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
        heads
    }

    #[tokio::test]
    async fn one_connection_serves_many_requests_and_a_broken_one_is_told() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let answers = vec![
            Some("HTTP/1.1 404 Not Found\r\nX-Ms-Request-Id: 7\r\nContent-Length: 2\r\n\r\n{}"),
            Some(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            ),
            Some("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"value\":"),
        ];
        let server = tokio::spawn(serve_one(listener, answers));
        let transport = transport(&base, Access::Anonymous).unwrap();
        let request = Request::new(Method::Get, format!("{base}x?api-version=1").parse().unwrap());
        let missing = transport.exchange(&request).await.unwrap();
        assert_eq!((missing.status, missing.request_id()), (404, Some("7")));
        assert_eq!(&missing.body[..], b"{}");
        assert_eq!(transport.exchange(&request).await.unwrap().status, 302);
        let half = transport.exchange(&request).await.unwrap_err();
        assert!(matches!(half, TransportError::Unknown(_)), "{half}");
        let heads = server.await.unwrap();
        assert_eq!(heads.len(), 3);
        for head in heads {
            assert!(head.starts_with("get /x?api-version=1 http/1.1"), "{head}");
            assert!(head.contains("user-agent: sentinelops "), "{head}");
            assert!(head.contains("x-ms-client-request-id: "), "{head}");
            assert!(!head.contains("authorization"), "{head}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_breaks_after_the_request_leaves_its_fate_unknown() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(serve_one(listener, vec![None]));
        let transport = transport(&base, Access::Anonymous).unwrap();
        let mut request = Request::new(Method::Put, base.parse().unwrap());
        request.body = Some(Bytes::from_static(b"{}"));
        let error = transport.exchange(&request).await.unwrap_err();
        assert!(matches!(error, TransportError::Unknown(_)), "{error}");
        assert!(server.await.unwrap()[0].contains("content-type: application/json"));
    }
}
