//! `plan`: what `apply` would do.

use std::path::Path;

use super::survey::{Names, Survey, exits, options, page_facts, survey, with_part};
use crate::cli::args::{Format, Plan as Args};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::{Ui, write_private};
use crate::plan::{Plan, SavedPlan};
use crate::report;

const FORMATS: &str = "text, json, markdown or html";

pub(super) async fn run(args: &Args, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    if matches!(args.output.format, Format::Sarif | Format::Github) {
        return Err(args.output.format.not_of("plan", FORMATS));
    }
    let today = args.day.today.unwrap_or(context.today);
    let options = options(&args.shape, &args.selection, context);
    let surveyed = survey((&args.selection, Names::Typed), &options, today, context, ui).await?;
    let Survey { plan, .. } = &surveyed;
    let mut exit = exits(plan);
    if args.exit_code && plan.changes().any(|(_, c)| c.action.writes() || c.is_held_back()) {
        exit.push(Exit::Pending);
    }
    let text = match args.output.format {
        Format::Text => report::text::plan(plan, ui.results(&args.output)),
        Format::Json => {
            let part = surveyed.part(context, None);
            report::json::to_text(&with_part(report::json::plan(plan), part, &exit))
        }
        Format::Markdown => report::markdown::plan(plan),
        Format::Html => report::html::plan(plan, &page_facts(&surveyed.loaded, today, context)),
        Format::Sarif | Format::Github => return Err(args.output.format.not_of("plan", FORMATS)),
    };
    let told = ui
        .result(&text, &args.output)
        .and_then(|()| args.out.as_deref().map_or(Ok(()), |path| save(plan, path, ui)))
        .map_err(|error| error.besides(&exit));
    surveyed.connected.close().await;
    told.map(|()| Exit::worst(exit))
}

fn save(plan: &Plan, path: &Path, ui: &Ui) -> Result<(), Error> {
    if plan.workspaces.iter().any(|workspace| workspace.unreadable.is_some()) {
        ui.message(
            "warning: a workspace that could not be read is saved as one without changes; once it \
             can be read, the saved plan is refused where something is to be done there",
        );
    }
    let saved = SavedPlan::of(plan);
    write_private(path, &saved.to_text())?;
    ui.note(&format!("Saved to `{}`, digest {}.", path.display(), saved.digest));
    Ok(())
}
