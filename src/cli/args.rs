//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::error::Error;
use super::help;
use crate::environment::Shard;
use crate::ident::{Day, ItemKey};
use crate::plan::Acknowledgement;

/// GitOps for Microsoft Sentinel: detections and their exclusions as files, compiled, compared and
/// deployed to every workspace.
#[derive(Debug, Parser)]
#[command(name = "sentinelops", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, ClapArgs)]
pub(crate) struct Common {
    /// The repository with `content/` and `environments/`.
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    pub(crate) root: PathBuf,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// Print results only: no progress, no notes.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more; twice: log requests (never tokens).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What is known about tables.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct Schemas {
    /// Further tables and columns, written like `environments/<name>.schema.yaml`, for every environment.
    #[arg(long = "schema", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check content, exclusions and environments, offline.
    #[command(after_help = help::CHECK)]
    Check(Check),
    /// Run the exclusions' tests, offline.
    #[command(after_help = help::TEST)]
    Test(Test),
    /// Show the compiled query, or the ARM body, as it would be sent.
    #[command(after_help = help::RENDER)]
    Render(Render),
    /// Show what `apply` would do. Reads only.
    #[command(after_help = help::PLAN)]
    Plan(Plan),
    /// Bring workspaces to what the files say.
    #[command(after_help = help::APPLY)]
    Apply(Apply),
    /// Put back what a run replaced, and hold what it wanted back.
    #[command(after_help = help::ROLLBACK)]
    Rollback(Rollback),
    /// Show what was changed outside git. Reads only.
    #[command(after_help = help::DRIFT)]
    Drift(Drift),
    /// Reports of several runs.
    Report(ReportArgs),
    /// Divide a rollout into jobs of GitHub Actions, ring by ring, as JSON on one line.
    #[command(after_help = help::MATRIX)]
    Matrix(Matrix),
    /// Say what a code of a diagnostic means, with an example and a way on, or what a concept is; without
    /// either, list all.
    #[command(after_help = help::EXPLAIN)]
    Explain(Explain),
    /// The built-in emulator of Azure Resource Manager, for laptops and tests.
    #[command(after_help = help::EMULATOR)]
    Emulator(Emulator),
    /// Print what a shell needs to complete this command line.
    #[command(after_help = help::COMPLETIONS)]
    Completions(Completions),
}

impl Command {
    /// The files of `--schema`.
    pub(crate) fn schemas(&self) -> &[PathBuf] {
        match self {
            Self::Check(Check { schemas, .. })
            | Self::Test(Test { schemas, .. })
            | Self::Render(Render { schemas, .. })
            | Self::Plan(Plan { schemas, .. })
            | Self::Apply(Apply { schemas, .. })
            | Self::Rollback(Rollback { schemas, .. })
            | Self::Drift(Drift { schemas, .. })
            | Self::Matrix(Matrix { schemas, .. }) => &schemas.files,
            Self::Explain(_) | Self::Report(_) | Self::Emulator(_) | Self::Completions(_) => &[],
        }
    }
}

/// Which workspaces and which content. Without any of these: everything.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct Selection {
    /// Environments, by name.
    #[arg(short, long = "environment", value_name = "NAME", value_delimiter = ',')]
    pub(crate) environments: Vec<String>,
    /// Every environment.
    #[arg(long, conflicts_with_all = ["environments", "rings"])]
    pub(crate) all: bool,
    /// Workspaces, by `name` or `environment/name`.
    #[arg(long = "workspace", value_name = "NAME", value_delimiter = ',')]
    pub(crate) workspaces: Vec<String>,
    /// Rings, by name.
    #[arg(long = "ring", value_name = "NAME", value_delimiter = ',')]
    pub(crate) rings: Vec<String>,
    /// Content, by id or by path.
    #[arg(long = "content", value_name = "ID-OR-PATH", value_delimiter = ',')]
    pub(crate) content: Vec<String>,
    /// Content, by tag.
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ',')]
    pub(crate) tags: Vec<String>,
    /// One of N runs that share the rest, each with tenants of its own: `1/4`.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<Shard>,
}

