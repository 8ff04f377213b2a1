//! `rollback`: puts back what a run replaced.

use super::carry::{Asked, carry};
use super::survey::{Names, Survey, Turn, survey_of};
use crate::cli::args::{Format, Rollback, Selection};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::ui::Ui;
use crate::plan::Options;
use crate::run::{NotARun, Stored, find};
use crate::state::Desired;

pub(super) async fn run(
    args: &Rollback,
    context: &Context,
    ui: &Ui,
    interrupts: &Interrupts,
) -> Result<Exit, Error> {
    if !matches!(args.output.format, Format::Text | Format::Json | Format::Markdown) {
        return Err(args.output.format.not_of("rollback", "text, json or markdown"));
    }
    let unread = |why: NotARun| {
        Error::usage(format!("failed to read the run `{}`: {why}", args.run))
            .hint("runs are kept in `.sentinelops/runs/` of the root that they were started in")
    };
    let folder = find(&context.root, &args.run).map_err(unread)?;
    let stored = Stored::read(&folder).map_err(unread)?;
    let id = stored.manifest.id.clone();
    let asked = Asked {
        yes: args.yes,
        output: &args.output,
        context,
        ui,
        interrupts,
        rolls_back: Some(&id),
    };
    asked.can_ask()?;
    say(&stored, ui);
    if stored.workspaces.is_empty() {
        ui.note(&format!("The run `{id}` replaced nothing; there is nothing to put back."));
        return Ok(Exit::Done);
    }
    let turn: Turn<'_> = &|desired| turn(desired, &stored, args);
    let names = (&selection(args, &stored), Names::Typed);
    let Survey { mut plan, connected, .. } =
        survey_of(names, &options(args, context), context.today, context, ui, turn)
            .await
            .map_err(|error| as_of_run(error, args, &stored))?;
    plan.keep(|change| change.sides.rollback.is_some());
    let result = carry(&asked, plan, &connected.clients, None).await;
    connected.close().await;
    result
}

/// What the run's folder says that no plan does.
fn say(stored: &Stored, ui: &Ui) {
    if !stored.ended {
        ui.message(&format!(
            "note: the run `{}` has no outcome: it was cut off, or is still under way; what it may have \
             written is put back",
            stored.manifest.id
        ));
        if stored.without_copy > 0 {
            ui.message(&format!(
                "warning: of {} items that it was to write its folder has nothing: either it had not come to \
                 them, or their files are gone and what it wrote stays; `sentinelops drift` and \
                 `sentinelops plan` show how they stand",
                stored.without_copy
            ));
        }
    }
    if stored.only_recorded > 0 {
        ui.note(&format!(
            "Of {} items the run only wrote the record; they stay as they are.",
            stored.only_recorded
        ));
    }
}

fn options(args: &Rollback, context: &Context) -> Options {
    let mut acknowledged = args.ack.clone();
    acknowledged.sort();
    acknowledged.dedup();
    Options { acknowledged, commit: context.commit.clone(), ..Options::default() }
}

/// A workspace that nobody named is one of the run's: that it is unknown means that it is gone.
fn as_of_run(error: Error, args: &Rollback, stored: &Stored) -> Error {
    if names_a_place(args) || error.exit != Exit::Invalid {
        return error;
    }
    let names: Vec<&str> = stored.workspaces.keys().map(String::as_str).collect();
    error.hint(format!(
        "the run wrote to {}; where one of them is no longer in the files, bring it back, or roll back the \
         others alone with `--workspace NAME`",
        names.join(", ")
    ))
}

fn names_a_place(args: &Rollback) -> bool {
    let selection = &args.selection;
    selection.all
        || !selection.environments.is_empty()
        || !selection.workspaces.is_empty()
        || !selection.rings.is_empty()
}

/// The run's workspaces, where none are named.
fn selection(args: &Rollback, stored: &Stored) -> Selection {
    let mut selection = args.selection.clone();
    if !names_a_place(args) {
        selection.workspaces = stored.workspaces.keys().cloned().collect();
    }
    selection
}

/// Makes what the run replaced the desired side of the workspaces that it wrote to.
fn turn(desired: &mut Desired, stored: &Stored, args: &Rollback) -> Result<(), Error> {
    let refused = |message: String| Error::new(Exit::Refused, message);
    if !desired.owner.as_str().eq_ignore_ascii_case(&stored.manifest.owner) {
        let message =
            format!("the run is of the owner `{}`, not `{}`", stored.manifest.owner, desired.owner);
        return Err(refused(message).hint("roll it back in the repository that it was started in"));
    }
    desired
        .workspaces
        .retain(|workspace| stored.workspaces.contains_key(&workspace.key.to_string()));
    if desired.workspaces.is_empty() {
        let names: Vec<&str> = stored.workspaces.keys().map(String::as_str).collect();
        let message = format!("the run `{}` did not write there", args.run);
        return Err(Error::usage(message).hint(format!("it wrote to {}", names.join(", "))));
    }
    for workspace in &mut desired.workspaces {
        let name = workspace.key.to_string();
        let of_run = &stored.workspaces[&name];
        if of_run.resource_id != workspace.id.to_string() {
            let (then, now) = (&of_run.resource_id, &workspace.id);
            return Err(refused(format!(
                "`{name}` is another workspace in Azure now: the run wrote to `{then}`, the files say `{now}`"
            )));
        }
        workspace.roll_back(of_run.items.clone());
    }
    Ok(())
}
