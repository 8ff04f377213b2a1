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

/// A fleet is bound by its requests, not by its buckets. With 300 items in each workspace this takes too
/// long here; `cargo bench -- tenants` reads so many against the emulator.
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
