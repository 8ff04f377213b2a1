//! How much may happen, how much may fail, and when: guards, failure budgets, freezes.

use super::reading::{Keys, Reading};
use crate::diag::Span;
use crate::ident::Day;
use crate::state::{FailureBudget, Freeze, Guards, Limit, Threshold};
use crate::yaml::Node;

/// More than any workspace has: such a limit is none.
const MOST: u32 = 1_000_000;

/// The key `guards` of any place.
pub(super) fn guards(reading: &mut Reading, keys: &Keys<'_>) -> Guards {
    limits(reading, keys, "guards", "`guards`", &Threshold::ALL)
}

/// The key `runGuards` of the fleet file.
pub(super) fn run_guards(reading: &mut Reading, keys: &Keys<'_>) -> Guards {
    limits(reading, keys, "runGuards", "`runGuards`", &Threshold::OF_RUN)
}

fn limits(
    reading: &mut Reading,
    keys: &Keys<'_>,
    name: &str,
    what: &'static str,
    thresholds: &[Threshold],
) -> Guards {
    let mut guards = Guards::default();
    let Some(node) = keys.get(name) else { return guards };
    let mut known: Vec<&str> = thresholds.iter().map(|threshold| threshold.key().0).collect();
    known.dedup();
    let Some(keys) = reading.keys(node, what, &known) else { return guards };
    for key in known {
        let Some(node) = keys.get(key) else { continue };
        let parts = thresholds.iter().filter(|threshold| threshold.key().0 == key);
        if parts.clone().all(|threshold| threshold.key().1.is_none()) {
            for threshold in parts {
                if let Some(limit) = number(reading, node, &format!("`{key}`")) {
                    guards.set(*threshold, limit);
                }
            }
            continue;
        }
        let Some(inner) = share(reading, node, "count") else { continue };
        for threshold in parts {
            let limit = threshold.key().1.and_then(|part| part_of_share(reading, &inner, part));
            if let Some(limit) = limit {
                guards.set(*threshold, limit);
            }
        }
    }
    guards
}

/// The key `failureBudget` of the fleet file or of a ring in it.
pub(super) fn budget(reading: &mut Reading, keys: &Keys<'_>) -> FailureBudget {
    let Some(node) = keys.get("failureBudget") else { return FailureBudget::default() };
    let Some(inner) = share(reading, node, "items") else { return FailureBudget::default() };
    let items = part_of_share(reading, &inner, "items");
    FailureBudget { items, percent: part_of_share(reading, &inner, "percent") }
}

/// A map of a number and a share of which at least one is said.
fn share<'n>(reading: &mut Reading, node: &'n Node, number: &str) -> Option<Keys<'n>> {
    let inner = reading.keys(node, "a number and a share", &[number, "percent"])?;
    if inner.entries().is_empty() {
        let help = "say one of the two, or take it out";
        reading.invalid(&node.span, format!("neither `{number}` nor `percent` is said"), help);
    }
    Some(inner)
}

fn part_of_share(reading: &mut Reading, keys: &Keys<'_>, part: &str) -> Option<Limit> {
    let node = keys.get(part)?;
    match part {
        "percent" => bounded(reading, node, "`percent`", 100),
        _ => number(reading, node, &format!("`{part}`")),
    }
}

fn number(reading: &mut Reading, node: &Node, what: &str) -> Option<Limit> {
    bounded(reading, node, what, MOST)
}

fn bounded(reading: &mut Reading, node: &Node, what: &str, most: u32) -> Option<Limit> {
    let value = reading.number(node, what, 0, most)?;
    let value = usize::try_from(value).ok()?;
    Some(Limit { value, set_at: Some(place(reading, &node.span)) })
}

fn place(reading: &Reading, span: &Span) -> String {
    reading.located((), span).place()
}

/// The key `freeze` of any place: days on which nothing is written.
pub(super) fn freeze(reading: &mut Reading, keys: &Keys<'_>) -> Vec<Freeze> {
    let Some(node) = keys.get("freeze") else { return Vec::new() };
    let list = reading.list(node, "`freeze`").unwrap_or_default();
    list.iter().filter_map(|item| window(reading, item)).collect()
}

