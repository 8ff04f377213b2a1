//! Every command that the README and the guides show runs, and prints what they say.
//!
//! A `console` block is a transcript: `$ command`, then its output (standard output, then standard
//! error). `[..]` stands for anything within a line, a line `[...]` for any lines. In a guide, a block
//! that names a path (`yaml environments/fleet.yaml`) is that file from there on.
#![cfg(test)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// What a reader of a guide does.
enum Step {
    /// A command, with the output that is shown for it.
    Run(String, Vec<String>),
    /// Writes a file.
    Write(String, String),
}

/// The `console` blocks and files of a text, in order.
fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match kind.split_once(' ') {
            Some((_, path)) => steps.push(Step::Write(path.to_owned(), block.join("\n") + "\n")),
            None if kind == "console" => steps.extend(commands(&block)),
            None => {}
        }
    }
    steps
}

fn commands(block: &[&str]) -> Vec<Step> {
    let starts = |line: &&str| line.starts_with("$ ");
    assert!(block.first().is_some_and(starts), "{block:?}");
    let command = |part: &[&str]| {
        let shown = part[1..].iter().map(|line| (*line).to_owned()).collect();
        Step::Run(part[0][2..].to_owned(), shown)
    };
    block.chunk_by(|_, next| !starts(next)).map(command).collect()
}

/// The README's commands.
fn transcript() -> Vec<(String, Vec<String>)> {
    let readme = fs::read_to_string("README.md").unwrap();
    let runs = steps(&readme).into_iter().filter_map(|step| match step {
        Step::Run(command, shown) => Some((command, shown)),
        Step::Write(..) => None,
    });
    runs.collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A fresh copy of what the tool reads of this repository.
fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    for folder in ["content", "environments"] {
        copy(Path::new(folder), &root.path().join(folder));
    }
    root
}

fn run(root: &Path, arguments: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_sentinelops"))
        .args(arguments.split(' '))
        .current_dir(root)
        .env_remove("GITHUB_SHA")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let all = text(&output.stdout) + &text(&output.stderr);
    all.trim_end().lines().map(str::to_owned).collect()
}

fn fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    for part in parts {
        match part.is_empty() {
            true => return true,
            false => match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            },
        }
    }
    rest.is_empty()
}

fn all_fit(shown: &[String], lines: &[String]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "[...]" => {
            (0..=lines.len()).any(|skipped| all_fit(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| fits(first, line) && all_fit(rest, others)),
    }
}

#[test]
fn every_command_of_the_readme_prints_what_the_readme_says() {
    let root = root();
    let mut ran = 0;
    for (command, shown) in transcript() {
        let Some(arguments) = command.strip_prefix("sentinelops ") else { continue };
        if command.contains(SERVED) {
            continue;
        }
        let lines = run(root.path(), arguments);
        assert!(all_fit(&shown, &lines), "$ {command}\n{}", lines.join("\n"));
        ran += 1;
    }
    assert!(ran >= 12, "only {ran} commands were found");
}

/// Where the README's emulator for other tools listens.
const SERVED: &str = "http://127.0.0.1:8080";

/// An emulator that is served until this is dropped.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every command around the served emulator, in one shell's order, each with its output.
#[test]
#[cfg(unix)]
fn other_tools_meet_the_emulator_as_the_readme_says() {
    let has_curl = Command::new("curl").arg("--version").stdout(Stdio::null()).status();
    if !has_curl.is_ok_and(|status| status.success()) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "`curl` is missing");
        println!("SKIPPED: `curl` is missing");
        return;
    }
    let folder = TempDir::new().unwrap();
    let program = env!("CARGO_BIN_EXE_sentinelops");
    let mut served = Command::new(program)
        .args(["emulator", "--port", "0"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut endpoint = String::new();
    BufReader::new(served.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
    let _served = Emulator(served);
    let mut exported = String::new();
    let mut ran = 0;
    for (command, shown) in transcript() {
        let command = command.replace(SERVED, endpoint.trim());
        if command.starts_with("export ") {
            exported += &format!("{command}\n");
            continue;
        }
        let arguments = command.strip_prefix("sentinelops ");
        let script = match arguments.filter(|_| command.contains(endpoint.trim())) {
            Some(arguments) => format!("{exported}{program} {arguments}"),
            None if command.starts_with("curl ") => format!("{exported}{command}"),
            None => continue,
        };
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder.path())
            .env("no_proxy", "127.0.0.1")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<String> = text.trim_end().lines().map(str::to_owned).collect();
        assert!(all_fit(&shown, &lines), "$ {command}\n{text}");
        ran += 1;
    }
    assert!(ran >= 10, "only {ran} commands were found");
}

#[test]
fn every_guide_can_be_followed_from_an_empty_folder() {
    let mut guides = 0;
    for guide in fs::read_dir(".github/docs").unwrap() {
        let path = guide.unwrap().path();
        let root = TempDir::new().unwrap();
        let mut ran = 0;
        for step in steps(&fs::read_to_string(&path).unwrap()) {
            match step {
                Step::Write(file, text) => {
                    let file = root.path().join(file);
                    fs::create_dir_all(file.parent().unwrap()).unwrap();
                    fs::write(file, text).unwrap();
                }
                Step::Run(command, shown) => {
                    let arguments = command.strip_prefix("sentinelops ").unwrap();
                    let lines = run(root.path(), arguments);
                    let fit = all_fit(&shown, &lines);
                    assert!(fit, "{}: $ {command}\n{}", path.display(), lines.join("\n"));
                    ran += 1;
                }
            }
        }
        assert!(ran > 0, "{} shows no command", path.display());
        guides += 1;
    }
    assert!(guides >= 7, "{guides}");
}

#[test]
fn the_two_first_commands_are_the_main_job_and_the_tests() {
    let commands = transcript();
    let main_job = commands[0].0.strip_prefix("cargo run --release -- ").unwrap();
    let lines = run(root().path(), main_job);
    assert!(lines.iter().any(|line| line == "Applied 2 changes to 1 workspace."), "{lines:?}");
    let tests = commands[1].0.as_str();
    assert!(fs::read_to_string(".ci/run").unwrap().lines().any(|line| line == tests));
}

#[test]
fn the_commands_of_the_table_are_the_commands_of_the_program() {
    let readme = fs::read_to_string("README.md").unwrap();
    let command = sentinelops::cli::command();
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_name();
        assert!(readme.contains(&format!("| `{name}")), "`{name}` is not in the table");
    }
}

