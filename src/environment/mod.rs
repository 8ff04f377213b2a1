//! Environment files as a [`Fleet`]: tenants, workspaces, credentials, and the layered values that
//! say what is different where.
//!
//! In: `environments/fleet.yaml`, `environments/<name>.yaml` and, for tables that are not built in,
//! `environments/<name>.schema.yaml`. Out: every workspace with its
//! merged settings, each value with the file and line it came from.

mod access;
mod check_ecs;
mod check_names;
mod check_overrides;
mod check_resources;
mod environment_file;
mod fleet;
mod fleet_file;
mod layer;
mod load;
mod overrides;
mod reading;
#[cfg(test)]
mod sample;
mod schema_file;
mod scope;
mod select;
mod selector;
mod settings;
mod shard;
mod terms;
mod unique;

pub use access::loopback;
pub use check_names::check_names;
pub use fleet::{Credential, Endpoint, Environment, Fleet, Limits, Policy, Workspace};
pub use load::{load, load_with};
pub use select::Selection;
pub use settings::{AcceptedDrift, KindSelector, Layered, Selector, Settings};
pub use shard::{Division, Job, MOST_JOBS, Shard, jobs};
