//! What `apply` and `rollback` have in common: guards, the question, the run's folder, the executor, how
//! it ended.

use tokio::sync::{mpsc, watch};

use super::survey::{exits, with_part};
use crate::apply::{Event, Outcome, RingOutcome, Standing, Verdict, apply};
use crate::cli::args::{Format, Output};
use crate::cli::context::{Context, now};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::ui::Ui;
use crate::live::Clients;
use crate::merge::Part;
use crate::plan::{ApprovedPlan, Objection, Plan, guard};
use crate::report::{self, summary};
use crate::run::Folder;

/// What was asked for, and by whom.
pub(super) struct Asked<'a> {
    pub(super) yes: bool,
    pub(super) output: &'a Output,
    pub(super) context: &'a Context,
    pub(super) ui: &'a Ui,
    pub(super) interrupts: &'a Interrupts,
    /// The run that is rolled back.
    pub(super) rolls_back: Option<&'a str>,
}

impl Asked<'_> {
    /// Somebody has said yes, or can be asked.
    ///
    /// # Errors
    /// When there is nobody.
    pub(super) fn can_ask(&self) -> Result<(), Error> {
        if self.yes || self.context.stdin_is_terminal {
            return Ok(());
        }
        Err(Error::usage("there is no terminal to ask on")
            .hint("add `--yes` to go on without being asked"))
    }
}

/// Carries out a plan: through the guards, with a yes, and with a folder of the run that has what it
/// replaced.
pub(super) async fn carry(
    asked: &Asked<'_>,
    plan: Plan,
    clients: &Clients,
    part: Option<Part>,
) -> Result<Exit, Error> {
    let Asked { yes, output: _, context, ui, interrupts, rolls_back } = asked;
    let mut exit = exits(&plan);
    // What is pending is pending, whoever decided that it waits.
    exit.extend(plan.changes().any(|(_, c)| c.is_held_back()).then_some(Exit::Pending));
    let writes = plan.writes().count();
    if !yes && writes > 0 {
        ui.message(&report::text::plan(&plan, ui.messages()));
    }
    let approved = guard(plan).map_err(|objections| refused(&objections).besides(&exit))?;
    let workspaces = approved.plan().workspaces.len();
    let question = format!("Apply {writes} changes to {workspaces} workspaces?");
    if writes > 0 && !yes && !(context.stdin_is_terminal && ui.confirm(&question)) {
        return Err(Error::new(Exit::Refused, "not applied: nobody said `yes`").besides(&exit));
    }
    if writes == 0 {
        return told(asked, &nothing_sent(approved, clients).await, exit, part);
    }
    let folder = open(context, approved.plan(), *rolls_back).map_err(|e| e.besides(&exit))?;
    let outcome = carry_out(approved, (clients, &folder), writes, ui, interrupts.drain()).await;
    let kept = folder.end(&report::json::outcome(&outcome));
    ui.note(&format!(
        "Run `{}` is kept; `sentinelops rollback {}` takes it back.",
        folder.id(),
        folder.id()
    ));
    if let Err(error) = kept {
        let path = folder.path().display();
        ui.message(&format!("warning: failed to write the outcome to `{path}`: {error}"));
        exit.push(Exit::Machine);
    }
    told(asked, &outcome, exit, part)
}

/// The folder of a run, on the disk before anything is sent.
fn open(context: &Context, plan: &Plan, rolls_back: Option<&str>) -> Result<Folder, Error> {
    let started = now();
    let name = |later: u32| {
        let moment = started.as_microsecond() + i64::from(later);
        let moment = jiff::Timestamp::from_microsecond(moment).unwrap_or(started);
        moment.strftime("%Y%m%dT%H%M%S.%6fZ").to_string()
    };
    Folder::create(&context.root, name, plan, rolls_back).map_err(|error| {
        let runs = context.root.join(".sentinelops").join("runs");
        let message =
            format!("failed to keep the run in `{}`: {error}; nothing was sent", runs.display());
        Error::machine(message).hint("what a run replaces is kept there; make it writable")
    })
}

/// A run that sends nothing leaves nothing: there is nothing to take back.
async fn nothing_sent(approved: ApprovedPlan, clients: &Clients) -> Outcome {
    let (events, _nobody) = mpsc::unbounded_channel();
    let (_never, interrupt) = watch::channel(false);
    apply(approved, clients, &crate::apply::Forgetful, events, interrupt).await
}

