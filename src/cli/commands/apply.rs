//! `apply`: brings workspaces to what the files say.

use std::path::Path;

use super::carry::{Asked, carry};
use super::survey::{self, Names, Survey, exits, options, survey, words};
use crate::cli::args::{Apply, Format, Selection};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::ui::Ui;
use crate::diag::read_file;
use crate::merge::Part;
use crate::plan::{Mismatch, Options, Plan, SavedPlan};

pub(super) async fn run(
    args: &Apply,
    context: &Context,
    ui: &Ui,
    interrupts: &Interrupts,
) -> Result<Exit, Error> {
    if !matches!(args.output.format, Format::Text | Format::Json | Format::Markdown) {
        return Err(args.output.format.not_of("apply", "text, json or markdown"));
    }
    let saved = args.file.as_deref().map(read).transpose()?;
    is_wanted(args, saved.as_ref())?;
    let (options, selection) = asked_for(args, saved.as_ref(), context)?;
    let asked =
        Asked { yes: args.yes, output: &args.output, context, ui, interrupts, rolls_back: None };
    asked.can_ask()?;
    let names = if saved.is_some() { Names::Saved } else { Names::Typed };
    let surveyed = survey((&selection, names), &options, context.today, context, ui).await?;
    let part = (args.output.format == Format::Json).then(|| {
        let digest = saved.as_ref().map(|saved| saved.digest.as_str());
        Part {
            selection: words(&survey::selection(&args.selection)),
            ..surveyed.part(context, digest)
        }
    });
    let Survey { loaded, plan, connected, .. } = surveyed;
    let result = match place_is_named(args, &loaded.fleet) {
        Ok(()) => {
            let known = exits(&plan);
            match is_approved(args, saved.as_ref(), &plan) {
                Ok(()) => carry(&asked, plan, &connected.clients, part).await,
                Err(error) => Err(error.besides(&known)),
            }
        }
        Err(error) => Err(error),
    };
    connected.close().await;
    result
}

/// The plan is the one that was saved, as a whole within the limits of a run, and the one whose digest
/// is demanded.
fn is_approved(args: &Apply, saved: Option<&SavedPlan>, plan: &Plan) -> Result<(), Error> {
    let Some(saved) = saved else { return is_demanded(args, &SavedPlan::of(plan)) };
    if let Some(open) = saved.objection_to_run() {
        let message = format!("the plan as a whole is refused: {open}");
        let hint = "a part of it is not judged by itself: plan again, with `--ack` if it is meant";
        return Err(Error::new(Exit::Refused, message).hint(hint));
    }
    saved.verify(plan).map_err(|mismatches| stale(&mismatches))
}

fn is_demanded(args: &Apply, plan: &SavedPlan) -> Result<(), Error> {
    let digest = &plan.digest;
    match &args.digest {
        Some(demanded) if demanded != digest => {
            let message = format!("the plan's digest is {digest}, and {demanded} is demanded");
            let hint = "have this plan approved, or apply the file of the one that was";
            Err(Error::new(Exit::Refused, message).hint(hint))
        }
        _ => Ok(()),
    }
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

/// A shard is a part of one plan that was judged as a whole; else each would be within the limits of a
/// run that all together are not.
fn is_wanted(args: &Apply, saved: Option<&SavedPlan>) -> Result<(), Error> {
    saved.map_or(Ok(()), |saved| is_demanded(args, saved))?;
    if args.selection.shard.is_none() {
        return Ok(());
    }
    if args.selection.rings.len() != 1 {
        return Err(Error::usage("a shard is of exactly one ring").hint("add one `--ring NAME`"));
    }
    if saved.is_none() || args.digest.is_none() {
        return Err(Error::usage("a shard is a part of one saved plan, whose digest is demanded")
            .hint("`sentinelops plan --out FILE`, then `sentinelops apply FILE --digest DIGEST`"));
    }
    Ok(())
}

/// With several environments it must be said where to write.
fn place_is_named(args: &Apply, fleet: &crate::environment::Fleet) -> Result<(), Error> {
    let named = survey::selection(&args.selection).names_a_place() || args.file.is_some();
    if named || fleet.environments.len() == 1 {
        return Ok(());
    }
    let names: Vec<&str> = fleet.environments.keys().map(crate::ident::Name::as_str).collect();
    Err(Error::usage("there are several environments, and none was named")
        .hint(format!("add `--environment NAME` ({}), `--ring NAME` or `--all`", names.join(", "))))
}

/// The largest saved plan that is read, in bytes: a thousand workspaces in which everything changes.
const LARGEST_PLAN: u64 = 512 << 20;

fn read(path: &Path) -> Result<SavedPlan, Error> {
    let failed = |why: String| {
        Error::new(Exit::Usage, format!("failed to read `{}`: {why}", path.display()))
            .hint("make one with `sentinelops plan --out FILE`")
    };
    let bytes = read_file(path, LARGEST_PLAN).map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| failed(error.to_string()))?;
    SavedPlan::parse(&text).map_err(|error| failed(error.to_string()))
}

fn stale(mismatches: &[Mismatch]) -> Error {
    let list: Vec<String> =
        mismatches.iter().map(|m| format!("\n  {}: {}", m.item, m.reason)).collect();
    let message = format!("this is no longer the plan that was saved:{}", list.concat());
    Error::new(Exit::Refused, message).hint("plan again and have the new plan approved")
}
