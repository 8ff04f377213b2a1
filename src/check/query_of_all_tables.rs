//! Rules that look into every table there is.

use super::item::Item;
use crate::diag::{Code, Diagnostic};

const ALL_TABLES: Code = Code::new("query-of-all-tables");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let query = &item.query;
    let star = |at: usize| {
        let from = query.word(at);
        let ends = matches!(query.word(at + 2), "" | "|" | ";" | ")" | ",");
        (from == "search" || from == "union") && query.word(at + 1) == "*" && ends
    };
    let Some(at) = (0..query.tokens().len()).find(|at| star(*at)) else { return Vec::new() };
    if !item.is_rule() {
        return Vec::new();
    }
    let words = format!("{} *", query.word(at));
    let message = format!("the service refuses a rule with `{words}`");
    let error = item.at_query(&words, Diagnostic::error(ALL_TABLES, message));
    vec![error.help("name the tables: `union T1, T2`")]
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_hunt, check_rule};

    #[test]
    fn a_rule_names_its_tables() {
        for query in ["search *", "search * | where a == 1", "union *"] {
            check_rule("", query, &["error query-of-all-tables"]);
            check_hunt("", query, &[]);
        }
        check_rule("", "T | extend x = 2 * 3", &[]);
        check_rule("", "T // search *\n| where a == \"union *\"", &[]);
    }
}
