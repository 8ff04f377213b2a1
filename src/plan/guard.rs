//! The only door to an approved plan: how much of it needs that somebody says it is meant.

use std::collections::BTreeMap;

use super::objection::{Bound, Exceeded, Objection};
use super::{Acknowledgement, Change, Guard, Options, Plan, WorkspacePlan, measure};
use crate::ident::ExclusionId;
use crate::state::{Guards, Limit, Threshold};

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

/// Where fewer items are owned, a share says nothing, and the number alone counts.
const FEW: usize = 10;

/// Approves a plan.
///
/// # Errors
/// The objections that nobody has overruled, all of them.
pub fn guard(plan: Plan) -> Result<ApprovedPlan, Vec<Objection>> {
    let changes = || plan.changes().filter(|(_, change)| measure::is_held_content(change));
    let held: Vec<String> = changes().map(|(workspace, change)| name(workspace, change)).collect();
    let nameless = plan.workspaces.iter().find_map(|workspace| workspace.retire_blocked.clone());
    let mut objections: Vec<Objection> =
        nameless.map(|why| Objection::Nameless { why }).into_iter().collect();
    if !held.is_empty() {
        objections.push(Objection::Held { held });
    }
    objections.retain(|_| !plan.options.keep_going);
    let exceeded = exceeded(&plan).into_iter().filter(|found| found.acknowledged.is_none());
    objections.extend(exceeded.map(|found| Objection::Exceeded(Box::new(found))));
    if objections.is_empty() { Ok(ApprovedPlan { plan }) } else { Err(objections) }
}

/// What the guards found, workspace by workspace and then over the run, whether or not it is
/// acknowledged. A frozen workspace gets no writes, so nothing is found there.
#[must_use]
pub fn exceeded(plan: &Plan) -> Vec<Exceeded> {
    let judged = plan.workspaces.iter().filter(|workspace| workspace.frozen.is_none());
    let mut all = Vec::new();
    let mut run = Run::default();
    for workspace in judged {
        let judge = Judge { plan, workspace };
        let found = judge.all();
        run.add(workspace, &found, plan);
        all.extend(found);
    }
    all.extend(run.exceeded(plan));
    all
}

/// Acknowledgements that are about nothing that was found: a slip, or no longer needed.
#[must_use]
pub fn idle(plan: &Plan) -> Vec<&Acknowledgement> {
    let found = exceeded(plan);
    let is_idle = |ack: &&Acknowledgement| match ack.guard {
        Guard::RetiredEdited => !plan.changes().any(|(workspace, change)| {
            ack.is_about(ack.guard, Some(&workspace.key)) && measure::retired_though_edited(change)
        }),
        guard => !found
            .iter()
            .any(|one| one.guard == guard && ack.is_about(guard, one.workspace.as_ref())),
    };
    plan.options.acknowledged.iter().filter(is_idle).collect()
}

fn name(workspace: &WorkspacePlan, change: &Change) -> String {
    format!("{}: {}", workspace.key, change.key)
}

/// Whether so many of so many are too many, and against what.
fn over(measured: usize, owned: usize, count: Limit, percent: Limit) -> Option<Bound> {
    if measured <= count.value {
        None
    } else if owned < FEW {
        Some(Bound::Few(count))
    } else {
        (measured * 100 > owned * percent.value).then_some(Bound::Share { count, percent })
    }
}

fn over_number(measured: usize, limit: Limit) -> Option<Bound> {
    (measured > limit.value).then_some(Bound::Number(limit))
}

/// Fills in what was acknowledged.
fn acknowledged(mut found: Exceeded, options: &Options) -> Exceeded {
    let about = |ack: &&Acknowledgement| ack.is_about(found.guard, found.workspace.as_ref());
    let acks = || options.acknowledged.iter().filter(about);
    let enough = acks().find(|ack| ack.covers(found.measured)).cloned();
    let short = acks().filter_map(|ack| ack.at_most).max();
    found.short = short.filter(|_| enough.is_none());
    found.acknowledged = enough;
    found
}

