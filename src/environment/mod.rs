//! Environment files as a [`Fleet`]: tenants, workspaces, credentials, and the layered values that
//! say what is different where.
//!
//! In: `environments/fleet.yaml` and `environments/<name>.yaml`. Out: every workspace with its
//! merged settings, each value with the file and line it came from.

mod fleet;
mod settings;

pub use fleet::{Credential, Endpoint, Environment, Fleet, Limits, Policy, Workspace};
pub use settings::{AcceptedDrift, KindSelector, Layered, Selector, Settings};
