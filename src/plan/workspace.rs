//! Pairs up the three sides of every item of one workspace.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::settled::Settled;
use super::{
    Acknowledgement, BaselineSide, Change, Clash, DesiredSide, Foreign, Guard, Options, RuleCount,
    Sides, WorkspacePlan, order, replaced,
};
use crate::ident::{ArmName, Day, Family, ItemKey, Owner};
use crate::state::baseline::{Baseline, Baselines, Ownership};
use crate::state::desired::{
    DesiredItem, DesiredState, DesiredWorkspace, Present, UnreadableContent, UnselectedContent,
};
use crate::state::{Field, Freeze, Kind, LiveItem, LiveWorkspace, Observation, RecordState};

/// The plan of one workspace.
pub(super) fn plan_workspace(
    desired: &DesiredWorkspace,
    observation: &Observation,
    owner: &Owner,
    options: &Options,
    today: Day,
    settled: &mut Settled,
) -> WorkspacePlan {
    let mut plan = WorkspacePlan {
        key: desired.key.clone(),
        id: desired.id.clone(),
        ring: desired.ring.clone(),
        unreadable: None,
        frozen: Freeze::on(today, &desired.freeze).cloned(),
        guards: desired.guards.clone(),
        rules: RuleCount::default(),
        owned: 0,
        retire_blocked: desired.retire_blocked.clone(),
        changes: Vec::new(),
        unmanaged: 0,
        foreign: Vec::new(),
    };
    let live = match observation {
        Observation::Read(live) => live,
        Observation::Unreadable(unreadable) => {
            plan.unreadable = Some(unreadable.clone());
            return plan;
        }
    };
    plan.rules = rules(live);
    let pairing = Pairing::new(desired, live, owner, options, today);
    let keys: BTreeSet<&ItemKey> = desired
        .items
        .keys()
        .chain(pairing.baselines.ours.keys())
        .chain(pairing.unreadable.keys())
        .chain(desired.rollbacks.keys())
        .collect();
    let decide = |key| settled.decide(pairing.sides(key), &desired.id, options);
    let changes: Vec<Arc<Change>> = keys.into_iter().map(decide).collect();
    plan.owned = changes.iter().filter(|change| is_owned(change)).count();
    plan.changes = order::by_weight(replaced::hold(changes, desired, options));
    plan.unmanaged = pairing.unmanaged(&plan.changes);
    plan.foreign = pairing.foreign();
    // What is shared has nothing left to let go of.
    plan.changes.iter_mut().filter_map(Arc::get_mut).for_each(replaced::let_go);
    plan
}

fn is_owned(change: &Change) -> bool {
    matches!(change.sides.baseline, BaselineSide::Ours(_) | BaselineSide::Ambiguous(_))
}

fn rules(live: &LiveWorkspace) -> RuleCount {
    let kinds = || live.items.iter().filter_map(|item| item.kind);
    RuleCount {
        all: kinds().filter(|kind| matches!(kind, Kind::Scheduled | Kind::Nrt)).count(),
        nrt: kinds().filter(|kind| *kind == Kind::Nrt).count(),
    }
}

/// Everything that the sides of one workspace's items are made from.
struct Pairing<'a> {
    desired: &'a DesiredWorkspace,
    live: BTreeMap<(Family, ArmName), &'a LiveItem>,
    baselines: Baselines,
    /// Content files that the workspace's selectors leave out.
    unselected: BTreeMap<&'a ItemKey, &'a UnselectedContent>,
    /// Items whose content files did not load, and the file.
    unreadable: BTreeMap<ItemKey, &'a UnreadableContent>,
    /// Which of our items an ARM name is bound to by a record.
    bound: BTreeMap<(Family, ArmName), ItemKey>,
    /// Which items the files want under an ARM name; looked up only for what they do not want.
    wanted: OnceCell<BTreeMap<(Family, ArmName), Vec<ItemKey>>>,
    owner: &'a Owner,
    prune: bool,
    edits_acknowledged: bool,
    today: Day,
}

