//! Resource ids and the paths of requests.

use std::fmt;

use crate::ident::{ArmName, Family, ResourceGroupName, SubscriptionId, WorkspaceName};

/// A Log Analytics workspace: where Sentinel's resources live. Compares without case, as ARM does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceId {
    /// Its subscription.
    pub subscription: SubscriptionId,
    /// Its resource group.
    pub resource_group: ResourceGroupName,
    /// Its name.
    pub name: WorkspaceName,
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.OperationalInsights/workspaces/{}",
            self.subscription, self.resource_group, self.name
        )
    }
}

/// A list of resources in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// `Microsoft.SecurityInsights/alertRules`.
    AlertRules,
    /// `Microsoft.OperationalInsights/savedSearches`.
    SavedSearches,
    /// `Microsoft.SecurityInsights/metadata`.
    Metadata,
}

impl Collection {
    /// What comes after the workspace's id.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::AlertRules => "/providers/Microsoft.SecurityInsights/alertRules",
            Self::SavedSearches => "/savedSearches",
            Self::Metadata => "/providers/Microsoft.SecurityInsights/metadata",
        }
    }

    /// The list that a family's items are in.
    #[must_use]
    pub const fn of(family: Family) -> Self {
        match family {
            Family::AnalyticRule => Self::AlertRules,
            Family::HuntingQuery => Self::SavedSearches,
        }
    }

    /// The row of the API version table.
    #[must_use]
    pub const fn operation(self) -> super::Operation {
        match self {
            Self::AlertRules => super::Operation::AlertRules,
            Self::SavedSearches => super::Operation::SavedSearches,
            Self::Metadata => super::Operation::Metadata,
        }
    }
}

/// One resource in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its list.
    pub collection: Collection,
    /// Its name.
    pub name: ArmName,
}

impl ResourceId {
    /// The path of a request for it: the id with its name percent-encoded.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}{}/{}", self.workspace, self.collection.suffix(), encoded(self.name.as_str()))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}/{}", self.workspace, self.collection.suffix(), self.name)
    }
}

impl WorkspaceId {
    /// A resource in this workspace.
    #[must_use]
    pub fn resource(&self, collection: Collection, name: &ArmName) -> ResourceId {
        ResourceId { workspace: self.clone(), collection, name: name.clone() }
    }

    /// The path of a list request.
    #[must_use]
    pub fn list_path(&self, collection: Collection) -> String {
        format!("{self}{}", collection.suffix())
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(resource_group: &str) -> WorkspaceId {
        WorkspaceId {
            subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
            resource_group: resource_group.parse().unwrap(),
            name: "law-sec".parse().unwrap(),
        }
    }

    #[test]
    fn workspaces_are_the_same_in_any_case() {
        assert_eq!(workspace("RG-Sec"), workspace("rg-sec"));
    }

    #[test]
    fn a_name_cannot_leave_its_path_segment() {
        let name: ArmName = "LogManagement(law)_a|b?x#y z".parse().unwrap();
        let path = workspace("rg").resource(Collection::SavedSearches, &name).path();
        assert!(
            path.ends_with("/savedSearches/LogManagement%28law%29_a%7Cb%3Fx%23y%20z"),
            "{path}"
        );
    }
}
