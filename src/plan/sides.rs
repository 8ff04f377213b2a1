//! The three sides of one item, and what its workspace says about it.

use std::sync::Arc;

use crate::ident::{ArmName, Day, ItemKey, Owner};
use crate::state::baseline::{Baseline, Ownership};
use crate::state::desired::{HeldReason, Present};
use crate::state::{Field, LiveItem, MetadataItem, Rollback};

/// Everything that one item's change follows from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sides {
    /// The item.
    pub key: ItemKey,
    /// Its ARM name: the record's, else the one that `resources` names, else its content id.
    pub arm_name: ArmName,
    /// Its display name.
    pub name: String,
    /// What the files say.
    pub desired: DesiredSide,
    /// What the workspace has under the ARM name.
    pub live: Option<LiveItem>,
    /// What was last applied.
    pub baseline: BaselineSide,
    /// Why it is in doubt what it is, if so: a look-alike under another name, an item of ours under
    /// the same one, `resources` that disagrees with the record, or its id in the other family.
    pub clash: Option<Clash>,
    /// Fields that the customer chooses.
    pub observed: Vec<Field>,
    /// Whether a retired item is deleted.
    pub prune: bool,
    /// Whether it may be retired although it was edited since its content went.
    pub edits_acknowledged: bool,
    /// Why it may not be retired now, if so.
    pub retire_blocked: Option<String>,
    /// The content file of an absent item, where the workspace's selectors leave it out.
    pub left_out: Option<String>,
    /// The run that is rolled back, where the desired side is what that replaced.
    pub rollback: Option<Box<Rollback>>,
    /// Marks what this repository owns.
    pub owner: Owner,
    /// Today, UTC: only `accepted` depends on it.
    pub today: Day,
}

/// Why it is in doubt what an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash {
    /// A look-alike stands under another ARM name.
    Twin(String),
    /// The name belongs to something else.
    Name(String),
    /// The id is that of an item of the other family: here one side of it, there the other.
    Kind(String),
}

/// What the files say about an item.
#[derive(Debug, Clone, PartialEq)]
pub enum DesiredSide {
    /// To be as it says.
    Present(Arc<Present>),
    /// Neither written nor retired.
    Held(Vec<HeldReason>),
    /// Not there.
    Absent,
}

/// What the metadata says about an item.
#[derive(Debug, Clone, PartialEq)]
pub enum BaselineSide {
    /// Nothing.
    None,
    /// One record of ours; it may still be unreadable.
    Ours(Baseline),
    /// Two records of ours, by their names.
    Ambiguous(Vec<ArmName>),
    /// Metadata of somebody else.
    Other(MetadataItem, Ownership),
}
