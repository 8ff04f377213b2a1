//! An embedded emulator of Azure Resource Manager for Microsoft Sentinel.
//!
//! It answers what a deployment sends: analytic rules with their playbook links, saved searches, metadata,
//! whether Sentinel is on, the workspace and its subscription; and what signs in to it: Microsoft Entra's token endpoint, GitHub's for assertions, a
//! machine's managed identity; as strictly as is known of the service, with its texts, its etags, its gaps.
//! What the service does that nobody could confirm is an [option](Options), off by default. Beyond
//! that: a [journal](Entry) of requests, [faults](Fault) on demand, and [edits](edit) as a portal
//! user would make them. It listens on loopback only.
//!
//! It takes requests and a clock, and keeps its state in one file or in memory. It knows nothing of
//! the client: that is pointed at another base URL and cannot tell.
//!
//! **What survives.** A write that was answered is in the file and survives the end of the process
//! in any way, `kill -9` among them; the commit is not synced to the disk, so a power cut may cost
//! the file. A sync costs 0.5 ms on a virtual disk and several on a laptop, ten times what the rest
//! of a request costs, and the state is a playground's. A clean end syncs.
//!
//! **Not here**: watchlists, and the columns of tables beside a query's driving spine.

mod app;
mod assertion;
mod bucket;
mod built_in;
mod call;
mod control;
pub mod edit;
#[expect(clippy::module_inception, reason = "the file is named after its main type")]
mod emulator;
mod entra;
mod entra_error;
mod fault;
mod headers;
mod journal;
mod metadata;
mod normaliser;
mod odata;
mod onboarding;
mod options;
mod page_cache;
mod paging;
mod playbook;
mod refusal;
mod reply;
mod request;
mod router;
mod rules;
mod saved_searches;
mod seed;
mod server;
mod stamp;
mod store;
mod tables;
mod target;
mod tenancy;
mod token;
mod traffic;
mod validate;
mod version;

pub use app::{App, Role};
pub use emulator::{Emulator, EmulatorError};
pub use fault::{Answer, ErrorAnswer, Fault, Faults};
pub use journal::Entry;
pub use normaliser::Normaliser;
pub use options::{Clock, Options, Tombstones};
pub use request::ACTOR_HEADER;
pub use server::Running;
pub use store::StoreError;
pub use tables::Tables;
