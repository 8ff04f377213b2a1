//! Signing in within bounded time: a credential that tries again when Microsoft Entra is away for a
//! moment, and soon says so when it stays away.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::headers::RETRY_AFTER;

use super::Clock;
use super::assertion::NoAssertion;
use super::pipeline::chain;
use super::way_on::way_on;
use crate::environment::Credential;
use crate::ident::TenantId;

/// How long one try may take. Entra answers within a second.
const TRY: Duration = Duration::from_secs(8);
/// Waits between tries. With them a sign-in ends within half a minute.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

/// An authority that asks for more patience than this is away.
const LONGEST: Duration = Duration::from_secs(30);
/// The Azure CLI is a program that may start for seconds, and asks Entra by itself.
const PROGRAM: Duration = Duration::from_secs(45);

/// Who is asked for what, for people.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Who is asked, in words.
    pub(super) authority: String,
    /// Whether that is a program on this machine.
    pub(super) is_program: bool,
    tenant: TenantId,
    credential: Credential,
    remark: String,
}

impl Asked {
    pub(super) fn new(
        authority: String,
        tenant: &TenantId,
        credential: &Credential,
        remark: &str,
    ) -> Self {
        let (tenant, credential) = (tenant.clone(), credential.clone());
        Self { authority, is_program: false, tenant, credential, remark: remark.to_owned() }
    }

    /// A refusal in words. Entra is not blamed for what it was never asked.
    fn told(&self, refusal: &Refusal) -> String {
        let Self { authority, tenant, credential, remark, is_program: _ } = self;
        let who = match (refusal.asked, refusal.passing) {
            (false, _) => String::new(),
            (true, true) => format!("{authority} is not reachable, "),
            (true, false) => format!("{authority} refused, "),
        };
        let (kind, why) = (credential.kind(), refusal.why.trim_end_matches('.'));
        let way_on = way_on(credential, tenant, why).map(|way| format!("; {way}"));
        let way_on = way_on.unwrap_or_default();
        format!("{who}no token for tenant `{tenant}` by `{kind}`{remark}: {why}{way_on}")
    }
}

/// A credential whose every exchange ends within half a minute.
pub(super) struct Patient {
    inner: Arc<dyn TokenCredential>,
    clock: Arc<dyn Clock>,
    asked: Asked,
    patience: Duration,
}

impl fmt::Debug for Patient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Patient").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl Patient {
    /// Asks `inner`, which must not try again by itself.
    pub(super) fn new(
        inner: Arc<dyn TokenCredential>,
        clock: Arc<dyn Clock>,
        asked: Asked,
    ) -> Self {
        let patience = if asked.is_program { PROGRAM } else { TRY };
        Self { inner, clock, asked, patience }
    }

    async fn once(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> Result<AccessToken, Refusal> {
        match tokio::time::timeout(self.patience, self.inner.get_token(scopes, options)).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(error)) => Err(Refusal {
                passing: is_passing(&error),
                asked: !lacks_assertion(&error),
                after: retry_after(&error),
                why: chain(&error),
            }),
            Err(_) => {
                let why = format!("no answer within {} s", self.patience.as_secs());
                Err(Refusal { passing: true, asked: true, after: Duration::ZERO, why })
            }
        }
    }
}

struct Refusal {
    /// Whether the same may succeed in a moment.
    passing: bool,
    /// Whether the authority was asked at all.
    asked: bool,
    /// How long it asks to wait.
    after: Duration,
    why: String,
}

#[async_trait]
impl TokenCredential for Patient {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let mut waits = WAITS.into_iter();
        loop {
            let refusal = match self.once(scopes, options.clone()).await {
                Ok(token) => return Ok(token),
                Err(refusal) => refusal,
            };
            let again = refusal.passing && refusal.after <= LONGEST && !self.asked.is_program;
            match waits.next().filter(|_| again) {
                Some(wait) => self.clock.sleep(wait.max(refusal.after)).await,
                None => {
                    let text = self.asked.told(&refusal);
                    return Err(azure_core::Error::with_message(ErrorKind::Credential, text));
                }
            }
        }
    }
}

/// Whether the same exchange may succeed in a moment: there was no answer, or none of Entra's own.
fn is_passing(error: &azure_core::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<azure_core::Error>().map(azure_core::Error::kind);
        match kind {
            Some(ErrorKind::Connection | ErrorKind::Io | ErrorKind::DataConversion) => return true,
            Some(ErrorKind::HttpResponse { status, .. }) => {
                let status: u16 = (*status).into();
                return matches!(status, 408 | 429 | 500..=599);
            }
            Some(ErrorKind::Credential | ErrorKind::Other) | None => {}
        }
        cause = error.source();
    }
    false
}

/// The `Retry-After` of an answer, in its form of whole seconds.
fn retry_after(error: &azure_core::Error) -> Duration {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<azure_core::Error>().map(azure_core::Error::kind);
        if let Some(ErrorKind::HttpResponse { raw_response: Some(response), .. }) = kind {
            let told = response.headers().get_optional_str(&RETRY_AFTER);
            let seconds = told.and_then(|text| text.trim().parse().ok());
            return seconds.map(Duration::from_secs).unwrap_or_default();
        }
        cause = error.source();
    }
    Duration::ZERO
}

