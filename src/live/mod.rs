//! The live side: requests to Azure Resource Manager, and what a workspace answers.
//!
//! In: environments, a clock, a lookup for variables. Out: one [`Client`] per environment, and
//! [`observe::observe`], which reads a workspace whole or says why it could not. [`Transport`] and
//! [`Clock`] are the seams that simulations drive. There is one retry layer for requests, [`retry`], and
//! one for sign-ins; azure_core's own are off. Nothing here decides what to write.

mod assertion;
mod auto;
mod bucket;
mod client;
mod clock;
mod connect;
mod credential;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod forms;
mod issuer;
pub mod observe;
mod patient;
mod pipeline;
mod plain;
mod playbooks;
mod pool;
pub mod retry;
mod sign_in;
#[cfg(test)]
mod tests_of_waits;
mod throttle;
mod transport;
mod way_on;

pub use bucket::Pace;
pub use client::{Client, Site, Wait};
pub use clock::{Clock, SystemClock};
pub use connect::{Clients, Surroundings, connect};
pub use credential::TenantCredential;
pub use error::{Error, ErrorKind};
pub use issuer::Issuer;
pub use observe::{Target, Wanted, WantedItem, observe, observe_all, observe_each};
pub use pipeline::{Access, Connections, PipelineTransport};
pub use playbooks::read_playbooks;
pub use throttle::{Begun, Throttle};
pub use transport::{Method, Request, Response, Transport, TransportError, is_loopback};
