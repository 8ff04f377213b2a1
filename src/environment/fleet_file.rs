//! `environments/fleet.yaml`: what holds for all environments.

use std::collections::BTreeMap;

use super::layer::{self, Layer};
use super::reading::{Keys, Reading};
use super::yaml::{Node, NodeKind};
use super::{Limits, Policy};
use crate::diag::{Code, Located};
use crate::ident::{Owner, RingName};

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
    pub(super) limits: Limits,
    pub(super) policy: Policy,
    pub(super) layer: Layer,
}

pub(super) fn read(reading: &mut Reading, node: &Node) -> FleetFile {
    let known: Vec<&str> =
        ["owner", "rings", "limits", "policy"].iter().chain(layer::KEYS).copied().collect();
    let later = ["failureBudget", "guards", "freeze"];
    let mut file = FleetFile::default();
    let Some(keys) = reading.keys(node, "the fleet file", &known, &later) else {
        return file;
    };
    let owner = reading.need(&keys, "owner");
    file.owner = owner.and_then(|node| reading.name(node, "an owner"));
    file.read_rings(reading, &keys);
    file.limits = limits(reading, &keys);
    file.policy = policy(reading, &keys);
    file.layer = Layer::read(reading, &keys);
    file
}

impl FleetFile {
    fn read_rings(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        let Some(node) = keys.get("rings") else {
            self.rings.extend(ONLY_RING.parse());
            return;
        };
        let list = reading.list(node, "`rings`").unwrap_or_default();
        if list.is_empty() {
            reading.invalid(&node.span, "there is no ring", "name at least one: `rings: [all]`");
        }
        for item in list {
            let Some((name, layer)) = ring(reading, item) else { continue };
            if self.rings.contains(&name.value) {
                let message = format!("ring `{}` stands twice", name.value);
                reading.error(DUPLICATE_RING, &name.span, message, "keep one of the two");
                continue;
            }
            self.rings.push(name.value.clone());
            self.ring_layers.insert(name.value, layer);
        }
    }
}

/// A name, or a map of a name and what is different in the ring.
fn ring(reading: &mut Reading, node: &Node) -> Option<(Located<RingName>, Layer)> {
    if !matches!(node.kind, NodeKind::Map(_)) {
        return Some((reading.name(node, "a ring")?, Layer::default()));
    }
    let known: Vec<&str> = ["name"].iter().chain(layer::KEYS).copied().collect();
    let keys = reading.keys(node, "a ring", &known, &["failureBudget", "guards", "freeze"])?;
    let name = reading.need(&keys, "name")?;
    let name = reading.name(name, "a ring")?;
    Some((name, Layer::read(reading, &keys)))
}

fn limits(reading: &mut Reading, keys: &Keys<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(node) = keys.get("limits") else { return limits };
    let known = ["concurrency", "perSubscription"];
    let Some(keys) = reading.keys(node, "`limits`", &known, &[]) else { return limits };
    // A thousand connections at once is more than one machine and one ARM token can use.
    let mut limit = |name: &str| {
        let number = reading.number(keys.get(name)?, &format!("`{name}`"), 1, 1000)?;
        usize::try_from(number).ok()
    };
    limits.concurrency = limit("concurrency").unwrap_or(limits.concurrency);
    limits.per_subscription = limit("perSubscription").unwrap_or(limits.per_subscription);
    limits
}

fn policy(reading: &mut Reading, keys: &Keys<'_>) -> Policy {
    let mut policy = Policy::default();
    let Some(node) = keys.get("policy") else { return policy };
    let known = ["exclusionsNeed", "expiryWarningDays"];
    let Some(keys) = reading.keys(node, "`policy`", &known, &[]) else { return policy };
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
