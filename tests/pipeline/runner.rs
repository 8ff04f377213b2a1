//! A job's runner: a checkout of this project's content, the program, and GitHub's files and variables.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const ACTIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.github/actions/sentinelops");
const PROGRAM: &str = env!("CARGO_BIN_EXE_sentinelops");

pub(crate) struct Runner {
    folder: TempDir,
}

/// What a step printed, how it ended, and its outputs.
pub(crate) struct Step {
    pub(crate) out: String,
    code: i32,
    outputs: String,
}

impl Runner {
    /// `None` where the scripts' own programs are missing.
    pub(crate) fn new() -> Option<Self> {
        for program in ["bash", "jq"] {
            if Command::new(program).arg("--version").output().is_err() {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "`{program}` is missing");
                println!("SKIPPED: the pipeline is not played: `{program}` is missing");
                return None;
            }
        }
        let runner = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["content", "environments"] {
            copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &runner.path(folder));
        }
        std::fs::create_dir_all(runner.path("github")).unwrap();
        std::fs::create_dir_all(runner.path("bin")).unwrap();
        let gh = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pipeline/gh");
        std::os::unix::fs::symlink(gh, runner.path("bin/gh")).unwrap();
        Some(runner)
    }

    /// One step of the main action, in `local` unless it says otherwise.
    pub(crate) fn step(&self, command: &str, inputs: &[(&str, &str)]) -> Step {
        let mut step = self.script("run.sh");
        step.env("SENTINELOPS_PROGRAM", PROGRAM)
            .env("SENTINELOPS_COMMAND", command)
            .env("SENTINELOPS_ENVIRONMENTS", if command == "check" { "" } else { "local" });
        for (name, value) in inputs {
            step.env(format!("SENTINELOPS_{name}"), value);
        }
        self.run(step)
    }

    pub(crate) fn comment(&self) -> Step {
        let mut step = self.script("comment/comment.sh");
        step.env("SENTINELOPS_FILE", "sentinelops-report/report.md")
            .env("SENTINELOPS_PULL_REQUEST", "12");
        self.run(step)
    }

    pub(crate) fn issue(&self, exit_code: &str) -> Step {
        let mut step = self.script("issue/issue.sh");
        step.env("SENTINELOPS_FILE", "sentinelops-report/report.md")
            .env("SENTINELOPS_EXIT_CODE", exit_code)
            .env("SENTINELOPS_TITLE", "Drift")
            .env("SENTINELOPS_LABEL", "sentinelops-drift");
        self.run(step)
    }

    pub(crate) fn approved(&self) -> Step {
        let mut step = self.script("approved/approved.sh");
        step.env("SENTINELOPS_WORKFLOW", "plan.yml");
        self.run(step)
    }

    /// Pull request 12 was merged, and its last commit has a finished plan.
    pub(crate) fn merged(&self) {
        self.set_github(
            "pulls",
            r#"[{"number": 12, "merge_commit_sha": "c0ffee", "head": {"sha": "beef"}}]"#,
        );
        let run = |id: u32, number: u32| {
            format!(
                r#"{{"id": {id}, "run_number": {number}, "head_repository": {{"full_name": "acme/soc"}}}}"#
            )
        };
        self.set_github(
            "runs",
            &format!(r#"{{"workflow_runs": [{}, {}]}}"#, run(900, 5), run(899, 4)),
        );
    }

    /// Somebody lowers the rule's severity in the portal.
    pub(crate) fn portal_edit(&self) {
        let rule = "analytic-rule/b6212120-3f98-439d-b982-24e84b913e53";
        let edit = ["emulator", "edit", rule, "severity=Low"];
        let edited =
            Command::new(PROGRAM).args(edit).current_dir(self.folder.path()).output().unwrap();
        assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
    }

    /// The writes that the emulator has answered.
    pub(crate) fn writes(&self) -> String {
        let journal = ["emulator", "journal", "--writes"];
        let printed =
            Command::new(PROGRAM).args(journal).current_dir(self.folder.path()).output().unwrap();
        String::from_utf8(printed.stdout).unwrap()
    }

    pub(crate) fn github(&self, kind: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(&format!("github/{kind}"))).unwrap()
    }

    pub(crate) fn set_github(&self, kind: &str, text: &str) {
        std::fs::write(self.path(&format!("github/{kind}")), text).unwrap();
    }

    pub(crate) fn report(&self, name: &str) -> String {
        self.read(&format!("sentinelops-report/{name}"))
    }

    pub(crate) fn summary(&self) -> String {
        self.read("summary")
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        std::fs::write(self.path(path), text.replace(from, to)).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new("bash");
        let path = std::env::var("PATH").unwrap();
        command
            .arg(Path::new(ACTIONS).join(name))
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("FAKE_GITHUB", self.path("github"))
            .env("GITHUB_OUTPUT", self.path("outputs"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("GITHUB_REPOSITORY", "acme/soc")
            .env("GITHUB_SERVER_URL", "https://github.example")
            .env("GITHUB_RUN_ID", "77")
            .env("GITHUB_SHA", "c0ffee")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, mut command: Command) -> Step {
        std::fs::write(self.path("outputs"), "").unwrap();
        let ran = command.output().unwrap();
        let mut out = String::from_utf8(ran.stdout).unwrap();
        out.push_str(&String::from_utf8(ran.stderr).unwrap());
        Step { out, code: ran.status.code().unwrap(), outputs: self.read("outputs") }
    }
}

impl Step {
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\noutputs: {}", self.out, self.outputs);
        self
    }

    #[track_caller]
    pub(crate) fn output(&self, name: &str) -> String {
        let mut values = self.outputs.lines().filter_map(|line| line.split_once('='));
        let found = values.find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no output {name}: {}", self.outputs)).1.to_owned()
    }
}

/// Without what differs from run to run.
pub(crate) fn masked(text: &str) -> String {
    let masks = [
        (r"sha256:[0-9a-f]{64}", "sha256:[digest]"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "[time]"),
        (r"\b\d{8}T\d{6}[0-9A-Za-z.-]*", "[run]"),
    ];
    masks.into_iter().fold(text.to_owned(), |text, (pattern, mask)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, mask).into_owned()
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
