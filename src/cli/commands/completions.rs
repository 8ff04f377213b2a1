//! `completions`: what a shell needs to complete the command line.

use clap_complete::generate;

use crate::cli::args::Completions;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

pub(super) fn run(args: &Completions, ui: &Ui) -> Result<Exit, Error> {
    let mut script = Vec::new();
    generate(args.shell, &mut crate::cli::command(), "sentinelops", &mut script);
    ui.script(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
