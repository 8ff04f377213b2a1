//! Every fault at every request of a deploy, once and from there on; then the run is repeated where
//! nothing fails.

use std::collections::BTreeMap;
use std::time::Duration;

use sentinelops::apply::Verdict;
use sentinelops::arm::Collection;
use sentinelops::emulator::{Answer, ErrorAnswer, Fault};
use sentinelops::plan::Action;
use sentinelops::state::{Field, Kind};
use serde_json::{Value, json};

use crate::sides::{self, presents};
use crate::table::{Row, is_in_readme};
use crate::world::{Ended, Photograph, World, differing, simulated};

/// A name and what happens.
type Named = (&'static str, fn() -> Answer);

/// What may happen to a request, as README.md names it.
const FAULTS: &[Named] = &[
    ("429", || error(429, Some(5), false)),
    ("500", || error(500, None, false)),
    ("503", || error(503, Some(7), false)),
    ("504 after the effect", || error(504, None, true)),
    ("dropped before the effect", || Answer::Drop),
    ("dropped after the effect", || Answer::DropAfter),
    ("truncated body", || Answer::HalfPage),
    ("slow answer (20 s)", || Answer::Latency(20_000)),
    ("no answer in time (200 s)", || Answer::Latency(200_000)),
    ("expired token", || error(401, None, false)),
];

fn error(status: u16, retry_after: Option<u64>, after: bool) -> Answer {
    Answer::Error(ErrorAnswer { status, retry_after, after, ..ErrorAnswer::default() })
}

/// Everything that the tool ever owns here.
const OURS: [&str; 10] = [
    "moved",
    "nrt",
    "drifted",
    "vanished",
    "goes",
    "hunt-moved",
    "hunt-drifted",
    "hunt-goes",
    "new",
    "hunt-new",
];

/// What a run is to do.
#[derive(Debug, Clone, Copy)]
enum Task {
    /// Creates, updates, restores, a retirement.
    Deploy,
    /// Deletions beside a create.
    Prune,
}

/// A workspace in which other people have things, a run has been, somebody has edited, and the files
/// have changed since.
async fn prepared(task: Task) -> World {
    let mut world = World::new();
    let mut theirs = world.of_another(sides::nothing("other-soc"));
    theirs.want(Kind::Scheduled, "theirs");
    theirs.want(Kind::Hunt, "theirs-hunt");
    theirs.runs_well().await;
    let schedule = json!({"displayName": "By hand", "enabled": true, "severity": "Low", "query": "DeviceNetworkEvents",
        "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan",
        "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H"});
    let by_hand = json!({"kind": "Scheduled", "properties": schedule});
    world.put(Collection::AlertRules, "by-hand", &by_hand).await;
    let search = json!({"category": "Hunting Queries", "displayName": "Mine", "query": "DeviceNetworkEvents", "version": 2});
    let search = json!({"properties": search});
    world.put(Collection::SavedSearches, "by-hand-hunt", &search).await;
    for rule in ["moved", "goes"] {
        world.want(Kind::Scheduled, rule);
    }
    world.want(Kind::Hunt, "hunt-goes");
    if matches!(task, Task::Deploy) {
        world.want(Kind::Nrt, "nrt");
        for rule in ["drifted", "vanished"] {
            world.want(Kind::Scheduled, rule);
        }
        for hunt in ["hunt-moved", "hunt-drifted"] {
            world.want(Kind::Hunt, hunt);
        }
    }
    world.runs_well().await;
    sides::lose(&mut world.desired, "goes");
    sides::lose(&mut world.desired, "hunt-goes");
    match task {
        Task::Prune => world.options.prune = true,
        Task::Deploy => {
            let rule = "/properties/severity";
            world.edit(Collection::AlertRules, "drifted", rule, json!("Low")).await;
            let query = json!("DeviceNetworkEvents | where false");
            world.edit(Collection::SavedSearches, "hunt-drifted", "/properties/query", query).await;
            world.delete(Collection::AlertRules, "vanished").await;
            world.set("moved", Field::Severity, json!("Medium"));
            world.set("nrt", Field::DisplayName, json!("Another name"));
            world.set("hunt-moved", Field::Query, json!("DeviceNetworkEvents | take 2"));
            world.want(Kind::Hunt, "hunt-new");
        }
    }
    world.want(Kind::Scheduled, "new");
    world.forget();
    world
}

/// The bodies of everybody else's things, and tags and the like within ours.
async fn others(world: &World) -> BTreeMap<String, Value> {
    world.others(&OURS).await
}

/// A prepared workspace as a picture of it, and how many requests its run takes where nothing fails.
async fn pictured(task: Task) -> (World, Photograph, usize) {
    let world = prepared(task).await;
    let photograph = world.photograph().await;
    let first = world.again(&photograph).await;
    first.runs_well().await;
    let requests = first.requests();
    (world, photograph, requests)
}

/// A run that says of an item that it is done has done it, and one that could not read the workspace
/// has written nothing.
async fn is_honest(world: &World, ended: &Ended, case: &str) {
    if ended.unreadable.is_some() {
        assert!(world.writes().is_empty(), "{case}: {:?}", world.writes());
    }
    for item in ended.items.iter().filter(|item| item.verdict == Verdict::Done) {
        let name = item.key.id.as_str();
        let live = world.get(Collection::of(item.key.family), name).await;
        let wanted = presents(&world.desired).find(|(key, _)| **key == item.key);
        let lies = match (wanted, live, item.action) {
            (Some((_, present)), Some(live), _) => differing(present, &live).next().is_some(),
            (Some(_), None, _) => true,
            (None, live, Action::Delete | Action::Forget) => live.is_some(),
            (None, Some(live), Action::Retire) => live["properties"]["enabled"] != false,
            (None, _, _) => false,
        };
        assert!(!lies, "{case}: {} {} is not done", item.key, item.action);
    }
}

/// One fault, at one request.
async fn survives(world: World, case: &str, fault: Fault) {
    let before = others(&world).await;
    world.forget();
    world.emulator.faults().set(vec![fault]);
    let ended = world.run().await;
    world.emulator.faults().clear();
    is_honest(&world, &ended, case).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let again = world.run().await;
    assert_eq!(again.unreadable, None, "{case}");
    let open = |item: &&sentinelops::apply::ItemOutcome| {
        !matches!(item.verdict, Verdict::Done | Verdict::Waits(_))
    };
    let open: Vec<_> = again.items.iter().filter(open).collect();
    assert!(open.is_empty(), "{case}: {open:?} after {:?}", ended.items);
    assert_eq!(world.lost().await, [""; 0], "{case}");
    assert_eq!(world.pending().await, [""; 0], "{case}");
    assert_eq!(others(&world).await, before, "{case}: somebody else's things were touched");
    let strange: Vec<String> = world.writes().into_iter().filter(|write| !is_ours(write)).collect();
    assert!(strange.is_empty(), "{case}: {strange:?}");
}

/// Whether a write is about an item of ours, or its record.
fn is_ours(write: &str) -> bool {
    let (_, name) = write.split_once(' ').unwrap();
    let bare = ["analyticsrule-", "huntingquery-"].iter().find_map(|kind| name.strip_prefix(kind));
    OURS.contains(&bare.unwrap_or(name))
}

/// One fault at every request of a task, once and from there on. Answers how often that was.
fn survives_everywhere(task: Task, name: &str, answer: &Answer) -> usize {
    let (origin, photograph, requests) = simulated(pictured(task));
    for skip in 0..requests {
        for times in [Some(1), None] {
            let case = format!("{task:?}, {name} at request {skip} for {times:?}");
            let skip = u32::try_from(skip).unwrap();
            let fault = Fault { skip, times, ..Fault::new(answer.clone()) };
            simulated(async { survives(origin.again(&photograph).await, &case, fault).await });
        }
    }
    2 * requests
}

#[test]
fn every_fault_at_every_request_of_a_deploy_is_mended_by_the_next_run() {
    let row = |(name, answer): &Named| {
        let injected = [Task::Deploy, Task::Prune].map(|task| {
            // Each case is looked at on its way: one that is not survived ends the test.
            survives_everywhere(task, name, &answer())
        });
        {
            let injected = injected.iter().sum();
            Row::new(name, &[injected, injected, 0, 0])
        }
    };
    let rows: Vec<Row> = std::thread::scope(|threads| {
        let running: Vec<_> =
            FAULTS.iter().map(|fault| threads.spawn(move || row(fault))).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect()
    });
    is_in_readme(&rows);
}
