//! One admitted request with what every handler needs to answer it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fault::Played;
use super::options::Options;
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::stamp;
use super::store::{Resource, StoreError, View, WorkspaceRecord, Write};
use super::tenancy::Caller;
use super::validate::Sent;
use crate::arm::{Collection, ResourceId, WorkspaceId};

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

    /// The body with what its check needs; `stored` is what is there of the resource.
    pub(super) fn sent<'b>(&'b self, value: &'b Value, stored: Option<&'b Resource>) -> Sent<'b> {
        let is_newer = self.options.takes_unknown_properties;
        let stored = stored.map(|resource| resource.body.as_slice());
        Sent { value, text: &self.request.body, stored, is_newer }
    }

    /// The resource as it is seen: what is gone is gone, and what was written lately may not show yet.
    pub(super) fn resource(
        &self,
        view: &View,
        id: &ResourceId,
    ) -> Result<Option<Resource>, StoreError> {
        let current = view.resource(id)?;
        if current.is_none() || self.options.visible_after.is_zero() {
            return Ok(current);
        }
        let veils = view.veils(&id.workspace, id.collection, stamp::of(self.now))?;
        let mut veils = veils.into_iter();
        let veil = veils.find(|(name, _)| name.eq_ignore_ascii_case(id.name.as_str()));
        Ok(veil.map_or(current, |(_, seen)| seen))
    }

    /// The resources of a list as they are seen, by name, after the given one.
    pub(super) fn list(
        &self,
        view: &View,
        workspace: &WorkspaceId,
        collection: Collection,
        after: Option<&str>,
    ) -> Result<Vec<(String, Resource)>, StoreError> {
        let mut found = view.list(workspace, collection, after)?;
        if self.options.visible_after.is_zero() {
            return Ok(found);
        }
        for (name, seen) in view.veils(workspace, collection, stamp::of(self.now))? {
            let place = found.binary_search_by(|(found, _)| found.as_str().cmp(&name));
            match (place, seen) {
                (Ok(at), Some(seen)) => found[at].1 = seen,
                (Ok(at), None) => drop(found.remove(at)),
                (Err(at), Some(seen)) if after.is_none_or(|after| after < name.as_str()) => {
                    found.insert(at, (name, seen));
                }
                (Err(_), _) => {}
            }
        }
        Ok(found)
    }

    /// Lets a resource be seen as it is for a while, when the service is slow to show writes.
    pub(super) fn hide(&self, write: &Write, id: &ResourceId) -> Result<(), StoreError> {
        let delay = self.options.visible_after;
        if delay.is_zero() {
            return Ok(());
        }
        let now = stamp::of(self.now);
        let delay = u64::try_from(delay.as_nanos() / 100).unwrap_or(u64::MAX);
        write.hide(id, now, now.saturating_add(delay))
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

/// `DELETE` of a saved search or a metadata record: an empty body, whether there was one or not. Of saved
/// searches no other answer than 200 is described.
pub(super) fn delete(write: &Write, id: &ResourceId) -> Answered {
    if write.resource(id)?.is_none() {
        let is_search = id.collection == Collection::SavedSearches;
        return Ok(Reply::empty(if is_search { 200 } else { 204 }));
    }
    write.remove(id)?;
    Ok(Reply::empty(200))
}

/// The body of a stored resource as a value.
pub(super) fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}
