//! The plan of a whole run.

use std::collections::BTreeMap;

use super::workspace::plan_workspace;
use super::{Options, Plan};
use crate::ident::{Day, WorkspaceKey};
use crate::state::{Desired, Observation, Unreadable};

/// Plans every workspace that was observed or should have been, in the order of `desired`.
///
/// A workspace without an observation is unreadable, never unchanged.
#[must_use]
pub fn plan(
    desired: &Desired,
    observations: &BTreeMap<WorkspaceKey, Observation>,
    options: &Options,
    today: Day,
) -> Plan {
    let not_read = Observation::Unreadable(Unreadable {
        denied: false,
        message: "it was not read in this run".into(),
    });
    let workspaces = desired
        .workspaces
        .iter()
        .map(|workspace| {
            let observation = observations.get(&workspace.key).unwrap_or(&not_read);
            plan_workspace(workspace, observation, &desired.owner, options, today)
        })
        .collect();
    Plan {
        owner: desired.owner.clone(),
        options: options.clone(),
        terms: desired.terms.clone(),
        workspaces,
    }
}
