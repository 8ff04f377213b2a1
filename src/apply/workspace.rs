//! One workspace's changes: their order, what depends on what, and the check after the writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt};

use super::apply::Run;
use super::execute::{Ended, Executor};
use super::fresh::{self, Fresh};
use super::refusal::describe;
use super::verify::{Expected, verify};
use super::{Event, ItemOutcome, Verdict, WorkspaceOutcome};
use crate::ident::ContentId;
use crate::live::{Begun, Client, Error};
use crate::plan::{Action, Change, Class, DesiredSide, FieldChange, Moved, Options, WorkspacePlan};
use crate::state::Field;

/// The steps of a workspace: what makes detection quieter comes after what makes it louder, and what
/// cannot be undone comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Write,
    Retire,
    Remove,
}

impl Step {
    const ALL: [Self; 3] = [Self::Write, Self::Retire, Self::Remove];

    const fn of(action: Action) -> Option<Self> {
        match action {
            Action::Create | Action::Update | Action::Restore | Action::Record => Some(Self::Write),
            Action::Retire => Some(Self::Retire),
            Action::Delete | Action::Forget => Some(Self::Remove),
            Action::None | Action::Refuse => None,
        }
    }
}

/// Carries out one workspace's changes.
pub(super) async fn apply_workspace(run: &Run<'_>, plan: WorkspacePlan) -> WorkspaceOutcome {
    if let (Some(freeze), None) = (&plan.frozen, &plan.unreadable) {
        let why = format!("frozen until {}: {} ({})", freeze.to, freeze.reason, freeze.set_at);
        return leave(plan, &Verdict::Frozen(why), &run.options);
    }
    let writes = plan.changes.iter().filter(|change| change.action.writes()).count();
    let unread = || plan.unreadable.clone();
    let client = match (run.clients.get(&plan.key.environment), unread()) {
        (_, Some(unreadable)) => return unreadable_workspace(plan, unreadable),
        (Err(unreadable), None) if writes > 0 => return unreadable_workspace(plan, unreadable),
        (Err(_), None) => return outcome(plan, BTreeMap::new(), &run.options),
        (Ok(client), None) => client,
    };
    if writes == 0 {
        return outcome(plan, BTreeMap::new(), &run.options);
    }
    let begun = Arc::new(client.throttle().begin(&plan.id).await);
    run.say(Event::WorkspaceStarted { workspace: plan.key.clone(), items: writes });
    let client = watched(run, client, &plan, begun);
    let work = Workspace { run, plan: &plan, client: &client };
    let verdicts = work.carry_out().await;
    run.say(Event::WorkspaceEnded { workspace: plan.key.clone() });
    outcome(plan, verdicts, &run.options)
}

fn unreadable_workspace(
    plan: WorkspacePlan,
    unreadable: crate::state::Unreadable,
) -> WorkspaceOutcome {
    WorkspaceOutcome {
        key: plan.key,
        ring: plan.ring,
        unreadable: Some(unreadable),
        items: Vec::new(),
        in_sync: 0,
    }
}

/// Sends nothing to a workspace: what was to be written ends with this verdict.
pub(super) fn leave(plan: WorkspacePlan, verdict: &Verdict, options: &Options) -> WorkspaceOutcome {
    if let Some(unreadable) = plan.unreadable.clone() {
        return unreadable_workspace(plan, unreadable);
    }
    let planned = plan.changes.iter().enumerate().filter(|(_, change)| change.action.writes());
    let verdicts = planned.map(|(index, _)| (index, verdict.clone())).collect();
    outcome(plan, verdicts, options)
}

/// Long waits are told; the short ones of a passing failure are noise. Whoever waits makes room.
fn watched(run: &Run<'_>, client: &Client, plan: &WorkspacePlan, begun: Arc<Begun>) -> Client {
    let (events, workspace) = (run.events.clone(), plan.key.clone());
    client.watched(move |wait| {
        begun.waits();
        let seconds = wait.time.as_secs();
        if seconds > 0 {
            let workspace = workspace.clone();
            let _ = events.send(Event::Waiting { workspace, seconds, reason: wait.reason });
        }
    })
}

