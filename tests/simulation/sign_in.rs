//! Tenants that cannot be signed in to, among others that can.

use std::time::Duration;

use sentinelops::environment::Limits;
use sentinelops::live::Method;

use crate::service::Service;
use crate::world::{Content, LATENCY, SILENCE, TENANT, World, subscription};

/// The simulated clock's own grain.
const TICKS: Duration = Duration::from_millis(2);
const HAS: Content = Content { rules: 2, hunts: 1 };

/// More of them than there may be requests under way.
#[tokio::test(start_paused = true)]
async fn however_many_sign_ins_hang_the_others_are_read_as_if_alone() {
    let limits = Limits::default();
    let world = || World::new(Service::new(TENANT, LATENCY, Vec::new()), limits, 50, HAS);
    let alone = world();
    let (took_alone, written) = alone.run().await;
    let beside = world().beside(2 * limits.concurrency);
    let (took, written_beside) = beside.run().await;
    assert_eq!((written, written_beside), (150, 150));
    // Of each workspace one request of its subscription, and three lists.
    let read = |world: &World| {
        let last = |number| world.service.arrivals(&subscription(number), Method::Get)[3];
        (0..50).map(last).max().unwrap()
    };
    let (read_alone, read_beside) = (read(&alone), read(&beside));
    assert!(read_beside <= read_alone + TICKS, "{read_alone:?}, {read_beside:?}");
    println!("50 workspaces: {took_alone:?} alone, {took:?} beside 64 sign-ins that hang");
    assert!(took < took_alone + SILENCE, "a plan waits for them once: {took:?}");
}
