//! Rings one after the other: each begins when the one before it has ended within its failure budget.

use futures::future::join_all;

use super::apply::Run;
use super::ring::{RingOutcome, RingScore, Standing};
use super::workspace::{apply_workspace, leave};
use super::{Event, Verdict, WorkspaceOutcome};
use crate::ident::RingName;
use crate::plan::WorkspacePlan;
use crate::state::{FailureBudget, Ring};

/// Carries out the workspaces of a plan, which are in order of rollout. Of the rings, the last halts
/// nothing, since none waits for it.
pub(super) async fn roll_out(
    run: &Run<'_>,
    workspaces: Vec<WorkspacePlan>,
    rings: &[Ring],
) -> (Vec<WorkspaceOutcome>, Vec<RingOutcome>) {
    let mut ended = Vec::new();
    let mut outcomes: Vec<RingOutcome> = Vec::new();
    let mut halted: Option<RingName> = None;
    for (ring, workspaces) in by_ring(workspaces) {
        let budget = budget(&ring, rings);
        let of_ring = match &halted {
            Some(at) => {
                let why = format!("the rollout halted at ring `{at}`");
                let left = |plan| leave(plan, &Verdict::NotStarted(why.clone()), &run.options);
                workspaces.into_iter().map(left).collect()
            }
            None => {
                run.say(Event::RingStarted { ring: ring.clone() });
                at_once(run, workspaces).await
            }
        };
        let score = RingScore::of(&of_ring);
        let halt = score.halt(&budget).filter(|_| is_followed(&ring, rings));
        let standing = match (halted.is_some(), run.is_interrupted(), halt) {
            (true, ..) => Standing::NotStarted,
            (false, true, _) => Standing::Interrupted,
            (false, false, Some(halt)) => Standing::Halted(halt),
            (false, false, None) => Standing::Finished,
        };
        if matches!(standing, Standing::Halted(_)) {
            halted = Some(ring.clone());
        }
        outcomes.push(RingOutcome { ring, budget, score, standing });
        ended.extend(of_ring);
    }
    (ended, outcomes)
}

/// The workspaces of one ring, at once within the clients' limits.
///
/// Each begins when the throttle has a place for it, so that an interrupt has little to finish.
async fn at_once(run: &Run<'_>, workspaces: Vec<WorkspacePlan>) -> Vec<WorkspaceOutcome> {
    join_all(workspaces.into_iter().map(|workspace| apply_workspace(run, workspace))).await
}

fn by_ring(workspaces: Vec<WorkspacePlan>) -> Vec<(RingName, Vec<WorkspacePlan>)> {
    let mut rings: Vec<(RingName, Vec<WorkspacePlan>)> = Vec::new();
    for workspace in workspaces {
        match rings.last_mut() {
            Some((ring, of_ring)) if *ring == workspace.ring => of_ring.push(workspace),
            _ => rings.push((workspace.ring.clone(), vec![workspace])),
        }
    }
    rings
}

fn budget(ring: &RingName, rings: &[Ring]) -> FailureBudget {
    let known = rings.iter().find(|known| known.name == *ring);
    known.map(|known| known.budget.clone()).unwrap_or_default()
}

fn is_followed(ring: &RingName, rings: &[Ring]) -> bool {
    rings.iter().skip_while(|known| known.name != *ring).nth(1).is_some()
}
