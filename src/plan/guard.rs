//! The only door to an approved plan.

use super::{Action, Change, Class, Plan};

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
}

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
    if !objections.is_empty() && !plan.options.keep_going {
        return Err(objections);
    }
    Ok(ApprovedPlan { plan })
}

/// Whether a held item is held by its own files. An absent item that may not be retired now is held
/// too, but the rest of the run does not wait for it.
fn is_content(change: &Change) -> bool {
    change.action == Action::None && matches!(change.sides.desired, super::DesiredSide::Held(_))
}
