//! From a live body to what the files would have to say, and back: every body of the service's own
//! descriptions and recordings, and every item of published content as it is deployed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sentinelops::apply::Verdict;
use sentinelops::arm::Collection;
use sentinelops::compile::compile;
use sentinelops::ident::{Family, ItemKey};
use sentinelops::live::observe::live_item;
use sentinelops::plan::{self, Class, Plan, Work};
use sentinelops::state::{Desired, DesiredState, Field, Fields, Kind, LiveWorkspace, Observation};
use sentinelops::{content, environment};
use serde_json::{Value, json};

use crate::sides::{self, OWNER, presents};
use crate::world::{World, simulated};

/// A folder that lies beside the project and is not part of it; only CI insists on it.
fn beside(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", folder.display());
    println!("SKIPPED: {} is missing", folder.display());
    None
}

/// What a file would have to say so that this body came of it.
fn pulled(kind: Kind, body: &Value) -> Fields {
    let read = Field::of(kind).map(|field| (field, field.read(kind, body)));
    read.filter(|(field, value)| !(field.is_optional() && value.is_null())).collect()
}

fn wanting(kind: Kind, fields: Fields) -> Desired {
    let mut desired = sides::nothing(OWNER);
    let family = if kind == Kind::Hunt { Family::HuntingQuery } else { Family::AnalyticRule };
    let key = ItemKey { family, id: "pulled".parse().unwrap() };
    sides::want_with(&mut desired, key, kind, fields);
    desired
}

fn planned(desired: &Desired, live: Option<Value>) -> Plan {
    let (key, _) = presents(desired).next().unwrap();
    let items = live.map(|body| live_item(key.family, body).unwrap()).into_iter().collect();
    let seen = Observation::Read(LiveWorkspace { items, metadata: Vec::new() });
    let seen = BTreeMap::from([(desired.workspaces[0].key.clone(), seen)]);
    plan::plan(desired, &seen, &plan::Options::default(), "2026-11-24".parse().unwrap())
}

/// Every rule and saved search below a JSON value, with what it is.
fn bodies(value: &Value, found: &mut Vec<(Kind, Value)>) {
    let properties = &value["properties"];
    // Templates of rules have no `enabled`.
    let rule =
        value["kind"].as_str().and_then(Kind::parse).filter(|_| properties["enabled"].is_boolean());
    let search = properties["category"].is_string() && properties["query"].is_string();
    if let Some(kind) = rule.or(search.then_some(Kind::Hunt)) {
        let mut body = value.clone();
        body["name"] = json!("pulled");
        if kind == Kind::Hunt {
            body["properties"]["category"] = json!("Hunting Queries");
            body["properties"].as_object_mut().unwrap().remove("functionAlias");
        }
        found.push((kind, body));
    }
    match value {
        Value::Array(list) => list.iter().for_each(|inner| bodies(inner, found)),
        Value::Object(fields) => fields.values().for_each(|inner| bodies(inner, found)),
        _ => {}
    }
}

fn json_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

#[test]
fn what_is_pulled_of_a_real_body_is_that_body_again() {
    let Some(specs) = beside("specs") else { return };
    let (mut files, mut found) = (Vec::new(), Vec::new());
    json_files(&specs, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        bodies(&serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap(), &mut found);
    }
    assert!(found.len() >= 20, "{}", found.len());
    for kind in [Kind::Scheduled, Kind::Nrt, Kind::Hunt] {
        assert!(found.iter().any(|(of, _)| *of == kind), "{kind}");
    }
    for (kind, body) in found {
        let fields = pulled(kind, &body);
        let desired = wanting(kind, fields.clone());
        let stands = planned(&desired, Some(body.clone()));
        let (_, change) = stands.changes().next().unwrap();
        assert_eq!(change.class, Class::Adoptable, "{:?} of {body:#}", change.fields);
        // The service takes these, so a body can be made of them, which says the same.
        let made = planned(&desired, None);
        let (_, change) = made.changes().next().unwrap();
        let Work::Create { resource, .. } = &change.work else {
            panic!("{} of {body:#}", change.reason)
        };
        let mut again = resource.body.clone();
        again["name"] = json!("pulled");
        for (field, value) in fields {
            let now = field.read(kind, &again);
            assert!(field.same(&value, &now), "{field}: {value} and {now} of {body:#}");
        }
        let stands = planned(&desired, Some(again));
        assert_eq!(stands.changes().next().unwrap().1.class, Class::Adoptable);
    }
}

const FLEET: &str = "owner: acme-soc\nrings: [canary]\n";

/// The published content, compiled for the only workspace.
fn compiled(corpus: &Path) -> Desired {
    let root = tempfile::tempdir().unwrap();
    let id = sides::workspace();
    let environment = json!({
        "cloud": "emulator", "endpoint": "embedded",
        "tenantId": "11111111-1111-1111-1111-111111111111", "credential": {"kind": "none"},
        "workspaces": [{
            "name": "prod", "subscriptionId": id.subscription.as_str(),
            "resourceGroup": id.resource_group.as_str(), "workspaceName": id.name.as_str(),
        }],
    });
    std::fs::create_dir(root.path().join("environments")).unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(root.path().join("environments").join(name), text).unwrap();
    };
    write("fleet.yaml", FLEET);
    write("contoso.yaml", &serde_yaml::to_string(&environment).unwrap());
    let (catalog, _) = content::load_folder(corpus);
    let (fleet, said) = environment::load(root.path());
    let fleet = fleet.unwrap_or_else(|| panic!("{said:?}"));
    let mut desired = compile(&catalog, &fleet, "2026-11-24".parse().unwrap()).desired;
    let items = &mut desired.workspaces[0].items;
    items.retain(|_, item| matches!(item.state, DesiredState::Present(_)));
    desired
}

#[test]
fn what_is_pulled_of_deployed_published_content_is_that_content_again() {
    let Some(corpus) = beside("corpus") else { return };
    simulated(async {
        let mut world = World::new();
        world.at_once = 8;
        world.options.keep_going = true;
        world.desired = compiled(&corpus);
        let run = world.run().await;
        let done: Vec<&ItemKey> =
            run.items.iter().filter(|i| i.verdict == Verdict::Done).map(|item| &item.key).collect();
        assert!(done.len() > 250, "{} of {}", done.len(), run.items.len());
        // Another repository says what was pulled, field by field.
        let mut pulled_repository = sides::nothing(OWNER);
        for (key, present) in presents(&world.desired).filter(|(key, _)| done.contains(key)) {
            let collection = Collection::of(key.family);
            let live = world.get(collection, key.id.as_str()).await.unwrap();
            let fields = pulled(present.kind, &live);
            for (field, value) in &present.fields {
                let now = fields.get(field).unwrap_or(&Value::Null);
                let dead = field.is_dead(&present.fields);
                assert!(dead || field.same(value, now), "{key} {field}: {value} and {now}");
            }
            sides::want_with(&mut pulled_repository, key.clone(), present.kind, fields);
        }
        let pulled_world = world.of_another(pulled_repository);
        let plan = pulled_world.plan().await;
        let in_sync = plan.changes().filter(|(_, change)| change.class == Class::InSync).count();
        let open: Vec<String> = pulled_world.pending().await;
        let open: Vec<&String> = open.iter().filter(|line| !line.contains("gone")).collect();
        assert!(open.is_empty(), "{open:#?}");
        assert_eq!(in_sync, done.len());
    });
}
