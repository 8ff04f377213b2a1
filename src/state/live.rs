//! The live side: raw JSON as ARM answered it, never through typed models.

use serde_json::Value;

use super::{Body, Kind};
use crate::ident::{ArmName, Family};

/// One rule or hunting query as it is in a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveItem {
    /// The list that it was read from.
    pub family: Family,
    /// Its ARM name.
    pub name: ArmName,
    /// `None` for what the tool does not deploy: kinds such as Fusion, saved searches that are no
    /// hunting queries.
    pub kind: Option<Kind>,
    /// The whole resource.
    pub body: Body,
}

impl LiveItem {
    /// The etag that was read with it.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.body.member("etag").as_str()
    }

    /// Its display name, for people.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.body.property("displayName").as_str().unwrap_or_default()
    }
}

/// One `Microsoft.SecurityInsights/metadata` resource that is about a rule or a hunting query.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataItem {
    /// Its ARM name.
    pub name: ArmName,
    /// The family that its `kind` names.
    pub family: Family,
    /// The whole resource.
    pub body: Body,
}

impl MetadataItem {
    /// A text under `properties`; empty when absent.
    #[must_use]
    pub fn property(&self, name: &str) -> &str {
        self.body.property(name).as_str().unwrap_or_default()
    }

    /// A text under `properties.source`; empty when absent.
    #[must_use]
    pub fn source(&self, name: &str) -> &str {
        self.body.property("source")[name].as_str().unwrap_or_default()
    }

    /// The last segment of the `parentId`: the ARM name of the item it is about.
    #[must_use]
    pub fn parent_name(&self) -> &str {
        self.property("parentId").rsplit('/').next().unwrap_or_default()
    }
}

/// Everything that was read from one workspace.
///
/// What is lacking here is absent: an owned item that a list lacked was asked for by itself, and so
/// was the metadata of a wanted, live item (lists lag behind writes).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveWorkspace {
    /// Rules of every kind, and saved searches of category Hunting Queries without a function alias.
    pub items: Vec<LiveItem>,
    /// Metadata about rules and hunting queries, whoever wrote it.
    pub metadata: Vec<MetadataItem>,
}

/// The playbooks that a rule starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Playbooks {
    /// The links, as ARM answered them.
    Read(Vec<Value>),
    /// They could not be read, and why.
    Unknown(String),
}

/// Why a workspace could not be read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Whether the reason is that the credential is missing, refused or not allowed.
    pub denied: bool,
    /// For people.
    pub message: String,
}

/// One workspace's live side.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// Read whole.
    Read(LiveWorkspace),
    /// Not read whole: no change follows from it, and it is never green.
    Unreadable(Unreadable),
}
