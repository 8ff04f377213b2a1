//! A tenant's tokens: kept until shortly before they expire, one exchange at a time.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::Mutex;

use super::Clock;
use super::issuer::Issuer;
use super::pipeline::chain;
use crate::ident::TenantId;

/// A token is renewed this long before it expires, so that none expires on its way.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// A credential that gives out tokens of one tenant only, and one exchange at a time.
pub struct TenantCredential {
    issuer: Issuer,
    tenant: TenantId,
    inner: Arc<dyn TokenCredential>,
    clock: Arc<dyn Clock>,
    held: Mutex<Exchanges>,
    /// Exchanges that ended.
    ended: AtomicU64,
}

#[derive(Default)]
struct Exchanges {
    held: Option<Held>,
    /// The last failed exchange: its number, and why.
    failed: Option<(u64, String)>,
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
        Self { issuer, tenant, inner, clock, held: Mutex::default(), ended: AtomicU64::new(0) }
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

    fn is_fresh(&self, token: &AccessToken, margin: Duration) -> bool {
        let left = token.expires_on.unix_timestamp() - self.clock.now().as_second();
        left > i64::try_from(margin.as_secs()).unwrap_or(i64::MAX)
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
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let asked = self.ended.load(Ordering::SeqCst);
        let mut exchanges = self.held.lock().await;
        // Whoever waited for an exchange shares its end: a hundred subscriptions of one tenant do not
        // wait a hundred times for an authority that is away.
        if let Some((_, why)) = exchanges.failed.as_ref().filter(|(number, _)| *number > asked) {
            return Err(azure_core::Error::with_message(ErrorKind::Credential, why.clone()));
        }
        let Exchanges { held, failed } = &mut *exchanges;
        let known = held.as_ref().filter(|held| held.scopes == scopes).map(|held| &held.token);
        if let Some(token) = known.filter(|token| self.is_fresh(token, RENEW_BEFORE)) {
            return Ok(token.clone());
        }
        let answer = self.inner.get_token(scopes, options).await;
        let answer = answer.and_then(|token| self.check_tenant(&token).map(|()| token));
        let number = self.ended.fetch_add(1, Ordering::SeqCst) + 1;
        match answer {
            Ok(token) => {
                let scopes = scopes.iter().map(ToString::to_string).collect();
                *held = Some(Held { scopes, token: token.clone() });
                Ok(token)
            }
            Err(error) => {
                let usable = known.filter(|token| self.is_fresh(token, Duration::ZERO));
                if let Some(token) = usable {
                    return Ok(token.clone());
                }
                *failed = Some((number, chain(&error)));
                Err(error)
            }
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
        let ask = || credential.get_token(&["scope"], None);
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
        let (credential, _, clock) = credential(TENANT);
        let ask = || credential.get_token(&["scope"], None);
        ask().await.unwrap();
        clock.advance(Duration::from_secs(3400));
        ask().await.unwrap();
        clock.advance(Duration::from_secs(3400));
        ask().await.unwrap();
        clock.advance(Duration::from_secs(200));
        assert!(ask().await.is_err());
    }

    #[tokio::test]
    async fn whoever_waited_for_a_failed_exchange_shares_its_end() {
        let (credential, issuer, _) = credential(TENANT);
        issuer.asked.store(2, Ordering::SeqCst);
        let ask = || credential.get_token(&["scope"], None);
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
        let ask = || credential.get_token(&["scope"], None);
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
