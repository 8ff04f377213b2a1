//! Who calls, and whether that tenant may: bearer tokens are read, never verified.
//!
//! Two kinds of token name a tenant: a JWT by its `tid`, and `emulator.<tenant>.<anything>`. Other
//! tokens and none at all are let in unless the options want a token. The token itself goes no
//! further than this file.

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::Refusal;
use super::store::SubscriptionRecord;
use super::token;
use crate::ident::{FieldHash, TenantId};

/// What is known of the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Caller {
    /// The token's tenant.
    pub(super) tenant: Option<TenantId>,
    /// The token's application.
    pub(super) app: Option<String>,
    /// The token's object id, which system data names.
    pub(super) object: Option<String>,
    /// A short hash of the token.
    pub(super) hash: Option<FieldHash>,
    /// When the token's time is over, in seconds since 1970.
    pub(super) expires: Option<i64>,
}

impl Caller {
    /// Reads an `Authorization` header.
    pub(super) fn read(header: Option<&str>) -> Self {
        let Some(token) = header.and_then(bearer) else { return Self::default() };
        let claims = match token.strip_prefix("emulator.") {
            Some(rest) => serde_json::json!({ "tid": rest.split('.').next() }),
            None => token::claims(token).unwrap_or_default(),
        };
        let claim = |name: &str| claims.get(name).and_then(Value::as_str);
        Self {
            tenant: claim("tid").and_then(|text| text.parse().ok()),
            app: claim("appid").map(str::to_owned),
            object: claim("oid").or_else(|| claim("appid")).map(str::to_owned),
            hash: Some(FieldHash::of(token.as_bytes())),
            expires: claims.get("exp").and_then(Value::as_i64),
        }
    }

    /// Whoever asks a tenant for a token.
    pub(super) fn of(tenant: &str, app: Option<&str>) -> Self {
        let (tenant, app) = (tenant.parse().ok(), app.map(str::to_owned));
        Self { tenant, app, ..Self::default() }
    }

    /// How limits and refusals name the caller.
    pub(super) fn actor(&self) -> &str {
        let app = self.app.as_deref();
        self.object.as_deref().or(app).unwrap_or("00000000-0000-0000-0000-000000000000")
    }

    /// How the journal names the caller: by tenant and application, else by the token's hash.
    pub(super) fn label(&self) -> Option<String> {
        let app = self.app.as_ref().map(|app| format!(" app {app}")).unwrap_or_default();
        let tenant = self.tenant.as_ref().map(|tenant| format!("tenant {tenant}{app}"));
        tenant.or_else(|| self.hash.map(|hash| format!("token {hash}")))
    }
}

/// Refuses a caller that may not see a subscription.
pub(super) fn admit(
    caller: &Caller,
    subscription: Option<&SubscriptionRecord>,
    require_token: bool,
    now: Timestamp,
) -> Result<(), Refusal> {
    if let Some(expires) = caller.expires.filter(|expires| *expires <= now.as_second()) {
        let expires = Timestamp::from_second(expires).unwrap_or(Timestamp::MIN);
        let text = format!(
            "The access token expiry UTC time '{expires}' is earlier than current UTC time '{now}'."
        );
        return Err(Refusal::new(401, "ExpiredAuthenticationToken", text));
    }
    match (&caller.tenant, subscription) {
        (None, _) if require_token && caller.hash.is_some() => {
            Err(Refusal::new(401, "InvalidAuthenticationToken", "The access token is invalid."))
        }
        (None, _) if require_token => {
            let text = "Authentication failed. The 'Authorization' header is missing.";
            Err(Refusal::new(401, "AuthenticationFailed", text))
        }
        (Some(tenant), Some(record)) if !record.admits(tenant) => {
            let text = format!(
                "The access token is from the wrong issuer 'https://sts.windows.net/{tenant}/'. It must match the tenant 'https://sts.windows.net/{}/' associated with this subscription.",
                record.tenant
            );
            Err(Refusal::new(401, "InvalidAuthenticationTokenTenant", text))
        }
        _ => Ok(()),
    }
}

/// The token of an `Authorization` header.
pub(super) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOME: &str = "11111111-1111-1111-1111-111111111111";
    const OTHER: &str = "22222222-2222-2222-2222-222222222222";
    const MANAGING: &str = "33333333-3333-3333-3333-333333333333";

    fn jwt(tenant: &str) -> String {
        format!("Bearer {}", token::write(&json!({ "tid": tenant, "oid": "o-1" }), 0))
    }

    fn check(header: Option<&str>, require_token: bool, expect: &str) {
        let record = SubscriptionRecord { tenant: HOME.into(), managed_by: vec![MANAGING.into()] };
        let now = Timestamp::from_second(1000).unwrap();
        let admitted = admit(&Caller::read(header), Some(&record), require_token, now);
        assert_eq!(admitted.err().map_or("in", |refusal| refusal.code), expect, "{header:?}");
    }

    #[test]
    fn a_token_of_another_tenant_is_refused() {
        check(Some(&jwt(HOME)), true, "in");
        check(Some(&jwt(&HOME.to_uppercase())), true, "in");
        check(Some(&jwt(OTHER)), false, "InvalidAuthenticationTokenTenant");
        check(Some(&format!("Bearer emulator.{HOME}.x")), true, "in");
        check(
            Some(&format!("bearer emulator.{OTHER}.x")),
            false,
            "InvalidAuthenticationTokenTenant",
        );
    }

    #[test]
    fn a_token_whose_time_is_over_is_refused() {
        let token = |exp: i64| token::write(&json!({ "tid": HOME, "exp": exp }), 0);
        check(Some(&format!("Bearer {}", token(1001))), true, "in");
        check(Some(&format!("Bearer {}", token(1000))), false, "ExpiredAuthenticationToken");
    }

    #[test]
    fn a_managing_tenant_is_let_in() {
        check(Some(&jwt(MANAGING)), true, "in");
    }

    #[test]
    fn no_token_is_let_in_unless_one_is_wanted() {
        for header in [None, Some("Basic eA==")] {
            check(header, false, "in");
            check(header, true, "AuthenticationFailed");
        }
        for header in ["Bearer opaque", "Bearer a.b.c"] {
            check(Some(header), false, "in");
            check(Some(header), true, "InvalidAuthenticationToken");
        }
    }

    #[test]
    fn a_label_never_holds_the_token() {
        let caller = Caller::read(Some("Bearer secret-token"));
        let label = caller.label().unwrap();
        assert!(label.starts_with("token ") && !label.contains("secret"), "{label}");
        let label = Caller::read(Some(&jwt(HOME))).label();
        assert_eq!(label, Some(format!("tenant {HOME}")));
        assert!(!format!("{caller:?}").contains("secret"));
        let claims = json!({ "tid": HOME, "appid": "a-1" });
        let header = format!("Bearer {}", token::write(&claims, 0));
        let label = Caller::read(Some(&header)).label();
        assert_eq!(label, Some(format!("tenant {HOME} app a-1")));
    }
}
