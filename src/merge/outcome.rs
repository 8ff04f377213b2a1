//! `sentinelops.outcome/v1`, read back, and several of them as one run.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::part::Waiting;
use super::words;
use crate::apply::{ItemOutcome, Outcome, RingOutcome, RingScore, Standing, WorkspaceOutcome};
use crate::ident::{RingName, WorkspaceKey};
use crate::plan::Modified;
use crate::state::{FailureBudget, Limit, Unreadable};

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    interrupted: bool,
    rings: Vec<Ring>,
    workspaces: Vec<Workspace>,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Ring {
    ring: String,
    standing: String,
    budget: Budget,
}

#[derive(Debug, Deserialize)]
struct Budget {
    items: Option<SetLimit>,
    percent: Option<SetLimit>,
}

/// A limit as reports have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetLimit {
    value: usize,
    set_at: Option<String>,
}

impl From<SetLimit> for Limit {
    fn from(SetLimit { value, set_at }: SetLimit) -> Self {
        Self { value, set_at }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Workspace {
    environment: String,
    workspace: String,
    ring: String,
    in_sync: usize,
    #[serde(flatten)]
    read: Read,
}

/// Whether a workspace was read.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    status: String,
    error: Option<String>,
    #[serde(default)]
    denied: bool,
}

impl Read {
    /// What is not said to have been read was not.
    pub(super) fn unreadable(self) -> Option<Unreadable> {
        let message = self.error.unwrap_or_else(|| "the report does not say why".to_owned());
        (self.status != "read").then_some(Unreadable { denied: self.denied, message })
    }
}

/// Who last changed something.
#[derive(Debug, Deserialize)]
pub(super) struct LastModified {
    by: Option<String>,
    at: Option<String>,
}

impl From<LastModified> for Modified {
    fn from(LastModified { by, at }: LastModified) -> Self {
        Self { by, at }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    environment: String,
    workspace: String,
    key: String,
    name: String,
    class: String,
    action: String,
    effect: String,
    undecided: Vec<String>,
    drift_left: Vec<String>,
    #[serde(default)]
    creates_disabled: bool,
    modified: Option<LastModified>,
    verdict: String,
    reason: Option<String>,
}

impl Document {
    /// The outcome that it tells.
    pub(super) fn outcome(self) -> Result<Outcome, String> {
        let mut items: BTreeMap<WorkspaceKey, Vec<ItemOutcome>> = BTreeMap::new();
        for item in self.items {
            let key = words::key(&item.environment, &item.workspace)?;
            items.entry(key).or_default().push(item.ended()?);
        }
        let mut workspaces = Vec::new();
        for Workspace { environment, workspace, ring, in_sync, read } in self.workspaces {
            let key = words::key(&environment, &workspace)?;
            let items = items.remove(&key).unwrap_or_default();
            let (ring, unreadable) = (words::parsed(&ring)?, read.unreadable());
            workspaces.push(WorkspaceOutcome { key, ring, unreadable, items, in_sync });
        }
        if let Some((key, _)) = items.first_key_value() {
            return Err(format!("it has items of `{key}`, which is none of its workspaces"));
        }
        let rings = self.rings.into_iter().map(|ring| ring.ended(&workspaces));
        let rings = rings.collect::<Result<Vec<RingOutcome>, String>>()?;
        let is_told = |one: &&WorkspaceOutcome| rings.iter().any(|ring| ring.ring == one.ring);
        if let Some(one) = workspaces.iter().find(|one| !is_told(one)) {
            return Err(format!("it does not say how ring `{}` of `{}` ended", one.ring, one.key));
        }
        let is_empty = |ring: &&RingOutcome| !workspaces.iter().any(|one| one.ring == ring.ring);
        if let Some(ring) = rings.iter().find(is_empty) {
            return Err(format!("it has none of the workspaces of ring `{}`", ring.ring));
        }
        Ok(Outcome { workspaces, rings, interrupted: self.interrupted })
    }
}

impl Item {
    fn ended(self) -> Result<ItemOutcome, String> {
        Ok(ItemOutcome {
            key: words::parsed(&self.key)?,
            name: self.name,
            class: words::class(&self.class)?,
            action: words::action(&self.action)?,
            effect: words::effect(&self.effect)?,
            undecided: words::fields(&self.undecided)?,
            drift_left: words::fields(&self.drift_left)?,
            creates_disabled: self.creates_disabled,
            modified: self.modified.map(Modified::from),
            verdict: words::verdict(&self.verdict, self.reason)?,
        })
    }
}

impl Ring {
    fn ended(self, workspaces: &[WorkspaceOutcome]) -> Result<RingOutcome, String> {
        let ring: RingName = words::parsed(&self.ring)?;
        let Budget { items, percent } = self.budget;
        let budget =
            FailureBudget { items: items.map(Limit::from), percent: percent.map(Limit::from) };
        let score = RingScore::of(workspaces.iter().filter(|workspace| workspace.ring == ring));
        Ok(RingOutcome { ring, budget, score, standing: words::standing(&self.standing)? })
    }
}

/// Several outcomes as one run. How each ring ended is judged again on all of its workspaces, as a run that
/// was not divided would.
pub(super) fn join(outcomes: Vec<Outcome>, waiting: &Waiting<'_>) -> Result<Outcome, String> {
    let interrupted = outcomes.iter().any(|outcome| outcome.interrupted);
    let mut workspaces = Vec::new();
    let mut known: Vec<RingOutcome> = Vec::new();
    for outcome in outcomes {
        workspaces.extend(outcome.workspaces);
        for ring in outcome.rings {
            match known.iter_mut().find(|one| one.ring == ring.ring) {
                None => known.push(ring),
                Some(one) if one.budget != ring.budget => {
                    return Err(format!("ring `{}` has two failure budgets", ring.ring));
                }
                Some(one) => one.standing = least(&one.standing, ring.standing),
            }
        }
    }
    let place = |ring: &RingName| waiting.place(ring.as_str());
    known.sort_by_key(|ring| place(&ring.ring));
    workspaces
        .sort_by_key(|one: &WorkspaceOutcome| (place(&one.ring), one.key.environment.clone()));
    for ring in &mut known {
        ring.score = RingScore::of(workspaces.iter().filter(|one| one.ring == ring.ring));
        let is_followed = waiting.is_followed(ring.ring.as_str());
        if matches!(ring.standing, Standing::Finished | Standing::Halted(_)) {
            let halt = ring.score.halt(&ring.budget).filter(|_| is_followed);
            ring.standing = halt.map_or(Standing::Finished, Standing::Halted);
        }
    }
    Ok(Outcome { workspaces, rings: known, interrupted })
}

/// How a ring stands of which one part ended so and another so.
fn least(left: &Standing, right: Standing) -> Standing {
    match (left, right) {
        (Standing::Interrupted, _) | (_, Standing::Interrupted) => Standing::Interrupted,
        (Standing::NotStarted, Standing::NotStarted) => Standing::NotStarted,
        // One part was begun and another was not: the ring was not carried out whole.
        (Standing::NotStarted, _) | (_, Standing::NotStarted) => Standing::Interrupted,
        (Standing::Finished | Standing::Halted(_), right) => right,
    }
}
