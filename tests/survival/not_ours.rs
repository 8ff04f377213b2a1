//! Whatever a workspace holds: a plan writes to nothing that this repository does not own, and does not
//! depend on the order in which things are listed.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sentinelops::arm::{Collection, ResourceId, marker};
use sentinelops::ident::{ArmName, Family, FieldHash};
use sentinelops::live::observe::{live_item, metadata_item};
use sentinelops::plan::{self, Change, Plan, SavedPlan, Work};
use sentinelops::state::desired::Present;
use sentinelops::state::{
    Desired, Field, FieldRecord, Kind, LiveItem, LiveWorkspace, Mark, MetadataItem, Observation,
    Record, RecordState,
};
use serde_json::{Value, json};

use crate::sides::{self, OWNER, id, presents};

/// Names that items, records and files share, so that they meet.
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// A repository that wants two of the names, as one family and as the other.
fn desired() -> Desired {
    let mut desired = sides::nothing(OWNER);
    sides::want(&mut desired, Kind::Scheduled, "a");
    sides::want(&mut desired, Kind::Hunt, "b");
    sides::want(&mut desired, Kind::Nrt, "c");
    desired
}

fn wanted(desired: &Desired, family: Family, name: &str) -> Option<Present> {
    let found = presents(desired).find(|(key, _)| key.family == family && key.id.as_str() == name);
    found.map(|(_, present)| present.clone())
}

fn any_family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::AnalyticRule), Just(Family::HuntingQuery)]
}

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

/// A live item: as it is wanted, but for some fields; of any kind.
fn any_item() -> impl Strategy<Value = (Family, Value)> {
    let kind = prop::sample::select(&["Scheduled", "Scheduled", "NRT", "Fusion", "Odd"][..]);
    let altered = prop::collection::vec((0..Field::all().count(), any_value()), 0..2);
    let category = prop::sample::select(&["Hunting Queries", "Hunting Queries", "General"][..]);
    let alias = prop::sample::select(&["", "", "Alias"][..]);
    (any_family(), any_name(), kind, altered, category, alias, any::<bool>()).prop_map(
        |(family, name, kind, altered, category, alias, as_wanted)| {
            let desired = desired();
            let present = wanted(&desired, family, name);
            let mut body = json!({"name": name, "etag": "\"1\"", "properties": {}});
            let kind = match (family, &present) {
                (Family::HuntingQuery, _) => {
                    body["properties"]["category"] = json!(category);
                    body["properties"]["functionAlias"] = json!(alias);
                    Kind::Hunt
                }
                (_, Some(present)) if as_wanted => {
                    body["kind"] = json!(present.kind.as_str());
                    present.kind
                }
                _ => {
                    body["kind"] = json!(kind);
                    Kind::Scheduled
                }
            };
            let fields = present.map(|present| present.fields).unwrap_or_default();
            for (field, value) in fields {
                field.write(kind, &mut body, value);
            }
            for (at, value) in altered {
                let field = Field::all().nth(at).unwrap();
                if Field::of(kind).any(|of_kind| of_kind == field) {
                    field.write(kind, &mut body, value);
                }
            }
            (family, body)
        },
    )
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(false)),
        Just(json!(7)),
        Just(json!("PT90M")),
        Just(json!(["Impact"])),
        Just(json!({"a": "b"})),
        Just(json!("AUTO DISABLED Name of a")),
    ]
}

