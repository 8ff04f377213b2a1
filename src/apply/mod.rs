//! Carrying out an approved plan: the executor, what it reports while it runs, and how it ended.

mod event;
mod outcome;

pub use event::Event;
pub use outcome::{ItemOutcome, Outcome, Verdict, WorkspaceOutcome};
