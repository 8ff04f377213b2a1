//! A fleet as a managed security provider has it, against an emulator in a process of its own, each
//! figure with its floor: a bare client, or latency by concurrency.
//!
//! `BENCH_WORKSPACES` makes the large fleet smaller; by default it has 1,000 workspaces of 300 items.

use std::time::{Duration, Instant};

use sentinelops::apply::{Forgetful, Journal, apply};
use sentinelops::arm::{ResourceId, WorkspaceId};
use sentinelops::compile::compile;
use sentinelops::content;
use sentinelops::environment::{self, Fleet};
use sentinelops::live::{Clients, Pace, Target, observe_each};
use sentinelops::plan::{Options, Plan, Planner, Work, guard};
use sentinelops::run::Folder;
use sentinelops::state::Desired;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::bare::Bare;
use crate::clients::{Served, clients};
use crate::fleet::{self, Root};
use crate::{figure, peak_memory};

const LATENCY: Duration = Duration::from_millis(50);
const ITEMS: usize = 300;

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        five_workspaces(0, 50).await;
        five_workspaces(50, 0).await;
        throughput().await;
        let workspaces = std::env::var("BENCH_WORKSPACES").ok();
        unchanged(workspaces.map_or(1_000, |number| number.parse().unwrap())).await;
    });
}

/// Files, and what they come to.
struct Files {
    fleet: Fleet,
    desired: Desired,
    root: Root,
}

/// Files, and the emulator that has workspaces for them.
struct Tenants {
    files: Files,
    served: Served,
}

impl Files {
    fn new(workspaces: usize, hunts: usize, rules: usize, endpoint: &str) -> Self {
        let root = Root::new();
        fleet::write_content(&root, hunts, rules);
        fleet::write_environment(&root, workspaces, endpoint);
        let (catalog, _) = content::load(root.path());
        let fleet = environment::load(root.path()).0.unwrap();
        let desired = compile(&catalog, &fleet, "2026-11-24".parse().unwrap()).desired;
        Self { fleet, desired, root }
    }

    async fn plan(&self, clients: &Clients) -> Plan {
        let options = Options::default();
        let mut planner = Planner::new(&self.desired, &options, "2026-11-24".parse().unwrap());
        let owner = &self.desired.owner;
        let targets: Vec<Target> =
            self.desired.workspaces.iter().map(|w| Target::of(owner, w)).collect();
        let planned =
            observe_each(clients, &targets, |target, seen| planner.workspace(&target.key, &seen));
        let planned = planned.await;
        let plan = planner.plan(planned.into_iter().flatten());
        assert!(plan.workspaces.iter().all(|workspace| workspace.unreadable.is_none()));
        plan
    }
}

impl Tenants {
    fn new(workspaces: usize, hunts: usize, rules: usize, latency: Duration) -> Self {
        let served = Served::start(workspaces, latency);
        Self { files: Files::new(workspaces, hunts, rules, &served.endpoint), served }
    }

    fn clients(&self, pace: Pace) -> Clients {
        clients(&self.files.fleet, &self.served.endpoint, pace)
    }

    async fn apply(&self, plan: Plan, clients: &Clients, journal: &dyn Journal) -> usize {
        let approved = guard(plan).unwrap();
        let writes = approved.plan().changes().filter(|(_, c)| c.action.writes()).count();
        let (events, _ignored) = mpsc::unbounded_channel();
        let (_keep, interrupt) = watch::channel(false);
        let outcome = apply(approved, clients, journal, events, interrupt).await;
        assert_eq!(outcome.workspaces.len(), self.files.desired.workspaces.len());
        writes
    }

    /// A whole run, with clients of its own.
    async fn run(&self, pace: Pace) -> (Duration, usize) {
        let start = Instant::now();
        let clients = self.clients(pace);
        let plan = self.files.plan(&clients).await;
        let writes = self.apply(plan, &clients, &Forgetful).await;
        (start.elapsed(), writes)
    }
}

async fn five_workspaces(hunts: usize, rules: usize) {
    let tenants = Tenants::new(5, hunts, rules, LATENCY);
    let (took, items) = tenants.run(Pace::Arm).await;
    assert_eq!(items, 250);
    let (what, writes) = match hunts {
        0 => ("deploy 50 rules to 5 tenants' workspaces", 500),
        _ => ("deploy 50 hunts to 5 tenants' workspaces", 500),
    };
    // Saved searches of a workspace go one after the other; their records need not.
    let serial = LATENCY * u32::try_from(hunts).unwrap();
    let at_once = LATENCY.mul_f64(writes as f64 / tenants.files.fleet.limits.concurrency as f64);
    let floor = serial.max(at_once).as_millis();
    figure(what, took, &format!("{writes} writes of 50 ms, buckets on; their floor alone {floor}"));
    let (took, items) = tenants.run(Pace::Arm).await;
    assert_eq!(items, 0);
    figure("the same again, unchanged", took, "target 200");
}

