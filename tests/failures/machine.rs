//! The machine that the program runs on: its disk is full, its repository cannot be written to.

use std::process::{Command, Stdio};
use std::thread::scope;

use crate::portal::{AlertRules, Metadata, Portal, SavedSearches};
use crate::root::{Ran, Root};
use crate::sample;

/// Runs the program through a shell: `exec "$@"` there is the program.
fn through_shell(root: &Root, script: &str, args: &[&str]) -> Ran {
    let program = root.command(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(program.get_program()).args(args);
    command.current_dir(program.get_current_dir().unwrap()).env_remove("CI").stdin(Stdio::null());
    Ran::of(args, command.output().unwrap())
}

/// Runs `apply` where no file can become longer than so many blocks of 512 bytes, as on a disk that is
/// full by then. What it prints goes to pipes and is not meant.
fn applies_within(root: &Root, blocks: usize) -> Ran {
    let full = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    through_shell(root, &full, &["apply", "--yes"])
}

/// A deployed rule to update, and a hunt to create.
fn workspace() -> (Root, Portal) {
    let (root, portal) = Root::with_rule();
    root.write(sample::HUNT_FILE, sample::HUNT);
    root.replace(sample::RULE_FILE, "severity: Medium", "severity: High");
    (root, portal)
}

/// How many runs have kept what they replaced of the rule.
fn kept_of_rule(root: &Root) -> usize {
    let file = "replaced/local/sandbox/analytic-rule.relay-rule.json";
    root.files().into_iter().filter(|(path, _)| path.ends_with(file)).count()
}

/// Live and records are what the files say.
#[track_caller]
fn is_as_the_files_say(root: &Root, portal: &Portal, when: &str) {
    root.run(&["plan", "--exit-code"]).exits(0);
    root.run(&["drift"]).exits(0);
    let severity = &portal.get(AlertRules, sample::RULE_NAME)["properties"]["severity"];
    assert_eq!(severity, "High", "{when}");
    assert!(portal.get(SavedSearches, sample::HUNT_NAME).is_object(), "{when}");
    assert_eq!(portal.list(Metadata).len(), 2, "{when}");
}

#[test]
fn a_disk_that_is_full_at_any_length_of_any_file_stops_what_it_cannot_keep_and_says_so() {
    let fills_up = |blocks: usize| {
        let (root, portal) = workspace();
        let earlier = kept_of_rule(&root);
        let ran = applies_within(&root, blocks);
        let code = ran.code;
        assert!([0, 3, 30].contains(&code), "{blocks} blocks: {ran}");
        // Nothing is written that could not be taken back.
        let kept = kept_of_rule(&root) > earlier;
        let written = portal.writes().iter().any(|write| write == "PUT relay-rule");
        assert!(kept || !written, "{blocks} blocks: written, and not kept: {ran}");
        match code {
            0 => {}
            3 if portal.writes().is_empty() => drop(ran.says(&["failed to keep the run"])),
            3 => drop(ran.says(&["failed to write the outcome"])),
            _ => drop(ran.says(&["could not be kept"])),
        }
        root.run(&["apply", "--yes"]).exits(0);
        is_as_the_files_say(&root, &portal, &format!("after {blocks} blocks"));
        code
    };
    let codes: Vec<i32> = scope(|threads| {
        let all: Vec<_> = (0..12).map(|blocks| threads.spawn(move || fills_up(blocks))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // From no room at all to room for everything.
    assert_eq!((codes[0], codes[11]), (3, 0), "{codes:?}");
}

/// Runs the program where its repository cannot be written to. Nobody keeps a superuser from writing but
/// the file system, which needs a namespace of its own; where there is none, answers nothing.
fn runs_read_only(root: &Root, args: &[&str]) -> Option<Ran> {
    let folder = root.path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    let mount = format!("mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}");
    let probe = format!("unshare -m sh -c '{mount} && ! touch {folder}/probe' 2>/dev/null");
    let script = if Command::new("sh").args(["-c", &probe]).status().unwrap().success() {
        format!("exec unshare -m sh -c '{mount} && cd {folder} && exec \"$@\"' sh \"$@\"")
    } else {
        let modes = std::os::unix::fs::PermissionsExt::from_mode;
        std::fs::set_permissions(folder, modes(0o555)).unwrap();
        let is_writable = std::fs::write(root.path("probe"), "").is_ok();
        if is_writable {
            return None;
        }
        "exec \"$@\"".to_owned()
    };
    let ran = through_shell(root, &script, args);
    let modes = std::os::unix::fs::PermissionsExt::from_mode;
    std::fs::set_permissions(folder, modes(0o755)).unwrap();
    Some(ran)
}

#[test]
fn a_repository_that_cannot_be_written_to_is_read_and_planned_and_nothing_is_sent() {
    let (root, portal) = Root::empty();
    root.write(sample::RULE_FILE, sample::RULE);
    for (args, code) in [
        (&["check"][..], 0),
        (&["plan", "--exit-code"], 20),
        (&["drift"], 0),
        (&["apply", "--yes"], 3),
    ] {
        let Some(ran) = runs_read_only(&root, args) else {
            println!("skipped: nothing keeps this user from writing here");
            return;
        };
        let ran = ran.exits(code);
        if code == 3 {
            ran.says(&["failed to keep the run", "nothing was sent"]);
        }
    }
    assert!(portal.writes().is_empty());
    root.run(&["apply", "--yes"]).exits(0);
}
