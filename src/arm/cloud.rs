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

    /// The scope to ask a token for.
    #[must_use]
    pub fn scope(self) -> Option<String> {
        self.resource_manager().map(|endpoint| format!("{endpoint}/.default"))
    }
}
