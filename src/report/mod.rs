//! What people and machines read: one file per format, over the same counts and the same view of a
//! difference.
//!
//! In: plans, outcomes, diagnostics and test results as values. Out: texts and JSON values, the same
//! bytes for the same input. Nothing here prints, looks at a terminal, or decides: classes, actions
//! and effects are shown as they come.

mod count;
mod diff;
mod difference;
mod ending;
mod escape;
mod excerpt;
mod exclusion_test;
pub mod explain;
#[cfg(test)]
pub(crate) mod fixture;
mod fold;
pub mod github;
pub mod html;
pub mod json;
pub mod markdown;
mod matrix;
mod objection;
mod place;
mod rollout;
pub mod sarif;
mod sentence;
mod style;
pub mod summary;
pub mod text;
mod width;
mod wording;

pub use escape::{inert, visible_lines};
pub use exclusion_test::{Judgement, TestReport, TestResult, TestVerdict};
pub use objection::acknowledge;
pub use style::Style;
