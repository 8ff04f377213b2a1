//! What a run keeps on disk, so that it can be looked at, and rolled back, whenever it ended.
//!
//! ```text
//! .sentinelops/runs/<id>/
//!   run.json                                        what was run, by which version's format
//!   plan.json                                       the plan that was approved, as `plan --out` writes it
//!   replaced/<environment>/<workspace>/<item>.json  what was there before the item's first write
//!   outcome.json                                    how it ended; lacking where the run was cut off
//! ```
//!
//! In: an approved plan, then every change right before its first request that writes. Out: files that
//! are on the disk before that request is sent, readable by their owner only. Nothing here deletes a run.

mod document;
mod file;
mod folder;
mod stored;

pub use document::{Command, Manifest, Replaced};
pub use folder::Folder;
pub use stored::{NotARun, Stored, find};
