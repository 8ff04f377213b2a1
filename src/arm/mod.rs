//! The wire vocabulary of Azure Resource Manager, shared by the client and the emulator: resource
//! ids, API versions, clouds, errors. No I/O.

mod api_version;
pub mod body;
mod cloud;
mod error;
mod id;
pub mod marker;

pub use api_version::{API_VERSIONS, ApiVersion, Operation};
pub use cloud::Cloud;
pub use error::ArmError;
pub use id::{Collection, ResourceId, WorkspaceId};
