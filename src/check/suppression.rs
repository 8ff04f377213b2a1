//! A pause after an alert that is over before the rule runs again.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const BELOW: Code = Code::new("suppression-below-frequency");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let frequency = item.duration(Field::QueryFrequency);
    let pause = item.duration(Field::SuppressionDuration);
    let (Some(frequency), Some(pause)) = (frequency, pause) else { return Vec::new() };
    if !item.is_true(Field::SuppressionEnabled) || pause >= frequency {
        return Vec::new();
    }
    let message = format!(
        "the rule runs every {frequency} and is suppressed for {pause}: the pause ends before the \
         next run, and the service refuses it"
    );
    let error = item.at("suppressionDuration", Diagnostic::error(BELOW, message));
    vec![
        error
            .help(format!("write `suppressionDuration: {frequency}` or longer, or no suppression")),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn a_pause_is_not_shorter_than_the_frequency() {
        let short = "queryFrequency: 1h\nqueryPeriod: 1h\nsuppressionEnabled: true\nsuppressionDuration: 30m";
        check_rule(short, "T", &["error suppression-below-frequency"]);
        check_rule("queryFrequency: 6h\nqueryPeriod: 6h\nsuppressionDuration: 5h", "T", &[]);
    }
}
