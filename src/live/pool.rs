//! Credentials by what they sign in as: environments that sign in alike share one, and with it every
//! token and every exchange.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure_core::http::Url;

use super::auto::choose;
use super::credential::TenantCredential;
use super::issuer::Issuer;
use super::pipeline::Access;
use super::sign_in::{Identity, Means, sign_in};
use super::transport::is_loopback;
use crate::environment::{Credential, Environment};
use crate::ident::{EnvironmentName, Invalid};

/// The credentials that were made so far.
#[derive(Default)]
pub(super) struct Pool {
    made: BTreeMap<Identity, Arc<TenantCredential>>,
    /// What `auto` chose and why, with the environments.
    chosen: BTreeMap<(&'static str, String), Vec<EnvironmentName>>,
}

impl Pool {
    /// What an environment's requests show the server at `base`.
    ///
    /// # Errors
    /// Why there is nothing to show.
    pub(super) fn access(
        &mut self,
        environment: &Environment,
        base: &Url,
        means: &Means<'_>,
    ) -> Result<Access, Invalid> {
        let (credential, remark) = match &environment.credential.value {
            Credential::None if is_loopback(base) => return Ok(Access::Anonymous),
            Credential::None => {
                return Err(Invalid::new("credential `none` is for a server on loopback only"));
            }
            Credential::Auto { client } => {
                let choice = choose(client.as_ref(), means.variable)?;
                let (kind, why) = (choice.credential.kind(), choice.why);
                let remark = format!(", which `auto` chose as {why}");
                self.chosen.entry((kind, why)).or_default().push(environment.name.clone());
                (choice.credential, remark)
            }
            named => (named.clone(), String::new()),
        };
        let issuer = Issuer::of(environment.cloud, base)?;
        let tenant = environment.token_tenant().clone();
        let identity = Identity { issuer, tenant, credential };
        if let Some(known) = self.made.get(&identity) {
            return Ok(Access::Token(Arc::clone(known)));
        }
        let inner = sign_in(&identity, &remark, means).map_err(|Invalid { reason }| {
            let (kind, tenant) = (identity.credential.kind(), &identity.tenant);
            Invalid::new(format!("no token for tenant `{tenant}` by `{kind}`{remark}: {reason}"))
        })?;
        let Identity { issuer, tenant, .. } = identity.clone();
        let made = TenantCredential::new(issuer, tenant, inner, Arc::clone(means.clock));
        let made = Arc::new(made);
        self.made.insert(identity, Arc::clone(&made));
        Ok(Access::Token(made))
    }

    /// Whom the service counts requests for that show it this. What signs in alike is one principal.
    pub(super) fn principal(&self, access: &Access) -> String {
        let identity = match access {
            Access::Anonymous => None,
            Access::Token(token) => self.made.iter().find(|(_, made)| Arc::ptr_eq(made, token)),
        };
        identity.map_or_else(|| "nobody".to_owned(), |(identity, _)| format!("{identity:?}"))
    }

    /// What `auto` chose, a sentence for each choice.
    pub(super) fn notes(&self) -> Vec<String> {
        let note = |((kind, why), names): (&(&'static str, String), &Vec<EnvironmentName>)| {
            let others = match names.len().saturating_sub(1) {
                0 => String::new(),
                1 => " and one more".to_owned(),
                more => format!(" and {more} more"),
            };
            let first = names.first().map_or("", EnvironmentName::as_str);
            format!("`auto` signs in to `{first}`{others} by `{kind}`, as {why}.")
        };
        self.chosen.iter().map(note).collect()
    }
}
