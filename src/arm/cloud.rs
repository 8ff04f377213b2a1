//! The Azure clouds.

/// Which Azure, or the emulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cloud {
    /// Azure public.
    Public,
    /// Azure US Government.
    UsGov,
    /// Azure operated by 21Vianet.
    China,
    /// The built-in emulator, on loopback only.
    Emulator,
}

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Public, Self::UsGov, Self::China, Self::Emulator];

    /// As environment files spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::UsGov => "usgov",
            Self::China => "china",
            Self::Emulator => "emulator",
        }
    }

    /// The ARM endpoint; the emulator's depends on its port and stands in the environment.
    #[must_use]
    pub const fn resource_manager(self) -> Option<&'static str> {
        match self {
            Self::Public => Some("https://management.azure.com"),
            Self::UsGov => Some("https://management.usgovcloudapi.net"),
            Self::China => Some("https://management.chinacloudapi.cn"),
            Self::Emulator => None,
        }
    }

    /// The Microsoft Entra authority that issues tokens.
    #[must_use]
    pub const fn authority(self) -> Option<&'static str> {
        match self {
            Self::Public => Some("https://login.microsoftonline.com"),
            Self::UsGov => Some("https://login.microsoftonline.us"),
            Self::China => Some("https://login.partner.microsoftonline.cn"),
            Self::Emulator => None,
        }
    }

    /// What a token for Resource Manager is asked for. The emulator's is one that no Microsoft Entra
    /// knows: no real token is ever asked for in order to be sent to it.
    #[must_use]
    pub fn scope(self) -> String {
        format!("{}/.default", self.resource_manager().unwrap_or("api://sentinelops-emulator"))
    }

    /// The audience of a workload's assertion: whom GitHub or Kubernetes must issue it for. Each cloud
    /// has its own (Entra's documentation of federated identity credentials); the emulator's serves
    /// nowhere else.
    #[must_use]
    pub const fn assertion_audience(self) -> &'static str {
        match self {
            Self::Public => "api://AzureADTokenExchange",
            Self::UsGov => "api://AzureADTokenExchangeUSGov",
            Self::China => "api://AzureADTokenExchangeChina",
            Self::Emulator => "api://AzureADTokenExchangeEmulator",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_has_its_own_audience_and_scope() {
        let distinct =
            |texts: [String; 4]| texts.into_iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(distinct(Cloud::ALL.map(|cloud| cloud.assertion_audience().to_owned())), 4);
        assert_eq!(distinct(Cloud::ALL.map(Cloud::scope)), 4);
        assert_eq!(Cloud::UsGov.scope(), "https://management.usgovcloudapi.net/.default");
    }
}
