//! What other content `replaces` goes only where that stands: there, and not disabled.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Action, BaselineSide, Change, Class, DesiredSide, Options, Plan, Work, decide, order};
use crate::arm::WorkspaceId;
use crate::ident::{ContentId, ItemKey};
use crate::state::desired::{DesiredWorkspace, Present};
use crate::state::{Body, Field};

/// Holds every absent item of which a successor does not stand after this run. Where a successor is
/// written in this very run, the executor retires the old item after it.
pub(super) fn hold(
    changes: Vec<Arc<Change>>,
    desired: &DesiredWorkspace,
    options: &Options,
) -> Vec<Arc<Change>> {
    let stands = |key: &ItemKey| changes.iter().any(|c| c.key == *key && stands(c, true));
    let mut missing: BTreeMap<ContentId, String> = BTreeMap::new();
    for (old, successors) in &desired.replaced {
        let lacking = successors.iter().find(|s| !s.key.as_ref().is_some_and(&stands));
        if let Some(successor) = lacking {
            missing.insert(old.clone(), successor.path.clone());
        }
    }
    hold_all(changes, &missing, &desired.id, options)
}

fn hold_all(
    mut changes: Vec<Arc<Change>>,
    missing: &BTreeMap<ContentId, String>,
    workspace: &WorkspaceId,
    options: &Options,
) -> Vec<Arc<Change>> {
    for change in &mut changes {
        let Some(by) = missing.get(&change.key.id) else { continue };
        if change.sides.desired == DesiredSide::Absent {
            let mut sides = (*change.sides).clone();
            sides.retire_blocked = Some(format!("what replaces it, `{by}`, is not there yet"));
            *change = decide(sides, workspace, options).into();
        }
    }
    changes
}

/// Whether an item is there, as its files want it and not disabled, when the run has ended; `done`
/// says whether the run carries this change out.
pub(super) fn stands(change: &Change, done: bool) -> bool {
    let DesiredSide::Present(present) = &change.sides.desired else { return false };
    let done = done && change.action.writes();
    if change.action == Action::Refuse || (change.class == Class::AutoDisabled && !done) {
        return false;
    }
    let live = change.sides.live.as_ref().map(|live| &*live.body);
    let after = match &change.work {
        Work::Create { resource, .. } | Work::Update { resource, .. } if done => {
            Some(&resource.body)
        }
        _ => live,
    };
    // Only the body of an item that stands is let go.
    after.is_some_and(|body| body.is_null() || is_on(present, body))
}

/// Lets go of the bodies of an item in sync that is on, as nearly all of a fleet's are: there is nothing
/// to write, and nothing is decided on them again.
pub(super) fn let_go(change: &mut Change) {
    if (change.class, change.action) != (Class::InSync, Action::None) || !stands(change, false) {
        return;
    }
    if let Some(live) = &mut change.sides.live {
        live.body = Body::default();
    }
    if let BaselineSide::Ours(baseline) = &mut change.sides.baseline {
        baseline.let_go();
    }
}

/// Whether a body is enabled, or disabled because the files say so.
fn is_on(present: &Present, body: &Value) -> bool {
    let on = Value::Bool(true);
    let wanted = present.fields.get(&Field::Enabled).unwrap_or(&on);
    !Field::Enabled.same(wanted, &on)
        || Field::Enabled.same(&Field::Enabled.read(present.kind, body), &on)
}

impl Plan {
    /// Leaves only some of the changes. What they rest on may go with the others: an item is not
    /// retired by a run that does not make what replaces it.
    pub fn keep(&mut self, keep: impl Fn(&Change) -> bool) {
        for workspace in &mut self.workspaces {
            let changes = std::mem::take(&mut workspace.changes);
            let (kept, dropped): (Vec<_>, Vec<_>) =
                changes.into_iter().partition(|change| keep(change));
            let mut missing = BTreeMap::new();
            for change in dropped.iter().filter(|change| !stands(change, false)) {
                if let DesiredSide::Present(present) = &change.sides.desired
                    && let Some(old) = &present.replaces
                {
                    missing.insert(old.clone(), change.key.to_string());
                }
            }
            let kept = hold_all(kept, &missing, &workspace.id, &self.options);
            workspace.changes = order::by_weight(kept);
        }
    }
}
