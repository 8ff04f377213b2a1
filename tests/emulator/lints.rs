//! The lints and the emulator agree about what the service refuses, over the corpus of published
//! content and over rules that are wrong in one way each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sentinelops::arm::body;
use sentinelops::check::{Checked, Subject, check};
use sentinelops::compile::{Compiled, compile};
use sentinelops::content::{self, Catalog};
use sentinelops::environment;
use sentinelops::state::desired::{DesiredState, Present};
use sentinelops::state::{Kind, desired::HeldReason};
use serde_json::json;

use crate::client::{Service, options, rule, search};

const ENVIRONMENT: &str = "cloud: emulator\nendpoint: embedded\n\
    tenantId: 33333333-3333-3333-3333-333333333333\ncredential: { kind: none }\n\
    workspaces:\n  - name: prod\n    subscriptionId: 22222222-2222-2222-2222-222222222222\n    \
    resourceGroup: rg-sec\n    workspaceName: law-sec\n";

/// The corpus lies beside the project and is not part of it; only CI insists on it.
#[expect(clippy::print_stdout, reason = "a skipped test must be seen")]
fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", folder.display());
    println!("SKIPPED: {} is missing", folder.display());
    None
}

/// Content compiled for one workspace, and what the lints say.
fn checked(catalog: &Catalog) -> (Compiled, Checked) {
    let root = tempfile::TempDir::new().unwrap();
    let folder = root.path().join("environments");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("a.yaml"), ENVIRONMENT).unwrap();
    fs::write(folder.join("fleet.yaml"), "owner: acme\nrings: [canary]\n").unwrap();
    let (fleet, read) = environment::load(root.path());
    assert!(!read.has_errors(), "{read:?}");
    let fleet = fleet.unwrap();
    let today = "2026-11-24".parse().unwrap();
    let compiled = compile(catalog, &fleet, today);
    let subject = Subject { catalog, fleet: &fleet, compiled: &compiled, today };
    let checked = check(&subject);
    (compiled, checked)
}

/// Why the emulator refuses an item; nothing when it takes it.
fn refusal(service: &Service, id: &str, present: &Present) -> Option<String> {
    let mut new = json!({"properties": {}});
    for (&field, value) in &present.fields {
        field.write(present.kind, &mut new, value.clone());
    }
    let properties = new["properties"].as_object().cloned().unwrap();
    let (target, body) = match present.kind {
        Kind::Hunt => (search(id), body::hunting_query(properties)),
        kind => (rule(id), body::rule(kind.as_str(), properties).unwrap()),
    };
    let answer = service.put(&target, &body);
    (answer.status >= 400).then(|| answer.message().to_owned())
}

#[test]
fn what_the_lints_let_pass_the_emulator_takes() {
    let Some(folder) = corpus() else { return };
    let (catalog, _) = content::load_folder(&folder);
    let (compiled, checked) = checked(&catalog);
    let mut desired = compiled.desired;
    checked.hold(&mut desired);
    let service = Service::start(options());
    let (mut taken, mut refused) = (0, Vec::new());
    for (key, item) in &desired.workspaces[0].items {
        let DesiredState::Present(present) = &item.state else { continue };
        match refusal(&service, key.id.as_str(), present) {
            None => taken += 1,
            Some(why) => refused.push(format!("{}: {why}", item.path)),
        }
    }
    // Its first parenthesis is never closed: no engine reads it.
    let unreadable = "PersistViaIFEORegistryKey.yaml: Request is invalid and cannot be processed: Syntax error: SYN0001: I could not parse that, sorry. [line:position=0:0]";
    assert!(matches!(refused.as_slice(), [one] if one.ends_with(unreadable)), "{refused:#?}");
    assert!(taken > 350, "only {taken} items");
    service.stop();
}

#[test]
fn what_the_lints_find_in_published_content_is_counted() {
    let Some(folder) = corpus() else { return };
    let (catalog, _) = content::load_folder(&folder);
    let (_, checked) = checked(&catalog);
    let mut codes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for found in &checked.diagnostics {
        *codes.entry((found.severity.word(), found.code.as_str())).or_default() += 1;
        assert!(found.help.is_some() && found.place().is_some(), "{}", found.message);
    }
    // No published rule has an error: the service takes them all.
    let expect = BTreeMap::from([
        (("note", "undeclared-table"), 14),
        (("warning", "column-not-in-output"), 2),
        (("warning", "filter-always-true"), 1),
        (("warning", "lookback-beyond-period"), 1),
        (("warning", "several-results"), 1),
        (("warning", "window-repeats"), 17),
    ]);
    assert_eq!(codes, expect);
}

