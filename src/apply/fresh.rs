//! A look at the workspace right before its first write.
//!
//! A plan may be old by then: somebody had to say yes to it. Updates find out by etag and by their
//! record, removals read once more; creates and records have neither, and would write over what
//! appeared meanwhile. One look at the lists serves all of them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde_json::Value;

use super::reread::planned_metadata;
use crate::arm::{Collection, ResourceId};
use crate::ident::{ArmName, ItemKey};
use crate::live::{Client, Error};
use crate::plan::{Change, Work, WorkspacePlan};

/// What the lists contradict. The lists themselves are not kept: a fleet's would fill a machine.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    contradicted: BTreeSet<ItemKey>,
}

/// Reads the lists that the plan's creates and records depend on.
///
/// # Errors
/// When one of them cannot be read.
pub(super) async fn look(client: &Client, plan: &WorkspacePlan) -> Result<Fresh, Error> {
    let blind: Vec<&Change> = plan.each().filter(|change| depends(change)).collect();
    let mut collections = BTreeSet::new();
    for change in &blind {
        collections.insert(Collection::of(change.key.family));
        collections.insert(Collection::Metadata);
    }
    let lists = collections.into_iter().map(async |collection| {
        client.list(&plan.id, collection).await.map(|list| (collection, list))
    });
    let mut listed = Listed::default();
    for (collection, list) in try_join_all(lists).await? {
        let named = |body: Value| Some(((collection, body["name"].as_str()?.parse().ok()?), body));
        listed.items.extend(list.into_iter().filter_map(named));
    }
    let contradicted = blind.into_iter().filter(|change| listed.contradicts(change));
    Ok(Fresh { contradicted: contradicted.map(|change| change.key.clone()).collect() })
}

/// Whether a change is blind to what happened since it was planned.
pub(super) const fn depends(change: &Change) -> bool {
    matches!(change.work, Work::Create { .. } | Work::Record { .. })
}

impl Fresh {
    /// Whether the lists contradict what the change was planned on.
    pub(super) fn contradicts(&self, change: &Change) -> bool {
        self.contradicted.contains(&change.key)
    }
}

/// What the lists say.
#[derive(Debug, Default)]
struct Listed {
    items: BTreeMap<(Collection, ArmName), Value>,
}

impl Listed {
    /// Whether the lists contradict what the change was planned on. That they lack something says
    /// nothing: lists lag.
    fn contradicts(&self, change: &Change) -> bool {
        let planned = change.sides.live.as_ref();
        match &change.work {
            Work::Create { resource, record } => {
                self.get(&resource.id).is_some() || self.contradicts_record(change, &record.id)
            }
            Work::Record { record } => {
                let item = (Collection::of(change.key.family), change.arm_name.clone());
                let etag = self.items.get(&item).map(|body| body["etag"].as_str());
                let moved = etag.is_some_and(|etag| etag != planned.and_then(|live| live.etag()));
                moved || self.contradicts_record(change, &record.id)
            }
            Work::Nothing | Work::Update { .. } | Work::Delete { .. } | Work::Forget { .. } => {
                false
            }
        }
    }

    fn contradicts_record(&self, change: &Change, id: &ResourceId) -> bool {
        let planned = &planned_metadata(change)["properties"];
        self.get(id).is_some_and(|body| &body["properties"] != planned)
    }

    fn get(&self, id: &ResourceId) -> Option<&Value> {
        self.items.get(&(id.collection, id.name.clone()))
    }
}
