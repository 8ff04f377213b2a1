//! The same told once: changes and outcomes that are alike in every way that a reader could care about,
//! with the workspaces that they are in.
//!
//! In: entries with their workspaces, in the order of the report. Out: folds in that order, by the place
//! of their first entry. What is different in anything but the workspace, the time of the last edit and
//! the work that follows from the sides is never in one fold: a query, a reason, an exclusion, who moved.

use std::collections::{HashMap, HashSet};

use super::count::count;
use super::escape;
use super::summary;
use crate::apply::{ItemOutcome, Verdict, WorkspaceOutcome};
use crate::arm::without_requests;
use crate::ident::{ItemKey, WorkspaceKey};
use crate::plan::{Change, Modified, Plan, WorkspacePlan};

/// How many workspaces are named in a list, unless everything is asked for.
pub(super) const NAMED: usize = 10;

/// What is the same in one workspace or several.
#[derive(Debug)]
pub(super) struct Fold<'p, W, T> {
    /// One of them; the others say the same.
    pub(super) first: &'p T,
    /// Where, in the order of the report.
    pub(super) places: Vec<(&'p W, &'p T)>,
}

impl<'p, W, T> Fold<'p, W, T> {
    /// Something that is told by itself.
    pub(super) fn single(workspace: &'p W, entry: &'p T) -> Self {
        Self { first: entry, places: vec![(workspace, entry)] }
    }

    /// Whether it is in several workspaces.
    pub(super) fn is_shared(&self) -> bool {
        self.places.len() > 1
    }

    /// ` in 37 workspaces`; nothing for what is in one.
    pub(super) fn spread(&self) -> String {
        match self.places.len() {
            1 => String::new(),
            several => format!(" in {}", count(several, "workspace")),
        }
    }
}

/// Changes, folded.
pub(super) fn changes<'p>(
    all: impl IntoIterator<Item = (&'p WorkspacePlan, &'p Change)>,
) -> Vec<Fold<'p, WorkspacePlan, Change>> {
    fold(all, |change| &change.key, is_same_change)
}

/// How items ended, folded.
pub(super) fn items<'p>(
    all: impl IntoIterator<Item = (&'p WorkspaceOutcome, &'p ItemOutcome)>,
) -> Vec<Fold<'p, WorkspaceOutcome, ItemOutcome>> {
    fold(all, |item| &item.key, |(_, left), (_, right)| is_same_outcome(left, right))
}

/// Why items ended so. Of several, the ids of their requests are left out: each has another, which JSON has.
pub(super) fn reason(fold: &Fold<'_, WorkspaceOutcome, ItemOutcome>) -> Option<String> {
    let reason = summary::verdict_reason(&fold.first.verdict)?;
    Some(if fold.is_shared() { without_requests(reason) } else { reason.to_owned() })
}

/// What several workspaces share.
#[derive(Debug)]
pub(super) struct Shared<'p> {
    /// In the order of the report.
    pub(super) folds: Vec<Fold<'p, WorkspacePlan, Change>>,
    /// Every change in them, by its address in the plan.
    members: HashSet<*const Change>,
}

impl<'p> Shared<'p> {
    /// Of the changes that are told.
    pub(super) fn of(plan: &'p Plan, told: impl Fn(&Change) -> bool) -> Self {
        let all = summary::all_ordered(plan).into_iter().filter(|(_, change)| told(change));
        let folds: Vec<_> = changes(all).into_iter().filter(Fold::is_shared).collect();
        let places = folds.iter().flat_map(|fold| &fold.places);
        let members = places.map(|(_, change)| std::ptr::from_ref(*change)).collect();
        Self { folds, members }
    }

    /// Whether a change of the plan is in one of the folds.
    pub(super) fn has(&self, change: &Change) -> bool {
        self.members.contains(&std::ptr::from_ref(change))
    }
}

/// `a/prod, b/prod and 35 more`.
pub(super) fn names<'k>(keys: impl IntoIterator<Item = &'k WorkspaceKey>, most: usize) -> String {
    let all: Vec<String> = keys.into_iter().map(ToString::to_string).collect();
    match all.split_at_checked(most) {
        Some((named, rest)) if !rest.is_empty() => {
            format!("{} and {} more", named.join(", "), rest.len())
        }
        _ => all.join(", "),
    }
}

