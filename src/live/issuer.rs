//! Who issues tokens, and the one server that they are for.

use azure_core::http::Url;

use super::transport::is_loopback;
use crate::arm::Cloud;
use crate::ident::Invalid;

/// A cloud's Microsoft Entra with the cloud's Resource Manager, or an emulator that is both. A token
/// goes to its issuer's server and nowhere else: a real one never over plain http, an emulator's never
/// off this machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issuer {
    cloud: Cloud,
    authority: Url,
    server: Url,
}

impl Issuer {
    /// The issuer of tokens for the server at `base`. The authority is the cloud's own, so that no
    /// environment variable chooses another.
    ///
    /// # Errors
    /// When `base` is not the cloud's server, or the emulator's is not plain http on loopback.
    pub fn of(cloud: Cloud, base: &Url) -> Result<Self, Invalid> {
        let parse = |text: &str| {
            text.parse::<Url>().map_err(|why| Invalid::new(format!("`{text}` is no URL: {why}")))
        };
        let (authority, server) = match (cloud.authority(), cloud.resource_manager()) {
            (Some(authority), Some(server)) => (parse(authority)?, parse(server)?),
            _ if base.scheme() == "http" && is_loopback(base) => (base.clone(), base.clone()),
            _ => {
                let reason = format!("`{base}` is no emulator: plain http on loopback");
                return Err(Invalid::new(reason));
            }
        };
        let issuer = Self { cloud, authority, server };
        if issuer.serves(base) {
            return Ok(issuer);
        }
        let (cloud, server) = (cloud.as_str(), &issuer.server);
        let reason = format!("tokens of cloud `{cloud}` go to `{server}` only, not to `{base}`");
        Err(Invalid::new(reason))
    }

    /// Whether its tokens are for the server at `base`.
    #[must_use]
    pub fn serves(&self, base: &Url) -> bool {
        self.server.origin() == base.origin()
    }

    /// What is asked for.
    #[must_use]
    pub fn scope(&self) -> String {
        self.cloud.scope()
    }

    /// The audience of assertions.
    pub(super) const fn audience(&self) -> &'static str {
        self.cloud.assertion_audience()
    }

    /// Whether it is an emulator, which is reached by plain http.
    pub(super) fn is_emulator(&self) -> bool {
        self.cloud == Cloud::Emulator
    }

    /// The authority, for people.
    pub(super) fn shown(&self) -> &str {
        self.authority.as_str().trim_end_matches('/')
    }

    /// The authority as Microsoft's libraries want it: https, whatever the line to it is.
    pub(super) fn secured_authority(&self) -> String {
        secured(&self.authority).as_str().trim_end_matches('/').to_owned()
    }

    /// The server.
    pub(super) const fn server(&self) -> &Url {
        &self.server
    }
}

/// The same URL with https, on the same port.
pub(super) fn secured(url: &Url) -> Url {
    let port = url.port_or_known_default();
    let mut secured = url.clone();
    // Both are refused for URLs without a host only, and neither scheme can be without one.
    let _known = secured.set_scheme("https");
    let _known = secured.set_port(port);
    secured
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(cloud: Cloud, base: &str) -> Result<Issuer, Invalid> {
        Issuer::of(cloud, &base.parse().unwrap())
    }

    #[test]
    fn a_token_is_for_its_own_server_only() {
        let public = issuer(Cloud::Public, "https://management.azure.com").unwrap();
        assert_eq!(public.shown(), "https://login.microsoftonline.com");
        assert!(!public.serves(&"http://management.azure.com".parse().unwrap()));
        for elsewhere in ["http://127.0.0.1:80", "https://management.chinacloudapi.cn"] {
            let reason = issuer(Cloud::Public, elsewhere).unwrap_err().reason;
            assert!(reason.contains("go to `https://management.azure.com/` only"), "{reason}");
        }
    }

    #[test]
    fn every_cloud_signs_in_at_home() {
        for cloud in [Cloud::Public, Cloud::UsGov, Cloud::China] {
            let issuer = issuer(cloud, cloud.resource_manager().unwrap()).unwrap();
            assert_eq!(Some(issuer.shown()), cloud.authority());
            assert!(issuer.secured_authority().starts_with("https://login."));
        }
    }

    #[test]
    fn an_emulator_is_on_loopback() {
        let emulator = issuer(Cloud::Emulator, "http://127.0.0.1:8080").unwrap();
        assert_eq!(emulator.shown(), "http://127.0.0.1:8080");
        assert_eq!(emulator.secured_authority(), "https://127.0.0.1:8080");
        assert!(!emulator.serves(&"http://127.0.0.1:8081".parse().unwrap()));
        for wrong in ["http://10.0.0.1:80", "https://127.0.0.1", "https://management.azure.com"] {
            assert!(issuer(Cloud::Emulator, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_stays_whatever_the_scheme() {
        let check = |url: &str, expect: &str| {
            assert_eq!(secured(&url.parse().unwrap()).as_str(), expect);
        };
        check("http://127.0.0.1/", "https://127.0.0.1:80/");
        check("http://127.0.0.1:443/", "https://127.0.0.1/");
        check("http://[::1]:8080/x?y", "https://[::1]:8080/x?y");
    }
}
