//! The plan: desired, live and baseline compared field by field, and what follows from it.
//!
//! Pure: no I/O, no async, no clock. The same sides give the same bytes. Only [`guard`] makes an
//! [`ApprovedPlan`], and only that can be applied.

mod acknowledge;
mod body;
mod change;
mod compare;
mod decide;
mod effect;
mod file;
mod guard;
mod measure;
mod objection;
mod order;
#[expect(clippy::module_inception, reason = "the entry function bears its module's name")]
mod plan;
mod replaced;
mod rollback;
mod settled;
mod sides;
mod stages;
#[cfg(test)]
mod tests;
mod work;
mod workspace;

pub use acknowledge::{Acknowledgement, Guard};
pub use change::{
    Action, Change, Class, Effect, FieldChange, Foreign, Modified, Moved, Options, Plan, Quieting,
    RuleCount, WorkspacePlan,
};
pub use decide::decide;
pub use file::{Mismatch, NotAPlan, SavedPlan};
pub use guard::{ApprovedPlan, exceeded, guard, idle};
pub use objection::{Bound, Exceeded, Objection};
pub use plan::{Planner, plan};
pub use rollback::mark_of_desired;
pub use sides::{BaselineSide, Clash, DesiredSide, Sides};
pub use work::{Put, RecordPut, Work};

use work::Terms;
