//! From what an environment says to a credential of Microsoft's library.
//!
//! Secrets come in through a lookup that the caller hands over; they are in no error and no `Debug`.
//! Only a managed identity's address is read by the library itself: `IDENTITY_ENDPOINT` and its like.

use std::sync::Arc;

use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, HttpClient, RetryOptions, Transport, UserAgentOptions};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};

use super::Clock;
use super::assertion::GithubAssertion;
use super::auto::named_client;
use super::issuer::Issuer;
use super::patient::{Asked, Patient};
use super::pipeline::{APPLICATION_ID, Connections};
use crate::environment::Credential;
use crate::ident::{ClientId, Invalid, TenantId};

pub(super) const CLIENT_ID: &str = "AZURE_CLIENT_ID";
pub(super) const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// A lookup of environment variables.
pub(super) type Variable<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// Who signs in where. Whoever is the same in all of it shares tokens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) issuer: Issuer,
    pub(super) tenant: TenantId,
    /// Never `none`, never `auto`.
    pub(super) credential: Credential,
}

/// What signing in needs.
pub(super) struct Means<'a> {
    pub(super) connections: &'a Connections,
    pub(super) variable: Variable<'a>,
    pub(super) clock: &'a Arc<dyn Clock>,
}

/// Makes the credential of an identity. `remark` follows its kind in errors: why `auto` chose it.
///
/// # Errors
/// When a variable is not set, or a value is not what Microsoft Entra wants.
pub(super) fn sign_in(
    identity: &Identity,
    remark: &str,
    means: &Means<'_>,
) -> Result<Arc<dyn TokenCredential>, Invalid> {
    let Identity { issuer, tenant, credential } = identity;
    let variable = means.variable;
    let line = || means.connections.line(issuer);
    let mut asked = Asked::new(format!("`{}`", issuer.shown()), tenant, credential, remark);
    let inner: Arc<dyn TokenCredential> = match credential {
        Credential::None | Credential::Auto { .. } => {
            return Err(Invalid::new("this kind of credential gives no token by itself"));
        }
        Credential::GithubOidc { client } => {
            let assertion = GithubAssertion::new(issuer, means.connections, variable)?;
            let (tenant, client) = (tenant.to_string(), client.to_string());
            let options =
                ClientAssertionCredentialOptions { client_options: options(issuer, line()) };
            ClientAssertionCredential::new(tenant, client, assertion, Some(options))
                .map_err(invalid)?
        }
        Credential::WorkloadIdentity { client } => {
            let file = needed(variable, TOKEN_FILE, "run in a pod with workload identity")?;
            let client = match client {
                Some(client) => client.clone(),
                None => named_client(variable)?
                    .ok_or_else(|| not_set(CLIENT_ID, "set it, or write `clientId`"))?,
            };
            let client_options = options(issuer, line());
            let options = WorkloadIdentityCredentialOptions {
                credential_options: ClientAssertionCredentialOptions { client_options },
                client_id: Some(client.to_string()),
                tenant_id: Some(tenant.to_string()),
                token_file_path: Some(file.into()),
            };
            WorkloadIdentityCredential::new(Some(options)).map_err(invalid)?
        }
        Credential::ManagedIdentity { client } => {
            asked.authority = "the machine's identity endpoint".to_owned();
            managed_identity(client.as_ref(), means.connections)?
        }
        Credential::AzureCli => {
            asked.authority = "`az`".to_owned();
            asked.is_program = true;
            let options = AzureCliCredentialOptions {
                tenant_id: Some(tenant.to_string()),
                ..AzureCliCredentialOptions::default()
            };
            AzureCliCredential::new(Some(options)).map_err(invalid)?
        }
        Credential::ClientSecret { client, secret_variable } => {
            let secret = needed(variable, secret_variable, "put the secret's value into it")?;
            let options = ClientSecretCredentialOptions { client_options: options(issuer, line()) };
            let (client, secret) = (client.to_string(), Secret::new(secret));
            ClientSecretCredential::new(tenant.as_str(), client, secret, Some(options))
                .map_err(invalid)?
        }
    };
    Ok(Arc::new(Patient::new(inner, Arc::clone(means.clock), asked)))
}

