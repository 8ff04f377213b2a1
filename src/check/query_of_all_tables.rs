//! Rules that look into every table there is.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::kql::Query;

const ALL_TABLES: Code = Code::new("query-of-all-tables");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    if !item.is_rule() {
        return Vec::new();
    }
    let Some((words, is_refused)) =
        (0..item.query.tokens().len()).find_map(|at| all(&item.query, at))
    else {
        return Vec::new();
    };
    let found = match is_refused {
        true => Diagnostic::error(ALL_TABLES, format!("the service refuses a rule with `{words}`")),
        false => Diagnostic::warning(
            ALL_TABLES,
            format!("the service may refuse a rule with `{words}`: it looks into every table"),
        ),
    };
    vec![item.at_query(&words, found).help("name the tables: `union T1, T2`")]
}

/// What begins at a token and looks everywhere; and whether the service is documented to refuse it. Its
/// message speaks of any `search` (Azure-Sentinel#1437), its documentation of `search *`.
fn all(query: &Query<'_>, at: usize) -> Option<(String, bool)> {
    let word = query.word(at);
    let before = at.checked_sub(1).map_or("", |before| query.word(before));
    let begins = matches!(before, "" | "|" | ";" | "(" | "{" | "=" | "}");
    let is_star = |at: usize| {
        query.word(at) == "*" && matches!(query.word(at + 1), "" | "|" | ";" | ")" | ",")
    };
    match word {
        "search" | "union" if is_star(at + 1) => Some((format!("{word} *"), true)),
        "search" if begins && !matches!(query.word(at + 1), "" | "=" | "(" | ",") => {
            Some(("search".to_owned(), false))
        }
        "union" if begins => {
            let mut next = at + 1;
            while query.word(next + 1) == "=" {
                next += 3;
            }
            let words = query.text()[query.span(&(at..next + 1))].to_owned();
            is_star(next).then_some((words, false))
        }
        _ => None,
    }
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
        let perhaps = ["warning query-of-all-tables"];
        for query in ["search 'x'", "T | search 'x'", "search in (T) 'x'", "union withsource=t *"] {
            check_rule("", query, &perhaps);
        }
        check_rule("", "union isfuzzy=true withsource=t * | where a == 1", &perhaps);
        check_rule("", "union isfuzzy=true T, U | extend search = 1 | where search == 2", &[]);
        check_rule("", "T | extend x = 2 * 3", &[]);
        check_rule("", "T // search *\n| where a == \"union *\"", &[]);
    }
}