/// What is known when a step begins.
struct Before<'a> {
    /// How items of earlier steps ended.
    ended: &'a BTreeMap<usize, Ended>,
    /// What the workspace said before the first write.
    fresh: &'a Result<Fresh, Error>,
}

struct Workspace<'a> {
    run: &'a Run<'a>,
    plan: &'a WorkspacePlan,
    client: &'a Client,
}

impl Workspace<'_> {
    async fn carry_out(&self) -> BTreeMap<usize, Verdict> {
        // Where nothing will be started, nothing needs to be looked at.
        let fresh = match self.run.is_interrupted() {
            true => Ok(Fresh::default()),
            false => fresh::look(self.client, self.plan).await,
        };
        let mut ended: BTreeMap<usize, Ended> = BTreeMap::new();
        for step in Step::ALL {
            let of_step = self.step(step, &Before { ended: &ended, fresh: &fresh }).await;
            ended.extend(of_step);
        }
        let mut verdicts = BTreeMap::new();
        let mut expected = BTreeMap::new();
        for (index, Ended { verdict, left }) in ended {
            if let Some(left) = left {
                expected.insert(index, Expected { left, change: &self.plan.changes[index] });
            }
            verdicts.insert(index, verdict);
        }
        let executor = self.executor();
        verdicts.extend(verify(&executor, &self.plan.id, &expected).await);
        verdicts
    }

    fn executor(&self) -> Executor<'_> {
        Executor {
            workspace: &self.plan.key,
            id: &self.plan.id,
            client: self.client,
            journal: self.run.journal,
            options: &self.run.options,
        }
    }

    async fn step(&self, step: Step, before: &Before<'_>) -> Vec<(usize, Ended)> {
        let of_step = self.plan.each().enumerate();
        let of_step: Vec<(usize, &Change)> =
            of_step.filter(|(_, change)| Step::of(change.action) == Some(step)).collect();
        let at_once = self.client.throttle().limits().per_subscription.max(1);
        let item =
            async |(index, change): (usize, &Change)| (index, self.item(change, before).await);
        stream::iter(of_step).map(item).buffer_unordered(at_once).collect().await
    }

    async fn item(&self, change: &Change, before: &Before<'_>) -> Ended {
        let obstacle = if self.run.is_interrupted() {
            Some("the run was interrupted".to_owned())
        } else {
            self.obstacle(change, before.ended)
        };
        let ended = match obstacle {
            Some(why) => Ended { verdict: Verdict::NotStarted(why), left: None },
            None => {
                let executor = self.executor();
                match before.fresh {
                    Err(error) if fresh::depends(change) => {
                        let verdict = Verdict::Failed(describe(error));
                        Ended { verdict, left: None }
                    }
                    Ok(fresh) if fresh.contradicts(change) => {
                        executor.carry_out_again(change).await
                    }
                    Ok(_) | Err(_) => executor.carry_out(change).await,
                }
            }
        };
        self.run.say(Event::ItemEnded {
            workspace: self.plan.key.clone(),
            key: change.key.clone(),
            action: change.action,
            done: ended.verdict == Verdict::Done,
        });
        ended
    }

    /// Why a change must not begin, given how those before it ended.
    fn obstacle(&self, change: &Change, before: &BTreeMap<usize, Ended>) -> Option<String> {
        if !matches!(change.action, Action::Retire | Action::Delete) {
            return None;
        }
        let done = |index: usize| before.get(&index).is_some_and(|e| e.verdict == Verdict::Done);
        let others = || self.plan.each().enumerate();
        let successor = others().find(|(index, other)| {
            replaces(other).is_some_and(|old| old == &change.key.id)
                && !(done(*index) || stands(other))
        });
        if let Some((_, other)) = successor {
            return Some(format!("`{}`, which replaces it, is not in place", other.key));
        }
        let lacking =
            others().find(|(index, other)| other.action == Action::Create && !done(*index));
        match (change.action, lacking) {
            (Action::Delete, Some((_, other))) => Some(format!(
                "nothing is deleted where something could not be created: `{}`",
                other.key
            )),
            _ => None,
        }
    }
}

