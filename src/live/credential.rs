//! A tenant's tokens: kept until shortly before they expire, one exchange at a time, and got before a
//! request takes any place that others need.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use tokio::sync::Mutex as Gate;

use super::Clock;
use super::issuer::Issuer;
use super::pipeline::chain;
use crate::ident::TenantId;

/// A token is renewed this long before it expires, so that none expires on its way.
const RENEW_BEFORE: Duration = Duration::from_secs(300);
/// A request that waited in line after it had signed in goes with a token that is good for this long.
const GOOD_FOR: Duration = Duration::from_secs(30);
/// While a token still serves, an authority that is away is asked again after this long.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// A credential that gives out tokens of one tenant only, and one exchange at a time.
pub struct TenantCredential {
    issuer: Issuer,
    tenant: TenantId,
    inner: Arc<dyn TokenCredential>,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Held>>,
    exchange: Gate<Exchange>,
    /// Exchanges that ended.
    ended: AtomicU64,
}

/// How the last exchange ended, if it failed: its number, when, and why.
#[derive(Default)]
struct Exchange {
    failed: Option<(u64, Timestamp, String)>,
}

struct Held {
    scopes: Vec<String>,
    token: AccessToken,
}

impl fmt::Debug for TenantCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TenantCredential")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl TenantCredential {
    /// Keeps the tokens of `inner`, which must be `issuer`'s for `tenant`.
    #[must_use]
    pub fn new(
        issuer: Issuer,
        tenant: TenantId,
        inner: Arc<dyn TokenCredential>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (held, exchange, ended) = Default::default();
        Self { issuer, tenant, inner, clock, held, exchange, ended }
    }

    /// Who issues its tokens, and whom they are for.
    #[must_use]
    pub const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The tenant whose tokens it gives out.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Gets a token that will not expire soon, before anything is waited for that others need too.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn sign_in(&self, scopes: &[&str]) -> azure_core::Result<AccessToken> {
        self.renewed(scopes, None).await
    }

    async fn renewed(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let asked = self.ended.load(Ordering::SeqCst);
        if let Some(token) = self.held(scopes, RENEW_BEFORE) {
            return Ok(token);
        }
        let mut exchange = self.exchange.lock().await;
        // Whoever waited for an exchange shares its end: a hundred subscriptions of one tenant do not
        // wait a hundred times for an authority that is away.
        if let Some(token) = self.held(scopes, RENEW_BEFORE) {
            return Ok(token);
        }
        if let Some((number, at, why)) = &exchange.failed {
            let shared = *number > asked;
            let since = self.clock.now().duration_since(*at).unsigned_abs();
            match self.held(scopes, Duration::ZERO) {
                Some(token) if shared || since < ASK_AGAIN => return Ok(token),
                None if shared => {
                    return Err(azure_core::Error::with_message(
                        ErrorKind::Credential,
                        why.clone(),
                    ));
                }
                Some(_) | None => {}
            }
        }
        let answer = self.inner.get_token(scopes, options).await;
        let answer = answer.and_then(|token| self.check_tenant(&token).map(|()| token));
        let number = self.ended.fetch_add(1, Ordering::SeqCst) + 1;
        match answer {
            Ok(token) => {
                exchange.failed = None;
                let scopes = scopes.iter().map(ToString::to_string).collect();
                *self.kept() = Some(Held { scopes, token: token.clone() });
                Ok(token)
            }
            Err(error) => {
                exchange.failed = Some((number, self.clock.now(), chain(&error)));
                self.held(scopes, Duration::ZERO).ok_or(error)
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token that is held, if it is good for so long.
    fn held(&self, scopes: &[&str], margin: Duration) -> Option<AccessToken> {
        let kept = self.kept();
        let held = kept.as_ref().filter(|held| held.scopes == scopes)?;
        let left = held.token.expires_on.unix_timestamp() - self.clock.now().as_second();
        let is_good = left > i64::try_from(margin.as_secs()).unwrap_or(i64::MAX);
        is_good.then(|| held.token.clone())
    }

    /// Tokens are opaque to clients, but a readable one must not name another tenant: with it, one
    /// customer's content would go to another.
    fn check_tenant(&self, token: &AccessToken) -> azure_core::Result<()> {
        match issued_by(token.token.secret()) {
            Some(named) if !named.eq_ignore_ascii_case(self.tenant.as_str()) => {
                Err(azure_core::Error::with_message(
                    ErrorKind::Credential,
                    format!("the token is for tenant `{named}`, not for `{}`", self.tenant),
                ))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl TokenCredential for TenantCredential {
    /// Is asked in the middle of an exchange: a token that is good for it serves, whatever renewal is
    /// under way.
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        match self.held(scopes, GOOD_FOR) {
            Some(token) => Ok(token),
            None => self.renewed(scopes, options).await,
        }
    }
}

/// The `tid` claim of a token that is a JSON web token.
fn issued_by(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    claims.get("tid")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use azure_core::time::OffsetDateTime;

    use super::*;
    use crate::arm::Cloud;
    use crate::live::fake::TestClock;

    const TENANT: &str = "11111111-1111-1111-1111-111111111111";

    /// Issues tokens that live an hour; says how often it was asked.
    #[derive(Debug)]
    struct Counting {
        clock: Arc<TestClock>,
        names: &'static str,
        asked: AtomicU32,
    }

    #[async_trait]
    impl TokenCredential for Counting {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            let number = self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            if number >= 2 {
                let message = "Entra is away";
                return Err(azure_core::Error::with_message(ErrorKind::Credential, message));
            }
            let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"tid":"{}"}}"#, self.names));
            let expires = self.clock.now().as_second() + 3600;
            let expires = OffsetDateTime::from_unix_timestamp(expires).unwrap();
            Ok(AccessToken::new(format!("h.{claims}.{number}"), expires))
        }
    }

    fn credential(names: &'static str) -> (TenantCredential, Arc<Counting>, Arc<TestClock>) {
        let clock = Arc::new(TestClock::default());
        let asked = AtomicU32::new(0);
        let issuer = Arc::new(Counting { clock: Arc::clone(&clock), names, asked });
        let inner: Arc<dyn TokenCredential> = Arc::clone(&issuer) as _;
        let base = "https://management.azure.com".parse().unwrap();
        let cloud = Issuer::of(Cloud::Public, &base).unwrap();
        let tenant = TENANT.parse().unwrap();
        let credential = TenantCredential::new(cloud, tenant, inner, clock.clone());
        (credential, issuer, clock)
    }

    #[tokio::test]
    async fn a_token_is_kept_until_shortly_before_it_expires() {
        let (credential, issuer, clock) = credential(TENANT);
        let ask = || credential.sign_in(&["scope"]);
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 1, "one exchange at a time");
        clock.advance(Duration::from_secs(3299));
        ask().await.unwrap();
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
        clock.advance(Duration::from_secs(1));
        ask().await.unwrap();
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn while_entra_is_away_a_token_serves_to_its_end() {
        let (credential, issuer, clock) = credential(TENANT);
        let ask = || credential.sign_in(&["scope"]);
        ask().await.unwrap();
        clock.advance(Duration::from_secs(3400));
        ask().await.unwrap();
        clock.advance(Duration::from_secs(3400));
        ask().await.unwrap();
        ask().await.unwrap();
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 3, "not asked again with every request");
        clock.advance(Duration::from_secs(60));
        ask().await.unwrap();
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 4);
        clock.advance(Duration::from_secs(140));
        assert!(ask().await.is_err());
    }

    #[tokio::test]
    async fn whoever_is_about_to_send_does_not_wait_for_a_renewal() {
        let (credential, issuer, clock) = credential(TENANT);
        credential.sign_in(&["scope"]).await.unwrap();
        clock.advance(Duration::from_secs(3400));
        let renewal = async {
            credential.sign_in(&["scope"]).await.unwrap();
            issuer.asked.load(Ordering::SeqCst)
        };
        let sent = async {
            credential.get_token(&["scope"], None).await.unwrap();
            issuer.asked.load(Ordering::SeqCst)
        };
        let mut renewal = std::pin::pin!(renewal);
        assert!(futures::poll!(&mut renewal).is_pending());
        assert_eq!(sent.await, 2, "asked, and not waited for");
        assert_eq!(renewal.await, 2);
    }

    #[tokio::test]
    async fn whoever_waited_for_a_failed_exchange_shares_its_end() {
        let (credential, issuer, _) = credential(TENANT);
        issuer.asked.store(2, Ordering::SeqCst);
        let ask = || credential.sign_in(&["scope"]);
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        for answer in [one, two, three] {
            assert_eq!(answer.unwrap_err().to_string(), "Entra is away");
        }
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 3, "one exchange");
        ask().await.unwrap_err();
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 4, "a later request tries again");
    }

    #[tokio::test]
    async fn a_token_of_another_tenant_is_never_given_out() {
        let (credential, issuer, _) = credential("22222222-2222-2222-2222-222222222222");
        let ask = || credential.sign_in(&["scope"]);
        let (one, two) = tokio::join!(ask(), ask());
        for answer in [one, two] {
            assert_eq!(
                answer.unwrap_err().to_string(),
                "the token is for tenant `22222222-2222-2222-2222-222222222222`, not for `11111111-1111-1111-1111-111111111111`"
            );
        }
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 1, "whoever waited shares the refusal");
    }
}
