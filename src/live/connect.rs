//! From environments to clients: which server, which credential, one client per environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::Url;

use super::credential::sign_in;
use super::{
    Access, Client, Clock, Connections, Pace, PipelineTransport, Site, TenantCredential, Throttle,
    TransportError, is_loopback,
};
use crate::arm::Cloud;
use crate::environment::{Credential, Endpoint, Environment, Limits};
use crate::ident::{EnvironmentName, Invalid, TenantId};
use crate::state::Unreadable;

/// What the clients find around them.
pub struct Surroundings<'a> {
    /// How much may run at once.
    pub limits: Limits,
    /// Where the embedded emulator listens, if it runs.
    pub embedded: Option<&'a Url>,
    /// Environment variables, for secrets only.
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// One client per environment, or why there is none.
#[derive(Debug, Clone)]
pub struct Clients {
    by_environment: BTreeMap<EnvironmentName, Result<Client, Unreadable>>,
    limits: Limits,
}

impl Clients {
    /// Clients that were made otherwise, as simulations do.
    #[must_use]
    pub fn new(
        by_environment: BTreeMap<EnvironmentName, Result<Client, Unreadable>>,
        limits: Limits,
    ) -> Self {
        Self { by_environment, limits }
    }

    /// The client of an environment.
    ///
    /// # Errors
    /// Why there is none: then its workspaces are unreadable, and the others go on.
    pub fn get(&self, environment: &EnvironmentName) -> Result<&Client, Unreadable> {
        let unknown = || Unreadable {
            denied: false,
            message: format!("environment `{environment}` was not connected"),
        };
        match self.by_environment.get(environment) {
            Some(Ok(client)) => Ok(client),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(unknown()),
        }
    }

    /// How much may run at once.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }
}

/// Makes the clients. Nothing is sent: signing in happens with the first request.
///
/// Environments that sign in alike share one credential, and with it one token.
#[must_use]
pub fn connect<'a>(
    environments: impl IntoIterator<Item = &'a Environment>,
    surroundings: &Surroundings<'_>,
) -> Clients {
    let throttle = Arc::new(Throttle::new(surroundings.limits));
    let connections = Connections::new().map_err(|error| unreachable(&error));
    let mut credentials = Credentials::default();
    let mut by_environment = BTreeMap::new();
    for environment in environments {
        let client = connections.clone().and_then(|connections| {
            let base = base(environment, surroundings.embedded)
                .map_err(|invalid| Unreadable { denied: false, message: invalid.reason })?;
            let access = credentials
                .access(environment, &base, surroundings)
                .map_err(|invalid| Unreadable { denied: true, message: invalid.reason })?;
            let transport = PipelineTransport::new(&connections, base.clone(), access)
                .map_err(|error| unreachable(&error))?;
            let site = Site {
                environment: environment.name.clone(),
                tenant: environment.tenant.value.clone(),
                principal: principal(environment),
                pace: if is_loopback(&base) { Pace::Free } else { Pace::Arm },
                base,
            };
            let clock = Arc::clone(&surroundings.clock);
            Ok(Client::new(site, Arc::new(transport), clock, Arc::clone(&throttle)))
        });
        by_environment.insert(environment.name.clone(), client);
    }
    Clients { by_environment, limits: surroundings.limits }
}

/// Whom the service counts an environment's requests for. What signs in alike is one principal.
fn principal(environment: &Environment) -> String {
    let tenant = environment.credential_tenant.as_ref().unwrap_or(&environment.tenant);
    let Environment { cloud, credential, .. } = environment;
    format!("{} {} {:?}", cloud.as_str(), tenant.value, credential.value)
}

fn unreachable(error: &TransportError) -> Unreadable {
    Unreadable { denied: false, message: error.to_string() }
}

fn base(environment: &Environment, embedded: Option<&Url>) -> Result<Url, Invalid> {
    let parse = |text: &str| {
        text.parse::<Url>().map_err(|error| Invalid::new(format!("`{text}` is no URL: {error}")))
    };
    match &environment.endpoint {
        Endpoint::Embedded => embedded
            .filter(|url| is_loopback(url))
            .cloned()
            .ok_or_else(|| Invalid::new("the embedded emulator is not running")),
        Endpoint::Loopback(text) => {
            let url = parse(text)?;
            if is_loopback(&url) {
                Ok(url)
            } else {
                Err(Invalid::new(format!("endpoint `{text}` is not on loopback")))
            }
        }
        Endpoint::Cloud => {
            let cloud = environment.cloud;
            let endpoint = cloud.resource_manager().ok_or_else(|| {
                Invalid::new(format!("cloud `{}` has no endpoint of its own", cloud.as_str()))
            })?;
            parse(endpoint)
        }
    }
}

/// Credentials by what they sign in as.
#[derive(Default)]
struct Credentials {
    made: BTreeMap<(Cloud, TenantId, String), Arc<TenantCredential>>,
}

