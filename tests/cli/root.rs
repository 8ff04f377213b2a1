//! A scratch repository and the program that runs in it.
//!
//! [`Root::shipped`] is a copy of this project's own content and environments, with the embedded
//! emulator. [`Root::empty`] has one environment with one workspace, at a [`Portal`] in the test's
//! process: there a test can look at bodies and play everybody else.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::portal::Portal;
use crate::sample;

/// A repository in a folder of its own.
pub(crate) struct Root {
    folder: TempDir,
}

impl Root {
    /// The project's own `content/` and `environments/`.
    pub(crate) fn shipped() -> Self {
        let root = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["content", "environments"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            copy(&from, &root.path(folder));
        }
        root
    }

    /// A fleet of one environment, `local`, with one workspace, `sandbox`, and no content.
    pub(crate) fn empty() -> (Self, Portal) {
        let portal = Portal::open();
        let root = Self::bare();
        root.write("environments/local.yaml", &sample::environment(&portal.endpoint()));
        (root, portal)
    }

    /// A fleet without environments, and no content.
    pub(crate) fn bare() -> Self {
        let root = Self { folder: tempfile::tempdir().unwrap() };
        root.write("environments/fleet.yaml", sample::FLEET);
        root.write("content/.keep", "");
        root
    }

    /// Every file in it, with what it holds.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), std::fs::read(path).unwrap()));
                }
            }
        }
        found
    }

    /// Another clone of a repository: its files without the folders that git ignores.
    pub(crate) fn clone_of(other: &Self) -> Self {
        let root = Self { folder: tempfile::tempdir().unwrap() };
        copy(other.folder.path(), root.folder.path());
        std::fs::remove_dir_all(root.path(".sentinelops")).unwrap();
        root
    }

    /// One scheduled rule, applied.
    pub(crate) fn with_rule() -> (Self, Portal) {
        let (root, portal) = Self::empty();
        root.write(sample::RULE_FILE, sample::RULE);
        root.run(&["apply", "--yes"]).exits(0);
        portal.forget();
        (root, portal)
    }

    /// A scheduled rule and a hunting query, applied: one may go without being all there is.
    pub(crate) fn with_both() -> (Self, Portal) {
        let (root, portal) = Self::with_rule();
        root.write(sample::HUNT_FILE, sample::HUNT);
        root.run(&["apply", "--yes"]).exits(0);
        portal.forget();
        (root, portal)
    }

    /// A path in it.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A file's text.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// Takes a file away.
    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.path(path)).unwrap();
    }

    /// Changes a part of a file, which must be there.
    #[track_caller]
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Adds text to the end of a file.
    pub(crate) fn append(&self, path: &str, text: &str) {
        self.write(path, &(self.read(path) + text));
    }

    /// The program in it, without a terminal.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinelops"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_remove("CI")
            .env_remove("GITHUB_SHA")
            .env_remove("RUST_LOG")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program in it.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(args, self.command(args).output().unwrap())
    }

    /// The plan as a document.
    #[track_caller]
    pub(crate) fn plan(&self) -> Value {
        self.run(&["plan", "--format", "json"]).json()
    }
}

/// What the program did.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    args: String,
    /// Its exit code; -1 where a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Ran {
    /// Of an ended process; the exit code is -1 where a signal ended it.
    pub(crate) fn of(args: &[&str], output: Output) -> Self {
        Self {
            args: args.join(" "),
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Its exit code is this one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code of {self}");
        self
    }

    /// Both outputs together say all of this, wherever lines are broken.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        let said = self.unwrapped();
        for text in texts {
            assert!(said.contains(text), "{text:?} is not said by {self}");
        }
        self
    }

    /// Neither output says any of this.
    #[track_caller]
    pub(crate) fn hides(self, texts: &[&str]) -> Self {
        let said = self.unwrapped();
        for text in texts {
            assert!(!said.contains(text), "{text:?} is said by {self}");
        }
        self
    }

    /// Its result as a document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    fn unwrapped(&self) -> String {
        let words: Vec<&str> =
            self.out.split_whitespace().chain(self.err.split_whitespace()).collect();
        words.join(" ")
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { args, code, out, err } = self;
        write!(formatter, "`sentinelops {args}`: exit {code}\n{out}\n{err}")
    }
}

/// The change of one item in a plan or drift document, or in an outcome.
#[track_caller]
pub(crate) fn change<'d>(document: &'d Value, key: &str) -> &'d Value {
    let list = document.get("changes").or_else(|| document.get("items"));
    let list = list.and_then(Value::as_array).expect("a document with a list");
    let found = list.iter().find(|change| change["key"] == key);
    found.unwrap_or_else(|| panic!("nothing about {key} in {document:#}"))
}

/// Class and action of one item.
#[track_caller]
pub(crate) fn verdict<'d>(document: &'d Value, key: &str) -> (&'d str, &'d str) {
    let change = change(document, key);
    (change["class"].as_str().unwrap(), change["action"].as_str().unwrap())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
