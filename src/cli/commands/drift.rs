//! `drift`: what was changed outside git.

use super::survey::{Names, Survey, exits, has_drift, page_facts, survey, with_part};
use crate::cli::args::{Drift, Format};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::plan::{Change, Class, Options};
use crate::report;

const FORMATS: &str = "text, json, markdown or html";

pub(super) async fn run(args: &Drift, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    if matches!(args.output.format, Format::Sarif | Format::Github) {
        return Err(args.output.format.not_of("drift", FORMATS));
    }
    let today = args.day.today.unwrap_or(context.today);
    let options = Options::default();
    let surveyed = survey((&args.selection, Names::Typed), &options, today, context, ui).await?;
    let Survey { plan, .. } = &surveyed;
    // Held items and twins are the files' side of the story; conflicts are both sides', and of an
    // item that belongs to another owner, or that stands there without a record, nothing is known.
    let mut exit: Vec<Exit> = exits(plan)
        .into_iter()
        .filter(|exit| !matches!(exit, Exit::Invalid | Exit::Refused))
        .collect();
    let undecided = |change: &Change| match change.class {
        Class::Conflict | Class::Foreign => true,
        Class::Collision => change.sides.live.is_some(),
        _ => false,
    };
    if plan.changes().any(|(_, change)| undecided(change)) {
        exit.push(Exit::Refused);
    }
    if has_drift(plan) {
        exit.push(Exit::Pending);
    }
    let text = match args.output.format {
        Format::Text => report::text::drift(plan, ui.results(&args.output)),
        Format::Json => {
            let part = surveyed.part(context, None);
            report::json::to_text(&with_part(report::json::drift(plan), part, &exit))
        }
        Format::Markdown => report::markdown::drift(plan),
        Format::Html => report::html::drift(plan, &page_facts(&surveyed.loaded, today, context)),
        Format::Sarif | Format::Github => return Err(args.output.format.not_of("drift", FORMATS)),
    };
    surveyed.connected.close().await;
    ui.result(&text, &args.output).map_err(|error| error.besides(&exit))?;
    Ok(Exit::worst(exit))
}
