//! `check`: everything that can be said about the files, offline.

use crate::cli::args::{Check, Format};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::load::load;
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
    let text = match args.output.format {
        Format::Text => report::text::diagnostics(&diagnostics, ui.results(&args.output)),
        Format::Json => report::json::to_text(&report::json::diagnostics(&diagnostics)),
        other => return Err(other.not_of("check", "text or json")),
    };
    let exit = if diagnostics.has_errors() { Exit::Invalid } else { Exit::Done };
    ui.result(&text, &args.output).map_err(|error| error.besides(&[exit]))?;
    if let Some((contents, exclusions, workspaces)) = loaded {
        ui.note(&format!(
            "Checked {contents} content files and {exclusions} exclusions for {workspaces} workspaces."
        ));
    }
    Ok(exit)
}
