//! Numbers with their nouns.

/// `1 workspace`, `2 workspaces`.
pub(super) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// The form that goes with a number: `makes` for one, `make` for more.
pub(super) const fn form(number: usize, one: &'static str, more: &'static str) -> &'static str {
    if number == 1 { one } else { more }
}
