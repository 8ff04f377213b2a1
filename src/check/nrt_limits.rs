//! What a near-real-time rule is documented not to do.

use super::item::Item;
use crate::diag::{Code, Diagnostic};
use crate::state::Kind;

const CROSS_WORKSPACE: Code = Code::new("nrt-cross-workspace");

pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    let query = &item.query;
    let crosses = |at: &usize| query.word(*at) == "workspace" && query.word(at + 1) == "(";
    if item.kind != Kind::Nrt || !(0..query.tokens().len()).any(|at| crosses(&at)) {
        return Vec::new();
    }
    let message = "a near-real-time rule sees its own workspace only, and this one names another";
    let warning = item.at_query("workspace(", Diagnostic::warning(CROSS_WORKSPACE, message));
    vec![warning.help("write `kind: Scheduled`, or deploy the rule to the other workspace")]
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_nrt, check_rule};

    #[test]
    fn a_near_real_time_rule_stays_in_its_workspace() {
        let query = "workspace(\"other\").T";
        check_nrt("", query, &["warning nrt-cross-workspace"]);
        check_nrt("", "T | where workspace == 1", &[]);
        check_rule("", query, &[]);
    }
}
