//! The whole run: every workspace of an approved plan, at once.

use futures::future::join_all;
use tokio::sync::{mpsc, watch};

use super::workspace::apply_workspace;
use super::{Event, Outcome};
use crate::live::Clients;
use crate::plan::{ApprovedPlan, Options};

/// What every workspace's run needs.
pub(super) struct Run<'a> {
    pub(super) clients: &'a Clients,
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

/// Carries out an approved plan. Workspaces run at once within the clients' limits; the outcome has
/// them, and their items, in the plan's order.
///
/// Only so many workspaces are begun as there may be requests: an interrupt then has little to finish.
/// One that has to wait for the service does not count, so that it holds nobody else up.
///
/// Once `interrupt` is true, items that have begun are finished and no other is started.
pub async fn apply(
    plan: ApprovedPlan,
    clients: &Clients,
    events: mpsc::UnboundedSender<Event>,
    interrupt: watch::Receiver<bool>,
) -> Outcome {
    let plan = plan.into_plan();
    let run = Run { clients, options: plan.options, events, interrupt };
    let workspaces = plan.workspaces.into_iter();
    let workspaces = join_all(workspaces.map(|workspace| apply_workspace(&run, workspace))).await;
    Outcome { workspaces, interrupted: run.is_interrupted() }
}