/// The jobs of the README's workflow.
fn workflow() -> serde_yaml::Mapping {
    let readme = fs::read_to_string("README.md").unwrap();
    let begin = readme.find("```yaml\njobs:\n").unwrap() + "```yaml\n".len();
    let text = &readme[begin..begin + readme[begin..].find("\n```").unwrap()];
    let workflow: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    workflow["jobs"].as_mapping().unwrap().clone()
}

/// What stands in `${{ }}`.
fn expressions(text: &str) -> Vec<&str> {
    let parts = text.split("${{").skip(1);
    parts.map(|part| part.split("}}").next().unwrap()).collect()
}

#[test]
fn the_jobs_of_the_readme_ask_only_jobs_that_they_wait_for() {
    let jobs = workflow();
    for (name, job) in &jobs {
        let needs: Vec<&str> = match &job["needs"] {
            serde_yaml::Value::String(one) => vec![one],
            serde_yaml::Value::Sequence(several) => {
                several.iter().filter_map(|one| one.as_str()).collect()
            }
            _ => Vec::new(),
        };
        for needed in &needs {
            assert!(jobs.contains_key(*needed), "{name:?} needs {needed}");
        }
        let text = serde_yaml::to_string(job).unwrap();
        for expression in expressions(&text) {
            for asked in expression.split("needs.").skip(1) {
                let end = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
                let asked = asked.split(end).next().unwrap();
                assert!(needs.contains(&asked), "{name:?} asks {asked} in {expression}");
            }
        }
        // A condition without a status function is false once anything before it has failed; one that begins
        // with an exclamation mark is a tag to YAML unless it is wrapped.
        if let Some(condition) = job["if"].as_str() {
            assert!(condition.starts_with("${{"), "{condition}");
            assert!(condition.contains("cancelled()") || needs == ["plan"], "{condition}");
        }
    }
}

#[test]
fn the_commands_of_the_readmes_jobs_can_be_typed() {
    let mut typed = 0;
    for (_, job) in &workflow() {
        for step in job["steps"].as_sequence().into_iter().flatten() {
            for line in step["run"].as_str().unwrap_or_default().lines() {
                let Some(at) = line.find("sentinelops ") else { continue };
                let line = line[at..].split([')', '>']).next().unwrap();
                let line = line.replace("\"$SHARD\"", "1/4").replace("\"", "");
                let parsed =
                    sentinelops::cli::command().try_get_matches_from(line.split_whitespace());
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
                typed += 1;
            }
        }
    }
    assert_eq!(typed, 4);
}
