//! Rolling a run back: what it replaced is what is desired, unless the item has moved since.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{BaselineSide, DesiredSide, Sides};
use crate::ident::{FieldHash, ItemKey};
use crate::state::desired::{DesiredItem, DesiredState, DesiredWorkspace, Present};
use crate::state::rollback::{Rollback, mark_of_absent};
use crate::state::{Field, Mark};

/// The hash of what the files say about an item; `None` where it is held.
#[must_use]
pub fn mark_of_desired(desired: &DesiredSide) -> Option<FieldHash> {
    match desired {
        DesiredSide::Present(present) => Some(present.mark()),
        DesiredSide::Absent => Some(mark_of_absent()),
        DesiredSide::Held(_) => None,
    }
}

impl DesiredWorkspace {
    /// Makes what a run replaced in this workspace the desired side of its items. What the files say about
    /// the others stays, for their names; nothing is deleted, since a record must carry the hold.
    pub fn roll_back(&mut self, replaced: BTreeMap<ItemKey, (Rollback, Option<Present>)>) {
        self.prune = false;
        self.retire_blocked = None;
        self.replaced.clear();
        self.unreadable
            .retain(|file| !replaced.keys().any(|key| Some(&key.id) == file.id.as_ref()));
        self.unselected.retain(|content| !replaced.contains_key(&content.key));
        for (key, (rollback, present)) in replaced {
            match present {
                Some(present) => {
                    let name = present.fields.get(&Field::DisplayName).and_then(Value::as_str);
                    let name = name.unwrap_or(key.id.as_str()).into();
                    let state = DesiredState::Present(present.into());
                    self.items.insert(key.clone(), DesiredItem { name, path: "".into(), state });
                }
                None => drop(self.items.remove(&key)),
            }
            self.rollbacks.insert(key, rollback);
        }
    }
}

/// Why an item must not be rolled back, if so: it is neither as the run left it nor as it was before.
pub(super) fn moved_since(sides: &Sides, rollback: &Rollback) -> Option<String> {
    let live = sides.live.as_ref().map(|live| &*live.body);
    let after = differing(sides, rollback, rollback.after.as_ref(), live);
    let before = differing(sides, rollback, rollback.before.as_ref(), live);
    let (Some(after), Some(_)) = (after, before) else { return None };
    Some(format!("it moved since the run `{}`: {after}", rollback.run))
}

/// How what is live differs from a body, if it does. What the service answered instead of what it was sent
/// is no move.
fn differing(
    sides: &Sides,
    rollback: &Rollback,
    body: Option<&Value>,
    live: Option<&Value>,
) -> Option<String> {
    let (body, live) = match (body, live) {
        (None, None) => return None,
        (Some(_), None) => return Some("it was deleted".into()),
        (None, Some(_)) => return Some("it is there again".into()),
        (Some(body), Some(live)) => (body, live),
    };
    let record = match &sides.baseline {
        BaselineSide::Ours(baseline) => baseline.record().ok(),
        _ => None,
    };
    let is_answered = |field: Field| {
        let entry = record.and_then(|record| record.fields.get(&field));
        let sent = Mark::Value(field.hash(&field.read(rollback.kind, body)));
        entry.is_some_and(|entry| {
            !field.is_decisive()
                && entry.applied == Some(sent)
                && entry.answered == Some(field.hash(&field.read(rollback.kind, live)))
        })
    };
    let read = |field: Field, body: &Value| field.read(rollback.kind, body);
    let moved: Vec<String> = Field::of(rollback.kind)
        .filter(|field| !sides.observed.contains(field))
        .filter(|field| !field.same(&read(*field, body), &read(*field, live)))
        .filter(|field| !is_answered(*field))
        .map(|field| format!("`{field}`"))
        .collect();
    (!moved.is_empty()).then(|| format!("{} is another now", moved.join(", ")))
}
