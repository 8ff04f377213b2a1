//! Names and descriptions that are longer than the service takes.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const TOO_LONG: Code = Code::new("text-too-long");

const LIMITS: &[(Field, &str, usize)] =
    &[(Field::DisplayName, "name", 256), (Field::Description, "description", 5_000)];

/// Of rules: a hunt's description is cut when it is defined.
pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let too_long = |(field, key, most): &(Field, &str, usize)| {
        let length = item.text(*field).chars().count();
        let message = format!("`{key}` has {length} characters; the service takes {most}");
        let error = Diagnostic::error(TOO_LONG, message);
        (length > *most).then(|| item.at(key, error).help("shorten it"))
    };
    let limits = LIMITS.iter().filter(|_| item.is_rule());
    limits.filter_map(too_long).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn texts_of_rules_are_bounded() {
        let description = |length: usize| format!("description: {}", "x".repeat(length));
        check_rule(&description(5_000), "T", &[]);
        check_rule(&description(5_001), "T", &["error text-too-long"]);
    }
}