impl<'a> Pairing<'a> {
    fn new(
        desired: &'a DesiredWorkspace,
        live: &'a LiveWorkspace,
        owner: &'a Owner,
        options: &Options,
        today: Day,
    ) -> Self {
        let baselines = Baselines::sort(&live.metadata, owner);
        let live = live.items.iter().map(|item| ((item.family, item.name.clone()), item)).collect();
        let bound = baselines
            .ours
            .iter()
            .flat_map(|(key, records)| {
                records.iter().map(|record| ((key.family, record.name.clone()), key.clone()))
            })
            .collect();
        let prune = options.prune || desired.prune;
        let is_about =
            |ack: &Acknowledgement| ack.is_about(Guard::RetiredEdited, Some(&desired.key));
        let edits_acknowledged = options.acknowledged.iter().any(is_about);
        let unreadable = unreadable(desired, &baselines);
        let unselected = desired.unselected.iter().rev().map(|content| (&content.key, &**content));
        Self {
            desired,
            live,
            baselines,
            unselected: unselected.collect(),
            unreadable,
            bound,
            wanted: OnceCell::new(),
            owner,
            prune,
            edits_acknowledged,
            today,
        }
    }

    fn sides(&self, key: &ItemKey) -> Sides {
        let item = self.desired.items.get(key);
        let records = self.records(key);
        let arm_name = self.arm_name(key);
        let live = self.live.get(&(key.family, arm_name.clone())).map(|live| (*live).clone());
        let desired = self.desired_side(key, item);
        let clash = self.clash(key, &arm_name, records, &desired, live.as_ref());
        Sides {
            key: key.clone(),
            name: item
                .map_or_else(|| display_name(live.as_ref(), key), |item| item.name.to_string()),
            desired,
            baseline: self.baseline_side(key.family, &arm_name, records),
            live,
            clash,
            arm_name,
            observed: self.desired.observed.clone(),
            prune: self.prune,
            edits_acknowledged: self.edits_acknowledged,
            retire_blocked: self.desired.retire_blocked.clone(),
            left_out: self.left_out(key).map(|content| content.path.clone()),
            rollback: self.desired.rollbacks.get(key).cloned().map(Box::new),
            owner: self.owner.clone(),
            today: self.today,
        }
    }

    fn records(&self, key: &ItemKey) -> &[Baseline] {
        self.baselines.ours.get(key).map_or(&[][..], Vec::as_slice)
    }

    /// The record's, else the one of a run that is rolled back, else the one that `resources` names, else
    /// the content id.
    fn arm_name(&self, key: &ItemKey) -> ArmName {
        let before = self.desired.rollbacks.get(key).map(|rollback| &rollback.arm_name);
        match (self.records(key), before.or_else(|| self.desired.resources.get(&key.id))) {
            ([record, ..], _) => record.name.clone(),
            ([], Some(named)) => named.clone(),
            ([], None) => key.id.clone().into(),
        }
    }

    fn desired_side(&self, key: &ItemKey, item: Option<&DesiredItem>) -> DesiredSide {
        match (item.map(|item| &item.state), self.unreadable.get(key)) {
            (Some(DesiredState::Present(present)), _) => DesiredSide::Present(present.clone()),
            (Some(DesiredState::Held(reasons)), _) => DesiredSide::Held(reasons.clone()),
            (None, Some(file)) => DesiredSide::Held(vec![file.reason.clone()]),
            // What is wrong in the file may be what its selectors look at.
            (None, None) => match self.left_out(key) {
                Some(content) if !content.held.is_empty() => {
                    DesiredSide::Held(content.held.clone())
                }
                _ => DesiredSide::Absent,
            },
        }
    }

