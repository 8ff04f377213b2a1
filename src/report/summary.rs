//! What is counted and in which order it is told, so that every format agrees.
//!
//! Nothing is decided here: classes, actions and effects are counted as the plan has them.

use std::collections::BTreeMap;

use crate::apply::{ItemOutcome, Outcome, Verdict};
use crate::plan::{
    self, Action, BaselineSide, Change, Class, DesiredSide, Effect, Exceeded, FieldChange, Moved,
    Plan, WorkspacePlan,
};

/// The counts of a plan, or of one of its workspaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Workspaces that were selected.
    pub workspaces: usize,
    /// Those that could not be read: unknown, never in sync.
    pub unreadable: usize,
    /// Changes by action; actions that do not occur are absent.
    pub actions: BTreeMap<Action, usize>,
    /// Changes by class; classes that do not occur are absent.
    pub classes: BTreeMap<Class, usize>,
    /// Changes by class, of those whose action is none.
    pub left: BTreeMap<Class, usize>,
    /// Changes that make detection quieter.
    pub quieter: usize,
    /// Changes that a freeze stops.
    pub frozen: usize,
    /// What guards object to and nobody has acknowledged: nothing is sent.
    pub objections: usize,
    /// Items whose live side moved, accepted drift left out.
    pub drift: usize,
    /// Workspaces with such items.
    pub drifted_workspaces: usize,
    /// Items with known drift that is accepted.
    pub accepted: usize,
    /// Those of them that are in sync but for it.
    pub in_sync_but_accepted: usize,
    /// Items with observed fields that differ.
    pub observed: usize,
    /// Rules and hunting queries that nobody owns here.
    pub unmanaged: usize,
    /// Items of other owners.
    pub foreign: usize,
    /// Those of them that the files want: refused, and compared with nothing.
    pub wanted_foreign: usize,
}

impl Summary {
    /// The counts of a whole plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self::judged(plan, &plan::exceeded(plan))
    }

    /// The counts of a whole plan of which the guards found this.
    #[must_use]
    pub fn judged(plan: &Plan, found: &[Exceeded]) -> Self {
        let mut summary = Self::default();
        for workspace in &plan.workspaces {
            summary.add(workspace);
        }
        summary.objections = found.iter().filter(|one| one.acknowledged.is_none()).count();
        summary
    }

    /// The counts of one workspace.
    #[must_use]
    pub fn of_workspace(workspace: &WorkspacePlan) -> Self {
        let mut summary = Self::default();
        summary.add(workspace);
        summary
    }

    /// How many changes have this action.
    #[must_use]
    pub fn action(&self, action: Action) -> usize {
        self.actions.get(&action).copied().unwrap_or(0)
    }

    /// How many changes have this class.
    #[must_use]
    pub fn class(&self, class: Class) -> usize {
        self.classes.get(&class).copied().unwrap_or(0)
    }

    /// How many changes of this class have the action none.
    #[must_use]
    pub fn left(&self, class: Class) -> usize {
        self.left.get(&class).copied().unwrap_or(0)
    }

    /// How many items are as the files say, with nothing that has to be accepted.
    #[must_use]
    pub fn in_sync(&self) -> usize {
        self.left(Class::InSync) - self.in_sync_but_accepted
    }

    fn add(&mut self, workspace: &WorkspacePlan) {
        self.workspaces += 1;
        self.unreadable += usize::from(workspace.unreadable.is_some());
        self.unmanaged += workspace.unmanaged;
        for change in &workspace.changes {
            *self.actions.entry(change.action).or_default() += 1;
            *self.classes.entry(change.class).or_default() += 1;
            if change.action == Action::None {
                *self.left.entry(change.class).or_default() += 1;
            }
            self.quieter += usize::from(change.effect == Effect::Quieter);
            self.frozen += usize::from(workspace.frozen.is_some() && change.action.writes());
            self.accepted += usize::from(is_accepted(change));
            self.in_sync_but_accepted += usize::from(is_in_sync_but_accepted(change));
            self.observed += usize::from(!change.observed.is_empty());
        }
        let drift = workspace.changes.iter().filter(|change| is_drift(change)).count();
        self.drift += drift;
        self.drifted_workspaces += usize::from(drift > 0);
        self.foreign += foreign(workspace);
        self.wanted_foreign += workspace.changes.iter().filter(|c| is_foreign(c)).count();
    }
}

