//! Files that are wrong: each ends with a stable code, its place, a way to mend it, exit 10, and
//! nothing sent.

use crate::root::Root;
use crate::sample::{self, EXCLUSION, HUNT, HUNT_FILE, RULE, RULE_FILE};

const EXCLUSION_FILE: &str = "content/exclusions/relay.yaml";
const FLEET_FILE: &str = "environments/fleet.yaml";
const LOCAL_FILE: &str = "environments/local.yaml";
const OTHER_FILE: &str = "environments/other.yaml";

/// Breaks a good root and checks what `check` and `apply` say about it.
#[track_caller]
fn check(break_it: impl FnOnce(&Root), code: &str, place: &str) {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write(HUNT_FILE, HUNT);
    root.write(EXCLUSION_FILE, EXCLUSION);
    break_it(&root);
    let error = format!("error[{code}]");
    // Exclusions of content that is in no workspace would not be looked at by `check` alone.
    for command in [&["check"][..], &["apply", "--yes", "--all"]] {
        root.run(command).exits(10).says(&[&error, &format!("{place}:"), "help: "]);
    }
    assert_eq!(portal.writes(), Vec::<String>::new(), "{code}: nothing is sent");
}

#[track_caller]
fn replaced(file: &str, from: &str, to: &str, code: &str, line: usize) {
    check(|root| root.replace(file, from, to), code, &format!("{file}:{line}"));
}

#[track_caller]
fn added(file: &str, text: &str, code: &str, line: usize) {
    check(|root| root.write(file, text), code, &format!("{file}:{line}"));
}

#[test]
fn a_rule_that_the_service_would_refuse_is_named_and_nothing_is_sent() {
    let code = "period-below-frequency";
    replaced(RULE_FILE, "queryPeriod: 1h", "queryPeriod: 5m", code, 11);
}

#[test]
fn content_that_is_wrong_is_named_and_nothing_is_sent() {
    let rule = |from, to, code, line| replaced(RULE_FILE, from, to, code, line);
    rule("severity: Medium", "severity: [Medium", "invalid-yaml", 5);
    rule("severity: Medium", "severity: Medium\nseverity: High", "duplicate-key", 5);
    rule("severity: Medium", "severity: Loud", "unknown-value", 4);
    rule("severity: Medium\n", "", "missing-key", 1);
    rule("severity: Medium", "severty: Medium", "unknown-key", 4);
    rule("severity: Medium", "severity: Medium\nfoo: x", "unknown-key", 5);
    rule("id: relay-rule\n", "", "missing-id", 1);
    rule("id: relay-rule", "id: relay/rule?", "bad-id", 1);
    rule("id: relay-rule", "id: 'relay rule '", "bad-id", 1);
    rule("kind: Scheduled", "kind: Fusion", "unknown-kind", 3);
    rule("queryPeriod: 1h", "queryPeriod: soon", "bad-duration", 11);
    rule("triggerThreshold: 0", "triggerThreshold: many", "bad-threshold", 13);
    rule("tags: [network]", "tactics: [Magic]", "unknown-tactic", 14);
    rule("tags: [network]", "relevantTechniques: [X1]", "bad-technique", 14);
    rule("tags: [network]", "queryFrom: relay-hunt", "query-and-query-from", 14);
    rule("tags: [network]", "replaces: relay-hunt", "replaced-still-there", 14);
    let second = |id: &str| RULE.replace("id: relay-rule", id).replace("contacted", "again");
    let other = "content/analytics/second.yaml";
    added(other, &second("id: relay-rule"), "duplicate-id", 1);
    added(other, &second("id: Relay-RULE"), "duplicate-id", 1);
    let from: String = second("id: second").replace("query: |\n", "queryFrom: nowhere\n");
    let from: String =
        from.lines().filter(|line| !line.starts_with("  ")).map(|l| format!("{l}\n")).collect();
    added(other, &from, "unknown-query-source", 6);
    added("content/exclusions.yaml", EXCLUSION, "misplaced-exclusions", 1);
}

