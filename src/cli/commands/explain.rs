//! `explain`: what a code of a diagnostic means, or what a concept is.

use crate::cli::args::Explain;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::diag::suggest;
use crate::report::{explain, text};

pub(super) fn run(args: &Explain, ui: &Ui) -> Result<Exit, Error> {
    let style = ui.printed();
    let Some(code) = &args.code else {
        let concepts = text::concepts(&explain::concepts(), style);
        ui.print(&format!("{concepts}\n{}", text::codes(&explain::explanations(), style)))?;
        return Ok(Exit::Done);
    };
    let concepts = explain::concepts();
    if let Some(concept) = concepts.iter().find(|concept| concept.name == code) {
        ui.print(&text::concept(concept, style))?;
        return Ok(Exit::Done);
    }
    match explain::explain(code) {
        Some(explanation) => {
            ui.print(&text::explanation(&explanation, style))?;
            Ok(Exit::Done)
        }
        None => {
            let known = explain::explanations();
            let codes = known.iter().map(|explanation| explanation.code);
            let near = suggest(code, codes.chain(concepts.iter().map(|concept| concept.name)));
            Err(Error::usage(format!("there is no code or concept `{code}`"))
                .hint(near)
                .hint("`sentinelops explain` lists all of them"))
        }
    }
}