/// An item of another owner may stand in the list and as a change, when this repository wants it
/// too: it is one item.
fn foreign(workspace: &WorkspacePlan) -> usize {
    let wanted = |change: &&Change| is_foreign(change);
    let listed_too = |change: &&Change| {
        let item = format!("{}/{}", change.key.family, change.arm_name);
        workspace.foreign.iter().any(|foreign| foreign.item.eq_ignore_ascii_case(&item))
    };
    let not_listed = workspace.changes.iter().filter(wanted).filter(|c| !listed_too(c)).count();
    workspace.foreign.len() + not_listed
}

/// Whether the files want an item that belongs to another owner.
pub(super) fn is_foreign(change: &Change) -> bool {
    change.class == Class::Foreign
}

/// Whether a drift report tells of a change.
pub(super) fn is_told_as_drift(change: &Change) -> bool {
    is_drift(change) || is_accepted(change) || is_foreign(change) || !change.observed.is_empty()
}

/// Where a change stands in every report: what the service disabled, what waits for a decision,
/// what makes detection quieter, what is held, then the rest; in sync comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    AutoDisabled,
    Refused,
    Quieter,
    Held,
    Other,
    InSync,
}

fn rank(change: &Change) -> Rank {
    match (change.class, change.action, change.effect) {
        (Class::AutoDisabled, ..) => Rank::AutoDisabled,
        (_, Action::Refuse, _) => Rank::Refused,
        (_, _, Effect::Quieter) => Rank::Quieter,
        (Class::Held, ..) => Rank::Held,
        (Class::InSync, ..) => Rank::InSync,
        _ => Rank::Other,
    }
}

/// Whether a change is read before what the workspaces do not share.
pub(super) fn is_urgent(change: &Change) -> bool {
    rank(change) < Rank::Other
}

/// One workspace's changes in the order of reports; equals keep the plan's order.
#[must_use]
pub fn ordered(workspace: &WorkspacePlan) -> Vec<&Change> {
    let mut changes: Vec<&Change> = workspace.changes.iter().collect();
    changes.sort_by_key(|change| rank(change));
    changes
}

/// Every change in the order of reports, over all workspaces; equals keep the plan's order.
#[must_use]
pub fn all_ordered(plan: &Plan) -> Vec<(&WorkspacePlan, &Change)> {
    let mut changes: Vec<(&WorkspacePlan, &Change)> = plan.changes().collect();
    changes.sort_by_key(|(_, change)| rank(change));
    changes
}

/// Whether a change is only counted, in reports for people.
pub(super) fn is_quiet(change: &Change) -> bool {
    change.class == Class::InSync
        && change.action == Action::None
        && change.observed.is_empty()
        && !is_in_sync_but_accepted(change)
}

/// Whether nothing is to be done only because what was changed outside git is accepted.
pub(super) fn is_in_sync_but_accepted(change: &Change) -> bool {
    (change.class, change.action) == (Class::InSync, Action::None)
        && change.fields.iter().any(|field| field.accepted.is_some())
}

/// Whether an item's live side moved in a way that a drift report counts (exit code 20): drifted,
/// vanished, in conflict, edited after it was retired, disabled by the service, or moved while it is
/// held. What a rollback holds back counts too: what stands there is not what the files say, and nothing
/// will write it. Drift that is accepted, and fields that the customer chooses, do not count.
#[must_use]
pub fn is_drift(change: &Change) -> bool {
    match change.class {
        Class::Vanished | Class::Conflict | Class::RetiredEdited | Class::AutoDisabled => true,
        Class::Drifted | Class::ChangedAndDrifted => !is_accepted(change),
        Class::Held => {
            change.is_held_back()
                || change.fields.iter().any(counts)
                || vanished_while_held(change)
                || is_uncompared(change)
        }
        // Whether it was changed or has lost its record, nobody can say.
        Class::Collision => change.sides.live.is_some(),
        Class::KindChange => change.fields.iter().any(counts) || was_swapped(change),
        Class::New
        | Class::Twin
        | Class::Adoptable
        | Class::InSync
        | Class::Changed
        | Class::Converged
        | Class::Retired
        | Class::Gone
        | Class::Foreign
        | Class::Leftover => false,
    }
}