fn window(reading: &mut Reading, node: &Node) -> Option<Freeze> {
    let keys = reading.keys(node, "a freeze", &["from", "to", "reason"])?;
    let mut day = |name: &str| {
        let node = reading.need(&keys, name)?;
        reading.name::<Day>(node, "a day")
    };
    let (from, to) = (day("from"), day("to"));
    let reason = reading.need(&keys, "reason");
    let reason = reason.and_then(|node| reading.words(node, "`reason`"));
    let (from, to, reason) = (from?, to?, reason?);
    if from.value > to.value {
        let message = format!("a freeze from {} to {} has no day", from.value, to.value);
        reading.invalid(&to.span, message, "`to` is its last day, and not before `from`");
        return None;
    }
    let set_at = place(reading, &node.span);
    Some(Freeze { from: from.value, to: to.value, reason, set_at })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ENVIRONMENT, FLEET, check_added, check_errors, fleet};
    use super::*;

    /// `value place` of a limit of the only workspace, given what each layer says.
    fn layered(layers: [&str; 4], threshold: Threshold) -> String {
        let [of_fleet, ring, environment, workspace] = layers;
        let rings = format!("rings: [canary, {{ name: broad{ring} }}]");
        let fleet_file = format!("owner: acme\n{rings}\n{of_fleet}\n");
        let file = format!("{environment}\n{ENVIRONMENT}    {workspace}\n");
        let fleet = fleet(&[("fleet.yaml", &fleet_file), ("a.yaml", &file)]);
        let limit = fleet.workspaces()[0].1.settings.guards.limit(threshold);
        format!("{} {}", limit.value, limit.origin())
    }

    #[test]
    fn the_lowest_layer_says_the_limit_and_where_it_was_set_is_known() {
        let layers = [
            "guards: { deletes: { count: 1, percent: 1 }, disables: 1, firstRun: 1 }",
            ", guards: { deletes: { count: 2 }, disables: 2 }",
            "guards: { deletes: { count: 3 } }",
            "guards: { deletes: { count: 4 } }",
        ];
        let check = |threshold, expect: &str| assert_eq!(layered(layers, threshold), expect);
        check(Threshold::DeletesCount, "4 environments/a.yaml:10");
        check(Threshold::DeletesPercent, "1 environments/fleet.yaml:3");
        check(Threshold::Disables, "2 environments/fleet.yaml:2");
        check(Threshold::FirstRun, "1 environments/fleet.yaml:3");
        check(Threshold::Rules, "512 built in");
        check(Threshold::NrtRules, "50 built in");
    }

    #[test]
    fn a_guard_that_does_not_exist_is_refused() {
        check_added("guards: { delete: 5 }\n", &["unknown-key a.yaml:9 delete"]);
        check_added("guards: { deletes: 5 }\n", &["wrong-type a.yaml:9 5"]);
        check_added("guards: { deletes: {} }\n", &["invalid-value a.yaml:9 {}"]);
        check_added("guards: { deletes: { percent: 101 } }\n", &["wrong-type a.yaml:9 101"]);
        check_added("guards: { disables: -1 }\n", &["wrong-type a.yaml:9 -1"]);
        check_added("guards: { disables: }\n", &["wrong-type a.yaml:9 "]);
        check_added("runGuards: { disables: 1 }\n", &["unknown-key a.yaml:9 runGuards"]);
        let file = format!("{FLEET}runGuards: {{ firstRun: 1 }}\n");
        let files = [("fleet.yaml", &*file), ("a.yaml", ENVIRONMENT)];
        check_errors(&files, &["unknown-key fleet.yaml:3 firstRun"]);
    }

    #[test]
    fn a_ring_says_the_parts_of_its_budget_that_differ() {
        let file = "owner: acme\n\
                    rings: [{ name: one, failureBudget: { items: 7 } }, two]\n\
                    failureBudget: { items: 2, percent: 5 }\n";
        let fleet = fleet(&[("fleet.yaml", file), ("a.yaml", ENVIRONMENT)]);
        let said = |ring: &str| {
            let budget = &fleet.budgets[&ring.parse().unwrap()];
            [&budget.items, &budget.percent].map(|limit| {
                let limit = limit.as_ref().unwrap();
                format!("{} {}", limit.value, limit.origin())
            })
        };
        assert_eq!(said("one"), ["7 environments/fleet.yaml:2", "5 environments/fleet.yaml:3"]);
        assert_eq!(said("two"), ["2 environments/fleet.yaml:3", "5 environments/fleet.yaml:3"]);
    }

    #[test]
    fn a_budget_belongs_to_a_ring_and_says_something() {
        check_added("failureBudget: { items: 1 }\n", &["unknown-key a.yaml:9 failureBudget"]);
        let check = |budget: &str, expect: &str| {
            let file = format!("{FLEET}failureBudget: {budget}\n");
            check_errors(&[("fleet.yaml", &file), ("a.yaml", ENVIRONMENT)], &[expect]);
        };
        check("{}", "invalid-value fleet.yaml:3 {}");
        check("{ count: 1 }", "unknown-key fleet.yaml:3 count");
        check("{ percent: 101 }", "wrong-type fleet.yaml:3 101");
    }

    #[test]
    fn freezes_of_all_layers_add_up() {
        let freeze = |day: &str| format!("freeze: [{{ from: {day}, to: {day}, reason: x }}]");
        let file = format!(
            "owner: acme\nrings: [{{ name: broad, {} }}]\n{}\n",
            freeze("2026-12-02"),
            freeze("2026-12-01")
        );
        let environment = format!("{}\n{ENVIRONMENT}    freeze: []\n", freeze("2026-12-03"));
        let fleet = fleet(&[("fleet.yaml", &file), ("a.yaml", &environment)]);
        let found: Vec<String> = fleet.workspaces()[0]
            .1
            .settings
            .freeze
            .iter()
            .map(|freeze| format!("{} {}", freeze.from, freeze.set_at))
            .collect();
        assert_eq!(
            found,
            [
                "2026-12-01 environments/fleet.yaml:3",
                "2026-12-02 environments/fleet.yaml:2",
                "2026-12-03 environments/a.yaml:1",
            ]
        );
    }

    #[test]
    fn a_freeze_says_from_when_to_when_and_why() {
        let check = |freeze: &str, expect: &str| {
            check_added(&format!("freeze:\n  - {freeze}\n"), &[expect]);
        };
        let all = "{ from: 2026-12-20, to: 2026-12-19, reason: audit }";
        check(all, "invalid-value a.yaml:10 2026-12-19");
        let bare = "{ from: 2026-12-20, to: 2026-12-21 }";
        check(bare, &format!("missing-key a.yaml:10 {bare}"));
        let word = "{ from: friday, to: 2026-12-21, reason: audit }";
        check(word, "invalid-value a.yaml:10 friday");
        let more = "{ from: 2026-12-20, to: 2026-12-21, reason: audit, till: x }";
        check(more, "unknown-key a.yaml:10 till");
        check_added(
            "freeze: { from: 2026-12-20 }\n",
            &["wrong-type a.yaml:9 { from: 2026-12-20 }"],
        );
    }
}
