//! Signing in within bounded time: a credential that tries again when Microsoft Entra is away for a
//! moment, and soon says so when it stays away.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;

use super::Clock;
use super::pipeline::chain;
use crate::ident::TenantId;

/// How long one try may take. Entra answers within a second.
const TRY: Duration = Duration::from_secs(8);
/// Waits between tries. With them a sign-in ends within half a minute.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

/// A credential whose every exchange ends within half a minute.
pub(super) struct Patient {
    pub(super) inner: Arc<dyn TokenCredential>,
    pub(super) clock: Arc<dyn Clock>,
    /// Who is asked, for people.
    pub(super) authority: String,
    pub(super) tenant: TenantId,
    patience: Duration,
}

impl fmt::Debug for Patient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Patient")
            .field("authority", &self.authority)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl Patient {
    /// Asks `inner`, which must not try again by itself.
    pub(super) fn new(
        inner: Arc<dyn TokenCredential>,
        clock: Arc<dyn Clock>,
        authority: &str,
        tenant: &TenantId,
    ) -> Self {
        let (authority, tenant) = (authority.to_owned(), tenant.clone());
        Self { inner, clock, authority, tenant, patience: TRY }
    }

    async fn once(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> Result<AccessToken, Refusal> {
        match tokio::time::timeout(self.patience, self.inner.get_token(scopes, options)).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(error)) => Err(Refusal { passing: is_passing(&error), why: chain(&error) }),
            Err(_) => {
                let why = format!("no answer within {} s", self.patience.as_secs());
                Err(Refusal { passing: true, why })
            }
        }
    }
}

struct Refusal {
    passing: bool,
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
            match waits.next().filter(|_| refusal.passing) {
                Some(wait) => self.clock.sleep(wait).await,
                None => {
                    let Self { authority, tenant, .. } = self;
                    let why = refusal.why;
                    let word = if refusal.passing { "is not reachable" } else { "refused" };
                    let text =
                        format!("`{authority}` {word}, no token for tenant `{tenant}`: {why}");
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use azure_core::http::StatusCode;
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

    async fn ask(failures: Vec<ErrorKind>) -> (Result<(), String>, usize) {
        let issuer = Issuer { failures: Mutex::new(failures.into()), silent: false };
        patient(issuer).await
    }

    async fn patient(issuer: Issuer) -> (Result<(), String>, usize) {
        let clock = Arc::new(TestClock::default());
        let tenant = "11111111-1111-1111-1111-111111111111".parse().unwrap();
        let authority = "https://login.example";
        let mut patient = Patient::new(Arc::new(issuer), clock.clone(), authority, &tenant);
        patient.patience = Duration::from_millis(5);
        let told = patient.get_token(&["scope"], None).await;
        (told.map(drop).map_err(|error| error.to_string()), clock.sleeps().len())
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
        assert_eq!(waits, 2);
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
