//! Reports of several runs that share the work, made one again.
//!
//! In: the JSON documents of `plan`, `apply` and `drift`, each with what it is a part of ([`Part`]). Out:
//! one plan or outcome, which every renderer takes, or why they do not belong together. What a document
//! leaves out is not made up: a part that is lacking is refused, never taken for one without findings.

mod join;
mod outcome;
mod part;
mod plan;
mod words;

pub use join::{Merged, NotMerged, Report, merge};
pub use part::Part;
