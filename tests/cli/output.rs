//! What is printed: where, in which format, in which order, the same for the same sides.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::portal::{AlertRules, Portal};
use crate::root::{Root, change};
use crate::sample::{EXCLUSION, HUNT, HUNT_FILE, RULE, RULE_FILE, RULE_KEY, RULE_NAME};

/// A louder change, a quieter one, and drift.
fn changed() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.replace(RULE_FILE, "severity: Medium", "severity: Low");
    portal.edit(AlertRules, RULE_NAME, &["displayName=By hand"]);
    root.write(HUNT_FILE, HUNT);
    root.write(
        "content/hunting/a.yaml",
        &HUNT.replace("relay-hunt", "a-hunt").replace("Relays by device", "A hunt"),
    );
    (root, portal)
}

#[test]
fn output_is_byte_identical_for_the_same_sides() {
    let (root, _portal) = changed();
    for command in ["plan", "drift"] {
        for format in ["text", "json", "markdown", "html"] {
            let run = || root.run(&[command, "--format", format]);
            let first = run();
            assert!(!first.out.is_empty());
            assert_eq!(first.out, run().out, "{command} {format}");
        }
    }
    for command in ["render", "check"] {
        assert_eq!(root.run(&[command]).exits(0).out, root.run(&[command]).out);
    }
}

#[track_caller]
fn has_keys(document: &Value, keys: &[&str]) {
    let found: BTreeSet<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    let lacking: Vec<&&str> = keys.iter().filter(|key| !found.contains(**key)).collect();
    assert!(lacking.is_empty(), "{lacking:?} in {document:#}");
}

#[test]
fn documents_have_their_documented_keys() {
    let (root, _portal) = changed();
    for (command, format, exit) in
        [("plan", "sentinelops.plan/v1", 0), ("drift", "sentinelops.drift/v1", 20)]
    {
        let document = root.run(&[command, "--format", "json"]).exits(exit).json();
        assert_eq!(document["format"], format);
        has_keys(&document, &["format", "changes", "workspaces", "summary"]);
        for change in document["changes"].as_array().unwrap() {
            has_keys(change, &["environment", "workspace", "key", "name", "class", "action"]);
            has_keys(change, &["reason", "effect", "fields"]);
            for field in change["fields"].as_array().unwrap() {
                has_keys(field, &["field", "moved", "before", "after"]);
            }
        }
        let workspace = &document["workspaces"][0];
        has_keys(workspace, &["environment", "workspace", "resourceId", "status"]);
        assert_eq!(workspace["status"], "read");
        assert_eq!(document["summary"]["classes"]["changed-and-drifted"], 1);
        assert_eq!(document["summary"]["actions"]["create"], 2);
    }
    let outcome = root.run(&["apply", "--yes", "--format", "json"]).exits(0).json();
    assert_eq!(outcome["format"], "sentinelops.outcome/v1");
    assert_eq!(outcome["summary"]["verdicts"]["done"], 3);
    has_keys(&outcome["items"][0], &["environment", "workspace", "key", "name", "class"]);
    has_keys(&outcome["items"][0], &["action", "effect", "verdict"]);
    root.replace(RULE_FILE, "severity: Low", "severity: Loud");
    let diagnostics = root.run(&["check", "--format", "json"]).exits(10).json();
    assert_eq!(diagnostics["format"], "sentinelops.diagnostics/v1");
}

