//! A query that looks further back than the service lets it.

use super::item::Item;
use super::window::windows;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const BEYOND: Code = Code::new("lookback-beyond-period");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let Some(period) = item.duration(Field::QueryPeriod) else { return Vec::new() };
    let longest = windows(&item.query).into_iter().max_by_key(|window| window.length);
    let Some(window) = longest.filter(|window| window.length > period) else { return Vec::new() };
    let message = format!(
        "the query looks back {}, but `queryPeriod` lets it see the last {period} only",
        window.length
    );
    let warning = item.at_query(&window.text, Diagnostic::warning(BEYOND, message));
    vec![
        warning
            .help(format!("write `queryPeriod: {}`, or shorten the query's window", window.length)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn a_query_sees_no_more_than_its_period() {
        let query = "T | where TimeGenerated > ago(14d)";
        let hourly = "queryFrequency: 1h\nqueryPeriod: 1h";
        check_rule(hourly, query, &["warning lookback-beyond-period"]);
        check_rule("queryFrequency: 14d\nqueryPeriod: 14d", query, &[]);
        check_rule(hourly, "T | where TimeGenerated > ago(30m)", &[]);
    }
}
