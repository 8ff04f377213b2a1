//! One admitted request with what every handler needs to answer it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fault::Played;
use super::options::Options;
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::stamp;
use super::store::{StoreError, WorkspaceRecord, Write};
use super::tenancy::Caller;
use crate::arm::ResourceId;

/// A handler's result: an answer, or a store that failed.
pub(super) type Answered = Result<Reply, StoreError>;

/// A request to a workspace that exists, by somebody who may see it.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) options: &'a Options,
    pub(super) played: &'a Played,
    pub(super) caller: &'a Caller,
    pub(super) version: &'static str,
    pub(super) workspace: WorkspaceRecord,
    pub(super) now: Timestamp,
}

impl Call<'_> {
    /// The body that the service takes.
    pub(super) fn body(&self) -> Result<Value, Refusal> {
        let mut body = self.request.object()?;
        self.played.change_request(&mut body);
        Ok(body)
    }

    /// A new stamp for a write.
    pub(super) fn stamp(&self, write: &Write) -> Result<u64, StoreError> {
        write.stamp(stamp::of(self.now))
    }

    /// A resource's full id: the workspace's spelling, then the name as it was first spelled.
    pub(super) fn id_of(&self, id: &ResourceId, name: &str) -> String {
        format!("{}{}/{name}", self.workspace.id, id.collection.suffix())
    }

    /// Who wrote a resource and when; the creator stays.
    pub(super) fn system_data(&self, stamp: u64, before: Option<&Value>) -> Value {
        let object = self.caller.object.as_deref();
        let (by, kind) = match object {
            Some(object) => (object, "Application"),
            None if self.request.actor == "portal" => ("portal", "User"),
            None => ("emulator", "Application"),
        };
        let at = stamp::to_text(stamp);
        let created = |key: &str, new: &str| {
            let kept = before.and_then(|data| data.get(key)).filter(|value| !value.is_null());
            kept.cloned().unwrap_or_else(|| json!(new))
        };
        json!({
            "createdAt": created("createdAt", &at),
            "createdBy": created("createdBy", by),
            "createdByType": created("createdByType", kind),
            "lastModifiedAt": at,
            "lastModifiedBy": by,
            "lastModifiedByType": kind,
        })
    }
}

/// `DELETE` of a saved search or a metadata record: an empty body, whether there was one or not.
pub(super) fn delete(write: &Write, id: &ResourceId) -> Answered {
    if write.resource(id)?.is_none() {
        return Ok(Reply::empty(204));
    }
    write.remove(id)?;
    Ok(Reply::empty(200))
}

/// The body of a stored resource as a value.
pub(super) fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}