/// `part`: what the run is a part of, where a document can say it.
fn told(
    asked: &Asked<'_>,
    outcome: &Outcome,
    mut exit: Vec<Exit>,
    part: Option<Part>,
) -> Result<Exit, Error> {
    let Asked { output, ui, .. } = asked;
    exit.extend(exits_of(outcome));
    let text = match output.format {
        Format::Json => {
            let document = report::json::outcome(outcome);
            let document = match part {
                Some(part) => with_part(document, part, &exit),
                None => document,
            };
            report::json::to_text(&document)
        }
        Format::Markdown => report::markdown::outcome(outcome),
        _ => report::text::outcome(outcome, ui.results(output)),
    };
    if let Err(error) = ui.result(&text, output) {
        // What was done must be said, wherever that is still possible.
        ui.message(&text);
        return Err(error.besides(&exit));
    }
    Ok(Exit::worst(exit))
}

/// Runs the executor and shows progress.
async fn carry_out(
    approved: ApprovedPlan,
    (clients, folder): (&Clients, &Folder),
    items: usize,
    ui: &Ui,
    interrupt: watch::Receiver<bool>,
) -> Outcome {
    let (events, mut happened) = mpsc::unbounded_channel();
    let progress = ui.progress(items, "applying");
    let bar = progress.clone();
    let shown = tokio::spawn(async move {
        while let Some(event) = happened.recv().await {
            match event {
                Event::ItemEnded { .. } => bar.inc(1),
                Event::Waiting { workspace, seconds, reason } => {
                    let reason = report::visible_lines(&reason);
                    bar.set_message(format!("waiting {seconds} s for {workspace}: {reason}"));
                }
                Event::RingStarted { ring } => bar.println(format!("ring {ring}")),
                Event::WorkspaceStarted { .. } | Event::WorkspaceEnded { .. } => {
                    bar.set_message("applying");
                }
            }
        }
    });
    let outcome = apply(approved, clients, folder, events, interrupt).await;
    let _ended = shown.await;
    progress.finish_and_clear();
    outcome
}

/// More items than this are not listed with an objection: they would hide the next one.
const MOST_ITEMS: usize = 20;

fn refused(objections: &[Objection]) -> Error {
    let of_files = objections.iter().any(Objection::is_about_files);
    let exit = if of_files { Exit::Invalid } else { Exit::Refused };
    let mut message = match objections {
        [_] => String::new(),
        several => format!("{} objections:\n", several.len()),
    };
    for (index, objection) in objections.iter().enumerate() {
        let line_end = if index == 0 { "" } else { "\n" };
        message += &format!("{line_end}{objection}");
        let items = match objection {
            Objection::Held { held } => held.as_slice(),
            Objection::Exceeded(found) => found.items.as_slice(),
            Objection::Nameless { .. } => &[],
        };
        for item in items.iter().take(MOST_ITEMS) {
            message += &format!("\n  {item}");
        }
        if items.len() > MOST_ITEMS {
            let left = items.len() - MOST_ITEMS;
            message +=
                &format!("\n  and {left} more; `sentinelops plan --format json` has them all");
        }
    }
    let mut error = Error::new(exit, message);
    if of_files {
        error = error.hint("mend the files, or apply the rest with `--keep-going`");
    }
    let flags: Vec<String> = objections
        .iter()
        .filter_map(|objection| match objection {
            Objection::Exceeded(found) => Some(found.flag()),
            Objection::Held { .. } | Objection::Nameless { .. } => None,
        })
        .collect();
    match flags.as_slice() {
        [] => error,
        flags => error.hint(report::acknowledge(flags)),
    }
}

/// What follows from how items and rings ended.
pub(super) fn exits_of(outcome: &Outcome) -> Vec<Exit> {
    let mut exits = Vec::new();
    if outcome.interrupted {
        exits.push(Exit::Interrupted);
    }
    let halted = |ring: &RingOutcome| matches!(ring.standing, Standing::Halted(_));
    if outcome.rings.iter().any(halted) {
        exits.push(Exit::Halted);
    }
    for item in outcome.workspaces.iter().flat_map(|workspace| &workspace.items) {
        if summary::leaves_drift(item) {
            exits.push(Exit::Pending);
        }
        if item.is_failure() {
            exits.push(Exit::Failed);
        }
        match &item.verdict {
            Verdict::Refused(_) => exits.push(Exit::Refused),
            // What is pending is pending, whoever decided that it waits.
            Verdict::Frozen(_) => exits.push(Exit::Pending),
            // What the files hold, the plan has said.
            Verdict::Done
            | Verdict::Failed(_)
            | Verdict::Overtaken(_)
            | Verdict::Held(_)
            | Verdict::Deferred(_)
            | Verdict::Blocked(_)
            | Verdict::Waits(_)
            | Verdict::Left(_)
            | Verdict::Accepted(_)
            | Verdict::NotStarted(_) => {}
        }
    }
    exits
}
