//! Ctrl-C, and the SIGTERM of a CI system that cancels a job.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::gate::{Fate, Gate, PATIENCE, Stop};
use crate::portal::{Metadata, Portal, SavedSearches};
use crate::root::Root;
use crate::sample;

const OTHER_HUNT: &str = "content/hunting/second.yaml";

/// Two hunts to create, which are written one after the other.
fn two_hunts() -> (Root, Portal) {
    let (root, portal) = Root::empty();
    root.write(sample::HUNT_FILE, sample::HUNT);
    let second =
        sample::HUNT.replace("relay-hunt", "second-hunt").replace("Relays by", "Second by");
    root.write(OTHER_HUNT, &second);
    (root, portal)
}

/// A gate at which every request of this line waits.
fn stop_at(portal: &Portal, line: &'static str) -> (Gate, Stop) {
    let (stop, stopped) = Stop::new();
    let rule = move |seen: &crate::gate::Seen| {
        if seen.line == line { stopped.wait() } else { Fate::Pass }
    };
    (Gate::before(portal, rule), stop)
}

#[test]
fn an_interrupt_while_reading_says_so_and_nothing_was_changed() {
    let (root, portal) = two_hunts();
    let (gate, stop) = stop_at(&portal, "GET metadata");
    gate.guards(&root);
    for args in [&["plan"][..], &["drift"], &["apply", "--yes"]] {
        for (signal, name) in [("INT", "Ctrl-C"), ("TERM", "SIGTERM")] {
            let process = root.start(args);
            stop.wait();
            process.signal(signal);
            let said = format!("error: interrupted ({name}): nothing was changed in any workspace");
            process.ends().exits(130).says(&[&said]);
            stop.let_go(Fate::Lost);
        }
    }
    assert!(portal.writes().is_empty());
}

#[test]
fn an_interrupt_while_applying_finishes_what_has_begun_and_says_what_was_not_done() {
    for (signal, name) in [("INT", "Ctrl-C"), ("TERM", "SIGTERM")] {
        let (root, portal) = two_hunts();
        // One at a time, so that the second has not begun.
        let limits = format!("{}limits: {{ perSubscription: 1 }}\n", sample::FLEET);
        root.write("environments/fleet.yaml", &limits);
        let (gate, stop) = stop_at(&portal, "PUT relay-hunt");
        gate.guards(&root);
        let mut process = root.start(&["apply", "--yes"]);
        stop.wait();
        process.signal(signal);
        process.says(&format!("interrupted ({name}): what has begun is finished"));
        stop.let_go(Fate::Pass);
        let ran = process.ends().exits(130);
        ran.says(&[
            "create done: Relays by device",
            "create not started: Second by device",
            "the run was interrupted",
            "Interrupted; what had begun was finished.",
        ]);
        let done = ["PUT huntingquery-relay-hunt", "PUT relay-hunt"];
        assert_eq!(portal.writes(), done, "the record too, and nothing else");
        drop(gate);
        root.write("environments/local.yaml", &sample::environment(&portal.endpoint()));
        root.run(&["apply", "--yes"]).exits(0).says(&["create done: Second by device"]);
        root.run(&["plan", "--exit-code"]).exits(0).says(&["2 in sync"]);
    }
}

#[test]
fn an_update_that_has_begun_is_finished_with_its_record() {
    let (root, portal) = Root::with_rule();
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
    let (gate, stop) = stop_at(&portal, "PUT relay-rule");
    gate.guards(&root);
    let mut process = root.start(&["apply", "--yes", "--format", "json"]);
    stop.wait();
    process.signal("INT");
    process.says("interrupted (Ctrl-C)");
    stop.let_go(Fate::Pass);
    let outcome = process.ends().exits(130).json();
    assert_eq!(outcome["interrupted"], true);
    assert_eq!(outcome["items"][0]["verdict"], "done", "{outcome:#}");
    let record = "PUT analyticsrule-relay-rule";
    assert_eq!(portal.writes(), [record, "PUT relay-rule", record]);
    root.run(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn a_second_interrupt_ends_at_once_and_the_next_run_goes_on() {
    let (root, portal) = two_hunts();
    let (gate, stop) = stop_at(&portal, "PUT relay-hunt");
    gate.guards(&root);
    let mut process = root.start(&["apply", "--yes"]);
    stop.wait();
    process.signal("INT");
    process.says("once more ends at once");
    process.signal("INT");
    // The request is still held.
    process.ends().exits(130).says(&["interrupted again (Ctrl-C): ended at once", "hint: run"]);
    stop.let_go(Fate::Lost);
    assert_eq!(portal.get(SavedSearches, "relay-hunt"), serde_json::Value::Null);
    assert_ne!(portal.get(Metadata, "huntingquery-relay-hunt"), serde_json::Value::Null);
    drop(gate);
    root.write("environments/local.yaml", &sample::environment(&portal.endpoint()));
    root.run(&["apply", "--yes"]).exits(0);
    root.run(&["plan", "--exit-code"]).exits(0).says(&["2 in sync"]);
}

/// `script` is part of every Debian, Ubuntu and Fedora; it gives the program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_at_the_question_is_no_and_says_so() {
    let (root, portal) = two_hunts();
    let program = env!("CARGO_BIN_EXE_sentinelops");
    let mut script = Command::new("script")
        .args(["-qefc", &format!("{program} apply"), "/dev/null"])
        .current_dir(root.path("."))
        .env_remove("CI")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = script.stdin.take().unwrap();
    let mut screen = script.stdout.take().unwrap();
    let (shows, shown) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = screen.read(&mut part) {
            let _nobody_looks = shows.send(String::from_utf8_lossy(&part[..length]).into_owned());
        }
    });
    let mut text = String::new();
    while !text.contains("Only `yes` is taken as yes") {
        text += &shown.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no question:\n{text}"));
    }
    keyboard.write_all(b"\x03").unwrap();
    while let Ok(part) = shown.recv_timeout(PATIENCE) {
        text += &part;
    }
    assert_eq!(script.wait().unwrap().code(), Some(130), "{text}");
    assert!(text.contains("interrupted (Ctrl-C): nothing was changed"), "{text}");
    assert!(portal.writes().is_empty());
}

#[test]
fn an_emulator_that_is_told_to_end_ends_well() {
    for signal in ["INT", "TERM"] {
        let (root, _portal) = Root::empty();
        let mut process = root.start(&["emulator", "--port", "0"]);
        process.says("Serving");
        process.signal(signal);
        process.ends().exits(0);
    }
}
