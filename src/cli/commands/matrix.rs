//! `matrix`: the jobs of a rollout, for GitHub Actions.

use super::survey::{selected, selection};
use crate::cli::args::Matrix;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::load::load_or_stop;
use crate::cli::ui::Ui;
use crate::environment::{Division, MOST_JOBS, jobs};
use crate::report;

pub(super) fn run(args: &Matrix, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    let division = match (args.shards, args.most) {
        (_, Some(0)) | (Some(0), None) => return Err(Error::usage("a job needs something to do")),
        (Some(number), _) if number > MOST_JOBS => {
            return Err(Error::usage(format!("a matrix has at most {MOST_JOBS} jobs")));
        }
        (_, Some(most)) => Division::MostWorkspaces(most),
        (number, None) => Division::Shards(number.unwrap_or(1)),
    };
    let loaded = load_or_stop(context, ui, context.today)?;
    let workspaces = selected(&selection(&args.selection), &loaded.fleet, ui)?;
    let jobs = jobs(&workspaces, division).map_err(|invalid| Error::usage(invalid.to_string()))?;
    ui.print(&format!("{}\n", report::json::jobs(&jobs)))?;
    Ok(Exit::Done)
}
