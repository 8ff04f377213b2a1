//! The desired side: what the files say about every workspace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Field, Fields, Freeze, Guards, Kind, Rollback, RunTerms};
use crate::arm::WorkspaceId;
use crate::ident::{ArmName, ContentId, Day, ExclusionId, ItemKey, Owner, RingName, WorkspaceKey};

/// What should be in every workspace of the fleet, workspaces in fleet order.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// Marks what this repository owns.
    pub owner: Owner,
    /// What holds for a run as a whole.
    pub terms: RunTerms,
    /// One entry per workspace.
    pub workspaces: Vec<DesiredWorkspace>,
}

/// What should be in one workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredWorkspace {
    /// Its name here.
    pub key: WorkspaceKey,
    /// Its ring.
    pub ring: RingName,
    /// Its name in Azure.
    pub id: WorkspaceId,
    /// Present and held items, by key. What is not listed is absent.
    pub items: BTreeMap<ItemKey, DesiredItem>,
    /// Content files that did not load: the items that they may have been are held.
    pub unreadable: Vec<UnreadableContent>,
    /// Content files that loaded and that the workspace's selectors leave out.
    pub unselected: Vec<Arc<UnselectedContent>>,
    /// Existing ARM names that items are bound to.
    pub resources: BTreeMap<ContentId, ArmName>,
    /// New items that may stand beside a look-alike.
    pub allow_twin: Vec<ContentId>,
    /// Whether retired items are deleted here without `--prune`.
    pub prune: bool,
    /// Items whose place other content takes, wherever it is deployed: they are not retired here
    /// while that is not here.
    pub replaced: BTreeMap<ContentId, Vec<Successor>>,
    /// Why nothing may be retired in this run, if so: some content file's id or `replaces` could not
    /// be read.
    pub retire_blocked: Option<String>,
    /// Fields that the customer chooses, whether or not an item is desired.
    pub observed: Vec<Field>,
    /// How much may happen here before somebody has to say that it is meant.
    pub guards: Guards,
    /// Days on which nothing is written here.
    pub freeze: Vec<Freeze>,
    /// Items whose desired side is what a run replaced. Without a rollback there are none.
    pub rollbacks: BTreeMap<ItemKey, Rollback>,
}

/// The content that `replaces` an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// Its file, relative to the root.
    pub path: String,
    /// What it becomes; `None` when the file did not load.
    pub key: Option<ItemKey>,
}

/// A content file that a workspace's selectors leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnselectedContent {
    /// What it would be.
    pub key: ItemKey,
    /// Relative to the root.
    pub path: String,
    /// Why it would be held: then a selector may have misjudged it.
    pub held: Vec<HeldReason>,
}

/// A content file that did not load. What it would have become is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableContent {
    /// Relative to the root.
    pub path: String,
    /// Its id, where that could still be read.
    pub id: Option<ContentId>,
    /// Why it did not load.
    pub reason: HeldReason,
}

/// One item of a workspace's desired side.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredItem {
    /// Its display name, for people; the id when the name is unknown.
    pub name: Arc<str>,
    /// The content file, relative to the root.
    pub path: Arc<str>,
    /// Present or held.
    pub state: DesiredState,
}

/// Whether an item's files are good enough to be deployed.
#[derive(Debug, Clone, PartialEq)]
pub enum DesiredState {
    /// To be deployed as it says; shared by the workspaces where that is the same.
    Present(Arc<Present>),
    /// Neither written nor retired, for these reasons (diagnostic code and message).
    Held(Vec<HeldReason>),
}

/// Why an item is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldReason {
    /// The code of the diagnostic that says more.
    pub code: String,
    /// Its message.
    pub message: String,
}

/// An item as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Present {
    /// What it is.
    pub kind: Kind,
    /// Wire values of every field that is owned, observed ones too.
    pub fields: Fields,
    /// The content file's version, for the metadata.
    pub version: Option<String>,
    /// Exclusions compiled into the query, by id.
    pub exclusions: Vec<ExclusionId>,
    /// The item that this one takes the place of.
    pub replaces: Option<ContentId>,
    /// Known drift: not restored up to and including the day.
    pub accepted: Vec<Accepted>,
}

/// Known drift of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The field.
    pub field: Field,
    /// The last day in force, UTC.
    pub until: Day,
    /// Why.
    pub reason: String,
}
