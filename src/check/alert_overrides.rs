//! Names and descriptions of alerts that are made of columns.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const BAD_OVERRIDE: Code = Code::new("bad-alert-override");

/// The service takes at most three columns in each text.
const MOST_COLUMNS: usize = 3;
const TEXTS: &[(&str, usize)] =
    &[("alertDisplayNameFormat", 256), ("alertDescriptionFormat", 5_000)];

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut say = |message: String, help: &str, severity: fn(Code, String) -> Diagnostic| {
        found.push(item.at("alertDetailsOverride", severity(BAD_OVERRIDE, message)).help(help));
    };
    for (name, most) in TEXTS {
        let text = item.value(Field::AlertDetailsOverride)[name].as_str().unwrap_or("");
        let columns = text.matches("{{").count();
        if columns > MOST_COLUMNS {
            let message =
                format!("`{name}` has {columns} columns; the service takes {MOST_COLUMNS}");
            say(message, "leave the least important ones out", Diagnostic::error);
        }
        let length = text.chars().count();
        if length > *most {
            let message = format!("`{name}` has {length} characters; the service takes {most}");
            say(message, "shorten it", Diagnostic::error);
        }
        if columns != text.matches("}}").count() {
            let message = format!("`{name}` has a column without its `{{{{` or `}}}}`");
            say(message, "write `{{Column}}`", Diagnostic::warning);
        }
    }
    found
}

/// The columns in the texts.
pub(super) fn columns(text: &str) -> Vec<&str> {
    let parts = text.split("{{").skip(1);
    parts.filter_map(|part| part.split_once("}}")).map(|(column, _)| column.trim()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn a_text_of_an_alert_takes_three_columns() {
        let with =
            |text: &str| format!("alertDetailsOverride: {{ alertDisplayNameFormat: '{text}' }}");
        check_rule(&with("{{a}} {{b}} {{c}}"), "T", &[]);
        check_rule(&with("{{a}} {{b}} {{c}} {{d}}"), "T", &["error bad-alert-override"]);
        check_rule(&with("{{a}} {{b"), "T", &["warning bad-alert-override"]);
        check_rule(&with(&"x".repeat(257)), "T", &["error bad-alert-override"]);
    }
}
