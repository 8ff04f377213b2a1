//! Filters of a query that cannot be what their author meant: they contradict each other, or let
//! everything through.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::kql::reason::{self, ADMITS_NOTHING};
use crate::kql::{self, Clock, Place, Question};
use crate::state::Field;

const ALWAYS_TRUE: Code = Code::new("filter-always-true");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let places = item.spine.places.iter().filter(|place| !place.is_marked());
    let mut found: Vec<Diagnostic> =
        places.filter_map(|place| contradiction(item, place)).collect();
    for (written, filter) in kql::filters(&item.query) {
        let Some(witness) = reason::always_true(&filter, item.now) else { continue };
        let message = "this filter lets every event through: its alternatives leave nothing out";
        let warning = item.at_query(&written.text, Diagnostic::warning(ALWAYS_TRUE, message));
        let example = format!("it does not keep out, for example: {witness}");
        let help = "join what is unequal by `and`, or use `!in (…)`";
        found.push(warning.because(example).help(help));
    }
    found
}

/// What an exclusion on the query would be told, and a query without one would not.
fn contradiction(item: &Item<'_>, place: &Place) -> Option<Diagnostic> {
    let clock = Clock::at(place, item.schema, item.now, item.duration(Field::QueryPeriod));
    let silent = |way| Question::new(way, Vec::new(), clock).silent_unlike(None) == Some(item.now);
    let ways = place.ways(&item.query, item.schema);
    if ways.is_empty() || !ways.into_iter().all(silent) {
        return None;
    }
    let message = format!(
        "no row of `{}` gets through: the query's own filters contradict each other",
        place.table
    );
    let filter = place.leading.last().map_or("", |filter| filter.text.as_str());
    let warning = item.at_query(filter, Diagnostic::warning(ADMITS_NOTHING, message));
    Some(warning.help("mend the filters; often an `and` should be an `or`"))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_hunt, check_rule};

    #[test]
    fn a_filter_that_lets_everything_through_is_said() {
        let always = ["warning filter-always-true"];
        let query = "CommonSecurityLog\n| where DeviceAction !startswith 'REQ_BLOCKED' or \
                     DeviceAction !startswith 'REQ_BAD_'";
        check_rule("", query, &always);
        check_hunt("", query, &always);
        check_rule("", &query.replace(" or ", " and "), &[]);
        let behind = "union (_Im_WebSession() | where DvcAction !startswith 'a' or DvcAction !startswith 'b'), \
                      (Syslog | where Computer == 'a')";
        check_rule("", behind, &always);
    }

    #[test]
    fn filters_that_contradict_each_other_are_said() {
        let nothing = ["warning query-admits-nothing"];
        let both = "CommonSecurityLog | where DeviceAction == 'a' | where DeviceAction == 'b'";
        check_rule("", both, &nothing);
        check_rule("", &both.replace("| where DeviceAction == 'b'", "or DeviceAction == 'b'"), &[]);
        let behind = "CommonSecurityLog | where DeviceAction == 'a' | extend x = 1 \
                      | where DeviceAction == 'b'";
        check_rule("", behind, &nothing);
        // One arm of two is one detection of two.
        check_rule("", &format!("union ({both}), (Syslog | where Computer == 'a')"), &nothing);
    }

    #[test]
    fn a_rule_does_not_see_what_is_older_than_its_period() {
        let old = "Syslog | where TimeGenerated < ago(2d)";
        check_rule("", old, &["warning query-admits-nothing"]);
        check_hunt("", old, &[]);
    }
}