/// A record: of anybody, about anything, whole or not.
fn any_metadata() -> impl Strategy<Value = Value> {
    let name = prop_oneof![4 => Just(None), 1 => any_name().prop_map(Some)];
    let source = prop::sample::select(
        &[
            ("SourceRepository", "sentinelops", OWNER),
            ("SourceRepository", "sentinelops", OWNER),
            ("SourceRepository", "sentinelops", OWNER),
            ("SourceRepository", "sentinelops", OWNER),
            ("SourceRepository", "sentinelops", "other-soc"),
            ("SourceRepository", "repo", OWNER),
            ("Solution", "Content Hub", "azuresentinel.x"),
        ][..],
    );
    let record = prop_oneof![any_record().prop_map(|r| r.to_text()), Just("so9;X".to_owned())];
    let faithful = prop::sample::select(&[true, true, false][..]);
    (any_family(), any_name(), name, any_name(), source, record, faithful).prop_map(
        |(family, about, name, content, (kind, source, owner), record, faithful)| {
            let present = wanted(&desired(), family, about).filter(|_| faithful);
            let record = present.map_or(record, |present| record_of(&present).to_text());
            let about: ArmName = about.parse().unwrap();
            let own = marker::record_name(family, &about).unwrap();
            let collection = Collection::of(family);
            json!({"name": name.map_or(own.to_string(), str::to_owned), "properties": {
                "parentId": id(collection, about.as_str()).path(),
                "contentId": if content == "d" { content } else { about.as_str() },
                "kind": marker::content_kind(family),
                "version": "1.0.0",
                "customVersion": record,
                "source": {"kind": kind, "name": source, "sourceId": owner},
            }})
        },
    )
}

/// The record of an item that was applied as it is wanted.
fn record_of(present: &Present) -> Record {
    let applied = |(field, value): (&Field, &Value)| {
        let dead = field.is_dead(&present.fields);
        let mark = if dead { Mark::Dead } else { Mark::Value(field.hash(value)) };
        (*field, FieldRecord::applied(mark))
    };
    let fields = present.fields.iter().map(applied).collect();
    Record { state: RecordState::Applied, kind: present.kind, commit: None, hold: None, fields }
}

fn any_record() -> impl Strategy<Value = Record> {
    let state = prop::sample::select(
        &[RecordState::Applied, RecordState::Writing, RecordState::Retired][..],
    );
    let mark = prop_oneof![
        2 => Just(None),
        1 => any::<u8>().prop_map(|byte| Some(FieldHash::of(&[byte]))),
    ];
    let entries = prop::collection::vec((0..Field::all().count(), mark), 0..6);
    let kind = prop::sample::select(&[Kind::Scheduled, Kind::Nrt, Kind::Hunt][..]);
    (state, kind, entries, any_name()).prop_map(|(state, kind, entries, like)| {
        let desired = desired();
        let family = if kind == Kind::Hunt { Family::HuntingQuery } else { Family::AnalyticRule };
        let applied = wanted(&desired, family, like).map(|present| present.fields);
        let mut fields = BTreeMap::new();
        for (field, value) in applied.unwrap_or_default() {
            fields.insert(field, FieldRecord::applied(Mark::Value(field.hash(&value))));
        }
        for (at, hash) in entries {
            let field = Field::all().nth(at).unwrap();
            let mark = hash.map_or(Mark::Dead, Mark::Value);
            let entry = fields.entry(field).or_insert(FieldRecord::applied(mark));
            entry.intended = (state == RecordState::Writing).then_some(mark);
        }
        Record { state, kind, commit: None, hold: None, fields }
    })
}

fn any_live() -> impl Strategy<Value = LiveWorkspace> {
    let items = prop::collection::vec(any_item(), 0..10);
    let metadata = prop::collection::vec(any_metadata(), 0..12);
    (items, metadata).prop_map(|(items, metadata)| {
        let items: Vec<LiveItem> =
            items.into_iter().map(|(family, body)| live_item(family, body).unwrap()).collect();
        let by_name: BTreeMap<_, LiveItem> =
            items.into_iter().map(|item| ((item.family, item.name.clone()), item)).collect();
        let metadata: Vec<MetadataItem> =
            metadata.into_iter().filter_map(|body| metadata_item(body).unwrap()).collect();
        let metadata: BTreeMap<ArmName, MetadataItem> =
            metadata.into_iter().map(|item| (item.name.clone(), item)).collect();
        LiveWorkspace {
            items: by_name.into_values().collect(),
            metadata: metadata.into_values().collect(),
        }
    })
}

fn any_options() -> impl Strategy<Value = plan::Options> {
    any::<[bool; 4]>().prop_map(|[prune, keep_drift, desired_wins, re_enable]| plan::Options {
        prune,
        keep_drift,
        desired_wins,
        re_enable,
        keep_going: true,
        ..plan::Options::default()
    })
}

