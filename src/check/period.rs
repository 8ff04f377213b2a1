//! How far a rule looks back against how often it runs.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::ident::Duration;
use crate::state::Field;

const BELOW: Code = Code::new("period-below-frequency");
const TOO_OFTEN: Code = Code::new("long-period-short-frequency");

const HOUR: Duration = Duration::from_seconds(3_600);
const TWO_DAYS: Duration = Duration::from_seconds(172_800);

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let frequency = item.duration(Field::QueryFrequency);
    let (Some(frequency), Some(period)) = (frequency, item.duration(Field::QueryPeriod)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if period < frequency {
        let message = format!(
            "the rule runs every {frequency} and looks back {period}: what is in between is never \
             looked at, and the service refuses it"
        );
        let error = item.at("queryPeriod", Diagnostic::error(BELOW, message));
        found.push(error.help(format!("write `queryPeriod: {frequency}` or longer")));
    }
    if period >= TWO_DAYS && frequency < HOUR {
        let message = format!(
            "the rule looks back {period} and runs every {frequency}: from two days on the service \
             runs a rule at most once an hour"
        );
        let error = item.at("queryFrequency", Diagnostic::error(TOO_OFTEN, message));
        found.push(error.help("write `queryFrequency: 1h`, or a shorter `queryPeriod`"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn a_rule_looks_at_least_as_far_back_as_its_last_run() {
        check_rule("queryFrequency: 1h\nqueryPeriod: 1h", "T", &[]);
        check_rule("queryFrequency: 1d\nqueryPeriod: 1h", "T", &["error period-below-frequency"]);
    }

    #[test]
    fn a_rule_that_looks_back_two_days_runs_hourly_at_most() {
        let grouped = "incidentConfiguration: { groupingConfiguration: { enabled: true } }\n";
        let with = |schedule: &str| format!("{grouped}{schedule}");
        check_rule(&with("queryFrequency: 1h\nqueryPeriod: 2d"), "T", &[]);
        let often = with("queryFrequency: 30m\nqueryPeriod: 2d");
        check_rule(&often, "T", &["error long-period-short-frequency"]);
    }
}
