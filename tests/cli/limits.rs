//! Files that are too much: each ends in a diagnostic, within bounded time and memory, and nothing is
//! sent.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::root::{Ran, Root};
use crate::sample::{self, EXCLUSION, RULE, RULE_FILE};

/// Long enough for a debug build beside others; what grows with the square of a file takes hours.
const PATIENCE: Duration = Duration::from_secs(120);
/// More than anything here needs, and far less than what the files would come to.
const MEMORY_KIB: u64 = 512 << 10;

/// Runs `check` and looks at its memory while it runs.
fn checks(root: &Root) -> Ran {
    let begun = Instant::now();
    let mut child = root
        .command(&["check"])
        .stdout(Stdio::from(std::fs::File::create(root.path("out.txt")).unwrap()))
        .stderr(Stdio::from(std::fs::File::create(root.path("err.txt")).unwrap()))
        .spawn()
        .unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE || peak(child.id()) > MEMORY_KIB {
            let used = peak(child.id());
            child.kill().unwrap();
            panic!("{used} KiB after {:?}", begun.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let (stdout, stderr) = (root.read("out.txt").into_bytes(), root.read("err.txt").into_bytes());
    Ran::of(&["check"], std::process::Output { status, stdout, stderr })
}

/// The most memory that a process has had at once, in KiB; 0 where the machine does not say.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A good repository with one file more.
#[track_caller]
fn says(file: &str, text: &str, code: &str) {
    let (root, portal) = Root::empty();
    root.write(RULE_FILE, RULE);
    root.write(file, text);
    let ran = checks(&root).exits(10).says(&[&format!("error[{code}]"), "help: "]);
    assert!(ran.out.len() < 1 << 20, "{} bytes are printed", ran.out.len());
    assert_eq!(portal.requests(), 0);
}

/// One line for each number.
fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ = write!(text, "{}", line(number));
        text
    })
}

const MANY: usize = 100_000;

#[test]
fn a_file_of_a_gibibyte_is_not_read() {
    for file in [
        "content/analytics/large.yaml",
        "content/exclusions/large.yaml",
        "environments/large.yaml",
        "environments/local.schema.yaml",
    ] {
        let (root, _portal) = Root::empty();
        root.write(RULE_FILE, RULE);
        let large = root.path(file);
        std::fs::create_dir_all(large.parent().unwrap()).unwrap();
        std::fs::File::create(large).unwrap().set_len(1 << 30).unwrap();
        checks(&root).exits(10).says(&["error[unreadable-file]", file, "larger than 16 MiB"]);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    for file in ["content/analytics/a.yaml", "content/exclusions/a.yaml", "environments/a.yaml"] {
        let (root, _portal) = Root::empty();
        root.write(RULE_FILE, RULE);
        let pipe = root.path(file);
        std::fs::create_dir_all(pipe.parent().unwrap()).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        checks(&root).exits(10).says(&["error[unreadable-file]", "no regular file"]);
    }
}

#[test]
fn an_alias_bomb_does_not_go_off() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{},", level - 1).repeat(9);
        let _ = writeln!(bomb, "a{level}: &a{level} [{below}]");
    }
    says("content/analytics/bomb.yaml", &bomb, "too-much-yaml");
    says("content/exclusions/bomb.yaml", &bomb, "too-much-yaml");
    says("environments/bomb.yaml", &bomb, "too-much-yaml");
}

#[test]
fn a_content_file_with_a_hundred_thousand_of_anything_ends_in_a_diagnostic() {
    let rule = RULE.replace("relay-rule", "large-rule").replace("tags: [network]\n", "");
    let with = |text: &str| {
        says("content/analytics/large.yaml", &format!("{rule}{text}"), "too-much-yaml");
    };
    with(&many(MANY, |number| format!("key{number}: 1\n")));
    with(&format!("tags: [{}]\n", many(MANY, |number| format!("t{number}, "))));
    with(&format!("tactics: [{}]\n", many(MANY, |number| format!("Tactic{number}, "))));
    with(&format!("customDetails:\n{}", many(MANY, |number| format!("  d{number}: RemoteUrl\n"))));
    let deep =
        format!("metadata:{} 1\n", many(2_000, |depth| format!("\n{} a:", " ".repeat(depth))));
    with(&deep);
}

#[test]
fn other_files_with_a_hundred_thousand_of_anything_end_in_a_diagnostic() {
    let code = "too-much-yaml";
    let unknown = many(MANY, |number| format!("    key{number}: 1\n"));
    says("content/exclusions/large.yaml", &format!("exclusions:\n  - id: x\n{unknown}"), code);
    let tags = many(MANY, |number| format!("t{number}, "));
    let labels = EXCLUSION.replace("content: [relay-rule]", &format!("tags: [{tags}]"));
    says("content/exclusions/large.yaml", &labels, code);
    let environment = sample::environment("http://127.0.0.1:1");
    let labels = environment.replace("tags: [lab]", &format!("tags: [{tags}]"));
    says("environments/large.yaml", &labels, code);
    let rings = many(MANY, |number| format!("r{number}, "));
    says("environments/fleet.yaml", &format!("owner: acme-soc\nrings: [{rings}]\n"), code);
}

#[test]
fn a_query_of_a_hundred_thousand_stages_or_brackets_is_too_long() {
    let with = |more: &str| {
        let query = format!("'relay.example'{more}");
        let rule = RULE.replace("relay-rule", "large-rule").replacen("'relay.example'", &query, 1);
        says("content/analytics/large.yaml", &rule, "query-too-long");
    };
    with(&many(MANY, |number| format!("\n  | where RemotePort != {number}")));
    with(&format!(" and {}true{}", "(".repeat(MANY), ")".repeat(MANY)));
}
