//! Catalog × fleet → desired: what should be in every workspace.
//!
//! In: what the files say, and the day (two things depend on it: an override's end, and `now()` in
//! the tests of exclusions). Out: every item of every workspace as present or held, and what is to be
//! said about the files. Pure. An item is held when anything about it is in doubt: its file, an
//! override, a parameter, or an exclusion that cannot be resolved, typed, placed, proven or tested.

#[expect(clippy::module_inception, reason = "the entry function bears its module's name")]
mod compile;
mod exclusion;
mod item;
mod judge;
mod layer;
mod origin;
mod policy;
mod query;
mod reading;
#[cfg(test)]
mod sample;
mod silence;
mod source;
mod strangers;
mod test_report;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_by_table;
mod tests_of_exclusions;
#[cfg(test)]
mod tests_of_parameters;
#[cfg(test)]
mod tests_of_repeats;
#[cfg(test)]
mod tests_together;
mod together;
mod verdict;

pub use compile::{Compiled, Reach, compile};
pub use layer::overridden;
pub use origin::{Origin, origins};
pub use test_report::{Judgement, TestReport, TestResult, TestVerdict};
