//! `check`: everything that can be said about the files, offline.

use crate::cli::args::{Check, Format};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::load::load;
use crate::cli::repository;
use crate::cli::ui::Ui;
use crate::report;

pub(super) fn run(args: &Check, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    let today = args.day.today.unwrap_or(context.today);
    let (loaded, diagnostics) = match load(context, today) {
        Ok(loaded) => (
            Some((
                loaded.catalog.contents.len(),
                loaded.catalog.exclusions.len(),
                loaded.fleet.workspaces().len(),
            )),
            loaded.diagnostics,
        ),
        Err(diagnostics) => (None, diagnostics),
    };
    let within = repository::within(&context.root);
    let text = match args.output.format {
        Format::Text => report::text::diagnostics(&diagnostics, ui.results(&args.output)),
        Format::Json => report::json::to_text(&report::json::diagnostics(&diagnostics)),
        Format::Sarif => report::json::to_text(&report::sarif::diagnostics(&diagnostics, &within)),
        Format::Github => {
            report::github::diagnostics(&diagnostics, &within, ui.results(&args.output))
        }
        other => return Err(other.not_of("check", "text, json, sarif or github")),
    };
    let exit = if diagnostics.has_errors() { Exit::Invalid } else { Exit::Done };
    // Only here a pipeline is meant to be commanded; what is not meant to be is escaped already.
    let printed = match args.output.format {
        Format::Github => ui.verbatim(&text, &args.output),
        _ => ui.result(&text, &args.output),
    };
    printed.map_err(|error| error.besides(&[exit]))?;
    if let Some((contents, exclusions, workspaces)) = loaded {
        ui.note(&format!(
            "Checked {contents} content files and {exclusions} exclusions for {workspaces} workspaces."
        ));
    }
    Ok(exit)
}
