//! One file per command.

mod apply;
mod carry;
mod check;
mod completions;
mod drift;
mod emulator;
mod explain;
mod matrix;
mod plan;
mod render;
mod report;
mod rollback;
mod survey;
mod test;

use super::args::{Args, Command, ReportCommand};
use super::context::Context;
use super::error::Error;
use super::exit::Exit;
use super::interrupt::Interrupts;
use super::ui::Ui;

/// Runs the command that was typed.
pub(super) fn run(args: &Args, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    match &args.command {
        Command::Check(check) => check::run(check, context, ui),
        Command::Test(test) => test::run(test, context, ui),
        Command::Render(render) => render::run(render, context, ui),
        Command::Plan(plan) => block_on(async {
            Interrupts::listen(ui)?;
            plan::run(plan, context, ui).await
        }),
        Command::Apply(apply) => block_on(async {
            let interrupts = Interrupts::listen(ui)?;
            apply::run(apply, context, ui, &interrupts).await
        }),
        Command::Rollback(rollback) => block_on(async {
            let interrupts = Interrupts::listen(ui)?;
            rollback::run(rollback, context, ui, &interrupts).await
        }),
        Command::Drift(drift) => block_on(async {
            Interrupts::listen(ui)?;
            drift::run(drift, context, ui).await
        }),
        Command::Report(report) => match &report.command {
            ReportCommand::Merge(merge) => report::run(merge, context, ui),
        },
        Command::Matrix(matrix) => matrix::run(matrix, context, ui),
        Command::Completions(completions) => completions::run(completions, ui),
        Command::Explain(explain) => explain::run(explain, ui),
        Command::Emulator(emulator) => block_on(emulator::run(emulator, context, ui)),
    }
}

fn block_on(work: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Exit::Bug, format!("failed to start the runtime: {error}")))?
        .block_on(work)
}