#[test]
fn a_plan_says_by_what_detection_becomes_quieter() {
    let (root, _portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write("content/exclusions/relay.yaml", EXCLUSION);
    root.run(&["apply", "--yes"]).exits(0);
    // The exclusion keeps its id and takes more.
    root.replace(
        "content/exclusions/relay.yaml",
        "DeviceName =~ 'srv-patch-01'",
        "DeviceName startswith 'srv-patch-'",
    );
    root.run(&["plan"]).exits(0).says(&[
        "QUIETER",
        "may make detection quieter: exclusion `patch-wave` is changed, and may exclude more",
    ]);
    root.run(&["plan", "--format", "markdown"])
        .says(&["QUIETER", "is changed, and may exclude more"]);
    let plan = root.plan();
    let by = json!([{
        "what": "exclusion `patch-wave` is changed, and may exclude more",
        "certain": false,
    }]);
    assert_eq!(change(&plan, RULE_KEY)["quieterBy"], by);
    assert_eq!(change(&plan, RULE_KEY)["effect"], "quieter");
    root.run(&["apply", "--yes"]).exits(0);
    root.replace("content/exclusions/relay.yaml", "expires: 2027-05-01", "expires: 2027-08-01");
    root.replace(RULE_FILE, "queryFrequency: 1h", "queryFrequency: 30m");
    root.replace(RULE_FILE, "queryPeriod: 1h", "queryPeriod: 30m");
    let ends = "exclusion `patch-wave` ends later";
    root.run(&["plan"]).says(&["makes detection quieter", ends, "it looks back less far"]);
}

#[test]
fn quieter_changes_come_first_in_every_format() {
    let (root, _portal) = changed();
    for format in ["text", "json", "markdown"] {
        let out = root.run(&["plan", "--format", format]).exits(0).out;
        let rule = out.find("relay-rule").unwrap();
        let hunt = out.find("a-hunt").unwrap();
        assert!(rule < hunt, "{out}");
        assert!(out.to_lowercase().contains("quieter"), "{out}");
    }
    let markdown = root.run(&["plan", "--format", "markdown"]).out;
    assert!(markdown.find("quieter").unwrap() < markdown.find("<details>").unwrap());
}

#[test]
fn a_query_is_shown_as_a_unified_diff_and_other_fields_as_before_and_after() {
    let (root, _portal) = Root::with_rule();
    root.replace(RULE_FILE, "'relay.example'", "'relay2.example'");
    root.replace(RULE_FILE, "severity: Medium", "severity: High");
    let out = root.run(&["plan"]).exits(0).out;
    assert!(
        out.lines().any(|line| line.trim() == "-| where RemoteUrl has 'relay.example'"),
        "{out}"
    );
    assert!(
        out.lines().any(|line| line.trim() == "+| where RemoteUrl has 'relay2.example'"),
        "{out}"
    );
    assert!(out.contains("severity: \"Medium\" → \"High\""), "{out}");
}

#[test]
fn a_result_goes_to_the_file_that_is_named_and_nowhere_else() {
    let (root, _portal) = changed();
    let shown = root.run(&["plan", "--format", "markdown"]).out;
    let written = root.run(&["plan", "--format", "markdown", "--output", "plan.md"]).exits(0);
    assert_eq!(written.out, "");
    assert_eq!(root.read("plan.md"), shown);
    root.run(&["plan", "--output", "no/such/folder.txt"]).exits(3).says(&["no/such/folder.txt"]);
}

#[test]
fn a_page_for_a_browser_says_what_drifted_who_did_it_and_what_was_applied() {
    let (root, _portal) = changed();
    root.write("content/exclusions/own.yaml", EXCLUSION);
    let page = root.run(&["drift", "--format", "html", "--output", "drift.html"]).exits(20);
    assert_eq!(page.out, "");
    let page = root.read("drift.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("<title>1 drifted · Drift of "), "{}", &page[..900]);
    for said in [
        "By hand",
        "displayName",
        "\"by\":\"portal\"",
        "files say",
        "patch-wave",
        "soc@acme.example",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let plan = root.run(&["plan", "--format", "html"]).out;
    assert!(plan.contains("QUIETER") && plan.contains("workspace has"));
}

#[test]
fn a_format_that_a_command_does_not_have_is_refused_before_anything_is_done() {
    let (root, portal) = changed();
    portal.forget();
    for command in
        [&["apply", "--yes"][..], &["check"], &["test"], &["render"], &["rollback", "latest"]]
    {
        let args = [command, &["--format", "html"]].concat();
        root.run(&args).exits(2).says(&["not as html"]);
    }
    assert_eq!(portal.writes().len(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_an_error_and_what_was_done_is_said() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (root, _portal) = changed();
    for command in [&["plan"][..], &["drift"], &["render"]] {
        let ended = root.command(command).stdout(full()).output().unwrap();
        assert_eq!(ended.status.code(), Some(3), "{command:?}");
    }
    let ended = root.command(&["apply", "--yes"]).stdout(full()).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("update done") && said.contains("standard output"), "{said}");
    assert_eq!(ended.status.code(), Some(3));
    let (root, _portal) = changed();
    root.run(&["apply", "--yes", "--output", "no/such/folder.txt"]).exits(3).says(&["update done"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let (root, _portal) = changed();
    let pipe = root.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap())
    };
    root.run(&["plan", "--output", "pipe"]).exits(0);
    assert!(std::fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    assert!(reader.join().unwrap().contains("1 to update"));
}

#[test]
fn a_name_in_a_saved_plan_cannot_paint_the_terminal() {
    let (root, _portal) = changed();
    root.run(&["plan", "--out", "plan.json"]).exits(0);
    root.replace("plan.json", "plan-file/v4", "\\u001b[31m");
    let refused = root.run(&["apply", "plan.json", "--yes"]).exits(2);
    assert!(!refused.err.contains('\u{1b}'), "{refused}");
}

#[test]
fn an_embedded_emulator_that_is_in_use_or_damaged_is_no_bug() {
    let root = Root::shipped();
    root.run(&["apply", "-e", "local", "--yes"]).exits(0);
    let state = ".sentinelops/emulator.redb";
    {
        let _other_run = Portal::of(&root);
        for args in [&["plan", "-e", "local"][..], &["emulator", "journal"]] {
            root.run(args).exits(3).says(&["another process uses it", state]);
        }
    }
    for damage in ["no store", ""] {
        let mut bytes = std::fs::read(root.path(state)).unwrap();
        bytes.truncate(if damage.is_empty() { 5000 } else { 0 });
        bytes.extend(damage.as_bytes());
        std::fs::write(root.path(state), bytes).unwrap();
        root.run(&["plan", "-e", "local"]).exits(3).says(&["damaged", state, "delete"]);
    }
}

#[track_caller]
fn commands_nobody(text: &str) {
    let commands = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    assert_eq!(text.lines().find(commands), None, "{text}");
}

#[test]
fn what_somebody_wrote_is_no_command_to_the_pipeline_that_prints_it() {
    let (root, portal) = Root::with_rule();
    let fill = "x".repeat(60);
    // Wherever the line is broken, some word of it begins the next one.
    let name = format!("{fill} ::add-mask::retired ::stop-commands::x ##[error]x ::a ::b ::c");
    portal.edit(AlertRules, RULE_NAME, &[&format!("displayName={name}")]);
    portal.edit(AlertRules, RULE_NAME, &["query=T\n::add-mask::x\n  ##[group]"]);
    for args in [&["plan"][..], &["plan", "-v"], &["drift"], &["apply", "--yes", "--content", "x"]]
    {
        for format in ["text", "json", "markdown"] {
            let ran = root.run(&[args, &["--format", format]].concat());
            commands_nobody(&ran.out);
            commands_nobody(&ran.err);
        }
    }
    root.replace(RULE_FILE, "severity: Medium", "severity: '::error::x ##[error]'");
    for format in ["text", "json"] {
        let ran = root.run(&["check", "--format", format]).exits(10);
        assert!(ran.out.contains("error::x"));
        commands_nobody(&ran.out);
    }
    let ran = root.run(&["plan", "--content", "##[error]"]);
    commands_nobody(&ran.err);
}

#[test]
fn a_rendered_query_that_is_piped_is_the_query_byte_for_byte() {
    let (root, _portal) = Root::empty();
    let query = "query: \"DeviceEvents\\n::x\\n| where A has '##[\\e[2J'\"\n";
    let rule = RULE.replace(
        "query: |\n  DeviceNetworkEvents\n  | where RemoteUrl has 'relay.example'\n  | project TimeGenerated, DeviceName, RemoteUrl\n",
        query,
    );
    root.write(RULE_FILE, &rule);
    let rendered = root.run(&["render"]).out;
    assert!(rendered.contains("\n::x\n| where A has '##[\u{1b}[2J'\n"), "{rendered:?}");
}

#[test]
fn results_are_on_stdout_without_colour_and_quiet_is_quiet() {
    let (root, _portal) = changed();
    let plan = root.run(&["plan", "--quiet", "--out", "plan.json"]).exits(0);
    assert_eq!(plan.err, "");
    assert!(!plan.out.contains('\u{1b}'));
    assert!(root.run(&["plan", "--color", "always"]).out.contains('\u{1b}'));
    let check = root.run(&["check", "--quiet"]).exits(0);
    assert_eq!(check.err, "");
}

#[test]
fn what_is_typed_wrong_is_a_usage_error() {
    let (root, portal) = Root::with_rule();
    for wrong in [
        &["aply"][..],
        &["apply", "--no-such-flag"],
        &["apply", "--today", "2026-01-01"],
        &["plan", "--format", "yaml"],
        &["check", "--format", "markdown"],
        &["drift", "--today", "tomorrow"],
    ] {
        root.run(wrong).exits(2);
    }
    assert_eq!(portal.requests(), 0);
    root.run(&["--version"]).exits(0);
    root.run(&["apply", "--help"]).exits(0).says(&["--keep-going", "--prune"]);
}
