//! Desired, live and baseline as plain data, and the field table that makes them comparable.
//!
//! [`Field`] lists what the tool owns of an item. A field's *wire* value is what a request body
//! carries; its *canonical* value is what is compared and hashed. [`define::define`] turns content
//! keys into wire values, [`Field::read`] and [`Field::write`] move them out of and into bodies.

pub mod baseline;
pub mod body;
mod canonical;
pub mod define;
pub mod desired;
mod field;
pub mod guards;
mod kind;
pub mod live;
pub mod record;
pub mod rollback;
pub mod rollout;

pub use body::Body;
pub use canonical::canonical;
pub use desired::{Desired, DesiredItem, DesiredState, DesiredWorkspace};
pub use field::{Field, Fields};
pub use guards::{Guards, Limit, Threshold};
pub use kind::Kind;
pub use live::{LiveItem, LiveWorkspace, MetadataItem, Observation, Playbooks, Unreadable};
pub use record::{FieldRecord, Mark, Record, RecordState};
pub use rollback::Rollback;
pub use rollout::{FailureBudget, Freeze, Ring, RunTerms};