#[test]
fn an_exclusion_that_is_wrong_is_named_and_nothing_is_sent() {
    let exclusion = |from, to, code, line| replaced(EXCLUSION_FILE, from, to, code, line);
    exclusion("scope: all", "scope: [all", "invalid-yaml", 6);
    exclusion("content: [relay-rule]", "content: [relay-rul]", "unknown-content", 4);
    exclusion("appliesTo: { content: [relay-rule] }", "appliesTo: {}", "empty-applies-to", 4);
    exclusion("    scope: all\n", "", "missing-scope", 2);
    exclusion("scope: all", "scope: {}", "empty-scope", 5);
    exclusion("scope: all", "scope: { environments: [locl] }", "unknown-scope-name", 5);
    exclusion("scope: all", "scope: { workspaces: [sandbx] }", "unknown-scope-name", 5);
    exclusion("scope: all", "scope: { tags: [lap] }", "unknown-scope-name", 5);
    exclusion("DeviceName =~", "DeviceNome =~", "exclusion-unknown-column", 6);
    exclusion("DeviceName =~", "event.type =~", "exclusion-unknown-column", 6);
    exclusion("=~ 'srv-patch-01'", "=~ 'srv-patch-01' and", "exclusion-predicate-unreadable", 6);
    exclusion("=~ 'srv-patch-01'", "== 3", "exclusion-type-mismatch", 6);
    exclusion("    owner", "    keep: DeviceName != 'x'\n    owner", "when-and-keep", 7);
    exclusion("    when: DeviceName =~ 'srv-patch-01'\n", "", "missing-condition", 2);
    exclusion("id: patch-wave", "id: \"patch\\nwave\"", "bad-exclusion-id", 2);
    exclusion("id: patch-wave", "id: \"patch'wave\"", "bad-exclusion-id", 2);
    exclusion("id: patch-wave", "id: Patch-Wave", "bad-exclusion-id", 2);
    exclusion("expires: 2027-05-01", "expires: next year", "bad-date", 9);
    exclusion("    scope", "    scoop: x\n    scope", "unknown-key", 5);
    exclusion("DeviceName: pc-1", "DeviceName: srv-patch-01", "exclusion-test-failed", 12);
    exclusion("expect: kept", "expect: unreached", "exclusion-without-tests", 11);
    exclusion(
        "    scope",
        "    table: SigninLogs\n    scope",
        "exclusion-cannot-place-table-absent",
        2,
    );
    let twice = format!("{EXCLUSION}{}", EXCLUSION.replace("exclusions:\n", ""));
    added(EXCLUSION_FILE, &twice, "duplicate-exclusion-id", 13);
}

#[test]
fn an_exclusion_that_the_policy_does_not_allow_holds_its_rule() {
    let policy = "policy: { exclusionsNeed: [owner, expires, tests] }\n";
    let without = |cut: &str, code: &str| {
        check(
            |root| {
                root.append(FLEET_FILE, policy);
                let lines = EXCLUSION.lines().filter(|line| !line.trim_start().starts_with(cut));
                let text: String = lines.map(|line| format!("{line}\n")).collect();
                let text = if cut == "tests" {
                    text.split("      - {").next().unwrap().to_owned()
                } else {
                    text
                };
                root.write(EXCLUSION_FILE, &text);
            },
            code,
            &format!("{EXCLUSION_FILE}:2"),
        );
    };
    without("owner", "exclusion-without-owner");
    without("expires", "exclusion-without-expires");
    without("tests", "exclusion-without-tests");
}

#[test]
fn an_exclusion_that_excludes_everything_or_nothing_or_blinds_is_an_error() {
    let table = [
        ("DeviceName =~ 'srv-patch-01'", "DeviceName != 'x' or DeviceName != 'y'", "everything"),
        ("DeviceName =~ 'srv-patch-01'", "RemotePort == 1 and RemotePort == 2", "nothing"),
        ("DeviceName =~ 'srv-patch-01'", "RemoteUrl has 'relay.example'", "query"),
    ];
    for (from, to, said) in table {
        let (root, portal) = Root::empty();
        root.write(RULE_FILE, RULE);
        root.write(EXCLUSION_FILE, &EXCLUSION.replace(from, to));
        root.run(&["apply", "--yes"]).exits(10).says(&[&format!("{EXCLUSION_FILE}:6:"), said]);
        assert_eq!(portal.writes(), Vec::<String>::new());
    }
}

#[test]
fn an_environment_that_is_wrong_is_named_and_nothing_is_sent() {
    let fleet = |from, to, code, line| replaced(FLEET_FILE, from, to, code, line);
    fleet("owner: acme-soc\n", "", "missing-key", 1);
    fleet("owner: acme-soc", "owner: 'acme soc!'", "invalid-value", 1);
    fleet("owner: acme-soc", "owner: [acme-soc", "invalid-yaml", 2);
    fleet("rings: [canary, broad]", "rings: [canary, Canary]", "duplicate-ring", 2);
    fleet("rings:", "ring:", "unknown-key", 2);
    let local = |from, to, code, line| replaced(LOCAL_FILE, from, to, code, line);
    local("cloud: emulator", "cloud: emulater", "unknown-cloud", 1);
    local(sample::TENANT, "not-a-tenant", "invalid-value", 3);
    local("credential: { kind: none }", "credential: { kind: magic }", "unknown-credential", 4);
    local("ring: canary", "ring: canery", "unknown-ring", 11);
    local(sample::SUBSCRIPTION, "not-a-subscription", "invalid-value", 8);
    local("resourceGroup: rg-sandbox", "resourceGroup: 'rg/sandbox'", "invalid-value", 9);
    local("workspaceName: law-sandbox", "workspaceName: l?w", "invalid-value", 10);
    local("workspaceName: law-sandbox", "workspaceName: la", "invalid-value", 10);
    local("name: sandbox", "name: 'sand box'", "invalid-value", 7);
    local(
        "ring: canary",
        "ring: canary\n    resources: { relay-rule: 'a/b' }",
        "invalid-value",
        12,
    );
    let append = |text: &str, code: &str| {
        check(|root| root.append(LOCAL_FILE, text), code, &format!("{LOCAL_FILE}:12"));
    };
    append("overrides: { relay-rul: { severity: High } }\n", "unknown-content");
    append("overrides: { relay-rule: { severty: High } }\n", "not-overridable");
    append("observed: [severty]\n", "unknown-field");
    append("parameters: { nowhere: { x: 1 } }\n", "unknown-content");
    append(
        "accepted: [{ content: relay-rul, fields: [severity], until: 2027-01-01, reason: x }]\n",
        "unknown-content",
    );
    append("content: { include: [{ tag: netwrk }] }\n", "unknown-tag");
}

