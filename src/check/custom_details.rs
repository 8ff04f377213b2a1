//! Custom details: how many there may be, and how their names are written.

use super::entity_identifiers::is_column;
use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const BAD_DETAIL: Code = Code::new("bad-custom-detail");

const MOST: usize = 20;
const LONGEST: usize = 20;

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let Some(details) = item.value(Field::CustomDetails).as_object() else { return Vec::new() };
    let mut found = Vec::new();
    let mut say = |message: String, help: &str| {
        let error = Diagnostic::error(BAD_DETAIL, message);
        found.push(item.at("customDetails", error).help(help));
    };
    if details.len() > MOST {
        let message =
            format!("there are {} custom details; the service takes {MOST}", details.len());
        say(message, "leave the least important ones out");
    }
    for (name, column) in details {
        if !is_name(name) {
            let message = format!("the service does not take a custom detail named `{name}`");
            say(message, "use letters, digits and `_`, a letter first, at most 20 of them");
        }
        let column = column.as_str().unwrap_or("");
        if !is_column(column) {
            let message = format!("`{column}` cannot be the column of custom detail `{name}`");
            say(message, "name a column of the result: letters, digits and `_`");
        }
    }
    found
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn custom_details_are_few_and_have_plain_names() {
        let many = |count: usize| {
            let details: Vec<String> = (0..count).map(|n| format!("d{n}: C")).collect();
            format!("customDetails: {{ {} }}", details.join(", "))
        };
        check_rule(&many(20), "T", &[]);
        check_rule(&many(21), "T", &["error bad-custom-detail"]);
        check_rule("customDetails: { 1a: C }", "T", &["error bad-custom-detail"]);
        check_rule("customDetails: { a-b: C }", "T", &["error bad-custom-detail"]);
        check_rule(
            "customDetails: { abcdefghijklmnopqrstu: C }",
            "T",
            &["error bad-custom-detail"],
        );
        check_rule("customDetails: { a: b c }", "T", &["error bad-custom-detail"]);
    }
}
