//! Subscriptions that are told to wait, among others that are not.

use std::collections::BTreeMap;
use std::time::Duration;

use sentinelops::environment::Limits;
use sentinelops::live::Method;

use crate::service::{Service, Storm};
use crate::world::{Content, LATENCY, TENANT, World, subscription};

const HAS: Content = Content { rules: 30, hunts: 5 };

/// Told to wait 30 s, 20 s right after that, and 7 s later on.
fn storm(number: usize) -> Storm {
    let waits = [(20, 30), (28, 20), (50, 7)];
    let waits = waits.into_iter().map(|(at, wait)| (at, Duration::from_secs(wait)));
    Storm { subscription: subscription(number), method: Method::Put, waits: waits.collect() }
}

async fn run(limits: Limits, workspaces: usize, storms: Vec<Storm>) -> World {
    let world = World::new(Service::new(TENANT, LATENCY, storms), limits, workspaces, HAS);
    let (_, written) = world.run().await;
    assert_eq!(written, workspaces * (HAS.rules + HAS.hunts));
    world
}

#[tokio::test(start_paused = true)]
async fn a_stormed_subscription_waits_exactly_as_told_and_the_others_do_not_notice() {
    let limits = Limits::default();
    let calm = run(limits, 4, Vec::new()).await;
    let stormy = run(limits, 4, vec![storm(0)]).await;
    for number in 1..4 {
        for method in Method::ALL {
            let alone = calm.service.arrivals(&subscription(number), method);
            let beside = stormy.service.arrivals(&subscription(number), method);
            assert_eq!(alone, beside, "{method} {number}");
        }
    }
    let told = stormy.service.told();
    let waits: Vec<u64> = told.iter().map(|told| told.wait.as_secs()).collect();
    assert_eq!(waits, [30, 20, 7]);
    let arrivals = stormy.service.arrivals(&subscription(0), Method::Put);
    for told in &told {
        // What was on its way by then had been sent before the answer was there.
        let on_its_way = told.at + LATENCY * 3 / 2;
        let next = arrivals.iter().find(|at| **at > on_its_way).unwrap();
        let waited = *next - told.at;
        assert!(waited >= told.wait, "{waited:?} instead of {:?}", told.wait);
        assert!(waited <= told.wait + LATENCY * 3 / 2, "{waited:?}");
    }
    let all: Duration = told.iter().map(|told| told.wait).sum();
    let alone = calm.service.last_arrival(&subscription(0));
    let took = stormy.service.last_arrival(&subscription(0));
    println!("stormed: {took:?}, alone {alone:?}, told to wait {all:?}");
    assert!(took >= alone + all - LATENCY * 8 && took <= alone + all + LATENCY * 8, "{took:?}");
}

/// The stormed ones alone would fill the run's whole concurrency.
#[tokio::test(start_paused = true)]
async fn however_many_are_stormed_the_rest_finishes_as_if_alone() {
    let limits = Limits { concurrency: 8, per_subscription: 4, per_tenant: 8 };
    let calm = run(limits, 12, Vec::new()).await;
    let stormy = run(limits, 12, (0..6).map(storm).collect()).await;
    let last = |world: &World| {
        (6..12).map(|number| world.service.last_arrival(&subscription(number))).max().unwrap()
    };
    let (alone, beside) = (last(&calm), last(&stormy));
    println!("six of twelve stormed: the others took {beside:?}, and {alone:?} without storm");
    assert!(beside <= alone, "{beside:?} {alone:?}");
}

#[tokio::test(start_paused = true)]
async fn an_empty_bucket_is_met_with_one_refusal_and_not_with_many() {
    // Another run of the same principal took almost everything: nobody said so yet.
    let waits = BTreeMap::from([(0, Duration::from_secs(15))]);
    let storm = Storm { subscription: subscription(0), method: Method::Put, waits };
    let world = run(Limits::default(), 1, vec![storm]).await;
    assert_eq!(world.service.told().len(), 1);
}
