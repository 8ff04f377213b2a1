//! Two applies at the same time on one workspace, in many orders of their requests.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sentinelops::apply::{ItemOutcome, Verdict};
use sentinelops::arm::Collection;
use sentinelops::live::{Request, Response, Transport, TransportError};
use sentinelops::plan::{Action, Class};
use sentinelops::state::{Field, Kind};
use serde_json::json;

use crate::line::Line;
use crate::sides::presents;
use crate::table::{Row, is_in_readme};
use crate::world::{Ended, World, differing, simulated};

/// How many orders are tried.
const ORDERS: u64 = 200;

/// A line on which every request takes another time, drawn from a seed.
#[derive(Debug)]
struct Uneven {
    line: Line,
    seed: std::sync::Mutex<u64>,
}

impl Uneven {
    fn over(world: &World, seed: u64) -> Arc<dyn Transport> {
        let seed = std::sync::Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        Arc::new(Self { line: Line(world.emulator.clone()), seed })
    }

    /// Xorshift: enough to mix orders, and the same in every run.
    fn draw(&self) -> Duration {
        let mut seed = self.seed.lock().unwrap();
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        Duration::from_millis(*seed % 40)
    }
}

#[async_trait]
impl Transport for Uneven {
    async fn sign_in(&self) -> Result<(), TransportError> {
        Ok(())
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        tokio::time::sleep(self.draw()).await;
        let answer = self.line.exchange(request).await;
        tokio::time::sleep(self.draw()).await;
        answer
    }
}

/// A deployed workspace, and two repositories that both want it otherwise.
async fn prepared() -> (World, World) {
    let mut first = World::new();
    first.at_once = 4;
    first.want(Kind::Scheduled, "moved");
    first.want(Kind::Nrt, "nrt");
    first.want(Kind::Hunt, "hunt");
    first.runs_well().await;
    let mut second = first.of_another(first.desired.clone());
    for (world, severity, threshold) in [(&mut first, "Low", 1), (&mut second, "Medium", 2)] {
        world.set("moved", Field::Severity, json!(severity));
        world.set("nrt", Field::Severity, json!(severity));
        world.set("hunt", Field::Query, json!(format!("DeviceNetworkEvents | take {threshold}")));
        world.want(Kind::Scheduled, "new");
        world.set("new", Field::TriggerThreshold, json!(threshold));
        world.want(Kind::Hunt, "hunt-new");
        world.set("hunt-new", Field::Query, json!(format!("SigninLogs | take {threshold}")));
    }
    first.forget();
    (first, second)
}

/// The items that are live as a run wants them.
async fn standing(world: &World) -> BTreeSet<String> {
    let mut standing = BTreeSet::new();
    for (key, present) in presents(&world.desired) {
        let live = world.get(Collection::of(key.family), key.id.as_str()).await;
        if live.is_some_and(|live| differing(present, &live).next().is_none()) {
            standing.insert(key.to_string());
        }
    }
    standing
}

/// The items that a run calls done.
fn done(ended: &Ended) -> BTreeSet<String> {
    assert_eq!(ended.unreadable, None);
    let done = ended.items.iter().filter(|item| item.verdict == Verdict::Done);
    done.map(|item| item.key.to_string()).collect()
}

/// How often two runs met.
struct Met {
    /// Items that one of them lost, aloud.
    said: usize,
    /// Items of which the next run asks whose they are.
    asked: usize,
}

/// Both finish; every item is as one of the two wants it, and that one says so; whoever lost an item
/// says so too, unless it was done before the other came.
async fn one_wins_each_item(seed: u64) -> Met {
    let (first, second) = prepared().await;
    let lines = [Uneven::over(&first, 2 * seed), Uneven::over(&second, 2 * seed + 1)];
    let [line_1, line_2] = lines;
    let ended = tokio::join!(first.run_over(line_1), second.run_over(line_2));
    let stands = [standing(&first).await, standing(&second).await];
    let done = [done(&ended.0), done(&ended.1)];
    let mut said = 0;
    for (key, _) in presents(&first.desired) {
        let key = key.to_string();
        let winner = usize::from(!stands[0].contains(&key));
        assert!(stands[winner].contains(&key), "{seed}: {key} is as nobody wants it: {ended:?}");
        let claimed = done[winner].contains(&key);
        let other_claims = done[1 - winner].contains(&key);
        assert!(claimed || !other_claims, "{seed}: {key} is called done by the loser: {ended:?}");
        said += usize::from(!other_claims);
    }
    // Whoever runs again gets what it wants, with everybody's records in order.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut last = second;
    last.options.desired_wins = true;
    let again = last.run().await;
    let refused: Vec<_> = again.items.iter().filter(|item| item.verdict != Verdict::Done).collect();
    // Metadata has no etag: a record may be taken away between another run's last look and its own
    // write. Then the item stands as one of the two wants it, and the next run asks whose it is.
    let asks =
        |item: &&ItemOutcome| item.class == Class::Collision && item.action == Action::Refuse;
    assert!(refused.iter().all(asks), "{seed}: {refused:?}");
    if refused.is_empty() {
        assert_eq!(last.lost().await, [""; 0], "{seed}");
        assert_eq!(last.pending().await, [""; 0], "{seed}");
    }
    Met { said, asked: refused.len() }
}

#[test]
fn of_two_applies_at_once_both_finish_and_each_item_is_as_one_of_them_wants_it() {
    let met: Vec<Met> = (0..ORDERS).map(|seed| simulated(one_wins_each_item(seed))).collect();
    // They do meet, or nothing was tried.
    assert!(met.iter().filter(|met| met.said > 0).count() > met.len() / 2);
    let asked: usize = met.iter().map(|met| met.asked).sum();
    println!("of {} orders, {asked} items are asked about by the next run", met.len());
    assert!(asked <= 2, "{asked}");
    is_in_readme(&[Row::new("two applies at once", &[met.len(), met.len(), 0, 0])]);
}
