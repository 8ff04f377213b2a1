//! What is wrong with a content key's value.

use crate::diag::{Code, Severity};

/// A finding about one top-level content key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable code.
    pub code: Code,
    /// Errors hold the item.
    pub severity: Severity,
    /// The top-level key; for a missing key, its name.
    pub key: String,
    /// For people.
    pub message: String,
    /// One way to mend it.
    pub help: Option<String>,
}
