//! Generated repositories, one after the other, in a workspace where others work too, at a service that
//! rewrites what it is given: after each apply nothing is left to do.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sentinelops::arm::Collection;
use sentinelops::check::{Subject, check};
use sentinelops::compile::compile;
use sentinelops::emulator::Normaliser;
use sentinelops::state::{Desired, DesiredState};
use sentinelops::{content, environment};
use serde_json::{Map, Value, json};

use crate::sides;
use crate::world::{World, simulated};

const FLEET: &str = "owner: acme-soc\nrings: [canary]\npolicy: { exclusionsNeed: [] }\n";

/// The files of a repository.
type Files = BTreeMap<String, Value>;

fn any_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 <>&|:#'\"{}\\[\\]%@!*äé€\\n-]{0,40}"
}

fn any_duration(hours: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = String> {
    (hours, 0..3_u8).prop_map(|(hours, spelling)| match spelling {
        0 => format!("{hours}h"),
        1 => format!("PT{}M", hours * 60),
        _ => format!("{}m", hours * 60),
    })
}

fn set_of(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(all, 0..=all.len()).prop_shuffle()
}

/// What a rule and a hunt have alike.
fn any_basis(prefix: &'static str, slug: usize) -> impl Strategy<Value = Map<String, Value>> {
    let tactics = set_of(&["Execution", "Impact", "Exfiltration"]);
    let tags = set_of(&["network", "relay"]);
    let description = prop::option::of(any_text());
    (any_text(), description, tactics, tags, 1..4_u16, any::<bool>()).prop_map(
        move |(name, description, tactics, tags, port, blanks)| {
            let technique = |tactic: &&str| match *tactic {
                "Execution" => "T1059.001",
                "Impact" => "T1486",
                _ => "T1567",
            };
            let techniques: Vec<&str> = tactics.iter().map(technique).collect();
            let id = format!("{prefix}-{slug}");
            let around = if blanks { "\n  " } else { "" };
            let query = format!(
                "{around}DeviceNetworkEvents{around}\n| where RemotePort == {port}\n| where RemoteUrl has \"{id}\"\n\
                 | project TimeGenerated, DeviceName, RemoteUrl, RemoteIP, RemotePort"
            );
            let name = name.replace('\n', " ");
            let fields = json!({
                "id": id, "name": format!("{} {id}", name.trim()), "query": query, "tactics": tactics,
                "relevantTechniques": techniques, "tags": tags,
            });
            let Value::Object(mut fields) = fields else { panic!("an object") };
            fields.extend(description.map(|text| ("description".to_owned(), json!(text))));
            fields
        },
    )
}

fn any_rule(slug: usize) -> impl Strategy<Value = Value> {
    let severity = prop::sample::select(&["High", "medium", "Low", "Informational"][..]);
    let schedule =
        (any_duration(1..=12), prop::sample::select(&["gt", "lt", "eq"][..]), 0..100_u32);
    let grouping = prop::option::of((any::<bool>(), any_duration(1..=24), set_of(&["Host", "IP"])));
    let details = set_of(&["RemotePort", "RemoteUrl"]);
    let more =
        (prop::option::of(any::<bool>()), any::<bool>(), any::<bool>(), any_duration(12..=20));
    (any_basis("rule", slug), severity, schedule, grouping, details, more).prop_map(
        |(mut rule, severity, (frequency, operator, threshold), grouping, details, more)| {
            let (enabled, maps, suppressed, suppression) = more;
            rule.insert("kind".into(), json!("Scheduled"));
            rule.insert("severity".into(), json!(severity));
            rule.insert("queryFrequency".into(), json!(frequency));
            rule.insert("queryPeriod".into(), json!("1d"));
            rule.insert("triggerOperator".into(), json!(operator));
            rule.insert("triggerThreshold".into(), json!(threshold));
            rule.extend(enabled.map(|enabled| ("enabled".to_owned(), json!(enabled))));
            if suppressed {
                rule.insert("suppressionEnabled".into(), json!(true));
                rule.insert("suppressionDuration".into(), json!(suppression));
            }
            if maps {
                let host = json!({"identifier": "HostName", "columnName": "DeviceName"});
                let address = json!({"identifier": "Address", "columnName": "RemoteIP"});
                rule.insert("entityMappings".into(), json!([
                    {"entityType": "Host", "fieldMappings": [host]},
                    {"entityType": "IP", "fieldMappings": [address]},
                ]));
            }
            if !details.is_empty() {
                let details: Map<String, Value> =
                    details.iter().map(|name| (format!("My{name}"), json!(name))).collect();
                rule.insert("customDetails".into(), Value::Object(details));
            }
            if let Some((reopen, lookback, by)) = grouping.filter(|_| maps) {
                let matching = if by.is_empty() { "AnyAlert" } else { "Selected" };
                rule.insert("incidentConfiguration".into(), json!({
                    "createIncident": true,
                    "groupingConfiguration": {
                        "enabled": true, "reopenClosedIncident": reopen, "lookbackDuration": lookback,
                        "matchingMethod": matching, "groupByEntities": by,
                    },
                }));
            }
            Value::Object(rule)
        },
    )
}

/// A repository with some of the items, an exclusion of some, and an environment that differs.
fn any_files() -> impl Strategy<Value = Files> {
    let rules: Vec<_> = (0..3).map(|slug| prop::option::weighted(0.7, any_rule(slug))).collect();
    let hunts: Vec<_> =
        (0..2).map(|slug| prop::option::weighted(0.7, any_basis("hunt", slug))).collect();
    let excluded = prop::option::of(prop::sample::select(&["network", "relay"][..]));
    let overridden = prop::option::of((0..3_usize, prop::sample::select(&["High", "Low"][..])));
    let observed = set_of(&["severity", "enabled"]);
    (rules, hunts, excluded, overridden, observed).prop_map(
        |(rules, hunts, excluded, overridden, observed)| {
            let mut files = Files::new();
            let hunts = hunts.into_iter().flatten().map(Value::Object);
            let rules: Vec<Value> = rules.into_iter().flatten().collect();
            let is_there = |slug: usize| {
                let id = format!("rule-{slug}");
                rules.iter().any(|rule| rule["id"] == id.as_str())
            };
            let overridden = overridden.filter(|(slug, _)| is_there(*slug));
            let overrides = overridden.map_or(json!({}), |(slug, severity)| {
                let value = json!({"value": severity, "reason": "their wish"});
                json!({format!("rule-{slug}"): {"severity": value}})
            });
            for item in hunts.chain(rules) {
                let path = format!("content/{}.yaml", item["id"].as_str().unwrap());
                files.insert(path, item);
            }
            let tagged = |tag: &str| {
                files.values().any(|item| item["tags"].as_array().unwrap().iter().any(|t| t == tag))
            };
            if let Some(tag) = excluded.filter(|tag| tagged(tag)) {
                let exclusion = json!({
                    "id": "patch-wave", "scenario": "Patches", "appliesTo": {"tags": [tag]},
                    "scope": "all", "when": "DeviceName =~ \"srv-patch-01\"",
                    "owner": "soc@acme.example", "expires": "2027-05-01",
                });
                let exclusions = json!({"exclusions": [exclusion]});
                files.insert("content/exclusions/all.yaml".into(), exclusions);
            }
            let id = sides::workspace();
            files.insert("environments/contoso.yaml".into(), json!({
                "cloud": "emulator", "endpoint": "embedded",
                "tenantId": "11111111-1111-1111-1111-111111111111", "credential": {"kind": "none"},
                "overrides": overrides, "observed": observed,
                "workspaces": [{
                    "name": "prod", "subscriptionId": id.subscription.as_str(),
                    "resourceGroup": id.resource_group.as_str(), "workspaceName": id.name.as_str(),
                    "ring": "canary",
                }],
            }));
            files
        },
    )
}

/// What the files come to, as the program reads them.
fn compiled(files: &Files) -> Desired {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("environments/fleet.yaml", FLEET);
    write("content/.keep", "");
    for (path, value) in files {
        write(path, &serde_yaml::to_string(value).unwrap());
    }
    let today = "2026-11-24".parse().unwrap();
    let (catalog, said) = content::load(root.path());
    let (fleet, more) = environment::load(root.path());
    let fleet = fleet.unwrap_or_else(|| panic!("{:?} {:?}", said, more));
    let mut compiled = compile(&catalog, &fleet, today);
    let subject = Subject { catalog: &catalog, fleet: &fleet, compiled: &compiled, today };
    let checked = check(&subject);
    checked.hold(&mut compiled.desired);
    compiled.desired
}

/// What others do between two runs.
#[derive(Debug, Clone)]
enum Noise {
    Nothing,
    /// They edit a property of the first rule of ours, if there is one.
    Edit(&'static str, Value),
    /// They delete it.
    Delete,
    /// They make a rule and a hunt of their own.
    Make(u8),
}

fn any_noise() -> impl Strategy<Value = Noise> {
    prop_oneof![
        Just(Noise::Nothing),
        Just(Noise::Edit("/properties/triggerThreshold", json!(77))),
        Just(Noise::Edit("/properties/description", json!("By hand"))),
        Just(Noise::Edit("/properties/enabled", json!(false))),
        Just(Noise::Delete),
        any::<u8>().prop_map(Noise::Make),
    ]
}

async fn disturb(world: &World, noise: &Noise) {
    let rules = world.list(Collection::AlertRules).await;
    let ours = |rule: &&Value| rule["name"].as_str().unwrap().starts_with("rule-");
    let first = rules.iter().find(ours).map(|rule| rule["name"].as_str().unwrap());
    match (noise, first) {
        (Noise::Edit(pointer, value), Some(name)) => {
            world.edit(Collection::AlertRules, name, pointer, value.clone()).await;
        }
        (Noise::Delete, Some(name)) => world.delete(Collection::AlertRules, name).await,
        (Noise::Make(number), _) => {
            let mut rule = rules[0].clone();
            rule["kind"] = json!("NRT");
            rule["properties"] = json!({"displayName": format!("Theirs {number}"), "enabled": true,
                "severity": "Low", "query": "DeviceNetworkEvents", "suppressionEnabled": false,
                "suppressionDuration": "PT5H"});
            let body = json!({"kind": rule["kind"], "properties": rule["properties"]});
            let name = format!("theirs-{number}");
            if world.get(Collection::AlertRules, &name).await.is_none() {
                world.put(Collection::AlertRules, &name, &body).await;
            }
        }
        (Noise::Nothing | Noise::Edit(..) | Noise::Delete, _) => {}
    }
}

/// Applies the repositories in turn; after each, nothing is left to do, and others' things stand.
async fn settles(stages: &[(Files, Noise, bool)], bits: u8) -> usize {
    let has = |bit: u8| bits & (1 << bit) != 0;
    let mut world = World::rewriting(Normaliser {
        reorders_sets: has(0),
        respells_durations: has(1),
        trims_texts: has(2),
        changes_line_ends: has(3),
        adds_defaults: has(4),
        only: None,
    });
    world.at_once = 4;
    world.options.desired_wins = true;
    world.options.keep_going = true;
    let mut present = 0;
    let ours: Vec<String> =
        (0..3).flat_map(|n| [format!("rule-{n}"), format!("hunt-{n}")]).collect();
    let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
    for (files, noise, prune) in stages {
        world.options.prune = *prune;
        disturb(&world, noise).await;
        let others = world.others(&ours).await;
        world.desired = compiled(files);
        let items = &world.desired.workspaces[0].items;
        let held: Vec<_> =
            items.iter().filter(|(_, item)| matches!(item.state, DesiredState::Held(_))).collect();
        assert!(held.is_empty(), "{held:?} of {files:#?}");
        present += items.len();
        let run = world.run().await;
        let open = |item: &&sentinelops::apply::ItemOutcome| {
            use sentinelops::apply::Verdict;
            !matches!(item.verdict, Verdict::Done | Verdict::Waits(_))
        };
        let open: Vec<_> = run.items.iter().filter(open).collect();
        // What was retired and then edited is somebody's to decide; all else is done.
        let edited = |item: &&&sentinelops::apply::ItemOutcome| {
            item.class == sentinelops::plan::Class::RetiredEdited
        };
        assert!(open.iter().all(|item| edited(&item)), "{open:#?}");
        tokio::time::sleep(Duration::from_secs(60)).await;
        let mut pending = world.pending().await;
        pending.retain(|line| !line.contains("retired-edited"));
        assert_eq!(pending, [""; 0], "after {files:#?}");
        assert_eq!(world.others(&ours).await, others);
    }
    present
}

#[test]
fn after_an_apply_nothing_is_left_to_do_whatever_the_files_the_service_and_others_do() {
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let stages = prop::collection::vec((any_files(), any_noise(), any::<bool>()), 1..4);
    let items = std::cell::Cell::new(0);
    let run = TestRunner::new(config).run(&(stages, 0..32_u8), |(stages, bits)| {
        items.set(items.get() + simulated(settles(&stages, bits)));
        Ok(())
    });
    run.unwrap();
    assert!(items.get() > 150, "{}", items.get());
}
