//! `environments/fleet.yaml`: what holds for all environments.

use std::collections::BTreeMap;

use super::layer::{self, Layer};
use super::reading::{Keys, Reading};
use super::{Limits, Policy, terms};
use crate::diag::{Code, Located};
use crate::ident::{Owner, RingName};
use crate::state::{FailureBudget, Guards};
use crate::yaml::{Node, NodeKind};

const DUPLICATE_RING: Code = Code::new("duplicate-ring");
const UNKNOWN_NEED: Code = Code::new("unknown-need");

/// The ring of a fleet that names none.
const ONLY_RING: &str = "all";

/// The fleet file as it was read; wrong parts are reported and left out.
#[derive(Debug, Default)]
pub(super) struct FleetFile {
    pub(super) owner: Option<Located<Owner>>,
    /// In order of rollout. Empty only when the file could not be read.
    pub(super) rings: Vec<RingName>,
    pub(super) ring_layers: BTreeMap<RingName, Layer>,
    pub(super) budgets: BTreeMap<RingName, FailureBudget>,
    pub(super) run_guards: Guards,
    pub(super) limits: Limits,
    pub(super) policy: Policy,
    pub(super) layer: Layer,
}

pub(super) fn read(reading: &mut Reading, node: &Node) -> FleetFile {
    let own = ["owner", "rings", "limits", "policy", "failureBudget", "runGuards"];
    let known: Vec<&str> = own.iter().chain(layer::KEYS).copied().collect();
    let mut file = FleetFile::default();
    let Some(keys) = reading.keys(node, "the fleet file", &known) else {
        return file;
    };
    let owner = reading.need(&keys, "owner");
    file.owner = owner.and_then(|node| reading.name(node, "an owner"));
    file.read_rings(reading, &keys);
    file.run_guards = terms::run_guards(reading, &keys);
    file.limits = limits(reading, &keys);
    file.policy = policy(reading, &keys);
    file.layer = Layer::read(reading, &keys);
    file
}

impl FleetFile {
    fn read_rings(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        let of_fleet = terms::budget(reading, keys);
        let Some(node) = keys.get("rings") else {
            let only: Option<RingName> = ONLY_RING.parse().ok();
            self.rings.extend(only.clone());
            self.budgets.extend(only.map(|only| (only, of_fleet)));
            return;
        };
        let Some(list) = reading.list(node, "`rings`") else { return };
        if list.is_empty() {
            reading.invalid(&node.span, "there is no ring", "name at least one: `rings: [all]`");
        }
        for item in list {
            let Some((name, layer, budget)) = ring(reading, item) else { continue };
            if self.rings.contains(&name.value) {
                let message = format!("ring `{}` stands twice", name.value);
                reading.error(DUPLICATE_RING, &name.span, message, "keep one of the two");
                continue;
            }
            self.rings.push(name.value.clone());
            let mut both = of_fleet.clone();
            both.cover(&budget);
            self.budgets.insert(name.value.clone(), both);
            self.ring_layers.insert(name.value, layer);
        }
    }
}

/// A name, or a map of a name and what is different in the ring.
fn ring(reading: &mut Reading, node: &Node) -> Option<(Located<RingName>, Layer, FailureBudget)> {
    if !matches!(node.kind, NodeKind::Map(_)) {
        let name = reading.name(node, "a ring")?;
        return Some((name, Layer::default(), FailureBudget::default()));
    }
    let known: Vec<&str> = ["name", "failureBudget"].iter().chain(layer::KEYS).copied().collect();
    let keys = reading.keys(node, "a ring", &known)?;
    let name = reading.need(&keys, "name")?;
    let name = reading.name(name, "a ring")?;
    let budget = terms::budget(reading, &keys);
    Some((name, Layer::read(reading, &keys), budget))
}

fn limits(reading: &mut Reading, keys: &Keys<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(node) = keys.get("limits") else { return limits };
    let known = ["concurrency", "perSubscription", "perTenant"];
    let Some(keys) = reading.keys(node, "`limits`", &known) else { return limits };
    // A thousand connections at once is more than one machine and one ARM token can use.
    let mut limit = |name: &str| {
        let number = reading.number(keys.get(name)?, &format!("`{name}`"), 1, 1000)?;
        usize::try_from(number).ok()
    };
    limits.concurrency = limit("concurrency").unwrap_or(limits.concurrency);
    limits.per_subscription = limit("perSubscription").unwrap_or(limits.per_subscription);
    limits.per_tenant = limit("perTenant").unwrap_or(limits.per_tenant);
    limits
}

