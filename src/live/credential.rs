//! Signing in: one credential per tenant, its token kept until shortly before it expires.
//!
//! Secrets come in through a lookup that the caller hands over; they are in no error and no `Debug`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, RetryOptions};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::Mutex;

use super::Clock;
use super::patient::Patient;
use super::pipeline::chain;
use crate::arm::Cloud;
use crate::environment::Credential;
use crate::ident::{Invalid, TenantId};

/// A token is renewed this long before it expires, so that none expires on its way.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// A credential that gives out tokens of one tenant only, and one exchange at a time.
pub struct TenantCredential {
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
    /// Keeps the tokens of `inner`, which must be `tenant`'s.
    #[must_use]
    pub fn new(tenant: TenantId, inner: Arc<dyn TokenCredential>, clock: Arc<dyn Clock>) -> Self {
        Self { tenant, inner, clock, held: Mutex::default(), ended: AtomicU64::new(0) }
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
        let number = self.ended.fetch_add(1, Ordering::SeqCst) + 1;
        match answer {
            Ok(token) => {
                self.check_tenant(&token)?;
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

/// Makes the credential that an environment names, for tokens of `tenant`. `None` for
/// [`Credential::None`].
///
/// # Errors
/// When the variable of a secret is not set, or a value is not what Microsoft Entra wants.
pub(crate) fn sign_in(
    credential: &Credential,
    cloud: Cloud,
    tenant: &TenantId,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<dyn TokenCredential>>, Invalid> {
    match credential {
        Credential::None => Ok(None),
        Credential::AzureCli => {
            let options = AzureCliCredentialOptions {
                tenant_id: Some(tenant.to_string()),
                ..AzureCliCredentialOptions::default()
            };
            let made = AzureCliCredential::new(Some(options)).map_err(invalid)?;
            Ok(Some(made))
        }
        Credential::ClientSecret { client_id, secret_variable } => {
            let secret = variable(secret_variable).filter(|secret| !secret.is_empty());
            let secret = secret.map(Secret::new).ok_or_else(|| {
                Invalid::new(format!("the environment variable `{secret_variable}` is not set"))
            })?;
            let authority = authority(cloud)?;
            let mut custom = CustomConfiguration::default();
            custom.authority_host = authority.to_owned();
            let options = ClientSecretCredentialOptions {
                client_options: ClientOptions {
                    cloud: Some(Arc::new(custom.into())),
                    // It would try for more than a minute.
                    retry: RetryOptions::none(),
                    ..ClientOptions::default()
                },
            };
            let (client, options) = (client_id.clone(), Some(options));
            let made = ClientSecretCredential::new(tenant.as_str(), client, secret, options);
            let made = made.map_err(invalid)?;
            Ok(Some(Arc::new(Patient::new(made, Arc::clone(clock), authority, tenant))))
        }
    }
}

/// The cloud's authority is named, so that no environment variable chooses another.
fn authority(cloud: Cloud) -> Result<&'static str, Invalid> {
    cloud.authority().ok_or_else(|| {
        Invalid::new(format!("cloud `{}` has no Microsoft Entra to sign in to", cloud.as_str()))
    })
}

fn invalid(error: azure_core::Error) -> Invalid {
    Invalid::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use azure_core::time::OffsetDateTime;

    use super::*;
    use crate::live::fake::TestClock;

    const TENANT: &str = "11111111-1111-1111-1111-111111111111";

    /// Issues tokens that live an hour; says how often it was asked.
    #[derive(Debug)]
    struct Issuer {
        clock: Arc<TestClock>,
        names: &'static str,
        asked: AtomicU32,
    }

    #[async_trait]
    impl TokenCredential for Issuer {
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

    fn credential(names: &'static str) -> (TenantCredential, Arc<Issuer>, Arc<TestClock>) {
        let clock = Arc::new(TestClock::default());
        let asked = AtomicU32::new(0);
        let issuer = Arc::new(Issuer { clock: Arc::clone(&clock), names, asked });
        let inner: Arc<dyn TokenCredential> = Arc::clone(&issuer) as _;
        let credential = TenantCredential::new(TENANT.parse().unwrap(), inner, clock.clone());
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
        let (credential, _, _) = credential("22222222-2222-2222-2222-222222222222");
        let error = credential.get_token(&["scope"], None).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the token is for tenant `22222222-2222-2222-2222-222222222222`, not for `11111111-1111-1111-1111-111111111111`"
        );
    }

    #[test]
    fn no_secret_is_in_debug_or_errors() {
        let kind = Credential::ClientSecret {
            client_id: "33333333-3333-3333-3333-333333333333".into(),
            secret_variable: "SECRET".into(),
        };
        let tenant: TenantId = TENANT.parse().unwrap();
        let some = |_: &str| Some("hunter2".to_owned());
        let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
        let made = sign_in(&kind, Cloud::Public, &tenant, &some, &clock).unwrap().unwrap();
        let kept =
            TenantCredential::new(tenant.clone(), made.clone(), Arc::new(TestClock::default()));
        assert!(!format!("{made:?} {kept:?}").contains("hunter2"));
        let error = sign_in(&kind, Cloud::Public, &tenant, &|_: &str| None, &clock).unwrap_err();
        assert_eq!(error.to_string(), "the environment variable `SECRET` is not set");
        assert!(sign_in(&kind, Cloud::Emulator, &tenant, &some, &clock).is_err());
    }
}
