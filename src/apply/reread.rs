//! Deciding an item again on what its workspace says now.

use std::time::Duration;

use serde_json::Value;

use crate::arm::{Collection, ResourceId, WorkspaceId};
use crate::ident::{ArmName, Family};
use crate::live::observe::{live_item, metadata_item, read_if_there};
use crate::live::{Client, Error};
use crate::plan::{self, Action, BaselineSide, Change, Class, Options, Sides, Work};
use crate::state::baseline::Baselines;
use crate::state::{MetadataItem, Unreadable};

/// What becomes of a change whose item moved since it was planned.
pub(super) enum Again {
    /// The same change follows: go on with the fresh one.
    Same(Change),
    /// The item is as it should be, perhaps by our own lost write; at most its record is to be
    /// written.
    Settled(Change),
    /// Something else follows.
    Other(Change),
}

/// Reads an item and its metadata and decides it again.
///
/// # Errors
/// When either cannot be read.
pub(super) async fn decide_again(
    client: &Client,
    workspace: &WorkspaceId,
    options: &Options,
    planned: &Change,
) -> Result<Again, Unreadable> {
    let sides = &planned.sides;
    let resource = workspace.resource(Collection::of(sides.key.family), &sides.arm_name);
    // Another run may be writing: its record of what is live comes before what is live.
    let found = read_metadata(client, planned).await?;
    let live = read_if_there(client, &resource).await?;
    let mut sides = (*planned.sides).clone();
    sides.live = live.map(|body| live_item(sides.key.family, body)).transpose()?;
    sides.baseline = baseline(&sides, found);
    let mut fresh = plan::decide(sides, workspace, options);
    fresh.playbooks.clone_from(&planned.playbooks);
    Ok(match (planned.asks_the_same(&fresh), is_settled(planned, &fresh)) {
        (true, _) => Again::Same(fresh),
        (false, true) => Again::Settled(fresh),
        (false, false) => Again::Other(fresh),
    })
}

/// Whether the item is as it should be, but perhaps for its record. One that was to be retired and
/// only waits to be pruned is: another run has retired it.
fn is_settled(planned: &Change, fresh: &Change) -> bool {
    match (fresh.class, fresh.action) {
        (Class::InSync | Class::Converged, Action::None | Action::Record) => true,
        (Class::Retired, Action::None) => planned.action == Action::Retire,
        _ => false,
    }
}

/// Waits before something that was written is read again: lists and reads lag behind writes by seconds.
pub(super) const SETTLING: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Reads a resource that this run has just written. That it is not found right after that says nothing
/// yet.
///
/// # Errors
/// As for any request.
pub(super) async fn read_just_written(
    client: &Client,
    id: &ResourceId,
) -> Result<Option<Value>, Error> {
    for wait in SETTLING {
        if let Some(found) = read_if_there(client, id).await? {
            return Ok(Some(found));
        }
        client.clock().sleep(wait).await;
    }
    read_if_there(client, id).await
}

async fn read_metadata(
    client: &Client,
    planned: &Change,
) -> Result<Option<MetadataItem>, Unreadable> {
    let Some(id) = metadata_id(planned) else { return Ok(None) };
    let found = read_if_there(client, &id).await?;
    Ok(found.map(metadata_item).transpose()?.flatten())
}

/// The metadata that a change was planned on; `null` where there was none.
pub(super) fn planned_metadata(change: &Change) -> &Value {
    match &change.sides.baseline {
        BaselineSide::Ours(baseline) => &baseline.metadata.body,
        BaselineSide::Other(item, _) => &item.body,
        BaselineSide::None | BaselineSide::Ambiguous(_) => &Value::Null,
    }
}

fn metadata_id(planned: &Change) -> Option<ResourceId> {
    match &planned.work {
        Work::Create { record, .. } | Work::Record { record } => Some(record.id.clone()),
        Work::Update { writing, .. } => Some(writing.id.clone()),
        Work::Delete { metadata, .. } | Work::Forget { metadata } => Some(metadata.clone()),
        Work::Nothing => None,
    }
}

fn baseline(sides: &Sides, found: Option<MetadataItem>) -> BaselineSide {
    let Some(item) = found else { return BaselineSide::None };
    let mut sorted = Baselines::sort(std::slice::from_ref(&item), &sides.owner);
    let ours = sorted.ours.remove(&sides.key).and_then(|mut records| records.pop());
    match (ours, other(&sorted, sides.key.family, &sides.arm_name)) {
        (Some(record), _) => BaselineSide::Ours(record),
        (None, Some(side)) => side,
        (None, None) => BaselineSide::None,
    }
}

fn other(sorted: &Baselines, family: Family, name: &ArmName) -> Option<BaselineSide> {
    let (item, ownership) = sorted.other(family, name)?;
    Some(BaselineSide::Other(item.clone(), ownership.clone()))
}
