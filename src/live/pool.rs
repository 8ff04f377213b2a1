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
use crate::ident::Invalid;

/// The credentials that were made so far.
#[derive(Default)]
pub(super) struct Pool {
    made: BTreeMap<Identity, Arc<TenantCredential>>,
    notes: Vec<String>,
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
                let (name, kind) = (&environment.name, choice.credential.kind());
                let why = choice.why;
                self.notes.push(format!("{name}: `auto` signs in by `{kind}`, as {why}."));
                (choice.credential, format!(", which `auto` chose as {why}"))
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

    /// What `auto` chose, in the order of the environments.
    pub(super) fn into_notes(self) -> Vec<String> {
        self.notes
    }
}
