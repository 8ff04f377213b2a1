//! This repository's own content, and what the tool says to exclusions that are wrong.

use std::fs;
use std::path::Path;

mod places;

use super::*;
use crate::content;
use crate::diag::Severity;
use crate::environment;
use crate::ident::Day;
use crate::state::{DesiredState, Field};

const HUNT: &str = "hunting-query/e483619f-5356-4967-b93e-cceb602783fb";
const RULE: &str = "analytic-rule/b6212120-3f98-439d-b982-24e84b913e53";

fn today() -> Day {
    "2026-11-24".parse().unwrap()
}

pub(super) fn compiled(root: &Path) -> Compiled {
    let (catalog, loaded) = content::load(root);
    assert!(!catalog.exclusions_unreadable, "{loaded:?}");
    let (fleet, diagnostics) = environment::load(root);
    let fleet = fleet.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let names = environment::check_names(&fleet, &catalog);
    assert!(!names.has_errors(), "{names:?}");
    compile(&catalog, &fleet, today())
}

fn shipped() -> Compiled {
    compiled(Path::new(env!("CARGO_MANIFEST_DIR")))
}

/// The shipped hunt in one workspace with one exclusion of the test's own.
fn with_exclusion(body: &str) -> Compiled {
    let hunt = "content/hunting/rmm-connectwise-network-connection.yaml";
    let hunt = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(hunt)).unwrap();
    hunt_with_exclusion(&hunt, body)
}

fn hunt_with_exclusion(hunt: &str, body: &str) -> Compiled {
    let exclusion = format!(
        "exclusions:\n  - id: tried\n    scenario: As the runbook has it\n    \
         appliesTo: {{ content: [e483619f-5356-4967-b93e-cceb602783fb] }}\n    scope: all\n{body}\n"
    );
    compiled_files("content/hunting/hunt.yaml", hunt, &exclusion)
}

/// One content file and one of exclusions, for the shipped local workspace.
fn compiled_files(path: &str, content: &str, exclusions: &str) -> Compiled {
    let root = tempfile::TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let local = Path::new(env!("CARGO_MANIFEST_DIR")).join("environments/local.yaml");
    write("environments/local.yaml", &fs::read_to_string(local).unwrap());
    write(
        "environments/fleet.yaml",
        "owner: acme-soc\nrings: [canary]\npolicy: { exclusionsNeed: [] }\n",
    );
    write(path, content);
    write("content/exclusions/tried.yaml", exclusions);
    compiled(root.path())
}

/// Codes of errors, and whether the hunt is held.
fn verdict(body: &str) -> (Vec<&'static str>, bool) {
    verdict_of(&with_exclusion(body))
}

fn verdict_of(compiled: &Compiled) -> (Vec<&'static str>, bool) {
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let codes = errors.map(|d| d.code.as_str()).collect();
    let mut items = compiled.desired.workspaces[0].items.values();
    (codes, items.all(|item| matches!(item.state, DesiredState::Held(_))))
}

fn held(body: &str, code: &'static str) {
    let (codes, held) = verdict(body);
    assert!(codes.contains(&code) && held, "{body}: {codes:?}, held: {held}");
}

#[test]
fn the_shipped_content_has_no_error_and_no_warning() {
    let compiled = shipped();
    let said: Vec<_> =
        compiled.diagnostics.iter().filter(|d| d.severity != Severity::Note).collect();
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(compiled.tests.failed(), 0);
}

#[test]
fn every_shipped_exclusion_takes_something_out_and_leaves_the_hunt_alive() {
    let compiled = shipped();
    assert_eq!(compiled.reach.len(), 5);
    for exclusion in compiled.reach.keys() {
        let witness = compiled.diagnostics.iter().find(|d| {
            d.code.as_str() == "exclusion-witness"
                && d.subject.as_deref() == Some(exclusion.as_str())
        });
        let witness = witness.unwrap_or_else(|| panic!("`{exclusion}` does nothing"));
        assert!(witness.notes.iter().any(|note| note.starts_with("what is still found")));
        let tests = compiled.tests.results.iter().filter(|r| &r.exclusion == exclusion);
        let expectations: Vec<_> = tests.map(|result| result.expect).collect();
        assert!(expectations.contains(&content::Expectation::Excluded), "{exclusion}");
        assert!(expectations.contains(&content::Expectation::Kept), "{exclusion}");
    }
}

