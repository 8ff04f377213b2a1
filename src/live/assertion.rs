//! GitHub's assertions: what a job shows Microsoft Entra instead of a secret.
//!
//! `GET $ACTIONS_ID_TOKEN_REQUEST_URL&audience=…` with the job's request token answers `{"value": …}`
//! (GitHub's documentation of OpenID Connect in Actions). An assertion lives five minutes, so there is
//! a fresh one for every exchange, and none is kept.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::Secret;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::{ClientMethodOptions, HttpClient, Method, Request, StatusCode, Url};
use azure_identity::ClientAssertion;

use super::issuer::Issuer;
use super::pipeline::{APPLICATION_ID, Connections};
use super::sign_in::{Variable, needed};
use super::transport::is_loopback;
use crate::ident::Invalid;

pub(super) const REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
/// What a job must be given.
const WAY_ON: &str = "give the job `permissions: id-token: write`; outside GitHub Actions choose \
                      another kind of credential";

/// Asks GitHub for assertions for one issuer.
pub(super) struct GithubAssertion {
    url: Url,
    token: Secret,
    client: Arc<dyn HttpClient>,
}

impl fmt::Debug for GithubAssertion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GithubAssertion").finish_non_exhaustive()
    }
}

/// There is no assertion, so Microsoft Entra was not even asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoAssertion(String);

impl GithubAssertion {
    /// Finds out whom to ask. Nothing is asked yet.
    ///
    /// # Errors
    /// When this is no job that may ask, or would have to ask over plain http: only an emulator's
    /// assertions come that way, and they from loopback only.
    pub(super) fn new(
        issuer: &Issuer,
        connections: &Connections,
        variable: Variable<'_>,
    ) -> Result<Self, Invalid> {
        let text = needed(variable, REQUEST_URL, WAY_ON)?;
        let token = Secret::new(needed(variable, REQUEST_TOKEN, WAY_ON)?);
        let mut url: Url = text
            .parse()
            .map_err(|_| Invalid::new(format!("the value of `{REQUEST_URL}` is no URL")))?;
        let fits = match issuer.is_emulator() {
            true => url.scheme() == "http" && is_loopback(&url),
            false => url.scheme() == "https",
        };
        if !fits {
            let want = match issuer.is_emulator() {
                true => "is for an emulator, so it must be plain http on loopback",
                false => "must be https: a job's request token opens every tenant that trusts it",
            };
            return Err(Invalid::new(format!("the value of `{REQUEST_URL}` {want}")));
        }
        url.query_pairs_mut().append_pair("audience", issuer.audience());
        Ok(Self { url, token, client: connections.direct(issuer) })
    }

    fn refused(&self, kind: ErrorKind, why: &str) -> Error {
        let host = self.url.host_str().unwrap_or_default();
        let text = format!("GitHub Actions (`{host}`) gave no assertion: {why}");
        Error::with_error(kind, NoAssertion(text.clone()), text)
    }
}

#[async_trait]
impl ClientAssertion for GithubAssertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let mut request = Request::new(self.url.clone(), Method::Get);
        request.insert_header("authorization", format!("Bearer {}", self.token.secret()));
        request.insert_header("accept", "application/json");
        request.insert_header("user-agent", APPLICATION_ID);
        let whole = async {
            let answer = self.client.execute_request(&request).await?;
            answer.try_into_raw_response().await
        };
        let answer = whole.await.map_err(|error| {
            let kind = error.kind().clone();
            self.refused(kind, &super::pipeline::chain(&error))
        })?;
        // Bodies are not quoted: one may hold the assertion, or repeat the request's headers.
        let status = answer.status();
        if status != StatusCode::Ok {
            let kind = ErrorKind::HttpResponse { status, error_code: None, raw_response: None };
            let number: u16 = status.into();
            return Err(self.refused(kind, &format!("it answered {number}; {WAY_ON}")));
        }
        let body: serde_json::Value = serde_json::from_slice(answer.body().as_ref())
            .map_err(|_| self.refused(ErrorKind::DataConversion, "its answer is no JSON"))?;
        match body.get("value").and_then(serde_json::Value::as_str) {
            Some(assertion) => Ok(assertion.to_owned()),
            None => Err(self.refused(ErrorKind::Credential, "its answer has no `value`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::Cloud;

    fn made(cloud: Cloud, base: &str, url: Option<&str>) -> Result<GithubAssertion, String> {
        let issuer = Issuer::of(cloud, &base.parse().unwrap()).unwrap();
        let variable = |name: &str| match name {
            REQUEST_URL => url.map(str::to_owned),
            _ => Some("hunter2".to_owned()),
        };
        let connections = Connections::new().unwrap();
        GithubAssertion::new(&issuer, &connections, &variable).map_err(|invalid| invalid.reason)
    }

    const GITHUB: &str = "https://pipelines.actions.githubusercontent.com/x/token?api-version=2.0";
    const HERE: &str = "http://127.0.0.1:8080/oidc/token?api-version=2.0";

    #[test]
    fn the_audience_is_the_clouds_own() {
        for cloud in [Cloud::Public, Cloud::UsGov, Cloud::China] {
            let base = cloud.resource_manager().unwrap();
            let assertion = made(cloud, base, Some(GITHUB)).unwrap();
            let mut pairs = assertion.url.query_pairs();
            assert!(pairs.any(|(name, value)| {
                name == "audience" && value == cloud.assertion_audience()
            }));
            assert!(!format!("{assertion:?}").contains("hunter2"));
        }
    }

    #[test]
    fn real_assertions_come_over_https_and_an_emulators_from_loopback() {
        let public = |url| made(Cloud::Public, "https://management.azure.com", Some(url));
        let emulator = |url| made(Cloud::Emulator, "http://127.0.0.1:8080", Some(url));
        assert!(public(GITHUB).is_ok() && emulator(HERE).is_ok());
        assert!(public(HERE).unwrap_err().contains("must be https"));
        assert!(emulator(GITHUB).unwrap_err().contains("plain http on loopback"));
        assert!(emulator("http://10.0.0.1/").unwrap_err().contains("plain http on loopback"));
    }

    #[test]
    fn a_job_that_may_not_ask_is_told_which_permission_it_lacks() {
        let why = made(Cloud::Public, "https://management.azure.com", None).unwrap_err();
        assert!(why.contains("`ACTIONS_ID_TOKEN_REQUEST_URL` is not set"), "{why}");
        assert!(why.contains("`permissions: id-token: write`"), "{why}");
    }
}
