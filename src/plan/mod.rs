//! The plan: desired, live and baseline compared field by field, and what follows from it.
//!
//! Pure: no I/O, no async, no clock. The same sides give the same bytes. Only `guard` makes an
//! `ApprovedPlan`, and only that can be applied.

mod change;
mod sides;
mod work;

pub use change::{
    Action, Change, Class, Effect, FieldChange, Foreign, Modified, Moved, Options, Plan,
    WorkspacePlan,
};
pub use sides::{BaselineSide, DesiredSide, Sides};
pub use work::{Put, RecordPut, Work};
