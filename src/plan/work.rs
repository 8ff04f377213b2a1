//! What the executor has to send for a change: whole bodies, so that nothing is decided while writing.

use serde_json::Value;

use super::Options;
use crate::arm::{ResourceId, WorkspaceId};
use crate::state::{Kind, Record};

/// What else than an item's sides its requests follow from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    /// Where the item is.
    pub(super) workspace: &'a WorkspaceId,
    /// What shapes the changes.
    pub(super) options: &'a Options,
}

/// The requests of one change.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// None.
    Nothing,
    /// Record first (already `applied`), then the resource, then the record again only if the
    /// service answered other values. If the service refuses the resource, the record is deleted.
    Create {
        /// The rule or saved search, without etag.
        resource: Box<Put>,
        /// The metadata with the record.
        record: Box<RecordPut>,
    },
    /// The record in state `writing`, the resource with its etag, the record in state `applied`
    /// with what the service answered. On a definite refusal the previous record is put back.
    Update {
        /// Live merged with desired, with live's etag.
        resource: Box<Put>,
        /// The metadata while the write is under way.
        writing: Box<RecordPut>,
        /// The metadata after the write.
        applied: Box<RecordPut>,
        /// The metadata as it was planned on, to check before and to put back.
        previous: Value,
    },
    /// Only the metadata.
    Record {
        /// The metadata with the record.
        record: Box<RecordPut>,
    },
    /// The resource, then the metadata.
    Delete {
        /// The rule or saved search.
        resource: ResourceId,
        /// The metadata.
        metadata: ResourceId,
    },
    /// Only the metadata.
    Forget {
        /// The metadata.
        metadata: ResourceId,
    },
}

/// One resource to PUT.
#[derive(Debug, Clone, PartialEq)]
pub struct Put {
    /// Where.
    pub id: ResourceId,
    /// What it is.
    pub kind: Kind,
    /// The whole body.
    pub body: Value,
}

/// One metadata resource to PUT.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordPut {
    /// Where.
    pub id: ResourceId,
    /// The whole body but for `properties.customVersion`.
    pub body: Value,
    /// What goes into `properties.customVersion`.
    pub record: Record,
}

impl RecordPut {
    /// The body with the record in it.
    #[must_use]
    pub fn to_body(&self) -> Value {
        let mut body = self.body.clone();
        body["properties"]["customVersion"] = Value::String(self.record.to_text());
        body
    }

    /// The same metadata with the hashes of what the service answered, where that is not what was
    /// sent; `None` when the service answered what was sent.
    #[must_use]
    pub fn answered(&self, sent: &Put, answer: &Value) -> Option<Self> {
        let mut next = self.clone();
        let changed = next.record.note_answer(sent.kind, &sent.body, answer);
        changed.then_some(next)
    }
}
