//! What the content files say.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Exclusion;
use crate::diag::{Located, Source};
use crate::ident::{ContentId, ItemKey, Tag};
use crate::state::desired::HeldReason;
use crate::state::{Fields, Kind};

/// All content of a root.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Hunting queries and analytic rules, by path.
    pub contents: Vec<Content>,
    /// Exclusions, by id.
    pub exclusions: Vec<Exclusion>,
    /// Content files that did not load, by path.
    pub broken: Vec<Broken>,
    /// Files that are not read for their names and have an id that no other file has, by path.
    pub not_read: Vec<NotRead>,
    /// Whether some exclusion could not be read: planning stops, since nobody knows which item
    /// would be deployed without it.
    pub exclusions_unreadable: bool,
    /// A file whose `replaces` names no id, if there is one: any absent item may be the one that it
    /// takes the place of, so nothing is retired.
    pub replaces_unreadable: Option<String>,
}

impl Catalog {
    /// Whether some file that is read has this id, whether it loaded or not.
    #[must_use]
    pub fn has(&self, id: &ContentId) -> bool {
        self.contents.iter().any(|content| content.id.value == *id)
            || self.broken.iter().any(|broken| broken.id.as_ref() == Some(id))
    }
}

/// One hunting query or analytic rule.
#[derive(Debug, Clone)]
pub struct Content {
    /// Its id.
    pub id: Located<ContentId>,
    /// What it becomes, decided by its fields and never by its folder.
    pub kind: Kind,
    /// Its file.
    pub source: Arc<Source>,
    /// Every top-level key but `id`, `kind`, `query`, `queryFrom`, `inherit`, `parameters` and
    /// `replaces`, as JSON, with the place of its value.
    pub keys: BTreeMap<String, Located<Value>>,
    /// What the file alone defines: wire values of every field but the query. Empty while the content
    /// is held.
    pub fields: Fields,
    /// Where its query comes from.
    pub query: QuerySource,
    /// `parameters`: names of `let` statements; a value where a `queryFrom` rule sets its own.
    pub parameters: BTreeMap<String, Located<Option<Value>>>,
    /// `replaces`.
    pub replaces: Option<Located<ContentId>>,
    /// String tags of the file, for selectors and exclusions.
    pub tags: Vec<Tag>,
    /// Errors that were found in the file: the item is held in every workspace.
    pub held: Vec<HeldReason>,
}

impl Content {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> ItemKey {
        ItemKey { family: self.kind.family(), id: self.id.value.clone() }
    }

    /// Its display name, or its id.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.keys.get("name").and_then(|name| name.value.as_str());
        name.unwrap_or(self.id.value.as_str())
    }
}

/// Where an item's query comes from.
#[derive(Debug, Clone)]
pub enum QuerySource {
    /// The file's own `query`.
    Own(Located<String>),
    /// `queryFrom`: the query of a hunting query.
    From {
        /// The hunt.
        id: Located<ContentId>,
        /// Whether the hunt's exclusions and parameters come along (`inherit`, true by default).
        inherit: bool,
    },
}

/// A content file that did not load.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Relative to the root.
    pub path: String,
    /// Its id, where that could still be read; `None` blocks every retirement in the run.
    pub id: Option<ContentId>,
    /// What it `replaces`, as far as that could still be read.
    pub replaces: Vec<ContentId>,
    /// Why.
    pub reason: HeldReason,
}

/// A file that looks like content and is not read: renamed away, and what it deployed holds on.
#[derive(Debug, Clone)]
pub struct NotRead {
    /// Relative to the root.
    pub path: String,
    /// Its ids; at least one.
    pub ids: Vec<ContentId>,
    /// What it `replaces`.
    pub replaces: Vec<ContentId>,
    /// Why.
    pub reason: HeldReason,
}
