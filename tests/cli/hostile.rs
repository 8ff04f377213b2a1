//! Names, texts and answers of somebody who wants to give orders: to a terminal, to a pipeline's log, to
//! the page that a report is shown on. They are shown, and do nothing.

use sentinelops::emulator::{Answer, ErrorAnswer, Fault};
use serde_json::json;

use crate::portal::{AlertRules, Portal, SavedSearches};
use crate::root::{Ran, Root};
use crate::sample::{HUNT, HUNT_FILE, HUNT_NAME, RULE, RULE_FILE, RULE_NAME};

/// Everything at once, on one line.
const EVIL: &str = "\u{1b}[31mX\u{9b}2J\u{202e}Y\u{200b} ::set-output name=a::b ##[error]z ##vso[task.x] \
                    <img src=x onerror=y> [l](https://evil.example) `c` | **b** @team #1 $x$";

/// The same over several lines, each an order to a pipeline.
fn orders() -> String {
    format!("first\n::error::boom\n  ::add-mask::a\n##[group]x\r\n::set-output name=a::b\n{EVIL}")
}

/// As a quoted text of YAML, which has no room for control characters but as escapes.
fn in_yaml(text: &str) -> String {
    serde_json::to_string(text).unwrap().replace('\u{9b}', "\\u009b")
}

/// Nothing of it is an order to a terminal or a pipeline.
#[track_caller]
fn is_inert(ran: &Ran) {
    for out in [&ran.out, &ran.err] {
        let hidden = |c: char| c.is_control() && c != '\n' && c != '\t';
        let turning = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
        let found = out.chars().find(|c| hidden(*c) || turning(*c));
        assert_eq!(found, None, "{ran}");
        for line in out.lines() {
            let order = line.trim_start().starts_with("::");
            assert!(
                !order && !line.contains("##[") && !line.contains("##vso["),
                "{line:?} of {ran}"
            );
        }
    }
}

/// Nothing of it means anything in a page, outside of a block that is shown as it is.
#[track_caller]
fn is_plain_markdown(ran: &Ran) {
    let mut fenced = false;
    for line in ran.out.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let means = ["<img", "](http", "@team", "**b**", "https://evil"];
            let found: Vec<_> = means.iter().filter(|mark| line.contains(*mark)).collect();
            assert!(found.is_empty(), "{found:?} in {line:?}");
        }
    }
}

/// A rule and a hunt, which say in the files and live what nobody should obey.
fn hostile() -> (Root, Portal) {
    let (root, portal) = Root::empty();
    let quoted = in_yaml(EVIL);
    let several = in_yaml(&orders());
    let rule = RULE.replace("name: Relay contacted", &format!("name: {quoted}"));
    let rule =
        rule.replace("description: Somebody talks to a relay.", &format!("description: {several}"));
    root.write(RULE_FILE, &rule);
    root.write(HUNT_FILE, &HUNT.replace("Relays by device", "Hunt"));
    root.run(&["apply", "--yes"]).exits(0);
    portal.set(AlertRules, RULE_NAME, "description", json!(format!("{} live", orders())));
    portal.set(AlertRules, RULE_NAME, "displayName", json!(format!("{EVIL} live")));
    let query = format!(
        "{}\n{}",
        "DeviceNetworkEvents", "| where RemoteUrl has 'x' // ::error::y ##[z]\n::error::q"
    );
    portal.set(SavedSearches, HUNT_NAME, "query", json!(query));
    portal.set(SavedSearches, HUNT_NAME, "displayName", json!(orders()));
    (root, portal)
}

#[test]
fn no_report_in_any_format_obeys_what_somebody_named_a_rule() {
    let (root, _portal) = hostile();
    for command in [&["plan"][..], &["drift"], &["check"]] {
        for format in ["text", "json", "markdown"] {
            if command == ["check"] && format == "markdown" {
                continue;
            }
            let ran = root.run(&[command, &["--format", format, "-v"]].concat());
            assert!(ran.out.len() > 10, "{ran}");
            is_inert(&ran);
            if format == "markdown" {
                is_plain_markdown(&ran);
            }
        }
    }
    let ran = root.run(&["apply", "--yes", "--format", "json"]).exits(0);
    is_inert(&ran);
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    is_inert(&root.run(&["apply", "--yes"]).exits(0));
    is_inert(&root.run(&["rollback", "latest", "--yes"]).exits(0));
}

