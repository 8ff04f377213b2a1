//! The only door to an approved plan.

use super::{Action, BaselineSide, Change, Class, DesiredSide, Plan, WorkspacePlan};

/// A plan that may be applied. Only [`guard`] makes one.
#[derive(Debug, Clone)]
pub struct ApprovedPlan {
    plan: Plan,
}

impl ApprovedPlan {
    /// What was approved.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What was approved, to take apart.
    #[must_use]
    pub fn into_plan(self) -> Plan {
        self.plan
    }
}

/// Why a plan may not be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// Something is held, and `--keep-going` was not given: nothing is sent.
    #[error("{} held, so nothing is sent", items(.held))]
    Held {
        /// The held items, `workspace: item`.
        held: Vec<String>,
    },
    /// A content file's id or `replaces` cannot be read, so whatever it holds is not known, and `--keep-going`
    /// was not given: nothing is sent.
    #[error("{why}, and nothing is sent")]
    Nameless {
        /// Which file, and what follows.
        why: String,
    },
    /// So much of a workspace would be retired that it may be a mistake (half a checkout, the wrong
    /// root): nothing is sent.
    #[error(
        "{retired} of {owned} items in `{workspace}` would be retired or deleted, so nothing is sent"
    )]
    Deletes {
        /// `environment/workspace`.
        workspace: String,
        /// How many.
        retired: usize,
        /// Of how many of this owner.
        owned: usize,
    },
    /// The files have nothing any more of the several items that stand in a workspace, and some of them
    /// would be retired: an empty checkout looks just like that. Nothing is sent. (A single item whose
    /// file is taken away is what taking a file away is for.)
    #[error(
        "the files have nothing any more of what this repository owns in `{workspace}` ({owned} \
         items), so nothing is sent"
    )]
    Everything {
        /// `environment/workspace`.
        workspace: String,
        /// How many items it owns there.
        owned: usize,
    },
}

impl Objection {
    /// Whether the files are at fault, and `--keep-going` overrules it.
    #[must_use]
    pub const fn is_about_files(&self) -> bool {
        !matches!(self, Self::Deletes { .. } | Self::Everything { .. })
    }
}

/// More retirements and deletions than this in a workspace …
const DELETES: usize = 5;
/// … and more than this share of its items need an acknowledgement; where there are few items, the
/// number alone counts.
const DELETES_PERCENT: usize = 10;
const FEW: usize = 10;

fn items(held: &[String]) -> String {
    match held {
        [one] => format!("`{one}` is"),
        many => format!("{} items are", many.len()),
    }
}

/// Approves a plan.
///
/// # Errors
/// The objections, all of them.
pub fn guard(plan: Plan) -> Result<ApprovedPlan, Vec<Objection>> {
    let held: Vec<String> = plan
        .changes()
        .filter(|(_, change)| change.class == Class::Held && is_content(change))
        .map(|(workspace, change)| format!("{}: {}", workspace.key, change.key))
        .collect();
    let nameless = plan.workspaces.iter().find_map(|workspace| workspace.retire_blocked.clone());
    let mut objections: Vec<Objection> =
        nameless.map(|why| Objection::Nameless { why }).into_iter().collect();
    if !held.is_empty() {
        objections.push(Objection::Held { held });
    }
    objections.retain(|_| !plan.options.keep_going);
    objections.extend(deletes(&plan));
    if objections.is_empty() { Ok(ApprovedPlan { plan }) } else { Err(objections) }
}

/// Workspaces in which too much would be retired, unless that is acknowledged.
fn deletes(plan: &Plan) -> Vec<Objection> {
    if plan.options.acknowledged.iter().any(|ack| ack == "deletes") {
        return Vec::new();
    }
    // Content that somebody names one by one is not lost by accident.
    let is_named = !plan.options.selection.is_empty();
    let mut objections = Vec::new();
    for workspace in &plan.workspaces {
        let count = |is: fn(&&Change) -> bool| workspace.changes.iter().filter(is).count();
        let retired = count(|change| matches!(change.action, Action::Retire | Action::Delete));
        let owned = count(|change| matches!(change.sides.baseline, BaselineSide::Ours(_)));
        let is_large = owned < FEW || retired * 100 > owned * DELETES_PERCENT;
        let key = workspace.key.to_string();
        if retired > DELETES && is_large {
            objections.push(Objection::Deletes { workspace: key, retired, owned });
        } else if retired > 0 && !is_named && nothing_stays(workspace) && owned > 1 {
            objections.push(Objection::Everything { workspace: key, owned });
        }
    }
    objections
}

/// Whether the files have nothing of what is owned in a workspace, and nothing in its place.
fn nothing_stays(workspace: &WorkspacePlan) -> bool {
    let owned = |change: &&Change| !matches!(change.sides.baseline, BaselineSide::None);
    let is_replaced = |old: &Change| {
        workspace.changes.iter().any(|change| match &change.sides.desired {
            DesiredSide::Present(present) => present.replaces.as_ref() == Some(&old.key.id),
            DesiredSide::Held(_) | DesiredSide::Absent => false,
        })
    };
    workspace.changes.iter().filter(owned).all(|change| is_absent(change) && !is_replaced(change))
}

fn is_absent(change: &Change) -> bool {
    change.sides.desired == DesiredSide::Absent
}

/// Whether a held item is held by its own files. An absent item that may not be retired now is held
/// too, but the rest of the run does not wait for it.
fn is_content(change: &Change) -> bool {
    change.action == Action::None && matches!(change.sides.desired, DesiredSide::Held(_))
}
