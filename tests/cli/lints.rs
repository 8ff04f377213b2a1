//! What is said about rules that the service would refuse, or that do not do what they look like: the
//! list of the documented limits, each through the program, with its place and a way on.

use crate::portal::Portal;
use crate::root::Root;
use crate::sample::{HUNT, HUNT_FILE, RULE, RULE_FILE};

/// The program says this about a changed rule, in one line of the file, and explains the code.
#[track_caller]
fn says(from: &str, to: &str, code: &str, line: usize, text: &str) {
    assert!(RULE.contains(from), "{from}");
    let (root, _portal) = Root::empty();
    root.write(RULE_FILE, &RULE.replacen(from, to, 1));
    let severity = if text.starts_with("warning") { 0 } else { 10 };
    let ran = root.run(&["check"]).exits(severity);
    let (word, text) = text.split_once(": ").unwrap();
    ran.says(&[&format!("{word}[{code}]: "), text, &format!("{RULE_FILE}:{line}:"), "help: "]);
    root.run(&["explain", code]).exits(0).says(&[code, "Way on"]);
}

#[track_caller]
fn key(keys: &str, code: &str, text: &str) {
    says("tags: [network]\n", &format!("{keys}\n"), code, 14, text);
}

#[track_caller]
fn query(query: &str, code: &str, line: usize, text: &str) {
    let from = RULE.find("  DeviceNetworkEvents").unwrap()..RULE.find("queryFrequency").unwrap();
    let query: String = query.lines().map(|line| format!("  {line}\n")).collect();
    says(&RULE[from], &query, code, line, text);
}

#[test]
fn limits_of_the_query() {
    let many: Vec<String> = (0..800).map(|n| format!("'10.0.{}.{n}'", n % 250)).collect();
    let long = format!("T | where a in ({})", many.join(", "));
    query(&long, "query-too-long", 7, "error: characters; a rule's may have 10000");
    query("search *", "query-of-all-tables", 7, "error: refuses a rule with `search *`");
    query("union * | where a == 1", "query-of-all-tables", 7, "error: rule with `union *`");
    query("search 'x'", "query-of-all-tables", 7, "warning: may refuse a rule with `search`");
    let cut = "DeviceNetworkEvents\n| where RemoteUrl has 'a';\n| project DeviceName";
    query(cut, "several-results", 9, "warning: a `;` ends it before its end");
    let filled = "DeviceNetworkEvents | where DeviceName == '{{host}}'";
    query(filled, "placeholder-left", 7, "warning: `{{host}}`, that nothing fills");
    let folded = "query: >\n  DeviceNetworkEvents // c\n";
    says("query: |\n  DeviceNetworkEvents\n", folded, "folded-comment", 7, "error: swallows");
    let always = "CommonSecurityLog\n| where DeviceAction !startswith 'REQ_BLOCKED' or DeviceAction \
                  !startswith 'REQ_BAD_'";
    let event = "warning: it does not keep out, for example: DeviceAction: \"req_blocked\"";
    query(always, "filter-always-true", 8, event);
    let never = "Syslog\n| where Computer == 'a' and Computer == 'b'";
    query(never, "query-admits-nothing", 8, "warning: no row of `Syslog` gets through");
}

#[test]
fn limits_of_the_schedule() {
    let back = "DeviceNetworkEvents | where TimeGenerated > ago(14d)";
    query(back, "lookback-beyond-period", 7, "warning: the query looks back P14D");
    let day = "queryPeriod: 1d";
    says("queryPeriod: 1h", day, "window-repeats", 10, "warning: 24 runs see the same event");
    let half = "queryPeriod: 30m";
    says("queryPeriod: 1h", half, "period-below-frequency", 11, "error: the service refuses it");
    let often = "queryFrequency: 30m\nqueryPeriod: 2d";
    let (both, hourly) = ("queryFrequency: 1h\nqueryPeriod: 1h", "error: at most once an hour");
    says(both, often, "long-period-short-frequency", 10, hourly);
    let far = "queryFrequency: 1d\nqueryPeriod: 15d";
    says(both, far, "duration-out-of-range", 11, "error: the service takes PT5M to P14D");
    let threshold = "triggerThreshold: 10001";
    says("triggerThreshold: 0", threshold, "bad-threshold", 13, "error: from 0 to 10000");
    let nrt = "kind: NRT";
    says("kind: Scheduled", nrt, "schedule-ignored", 10, "warning: has no `queryFrequency`");
    let short = "suppressionDuration: 30m\nsuppressionEnabled: true";
    key(short, "suppression-below-frequency", "error: the pause ends before the next run");
}