    /// The content that an item would be, where the workspace's selectors leave it out.
    fn left_out(&self, key: &ItemKey) -> Option<&UnselectedContent> {
        let found = self.unselected.get(key)?;
        (!self.desired.items.contains_key(key)).then_some(*found)
    }

    fn baseline_side(&self, family: Family, name: &ArmName, records: &[Baseline]) -> BaselineSide {
        match records {
            [] => match self.baselines.other(family, name) {
                Some((item, ownership)) => BaselineSide::Other(item.clone(), ownership.clone()),
                None => BaselineSide::None,
            },
            [record] => BaselineSide::Ours(record.clone()),
            several => {
                BaselineSide::Ambiguous(several.iter().map(|r| r.metadata.name.clone()).collect())
            }
        }
    }

    fn clash(
        &self,
        key: &ItemKey,
        arm_name: &ArmName,
        records: &[Baseline],
        desired: &DesiredSide,
        live: Option<&LiveItem>,
    ) -> Option<Clash> {
        if let Some(why) = self.other_family(key, records) {
            return Some(Clash::Kind(why));
        }
        if let (Some(mapped), [record, ..]) = (self.desired.resources.get(&key.id), records)
            && mapped != &record.name
        {
            let why = format!(
                "`resources` says `{mapped}`, but the record is about `{}`; the record binds",
                record.name
            );
            return Some(Clash::Name(why));
        }
        let holder = self.bound.get(&(key.family, arm_name.clone()));
        if let Some(holder) = holder.filter(|holder| *holder != key) {
            return Some(Clash::Name(format!("`{arm_name}` already belongs to `{holder}`")));
        }
        // Only then: it looks at every other item.
        if *desired == DesiredSide::Absent
            && let Some(other) = self.wanted_as(key, arm_name)
        {
            return Some(Clash::Name(format!("the files want `{arm_name}` as `{other}`")));
        }
        let DesiredSide::Present(present) = desired else { return None };
        if live.is_some() || !records.is_empty() || self.desired.allow_twin.contains(&key.id) {
            return None;
        }
        self.twin(key, present)
    }

    /// Another item that the files want under the same ARM name.
    fn wanted_as(&self, key: &ItemKey, arm_name: &ArmName) -> Option<&ItemKey> {
        let wanted = self.wanted.get_or_init(|| {
            let mut wanted: BTreeMap<(Family, ArmName), Vec<ItemKey>> = BTreeMap::new();
            for key in self.desired.items.keys().chain(self.unreadable.keys()) {
                wanted.entry((key.family, self.arm_name(key))).or_default().push(key.clone());
            }
            wanted
        });
        let named = wanted.get(&(key.family, arm_name.clone()))?;
        named.iter().find(|other| *other != key)
    }

    /// Why an item is one side of a change of family, if so: under one id, the files have one family
    /// and the workspace has an item of ours in the other.
    fn other_family(&self, key: &ItemKey, records: &[Baseline]) -> Option<String> {
        let other = ItemKey { family: key.family.other(), id: key.id.clone() };
        let wanted = |key: &ItemKey| {
            let left_out = self.unselected.get(key);
            let selected = self.desired.items.get(key).map(|item| &*item.path);
            selected.or_else(|| left_out.map(|content| content.path.as_str()))
        };
        match (wanted(key), wanted(&other)) {
            (Some(path), _) if records.is_empty() => self.is_deployed(&other).then(|| {
                format!("`{path}` says {}, the workspace has {other}", with_article(key.family))
            }),
            (None, Some(path)) if self.is_deployed(key) => Some(format!(
                "`{path}` says {}, the workspace has {}",
                with_article(other.family),
                with_article(key.family)
            )),
            _ => None,
        }
    }

    /// Whether an item of ours is live and was not retired.
    fn is_deployed(&self, key: &ItemKey) -> bool {
        self.records(key).iter().any(|baseline| {
            let retired = baseline.record().is_ok_and(|r| r.state == RecordState::Retired);
            !retired && self.live.contains_key(&(key.family, baseline.name.clone()))
        })
    }

