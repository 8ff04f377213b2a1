//! What an item is in Azure.

use std::fmt;

use crate::ident::Family;

/// The kind of an item. A kind change is never written over: the service refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A rule that runs on a schedule.
    Scheduled,
    /// A near-real-time rule.
    Nrt,
    /// A saved search of category Hunting Queries.
    Hunt,
}

impl Kind {
    /// The family it belongs to.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::Scheduled | Self::Nrt => Family::AnalyticRule,
            Self::Hunt => Family::HuntingQuery,
        }
    }

    /// ARM's `kind` of a rule; hunts have none on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Nrt => "NRT",
            Self::Hunt => "HuntingQuery",
        }
    }

    /// From ARM's or a content file's `kind`, in any case; `None` for kinds that the tool does not
    /// deploy (Fusion, MicrosoftSecurityIncidentCreation and others).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Scheduled, Self::Nrt]
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