#[test]
fn exclusions_stand_before_the_summarize_and_the_hunts_own_filters_are_intact() {
    let compiled = shipped();
    for key in [HUNT, RULE] {
        let workspace = &compiled.desired.workspaces[0];
        let item = &workspace.items[&key.parse().unwrap()];
        let DesiredState::Present(present) = &item.state else { panic!("{item:?}") };
        let text = present.fields[&Field::Query].as_str().unwrap();
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
        let (filters, summarize) = (at("'ScreenConnect'"), at("| summarize"));
        assert!(at("| where Timestamp between (Time_start..Time_end)") < filters);
        assert!(at("| where RemoteUrl has_any") < filters);
        for exclusion in &present.exclusions {
            let stage = at(&format!("// exclusion: {exclusion}\n| where not(now() < datetime("));
            assert!(filters < stage && stage < summarize);
        }
        assert_eq!(present.exclusions.len(), 4);
    }
}

#[test]
fn the_promoted_rule_looks_back_as_far_as_its_schedule_needs() {
    let compiled = shipped();
    let item = &compiled.desired.workspaces[0].items[&RULE.parse().unwrap()];
    let DesiredState::Present(present) = &item.state else { panic!("{item:?}") };
    let text = present.fields[&Field::Query].as_str().unwrap();
    assert!(text.starts_with("let Time_start = now(-70m);"), "{text}");
    assert_eq!(present.fields[&Field::QueryFrequency], "PT1H");
    assert_eq!(present.fields[&Field::QueryPeriod], "PT2H");
    let hunt = &compiled.desired.workspaces[0].items[&HUNT.parse().unwrap()];
    let DesiredState::Present(hunt) = &hunt.state else { panic!("{hunt:?}") };
    assert!(hunt.fields[&Field::Query].as_str().unwrap().starts_with("let Time_start = now(-5d);"));
}

#[test]
fn the_seeds_first_filter_is_a_tautology_and_excludes_nothing() {
    held(
        r#"    keep: process.name != "ConnectWise" OR process.name != "ConnectWise Scheduler""#,
        "exclusion-excludes-nothing",
    );
}

#[test]
fn the_seeds_other_filters_name_columns_that_there_are_not() {
    for filter in [
        r#"process.name != "ConnectWise" OR event.type != "reboot""#,
        r#"process.name != "ConnectWise Agent" OR event.action != "scan""#,
        r#"process.name != "ConnectWise" OR event.source != "Intune""#,
        r#"process.name != "ConnectWise" OR event.action != "software deployment""#,
    ] {
        held(&format!("    keep: {filter}"), "exclusion-unknown-column");
    }
}

