//! Numbers with their nouns.

/// `1 workspace`, `2 workspaces`.
pub(super) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// The verb form that goes with a number: `makes` for one, `make` for more.
pub(super) const fn verb(
    number: usize,
    singular: &'static str,
    plural: &'static str,
) -> &'static str {
    if number == 1 { singular } else { plural }
}
