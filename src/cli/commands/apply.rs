//! `apply`: brings workspaces to what the files say.

use std::path::Path;

use tokio::sync::{mpsc, watch};

use super::survey::{Names, Survey, exits, options, survey};
use crate::apply::{Event, Outcome, RingOutcome, Standing, Verdict, apply};
use crate::cli::args::{Apply, Format, Selection};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::ui::Ui;
use crate::live::Clients;
use crate::plan::{ApprovedPlan, Mismatch, Objection, Options, Plan, SavedPlan, guard};
use crate::report::{self, summary};

pub(super) async fn run(
    args: &Apply,
    context: &Context,
    ui: &Ui,
    interrupts: &Interrupts,
) -> Result<Exit, Error> {
    if args.output.format == Format::Markdown {
        return Err(Error::usage("`apply` reports as text or json"));
    }
    let saved = args.file.as_deref().map(read).transpose()?;
    let (options, selection) = asked_for(args, saved.as_ref(), context)?;
    if !args.yes && !context.stdin_is_terminal {
        return Err(Error::usage("there is no terminal to ask on")
            .hint("add `--yes` to apply without asking"));
    }
    let names = if saved.is_some() { Names::Saved } else { Names::Typed };
    let Survey { loaded, plan, connected } =
        survey((&selection, names), &options, context.today, context, ui).await?;
    let result = match place_is_named(args, &loaded.fleet) {
        Ok(()) => {
            let asked = Asked { args, context, ui, interrupts };
            proceed(&asked, plan, saved.as_ref(), &connected.clients).await
        }
        Err(error) => Err(error),
    };
    connected.close().await;
    result
}

/// What was asked for, and by whom.
struct Asked<'a> {
    args: &'a Apply,
    context: &'a Context,
    ui: &'a Ui,
    interrupts: &'a Interrupts,
}

async fn proceed(
    asked: &Asked<'_>,
    plan: Plan,
    saved: Option<&SavedPlan>,
    clients: &Clients,
) -> Result<Exit, Error> {
    let Asked { args, context, ui, interrupts } = asked;
    let mut exit = exits(&plan);
    if let Some(saved) = saved {
        saved.verify(&plan).map_err(|mismatches| stale(&mismatches).besides(&exit))?;
    }
    let writes = plan.writes().count();
    if !args.yes && writes > 0 {
        ui.message(&report::text::plan(&plan, ui.messages()));
    }
    let approved = guard(plan).map_err(|objections| refused(&objections).besides(&exit))?;
    let workspaces = approved.plan().workspaces.len();
    let question = format!("Apply {writes} changes to {workspaces} workspaces?");
    if writes > 0 && !args.yes && !(context.stdin_is_terminal && ui.confirm(&question)) {
        return Err(Error::new(Exit::Refused, "not applied: nobody said `yes`").besides(&exit));
    }
    let outcome = carry_out(approved, clients, writes, ui, interrupts.drain()).await;
    let text = match args.output.format {
        Format::Json => report::json::to_text(&report::json::outcome(&outcome)),
        Format::Text | Format::Markdown => {
            report::text::outcome(&outcome, ui.results(&args.output))
        }
    };
    exit.extend(exits_of(&outcome));
    if let Err(error) = ui.result(&text, &args.output) {
        // What was done must be said, wherever that is still possible.
        ui.message(&text);
        return Err(error.besides(&exit));
    }
    Ok(Exit::worst(exit))
}

/// Runs the executor and shows progress.
async fn carry_out(
    approved: ApprovedPlan,
    clients: &Clients,
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
    let outcome = apply(approved, clients, events, interrupt).await;
    let _ended = shown.await;
    progress.finish_and_clear();
    outcome
}

/// What was asked for: by a saved plan or by flags.
fn asked_for(
    args: &Apply,
    saved: Option<&SavedPlan>,
    context: &Context,
) -> Result<(Options, Selection), Error> {
    let mut selection = args.selection.clone();
    let Some(saved) = saved else {
        return Ok((options(&args.shape, &selection, context), selection));
    };
    for word in &saved.options().selection {
        match word.split_once('=') {
            Some(("content", content)) => selection.content.push(content.to_owned()),
            Some(("tag", tag)) => selection.tags.push(tag.to_owned()),
            _ => return Err(Error::new(Exit::Refused, format!("the plan selects by `{word}`"))),
        }
    }
    if selection.workspaces.is_empty() {
        selection.workspaces = saved.workspaces();
    }
    Ok((Options { commit: context.commit.clone(), ..saved.options() }, selection))
}

/// With several environments it must be said where to write.
fn place_is_named(args: &Apply, fleet: &crate::environment::Fleet) -> Result<(), Error> {
    let named = super::survey::selection(&args.selection).names_a_place() || args.file.is_some();
    if named || fleet.environments.len() == 1 {
        return Ok(());
    }
    let names: Vec<&str> = fleet.environments.keys().map(crate::ident::Name::as_str).collect();
    Err(Error::usage("there are several environments, and none was named")
        .hint(format!("add `--environment NAME` ({}), `--ring NAME` or `--all`", names.join(", "))))
}

fn read(path: &Path) -> Result<SavedPlan, Error> {
    let failed = |why: String| {
        Error::new(Exit::Usage, format!("failed to read `{}`: {why}", path.display()))
            .hint("make one with `sentinelops plan --out FILE`")
    };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    SavedPlan::parse(&text).map_err(|error| failed(error.to_string()))
}

/// More items than this are not listed with an objection: they would hide the next one.
const MOST_ITEMS: usize = 20;

fn stale(mismatches: &[Mismatch]) -> Error {
    let list: Vec<String> =
        mismatches.iter().map(|m| format!("\n  {}: {}", m.item, m.reason)).collect();
    let message = format!("this is no longer the plan that was saved:{}", list.concat());
    Error::new(Exit::Refused, message).hint("plan again and have the new plan approved")
}

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

fn exits_of(outcome: &Outcome) -> Vec<Exit> {
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
