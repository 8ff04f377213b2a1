//! `test`: the tests of exclusions, offline.

use crate::cli::args::{Format, Test};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::load::load_or_stop;
use crate::cli::ui::Ui;
use crate::report;

pub(super) fn run(args: &Test, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    let today = args.day.today.unwrap_or(context.today);
    let loaded = load_or_stop(context, ui, today)?;
    let tests = &loaded.compiled.tests;
    let text = match args.output.format {
        Format::Text => report::text::exclusion_tests(tests, ui.results(&args.output)),
        Format::Json => report::json::to_text(&report::json::exclusion_tests(tests)),
        other => return Err(other.not_of("test", "text or json")),
    };
    let failed = tests.failed() > 0 || loaded.diagnostics.has_errors();
    let exit = if failed { Exit::Invalid } else { Exit::Done };
    ui.result(&text, &args.output).map_err(|error| error.besides(&[exit]))?;
    Ok(exit)
}
