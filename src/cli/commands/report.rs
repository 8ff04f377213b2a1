//! `report merge`: the reports of several runs that shared the work, as one.

use std::path::Path;

use serde_json::{Value, json};

use super::carry::exits_of;
use super::survey::has_drift;
use crate::apply::{Outcome, Standing};
use crate::cli::args::{Format, MergeReports};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::merge::{Merged, NotMerged, Part, Report, merge};
use crate::report;
use crate::report::html::Facts;

pub(super) fn run(args: &MergeReports, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    let is_outcome = |merged: &Merged| matches!(merged.report, Report::Outcome(_));
    let mut files = Vec::new();
    let mut failed = Vec::new();
    for path in &args.files {
        match std::fs::read_to_string(path) {
            Ok(text) => files.push((shown(path), text)),
            Err(error) => failed.push(format!("failed to read `{}`: {error}", path.display())),
        }
    }
    if !failed.is_empty() {
        return Err(Error::usage(failed.join("\n")).hint(LACKING));
    }
    let rings = if args.next_ring { Some(&[][..]) } else { None };
    let rings = if args.rings.is_empty() { rings } else { Some(args.rings.as_slice()) };
    let merged = merge(&files, rings, args.next_ring).map_err(|why| match &why {
        NotMerged::Unreadable(_) => Error::usage(why.to_string()).hint(LACKING),
        NotMerged::Refused(_) => Error::new(Exit::Refused, why.to_string()).hint(LACKING),
    })?;
    if args.next_ring && !is_outcome(&merged) {
        return Err(Error::usage("`--next-ring` is about reports of `apply`"));
    }
    let exits = exits(&merged)?;
    for remark in &merged.remarks {
        ui.message(remark);
    }
    let facts = Facts { today: context.today, commit: None, catalog: None, expiry_warning_days: 0 };
    let text = match (&merged.report, args.output.format) {
        (_, Format::Json) => report::json::to_text(&document(&merged, &exits)),
        (Report::Plan(plan, found), Format::Text) => {
            report::text::judged_plan(plan, found, ui.results(&args.output))
        }
        (Report::Plan(plan, found), Format::Markdown) => report::markdown::judged_plan(plan, found),
        (Report::Drift(plan), Format::Text) => report::text::drift(plan, ui.results(&args.output)),
        (Report::Drift(plan), Format::Markdown) => report::markdown::drift(plan),
        (Report::Plan(plan, found), Format::Html) => report::html::judged_plan(plan, found, &facts),
        (Report::Drift(plan), Format::Html) => report::html::drift(plan, &facts),
        (Report::Outcome(outcome), Format::Text) => {
            report::text::outcome(outcome, ui.results(&args.output))
        }
        (Report::Outcome(outcome), Format::Markdown) => report::markdown::outcome(outcome),
        (Report::Outcome(_), other) => {
            return Err(
                other.not_of("report merge", "text, json or markdown where it is about `apply`")
            );
        }
        (Report::Plan(..) | Report::Drift(_), other) => {
            return Err(other.not_of("report merge", "text, json, markdown or html"));
        }
    };
    ui.result(&text, &args.output).map_err(|error| error.besides(&exits))?;
    Ok(if args.next_ring { next_ring(&exits, &merged) } else { Exit::worst(exits) })
}

const LACKING: &str = "a shard that fails makes a report too, one that died or was refused makes none: see how that job ended";

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Every exit code that holds for all of them together: what the reports say, and what follows from what is in
/// them, whatever they say. Whether a ring halts, and whether nothing could be signed in to, is judged on the
/// whole.
fn exits(merged: &Merged) -> Result<Vec<Exit>, Error> {
    let mut exits = Vec::new();
    for code in merged.parts.iter().flat_map(|part| &part.exits) {
        let exit = Exit::of_code(*code);
        let exit = exit.ok_or_else(|| {
            Error::usage(format!("a report has the exit code {code}, which is none"))
        })?;
        exits.push(exit);
    }
    let is_denied = |part: &Part| part.exits.contains(&Exit::Denied.code());
    let everywhere = merged.parts.iter().all(is_denied);
    let halted = exits.contains(&Exit::Halted);
    exits.retain(|exit| *exit != Exit::Halted && (*exit != Exit::Denied || everywhere));
    match &merged.report {
        Report::Outcome(outcome) => {
            exits.extend(exits_of(outcome));
            if halted && !is_whole(outcome) {
                exits.push(Exit::Halted);
            }
            let unread = outcome.workspaces.iter().any(|one| one.unreadable.is_some());
            exits.extend(unread.then_some(Exit::Unknown));
        }
        Report::Plan(plan, _) | Report::Drift(plan) => {
            let unread = plan.workspaces.iter().any(|one| one.unreadable.is_some());
            exits.extend(unread.then_some(Exit::Unknown));
        }
    }
    if let Report::Drift(plan) = &merged.report
        && has_drift(plan)
    {
        exits.push(Exit::Pending);
    }
    Ok(exits)
}

/// Whether every ring was carried out, and none halts.
fn is_whole(outcome: &Outcome) -> bool {
    outcome.rings.iter().all(|ring| ring.standing == Standing::Finished)
}

/// A ring that ended within its budget hinders nobody, whatever failed in it: just as in a run that is not
/// divided. One that was not carried out whole has not ended.
fn next_ring(exits: &[Exit], merged: &Merged) -> Exit {
    let stops = [Exit::Interrupted, Exit::Bug, Exit::Usage, Exit::Halted];
    let stops = exits.iter().copied().filter(|exit| stops.contains(exit));
    let whole = matches!(&merged.report, Report::Outcome(outcome) if is_whole(outcome));
    Exit::worst(stops.chain((!whole).then_some(Exit::Halted)))
}

/// The document of one run, with the parts that it was made of instead of its own.
fn document(merged: &Merged, exits: &[Exit]) -> Value {
    let mut document = match &merged.report {
        Report::Plan(plan, found) => report::json::judged_plan(plan, found),
        Report::Drift(plan) => report::json::drift(plan),
        Report::Outcome(outcome) => report::json::outcome(outcome),
    };
    if !merged.summary.is_null() {
        document["summary"] = merged.summary.clone();
    }
    document["parts"] = json!(merged.parts);
    document["exit"] = json!(Exit::worst(exits.iter().copied()).code());
    document
}
