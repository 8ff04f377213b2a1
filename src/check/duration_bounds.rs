//! Lengths of time that the service does not take.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::ident::Duration;
use crate::state::Field;

const OUT_OF_RANGE: Code = Code::new("duration-out-of-range");

const LEAST: Duration = Duration::from_seconds(300);
const DAY: u64 = 86_400;

/// A field, its key, where it is written, and the greatest length.
const BOUNDS: &[(Field, &str, &str, Duration)] = &[
    (Field::QueryFrequency, "queryFrequency", "queryFrequency", Duration::from_seconds(14 * DAY)),
    (Field::QueryPeriod, "queryPeriod", "queryPeriod", Duration::from_seconds(14 * DAY)),
    (
        Field::SuppressionDuration,
        "suppressionDuration",
        "suppressionDuration",
        Duration::from_seconds(DAY),
    ),
    (
        Field::GroupingLookback,
        "lookbackDuration",
        "incidentConfiguration",
        Duration::from_seconds(7 * DAY),
    ),
];

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let out = |(field, name, key, most): &(Field, &str, &str, Duration)| {
        let length = item.duration(*field)?;
        if (LEAST..=*most).contains(&length) {
            return None;
        }
        let message = format!("`{name}` is {length}; the service takes {LEAST} to {most}");
        let error = Diagnostic::error(OUT_OF_RANGE, message);
        Some(item.at(key, error).help("choose a length in between"))
    };
    BOUNDS.iter().filter_map(out).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn lengths_of_time_have_bounds() {
        check_rule("queryFrequency: 14d\nqueryPeriod: 14d", "T", &[]);
        check_rule("queryFrequency: 14d\nqueryPeriod: 15d", "T", &["error duration-out-of-range"]);
        check_rule("queryFrequency: 4m\nqueryPeriod: 5m", "T", &["error duration-out-of-range"]);
        check_rule("suppressionDuration: 25h", "T", &["error duration-out-of-range"]);
        let lookback = |text: &str| {
            format!(
                "incidentConfiguration: {{ groupingConfiguration: {{ lookbackDuration: {text} }} }}"
            )
        };
        check_rule(&lookback("7d"), "T", &[]);
        check_rule(&lookback("8d"), "T", &["error duration-out-of-range"]);
    }
}
