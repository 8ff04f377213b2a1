//! What the guards count.

use std::collections::{BTreeMap, BTreeSet};

use super::stages::{self, Difference};
use super::{Action, BaselineSide, Change, Class, DesiredSide, WorkspacePlan};
use crate::ident::{ExclusionId, Family};
use crate::state::{Field, Kind, Playbooks, canonical};

/// Retirements and deletions.
pub(super) fn deletes(change: &Change) -> bool {
    matches!(change.action, Action::Retire | Action::Delete)
}

/// Updates and restores; creates never count.
pub(super) fn changes(change: &Change) -> bool {
    matches!(change.action, Action::Update | Action::Restore)
}

/// Changes from enabled to disabled that are no retirement.
pub(super) fn disables(change: &Change) -> bool {
    changes(change)
        && change.fields.iter().any(|field| {
            let is = |value, expect: bool| canonical(Field::Enabled, value) == expect;
            field.field == Field::Enabled
                && change.written.contains(&Field::Enabled)
                && is(&field.before, true)
                && is(&field.after, false)
        })
}

/// Items that this owner has no record of and takes over.
pub(super) fn taken_over(change: &Change) -> bool {
    change.action == Action::Record && !matches!(change.sides.baseline, BaselineSide::Ours(_))
}

/// Deleted rules with playbooks; one of which that is not known counts as having some.
pub(super) fn loses_playbooks(change: &Change) -> bool {
    let is_rule = change.key.family == Family::AnalyticRule;
    let has_none = matches!(&change.playbooks, Some(Playbooks::Read(links)) if links.is_empty());
    is_rule && change.action == Action::Delete && !has_none
}

/// Analytic rules that are made, of all kinds or near-real-time ones only. What is deleted makes no
/// room: deletions come last.
pub(super) fn creates_rule(change: &Change, only_nrt: bool) -> bool {
    let kind = match &change.sides.desired {
        DesiredSide::Present(present) => Some(present.kind),
        DesiredSide::Held(_) | DesiredSide::Absent => None,
    };
    let counts = match kind {
        Some(Kind::Nrt) => true,
        Some(Kind::Scheduled) => !only_nrt,
        Some(Kind::Hunt) | None => false,
    };
    change.action == Action::Create && counts
}

/// The items that each of these exclusions is put into: where it is new, stands in more places, ends
/// later or is another condition, and where the item itself is made with it.
pub(super) fn reach<'p>(
    workspace: &'p WorkspacePlan,
    broad: &BTreeSet<ExclusionId>,
) -> BTreeMap<ExclusionId, Vec<&'p Change>> {
    let mut reach: BTreeMap<ExclusionId, Vec<&Change>> = BTreeMap::new();
    for change in &workspace.changes {
        for id in put_into(change).into_iter().filter(|id| broad.contains(id)) {
            reach.entry(id).or_default().push(change);
        }
    }
    reach
}

fn put_into(change: &Change) -> Vec<ExclusionId> {
    let DesiredSide::Present(present) = &change.sides.desired else { return Vec::new() };
    if change.action == Action::Create {
        return present.exclusions.clone();
    }
    let query = change.fields.iter().find(|field| field.field == Field::Query);
    let Some(query) = query.filter(|_| changes(change) && change.written.contains(&Field::Query))
    else {
        return Vec::new();
    };
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    stages::compare(&text(&query.before), &text(&query.after))
        .into_iter()
        .filter(|(_, difference)| match difference {
            Difference::Added | Difference::Prolonged | Difference::Changed => true,
            Difference::Removed | Difference::Shortened => false,
        })
        .filter_map(|(id, _)| id.parse().ok())
        .collect()
}

/// Items that are let go although they were edited since their content went.
pub(super) fn retired_though_edited(change: &Change) -> bool {
    let is_another_kind = match (&change.sides.baseline, &change.sides.live) {
        (BaselineSide::Ours(baseline), Some(live)) => {
            baseline.record().is_ok_and(|record| live.kind != Some(record.kind))
        }
        _ => false,
    };
    change.class == Class::Retired && (!change.fields.is_empty() || is_another_kind)
}

/// Whether the files have nothing of what is owned in a workspace, and nothing in its place.
pub(super) fn nothing_stays(workspace: &WorkspacePlan) -> bool {
    let owned = |change: &&Change| !matches!(change.sides.baseline, BaselineSide::None);
    let is_absent = |change: &Change| change.sides.desired == DesiredSide::Absent;
    let is_replaced = |old: &Change| {
        workspace.changes.iter().any(|change| match &change.sides.desired {
            DesiredSide::Present(present) => present.replaces.as_ref() == Some(&old.key.id),
            DesiredSide::Held(_) | DesiredSide::Absent => false,
        })
    };
    workspace.each().filter(owned).all(|change| is_absent(change) && !is_replaced(change))
}

/// Whether a held item is held by its own files. An absent item that may not be retired now is held
/// too, but the rest of the run does not wait for it.
pub(super) fn is_held_content(change: &Change) -> bool {
    change.class == Class::Held
        && change.action == Action::None
        && matches!(change.sides.desired, DesiredSide::Held(_))
}