/// Who last changed the live items, and when: the first and the last time.
pub(super) fn modified<'m>(all: impl IntoIterator<Item = Option<&'m Modified>>) -> Option<String> {
    let all: Vec<&Modified> = all.into_iter().flatten().collect();
    let by = all.first()?.by.as_deref().map(escape::visible);
    let times = all.iter().filter_map(|one| one.at.as_deref());
    let (first, last) = (times.clone().min(), times.max());
    let (first, last) = (first.map(escape::visible), last.map(escape::visible));
    let when = match (first, last) {
        (Some(first), Some(last)) if first != last => format!("between {first} and {last}"),
        (Some(at), _) => format!("at {at}"),
        (None, _) => String::new(),
    };
    let words = match (by, when.is_empty()) {
        (Some(by), true) => format!("last changed by {by}"),
        (Some(by), false) => format!("last changed by {by} {when}"),
        (None, false) => format!("last changed {when}"),
        (None, true) => return None,
    };
    Some(words)
}

fn fold<'p, W, T>(
    all: impl IntoIterator<Item = (&'p W, &'p T)>,
    key: impl Fn(&T) -> &ItemKey,
    is_same: impl Fn((&W, &T), (&W, &T)) -> bool,
) -> Vec<Fold<'p, W, T>> {
    let mut folds: Vec<Fold<'p, W, T>> = Vec::new();
    let mut of_item: HashMap<ItemKey, Vec<usize>> = HashMap::new();
    for (workspace, entry) in all {
        let known = of_item.entry(key(entry).clone()).or_default();
        let same = known.iter().find(|index| {
            let (first, entry_of_first) = folds[**index].places[0];
            is_same((first, entry_of_first), (workspace, entry))
        });
        match same {
            Some(index) => folds[*index].places.push((workspace, entry)),
            None => {
                known.push(folds.len());
                folds.push(Fold::single(workspace, entry));
            }
        }
    }
    folds
}

/// Whether two changes are one and the same but for the workspace. A new field of a change must be
/// decided on here.
fn is_same_change(
    (left_workspace, left): (&WorkspacePlan, &Change),
    (right_workspace, right): (&WorkspacePlan, &Change),
) -> bool {
    let Change {
        key,
        arm_name,
        name,
        class,
        action,
        reason,
        effect,
        quieter_by,
        fields,
        written,
        observed,
        modified,
        playbooks,
        work: _,
        sides,
    } = left;
    let kind = |change: &Change| change.sides.live.as_ref().map(|live| live.kind);
    left_workspace.frozen == right_workspace.frozen
        && (class, action, effect) == (&right.class, &right.action, &right.effect)
        && (key, arm_name, name) == (&right.key, &right.arm_name, &right.name)
        && reason == &right.reason
        && quieter_by == &right.quieter_by
        && written == &right.written
        && playbooks == &right.playbooks
        && by(modified.as_ref()) == by(right.modified.as_ref())
        && kind(left) == kind(right)
        && fields == &right.fields
        && observed == &right.observed
        && sides.desired == right.sides.desired
}

fn is_same_outcome(left: &ItemOutcome, right: &ItemOutcome) -> bool {
    let ItemOutcome {
        key,
        name,
        class,
        action,
        effect,
        undecided,
        drift_left,
        creates_disabled,
        modified,
        verdict,
    } = left;
    let ended = |verdict: &Verdict| {
        (summary::verdict_word(verdict), summary::verdict_reason(verdict).map(without_requests))
    };
    (key, name) == (&right.key, &right.name)
        && ended(verdict) == ended(&right.verdict)
        && (class, action, effect) == (&right.class, &right.action, &right.effect)
        && (undecided, drift_left) == (&right.undecided, &right.drift_left)
        && creates_disabled == &right.creates_disabled
        && by(modified.as_ref()) == by(right.modified.as_ref())
}