fn policy(reading: &mut Reading, keys: &Keys<'_>) -> Policy {
    let mut policy = Policy::default();
    let Some(node) = keys.get("policy") else { return policy };
    let known = ["exclusionsNeed", "expiryWarningDays"];
    let Some(keys) = reading.keys(node, "`policy`", &known) else { return policy };
    if let Some(node) = keys.get("exclusionsNeed")
        && let Some(list) = reading.list(node, "`exclusionsNeed`")
    {
        let words = [("owner", 0), ("expires", 1), ("tests", 2)];
        let mut needed = [false; 3];
        for item in list {
            let what = "something that an exclusion can need";
            if let Some(index) = reading.choice(item, UNKNOWN_NEED, what, &words) {
                needed[index] = true;
            }
        }
        [policy.needs_owner, policy.needs_expires, policy.needs_tests] = needed;
    }
    if let Some(node) = keys.get("expiryWarningDays")
        && let Some(days) = reading.number(node, "`expiryWarningDays`", 0, 3650)
    {
        policy.expiry_warning_days = i64::from(days);
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ENVIRONMENT, FLEET, check_errors, fleet};
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        check_errors(&[("fleet.yaml", text), ("a.yaml", ENVIRONMENT)], expect);
    }

    #[test]
    fn limits_and_policy_are_read() {
        let text = format!(
            "{FLEET}limits: {{ concurrency: 4, perSubscription: 2, perTenant: 3 }}\n\
             policy: {{ exclusionsNeed: [owner], expiryWarningDays: 7 }}\n"
        );
        let fleet = fleet(&[("fleet.yaml", &text), ("a.yaml", ENVIRONMENT)]);
        assert_eq!(fleet.owner.place(), "environments/fleet.yaml:1");
        assert_eq!(fleet.limits, Limits { concurrency: 4, per_subscription: 2, per_tenant: 3 });
        let policy = Policy {
            needs_owner: true,
            needs_expires: false,
            needs_tests: false,
            expiry_warning_days: 7,
        };
        assert_eq!(fleet.policy, policy);
    }

    #[test]
    fn a_fleet_has_an_owner() {
        check("rings: [all]\n", &["missing-key fleet.yaml:1 rings: [all]"]);
        check("owner:\n", &["missing-key fleet.yaml:1 "]);
        check("owner: 7\n", &["wrong-type fleet.yaml:1 7"]);
        check("owner: a/b\n", &["invalid-value fleet.yaml:1 a/b"]);
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        check(&format!("{FLEET}limit: {{}}\n"), &["unknown-key fleet.yaml:3 limit"]);
        let nested = "limits: { concurency: 3 }\npolicy: { expiryWarning: 3 }\n";
        check(
            &format!("{FLEET}{nested}"),
            &["unknown-key fleet.yaml:3 concurency", "unknown-key fleet.yaml:4 expiryWarning"],
        );
    }

    #[test]
    fn rings_are_named_once() {
        check("owner: a\nrings: [one, One]\n", &["duplicate-ring fleet.yaml:2 One"]);
        check("owner: a\nrings: []\n", &["invalid-value fleet.yaml:2 []"]);
        check("owner: a\nrings: one\n", &["wrong-type fleet.yaml:2 one"]);
        check(
            "owner: a\nrings: [{ observed: [] }]\n",
            &["missing-key fleet.yaml:2 { observed: [] }"],
        );
    }

    #[test]
    fn numbers_have_bounds() {
        for wrong in ["0", "1001", "-1", "1.5", "'8'", "many"] {
            let text = format!("{FLEET}limits: {{ concurrency: {wrong} }}\n");
            check(&text, &[&format!("wrong-type fleet.yaml:3 {wrong}")]);
        }
        let needs = format!("{FLEET}policy: {{ exclusionsNeed: [owners] }}\n");
        check(&needs, &["unknown-need fleet.yaml:3 owners"]);
    }
}
