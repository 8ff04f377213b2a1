//! The outside world, read once: clock, environment, terminal.

use std::io::IsTerminal;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::Args;
use crate::ident::Day;

/// What the process finds around it.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The repository that the user keeps.
    pub(crate) root: PathBuf,
    /// Further schema files.
    pub(crate) schemas: Vec<PathBuf>,
    /// Today, UTC.
    pub(crate) today: Day,
    /// Whether results go to a terminal.
    pub(crate) stdout_is_terminal: bool,
    /// Whether messages and progress go to a terminal.
    pub(crate) stderr_is_terminal: bool,
    /// Whether someone can be asked.
    pub(crate) stdin_is_terminal: bool,
    /// `NO_COLOR` is set and not empty.
    pub(crate) no_color: bool,
    /// Runs in a CI system.
    pub(crate) ci: bool,
    /// The commit that is deployed, where CI says so.
    pub(crate) commit: Option<String>,
}

impl Context {
    /// Of the running process.
    pub(crate) fn of_process(args: &Args) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let now = now().to_zoned(TimeZone::UTC);
        let commit =
            variable("GITHUB_SHA").filter(|sha| sha.bytes().all(|b| b.is_ascii_hexdigit()));
        Self {
            root: args.common.root.clone(),
            schemas: args.command.schemas().to_vec(),
            today: Day::new(now.date()),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            no_color: set("NO_COLOR"),
            ci: variable("CI").is_some_and(|value| !value.is_empty() && value != "false"),
            commit: commit.map(|sha| sha.chars().take(7).collect()),
        }
    }
}

/// An environment variable, for credentials that name one. Never kept.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The time, for the emulator's answers.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
