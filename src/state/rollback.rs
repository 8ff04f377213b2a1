//! What a run replaced of an item, to be put back.

use serde_json::Value;

use super::Kind;
use super::desired::Present;
use crate::ident::{ArmName, FieldHash};

/// How an item was before a run and how the run was to leave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollback {
    /// The run.
    pub run: String,
    /// The item's ARM name then.
    pub arm_name: ArmName,
    /// What it is.
    pub kind: Kind,
    /// The resource before the run; `None` where there was none.
    pub before: Option<Value>,
    /// The resource as the run sent it; `None` where the run deleted it.
    pub after: Option<Value>,
    /// What the run wanted: on hold from now on.
    pub hold: FieldHash,
    /// How many playbooks a deleted rule started, where that is known: their links do not come back.
    pub playbooks: Option<usize>,
}

impl Present {
    /// One short hash of everything that the files say about the item and that has a meaning: what a
    /// rollback puts on hold.
    #[must_use]
    pub fn mark(&self) -> FieldHash {
        let alive = self.fields.iter().filter(|(field, _)| !field.is_dead(&self.fields));
        let marks = alive.map(|(field, value)| format!("{}{}", field.code(), field.hash(value)));
        FieldHash::of(format!("{}{}", self.kind, marks.collect::<String>()).as_bytes())
    }
}

/// The hash of an item that the files do not have.
#[must_use]
pub fn mark_of_absent() -> FieldHash {
    FieldHash::of(b"absent")
}
