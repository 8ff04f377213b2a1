//! Names made of several parts.

use std::fmt;
use std::str::FromStr;

use super::{ContentId, EnvironmentName, Invalid, WorkspaceLabel};

/// What an item becomes in Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// A scheduled or NRT rule: `Microsoft.SecurityInsights/alertRules`.
    AnalyticRule,
    /// A saved search of category Hunting Queries: `Microsoft.OperationalInsights/savedSearches`.
    HuntingQuery,
}

impl Family {
    /// Both, in the order of reports.
    pub const ALL: [Self; 2] = [Self::AnalyticRule, Self::HuntingQuery];

    /// The first part of an item's key: `analytic-rule` or `hunting-query`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AnalyticRule => "analytic-rule",
            Self::HuntingQuery => "hunting-query",
        }
    }

    /// The other of the two.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::AnalyticRule => Self::HuntingQuery,
            Self::HuntingQuery => Self::AnalyticRule,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One deployable item: `analytic-rule/<id>` or `hunting-query/<id>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    /// What it becomes.
    pub family: Family,
    /// Its content id.
    pub id: ContentId,
}

impl fmt::Display for ItemKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}/{}", self.family, self.id))
    }
}

impl FromStr for ItemKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (family, id) = text.split_once('/').unwrap_or(("", text));
        let family =
            Family::ALL.into_iter().find(|known| known.as_str() == family).ok_or_else(|| {
                Invalid::new(format!(
                    "`{text}` is not `analytic-rule/<id>` or `hunting-query/<id>`"
                ))
            })?;
        Ok(Self { family, id: id.parse()? })
    }
}

/// One workspace of one environment, as this repository calls them: `contoso/contoso-prod`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceKey {
    /// The environment, one customer tenant.
    pub environment: EnvironmentName,
    /// The workspace within it.
    pub workspace: WorkspaceLabel,
}

impl fmt::Display for WorkspaceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}/{}", self.environment, self.workspace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_keys_read_back() {
        let key: ItemKey = "analytic-rule/e483619f".parse().unwrap();
        assert_eq!(key.family, Family::AnalyticRule);
        assert_eq!(key.to_string(), "analytic-rule/e483619f");
        assert!("rule/e483619f".parse::<ItemKey>().is_err());
        assert!("e483619f".parse::<ItemKey>().is_err());
    }
}
