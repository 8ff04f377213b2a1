//! What the files say, without files: the desired side of one workspace.

use std::collections::BTreeMap;
use std::sync::Arc;

use sentinelops::arm::{Collection, ResourceId, WorkspaceId};
use sentinelops::ident::{Family, ItemKey, WorkspaceKey};
use sentinelops::state::define::define;
use sentinelops::state::desired::Present;
use sentinelops::state::{
    Desired, DesiredItem, DesiredState, DesiredWorkspace, Field, Fields, Guards, Kind, RunTerms,
};
use serde_json::{Value, json};

pub(crate) const OWNER: &str = "acme-soc";

/// The only workspace.
pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
        resource_group: "rg-sec".parse().unwrap(),
        name: "law-sec".parse().unwrap(),
    }
}

/// A resource in it.
pub(crate) fn id(collection: Collection, name: &str) -> ResourceId {
    workspace().resource(collection, &name.parse().unwrap())
}

/// A repository of an owner in which nothing is wanted yet.
pub(crate) fn nothing(owner: &str) -> Desired {
    let workspace = DesiredWorkspace {
        key: WorkspaceKey {
            environment: "contoso".parse().unwrap(),
            workspace: "prod".parse().unwrap(),
        },
        ring: "canary".parse().unwrap(),
        id: workspace(),
        items: BTreeMap::new(),
        unreadable: Vec::new(),
        unselected: Vec::new(),
        resources: BTreeMap::new(),
        allow_twin: Vec::new(),
        prune: false,
        replaced: BTreeMap::new(),
        retire_blocked: None,
        observed: Vec::new(),
        guards: Guards::default(),
        freeze: Vec::new(),
        rollbacks: BTreeMap::new(),
    };
    let owner = owner.parse().unwrap();
    Desired { owner, terms: RunTerms::default(), workspaces: vec![workspace] }
}

/// Wants an item of plain fields. Its id is its ARM name.
pub(crate) fn want(desired: &mut Desired, kind: Kind, id: &str) {
    let family = match kind {
        Kind::Hunt => Family::HuntingQuery,
        Kind::Scheduled | Kind::Nrt => Family::AnalyticRule,
    };
    let key = ItemKey { family, id: id.parse().unwrap() };
    want_with(desired, key, kind, fields(kind, id));
}

/// Wants an item of these fields.
pub(crate) fn want_with(desired: &mut Desired, key: ItemKey, kind: Kind, fields: Fields) {
    let present = Present {
        kind,
        fields,
        version: Some("1.0.0".into()),
        exclusions: Vec::new(),
        replaces: None,
        accepted: Vec::new(),
    };
    let (name, path) = (key.id.to_string(), format!("content/{}.yaml", key.id));
    let state = DesiredState::Present(Arc::new(present));
    desired.workspaces[0]
        .items
        .insert(key, DesiredItem { name: name.into(), path: path.into(), state });
}

/// Wants another value of a field of an item.
pub(crate) fn set(desired: &mut Desired, id: &str, field: Field, value: Value) {
    let mut items = desired.workspaces[0].items.iter_mut();
    let (_, item) = items.find(|(key, _)| key.id.as_str() == id).unwrap();
    match &mut item.state {
        DesiredState::Present(present) => Arc::make_mut(present).fields.insert(field, value),
        DesiredState::Held(_) => panic!("{id} is held"),
    };
}

/// Does not want an item any more.
pub(crate) fn lose(desired: &mut Desired, id: &str) {
    desired.workspaces[0].items.retain(|key, _| key.id.as_str() != id);
}

/// What is wanted of every item.
pub(crate) fn presents(desired: &Desired) -> impl Iterator<Item = (&ItemKey, &Present)> {
    desired.workspaces[0].items.iter().filter_map(|(key, item)| match &item.state {
        DesiredState::Present(present) => Some((key, present.as_ref())),
        DesiredState::Held(_) => None,
    })
}

fn fields(kind: Kind, id: &str) -> Fields {
    let mut keys = BTreeMap::from([
        ("name", json!(format!("Name of {id}"))),
        ("description", json!("What it is for.")),
        ("tactics", json!(["Execution", "Impact"])),
    ]);
    if kind != Kind::Hunt {
        keys.insert("severity", json!("High"));
    }
    if kind == Kind::Scheduled {
        keys.insert("queryFrequency", json!("1h"));
        keys.insert("queryPeriod", json!("1h"));
        keys.insert("triggerOperator", json!("gt"));
        keys.insert("triggerThreshold", json!(0));
    }
    let keys = keys.iter().map(|(key, value)| (*key, value)).collect();
    let (mut fields, problems) = define(kind, &keys);
    assert!(problems.is_empty(), "{problems:?}");
    let query = format!("DeviceNetworkEvents\n| where RemoteUrl has \"{id}\"");
    fields.insert(Field::Query, json!(query));
    fields
}
