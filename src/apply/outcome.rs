//! How a run ended.

use super::RingOutcome;
use crate::ident::{ItemKey, RingName, WorkspaceKey};
use crate::plan::{Action, Class, Effect, Modified};
use crate::state::{Field, Unreadable};

/// How a run ended, workspaces in fleet order.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// One entry per workspace of the plan.
    pub workspaces: Vec<WorkspaceOutcome>,
    /// How each ring ended, in order of rollout: those that the plan has a workspace of.
    pub rings: Vec<RingOutcome>,
    /// Whether the run was interrupted: what had begun was finished, the rest was not started.
    pub interrupted: bool,
}

/// How one workspace ended.
#[derive(Debug, Clone)]
pub struct WorkspaceOutcome {
    /// The workspace.
    pub key: WorkspaceKey,
    /// Its ring.
    pub ring: RingName,
    /// Why it could not be read, if so: nothing was sent to it.
    pub unreadable: Option<Unreadable>,
    /// One entry per change of the plan that was to write, was refused or held, waits, or is left with
    /// what was changed outside git, in plan order.
    pub items: Vec<ItemOutcome>,
    /// How many items were in sync already.
    pub in_sync: usize,
}

/// How one item ended.
#[derive(Debug, Clone)]
pub struct ItemOutcome {
    /// The item.
    pub key: ItemKey,
    /// Its display name.
    pub name: String,
    /// How its sides stood.
    pub class: Class,
    /// What was to be done.
    pub action: Action,
    /// Whether that makes detection quieter.
    pub effect: Effect,
    /// Fields that moved on both sides or of which nothing is recorded: not written, whatever became
    /// of the rest of the item.
    pub undecided: Vec<Field>,
    /// Fields that were changed outside git and were left so, as it was asked for.
    pub drift_left: Vec<Field>,
    /// Whether it was to be made disabled.
    pub creates_disabled: bool,
    /// Who last changed the live item and when, before this run.
    pub modified: Option<Modified>,
    /// How it ended.
    pub verdict: Verdict,
}

/// How one item ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Done as planned.
    Done,
    /// Not done, and the service or the network said why.
    Failed(String),
    /// Not done: someone has to decide (conflict, collision, twin, kind change, moved since).
    Refused(String),
    /// Not done: its files are not good enough.
    Held(String),
    /// Not done: the service refuses it for a while (recently deleted id, other transient refusals).
    Deferred(String),
    /// Not done: the workspace lacks a table that the query needs.
    Blocked(String),
    /// Written, but when read again it was different: somebody else writes there too.
    Overtaken(String),
    /// Nothing was to be done until somebody says so: the service disabled it, or it is retired and
    /// waits to be pruned.
    Waits(String),
    /// Nothing was done about what was changed outside git, as it was asked for.
    Left(String),
    /// Nothing was to be done: what was changed outside git is accepted.
    Accepted(String),
    /// Not begun: a freeze is in force in the workspace.
    Frozen(String),
    /// Not begun: the run was interrupted, the rollout halted before, or something it depends on was not
    /// done.
    NotStarted(String),
}

impl ItemOutcome {
    /// Whether it is a failed change: it failed, was written over by somebody else, or must wait though it
    /// is about what is deployed already, or was. A new item waits for its table or its id, and nothing is
    /// worse than before.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        match self.verdict {
            Verdict::Failed(_) | Verdict::Overtaken(_) => true,
            Verdict::Deferred(_) | Verdict::Blocked(_) => {
                !matches!(self.class, Class::New | Class::Leftover)
            }
            Verdict::Done
            | Verdict::Refused(_)
            | Verdict::Held(_)
            | Verdict::Waits(_)
            | Verdict::Left(_)
            | Verdict::Accepted(_)
            | Verdict::Frozen(_)
            | Verdict::NotStarted(_) => false,
        }
    }
}