#[test]
fn a_server_that_is_not_loopback_is_never_reached_without_encryption() {
    for endpoint in
        ["http://management.azure.com", "http://10.0.0.1:80", "http://127.0.0.1.evil.example:1"]
    {
        check(
            |root| root.write(LOCAL_FILE, &sample::environment(endpoint)),
            "endpoint-refused",
            &format!("{LOCAL_FILE}:2"),
        );
    }
    check(
        |root| {
            let cloud = root.read(LOCAL_FILE);
            let lines = cloud.lines().filter(|line| !line.starts_with("endpoint"));
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            root.write(LOCAL_FILE, &text.replace("cloud: emulator", "cloud: public"));
        },
        "credential-refused",
        &format!("{LOCAL_FILE}:3"),
    );
}

#[test]
fn one_workspace_in_two_environments_is_an_error_whatever_is_selected() {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    let other = sample::environment(&portal.endpoint()).replace("law-sandbox", "LAW-Sandbox");
    root.write(OTHER_FILE, &other);
    for place in ["local", "other"] {
        root.run(&["apply", "--yes", "-e", place]).exits(10).says(&[
            "error[duplicate-workspace]",
            "environments/other.yaml:",
            "environments/local.yaml:",
            "help: ",
        ]);
    }
    assert_eq!(portal.requests(), 0);
}

#[test]
fn an_unknown_environment_is_an_error() {
    let (root, portal) = Root::with_rule();
    root.run(&["apply", "--yes", "-e", "lokal"]).exits(10).says(&["unknown-environment", "local"]);
    root.run(&["emulator", "edit", "-e", "lokal", "analytic-rule/x", "a=1"]).exits(10);
    assert_eq!(portal.requests(), 0);
}

#[test]
fn a_root_without_content_or_environments_retires_nothing() {
    let (root, portal) = Root::with_rule();
    std::fs::remove_dir_all(root.path("content")).unwrap();
    root.run(&["apply", "--yes", "--prune"]).exits(10).says(&["no-content", "--root"]);
    root.run(&["apply", "--yes", "--prune", "--keep-going"]).exits(10);
    assert_eq!(portal.writes(), Vec::<String>::new());
    std::fs::remove_dir_all(root.path("environments")).unwrap();
    root.run(&["apply", "--yes"]).exits(10).says(&["no-fleet-file"]);
}

/// The seed's filters as they stand, on the shipped hunt.
#[test]
fn the_seeds_filters_as_they_stand_are_refused_with_a_reason() {
    let filters = [
        ("process.name != \"ConnectWise\" OR process.name != \"LTSVC.exe\"", "tautology", ""),
        ("process.name != \"ConnectWise\" OR event.type != \"reboot\"", "event.type", "help: "),
        (
            "process.name != \"ConnectWise Agent\" OR event.action != \"scan\"",
            "event.action",
            "help: ",
        ),
        ("process.name != \"ConnectWise\" OR event.source != \"Intune\"", "event.source", "help: "),
    ];
    for (filter, named, help) in filters {
        let (root, portal) = Root::empty();
        root.write(RULE_FILE, RULE);
        let keep = format!("keep: {filter}");
        let text = EXCLUSION.replace("when: DeviceName =~ 'srv-patch-01'", &keep);
        root.write(EXCLUSION_FILE, &text);
        let ran = root.run(&["apply", "--yes"]).exits(10);
        let said = ran.says(&[&format!("{EXCLUSION_FILE}:6:"), help]);
        if named.starts_with("event") {
            said.says(&["error[exclusion-unknown-column]", named]);
        } else {
            said.says(&["nothing"]);
        }
        assert_eq!(portal.writes(), Vec::<String>::new());
    }
}
