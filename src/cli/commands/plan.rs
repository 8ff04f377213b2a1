//! `plan`: what `apply` would do.

use super::survey::{Survey, exits, options, survey};
use crate::cli::args::{Format, Plan as Args};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::{Ui, write_file};
use crate::plan::SavedPlan;
use crate::report;

pub(super) async fn run(args: &Args, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    let today = args.day.today.unwrap_or(context.today);
    let options = options(&args.shape, &args.selection, context);
    let Survey { plan, connected, .. } =
        survey(&args.selection, &options, today, context, ui).await?;
    connected.close().await;
    let text = match args.output.format {
        Format::Text => report::text::plan(&plan, ui.results(&args.output)),
        Format::Json => report::json::to_text(&report::json::plan(&plan)),
        Format::Markdown => report::markdown::plan(&plan),
    };
    ui.result(&text, &args.output)?;
    let mut exit = exits(&plan);
    if let Some(path) = &args.out {
        if plan.workspaces.iter().any(|workspace| workspace.unreadable.is_some()) {
            ui.message("warning: the plan is saved without the workspaces that could not be read");
        }
        let saved = SavedPlan::of(&plan);
        write_file(path, &saved.to_text())?;
        ui.note(&format!("Saved to `{}`, digest {}.", path.display(), saved.digest));
    }
    if args.exit_code && plan.changes().any(|(_, change)| change.action.writes()) {
        exit.push(Exit::Pending);
    }
    Ok(Exit::worst(exit))
}
