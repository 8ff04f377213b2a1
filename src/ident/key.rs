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

/// What a file calls a workspace: `contoso-prod`, or `contoso/contoso-prod` where several
/// environments have one of that name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceReference {
    /// The environment, if it is named.
    pub environment: Option<EnvironmentName>,
    /// The workspace within it.
    pub workspace: WorkspaceLabel,
}

impl WorkspaceReference {
    /// Whether the workspace may be meant.
    #[must_use]
    pub fn fits(&self, key: &WorkspaceKey) -> bool {
        self.workspace == key.workspace
            && self.environment.as_ref().is_none_or(|name| *name == key.environment)
    }
}

impl FromStr for WorkspaceReference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Ok(match text.split_once('/') {
            Some((environment, workspace)) => {
                Self { environment: Some(environment.parse()?), workspace: workspace.parse()? }
            }
            None => Self { environment: None, workspace: text.parse()? },
        })
    }
}

impl fmt::Display for WorkspaceReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.environment {
            Some(environment) => formatter.pad(&format!("{environment}/{}", self.workspace)),
            None => formatter.pad(self.workspace.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_called_by_its_name_or_its_environments_and_its_own() {
        let fits = |text: &str, environment: &str| {
            let key = WorkspaceKey {
                environment: environment.parse().unwrap(),
                workspace: "prod".parse().unwrap(),
            };
            let reference: WorkspaceReference = text.parse().unwrap();
            assert_eq!(reference.to_string(), text);
            reference.fits(&key)
        };
        assert!(fits("prod", "contoso") && fits("Contoso/PROD", "contoso"));
        assert!(!fits("contoso/prod", "fabrikam") && !fits("contoso/lab", "contoso"));
        for text in ["/prod", "contoso/", "a/b/c", ""] {
            assert!(text.parse::<WorkspaceReference>().is_err(), "{text}");
        }
    }

    #[test]
    fn item_keys_read_back() {
        let key: ItemKey = "analytic-rule/e483619f".parse().unwrap();
        assert_eq!(key.family, Family::AnalyticRule);
        assert_eq!(key.to_string(), "analytic-rule/e483619f");
        assert!("rule/e483619f".parse::<ItemKey>().is_err());
        assert!("e483619f".parse::<ItemKey>().is_err());
    }
}
