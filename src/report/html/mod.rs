//! Plans and drift as one page that a browser opens from a file: no server, no network, nothing beside it.
//!
//! The page has the closing sentence, the unknown workspaces and the ways on as plain HTML, which no script
//! can lose, and everything else as one JSON document that the scripts beside this file draw. Whatever
//! somebody else wrote is escaped on its way into the HTML, and only ever set as text by the scripts; a
//! content security policy lets nothing run but these scripts, by their hash.

mod document;
mod excluded;
mod page;
mod stages;
mod state;
mod values;

use super::sentence;
use super::summary::{self, Summary};
use super::wording;
use crate::content::Catalog;
use crate::ident::Day;
use crate::plan::{self, Change, Exceeded, Plan};
use page::Page;

/// What a page says that does not stand in the plan.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The day of the report, UTC.
    pub today: Day,
    /// The commit that the files were read from, where CI says so.
    pub commit: Option<&'a str>,
    /// The content files: who answers for an exclusion, and until when. Without them the plan is one of
    /// merged reports, which do not have every item.
    pub catalog: Option<&'a Catalog>,
    /// How many days before its end an exclusion is said to end soon.
    pub expiry_warning_days: i64,
}

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What would be done: from the workspace to the files.
    Plan,
    /// What moved outside git: from the files to the workspace.
    Drift,
}

impl Kind {
    /// Whether a change is told in full.
    fn tells(self, change: &Change) -> bool {
        match self {
            Self::Plan => !summary::is_quiet(change),
            Self::Drift => summary::is_told_as_drift(change),
        }
    }
}

/// What would be done.
#[must_use]
pub fn plan(plan: &Plan, facts: &Facts<'_>) -> String {
    judged_plan(plan, &plan::exceeded(plan), facts)
}

/// The same of a plan of which the guards found this.
#[must_use]
pub fn judged_plan(plan: &Plan, found: &[Exceeded], facts: &Facts<'_>) -> String {
    let summary = Summary::judged(plan, found);
    let told = plan.changes().map(|(_, change)| change).filter(|change| Kind::Plan.tells(change));
    let page = Page {
        name: "Plan",
        alarms: alarms(&summary, (summary.quieter, "quieter")),
        sentence: sentence::plan(&summary),
        objections: found.to_vec(),
        hints: wording::ways_on(told),
        document: document::document(plan, Kind::Plan, facts),
    };
    page.render(plan, facts)
}

/// What moved in the workspaces, outside git.
#[must_use]
pub fn drift(plan: &Plan, facts: &Facts<'_>) -> String {
    let summary = Summary::of(plan);
    let drifted = plan.changes().map(|(_, change)| change);
    let drifted = drifted.filter(|c| summary::is_drift(c) || summary::is_foreign(c));
    let page = Page {
        name: "Drift",
        alarms: alarms(&summary, (summary.drift, "drifted")),
        sentence: sentence::drift(&summary),
        objections: Vec::new(),
        hints: wording::ways_on(drifted),
        document: document::document(plan, Kind::Drift, facts),
    };
    page.render(plan, facts)
}

/// What stands first in a browser's tab, worst first.
fn alarms(summary: &Summary, (number, word): (usize, &str)) -> Vec<String> {
    let counted = [(summary.unreadable, "UNKNOWN"), (number, word)];
    let counted = counted.into_iter().filter(|(number, _)| *number > 0);
    counted.map(|(number, word)| format!("{number} {word}")).collect()
}

#[cfg(test)]
mod tests;