impl Credentials {
    fn access(
        &mut self,
        environment: &Environment,
        base: &Url,
        surroundings: &Surroundings<'_>,
    ) -> Result<Access, Invalid> {
        let credential = &environment.credential.value;
        let client = match credential {
            Credential::None if is_loopback(base) => return Ok(Access::Anonymous),
            Credential::None => {
                return Err(Invalid::new("credential `none` is for a server on loopback only"));
            }
            Credential::AzureCli => "azure-cli".to_owned(),
            Credential::ClientSecret { client_id, secret_variable } => {
                format!("{client_id} {secret_variable}")
            }
        };
        let cloud = environment.cloud;
        let scope = cloud
            .scope()
            .ok_or_else(|| Invalid::new(format!("cloud `{}` takes no token", cloud.as_str())))?;
        let tenant = environment.credential_tenant.as_ref().unwrap_or(&environment.tenant);
        let key = (cloud, tenant.value.clone(), client);
        if let Some(known) = self.made.get(&key) {
            return Ok(token(known, scope));
        }
        let inner =
            sign_in(credential, cloud, &tenant.value, surroundings.variable, &surroundings.clock)?
                .ok_or_else(|| Invalid::new("the credential gives no token"))?;
        let clock = Arc::clone(&surroundings.clock);
        let made = Arc::new(TenantCredential::new(tenant.value.clone(), inner, clock));
        let access = token(&made, scope);
        self.made.insert(key, made);
        Ok(access)
    }
}

fn token(credential: &Arc<TenantCredential>, scope: String) -> Access {
    let credential: Arc<dyn TokenCredential> = Arc::clone(credential) as _;
    Access::Token { credential, scope }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Located, Source, Span};
    use crate::live::fake::TestClock;

    fn environment(name: &str, endpoint: Endpoint, credential: Credential) -> Environment {
        let source = Arc::new(Source::new("environments/a.yaml", "x"));
        let span: Span = 0..1;
        let tenant: TenantId = "11111111-1111-1111-1111-111111111111".parse().unwrap();
        Environment {
            name: name.parse().unwrap(),
            path: "environments/a.yaml".into(),
            cloud: Cloud::Public,
            endpoint,
            tenant: Located::new(tenant, &source, span.clone()),
            credential: Located::new(credential, &source, span),
            credential_tenant: None,
            tags: Vec::new(),
            workspaces: Vec::new(),
            schema: None,
        }
    }

    fn surroundings(variable: &(dyn Fn(&str) -> Option<String> + Sync)) -> Surroundings<'_> {
        let clock = Arc::new(TestClock::default());
        Surroundings { limits: Limits::default(), embedded: None, variable, clock }
    }

    fn reason(endpoint: Endpoint, credential: Credential) -> Option<String> {
        let environment = environment("a", endpoint, credential);
        let clients = connect([&environment], &surroundings(&|_| None));
        clients.get(&environment.name).err().map(|unreadable| unreadable.message)
    }

    fn secret() -> Credential {
        Credential::ClientSecret { client_id: "app".into(), secret_variable: "SECRET".into() }
    }

    #[test]
    fn what_cannot_be_connected_is_unreadable_and_says_why() {
        let check = |endpoint, credential, expect: Option<&str>| {
            let reason = reason(endpoint, credential);
            match (reason, expect) {
                (None, None) => {}
                (Some(reason), Some(part)) => assert!(reason.contains(part), "{reason}"),
                (reason, expect) => panic!("{reason:?} is not {expect:?}"),
            }
        };
        let loopback = |text: &str| Endpoint::Loopback(text.to_owned());
        check(Endpoint::Cloud, Credential::AzureCli, None);
        check(loopback("http://127.0.0.1:8"), Credential::None, None);
        check(Endpoint::Cloud, Credential::None, Some("loopback only"));
        check(loopback("http://10.0.0.1"), Credential::None, Some("not on loopback"));
        check(loopback("http://127.0.0.1:8"), Credential::AzureCli, Some("https only"));
        check(Endpoint::Embedded, Credential::None, Some("not running"));
        check(Endpoint::Cloud, secret(), Some("variable `SECRET` is not set"));
    }

    #[test]
    fn environments_that_sign_in_alike_share_one_credential() {
        let one = environment("a", Endpoint::Cloud, secret());
        let mut other = environment("b", Endpoint::Cloud, secret());
        let mut credentials = Credentials::default();
        let base: Url = "https://management.azure.com".parse().unwrap();
        let variable = |_: &str| Some("hunter2".to_owned());
        let around = surroundings(&variable);
        credentials.access(&one, &base, &around).unwrap();
        credentials.access(&other, &base, &around).unwrap();
        assert_eq!(credentials.made.len(), 1);
        other.cloud = Cloud::China;
        credentials.access(&other, &base, &around).unwrap();
        assert_eq!(credentials.made.len(), 2);
    }
}
