//! How fast a run is where nothing goes wrong.

use std::time::Duration;

use sentinelops::environment::Limits;

use crate::service::Service;
use crate::world::{Content, LATENCY, TENANT, World};

fn calm() -> Service {
    Service::new(TENANT, LATENCY, Vec::new())
}

/// What a full bucket of 200 and a refill of 10 a second make of so many writes.
fn bucket_minimum(writes: usize) -> Duration {
    Duration::from_secs_f64((writes as f64 - 200.0).max(0.0) / 10.0)
}

fn within_5_percent(took: Duration, minimum: Duration) -> bool {
    took >= minimum.mul_f64(0.99) && took <= minimum.mul_f64(1.05)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_rules_into_one_subscription_take_what_its_bucket_takes_and_no_refusal() {
    // A workspace takes 512 rules.
    let has = Content { rules: 500, hunts: 0 };
    let mut world = World::in_one_subscription(calm(), Limits::default(), 2, has);
    let (took, written) = world.run().await;
    let minimum = bucket_minimum(world.service.writes());
    println!(
        "1,000 new rules, one subscription: {} writes, {took:?}, at least {minimum:?}",
        world.service.writes()
    );
    assert_eq!((written, world.service.writes()), (1_000, 2_000));
    assert_eq!(world.service.told(), []);
    assert_eq!(minimum, Duration::from_secs(180));
    assert!(within_5_percent(took, minimum), "{took:?}");

    // The bucket is full again by then.
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.change_all();
    let (took, written) = world.run().await;
    let updates = world.service.writes() - 2_000;
    let minimum = bucket_minimum(updates);
    println!("the same 1,000 changed: {updates} writes, {took:?}, at least {minimum:?}");
    assert_eq!((written, updates), (1_000, 3_000), "an update is three writes");
    assert_eq!(world.service.told(), []);
    assert!(within_5_percent(took, minimum), "{took:?}");
}

/// A fleet is bound by its requests, not by its buckets.
#[tokio::test(start_paused = true)]
async fn a_thousand_workspaces_take_what_their_requests_take() {
    let has = Content { rules: 3, hunts: 1 };
    let limits = Limits::default();
    let world = World::new(calm(), limits, 1_000, has);
    let (took, written) = world.run().await;
    assert_eq!(written, 4_000);
    let requests = world.service.requests();
    let by_requests = LATENCY.mul_f64(requests as f64 / limits.concurrency as f64);
    let by_bucket = bucket_minimum(8);
    println!(
        "1,000 workspaces, 4 new items each: {requests} requests, {took:?}; at least {by_requests:?} \
         by requests, {by_bucket:?} by buckets"
    );
    assert_eq!(world.service.told(), []);
    assert!(!world.service.searches_overlapped());
    assert!(within_5_percent(took, by_requests.max(by_bucket)), "{took:?}");

    let (took, written) = world.run().await;
    let again = world.service.requests() - requests;
    assert_eq!((written, again), (0, 4_000), "three lists, and one request of each subscription");
    let by_requests = LATENCY.mul_f64(again as f64 / limits.concurrency as f64);
    println!(
        "the same unchanged: {again} requests, {took:?}; at least {by_requests:?} by requests"
    );
    assert!(within_5_percent(took, by_requests), "{took:?}");
}

/// Nothing to change takes as many requests whatever the items: three lists, and the subscription. 20,000 are as
/// many items as an unoptimised build compares in reasonable time; `cargo bench -- tenants` reads 300,000.
#[tokio::test(start_paused = true)]
async fn a_thousand_workspaces_are_read_as_fast_as_their_requests_go() {
    let has = Content { rules: 15, hunts: 5 };
    let limits = Limits::default();
    let world = World::deployed(calm(), limits, 1_000, has).await;
    // The buckets of the first one are full again by then.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = world.service.requests();
    let (took, written) = world.run().await;
    let requests = world.service.requests() - before;
    let by_requests = LATENCY.mul_f64(requests as f64 / limits.concurrency as f64);
    println!(
        "1,000 workspaces, 20 items each, unchanged: {requests} requests, {took:?}; at least \
         {by_requests:?} by requests, 0s by buckets"
    );
    assert_eq!((written, requests), (0, 4_000));
    assert_eq!(world.service.told(), []);
    assert!(within_5_percent(took, by_requests), "{took:?}");
}

/// So many items fill a subscription's bucket: then that is what it takes, however many subscriptions there
/// are, until their requests take longer.
#[tokio::test(start_paused = true)]
async fn twenty_workspaces_with_300_items_each_take_what_one_bucket_takes() {
    let has = Content { rules: 250, hunts: 50 };
    let limits = Limits::default();
    let world = World::new(calm(), limits, 20, has);
    let (took, written) = world.run().await;
    let requests = world.service.requests();
    let by_requests = LATENCY.mul_f64(requests as f64 / limits.concurrency as f64);
    let by_bucket = bucket_minimum(2 * 300);
    println!(
        "20 workspaces, 300 new items each: {requests} requests, {took:?}; at least {by_requests:?} by \
         requests, {by_bucket:?} by buckets"
    );
    assert_eq!((written, requests), (6_000, 20 * Run::New(has).requests()));
    assert_eq!(world.service.told(), []);
    assert!(within_5_percent(took, by_requests.max(by_bucket)), "{took:?}");
}

/// One workspace in a run.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// Nothing is to be changed.
    Unchanged,
    /// So much is new.
    New(Content),
    /// So much is changed.
    Changed(Content),
}

