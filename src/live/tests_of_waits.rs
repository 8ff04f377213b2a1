//! Requests that wait: for their bucket, for what the service said, for a place among others.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::Either;
use jiff::Timestamp;

use super::fake::{Fault, Server, client, hunt, rule, workspace};
use super::{Client, Clock, ErrorKind, Throttle, Transport};
use crate::arm::{Collection, ResourceId, WorkspaceId};
use crate::environment::Limits;

fn a_rule() -> ResourceId {
    workspace().resource(Collection::AlertRules, &"r1".parse().unwrap())
}

/// A clock that does not move until it is told to.
#[derive(Debug, Default)]
struct Stopped {
    moved: tokio::sync::Notify,
    passed: Mutex<Duration>,
}

impl Stopped {
    fn advance(&self, time: Duration) {
        *self.passed.lock().unwrap() += time;
        self.moved.notify_waiters();
    }
}

#[async_trait::async_trait]
impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + *self.passed.lock().unwrap()
    }

    async fn sleep(&self, time: Duration) {
        let until = self.now() + time;
        while self.now() < until {
            self.moved.notified().await;
        }
    }
}

#[tokio::test]
async fn whoever_waits_holds_nobody_up() {
    let server = Arc::new(Server::default());
    let other = WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000002".parse().unwrap(),
        ..workspace()
    };
    let other = other.resource(Collection::AlertRules, &"r1".parse().unwrap());
    server.store(&a_rule(), rule("r1"));
    server.store(&other, rule("r1"));
    server.fail("GET", "0001/resourcegroups", [Fault::throttled(60)]);
    let limits = Limits { concurrency: 1, per_subscription: 1, per_tenant: 1 };
    let clock = Arc::new(Stopped::default());
    let client = get_through(&server, &clock, limits);
    let stormed = a_rule();
    let mut waiting = std::pin::pin!(client.get(&stormed));
    let quick = std::pin::pin!(client.get(&other));
    let patience = std::pin::pin!(async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    });
    let both = futures::future::select(&mut waiting, quick);
    let first = futures::future::select(both, patience).await;
    let Either::Left((Either::Right((answer, _)), _)) = first else { panic!("held up") };
    assert!(answer.is_ok());
    clock.advance(Duration::from_secs(60));
    assert!(waiting.await.is_ok());
}

fn get_through(server: &Arc<Server>, clock: &Arc<Stopped>, limits: Limits) -> Client {
    let site = client(server).0.site().clone();
    let transport: Arc<dyn Transport> = Arc::clone(server) as _;
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    Client::new(site, transport, clock, Arc::new(Throttle::new(limits)))
}

async fn settle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nobody_sends_while_a_throttled_request_waits_but_other_kinds_of_request_go_on() {
    let server = Arc::new(Server::default());
    server.store(&a_rule(), rule("r1"));
    server.fail("PUT", "/alertRules/r1", [Fault::throttled(60)]);
    let clock = Arc::new(Stopped::default());
    let limits = Limits { concurrency: 1, per_subscription: 1, per_tenant: 1 };
    let client = get_through(&server, &clock, limits);
    let (id, body) = (a_rule(), rule("r1"));
    client.get(&id).await.unwrap();
    let mut puts =
        std::pin::pin!(futures::future::join_all((0..5).map(|_| client.put(&id, &body))));
    assert!(futures::poll!(&mut puts).is_pending());
    let _ = futures::future::select(&mut puts, std::pin::pin!(settle())).await;
    assert_eq!(server.writes().len(), 1, "one was refused, and the others were told by it");
    client.get(&id).await.unwrap();
    clock.advance(Duration::from_secs(59));
    let _ = futures::future::select(&mut puts, std::pin::pin!(settle())).await;
    assert_eq!(server.writes().len(), 1);
    clock.advance(Duration::from_secs(1));
    assert!(puts.await.iter().all(Result::is_ok));
    assert_eq!(server.writes().len(), 6);
}

#[tokio::test]
async fn what_the_service_does_not_want_for_longer_than_patience_is_not_sent() {
    let server = Arc::new(Server::default());
    server.store(&a_rule(), rule("r1"));
    server.fail("GET", "/alertRules/r1", [Fault::throttled(3_600)]);
    let (client, _) = client(&server);
    client.get(&a_rule()).await.unwrap_err();
    let sent = server.journal().len();
    let error = client.get(&a_rule()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled);
    let expect = format!(
        "not sent: the service wants no reads of subscription `{}` for 3600 s more",
        workspace().subscription
    );
    assert!(error.to_string().contains(&expect), "{error}");
    assert_eq!(server.journal().len(), sent);
}

#[tokio::test]
async fn a_burst_beyond_the_bucket_goes_at_the_pace_of_its_refill() {
    let server = Arc::new(Server::default());
    let (client, clock) = client(&server);
    let (id, body) = (a_rule(), rule("r1"));
    for _ in 0..200 {
        client.put(&id, &body).await.unwrap();
    }
    assert_eq!(clock.sleeps(), [Duration::from_millis(100); 10], "190 at once, then 10 a second");
}

#[tokio::test]
async fn saved_searches_of_a_workspace_are_written_one_after_the_other() {
    let server = Arc::new(Server::default());
    let (client, clock) = client(&server);
    let busy = Fault::error(
        409,
        "Conflict",
        "due to reason - [Newer data exists in the Customer Configuration Store.]",
    );
    server.fail("PUT", "/savedSearches/h0", [busy]);
    client.check_subscription(&workspace().subscription).await.unwrap();
    let id = |number: usize| {
        workspace().resource(Collection::SavedSearches, &format!("h{number}").parse().unwrap())
    };
    let body = hunt("h");
    let puts = (0..20).map(|number| {
        let (client, body) = (&client, &body);
        async move { client.put(&id(number), body).await }
    });
    assert!(futures::future::join_all(puts).await.iter().all(Result::is_ok));
    assert_eq!(server.most_under_way(), 1);
    assert_eq!(clock.sleeps(), [Duration::from_millis(500)], "a busy document is asked again");
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_a_tenant_may_have() {
    let server = Arc::new(Server::default());
    let clock = Arc::new(Stopped::default());
    let limits = Limits { concurrency: 9, per_subscription: 9, per_tenant: 3 };
    let client = get_through(&server, &clock, limits);
    let of = |number: usize| WorkspaceId {
        subscription: format!("00000000-0000-0000-0000-{number:012}").parse().unwrap(),
        ..workspace()
    };
    let lists = (0..20).map(|number| {
        let client = &client;
        async move { client.list(&of(number), Collection::AlertRules).await }
    });
    assert!(futures::future::join_all(lists).await.iter().all(Result::is_ok));
    assert_eq!(server.most_under_way(), 3);
}
