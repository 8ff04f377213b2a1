//! Small repositories for the tests of rules.

use std::fs;

use super::{Subject, check};
use crate::compile::compile;
use crate::{content, environment};

/// The findings about a scheduled rule with these keys and this query; keys that are not given have
/// plain values.
#[track_caller]
pub(super) fn check_rule(keys: &str, query: &str, expect: &[&str]) {
    let defaults = [
        ("kind", "Scheduled"),
        ("severity", "Low"),
        ("queryFrequency", "1h"),
        ("queryPeriod", "1h"),
        ("triggerOperator", "gt"),
        ("triggerThreshold", "0"),
    ];
    check_files(&[&file(&defaults, keys, query)], expect);
}

/// The same about a near-real-time rule.
#[track_caller]
pub(super) fn check_nrt(keys: &str, query: &str, expect: &[&str]) {
    check_files(&[&file(&[("kind", "NRT"), ("severity", "Low")], keys, query)], expect);
}

/// The same about a hunting query.
#[track_caller]
pub(super) fn check_hunt(keys: &str, query: &str, expect: &[&str]) {
    check_files(&[&file(&[], keys, query)], expect);
}

fn file(defaults: &[(&str, &str)], keys: &str, query: &str) -> String {
    let mut text = format!("id: tried\nname: Tried\n{keys}\n");
    for (key, value) in defaults {
        if !keys.lines().any(|line| line.starts_with(&format!("{key}:"))) {
            text += &format!("{key}: {value}\n");
        }
    }
    format!("{text}query: |\n  {}\n", query.replace('\n', "\n  "))
}

/// The findings of the rules about some files in one workspace. Whatever has an error is held.
#[track_caller]
pub(super) fn check_files(files: &[&str], expect: &[&str]) {
    let root = tempfile::TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (number, text) in files.iter().enumerate() {
        write(&format!("content/{number}.yaml"), text);
    }
    let environment = "cloud: emulator\nendpoint: embedded\n\
                       tenantId: 33333333-3333-3333-3333-333333333333\n\
                       credential: { kind: none }\nworkspaces:\n  - name: prod\n    \
                       subscriptionId: 22222222-2222-2222-2222-222222222222\n    \
                       resourceGroup: rg-sec\n    workspaceName: law-sec\n";
    write("environments/a.yaml", environment);
    write("environments/fleet.yaml", "owner: acme\nrings: [canary]\n");
    let (catalog, loaded) = content::load(root.path());
    let (fleet, read) = environment::load(root.path());
    let fleet = fleet.unwrap_or_else(|| panic!("{read:?}"));
    assert!(!loaded.has_errors(), "{loaded:?}");
    let today = "2026-11-24".parse().unwrap();
    let mut compiled = compile(&catalog, &fleet, today);
    assert!(!compiled.diagnostics.has_errors(), "{:?}", compiled.diagnostics);
    let subject = Subject { catalog: &catalog, fleet: &fleet, compiled: &compiled, today };
    let checked = check(&subject);
    let found: Vec<String> =
        checked.diagnostics.iter().map(|d| format!("{} {}", d.severity.word(), d.code)).collect();
    assert_eq!(found, expect, "{:?}", checked.diagnostics);
    assert!(checked.diagnostics.iter().all(|d| d.help.is_some() && d.place().is_some()));
    checked.hold(&mut compiled.desired);
    let items = compiled.desired.workspaces[0].items.values();
    let held = items.filter(|item| matches!(item.state, crate::state::DesiredState::Held(_)));
    assert_eq!(held.count() > 0, checked.diagnostics.has_errors());
}
