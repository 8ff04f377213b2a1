//! How a run ended, in the order and with the ways on that every format for people shares.

use super::fold::{self, Fold};
use super::summary::Tally;
use super::wording;
use crate::apply::{ItemOutcome, Outcome, RingOutcome, Standing, Verdict, WorkspaceOutcome};
use crate::plan::Class;

/// Items that ended alike.
pub(super) type Told<'o> = Fold<'o, WorkspaceOutcome, ItemOutcome>;

/// What is told of a run, what is alike once.
pub(super) fn folds(outcome: &Outcome) -> Vec<Told<'_>> {
    let all = outcome.workspaces.iter().flat_map(|workspace| {
        told(outcome, workspace).into_iter().map(move |item| (workspace, item))
    });
    fold::items(all)
}

/// Whether nothing of it needs anybody.
pub(super) fn is_calm(item: &ItemOutcome) -> bool {
    weight(item) >= CALM
}

/// The items that are told one by one. What a ring that was not begun would have done is counted with
/// the ring: it may be thousands of items.
fn told<'o>(outcome: &Outcome, workspace: &'o WorkspaceOutcome) -> Vec<&'o ItemOutcome> {
    let begun = |ring: &RingOutcome| ring.standing != Standing::NotStarted;
    let of_ring = outcome.rings.iter().find(|ring| ring.ring == workspace.ring);
    let is_begun = of_ring.is_none_or(begun);
    let is_told = |item: &&ItemOutcome| is_begun || !matches!(item.verdict, Verdict::NotStarted(_));
    workspace.items.iter().filter(is_told).collect()
}

/// What comes first in a report, and what is calm: what was done and what is accepted.
pub(super) fn weight(item: &ItemOutcome) -> (bool, u8) {
    (item.class != Class::AutoDisabled, place(&item.verdict))
}

const CALM: (bool, u8) = (true, place(&Verdict::Done));

pub(super) const fn place(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Failed(_) => 0,
        Verdict::Overtaken(_) => 1,
        Verdict::Refused(_) => 2,
        Verdict::Held(_) => 3,
        Verdict::Blocked(_) => 4,
        Verdict::Deferred(_) => 5,
        Verdict::NotStarted(_) => 6,
        Verdict::Frozen(_) => 7,
        Verdict::Left(_) => 8,
        Verdict::Waits(_) => 9,
        Verdict::Done => 10,
        Verdict::Accepted(_) => 11,
    }
}

/// What can be done about what was not done, each once.
pub(super) fn ways_on(outcome: &Outcome) -> Vec<&'static str> {
    let tally = Tally::of(outcome);
    let way = |word, hint| (tally.verdict(word) > 0).then_some(hint);
    let ways = [
        way(
            "failed",
            "what failed is tried again by the next `sentinelops apply`; what is done is recorded and \
             is not done twice",
        ),
        way(
            "overtaken",
            "somebody else writes there too: `sentinelops drift` shows what they wrote",
        ),
        (tally.wanted_foreign > 0).then_some(wording::FOREIGN),
        way("refused", "`sentinelops plan` shows the sides of what was refused"),
        way("held", "`sentinelops plan` says what holds an item, and what to do about it"),
        way("deferred", "what was deferred is tried again by the next `sentinelops apply`"),
        way("blocked", "a blocked item waits until its workspace has the tables that it reads"),
        (tally.drift_left > 0).then_some(
            "`sentinelops drift` shows what was changed outside git; `sentinelops apply` without \
             `--drift report` restores it",
        ),
        way(
            "frozen",
            "what a freeze stopped is written by the first `sentinelops apply` after its last day; to write \
             it before, end the freeze in the file that has it",
        ),
        way("waiting", "`sentinelops plan` says what a waiting item waits for"),
        way("not-started", "`sentinelops apply` again begins what was not started"),
    ];
    ways.into_iter().flatten().collect()
}
