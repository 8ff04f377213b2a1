//! Records that two runs write at once. Metadata has no etag: whoever writes last wins, so a record
//! is taken back only while it is surely untrue, and looked at once more after the writes.

use serde_json::{Value, json};

use super::Verdict;
use super::execute::{Executor, Stop};
use super::refusal::describe;
use super::reread::{Again, decide_again, planned_metadata, read_just_written};
use crate::live::observe::read_if_there;
use crate::live::{Client, Error};
use crate::plan::{BaselineSide, Change, Class, Put, RecordPut};
use crate::state::{Field, Kind};

/// What a run sent before the service refused the resource.
pub(super) struct Sent<'a> {
    pub(super) resource: &'a Put,
    pub(super) record: &'a RecordPut,
    /// The metadata as it was before; `null` where there was none.
    pub(super) previous: &'a Value,
}

/// Whether a metadata resource is as this run wrote it.
pub(super) fn is_as_written(written: &RecordPut, found: &Value) -> bool {
    let written = written.to_body();
    ["customVersion", "source", "contentId", "kind"].iter().all(|property| {
        let (left, right) = (&written["properties"][property], &found["properties"][property]);
        left == right
    })
}

/// The owned fields in which two bodies differ, but for those that the customer chooses.
pub(super) fn differing(kind: Kind, observed: &[Field], left: &Value, right: &Value) -> Vec<Field> {
    Field::of(kind)
        .filter(|field| !observed.contains(field))
        .filter(|field| !field.same(&field.read(kind, left), &field.read(kind, right)))
        .collect()
}

impl Executor<'_> {
    /// Brings the metadata back to what it was before a write that the service refused.
    ///
    /// It stays where another run has written it since, and where the resource is all the same as
    /// it was to be: then another run has written it, and the record is the truth.
    pub(super) async fn take_back(&self, change: &Change, sent: &Sent<'_>, refusal: Error) -> Stop {
        match undo(self.client, change, sent).await {
            Ok(()) => refusal.into(),
            Err(error) => {
                let why = format!(
                    "{}; its record could not be taken back: {}",
                    describe(&refusal),
                    describe(&error)
                );
                Stop::Ended(Verdict::Failed(why))
            }
        }
    }

    /// Sees to it that the record beside an item that is live as this run left it is this run's.
    /// `found` is the record in the list, which may lag. Answers what became of the item if that is
    /// not so.
    pub(super) async fn keep_record(
        &self,
        change: &Change,
        left: &Put,
        written: &RecordPut,
        found: Option<&Value>,
    ) -> Option<Verdict> {
        if found.is_some_and(|found| is_as_written(written, found)) {
            return None;
        }
        // Lists lag: most often this is all.
        let found = read_if_there(self.client, &written.id).await;
        if found.is_ok_and(|found| found.is_some_and(|found| is_as_written(written, &found))) {
            return None;
        }
        let fresh = match decide_again(self.client, self.id, self.options, change).await {
            Ok(Again::Same(fresh) | Again::Settled(fresh) | Again::Other(fresh)) => fresh,
            Err(unreadable) => {
                let why = "written, but its record could not be read again";
                return Some(Verdict::Failed(format!("{why}: {}", unreadable.message)));
            }
        };
        if is_as_written(written, planned_metadata(&fresh)) {
            return None;
        }
        // A read that lags behind the list says nothing.
        let live = fresh.sides.live.as_ref();
        let observed = &fresh.sides.observed;
        let moved = live
            .is_some_and(|live| !differing(left.kind, observed, &left.body, &live.body).is_empty());
        let may_be_written = match &fresh.sides.baseline {
            // Another run has been here, or still is, and its record is true of what is live.
            BaselineSide::Ours(_) if fresh.class == Class::InSync => return None,
            BaselineSide::Ours(baseline) => baseline.record().is_ok(),
            BaselineSide::None => true,
            BaselineSide::Other(..) | BaselineSide::Ambiguous(_) => false,
        };
        if moved || !may_be_written {
            let why = format!("somebody else wrote it right after this run: {}", fresh.reason);
            return Some(Verdict::Overtaken(why));
        }
        match self.client.put(&written.id, &written.to_body()).await {
            Ok(_) => None,
            Err(error) => {
                let why = "written, but its record could not be written again";
                Some(Verdict::Failed(format!("{why}: {}", describe(&error))))
            }
        }
    }
}

async fn undo(client: &Client, change: &Change, sent: &Sent<'_>) -> Result<(), Error> {
    let Sent { resource, record, previous } = sent;
    let live = read_if_there(client, &resource.id).await?;
    let observed = &change.sides.observed;
    let same = |live: &Value| differing(resource.kind, observed, &resource.body, live).is_empty();
    if live.as_ref().is_some_and(same) {
        return Ok(());
    }
    // Last, so that little time is left for somebody else to write it.
    let found = read_just_written(client, &record.id).await?;
    if !found.is_some_and(|found| is_as_written(record, &found)) {
        return Ok(());
    }
    if previous.is_null() {
        return client.delete(&record.id).await;
    }
    let body = json!({"properties": previous["properties"]});
    client.put(&record.id, &body).await.map(drop)
}
