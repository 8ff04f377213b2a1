//! Reading a workspace again after its writes: did what was written stay?

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt};
use serde_json::Value;

use super::Verdict;
use super::execute::{Executor, Left};
use super::records::differing;
use super::refusal::describe;
use super::reread::SETTLING;
use crate::arm::{Collection, ResourceId, WorkspaceId};
use crate::ident::ArmName;
use crate::live::observe::read_if_there;
use crate::live::{Client, Error};
use crate::plan::Change;

/// What an item must be when it is read again.
pub(super) struct Expected<'p> {
    pub(super) left: Left,
    /// What was carried out.
    pub(super) change: &'p Change,
}

impl Expected<'_> {
    fn id(&self) -> &ResourceId {
        match &self.left {
            Left::Resource(put, _) => &put.id,
            Left::Nothing(id) => id,
        }
    }

    /// How the live item differs, if it does.
    fn difference(&self, live: Option<&Value>) -> Option<String> {
        match (&self.left, live) {
            (Left::Resource(put, _), Some(live)) => {
                let observed = &self.change.sides.observed;
                let fields = differing(put.kind, observed, &put.body, live);
                let named: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
                (!named.is_empty())
                    .then(|| format!("{} changed right after it was written", named.join(", ")))
            }
            (Left::Resource(..), None) => Some("it is gone right after it was written".into()),
            (Left::Nothing(_), Some(_)) => Some("it is there again after it was deleted".into()),
            (Left::Nothing(_), None) => None,
        }
    }
}

/// Lists what was written to, and answers the verdicts that change by what is read, by the
/// items' index. An item that differs is read up to three times more before it counts.
pub(super) async fn verify(
    executor: &Executor<'_>,
    workspace: &WorkspaceId,
    expected: &BTreeMap<usize, Expected<'_>>,
) -> BTreeMap<usize, Verdict> {
    let client = executor.client;
    let mut verdicts = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for collection in [Collection::AlertRules, Collection::SavedSearches] {
        let of_it: Vec<(usize, &Expected)> = expected
            .iter()
            .filter(|(_, expected)| expected.id().collection == collection)
            .map(|(index, expected)| (*index, expected))
            .collect();
        if of_it.is_empty() {
            continue;
        }
        match list(client, workspace, collection).await {
            Ok(listed) => {
                let overtaken = settle_all(client, &of_it, &listed).await;
                seen.extend(of_it.into_iter().map(|(index, _)| index));
                verdicts.extend(overtaken);
            }
            Err(error) => {
                let why = unread(&error);
                verdicts.extend(of_it.into_iter().map(|(index, _)| (index, why.clone())));
            }
        }
    }
    seen.retain(|index| !verdicts.contains_key(index));
    verdicts.extend(verify_records(executor, workspace, expected, seen).await);
    verdicts
}

/// Looks at the records of items that are live as they were left.
async fn verify_records(
    executor: &Executor<'_>,
    workspace: &WorkspaceId,
    expected: &BTreeMap<usize, Expected<'_>>,
    seen: BTreeSet<usize>,
) -> Vec<(usize, Verdict)> {
    let recorded: Vec<_> = seen
        .into_iter()
        .filter_map(|index| match expected.get(&index)? {
            Expected { left: Left::Resource(put, record), change } => {
                Some((index, *change, put, record))
            }
            Expected { left: Left::Nothing(_), .. } => None,
        })
        .collect();
    if recorded.is_empty() {
        return Vec::new();
    }
    let listed = match list(executor.client, workspace, Collection::Metadata).await {
        Ok(listed) => listed,
        Err(error) => {
            let why = unread(&error);
            return recorded.into_iter().map(|(index, ..)| (index, why.clone())).collect();
        }
    };
    let at_once = executor.client.throttle().limits().per_subscription.max(1);
    let mut kept = Vec::new();
    for (index, change, put, record) in recorded {
        let found = listed.get(&record.id.name);
        kept.push(
            async move { Some((index, executor.keep_record(change, put, record, found).await?)) },
        );
    }
    let kept: Vec<_> = stream::iter(kept).buffered(at_once).collect().await;
    kept.into_iter().flatten().collect()
}

async fn settle_all(
    client: &Client,
    expected: &[(usize, &Expected<'_>)],
    listed: &BTreeMap<ArmName, Value>,
) -> Vec<(usize, Verdict)> {
    let at_once = client.throttle().limits().per_subscription.max(1);
    let mut settling = Vec::new();
    for &(index, expected) in expected {
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

async fn settle(client: &Client, expected: &Expected<'_>) -> Option<Verdict> {
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