/// How and where to report.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Output {
    /// How to report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Write the report to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// How to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For pull requests and job summaries (`plan`, `apply`, `rollback` and `drift`).
    Markdown,
    /// One page for a browser, with everything in it (`plan` and `drift`).
    Html,
    /// For code scanning: SARIF 2.1.0 (`check`).
    Sarif,
    /// Annotations of GitHub Actions, as workflow commands (`check`).
    Github,
}

impl Format {
    /// What is said where a command does not report so; `known` are its formats in words.
    pub(crate) fn not_of(self, command: &str, known: &str) -> Error {
        let name =
            self.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
        Error::usage(format!("`{command}` reports as {known}, not as {name}"))
    }
}

/// The day on which something is done.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct OfDay {
    /// Work as if it were this day (UTC).
    #[arg(long, value_name = "DATE")]
    pub(crate) today: Option<Day>,
}

/// `check`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) schemas: Schemas,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) day: OfDay,
}

/// `test`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) schemas: Schemas,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) day: OfDay,
}

/// `render`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Render {
    #[command(flatten)]
    pub(crate) schemas: Schemas,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Say of each exclusion's stage where it came from, and why it stands there.
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) day: OfDay,
}

/// `plan`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) schemas: Schemas,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) shape: Shape,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Save the plan, to be applied with `apply FILE`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["today", "shard"])]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 20 when changes are pending.
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) day: OfDay,
}

/// `apply`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) schemas: Schemas,
    /// A plan that `plan --out` saved: apply exactly this, or refuse.
    #[arg(value_name = "FILE", conflicts_with_all = ["prune", "drift", "on_conflict", "re_enable", "keep_going", "retry", "ack", "content", "tags"])]
    pub(crate) file: Option<PathBuf>,
    /// Refuse unless this is the plan's digest, which `plan --out` prints.
    #[arg(long, value_name = "sha256:…")]
    pub(crate) digest: Option<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) shape: Shape,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `rollback`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Rollback {
    #[command(flatten)]
    pub(crate) schemas: Schemas,
    /// The run: its id or an unambiguous beginning of it, its folder, or `latest`.
    #[arg(value_name = "RUN|DIR")]
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Say once that what a guard objects to is meant, as with `apply`.
    #[arg(long, value_name = "GUARD[@WORKSPACE][=N]", value_delimiter = ',', value_parser = acknowledgement)]
    pub(crate) ack: Vec<Acknowledgement>,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// What shapes the changes.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct Shape {
    /// Delete items whose content is gone.
    #[arg(long)]
    pub(crate) prune: bool,
    /// What to do about changes outside git.
    #[arg(long, value_enum)]
    pub(crate) drift: Option<OnDrift>,
    /// What to do about a field that was changed in git and outside git.
    #[arg(long, value_enum)]
    pub(crate) on_conflict: Option<OnConflict>,
    /// Write rules that the service disabled by itself, and enable them.
    #[arg(long)]
    pub(crate) re_enable: bool,
    /// Apply the rest although some items are held.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Write what a rollback has put on hold, although its content has not changed since.
    #[arg(long)]
    pub(crate) retry: bool,
    /// Say once that what a guard objects to is meant: `deletes`, `changes@contoso/prod=12`. Guards:
    /// deletes, changes, disables, exclusion-reach, first-run, playbooks, rules, nrt-rules,
    /// retired-edited.
    #[arg(long, value_name = "GUARD[@WORKSPACE][=N]", value_delimiter = ',', value_parser = acknowledgement)]
    pub(crate) ack: Vec<Acknowledgement>,
}

/// What to do about changes outside git.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnDrift {
    /// Restore what the files say.
    Restore,
    /// Report them and leave them.
    Report,
}

/// What to do about a field that was changed on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflict {
    /// Leave the item and say so.
    Refuse,
    /// Write what the files say.
    Desired,
}

/// `drift`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Drift {
    #[command(flatten)]
    pub(crate) schemas: Schemas,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) day: OfDay,
}