fn replaces(change: &Change) -> Option<&ContentId> {
    match &change.sides.desired {
        DesiredSide::Present(present) => present.replaces.as_ref(),
        DesiredSide::Held(_) | DesiredSide::Absent => None,
    }
}

/// Whether an item that is not written in this run is there as it should be.
fn stands(change: &Change) -> bool {
    change.action == Action::None
        && change.class != Class::Held
        && change.class != Class::AutoDisabled
        && change.sides.live.is_some()
}

fn outcome(
    plan: WorkspacePlan,
    mut verdicts: BTreeMap<usize, Verdict>,
    options: &Options,
) -> WorkspaceOutcome {
    let mut items = Vec::new();
    let mut in_sync = 0;
    for (index, change) in plan.changes.into_iter().enumerate() {
        let is_calm = change.class == Class::InSync && accepted(&change).is_empty();
        in_sync += usize::from(is_calm && change.action == Action::None);
        let verdict = verdicts.remove(&index).or_else(|| not_for_writing(&change));
        let Some(verdict) = verdict else { continue };
        items.push(ItemOutcome {
            undecided: if options.desired_wins { Vec::new() } else { undecided(&change) },
            drift_left: if options.keep_drift { drift_left(&change) } else { Vec::new() },
            creates_disabled: change.creates_disabled(),
            modified: change.modified.clone(),
            key: change.key.clone(),
            name: change.name.clone(),
            class: change.class,
            action: change.action,
            effect: change.effect,
            verdict,
        });
    }
    WorkspaceOutcome { key: plan.key, ring: plan.ring, unreadable: None, items, in_sync }
}

/// Fields that nobody may write before somebody has decided.
fn undecided(change: &Change) -> Vec<Field> {
    let moved = change.fields.iter().filter(|c| matches!(c.moved, Moved::Both | Moved::Unknown));
    moved.map(|c| c.field).collect()
}

/// Fields that were changed outside git, are not accepted, and are not written.
fn drift_left(change: &Change) -> Vec<Field> {
    let may_write = matches!(change.action, Action::None | Action::Update | Action::Restore);
    let is_left = |c: &&FieldChange| {
        c.moved == Moved::Live && c.accepted.is_none() && !change.written.contains(&c.field)
    };
    let is_about_drift = may_write && is_drifted(change.class);
    let left = change.fields.iter().filter(|_| is_about_drift).filter(is_left);
    left.map(|c| c.field).collect()
}

const fn is_drifted(class: Class) -> bool {
    matches!(class, Class::Drifted | Class::ChangedAndDrifted | Class::Conflict)
}

/// Fields whose drift is accepted, each with its terms.
fn accepted(change: &Change) -> Vec<String> {
    let of_field = |c: &FieldChange| Some(format!("{} {}", c.field, c.accepted.as_ref()?));
    change.fields.iter().filter_map(of_field).collect()
}

fn not_for_writing(change: &Change) -> Option<Verdict> {
    match (change.action, change.class) {
        (Action::Refuse, _) => Some(Verdict::Refused(change.reason.clone())),
        (Action::None, Class::Held) => Some(Verdict::Held(change.reason.clone())),
        (Action::None, Class::AutoDisabled | Class::Retired) => {
            Some(Verdict::Waits(change.reason.clone()))
        }
        (Action::None, Class::Vanished) => Some(Verdict::Left(change.reason.clone())),
        (Action::None, class) if is_drifted(class) => {
            Some(Verdict::Left(format!("{}; left as it is", change.reason)))
        }
        (Action::None, Class::InSync) => {
            let accepted = accepted(change);
            let terms = || Verdict::Accepted(format!("accepted: {}", accepted.join("; ")));
            (!accepted.is_empty()).then(terms)
        }
        _ => None,
    }
}
