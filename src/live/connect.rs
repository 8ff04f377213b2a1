//! From environments to clients: which server, which credential, one client per environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure_core::http::Url;

use super::pool::Pool;
use super::sign_in::Means;
use super::{
    Client, Clock, Connections, Pace, PipelineTransport, Site, Throttle, TransportError,
    is_loopback,
};
use crate::environment::{Endpoint, Environment, Limits};
use crate::ident::{EnvironmentName, Invalid};
use crate::state::Unreadable;

/// What the clients find around them.
pub struct Surroundings<'a> {
    /// How much may run at once.
    pub limits: Limits,
    /// Where the embedded emulator listens, if it runs.
    pub embedded: Option<&'a Url>,
    /// Environment variables: secrets, and where to sign in.
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// One client per environment, or why there is none.
#[derive(Debug, Clone)]
pub struct Clients {
    by_environment: BTreeMap<EnvironmentName, Result<Client, Unreadable>>,
    limits: Limits,
    notes: Vec<String>,
}

impl Clients {
    /// Clients that were made otherwise, as simulations do.
    #[must_use]
    pub fn new(
        by_environment: BTreeMap<EnvironmentName, Result<Client, Unreadable>>,
        limits: Limits,
    ) -> Self {
        Self { by_environment, limits, notes: Vec::new() }
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

    /// What was decided about credentials, as sentences: what `auto` chose, and why.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
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
    let mut pool = Pool::default();
    let mut by_environment = BTreeMap::new();
    for environment in environments {
        let client = connections.as_ref().map_err(Clone::clone).and_then(|connections| {
            let base = base(environment, surroundings.embedded)
                .map_err(|invalid| Unreadable { denied: false, message: invalid.reason })?;
            let Surroundings { variable, clock, .. } = surroundings;
            let access = pool
                .access(environment, &base, &Means { connections, variable: *variable, clock })
                .map_err(|Invalid { reason }| Unreadable {
                    denied: true,
                    message: TransportError::Credential(reason).to_string(),
                })?;
            let principal = pool.principal(&access);
            let transport = PipelineTransport::new(connections, base.clone(), access)
                .map_err(|error| unreachable(&error))?;
            let site = Site {
                environment: environment.name.clone(),
                tenant: environment.tenant.value.clone(),
                principal,
                pace: if is_loopback(&base) { Pace::Free } else { Pace::Arm },
                base,
            };
            let clock = Arc::clone(clock);
            Ok(Client::new(site, Arc::new(transport), clock, Arc::clone(&throttle)))
        });
        by_environment.insert(environment.name.clone(), client);
    }
    Clients { by_environment, limits: surroundings.limits, notes: pool.notes() }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::Cloud;
    use crate::diag::{Located, Source, Span};
    use crate::environment::Credential;
    use crate::ident::TenantId;
    use crate::live::fake::TestClock;
    use crate::live::{Access, TenantCredential};

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
        let client = "33333333-3333-3333-3333-333333333333".parse().unwrap();
        Credential::ClientSecret { client, secret_variable: "SECRET".into() }
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
        check(loopback("http://127.0.0.1:8"), Credential::AzureCli, Some("go to"));
        check(Endpoint::Embedded, Credential::None, Some("not running"));
        check(Endpoint::Cloud, secret(), Some("variable `SECRET` is not set"));
    }

    fn credentials(environments: &[&Environment]) -> Vec<Arc<TenantCredential>> {
        let variable = |_: &str| Some("hunter2".to_owned());
        let connections = Connections::new().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
        let means = Means { connections: &connections, variable: &variable, clock: &clock };
        let mut pool = Pool::default();
        let of = |environment: &&Environment| {
            let base = base(environment, None).unwrap();
            match pool.access(environment, &base, &means).unwrap() {
                Access::Token(credential) => credential,
                Access::Anonymous => panic!("anonymous"),
            }
        };
        environments.iter().map(of).collect()
    }

    #[test]
    fn environments_that_sign_in_alike_share_one_credential() {
        let one = environment("a", Endpoint::Cloud, secret());
        let mut managed = environment("b", Endpoint::Cloud, secret());
        managed.credential_tenant = Some(one.tenant.clone());
        managed.tenant = one.tenant.clone().map(|_| OTHER.parse().unwrap());
        let made = credentials(&[&one, &managed]);
        assert!(Arc::ptr_eq(&made[0], &made[1]), "Lighthouse: one exchange for both");
        assert_eq!(made[1].tenant(), &one.tenant.value);
    }

    #[test]
    fn whatever_differs_is_another_credential() {
        let one = environment("a", Endpoint::Cloud, secret());
        let with = |change: fn(&mut Environment)| {
            let mut other = environment("b", Endpoint::Cloud, secret());
            change(&mut other);
            other
        };
        let cloud = with(|other| other.cloud = Cloud::China);
        let tenant = with(|other| {
            other.tenant = other.tenant.clone().map(|_| OTHER.parse().unwrap());
        });
        let kind = with(|other| other.credential.value = Credential::AzureCli);
        for other in [&cloud, &tenant, &kind] {
            let made = credentials(&[&one, other]);
            assert!(!Arc::ptr_eq(&made[0], &made[1]));
            assert_eq!(made[1].tenant(), other.token_tenant());
        }
        let emulated = |port: u16| {
            let endpoint = Endpoint::Loopback(format!("http://127.0.0.1:{port}"));
            let mut made = environment("c", endpoint, secret());
            made.cloud = Cloud::Emulator;
            made
        };
        let made = credentials(&[&emulated(8001), &emulated(8002)]);
        assert!(!Arc::ptr_eq(&made[0], &made[1]), "each emulator has its own tokens");
    }

    #[test]
    fn what_auto_chose_is_noted() {
        let one = environment("a", Endpoint::Cloud, Credential::Auto { client: None });
        let note = |environments: &[&Environment]| {
            let clients = connect(environments.iter().copied(), &surroundings(&|_| None));
            assert_eq!(clients.notes().len(), 1, "alike is said once");
            clients.notes()[0].clone()
        };
        let alone = note(&[&one]);
        assert!(alone.starts_with("`auto` signs in to `a` by `azure-cli`, as none of"), "{alone}");
        let other = environment("b", Endpoint::Cloud, Credential::Auto { client: None });
        let both = note(&[&one, &other]);
        assert!(both.starts_with("`auto` signs in to `a` and one more by"), "{both}");
    }

    const OTHER: &str = "22222222-2222-2222-2222-222222222222";
}
