//! The three-way comparison of one item, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{FieldChange, Moved};
use crate::ident::{Day, FieldHash};
use crate::state::desired::Present;
use crate::state::{Field, Kind, Mark, Record, RecordState};

/// What was last applied to a field, after a write under way has been judged by what is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastApplied {
    pub(super) mark: Mark,
    pub(super) answered: Option<FieldHash>,
}

/// How the sides of an item differ.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// Owned fields whose sides differ, in the order of the field table.
    pub(super) changes: Vec<FieldChange>,
    /// Observed fields whose live value is not the desired one.
    pub(super) observed: Vec<FieldChange>,
    /// Fields that moved on both sides to the same value.
    pub(super) converged: BTreeSet<Field>,
}

/// Compares what is desired with what is live, in the light of what was last applied.
pub(super) fn compare(
    present: &Present,
    live: &Value,
    record: Option<&Record>,
    observed: &[Field],
    today: Day,
) -> Comparison {
    let last = record.map(|record| last_applied(record, present.kind, live)).unwrap_or_default();
    // Nobody's value is lost when the files begin to name the template of a rule that has none.
    let is_free = record.is_some()
        && Field::of(present.kind)
            .filter(|field| field.is_optional())
            .all(|field| field.find(present.kind, live).is_null());
    let mut comparison = Comparison::default();
    for (&field, desired) in &present.fields {
        let now = field.find(present.kind, live);
        let change = |moved| FieldChange {
            field,
            moved,
            before: now.clone(),
            after: desired.clone(),
            accepted: None,
        };
        let same = field.same(desired, now);
        if observed.contains(&field) {
            if !same && !field.is_dead(&present.fields) {
                comparison.observed.push(change(Moved::Live));
            }
            continue;
        }
        if field.is_dead(&present.fields) {
            continue;
        }
        match moved(field, desired, now, last.get(&field).copied()) {
            Some(Moved::Unknown) if is_free && field.is_optional() => {
                comparison.changes.push(change(Moved::Desired));
            }
            Some(moved) => {
                let mut change = change(moved);
                change.accepted = accepted(present, field, moved, today);
                comparison.changes.push(change);
            }
            None if same && last.get(&field).is_some_and(|l| l.mark != mark_of(field, desired)) => {
                comparison.converged.insert(field);
            }
            None => {}
        }
    }
    comparison
}

/// Which side moved; `None` when the sides agree, or when each is what it was after the last write.
fn moved(field: Field, desired: &Value, live: &Value, last: Option<LastApplied>) -> Option<Moved> {
    if field.same(desired, live) {
        return None;
    }
    let Some(LastApplied { mark, answered }) = last else { return Some(Moved::Unknown) };
    // A field that was dead is alive now because the files say so.
    let Mark::Value(applied) = mark else { return Some(Moved::Desired) };
    let desired_moved = field.hash(desired) != applied;
    let live_moved = field.hash(live) != answered.unwrap_or(applied);
    match (desired_moved, live_moved) {
        // Both have the applied value's short hash, and they differ: it was met by one of them.
        (false, false) if answered.is_none() => Some(Moved::Live),
        (false, false) => None,
        (true, false) => Some(Moved::Desired),
        (false, true) => Some(Moved::Live),
        (true, true) => Some(Moved::Both),
    }
}

fn accepted(present: &Present, field: Field, moved: Moved, today: Day) -> Option<String> {
    let accepted = present.accepted.iter().find(|a| a.field == field && today <= a.until)?;
    (moved == Moved::Live).then(|| format!("until {}: {}", accepted.until, accepted.reason))
}

/// The mark of a value that is alive.
pub(super) fn mark_of(field: Field, wire: &Value) -> Mark {
    Mark::Value(field.hash(wire))
}

/// What was last applied, by field.
///
/// A record in state `writing` is judged by what is live: if any field that the write was to change
/// has its intended value, the write happened, and the intended marks count for all of them.
pub(super) fn last_applied(
    record: &Record,
    kind: Kind,
    live: &Value,
) -> BTreeMap<Field, LastApplied> {
    let happened = record.state == RecordState::Writing
        && record.fields.iter().any(|(field, entry)| match entry.intended {
            Some(Mark::Value(hash)) => field.hash(field.find(kind, live)) == hash,
            Some(Mark::Dead) | None => false,
        });
    let mut last = BTreeMap::new();
    for (&field, entry) in &record.fields {
        let after_write = entry.intended.filter(|_| happened);
        // Of a decisive field such a hash would hide that the detection is another one.
        let answered = entry.answered.filter(|_| !field.is_decisive());
        let known = match after_write {
            Some(mark) => Some(LastApplied { mark, answered: None }),
            None => entry.applied.map(|mark| LastApplied { mark, answered }),
        };
        if let Some(known) = known {
            last.insert(field, known);
        }
    }
    last
}

/// Fields of a live item that are not what was last applied, for items that are not desired or are
/// held: there `after` is unknown and `null`.
pub(super) fn moved_live(record: &Record, live: &Value, observed: &[Field]) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for (field, last) in last_applied(record, record.kind, live) {
        let Mark::Value(applied) = last.mark else { continue };
        let now = field.find(record.kind, live);
        if !observed.contains(&field) && field.hash(now) != last.answered.unwrap_or(applied) {
            changes.push(FieldChange {
                field,
                moved: Moved::Live,
                before: now.clone(),
                after: Value::Null,
                accepted: None,
            });
        }
    }
    changes
}
