//! The plan of a whole run.

use std::collections::BTreeMap;

use super::settled::Settled;
use super::workspace::plan_workspace;
use super::{Options, Plan, WorkspacePlan};
use crate::ident::{Day, WorkspaceKey};
use crate::state::{Desired, DesiredWorkspace, Observation, Unreadable};

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
    let mut planner = Planner::new(desired, options, today);
    let planned: Vec<WorkspacePlan> =
        observations.iter().filter_map(|(key, seen)| planner.workspace(key, seen)).collect();
    planner.plan(planned)
}

/// Plans one run workspace by workspace, as they are read: what was read can go right after.
#[derive(Debug, Clone)]
pub struct Planner<'a> {
    desired: &'a Desired,
    by_key: BTreeMap<&'a WorkspaceKey, &'a DesiredWorkspace>,
    options: &'a Options,
    today: Day,
    settled: Settled,
}

impl<'a> Planner<'a> {
    /// A planner of everything that is desired.
    #[must_use]
    pub fn new(desired: &'a Desired, options: &'a Options, today: Day) -> Self {
        let by_key = desired.workspaces.iter().map(|w| (&w.key, w)).collect();
        Self { desired, by_key, options, today, settled: Settled::default() }
    }

    /// The plan of one workspace; `None` where nothing is desired of it.
    #[must_use]
    pub fn workspace(&mut self, key: &WorkspaceKey, seen: &Observation) -> Option<WorkspacePlan> {
        let workspace = self.by_key.get(key)?;
        let (owner, settled) = (&self.desired.owner, &mut self.settled);
        Some(plan_workspace(workspace, seen, owner, self.options, self.today, settled))
    }

    /// The plan of the run, in the order of `desired`. A workspace that is not among `planned` is
    /// unreadable, never unchanged.
    #[must_use]
    pub fn plan(&mut self, planned: impl IntoIterator<Item = WorkspacePlan>) -> Plan {
        let mut planned: BTreeMap<WorkspaceKey, WorkspacePlan> =
            planned.into_iter().map(|workspace| (workspace.key.clone(), workspace)).collect();
        let not_read = not_read();
        let desired = self.desired.workspaces.iter();
        let workspaces = desired.filter_map(|workspace| {
            let known = planned.remove(&workspace.key);
            known.or_else(|| self.workspace(&workspace.key, &not_read))
        });
        let workspaces = workspaces.collect();
        Plan {
            owner: self.desired.owner.clone(),
            options: self.options.clone(),
            terms: self.desired.terms.clone(),
            workspaces,
        }
    }
}

fn not_read() -> Observation {
    Observation::Unreadable(Unreadable {
        denied: false,
        message: "it was not read in this run".into(),
    })
}