/// As many writes a second as the connection takes, against a loop that only sends them.
async fn throughput() {
    let rules = 200;
    let ours = Tenants::new(20, 0, rules, Duration::ZERO);
    let clients = ours.clients(Pace::Free);
    let plan = ours.files.plan(&clients).await;
    let puts: Vec<_> = plan.changes().flat_map(|(_, change)| puts_of(&change.work)).collect();
    let writes = puts.len();
    let start = Instant::now();
    ours.apply(plan, &clients, &Forgetful).await;
    let took = start.elapsed();

    let kept = Tenants::new(20, 0, rules, Duration::ZERO);
    let clients = kept.clients(Pace::Free);
    let plan = kept.files.plan(&clients).await;
    let start = Instant::now();
    let name = |later: u32| format!("20261124T000000.00000{later}Z");
    let folder = Folder::create(kept.files.root.path(), name, &plan, None).unwrap();
    kept.apply(plan, &clients, &folder).await;
    let kept_took = start.elapsed();

    let theirs = Tenants::new(20, 0, rules, Duration::ZERO);
    let bare = Bare::new(&theirs.served.endpoint, theirs.files.fleet.limits.concurrency);
    let start = Instant::now();
    assert_eq!(bare.put_all(puts).await, writes);
    let floor = start.elapsed();
    figure("bare loop of the same PUTs", floor, &format!("{writes} writes"));
    let share = 100.0 * floor.as_secs_f64() / took.as_secs_f64();
    figure("apply them", took, &format!("{share:.0} % of the bare throughput, target 80"));
    let share = 100.0 * floor.as_secs_f64() / kept_took.as_secs_f64();
    let note = format!("{share:.0} %; {} files, each on the disk before its write", writes / 2);
    figure("apply them with a run's folder", kept_took, &note);
}

async fn unchanged(workspaces: usize) {
    let tenants = Tenants::new(workspaces, ITEMS / 2, ITEMS / 2, Duration::ZERO);
    // The records say what was applied, so somebody has to apply it.
    let (took, items) = tenants.run(Pace::Free).await;
    assert_eq!(items, workspaces * ITEMS);
    figure(
        &format!("deploy {ITEMS} items to {workspaces} workspaces"),
        took,
        "not counted, no latency",
    );

    // Each in a process of its own, whose memory has seen nothing else.
    let (endpoint, number) = (&tenants.served.endpoint, workspaces.to_string());
    let floor = of_a_process(&[READ, endpoint, &number]);
    let floor = floor.trim();
    let took = Duration::from_micros(floor.parse().unwrap());
    figure("bare client reads all of it", took, &format!("{} requests", workspaces * 4));
    print!("{}", of_a_process(&[PLAN, endpoint, &number, floor]));
}

/// What this program prints with other arguments.
fn of_a_process(arguments: &[&str]) -> String {
    let program = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new(program);
    let ended = command.args(arguments).stderr(std::process::Stdio::inherit()).output().unwrap();
    assert!(ended.status.success());
    String::from_utf8(ended.stdout).unwrap()
}

/// The word that makes this program a bare client that reads a fleet; then come the emulator's endpoint and
/// how many workspaces it has. Prints the microseconds that it took.
pub(crate) const READ: &str = "--read-bare";

pub(crate) fn read_bare(endpoint: &str, workspaces: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let files = Files::new(workspaces.parse().unwrap(), 0, 0, endpoint);
        let ids: Vec<WorkspaceId> =
            files.desired.workspaces.iter().map(|workspace| workspace.id.clone()).collect();
        let bare = Bare::new(endpoint, files.fleet.limits.concurrency);
        let start = Instant::now();
        assert_eq!(bare.read_all(&ids).await, ids.len() * 4);
        println!("{}", start.elapsed().as_micros());
    });
}

/// The word that makes this program plan an unchanged fleet; then come the emulator's endpoint, how many
/// workspaces it has, and the floor in microseconds.
pub(crate) const PLAN: &str = "--plan-unchanged";

pub(crate) fn plan_unchanged(endpoint: &str, workspaces: &str, floor: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let files = Files::new(workspaces.parse().unwrap(), ITEMS / 2, ITEMS / 2, endpoint);
        let start = Instant::now();
        let plan = files.plan(&clients(&files.fleet, endpoint, Pace::Arm)).await;
        let took = start.elapsed();
        assert!(plan.changes().all(|(_, change)| !change.action.writes()));
        let ratio = took.as_secs_f64() * 1e6 / floor.parse::<f64>().unwrap();
        let peak =
            peak_memory().map_or_else(|| "not known".to_owned(), |peak| format!("{peak} MiB"));
        let note =
            format!("{ratio:.2} times the bare client, target 1.5; peak memory {peak}, target 400");
        figure("plan it unchanged", took, &note);
    });
}

/// The requests of a create.
fn puts_of(work: &Work) -> Vec<(ResourceId, Value)> {
    match work {
        Work::Create { resource, record } => {
            vec![
                (record.id.clone(), record.to_body()),
                (resource.id.clone(), resource.body.clone()),
            ]
        }
        _ => Vec::new(),
    }
}