/// `matrix`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Matrix {
    #[command(flatten)]
    pub(crate) schemas: Schemas,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// How many shards each ring is divided into; by default one.
    #[arg(long, value_name = "N")]
    pub(crate) shards: Option<usize>,
    /// As few shards as keep each job to so many workspaces.
    #[arg(long = "max-workspaces-per-job", value_name = "N", conflicts_with = "shards")]
    pub(crate) most: Option<usize>,
}

/// `report`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    pub(crate) command: ReportCommand,
}

/// What to do with reports.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Make one report of those of all shards, and end as one run would have.
    #[command(after_help = help::MERGE)]
    Merge(MergeReports),
}

/// `report merge`.
#[derive(Debug, ClapArgs)]
pub(crate) struct MergeReports {
    /// What `--format json` of `plan`, `apply` or `drift` wrote: one kind, one run.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Rings that must all be in it; by default every ring, where the runs were made ring by ring.
    #[arg(long = "ring", value_name = "NAME", value_delimiter = ',')]
    pub(crate) rings: Vec<String>,
    /// End with 0 where the next ring may begin, and with 31 where the failure budget, judged on all shards
    /// together, says that it must not.
    #[arg(long)]
    pub(crate) next_ring: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `explain`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// The code, such as `duplicate-id`, or the concept, such as `drift`.
    #[arg(value_name = "CODE|CONCEPT")]
    pub(crate) code: Option<String>,
}

/// `completions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// `emulator`.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Emulator {
    #[command(subcommand)]
    pub(crate) command: Option<EmulatorCommand>,
    /// Serve on this port of 127.0.0.1 (0: any free one).
    #[arg(long, value_name = "N", required = true)]
    pub(crate) port: Option<u16>,
    /// Add this to the answer of every request, such as `50ms`.
    #[arg(long, value_name = "TIME", value_parser = latency)]
    pub(crate) latency: Option<std::time::Duration>,
    /// Keep the state in this file; by default it is gone when the emulator stops.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Put what is not there yet from this folder of resources as Azure answers them.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) seed: Option<PathBuf>,
    /// Answer lists of rules and metadata in pages of this many items.
    #[arg(long, value_name = "N")]
    pub(crate) page_size: Option<std::num::NonZeroUsize>,
    /// Refuse what exceeds the limits of Azure Resource Manager.
    #[arg(long)]
    pub(crate) throttle: bool,
    /// Show writes in reads and lists only after this long, such as `5s`.
    #[arg(long, value_name = "TIME", value_parser = latency)]
    pub(crate) visible_after: Option<std::time::Duration>,
    /// Refuse the id of a deleted rule for this long, such as `24h`.
    #[arg(long, value_name = "TIME", value_parser = latency)]
    pub(crate) tombstones: Option<std::time::Duration>,
    /// Refuse requests without a token that names a tenant.
    #[arg(long)]
    pub(crate) require_token: bool,
}

/// What to do with an emulator's state.
#[derive(Debug, Subcommand)]
pub(crate) enum EmulatorCommand {
    /// Change an item behind the tool's back, as a user of the portal would.
    Edit {
        #[command(flatten)]
        target: Target,
        /// The item: `analytic-rule/<id>` or `hunting-query/<id>`.
        item: ItemKey,
        /// What to change: `severity=Low`, `enabled=false`, `tactics=["Execution"]`.
        #[arg(required = true, value_name = "PROPERTY=VALUE")]
        assignments: Vec<String>,
    },
    /// Delete an item behind the tool's back.
    Delete {
        #[command(flatten)]
        target: Target,
        /// The item: `analytic-rule/<id>` or `hunting-query/<id>`.
        item: ItemKey,
    },
    /// Print the requests that the emulator has answered.
    Journal {
        #[command(flatten)]
        at: At,
        /// Only requests that write.
        #[arg(long)]
        writes: bool,
        /// Forget them after printing.
        #[arg(long)]
        clear: bool,
    },
    /// Let a served emulator fail requests on purpose; prints the faults in force.
    Fault {
        #[command(flatten)]
        at: At,
        #[command(subcommand)]
        command: FaultCommand,
    },
}

