//! How a ring ended, and whether the next one may begin.

use super::{Verdict, WorkspaceOutcome};
use crate::ident::RingName;
use crate::state::FailureBudget;

/// How one ring of a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingOutcome {
    /// The ring.
    pub ring: RingName,
    /// How much may fail in it.
    pub budget: FailureBudget,
    /// What was counted in it.
    pub score: RingScore,
    /// How it ended.
    pub standing: Standing,
}

/// How a ring stands to those after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It ended, and the next one may begin.
    Finished,
    /// It ended, and no later one may begin.
    Halted(Halt),
    /// It was not begun: one before it halted the rollout.
    NotStarted,
    /// The run was interrupted before or within it.
    Interrupted,
}

/// Why a ring halts the rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// More failed than its budget allows.
    OverBudget,
    /// Nothing in it could be tried, so that it shows nothing: every workspace with something to do was
    /// unreadable or frozen.
    NothingTried,
}

/// What was counted in a ring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RingScore {
    /// Its workspaces in the plan.
    pub workspaces: usize,
    /// Those that could not be read: each is one failure, and one that was tried.
    pub unreadable: usize,
    /// Those with changes that a freeze stopped.
    pub frozen: usize,
    /// Changes that were begun.
    pub begun: usize,
    /// Those of them that failed, as [`super::ItemOutcome::is_failure`] says.
    pub failed: usize,
    /// Changes that were planned and not begun.
    pub not_begun: usize,
}

impl RingScore {
    /// Counts a ring's workspaces.
    pub fn of<'o>(workspaces: impl IntoIterator<Item = &'o WorkspaceOutcome>) -> Self {
        let mut score = Self::default();
        for workspace in workspaces {
            score.workspaces += 1;
            score.unreadable += usize::from(workspace.unreadable.is_some());
            let planned = || workspace.items.iter().filter(|item| item.action.writes());
            let is_frozen = planned().any(|item| matches!(item.verdict, Verdict::Frozen(_)));
            score.frozen += usize::from(is_frozen);
            for item in planned() {
                match item.verdict {
                    Verdict::Frozen(_) | Verdict::NotStarted(_) => score.not_begun += 1,
                    _ => score.begun += 1,
                }
                score.failed += usize::from(item.is_failure());
            }
        }
        score
    }

    /// Failed changes and unreadable workspaces.
    #[must_use]
    pub const fn failures(&self) -> usize {
        self.failed + self.unreadable
    }

    /// What the share of failures is of: changes that were begun, and unreadable workspaces.
    #[must_use]
    pub const fn tried(&self) -> usize {
        self.begun + self.unreadable
    }

    /// Why the next ring must not begin, if so. A ring in which there was nothing to do hinders nobody.
    #[must_use]
    pub fn halt(&self, budget: &FailureBudget) -> Option<Halt> {
        let was_prevented = self.unreadable + self.frozen > 0;
        let all_prevented =
            self.unreadable == self.workspaces || (self.frozen > 0 && self.begun == 0);
        if was_prevented && all_prevented {
            Some(Halt::NothingTried)
        } else if budget.allows(self.failures(), self.tried()) {
            None
        } else {
            Some(Halt::OverBudget)
        }
    }
}
