//! The wire vocabulary of Azure Resource Manager, shared by the client and the emulator: resource
//! ids, API versions, clouds, errors, entity types, tactics. No I/O.

mod api_version;
pub mod body;
mod cloud;
mod entity;
mod error;
mod id;
pub mod marker;
mod tactic;

pub use api_version::{API_VERSIONS, ApiVersion, Operation};
pub use cloud::Cloud;
pub use entity::{Entity, entity};
pub use error::{ArmError, without_requests};
pub use id::{Collection, ResourceId, WorkspaceId};
pub use tactic::{is_tactic, tactics_of};