/// Whether a guard counts a change.
type Measure = fn(&Change) -> bool;

/// Judges one workspace.
struct Judge<'p> {
    plan: &'p Plan,
    workspace: &'p WorkspacePlan,
}

impl Judge<'_> {
    fn all(&self) -> Vec<Exceeded> {
        let mut found: Vec<Exceeded> = Vec::new();
        found.extend(self.deletes());
        let share = [Threshold::ChangesCount, Threshold::ChangesPercent];
        found.extend(self.share(Guard::Changes, measure::changes, share));
        found.extend(self.number(Guard::Disables, measure::disables, Threshold::Disables));
        found.extend(self.reach());
        if self.workspace.owned == 0 {
            found.extend(self.number(Guard::FirstRun, measure::taken_over, Threshold::FirstRun));
        }
        found.extend(self.number(Guard::Playbooks, measure::loses_playbooks, Threshold::Playbooks));
        found.extend(self.quota(Guard::Rules, Threshold::Rules, false));
        found.extend(self.quota(Guard::NrtRules, Threshold::NrtRules, true));
        found
    }

    fn limit(&self, threshold: Threshold) -> Limit {
        self.workspace.guards.limit(threshold)
    }

    fn concerned(&self, is: impl Fn(&Change) -> bool) -> Vec<&Change> {
        self.workspace.each().filter(|change| is(change)).collect()
    }

    fn found(&self, guard: Guard, changes: &[&Change], bound: Bound) -> Exceeded {
        let found = Exceeded {
            guard,
            workspace: Some(self.workspace.key.clone()),
            exclusion: None,
            measured: changes.len(),
            owned: self.workspace.owned,
            bound,
            items: changes.iter().map(|change| name(self.workspace, change)).collect(),
            acknowledged: None,
            short: None,
        };
        acknowledged(found, &self.plan.options)
    }

    fn share(
        &self,
        guard: Guard,
        is: Measure,
        [count, percent]: [Threshold; 2],
    ) -> Option<Exceeded> {
        let changes = self.concerned(is);
        let (count, percent) = (self.limit(count), self.limit(percent));
        let bound = over(changes.len(), self.workspace.owned, count, percent)?;
        Some(self.found(guard, &changes, bound))
    }

    fn number(&self, guard: Guard, is: Measure, threshold: Threshold) -> Option<Exceeded> {
        let changes = self.concerned(is);
        let bound = over_number(changes.len(), self.limit(threshold))?;
        Some(self.found(guard, &changes, bound))
    }

    /// A single item whose file is taken away is what taking a file away is for, and content that
    /// somebody names one by one, as that of a run that is rolled back, is not lost by accident.
    fn deletes(&self) -> Option<Exceeded> {
        let share = [Threshold::DeletesCount, Threshold::DeletesPercent];
        let is_back = |change: &Change| change.sides.rollback.is_some();
        let is_named =
            !self.plan.options.selection.is_empty() || self.workspace.each().any(is_back);
        self.share(Guard::Deletes, measure::deletes, share).or_else(|| {
            let changes = self.concerned(measure::deletes);
            let all_goes = !changes.is_empty() && measure::nothing_stays(self.workspace);
            let bound = (all_goes && !is_named && self.workspace.owned > 1)
                .then_some(Bound::NothingStays)?;
            Some(self.found(Guard::Deletes, &changes, bound))
        })
    }

    fn reach(&self) -> Vec<Exceeded> {
        let broad = &self.plan.terms.broad_exclusions;
        let reach = measure::reach(self.workspace, broad).into_iter();
        reach
            .filter_map(|(id, changes)| {
                let limit = self.limit(Threshold::ExclusionReach);
                let bound = over_number(changes.len(), limit)?;
                let found = self.found(Guard::ExclusionReach, &changes, bound);
                Some(Exceeded { exclusion: Some(id), ..found })
            })
            .collect()
    }

    /// What is there counts with what is made, and only what is made is in question.
    fn quota(&self, guard: Guard, threshold: Threshold, only_nrt: bool) -> Option<Exceeded> {
        let changes = self.concerned(|change| measure::creates_rule(change, only_nrt));
        let there = match only_nrt {
            true => self.workspace.rules.nrt,
            false => self.workspace.rules.all,
        };
        let measured = there + changes.len();
        let bound = over_number(measured, self.limit(threshold)).filter(|_| !changes.is_empty())?;
        let found = Exceeded { measured, ..self.found(guard, &changes, bound) };
        Some(acknowledged(found, &self.plan.options))
    }
}

