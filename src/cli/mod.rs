//! The command line: arguments in, exit code out.
//!
//! `args` is what can be typed, `context` the only reader of clock, environment and terminal, `ui` the
//! only place that prints, `exit` the exit codes, `help` the examples below the flags, `interrupt` Ctrl-C, `repository` where the root lies, and `commands` holds one file per command.

mod args;
mod commands;
mod connect;
mod context;
mod error;
mod exit;
mod files;
mod help;
mod interrupt;
mod load;
mod repository;
mod ui;

use std::process::ExitCode;

use clap::Parser;

/// Runs the program with the process's own arguments, environment and terminal.
#[must_use]
pub fn run() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return ui::usage(&error),
    };
    let context = context::Context::of_process(&args);
    ui::start_log(&args.common, &context);
    let ui = ui::Ui::new(&context, &args.common);
    let exit = match commands::run(&args, &context, &ui) {
        Ok(exit) => exit,
        Err(error) => {
            ui.error(&error);
            error.exit
        }
    };
    ExitCode::from(exit.code())
}

/// The command-line definition, for documentation tests and completions.
#[must_use]
pub fn command() -> clap::Command {
    <args::Args as clap::CommandFactory>::command()
}
