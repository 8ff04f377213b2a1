//! Lints: what loads and compiles, but is probably not what its author believes.
//!
//! One rule per file, all of them in [`RULES`]. A rule sees everything that was loaded and compiled
//! and returns diagnostics; it never changes what is deployed. What must not be deployed is decided in
//! `compile`.

mod exclusion_dates;
mod exclusion_unused;

use crate::compile::Compiled;
use crate::content::Catalog;
use crate::diag::{Diagnostic, Diagnostics};
use crate::environment::Fleet;
use crate::ident::Day;

/// What rules look at.
pub struct Subject<'a> {
    /// The content files.
    pub catalog: &'a Catalog,
    /// The environment files.
    pub fleet: &'a Fleet,
    /// What they come to.
    pub compiled: &'a Compiled,
    /// The day of the check, UTC.
    pub today: Day,
}

/// One rule.
pub type Rule = fn(&Subject<'_>) -> Vec<Diagnostic>;

/// Every rule.
pub const RULES: &[Rule] = &[exclusion_dates::check, exclusion_unused::check];

/// Applies every rule.
#[must_use]
pub fn check(subject: &Subject<'_>) -> Diagnostics {
    let mut diagnostics: Diagnostics = RULES.iter().flat_map(|rule| rule(subject)).collect();
    diagnostics.sort();
    diagnostics
}