#[test]
fn no_page_and_no_scan_runs_what_somebody_named_a_rule() {
    let (root, _portal) = hostile();
    for command in ["plan", "drift"] {
        let page = root.run(&[command, "--format", "html"]).out;
        assert!(page.contains("first"), "{page}");
        for runs in ["<img", "onerror=y>", "\u{1b}", "\u{202e}", "\u{9b}"] {
            assert!(!page.contains(runs), "{runs:?} in {page}");
        }
    }
    let severity = format!("severity: {}", in_yaml(&format!("{}</script>", orders())));
    root.replace(RULE_FILE, "severity: Medium", &severity);
    is_inert(&root.run(&["check", "--format", "sarif"]).exits(10));
    // The only orders are the tool's own, one for each finding.
    let ran = root.run(&["check", "--format", "github"]).exits(10);
    let own = |line: &&str| {
        ["::error file=", "::warning file=", "::notice file="]
            .iter()
            .any(|own| line.starts_with(own))
    };
    let (own, others): (Vec<&str>, Vec<&str>) = ran.out.lines().partition(own);
    assert!(!own.is_empty(), "{ran}");
    let boom = own.iter().filter(|line| line.contains("boom")).count();
    assert!(boom > 0 && own.iter().all(|line| !line.contains('\u{1b}')), "{ran}");
    let order = |line: &&&str| line.trim_start().starts_with("::") || line.contains("##[");
    assert_eq!(others.iter().find(order), None, "{ran}");
}

#[test]
fn no_error_obeys_what_the_service_answers() {
    let (root, portal) = hostile();
    let refuse = |status: u16| {
        let message = Some(orders());
        let error =
            ErrorAnswer { status, code: Some(EVIL.into()), message, ..ErrorAnswer::default() };
        let put = Some(if status == 403 { "GET".to_owned() } else { "PUT".to_owned() });
        portal
            .emulator
            .faults()
            .set(vec![Fault { method: put, ..Fault::new(Answer::Error(error)) }]);
    };
    for format in ["text", "json", "markdown"] {
        refuse(403);
        let ran = root.run(&["plan", "--format", format, "-vv"]);
        assert!(ran.code == 40 || ran.code == 41, "{ran}");
        is_inert(&ran);
    }
    for format in ["text", "json"] {
        refuse(400);
        is_inert(&root.run(&["apply", "--yes", "--format", format, "-vv"]).exits(30));
    }
}

#[test]
fn no_diagnostic_obeys_a_file() {
    let (root, _portal) = Root::empty();
    let several = in_yaml(&orders());
    root.write(RULE_FILE, &RULE.replace("severity: Medium", &format!("severity: {several}")));
    root.write(
        "content/hunting/b.yaml",
        &format!("id: b\nname: x\n\"{}\": 1\nquery: T\n", "a\\e[31m::error::x"),
    );
    root.write("content/hunting/::error::x ##[y].yaml", "id: [\n::error::boom\n");
    for format in ["text", "json"] {
        let ran = root.run(&["check", "--format", format]).exits(10);
        is_inert(&ran);
    }
    is_inert(&root.run(&["plan"]));
}

#[cfg(unix)]
#[test]
fn a_saved_plan_is_its_owners_alone_and_follows_no_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (root, _portal) = hostile();
    root.write("victim.txt", "mine");
    symlink(root.path("victim.txt"), root.path("plan.json.part")).unwrap();
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    assert_eq!(root.read("victim.txt"), "mine");
    let mode = std::fs::metadata(root.path("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_repository_is_not_followed_and_its_target_not_shown() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.yaml");
    std::fs::write(&secret, "hunter2: [\n").unwrap();
    let links = [
        "content/analytics/a.yaml",
        "content/exclusions/a.yaml",
        "environments/a.yaml",
        "environments/local.schema.yaml",
    ];
    for link in links {
        let (root, _portal) = Root::empty();
        root.write(RULE_FILE, RULE);
        std::fs::create_dir_all(root.path(link).parent().unwrap()).unwrap();
        for target in [secret.as_path(), std::path::Path::new("../../../../../../etc/hostname")] {
            let _before = std::fs::remove_file(root.path(link));
            symlink(target, root.path(link)).unwrap();
            let ran = root.run(&["check"]).exits(10);
            ran.says(&["error[", link]).hides(&["hunter2"]);
        }
    }
}