/// Whether there was nothing to show the authority.
fn lacks_assertion(error: &azure_core::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NoAssertion>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use azure_core::http::headers::Headers;
    use azure_core::http::{RawResponse, StatusCode};
    use azure_core::time::OffsetDateTime;

    use super::*;
    use crate::live::fake::TestClock;

    /// Fails as told, then issues a token; waits for ever where it is told nothing.
    #[derive(Debug, Default)]
    struct Issuer {
        failures: Mutex<VecDeque<ErrorKind>>,
        silent: bool,
    }

    #[async_trait]
    impl TokenCredential for Issuer {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            if self.silent {
                return std::future::pending().await;
            }
            let Some(kind) = self.failures.lock().unwrap().pop_front() else {
                return Ok(AccessToken::new("token".to_owned(), OffsetDateTime::UNIX_EPOCH));
            };
            let error = azure_core::Error::with_message(kind, "as told");
            Err(azure_core::Error::with_error(ErrorKind::Credential, error, "no token"))
        }
    }

    fn status(status: StatusCode) -> ErrorKind {
        ErrorKind::HttpResponse { status, error_code: None, raw_response: None }
    }

    const fn tenant_text() -> &'static str {
        "11111111-1111-1111-1111-111111111111"
    }

    async fn ask(failures: Vec<ErrorKind>) -> (Result<(), String>, usize) {
        let issuer = Issuer { failures: Mutex::new(failures.into()), silent: false };
        patient(issuer).await
    }

    async fn ask_at(clock: &Arc<TestClock>, failures: Vec<ErrorKind>) -> Result<(), String> {
        let issuer = Issuer { failures: Mutex::new(failures.into()), silent: false };
        patient_at(clock, issuer).await
    }

    async fn patient(issuer: Issuer) -> (Result<(), String>, usize) {
        let clock = Arc::new(TestClock::default());
        (patient_at(&clock, issuer).await, clock.sleeps().len())
    }

    async fn patient_at(clock: &Arc<TestClock>, issuer: Issuer) -> Result<(), String> {
        let tenant = tenant_text().parse().unwrap();
        let client = tenant_text().parse().unwrap();
        let credential = Credential::GithubOidc { client };
        let authority = "`https://login.example`".to_owned();
        let asked = Asked::new(authority, &tenant, &credential, " (chosen by `auto`)");
        let mut patient = Patient::new(Arc::new(issuer), Arc::clone(clock) as _, asked);
        patient.patience = Duration::from_millis(5);
        let told = patient.get_token(&["scope"], None).await;
        told.map(drop).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn an_authority_that_is_away_for_a_moment_is_asked_again() {
        for kind in [ErrorKind::Connection, ErrorKind::Io, status(StatusCode::BadGateway)] {
            assert_eq!(ask(vec![kind.clone(), kind]).await, (Ok(()), 2));
        }
    }

    #[tokio::test]
    async fn an_authority_that_stays_away_is_named_after_three_tries() {
        let away = std::iter::repeat_n(ErrorKind::Connection, 9).collect();
        let (told, waits) = ask(away).await;
        let why = told.unwrap_err();
        assert!(why.starts_with("`https://login.example` is not reachable, no token for"), "{why}");
        assert!(why.contains("as told"), "{why}");
        assert!(why.contains("by `github-oidc` (chosen by `auto`)"), "{why}");
        assert_eq!(waits, 2);
    }

    #[tokio::test]
    async fn an_authority_that_says_when_is_asked_then_and_no_sooner() {
        let busy = |seconds: &'static str| {
            let mut headers = Headers::new();
            headers.insert("retry-after", seconds);
            let status = StatusCode::TooManyRequests;
            let response = RawResponse::from_bytes(status, headers, Vec::new());
            let raw_response = Some(Box::new(response));
            ErrorKind::HttpResponse { status, error_code: None, raw_response }
        };
        let clock = Arc::new(TestClock::default());
        let told = ask_at(&clock, vec![busy("17"), busy("0")]).await;
        assert_eq!(told, Ok(()));
        assert_eq!(clock.sleeps(), [Duration::from_secs(17), Duration::from_secs(1)]);
        let clock = Arc::new(TestClock::default());
        assert!(ask_at(&clock, vec![busy("31")]).await.is_err());
        assert!(clock.sleeps().is_empty());
    }

    #[tokio::test]
    async fn a_refusal_is_final() {
        let (told, waits) = ask(vec![status(StatusCode::Unauthorized)]).await;
        assert!(told.unwrap_err().starts_with("`https://login.example` refused"));
        assert_eq!(waits, 0);
    }

    #[tokio::test]
    async fn an_authority_that_says_nothing_is_not_waited_for() {
        let (told, waits) = patient(Issuer { silent: true, ..Issuer::default() }).await;
        assert!(told.unwrap_err().contains("no answer within"));
        assert_eq!(waits, 2);
    }
}