/// Its endpoint is on the machine or link-local: no proxy is asked.
fn managed_identity(
    client: Option<&ClientId>,
    connections: &Connections,
) -> Result<Arc<dyn TokenCredential>, Invalid> {
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: client.map(|client| UserAssignedId::ClientId(client.to_string())),
        client_options: ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(Transport::new(connections.unproxied())),
            ..ClientOptions::default()
        },
    };
    Ok(ManagedIdentityCredential::new(Some(options)).map_err(invalid)?)
}

/// The issuer's authority is named, so that no environment variable chooses another.
fn options(issuer: &Issuer, line: Arc<dyn HttpClient>) -> ClientOptions {
    let mut custom = CustomConfiguration::default();
    custom.authority_host = issuer.secured_authority();
    ClientOptions {
        cloud: Some(Arc::new(custom.into())),
        // It would try for more than a minute.
        retry: RetryOptions::none(),
        transport: Some(Transport::new(line)),
        user_agent: UserAgentOptions { application_id: Some(APPLICATION_ID.to_owned()) },
        ..ClientOptions::default()
    }
}

/// The value of a variable that must be set.
pub(super) fn needed(variable: Variable<'_>, name: &str, way_on: &str) -> Result<String, Invalid> {
    variable(name).filter(|value| !value.is_empty()).ok_or_else(|| not_set(name, way_on))
}

fn not_set(name: &str, way_on: &str) -> Invalid {
    Invalid::new(format!("the environment variable `{name}` is not set: {way_on}"))
}

fn invalid(error: azure_core::Error) -> Invalid {
    Invalid::new(super::pipeline::chain(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::Cloud;
    use crate::live::fake::TestClock;

    const APP: &str = "33333333-3333-3333-3333-333333333333";

    fn made(
        credential: Credential,
        value: Option<&str>,
    ) -> Result<Arc<dyn TokenCredential>, String> {
        let base = "https://management.azure.com".parse().unwrap();
        let identity = Identity {
            issuer: Issuer::of(Cloud::Public, &base).unwrap(),
            tenant: "11111111-1111-1111-1111-111111111111".parse().unwrap(),
            credential,
        };
        let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
        let means = Means {
            connections: &Connections::new().unwrap(),
            variable: &|_| value.map(str::to_owned),
            clock: &clock,
        };
        sign_in(&identity, "", &means).map_err(|invalid| invalid.reason)
    }

    fn secret() -> Credential {
        let secret_variable = "SECRET".to_owned();
        Credential::ClientSecret { client: APP.parse().unwrap(), secret_variable }
    }

    #[test]
    fn no_secret_is_in_debug_or_errors() {
        let made = made(secret(), Some("hunter2")).unwrap();
        assert!(!format!("{made:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_not_set_is_named_with_a_way_on() {
        let check = |credential: Credential, expect: &str| {
            let why = made(credential, None).unwrap_err();
            assert!(why.contains(expect), "{why}");
        };
        check(secret(), "the environment variable `SECRET` is not set: put");
        let client = Some(APP.parse().unwrap());
        check(Credential::WorkloadIdentity { client }, "`AZURE_FEDERATED_TOKEN_FILE` is not set");
        let client = APP.parse().unwrap();
        check(Credential::GithubOidc { client }, "`ACTIONS_ID_TOKEN_REQUEST_URL` is not set");
        check(Credential::Auto { client: None }, "no token by itself");
    }

    #[test]
    fn a_token_file_that_is_not_there_is_named() {
        let client = Some(APP.parse().unwrap());
        let why = made(Credential::WorkloadIdentity { client }, Some("/nowhere/token"));
        let why = why.unwrap_err();
        assert!(why.contains("/nowhere/token"), "{why}");
    }
}