fn planned(live: LiveWorkspace, options: &plan::Options) -> Plan {
    let desired = desired();
    let key = desired.workspaces[0].key.clone();
    let seen = BTreeMap::from([(key, Observation::Read(live))]);
    plan::plan(&desired, &seen, options, "2026-11-24".parse().unwrap())
}

/// Whether a metadata resource of this name is there and says that this repository owns what it is
/// about; read without the planner.
fn is_marked(live: &LiveWorkspace, record: &ResourceId) -> Option<bool> {
    let found = live.metadata.iter().find(|item| item.name == record.name)?;
    let source = &found.body["properties"]["source"];
    let says = |key: &str, value: &str| source[key].as_str() == Some(value);
    Some(says("kind", "SourceRepository") && says("name", "sentinelops") && says("sourceId", OWNER))
}

fn body<'a>(live: &'a LiveWorkspace, id: &ResourceId) -> Option<&'a Value> {
    let family = match id.collection {
        Collection::SavedSearches => Family::HuntingQuery,
        Collection::AlertRules | Collection::Metadata => Family::AnalyticRule,
    };
    let found = live.items.iter().find(|item| item.family == family && item.name == id.name);
    found.map(|item| &*item.body)
}

/// Why a change touches what is not this repository's, if it does.
fn trespass(live: &LiveWorkspace, change: &Change) -> Option<String> {
    let family = change.key.family;
    let item = id(Collection::of(family), change.arm_name.as_str());
    let as_wanted = || {
        let desired = desired();
        let present = wanted(&desired, family, change.key.id.as_str());
        let body = body(live, &item);
        present.zip(body).is_some_and(|(present, body)| {
            present.fields.iter().all(|(field, value)| {
                field.is_dead(&present.fields) || field.same(value, &field.read(present.kind, body))
            })
        })
    };
    let (is_right, what) = match &change.work {
        Work::Nothing => return None,
        // What is not there belongs to nobody; a record of what is not there may be replaced.
        Work::Create { resource, record } => {
            let free = body(live, &resource.id).is_none();
            let foreign = live.metadata.iter().any(|metadata| {
                metadata.name == record.id.name && metadata.source("sourceId") == "other-soc"
            });
            (free && !foreign, "makes")
        }
        Work::Update { resource, writing, .. } => {
            (is_marked(live, &writing.id) == Some(true) && resource.id == item, "updates")
        }
        Work::Record { record } => match is_marked(live, &record.id) {
            Some(true) => (true, "records"),
            Some(false) | None => (as_wanted(), "takes over"),
        },
        Work::Delete { resource, metadata } => {
            (is_marked(live, metadata) == Some(true) && *resource == item, "deletes")
        }
        Work::Forget { metadata } => (is_marked(live, metadata) == Some(true), "forgets"),
    };
    (!is_right).then(|| format!("{what} {} ({}): {:#?}", change.key, change.class, change.work))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_workspace_makes_a_plan_touch_what_is_not_ours(live in any_live(), options in any_options()) {
        let plan = planned(live.clone(), &options);
        for (_, change) in plan.changes() {
            let trespass = trespass(&live, change);
            prop_assert!(trespass.is_none(), "{} in {live:#?}", trespass.unwrap());
        }
    }

    #[test]
    fn a_plan_does_not_depend_on_the_order_of_lists(
        live in any_live(),
        options in any_options(),
        order in any::<u64>(),
    ) {
        let plan = planned(live.clone(), &options);
        let mut other = live;
        let turn = |length: usize| usize::try_from(order % 7).unwrap() % length.max(1);
        let (items, metadata) = (turn(other.items.len()), turn(other.metadata.len()));
        other.items.rotate_left(items);
        other.metadata.rotate_left(metadata);
        if order % 2 == 0 {
            other.items.reverse();
            other.metadata.reverse();
        }
        let again = planned(other, &options);
        prop_assert_eq!(SavedPlan::of(&plan).to_text(), SavedPlan::of(&again).to_text());
        let shown = |plan: &Plan| {
            let changes = plan.changes().map(|(_, c)| format!("{} {} {}", c.key, c.class, c.reason));
            changes.collect::<Vec<_>>()
        };
        prop_assert_eq!(shown(&plan), shown(&again));
    }
}
