//! Plain http to one emulator, for libraries that insist on https.
//!
//! Microsoft's credentials and its bearer policy refuse plain http, and rightly so. An emulator on
//! loopback has no certificate; what is sent to it as https goes to it in plain, and nothing else
//! passes. So an emulator is signed in to by the same code as Azure.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::{AsyncRawResponse, HttpClient, Request, Url};

use super::issuer::secured;

/// A line to one server on loopback.
#[derive(Debug)]
pub(super) struct Plain {
    server: Url,
    inner: Arc<dyn HttpClient>,
}

impl Plain {
    /// `inner` must not follow redirects and must ask no proxy.
    pub(super) fn new(server: &Url, inner: Arc<dyn HttpClient>) -> Self {
        Self { server: server.clone(), inner }
    }
}

#[async_trait]
impl HttpClient for Plain {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.url().origin() != secured(&self.server).origin() {
            let host = request.url().host_str().unwrap_or_default();
            let text = format!("`{host}` is not the emulator at `{}`", self.server);
            return Err(Error::with_message(ErrorKind::Other, text));
        }
        let mut plain = request.clone();
        let url = plain.url_mut();
        let (path, query) = (url.path().to_owned(), url.query().map(str::to_owned));
        *url = self.server.clone();
        url.set_path(&path);
        url.set_query(query.as_deref());
        self.inner.execute_request(&plain).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use azure_core::http::{Method, StatusCode, headers::Headers};

    use super::*;

    #[derive(Debug, Default)]
    struct Seen(Mutex<Vec<String>>);

    #[async_trait]
    impl HttpClient for Seen {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            self.0.lock().unwrap().push(request.url().to_string());
            Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), Vec::new()))
        }
    }

    #[tokio::test]
    async fn only_what_is_meant_for_the_emulator_passes() {
        let seen = Arc::new(Seen::default());
        let server = "http://127.0.0.1:8080".parse().unwrap();
        let line = Plain::new(&server, Arc::clone(&seen) as _);
        let send = async |url: &str| {
            let request = Request::new(url.parse().unwrap(), Method::Post);
            line.execute_request(&request).await.is_ok()
        };
        assert!(send("https://127.0.0.1:8080/t/oauth2/v2.0/token?x=a%20b").await);
        for elsewhere in [
            "https://login.microsoftonline.com/t/oauth2/v2.0/token",
            "https://127.0.0.1:8081/",
            "http://127.0.0.1:8080/",
            "https://localhost:8080/",
        ] {
            assert!(!send(elsewhere).await, "{elsewhere}");
        }
        let seen = seen.0.lock().unwrap();
        assert_eq!(*seen, ["http://127.0.0.1:8080/t/oauth2/v2.0/token?x=a%20b"]);
    }
}
