//! A window that many runs see, so that one event raises many alerts.

use super::item::Item;
use super::window::shortest;
use crate::diag::{Code, Diagnostic};
use crate::ident::Duration;
use crate::state::Field;

const REPEATS: Code = Code::new("window-repeats");

/// Up to this many runs see an event without a word: a window that overlaps loses nothing.
const FEW: u64 = 3;

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let frequency = item.duration(Field::QueryFrequency).map_or(0, Duration::as_seconds);
    let period = item.duration(Field::QueryPeriod);
    let (Some(period), true) = (period, frequency > 0) else { return Vec::new() };
    let one_incident = !item.is_true(Field::CreateIncident)
        || item.is_true(Field::GroupingEnabled)
        || item.is_true(Field::SuppressionEnabled);
    let window = shortest(&item.query).map_or(period, |window| window.min(period));
    let runs = window.as_seconds() / frequency;
    if one_incident || runs <= FEW {
        return Vec::new();
    }
    let frequency = Duration::from_seconds(frequency);
    let message = format!(
        "the rule runs every {frequency} over {window}: {runs} runs see the same event, and each \
         raises an incident"
    );
    let warning = item.at("queryFrequency", Diagnostic::warning(REPEATS, message));
    vec![warning.help("shorten the window, run less often, or group alerts into one incident")]
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_rule;

    #[test]
    fn a_window_that_many_runs_see_is_said() {
        let long = "queryFrequency: 1h\nqueryPeriod: 1d";
        let repeats = ["warning window-repeats"];
        check_rule(long, "T", &repeats);
        check_rule(long, "T | where TimeGenerated > ago(70m)", &[]);
        check_rule(long, "T | extend t = ingestion_time() | where t > ago(1h)", &[]);
        check_rule("queryFrequency: 1h\nqueryPeriod: 3h", "T", &[]);
        let grouped = "\nincidentConfiguration: { groupingConfiguration: { enabled: true } }";
        check_rule(&format!("{long}{grouped}"), "T", &[]);
        check_rule(&format!("{long}\nsuppressionEnabled: true"), "T", &[]);
    }
}
