//! Words for the tests of exclusions, which `compile` runs.

use crate::content::Expectation;

pub use crate::compile::{Judgement, TestReport, TestResult, TestVerdict};

/// An expectation, as exclusion files spell it.
pub(super) const fn expectation_word(expectation: Expectation) -> &'static str {
    match expectation {
        Expectation::Excluded => "excluded",
        Expectation::Kept => "kept",
        Expectation::Unreached => "unreached",
    }
}