/// Keys of a rule, and whether the service takes it.
const RULES: &[(&str, bool)] = &[
    ("queryFrequency: 1h\nqueryPeriod: 1h", true),
    ("queryFrequency: 2h\nqueryPeriod: 1h", false),
    ("queryFrequency: 30m\nqueryPeriod: 2d", false),
    ("queryFrequency: 1h\nqueryPeriod: 15d", false),
    ("queryFrequency: 1m\nqueryPeriod: 1h", false),
    ("suppressionEnabled: true\nsuppressionDuration: 30m", false),
    ("suppressionDuration: 30m", true),
    ("suppressionDuration: 2d", false),
    ("tactics: [Execution]\nrelevantTechniques: [T1219]", false),
    ("tactics: [CommandAndControl]\nrelevantTechniques: [T1219, T1071.001]", true),
    ("customDetails: { 1a: C }", false),
    ("customDetails: { a1: C }", true),
    ("customDetails: { a: 'b c' }", false),
    ("alertDetailsOverride: { alertDisplayNameFormat: '{{a}} {{b}} {{c}} {{d}}' }", false),
    ("alertDetailsOverride: { alertDisplayNameFormat: '{{a}} {{b}} {{c}}' }", true),
    (
        "entityMappings: [{ entityType: Host, fieldMappings: [{ identifier: Name, columnName: C }] }]",
        false,
    ),
    (
        "entityMappings: [{ entityType: Host, fieldMappings: [{ identifier: HostName, columnName: C }] }]",
        true,
    ),
    (
        "entityMappings: [{ entityType: Account, fieldMappings: [{ identifier: UPNSuffix, columnName: C }] }]",
        false,
    ),
    (
        "entityMappings: [{ entityType: IP, fieldMappings: [{ identifier: Address, columnName: a.b }] }]",
        false,
    ),
    (
        "incidentConfiguration: { groupingConfiguration: { enabled: true, matchingMethod: Selected } }",
        false,
    ),
    (
        "incidentConfiguration: { groupingConfiguration: { enabled: true, lookbackDuration: 8d } }",
        false,
    ),
    ("incidentConfiguration: { groupingConfiguration: { enabled: true } }", true),
    ("query: search *", false),
    ("query: union * | where a == 1", false),
    ("query: union T, U", true),
];

#[test]
fn what_is_wrong_with_a_rule_is_an_error_here_and_there() {
    let service = Service::start(options());
    let defaults = "severity: Low\nqueryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: gt\n\
                    triggerThreshold: 0\nquery: T";
    for (keys, is_taken) in RULES {
        let is_given = |key: &str| keys.lines().any(|line| line.starts_with(key));
        let others = defaults.lines().filter(|line| {
            let (key, _) = line.split_once(' ').unwrap();
            !is_given(key)
        });
        let others: Vec<&str> = others.collect();
        let root = tempfile::TempDir::new().unwrap();
        let text =
            format!("id: tried\nname: Tried\nkind: Scheduled\n{}\n{keys}\n", others.join("\n"));
        fs::write(root.path().join("tried.yaml"), text).unwrap();
        let (catalog, loaded) = content::load_folder(root.path());
        assert!(!loaded.has_errors(), "{keys}: {loaded:?}");
        let (compiled, checked) = checked(&catalog);
        let mut desired = compiled.desired.clone();
        checked.hold(&mut desired);
        let state = |desired: &sentinelops::state::Desired| {
            desired.workspaces[0].items.values().next().unwrap().state.clone()
        };
        let DesiredState::Present(present) = state(&compiled.desired) else { panic!("{keys}") };
        let refused = refusal(&service, "tried", &present);
        assert_eq!(refused.is_none(), *is_taken, "{keys}: {refused:?}");
        let held: Vec<HeldReason> = match state(&desired) {
            DesiredState::Held(reasons) => reasons,
            DesiredState::Present(_) => Vec::new(),
        };
        assert_eq!(held.is_empty(), *is_taken, "{keys}: {:?}", checked.diagnostics);
    }
    service.stop();
}