fn by(modified: Option<&Modified>) -> Option<&str> {
    modified.and_then(|modified| modified.by.as_deref())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fixture;
    use super::*;
    use crate::plan::{Action, Class, DesiredSide, Moved};
    use crate::state::desired::Present;
    use crate::state::{Field, Kind};

    fn sizes(entries: Vec<Change>) -> Vec<usize> {
        let named = entries.into_iter().enumerate();
        let workspaces =
            named.map(|(at, change)| fixture::workspace(&format!("tenant-{at}/law"), vec![change]));
        let plan = fixture::plan(workspaces.collect());
        changes(summary::all_ordered(&plan)).iter().map(|fold| fold.places.len()).collect()
    }

    fn present(query: &str) -> Change {
        let mut made = fixture::change("new", Class::New, Action::Create);
        made.sides.desired = DesiredSide::Present(Arc::new(Present {
            kind: Kind::Scheduled,
            fields: [(Field::Query, query.into())].into(),
            version: None,
            exclusions: Vec::new(),
            replaces: None,
            accepted: Vec::new(),
        }));
        made
    }

    #[test]
    fn identical_changes_are_told_once() {
        assert_eq!(sizes(vec![fixture::updated(), fixture::updated(), fixture::drifted()]), [2, 1]);
    }

    #[test]
    fn nothing_that_differs_hides_in_a_fold() {
        let differ: [fn(&mut Change); 9] = [
            |change| change.fields[1].after = "Another | take 1".into(),
            |change| change.fields[0].before = "Medium".into(),
            |change| change.fields[0].moved = Moved::Both,
            |change| change.fields[0].accepted = Some("until 2027-01-01: known".into()),
            |change| change.reason = "another one".into(),
            |change| change.name = "Another name".into(),
            |change| change.arm_name = "adopted".parse().unwrap(),
            |change| change.effect = crate::plan::Effect::Neutral,
            |change| change.written = vec![Field::Severity],
        ];
        for (index, alter) in differ.into_iter().enumerate() {
            let mut other = fixture::updated();
            alter(&mut other);
            assert_eq!(sizes(vec![fixture::updated(), other]), [1, 1], "{index}");
        }
        // The fields of what is made are not shown, and still count.
        assert_eq!(sizes(vec![present("T | take 1"), present("T | take 1")]), [2]);
        assert_eq!(sizes(vec![present("T | take 1"), present("T | take 2")]), [1, 1]);
    }

    #[test]
    fn a_frozen_workspace_is_told_apart() {
        let one = |name| fixture::workspace(name, vec![fixture::updated()]);
        let mut plan = fixture::plan(vec![one("a/law"), one("b/law")]);
        plan.workspaces[1].frozen = Some(fixture::freeze());
        assert_eq!(changes(plan.changes()).len(), 2);
    }

    #[test]
    fn who_edited_tells_folds_apart_and_when_is_a_span() {
        let at = |by: &str, day: &str| {
            let mut made = fixture::drifted();
            let at = Some(format!("2026-10-{day}T00:00:00Z"));
            made.modified = Some(Modified { by: Some(by.into()), at });
            made
        };
        assert_eq!(sizes(vec![at("jo", "02"), at("jo", "01"), at("al", "02")]), [2, 1]);
        let both = [at("jo", "02"), at("jo", "01")];
        assert_eq!(
            modified(both.iter().map(|change| change.modified.as_ref())).unwrap(),
            "last changed by jo between 2026-10-01T00:00:00Z and 2026-10-02T00:00:00Z"
        );
    }

    #[test]
    fn the_same_error_is_told_once_whatever_its_requests() {
        let failed = |why: &str| {
            let verdict = Verdict::Failed(why.to_owned());
            fixture::item("rule", Class::New, Action::Create, verdict)
        };
        let mut outcome = fixture::outcome();
        outcome.workspaces[0].items = vec![failed("400 No: bad (request 1)")];
        outcome.workspaces[1].items = vec![failed("400 No: bad (request 2)")];
        let told: Vec<_> =
            outcome.workspaces.iter().map(|workspace| (workspace, &workspace.items[0])).collect();
        let folds = items(told.clone());
        assert_eq!(folds.len(), 1);
        assert_eq!(reason(&folds[0]).unwrap(), "400 No: bad");
        assert_eq!(reason(&Fold::single(told[0].0, told[0].1)).unwrap(), "400 No: bad (request 1)");
        outcome.workspaces[1].items = vec![failed("400 No: worse (request 1)")];
        let told = outcome.workspaces.iter().map(|workspace| (workspace, &workspace.items[0]));
        assert_eq!(items(told).len(), 2);
    }

    #[test]
    fn a_long_list_of_workspaces_ends_with_how_many_more() {
        let keys = ["a/x", "b/x", "c/x"].map(fixture::key);
        assert_eq!(names(&keys, 3), "a/x, b/x, c/x");
        assert_eq!(names(&keys, 2), "a/x, b/x and 1 more");
    }
}