    /// A look-alike of a new item, among items that we have no record of.
    fn twin(&self, key: &ItemKey, present: &Present) -> Option<Clash> {
        let template = present.fields.get(&Field::TemplateName).and_then(|t| t.as_str());
        let likeness = |item: &LiveItem| -> Option<&'static str> {
            let read = |field: Field| field.find(present.kind, &item.body);
            let of_template = item.body["properties"]["alertRuleTemplateName"].as_str();
            let same = |field: Field| {
                present.fields.get(&field).is_some_and(|value| field.same(value, read(field)))
            };
            if of_template.is_some_and(|t| {
                t.eq_ignore_ascii_case(key.id.as_str())
                    || template.is_some_and(|ours| t.eq_ignore_ascii_case(ours))
            }) {
                Some("was made from the same template")
            } else if same(Field::DisplayName) {
                Some("has the same name")
            } else if key.family == Family::HuntingQuery && same(Field::Query) {
                Some("has the same query")
            } else {
                None
            }
        };
        self.live
            .iter()
            .filter(|((family, name), _)| {
                *family == key.family && !self.bound.contains_key(&(*family, name.clone()))
            })
            .find_map(|((_, name), item)| likeness(item).map(|how| (name, how)))
            .map(|(name, how)| Clash::Twin(format!("`{name}` {how}")))
    }

    /// Items that nobody who uses this tool owns.
    fn unmanaged(&self, changes: &[Arc<Change>]) -> usize {
        let named: BTreeSet<(Family, &ArmName)> =
            changes.iter().map(|change| (change.key.family, &change.arm_name)).collect();
        let foreign = |family: Family, name: &ArmName| {
            matches!(self.baselines.other(family, name), Some((_, Ownership::Foreign(_))))
        };
        self.live
            .keys()
            .filter(|(family, name)| !named.contains(&(*family, name)) && !foreign(*family, name))
            .count()
    }

    fn foreign(&self) -> Vec<Foreign> {
        let mut foreign: Vec<Foreign> = self
            .baselines
            .others
            .iter()
            .filter_map(|(item, ownership)| match ownership {
                Ownership::Foreign(owner) => Some(Foreign {
                    item: format!("{}/{}", item.family, item.parent_name()),
                    owner: owner.clone(),
                }),
                Ownership::Ours | Ownership::Theirs(_) => None,
            })
            .collect();
        foreign.sort();
        foreign
    }
}

/// The items that content files which did not load may have been: what has a record under their id,
/// in either family. Where nothing has, the file's folder says under which family it is listed.
fn unreadable<'a>(
    desired: &'a DesiredWorkspace,
    baselines: &Baselines,
) -> BTreeMap<ItemKey, &'a UnreadableContent> {
    let mut items = BTreeMap::new();
    for file in &desired.unreadable {
        let Some(id) = &file.id else { continue };
        let key = |family: Family| ItemKey { family, id: id.clone() };
        let recorded: Vec<ItemKey> = Family::ALL
            .into_iter()
            .map(key)
            .filter(|key| baselines.ours.contains_key(key))
            .collect();
        let listed = match file.path.to_ascii_lowercase().contains("hunting") {
            true => Family::HuntingQuery,
            false => Family::AnalyticRule,
        };
        let keys = if recorded.is_empty() { vec![key(listed)] } else { recorded };
        items.extend(keys.into_iter().map(|key| (key, file)));
    }
    items
}

const fn with_article(family: Family) -> &'static str {
    match family {
        Family::AnalyticRule => "an analytic rule",
        Family::HuntingQuery => "a hunting query",
    }
}

fn display_name(live: Option<&LiveItem>, key: &ItemKey) -> String {
    match live.map(LiveItem::display_name) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => key.id.to_string(),
    }
}
