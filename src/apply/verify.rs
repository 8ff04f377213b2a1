//! Reading a workspace again after its writes: did what was written stay?

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde_json::Value;

use super::Verdict;
use super::execute::Left;
use super::refusal::describe;
use crate::arm::{Collection, ResourceId, WorkspaceId};
use crate::ident::ArmName;
use crate::live::observe::read_if_there;
use crate::live::{Client, Error};
use crate::state::{Field, Kind};

/// Waits before an item that differs is read by itself: lists and reads lag behind writes by seconds.
const SETTLING: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// What an item must be when it is read again.
pub(super) struct Expected {
    pub(super) left: Left,
    /// Fields that are the customer's to choose.
    pub(super) observed: Vec<Field>,
}

impl Expected {
    fn id(&self) -> &ResourceId {
        match &self.left {
            Left::Resource(put) => &put.id,
            Left::Nothing(id) => id,
        }
    }

    /// How the live item differs, if it does.
    fn difference(&self, live: Option<&Value>) -> Option<String> {
        match (&self.left, live) {
            (Left::Resource(put), Some(live)) => {
                let fields = self.differing(put.kind, &put.body, live);
                (!fields.is_empty())
                    .then(|| format!("{} changed right after it was written", fields.join(", ")))
            }
            (Left::Resource(_), None) => Some("it is gone right after it was written".into()),
            (Left::Nothing(_), Some(_)) => Some("it is there again after it was deleted".into()),
            (Left::Nothing(_), None) => None,
        }
    }

    fn differing(&self, kind: Kind, answered: &Value, live: &Value) -> Vec<String> {
        Field::of(kind)
            .filter(|field| !self.observed.contains(field))
            .filter(|field| !field.same(&field.read(kind, answered), &field.read(kind, live)))
            .map(|field| format!("`{field}`"))
            .collect()
    }
}

/// Lists what was written to, and answers the verdicts that change by what is read, by the
/// items' index. An item that differs is read up to three times more before it counts.
pub(super) async fn verify(
    client: &Client,
    workspace: &WorkspaceId,
    expected: &BTreeMap<usize, Expected>,
) -> BTreeMap<usize, Verdict> {
    let collections: BTreeSet<Collection> =
        expected.values().map(|expected| expected.id().collection).collect();
    let mut verdicts = BTreeMap::new();
    for collection in collections {
        let of_it: Vec<(usize, &Expected)> = expected
            .iter()
            .filter(|(_, expected)| expected.id().collection == collection)
            .map(|(index, expected)| (*index, expected))
            .collect();
        match list(client, workspace, collection).await {
            Ok(listed) => verdicts.extend(settle_all(client, of_it, &listed).await),
            Err(error) => {
                let why = unread(&error);
                verdicts.extend(of_it.into_iter().map(|(index, _)| (index, why.clone())));
            }
        }
    }
    verdicts
}

async fn settle_all(
    client: &Client,
    expected: Vec<(usize, &Expected)>,
    listed: &BTreeMap<ArmName, Value>,
) -> Vec<(usize, Verdict)> {
    let at_once = client.throttle().limits().per_subscription.max(1);
    let mut settling = Vec::new();
    for (index, expected) in expected {
        if expected.difference(listed.get(&expected.id().name)).is_some() {
            settling.push(async move { (index, settle(client, expected).await) });
        }
    }
    let settled: Vec<_> = stream::iter(settling).buffered(at_once).collect().await;
    settled.into_iter().filter_map(|(index, verdict)| Some((index, verdict?))).collect()
}

async fn list(
    client: &Client,
    workspace: &WorkspaceId,
    collection: Collection,
) -> Result<BTreeMap<ArmName, Value>, Error> {
    let items = client.list(workspace, collection).await?;
    let named = |body: Value| Some((body["name"].as_str()?.parse().ok()?, body));
    Ok(items.into_iter().filter_map(named).collect())
}

async fn settle(client: &Client, expected: &Expected) -> Option<Verdict> {
    let mut difference = None;
    for wait in SETTLING {
        client.clock().sleep(wait).await;
        match read_if_there(client, expected.id()).await {
            Ok(live) => difference = Some(expected.difference(live.as_ref())?),
            Err(error) => return Some(unread(&error)),
        }
    }
    difference.map(Verdict::Overtaken)
}

/// What could not be read again is not called done.
fn unread(error: &Error) -> Verdict {
    Verdict::Failed(format!("written, but it could not be read again: {}", describe(error)))
}