/// Whether all that moved live is known and accepted.
pub(super) fn is_accepted(change: &Change) -> bool {
    let mut moved = change.fields.iter().filter(|field| moved_live(field)).peekable();
    moved.peek().is_some() && moved.all(|field| field.accepted.is_some())
}

/// Whether the live value may have been changed outside git.
pub(super) fn moved_live(field: &FieldChange) -> bool {
    match field.moved {
        Moved::Live | Moved::Both | Moved::Unknown => true,
        Moved::Desired => false,
    }
}

fn counts(field: &FieldChange) -> bool {
    moved_live(field) && field.accepted.is_none()
}

/// Whether an item that was applied is no longer there and is not written again, being held.
pub(super) fn vanished_while_held(change: &Change) -> bool {
    let sides = &change.sides;
    let was_applied = matches!(sides.baseline, BaselineSide::Ours(_));
    matches!(sides.desired, DesiredSide::Held(_)) && was_applied && sides.live.is_none()
}

/// Whether nothing tells what was last applied to a live item that the files mean: whether it moved is
/// unknown. A held item has only its record to be compared with.
pub(super) fn is_uncompared(change: &Change) -> bool {
    let unknown = match &change.sides.baseline {
        BaselineSide::Ours(baseline) => baseline.record.is_err(),
        BaselineSide::Ambiguous(_) => true,
        BaselineSide::None | BaselineSide::Other(..) => change.class == Class::Held,
    };
    unknown && change.sides.live.is_some()
}

/// Whether the workspace has another kind of item than was applied there.
pub(super) fn was_swapped(change: &Change) -> bool {
    match (&change.sides.baseline, &change.sides.live) {
        (BaselineSide::Ours(baseline), Some(live)) => {
            baseline.record.as_ref().is_ok_and(|record| live.kind != Some(record.kind))
        }
        _ => false,
    }
}

/// The counts of an outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Workspaces of the plan.
    pub workspaces: usize,
    /// Those that could not be read; nothing was sent to them.
    pub unreadable: usize,
    /// Workspaces in which something was written.
    pub written: usize,
    /// Items that were in sync already.
    pub in_sync: usize,
    /// Items by how they ended, by the word of [`verdict_word`].
    pub verdicts: BTreeMap<&'static str, usize>,
    /// Changes that were written and made detection quieter.
    pub quieter: usize,
    /// Items that belong to another owner.
    pub wanted_foreign: usize,
    /// Items that were changed or deleted outside git and left so.
    pub drift_left: usize,
    /// Items that stay disabled, by the service as their name says.
    pub left_disabled: usize,
}

impl Tally {
    /// The counts of a run.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let mut tally = Self { workspaces: outcome.workspaces.len(), ..Self::default() };
        for workspace in &outcome.workspaces {
            tally.unreadable += usize::from(workspace.unreadable.is_some());
            tally.in_sync += workspace.in_sync;
            let sent = |verdict: &Verdict| matches!(verdict, Verdict::Done | Verdict::Overtaken(_));
            tally.written += usize::from(workspace.items.iter().any(|item| sent(&item.verdict)));
            for item in &workspace.items {
                *tally.verdicts.entry(verdict_word(&item.verdict)).or_default() += 1;
                let quieter = item.effect == Effect::Quieter && sent(&item.verdict);
                tally.quieter += usize::from(quieter);
                tally.wanted_foreign += usize::from(item.class == Class::Foreign);
                tally.drift_left += usize::from(leaves_drift(item));
                let disabled = (item.class, item.action) == (Class::AutoDisabled, Action::None);
                tally.left_disabled += usize::from(disabled);
            }
        }
        tally
    }

    /// How many items ended with this word.
    #[must_use]
    pub fn verdict(&self, word: &str) -> usize {
        self.verdicts.get(word).copied().unwrap_or(0)
    }
}

