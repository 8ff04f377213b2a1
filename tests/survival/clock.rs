//! A clock that jumps while a run is under way, as a machine's does when it is suspended or set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sentinelops::emulator::{Answer, ErrorAnswer, Fault};
use sentinelops::live::Clock;
use sentinelops::state::{Field, Kind};
use serde_json::json;
use tokio::time::Instant;

use crate::table::{Row, is_in_readme};
use crate::world::{World, simulated};

/// Noon, and from the reading of this number on so many seconds later or earlier.
#[derive(Debug)]
struct Jumping {
    start: Instant,
    readings: AtomicI64,
    at: i64,
    by: i64,
}

#[async_trait]
impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        let noon: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let number = self.readings.fetch_add(1, Ordering::SeqCst);
        let by = SignedDuration::from_secs(if number >= self.at { self.by } else { 0 });
        noon + self.start.elapsed() + by
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A deploy in which requests are told to wait, with a jump at one reading of the clock. Answers how
/// many readings there were.
async fn deploys(at: i64, by: i64) -> i64 {
    let clock = Arc::new(Jumping { start: Instant::now(), readings: AtomicI64::new(0), at, by });
    let mut world = World::new().with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    world.want(Kind::Scheduled, "moved");
    world.want(Kind::Hunt, "hunt");
    let wait = ErrorAnswer { status: 429, retry_after: Some(30), ..ErrorAnswer::default() };
    let wait = Fault { skip: 5, times: Some(2), ..Fault::new(Answer::Error(wait)) };
    world.emulator.faults().set(vec![wait]);
    let begun = Instant::now();
    world.runs_well().await;
    world.set("moved", Field::Severity, json!("Low"));
    world.runs_well().await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(300), "a jump by {by} s at reading {at}: {took:?}");
    assert_eq!(world.lost().await, [""; 0]);
    let readings = clock.readings.load(Ordering::SeqCst);
    assert_eq!(world.pending().await, [""; 0]);
    readings
}

#[test]
fn a_clock_that_jumps_at_any_moment_neither_stops_a_run_nor_changes_what_it_does() {
    let readings = simulated(deploys(i64::MAX, 0));
    let mut jumps = 0;
    for by in [86_400, -86_400] {
        for at in 0..readings {
            simulated(deploys(at, by));
            jumps += 1;
        }
    }
    is_in_readme(&[Row::new("the clock jumps by a day", &[jumps, jumps, 0, 0])]);
}