#[test]
fn limits_of_tactics_entities_and_details() {
    key("tactics: [Ransomware]", "unknown-tactic", "error: `Ransomware` is not a tactic");
    key("relevantTechniques: [T12]", "bad-technique", "error: `T12` is not a technique");
    let without = "relevantTechniques: [T1219]\ntactics: [Execution]";
    key(without, "technique-without-tactic", "error: add one of `CommandAndControl`");
    let newer = "relevantTechniques: [T1659]\ntactics: [Execution]";
    key(newer, "technique-newer-than-service", "warning: it knew ATT&CK 13.1");
    let mapping = |entity: &str, identifiers: &[&str]| {
        let fields: Vec<String> = identifiers
            .iter()
            .map(|identifier| format!("{{ identifier: {identifier}, columnName: DeviceName }}"))
            .collect();
        let fields = fields.join(", ");
        format!("entityMappings: [{{ entityType: {entity}, fieldMappings: [{fields}] }}]")
    };
    key(&mapping("Computer", &["HostName"]), "bad-entity-mapping", "error: not a type of entity");
    key(&mapping("Host", &["Name"]), "bad-entity-identifier", "error: no identifier `Name`");
    key(&mapping("Account", &["UPNSuffix"]), "bad-entity-identifier", "error: map one of");
    let four = mapping("Host", &["HostName", "DnsDomain", "NTDomain", "OSFamily"]);
    key(&four, "too-many-entities", "error: names 4 identifiers; the service takes 3");
    key("customDetails: { 1a: DeviceName }", "bad-custom-detail", "error: a letter first");
    key("customDetails: { a: User }", "column-not-in-output", "warning: does not return");
    let formats = "alertDetailsOverride: { alertDisplayNameFormat: '{{a}} {{b}} {{c}} {{d}}' }";
    key(formats, "bad-alert-override", "error: has 4 columns; the service takes 3");
    let version = "version: '1.0'\nalertRuleTemplateName: x";
    key(version, "bad-template-version", "error: write three numbers");
    let quoted = "description: |\n  'Somebody talks to a relay.'";
    let plain = "description: Somebody talks to a relay.";
    says(plain, quoted, "quoted-description", 6, "warning: wrapped in quotes");
}

#[test]
fn limits_of_hunting_queries_and_notes() {
    let (root, _portal) = Root::empty();
    let techniques: Vec<String> = (1000..1060).map(|number| format!("T{number}")).collect();
    let many = format!("relevantTechniques: [{}]", techniques.join(", "));
    root.write(HUNT_FILE, &HUNT.replace("relevantTechniques: [T1219]", &many));
    root.run(&["check"]).exits(10).says(&["error[hunt-tag-too-long]", "a saved search takes 256"]);
    let long = format!("description: {}", "word ".repeat(80));
    root.write(HUNT_FILE, &HUNT.replace("description: Who talks to relays.", &long));
    root.run(&["check"]).exits(0).says(&["warning[description-cut]", "keeps 256"]);
    root.remove(HUNT_FILE);
    let declared = "requiredDataConnectors: [{ connectorId: x, dataTypes: [SigninLogs] }]\n";
    root.write(RULE_FILE, &RULE.replace("tags: [network]\n", declared));
    root.run(&["check", "-v"]).exits(0).says(&["note[undeclared-table]", "`DeviceNetworkEvents`"]);
}

/// A second workspace with these keys.
fn with_second(keys: &str) -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.append(
        "environments/local.yaml",
        &format!(
            "  - name: second\n    subscriptionId: {}\n    resourceGroup: rg-second\n    \
             workspaceName: law-second\n    {keys}\n",
            crate::sample::SUBSCRIPTION
        ),
    );
    (root, portal)
}

#[test]
fn a_rule_is_looked_at_as_each_workspace_gets_it() {
    let short = "overrides: { relay-rule: { queryPeriod: { value: 30m, reason: less data } } }";
    let (root, _portal) = with_second(short);
    root.run(&["check"]).exits(10).says(&[
        "error[period-below-frequency]",
        "environments/local.yaml:16:",
        "in `local/second`",
    ]);
    let document = root.run(&["render", "--format", "json"]).exits(10).json();
    let held: Vec<bool> =
        document["items"].as_array().unwrap().iter().map(|item| item["held"].is_array()).collect();
    assert_eq!(held, [false, true]);
}

#[test]
fn a_parameter_that_looks_too_far_back_is_said_with_its_workspace() {
    let (root, _portal) = with_second("parameters: { relay-rule: { lookback: 14d } }");
    let rule = RULE.replace(
        "  DeviceNetworkEvents\n",
        "  let lookback = 1h;\n  DeviceNetworkEvents\n  | where TimeGenerated > ago(lookback)\n",
    );
    root.write(RULE_FILE, &format!("{rule}parameters: [lookback]\n"));
    root.run(&["check"]).exits(0).says(&["warning[lookback-beyond-period]", "in `local/second`"]);
}

#[test]
fn an_override_and_an_acceptance_that_have_ended_are_said() {
    let (root, _portal) = Root::with_rule();
    root.append(
        "environments/local.yaml",
        "overrides: { relay-rule: { severity: { value: High, reason: x, expires: 2026-11-23 } } }\n\
         accepted: [{ content: relay-rule, fields: [severity], until: 2026-11-23, reason: x }]\n",
    );
    root.run(&["check", "--today", "2026-11-23"]).exits(0).hides(&["ended"]);
    root.run(&["check", "--today", "2026-11-24"]).exits(0).says(&[
        "warning[override-ended]: the override of `severity` ended on 2026-11-23",
        "environments/local.yaml:12:",
        "warning[acceptance-ended]: what was accepted until 2026-11-23 is drift again",
        "environments/local.yaml:13:",
    ]);
    root.run(&["explain", "override-ended"]).exits(0).says(&["Way on"]);
    root.run(&["explain", "acceptance-ended"]).exits(0).says(&["Way on"]);
}