impl Run {
    /// How many requests one workspace takes: its subscription and three lists; the records and the items of
    /// each family once more after something is written, and before something new is; and the items' own. A
    /// changed item is read before it is written, and so is the record of a new hunt.
    fn requests(self) -> u64 {
        let (rules, hunts, more) = match self {
            Self::Unchanged => return 4,
            Self::New(Content { rules, hunts }) => (rules, hunts, 2 * rules + 3 * hunts),
            Self::Changed(Content { rules, hunts }) => (rules, hunts, 4 * rules + 4 * hunts),
        };
        let families = u64::from(rules > 0) + u64::from(hunts > 0);
        let base = match self {
            Self::New(_) => 6 + 2 * families,
            Self::Unchanged | Self::Changed(_) => 5 + families,
        };
        base + more as u64
    }

    /// How many of them are writes.
    fn writes(self) -> usize {
        match self {
            Self::Unchanged => 0,
            Self::New(Content { rules, hunts }) => 2 * (rules + hunts),
            Self::Changed(Content { rules, hunts }) => 3 * (rules + hunts),
        }
    }

    /// What so many workspaces cannot be faster than, in as many subscriptions and with the built-in limits.
    fn at_least(self, workspaces: u64) -> Duration {
        let requests = (workspaces * self.requests()) as f64;
        let by_requests = LATENCY.mul_f64(requests / Limits::default().concurrency as f64);
        by_requests.max(bucket_minimum(self.writes()))
    }
}

/// What every run costs is known beforehand, so that the README can say how long a fleet takes.
#[tokio::test(start_paused = true)]
async fn a_run_takes_the_requests_that_its_changes_say() {
    for (rules, hunts) in [(1, 0), (4, 0), (0, 1), (0, 3), (5, 2)] {
        let has = Content { rules, hunts };
        let mut world = World::new(calm(), Limits::default(), 1, has);
        let mut before = 0;
        for run in [Run::New(has), Run::Unchanged, Run::Changed(has)] {
            if matches!(run, Run::Changed(_)) {
                world.change_all();
            }
            let writes_before = world.service.writes();
            world.run().await;
            let requests = world.service.requests() - before;
            before = world.service.requests();
            assert_eq!(requests, run.requests(), "{run:?}");
            assert_eq!(world.service.writes() - writes_before, run.writes(), "{run:?}");
        }
    }
}

/// The README's table of what one runner serves is made of these figures.
#[test]
fn the_readme_says_how_long_a_fleet_takes() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let rows: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| of 300 items in each workspace |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    let of = |rules, hunts| Content { rules, hunts };
    let runs = [
        ("nothing to change", Run::Unchanged),
        ("1 rule changed", Run::Changed(of(1, 0))),
        ("10 rules changed", Run::Changed(of(10, 0))),
        ("100 rules changed", Run::Changed(of(100, 0))),
        ("all changed (250 rules, 50 hunts)", Run::Changed(of(250, 50))),
        ("all new", Run::New(of(250, 50))),
    ];
    let row = |(what, run): (&str, Run)| {
        let times = [100, 1_000, 3_000].map(|workspaces| shown(run.at_least(workspaces)));
        format!("| {what} | {} | {} |", run.requests(), times.join(" | "))
    };
    let expected: Vec<String> = runs.into_iter().map(row).collect();
    assert_eq!(rows, expected, "\n{}", expected.join("\n"));
}

/// Seconds up to two minutes, then minutes.
fn shown(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        short if short < 10.0 => format!("{short:.1} s"),
        short if short < 120.0 => format!("{short:.0} s"),
        long => format!("{:.0} min", long / 60.0),
    }
}
