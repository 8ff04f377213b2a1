//! The whole run: every workspace of an approved plan, ring by ring.

use tokio::sync::{mpsc, watch};

use super::rollout::roll_out;
use super::{Event, Journal, Outcome};
use crate::live::Clients;
use crate::plan::{ApprovedPlan, Options};

/// What every workspace's run needs.
pub(super) struct Run<'a> {
    pub(super) clients: &'a Clients,
    pub(super) journal: &'a dyn Journal,
    pub(super) options: Options,
    pub(super) events: mpsc::UnboundedSender<Event>,
    pub(super) interrupt: watch::Receiver<bool>,
}

impl Run<'_> {
    /// Nobody has to listen.
    pub(super) fn say(&self, event: Event) {
        let _ = self.events.send(event);
    }

    pub(super) fn is_interrupted(&self) -> bool {
        *self.interrupt.borrow()
    }
}

/// Carries out an approved plan, ring by ring: one begins when the one before it has ended within its
/// failure budget. What an item's writes replace is kept in `journal` before they are sent. The outcome has workspaces, and their items, in the plan's order.
///
/// Once `interrupt` is true, items that have begun are finished and no other is started.
pub async fn apply(
    plan: ApprovedPlan,
    clients: &Clients,
    journal: &dyn Journal,
    events: mpsc::UnboundedSender<Event>,
    interrupt: watch::Receiver<bool>,
) -> Outcome {
    let plan = plan.into_plan();
    let run = Run { clients, journal, options: plan.options, events, interrupt };
    let (workspaces, rings) = roll_out(&run, plan.workspaces, &plan.terms.rings).await;
    Outcome { workspaces, rings, interrupted: run.is_interrupted() }
}
