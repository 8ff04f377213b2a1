//! Carrying out an approved plan: the executor, what it reports while it runs, and how it ended.
//!
//! In: an [`crate::plan::ApprovedPlan`] and clients. Out: events while it runs, an [`Outcome`] at
//! the end. Every write is ordered so that a crash between any two of them leaves a state that the
//! next run reads rightly. What somebody else moved since the plan is decided again by
//! [`crate::plan::decide`], never here.

#[expect(clippy::module_inception, reason = "the entry function bears its module's name")]
mod apply;
mod event;
mod execute;
mod fresh;
mod journal;
mod outcome;
mod records;
mod refusal;
mod reread;
mod ring;
mod rollout;
#[cfg(test)]
mod tests;
mod verify;
mod workspace;

pub use apply::apply;
pub use event::Event;
pub use journal::{Forgetful, Journal, Keeping};
pub use outcome::{ItemOutcome, Outcome, Verdict, WorkspaceOutcome};
pub use ring::{Halt, RingOutcome, RingScore, Standing};