/// An emulator: by the environment that points at it, or by its address.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct At {
    /// The environment.
    #[arg(short, long, value_name = "NAME", default_value = "local")]
    pub(crate) environment: String,
    /// The address of a served emulator: `http://127.0.0.1:8080`.
    #[arg(long, value_name = "URL", value_parser = loopback, conflicts_with = "environment")]
    pub(crate) endpoint: Option<String>,
}

/// What to do with faults.
#[derive(Debug, Subcommand)]
pub(crate) enum FaultCommand {
    /// Add one behind the others. Counting begins anew for all of them.
    Add(NewFault),
    /// Replace all by those of a file: a JSON list, as `list` prints its items.
    Script {
        /// The file.
        file: PathBuf,
    },
    /// Print them.
    List,
    /// Take them all away.
    Clear,
}

/// Which requests fail, and how.
#[derive(Debug, ClapArgs)]
pub(crate) struct NewFault {
    /// Only requests of this method.
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// Only requests whose path and query contain this, in any case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) path: Option<String>,
    /// Begin with the Nth of those requests.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) nth: std::num::NonZeroU32,
    /// How often.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) times: u32,
    /// Again and again, without end.
    #[arg(long, conflicts_with = "times")]
    pub(crate) always: bool,
    #[command(flatten)]
    pub(crate) effect: FaultEffect,
}

/// What happens to a request; one of the first four.
#[derive(Debug, ClapArgs)]
pub(crate) struct FaultEffect {
    /// Answer with this status: 429, 503, …
    #[arg(long, value_name = "STATUS", group = "effect")]
    pub(crate) status: Option<u16>,
    /// End the connection, before or after the request has taken effect.
    #[arg(long, value_name = "WHEN", group = "effect", value_parser = ["before", "after"])]
    pub(crate) drop: Option<String>,
    /// End the answer's body in the middle.
    #[arg(long, group = "effect")]
    pub(crate) half: bool,
    /// Answer this much later, such as `2s`.
    #[arg(long, value_name = "TIME", group = "effect", value_parser = latency)]
    pub(crate) delay: Option<std::time::Duration>,
    /// With `--status`: `Retry-After` in seconds.
    #[arg(long, value_name = "SECONDS", requires = "status")]
    pub(crate) retry_after: Option<u64>,
    /// With `--status`: the error's code; that which usually comes with the status if left out.
    #[arg(long, value_name = "CODE", requires = "status")]
    pub(crate) code: Option<String>,
    /// With `--status`: the error's message.
    #[arg(long, value_name = "TEXT", requires = "status")]
    pub(crate) message: Option<String>,
    /// With `--status`: only after the request has taken effect, as behind a gateway that gave up.
    #[arg(long, requires = "status")]
    pub(crate) after_effect: bool,
}

/// One workspace of an emulated environment.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Target {
    /// The environment.
    #[arg(short, long, value_name = "NAME", default_value = "local")]
    pub(crate) environment: String,
    /// The workspace, where the environment has several.
    #[arg(long, value_name = "NAME")]
    pub(crate) workspace: Option<String>,
}

fn loopback(text: &str) -> Result<String, String> {
    crate::environment::loopback(text)
        .ok_or_else(|| "not plain http on loopback, such as `http://127.0.0.1:8080`".to_owned())
}

fn acknowledgement(text: &str) -> Result<Acknowledgement, String> {
    text.parse::<Acknowledgement>().map_err(|invalid| invalid.reason)
}

fn shard(text: &str) -> Result<Shard, String> {
    text.parse::<Shard>().map_err(|invalid| invalid.reason)
}

/// `50ms`, `2s`, `5m`, `24h`.
fn latency(text: &str) -> Result<std::time::Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..split].parse().map_err(|_| "a number comes first".to_owned())?;
    match &text[split..] {
        "ms" => Ok(std::time::Duration::from_millis(number)),
        "s" => Ok(std::time::Duration::from_secs(number)),
        "m" => Ok(std::time::Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(std::time::Duration::from_secs(number.saturating_mul(3600))),
        other => Err(format!("`{other}` is not `ms`, `s`, `m` or `h`")),
    }
}