#[test]
fn what_blinds_the_hunt_or_does_nothing_is_held() {
    held(
        r#"    when: InitiatingProcessVersionInfoCompanyName has_any ("connectwise", "continuum managed", "screenconnect")"#,
        "exclusion-blinds-query",
    );
    held(r#"    when: RemoteUrl has "screenconnect.com""#, "exclusion-blinds-alternative");
    held(
        r#"    when: InitiatingProcessVersionInfoCompanyName == "Contoso""#,
        "exclusion-has-no-effect",
    );
    held(
        r#"    when: isnotempty(DeviceName) or isempty(DeviceName)"#,
        "exclusion-excludes-everything",
    );
    held(r#"    when: RemoteUrl has """#, "exclusion-too-broad");
    held(r"    when: strange_function(DeviceName) == 1", "exclusion-may-blind-query");
}

#[test]
fn what_is_undecided_may_be_acknowledged_and_blindness_may_not() {
    let acknowledged = |when: &str, code: &str| {
        verdict(&format!(
            "    when: {when}\n    acknowledge: [{{ code: {code}, reason: looked at it }}]"
        ))
    };
    let (codes, held) =
        acknowledged("strange_function(DeviceName) == 1", "exclusion-may-blind-query");
    assert!(codes.is_empty() && !held, "{codes:?}");
    let (codes, held) = acknowledged("RemotePort >= 0 or true", "exclusion-excludes-everything");
    assert!(codes.contains(&"exclusion-excludes-everything") && held, "{codes:?}");
}

/// Codes of errors, and whether the rule is held: a rule of its own with one exclusion.
fn verdict_on(schedule: &str, query: &str, exclusion: &str) -> (Vec<&'static str>, bool) {
    let rule = format!(
        "id: 0b1d2f4e-7a54-4f64-9a3f-3a1f0c5b7d01\nname: Tried\ndescription: Tried\n\
         severity: Low\ntactics: [Execution]\n{schedule}query: |\n  {query}\n"
    );
    let exclusion = format!(
        "exclusions:\n  - id: tried\n    scenario: Tried\n    \
         appliesTo: {{ content: [0b1d2f4e-7a54-4f64-9a3f-3a1f0c5b7d01] }}\n    scope: all\n    \
         {exclusion}\n"
    );
    verdict_of(&compiled_files("content/analytics/tried.yaml", &rule, &exclusion))
}

const DAILY: &str = "kind: Scheduled\nqueryFrequency: 1d\nqueryPeriod: 1d\ntriggerOperator: gt\n\
                     triggerThreshold: 0\n";

#[test]
fn a_filter_behind_other_stages_does_not_hide_that_an_exclusion_blinds_the_rule() {
    for query in [
        r#"DeviceNetworkEvents | extend x=1 | where RemoteUrl has "a""#,
        r#"DeviceNetworkEvents | project RemoteUrl | sort by RemoteUrl | where RemoteUrl has "a""#,
        r#"union DeviceNetworkEvents, DeviceEvents | where RemoteUrl has "a""#,
    ] {
        let when = r#"when: RemoteUrl has "a"
    table: DeviceNetworkEvents"#;
        let (codes, held) = verdict_on(DAILY, query, when);
        assert!(held && codes == ["exclusion-blinds-query"], "{query}: {codes:?}");
        let (codes, held) = verdict_on(DAILY, query, &when.replace("\"a\"", "\"b\""));
        assert!(!held && codes.is_empty(), "{query}: {codes:?}");
    }
}

#[test]
fn an_exclusion_of_all_that_a_rule_looks_back_to_blinds_it() {
    let query = r#"DeviceNetworkEvents | where RemoteUrl has "a""#;
    let blinds = (vec!["exclusion-blinds-query"], true);
    for when in
        ["Timestamp > ago(14d)", "isnotnull(TimeGenerated)", "Timestamp < datetime(2030-01-01)"]
    {
        assert_eq!(verdict_on(DAILY, query, &format!("when: {when}")), blinds, "{when}");
    }
    // Looking back further finds it two days late, if at all: somebody has to want that.
    let longer = DAILY.replace("queryPeriod: 1d", "queryPeriod: 14d");
    let when = "when: Timestamp > ago(2d)";
    assert_eq!(verdict_on(DAILY, query, when), blinds);
    let known = format!(
        "{when}\n    acknowledge: [{{ code: exclusion-blinds-recent, reason: old rows only }}]"
    );
    for keys in [longer.as_str(), ""] {
        assert_eq!(verdict_on(keys, query, when), (vec!["exclusion-blinds-recent"], true));
        assert_eq!(verdict_on(keys, query, &known), (vec![], false));
    }
    assert_eq!(verdict_on("kind: NRT\n", query, when), blinds);
    // A window in the future may be acknowledged, with the day before one's eyes.
    let window = "when: Timestamp between (datetime(2027-01-10) .. datetime(2027-01-12))\n    \
                  expires: 2027-02-01";
    assert_eq!(verdict_on(DAILY, query, window), blinds);
    let known = format!(
        "{window}\n    acknowledge: [{{ code: exclusion-blinds-query, reason: we move house }}]"
    );
    assert_eq!(verdict_on(DAILY, query, &known), (vec![], false));
}

#[test]
fn a_failing_test_holds_what_the_exclusion_applies_to() {
    let when = r#"    when: DeviceName =~ "pc-1""#;
    let test = "    tests:\n      - { expect: kept, event: { DeviceName: PC-1, RemoteUrl: connectwise.com, InitiatingProcessVersionInfoCompanyName: ConnectWise } }";
    held(&format!("{when}\n{test}"), "exclusion-test-failed");
    let unreached = "    tests:\n      - { expect: excluded, event: { DeviceName: PC-1, RemoteUrl: example.com } }";
    held(&format!("{when}\n{unreached}"), "exclusion-test-failed");
}

#[test]
fn the_same_files_compile_to_the_same_bytes() {
    assert_eq!(format!("{:?}", shipped().desired), format!("{:?}", shipped().desired));
}
