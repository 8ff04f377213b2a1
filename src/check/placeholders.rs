//! `{{…}}` that a template should have filled.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const LEFT: Code = Code::new("placeholder-left");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (field, key) in [(Field::DisplayName, "name"), (Field::Description, "description")] {
        found.extend(placeholder(item.text(field)).map(|text| item.at(key, warning(text, key))));
    }
    let query = placeholder(item.query.text()).filter(|text| item.is_rule() || !is_of_hunts(text));
    found.extend(query.map(|text| item.at_query(text, warning(text, "query"))));
    found
}

fn warning(text: &str, key: &str) -> Diagnostic {
    let message = format!("the {key} has a placeholder, `{text}`, that nothing fills");
    Diagnostic::warning(LEFT, message).help("write what should stand there")
}

/// What the portal fills in a hunting query.
fn is_of_hunts(text: &str) -> bool {
    ["StartTimeISO", "EndTimeISO"].contains(&text.trim_matches(['{', '}', ' ']))
}

/// The first `{{name}}` of a text.
fn placeholder(text: &str) -> Option<&str> {
    let is_name = |inner: &str| {
        let inner = inner.trim();
        inner.starts_with(|c: char| c.is_ascii_alphabetic())
            && inner.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c))
    };
    text.match_indices("{{").find_map(|(at, _)| {
        let end = at + text[at..].find("}}")?;
        is_name(&text[at + 2..end]).then(|| &text[at..end + 2])
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_hunt, check_rule};

    #[test]
    fn placeholders_are_filled_before_content_is_deployed() {
        let left = ["warning placeholder-left"];
        check_rule("", "T | where a == \"{{tenant}}\"", &left);
        check_rule("", "{{ table }} | where a == 1", &left);
        let hunt = "T | where TimeGenerated > todatetime('{{StartTimeISO}}')";
        check_hunt("", hunt, &[]);
        check_rule("", hunt, &left);
        check_rule("description: For {{customer}}", "T", &left);
        check_rule("", "T | where a matches regex @\"\\{\\{1,2}}\"", &[]);
        check_rule("", "T | extend x = dynamic({\"a\": {\"b\": 1}})", &[]);
    }
}