/// Whether something that was changed or deleted outside git was left so.
#[must_use]
pub const fn leaves_drift(item: &ItemOutcome) -> bool {
    matches!(item.verdict, Verdict::Left(_)) || !item.drift_left.is_empty()
}

/// How an item ended, as reports and JSON spell it.
#[must_use]
pub const fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Failed(_) => "failed",
        Verdict::Refused(_) => "refused",
        Verdict::Held(_) => "held",
        Verdict::Deferred(_) => "deferred",
        Verdict::Blocked(_) => "blocked",
        Verdict::Overtaken(_) => "overtaken",
        Verdict::Waits(_) => "waiting",
        Verdict::Left(_) => "left",
        Verdict::Accepted(_) => "accepted",
        Verdict::Frozen(_) => "frozen",
        Verdict::NotStarted(_) => "not-started",
    }
}

/// How an item ended, as reports for people say it.
pub(super) const fn verdict_words(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::NotStarted(_) => "not started",
        Verdict::Accepted(_) => "accepted drift",
        other => verdict_word(other),
    }
}

/// Why an item was not done, or not for long.
pub(super) fn verdict_reason(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::Done => None,
        Verdict::Failed(reason)
        | Verdict::Refused(reason)
        | Verdict::Held(reason)
        | Verdict::Deferred(reason)
        | Verdict::Blocked(reason)
        | Verdict::Overtaken(reason)
        | Verdict::Waits(reason)
        | Verdict::Left(reason)
        | Verdict::Accepted(reason)
        | Verdict::Frozen(reason)
        | Verdict::NotStarted(reason) => Some(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, change, field, plan, workspace};
    use super::*;
    use crate::state::Field;

    #[test]
    fn the_worst_is_told_first() {
        let made = workspace(
            "contoso/prod",
            vec![
                change("in-sync", Class::InSync, Action::None),
                change("new", Class::New, Action::Create),
                change("held", Class::Held, Action::None),
                fixture::quieter(change("quieter", Class::Changed, Action::Update)),
                change("conflict", Class::Conflict, Action::Refuse),
                change("disabled", Class::AutoDisabled, Action::None),
            ],
        );
        let names: Vec<&str> = ordered(&made).iter().map(|c| c.key.id.as_str()).collect();
        assert_eq!(names, ["disabled", "conflict", "quieter", "held", "new", "in-sync"]);
    }

    #[test]
    fn accepted_drift_does_not_count_and_a_further_edit_does() {
        let mut accepted = field(Field::Severity, Moved::Live, "Low", "High");
        accepted.accepted = Some("until 2026-12-31: tuned by the customer".into());
        let mut drifted = change("rule", Class::Drifted, Action::None);
        drifted.fields = vec![accepted.clone()];
        assert!(!is_drift(&drifted) && is_accepted(&drifted));
        drifted.fields.push(field(Field::QueryPeriod, Moved::Live, "PT2H", "PT1H"));
        assert!(is_drift(&drifted) && !is_accepted(&drifted));
    }

    #[test]
    fn a_held_item_that_moved_live_counts_as_drift() {
        let mut held = change("rule", Class::Held, Action::None);
        assert!(!is_drift(&held));
        held.fields = vec![field(Field::Severity, Moved::Live, "Low", "High")];
        assert!(is_drift(&held));
    }

    #[test]
    fn a_foreign_item_that_is_wanted_too_is_one_item() {
        let mut made = workspace(
            "contoso/prod",
            vec![
                change("theirs", Class::Foreign, Action::Refuse),
                change("also-theirs", Class::Foreign, Action::Refuse),
            ],
        );
        made.foreign = vec![fixture::foreign("analytic-rule/THEIRS", "other-soc")];
        assert_eq!(Summary::of(&plan(vec![made])).foreign, 2);
    }
}
