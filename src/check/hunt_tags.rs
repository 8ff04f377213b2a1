//! What a hunting query keeps in its tags.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const TOO_LONG: Code = Code::new("hunt-tag-too-long");

/// As .NET counts: UTF-16 (terraform-provider-azurerm#23562).
const LONGEST: usize = 256;

const TAGS: &[(Field, &str)] =
    &[(Field::Tactics, "tactics"), (Field::Techniques, "relevantTechniques")];

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let too_long = |(field, key): &(Field, &str)| {
        let length = item.text(*field).encode_utf16().count();
        let message = format!(
            "`{key}` comes to {length} characters; a tag of a saved search takes {LONGEST}"
        );
        let error = Diagnostic::error(TOO_LONG, message);
        (length > LONGEST).then(|| item.at(key, error).help("leave the least important ones out"))
    };
    TAGS.iter().filter(|_| !item.is_rule()).filter_map(too_long).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_hunt;

    #[test]
    fn a_hunt_has_as_many_techniques_as_a_tag_holds() {
        let techniques = |count: usize| {
            let names: Vec<String> = (0..count).map(|n| format!("T{:04}", 1000 + n)).collect();
            format!("relevantTechniques: [{}]", names.join(", "))
        };
        check_hunt(&techniques(42), "T", &[]);
        check_hunt(&techniques(43), "T", &["error hunt-tag-too-long"]);
    }
}
