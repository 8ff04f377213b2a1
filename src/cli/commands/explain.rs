//! `explain`: what a code of a diagnostic means.

use crate::cli::args::Explain;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::diag::suggest;
use crate::report::{explain, text};

pub(super) fn run(args: &Explain, ui: &Ui) -> Result<Exit, Error> {
    let style = ui.printed();
    let Some(code) = &args.code else {
        ui.print(&text::codes(&explain::explanations(), style))?;
        return Ok(Exit::Done);
    };
    match explain::explain(code) {
        Some(explanation) => {
            ui.print(&text::explanation(&explanation, style))?;
            Ok(Exit::Done)
        }
        None => {
            let known = explain::explanations();
            let near = suggest(code, known.iter().map(|explanation| explanation.code));
            Err(Error::usage(format!("there is no code `{code}`"))
                .hint(near)
                .hint("`sentinelops explain` lists all codes"))
        }
    }
}
