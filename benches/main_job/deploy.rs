//! 50 rules to five workspaces in five subscriptions, 50 ms added to each request; then the same
//! again with nothing to change, and a plan of 500 items.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sentinelops::apply::{Forgetful, apply};
use sentinelops::compile::compile;
use sentinelops::content;
use sentinelops::emulator::{Emulator, Options as EmulatorOptions};
use sentinelops::environment::{self, Fleet};
use sentinelops::live::{Clients, Surroundings, SystemClock, Target, connect, observe_all};
use sentinelops::plan::{Options, Plan, guard, plan};
use sentinelops::state::Desired;
use tokio::sync::{mpsc, watch};

use crate::figure;
use crate::fleet::{self, Root};

const LATENCY: Duration = Duration::from_millis(50);

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(deploy());
    runtime.block_on(plan_unchanged());
}

/// A fleet against an emulator in this process.
struct Bench {
    emulator: Emulator,
    fleet: Fleet,
    desired: Desired,
    targets: Vec<Target>,
    _root: Root,
}

impl Bench {
    async fn new(workspaces: usize, hunts: usize, rules: usize, latency: Duration) -> Self {
        let root = Root::new();
        fleet::write_content(&root, hunts, rules);
        let mut options = EmulatorOptions::new(Arc::new(jiff::Timestamp::now));
        options.latency = latency;
        let emulator = Emulator::open(None, options).unwrap();
        let running = emulator.serve(0).await.unwrap();
        fleet::write_environment(&root, workspaces, &running.endpoint());
        // It is served until the process ends.
        std::mem::forget(running);
        let (catalog, _) = content::load(root.path());
        let fleet = environment::load(root.path()).0.unwrap();
        let today = "2026-11-24".parse().unwrap();
        let desired = compile(&catalog, &fleet, today).desired;
        for (environment, workspace) in fleet.workspaces() {
            emulator.provision(&workspace.id.value, &environment.tenant.value).unwrap();
        }
        let targets = desired.workspaces.iter().map(|w| Target::of(&desired.owner, w)).collect();
        Self { emulator, fleet, desired, targets, _root: root }
    }

    /// New ones for every run, as a run of the program has them: nothing is known from before.
    fn clients(&self) -> Clients {
        let surroundings = Surroundings {
            limits: self.fleet.limits,
            embedded: None,
            variable: &|_| None,
            clock: Arc::new(SystemClock),
        };
        connect(self.fleet.environments.values(), &surroundings)
    }

    async fn plan(&self, clients: &Clients) -> Plan {
        let observations: BTreeMap<_, _> =
            observe_all(clients, &self.targets).await.into_iter().collect();
        plan(&self.desired, &observations, &Options::default(), "2026-11-24".parse().unwrap())
    }

    async fn apply(&self) -> usize {
        let clients = self.clients();
        let approved = guard(self.plan(&clients).await).unwrap();
        let writes = approved.plan().changes().filter(|(_, c)| c.action.writes()).count();
        let (events, _ignored) = mpsc::unbounded_channel();
        let (_keep, interrupt) = watch::channel(false);
        let outcome = apply(approved, &clients, &Forgetful, events, interrupt).await;
        assert_eq!(outcome.workspaces.len(), self.targets.len());
        writes
    }

    fn requests(&self) -> (usize, usize) {
        let journal = self.emulator.journal(0).unwrap();
        let writes = journal.iter().filter(|entry| entry.method != "GET").count();
        self.emulator.clear_journal().unwrap();
        (journal.len(), writes)
    }
}

async fn deploy() {
    let bench = Bench::new(5, 0, 50, LATENCY).await;
    let start = Instant::now();
    assert_eq!(bench.apply().await, 250);
    let took = start.elapsed();
    let (all, writes) = bench.requests();
    assert_eq!(writes, 500);
    let note = format!("target 1500; {writes} writes, {all} requests, 50 ms each");
    figure("deploy 50 rules to 5 workspaces", took, &note);

    let start = Instant::now();
    assert_eq!(bench.apply().await, 0);
    let took = start.elapsed();
    let (all, writes) = bench.requests();
    assert_eq!(
        (all, writes),
        (5 + 3 * 5, 0),
        "three lists a workspace, one request a subscription"
    );
    figure(
        "the same again, unchanged",
        took,
        &format!("target 300; {all} requests, {writes} writes"),
    );
}

async fn plan_unchanged() {
    let bench = Bench::new(1, 250, 250, Duration::ZERO).await;
    assert_eq!(bench.apply().await, 500);
    bench.requests();
    let start = Instant::now();
    let plan = bench.plan(&bench.clients()).await;
    let took = start.elapsed();
    assert!(plan.changes().all(|(_, change)| !change.action.writes()));
    let (all, _) = bench.requests();
    assert_eq!(all, 4, "three lists and one request for the subscription");
    figure("plan 500 unchanged items", took, &format!("{all} requests"));
}
