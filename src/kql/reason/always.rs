//! Filters that let everything through, which their author did not mean.
//!
//! `a !startswith "x" or a !startswith "y"` was meant as `and`: nothing begins with both.

use super::{Answer, Case, Witness, branches_of};
use crate::kql::Predicate;

/// An event that the first alternative of a filter keeps out and another lets in, if all alternatives
/// together let in everything, and none of them does so by itself (as a value that is still to be
/// filled in may). `now` is in ticks.
#[must_use]
pub fn always_true(filter: &Predicate, now: i64) -> Option<Witness> {
    let whole = Case::new(Vec::new(), vec![filter.clone()], now);
    let mut branches = Vec::new();
    branches_of(filter, &whole.exclusions[0].holds, true, &mut branches);
    let [(first, _), _, ..] = branches.as_slice() else { return None };
    let is_always = |case: &Case| case.spares_something(0).is_refuted();
    let alone = |branch: &Predicate| Case::new(Vec::new(), vec![branch.clone()], now);
    if !is_always(&whole) || branches.iter().any(|(branch, _)| is_always(&alone(branch))) {
        return None;
    }
    match Case::new(vec![filter.clone()], vec![first.clone()], now).survives() {
        Answer::Witness(witness) => Some(witness),
        Answer::Refuted | Answer::Undecided => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::Schema;
    use crate::kql::predicate::{Constants, Context, filter};

    fn check(text: &str, expect: Option<&str>) {
        let constants = Constants::new();
        let columns = Schema::builtin().columns("CommonSecurityLog");
        let filter = filter(text, Context { columns, constants: &constants });
        let found = always_true(&filter, 0).map(|witness| witness.to_string());
        assert_eq!(found.as_deref(), expect, "{text}");
    }

    #[test]
    fn two_negations_joined_by_or_keep_nothing_out() {
        let blocked =
            "DeviceAction !startswith 'REQ_BLOCKED' or DeviceAction !startswith 'REQ_BAD_'";
        check(blocked, Some("DeviceAction: \"req_blocked\""));
        check("DeviceAction != 'a' or DeviceAction != 'b'", Some("DeviceAction: \"a\""));
        check("not(DeviceAction == 'a' and DeviceAction == 'b')", Some("DeviceAction: \"a\""));
        let long = format!("DeviceAction: \"qzj{}\"", "q".repeat(29));
        check("strlen(DeviceAction) < 32 or strlen(DeviceAction) > 20", Some(&long));
    }

    #[test]
    fn what_keeps_something_out_or_is_left_open_on_purpose_is_none() {
        check(
            "DeviceAction !startswith 'REQ_BLOCKED' and DeviceAction !startswith 'REQ_BAD_'",
            None,
        );
        check("DeviceAction != 'a' or SourceIP != 'b'", None);
        check("DeviceAction contains ''", None);
        check("DeviceAction == 'a' or DeviceAction contains ''", None);
        check("true", None);
        // Of a row without a port neither is true.
        check("SourcePort > 5 or SourcePort <= 5", None);
    }
}