/// What adds up over workspaces that raise no alarm by themselves.
#[derive(Default)]
struct Run {
    owned: usize,
    sums: BTreeMap<(Guard, Option<ExclusionId>), Sum>,
}

#[derive(Default)]
struct Sum {
    items: Vec<String>,
    workspaces: usize,
}

impl Run {
    /// What a workspace's own guard found is said there, and does not count again.
    fn add(&mut self, workspace: &WorkspacePlan, found: &[Exceeded], plan: &Plan) {
        self.owned += workspace.owned;
        let said = |guard: Guard, exclusion: Option<&ExclusionId>| {
            found.iter().any(|one| one.guard == guard && one.exclusion.as_ref() == exclusion)
        };
        let measures: [(Guard, Measure); 3] = [
            (Guard::Deletes, measure::deletes),
            (Guard::Changes, measure::changes),
            (Guard::Disables, measure::disables),
        ];
        for (guard, is) in measures.into_iter().filter(|(guard, _)| !said(*guard, None)) {
            let changes = workspace.changes.iter().filter(|change| is(change));
            self.count(guard, None, changes.map(|change| name(workspace, change)).collect());
        }
        for (id, changes) in measure::reach(workspace, &plan.terms.broad_exclusions) {
            if !said(Guard::ExclusionReach, Some(&id)) {
                let items = changes.iter().map(|change| name(workspace, change)).collect();
                self.count(Guard::ExclusionReach, Some(id), items);
            }
        }
    }

    fn count(&mut self, guard: Guard, exclusion: Option<ExclusionId>, items: Vec<String>) {
        if !items.is_empty() {
            let sum = self.sums.entry((guard, exclusion)).or_default();
            sum.workspaces += 1;
            sum.items.extend(items);
        }
    }

    fn exceeded(self, plan: &Plan) -> Vec<Exceeded> {
        let Self { owned, sums } = self;
        // One workspace is judged by its own limits.
        let several = sums.into_iter().filter(|(_, sum)| sum.workspaces > 1);
        several
            .filter_map(|((guard, exclusion), sum)| {
                let measured = sum.items.len();
                let bound = bound_of_run(guard, measured, owned, &plan.terms.guards)?;
                let found = Exceeded {
                    guard,
                    workspace: None,
                    exclusion,
                    measured,
                    owned,
                    bound,
                    items: sum.items,
                    acknowledged: None,
                    short: None,
                };
                Some(acknowledged(found, &plan.options))
            })
            .collect()
    }
}

fn bound_of_run(guard: Guard, measured: usize, owned: usize, guards: &Guards) -> Option<Bound> {
    let limit = |threshold| guards.limit_of_run(threshold);
    match guard {
        Guard::Deletes => {
            over(measured, owned, limit(Threshold::DeletesCount), limit(Threshold::DeletesPercent))
        }
        Guard::Changes => {
            over(measured, owned, limit(Threshold::ChangesCount), limit(Threshold::ChangesPercent))
        }
        Guard::Disables => over_number(measured, limit(Threshold::Disables)),
        Guard::ExclusionReach => over_number(measured, limit(Threshold::ExclusionReach)),
        // About one workspace each.
        Guard::FirstRun
        | Guard::Playbooks
        | Guard::Rules
        | Guard::NrtRules
        | Guard::RetiredEdited => None,
    }
}
