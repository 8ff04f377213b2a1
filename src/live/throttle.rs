//! When a request may go: under the limits of the run, and as fast as the service allows.
//!
//! A request first waits for its bucket (subscription, principal, kind of request), holding nothing
//! that others need, then for a place among its subscription's requests, its tenant's, and all of
//! them. So whoever has to wait slows nobody else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex as Gate, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::bucket::{Bucket, Kind};
use super::retry::Closing;
use super::{Clock, Pace, Response};
use crate::arm::WorkspaceId;
use crate::environment::Limits;
use crate::ident::{SubscriptionId, TenantId};

/// The limits of a run, shared by all its clients.
#[derive(Debug)]
pub struct Throttle {
    limits: Limits,
    everything: Arc<Semaphore>,
    tenants: Mutex<BTreeMap<TenantId, Arc<Semaphore>>>,
    subscriptions: Mutex<BTreeMap<SubscriptionId, Arc<Semaphore>>>,
    buckets: Mutex<BTreeMap<Payer, Arc<Counted>>>,
    documents: Mutex<BTreeMap<WorkspaceId, Arc<Gate<()>>>>,
    begun: Arc<Semaphore>,
    begun_of: Mutex<BTreeMap<SubscriptionId, Arc<Semaphore>>>,
}

/// Whose bucket a request is taken from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Payer {
    pub(super) subscription: SubscriptionId,
    /// Requests of different principals are counted apart.
    pub(super) principal: String,
    pub(super) kind: Kind,
}

/// A bucket and the line before it.
#[derive(Debug)]
struct Counted {
    line: Mutex<Line>,
    gate: Gate<()>,
}

#[derive(Debug)]
struct Line {
    bucket: Bucket,
    /// How many wait.
    length: usize,
    /// The latest moment that has come. Clocks are set back at times, but what was slept has passed.
    latest: Timestamp,
}

/// What a turn is asked for.
pub(super) struct Ask<'a> {
    pub(super) payer: Payer,
    pub(super) tenant: &'a TenantId,
    pub(super) pace: Pace,
    pub(super) clock: &'a dyn Clock,
    /// The longest wait that the service may ask for.
    pub(super) patience: Duration,
    /// Is told before a wait for the bucket, with its time where that is known.
    pub(super) waits: &'a (dyn Fn(Duration) + Sync),
}

/// The right to have one request under way; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    counted: Arc<Counted>,
    _subscription: OwnedSemaphorePermit,
    _tenant: OwnedSemaphorePermit,
    _everything: OwnedSemaphorePermit,
}

/// A place among the workspaces whose writes have begun, given back when dropped.
///
/// Only so many are begun as there may be requests under way: an interrupt then has little to finish.
#[derive(Debug)]
pub struct Begun {
    _of_subscription: OwnedSemaphorePermit,
    of_all: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Begun {
    /// Lets another subscription's workspace begin, since this one has to wait. Some of its items go on
    /// later all the same.
    pub fn waits(&self) {
        lock(&self.of_all).take();
    }
}

/// The service wants nothing for longer than anybody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClosedFor(pub(super) Duration);

impl Throttle {
    /// Nothing under way, every bucket full. A limit of zero counts as one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            everything: Arc::new(Semaphore::new(limits.concurrency.max(1))),
            tenants: Mutex::default(),
            subscriptions: Mutex::default(),
            buckets: Mutex::default(),
            documents: Mutex::default(),
            begun: Arc::new(Semaphore::new(limits.concurrency.max(1))),
            begun_of: Mutex::default(),
        }
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// When the service wants nothing for longer than the asker's patience.
    pub(super) async fn turn(&self, ask: &Ask<'_>) -> Result<Turn, ClosedFor> {
        let counted = self.counted(ask);
        let subscription =
            of_key(&self.subscriptions, &ask.payer.subscription, self.limits.per_subscription);
        let tenant = of_key(&self.tenants, ask.tenant, self.limits.per_tenant);
        loop {
            counted.admit(ask).await?;
            let turn = Turn {
                counted: Arc::clone(&counted),
                _subscription: acquire(Arc::clone(&subscription)).await,
                _tenant: acquire(Arc::clone(&tenant)).await,
                _everything: acquire(Arc::clone(&self.everything)).await,
            };
            let mut line = counted.line();
            if line.closed(ask.clock).is_none() {
                drop(line);
                return Ok(turn);
            }
            // Somebody was told to wait while this one stood in line.
            line.bucket.give_back();
        }
    }

    /// Waits until a workspace's writes may begin.
    pub async fn begin(&self, workspace: &WorkspaceId) -> Begun {
        let own = of_key(&self.begun_of, &workspace.subscription, self.limits.per_subscription);
        let of_subscription = acquire(own).await;
        let of_all = Mutex::new(Some(acquire(Arc::clone(&self.begun)).await));
        Begun { _of_subscription: of_subscription, of_all }
    }

    /// The right to write to a workspace's saved searches, which are one document behind the scenes:
    /// writers that overlap are refused.
    pub(super) async fn document(&self, workspace: &WorkspaceId) -> OwnedMutexGuard<()> {
        let gate = Arc::clone(lock(&self.documents).entry(workspace.clone()).or_default());
        gate.lock_owned().await
    }

    fn counted(&self, ask: &Ask<'_>) -> Arc<Counted> {
        let mut known = lock(&self.buckets);
        let made = || {
            let latest = ask.clock.now();
            let bucket = Bucket::new(ask.pace, ask.payer.kind, latest);
            let line = Mutex::new(Line { bucket, length: 0, latest });
            Arc::new(Counted { line, gate: Gate::default() })
        };
        Arc::clone(known.entry(ask.payer.clone()).or_insert_with(made))
    }
}

impl Turn {
    /// What the answer says about the bucket.
    pub(super) fn follow(&self, response: &Response, clock: &dyn Clock) {
        let mut line = self.counted.line();
        let now = line.now(clock);
        line.bucket.follow(&response.headers, now);
    }

    /// Nobody sends anything that is counted together with this request for as long as it says.
    pub(super) fn close(&self, Closing { time, is_empty }: Closing, clock: &dyn Clock) {
        let mut line = self.counted.line();
        let now = line.now(clock);
        line.bucket.close(time, is_empty, now);
    }
}

impl Counted {
    fn line(&self) -> MutexGuard<'_, Line> {
        lock(&self.line)
    }

    /// Takes one from the bucket, in the order of asking. Only the first in line sleeps; the others
    /// wait for it.
    async fn admit(&self, ask: &Ask<'_>) -> Result<(), ClosedFor> {
        let wait = {
            let mut line = self.line();
            let nobody_waits = line.length == 0;
            match nobody_waits.then(|| line.take(ask)).transpose()? {
                Some(None) => return Ok(()),
                Some(Some(wait)) => wait,
                None => line.closed(ask.clock).unwrap_or_default(),
            }
        };
        (ask.waits)(wait);
        let _place = Place::in_line(self);
        let _first = self.gate.lock().await;
        loop {
            let (wait, before) = {
                let mut line = self.line();
                (line.take(ask)?, line.latest)
            };
            match wait {
                None => return Ok(()),
                Some(wait) => {
                    ask.clock.sleep(wait).await;
                    self.line().reach(before, wait);
                }
            }
        }
    }
}

impl Line {
    fn now(&mut self, clock: &dyn Clock) -> Timestamp {
        self.latest = self.latest.max(clock.now());
        self.latest
    }

    /// That much was slept since `before`.
    fn reach(&mut self, before: Timestamp, time: Duration) {
        self.latest = self.latest.max(before.checked_add(time).unwrap_or(Timestamp::MAX));
    }

    fn closed(&mut self, clock: &dyn Clock) -> Option<Duration> {
        let now = self.now(clock);
        self.bucket.closed(now)
    }

    /// Takes one, or says how long to wait.
    fn take(&mut self, ask: &Ask<'_>) -> Result<Option<Duration>, ClosedFor> {
        let now = self.now(ask.clock);
        match (self.bucket.take(now), self.bucket.closed(now)) {
            (Ok(()), _) => Ok(None),
            (Err(_), Some(closed)) if closed > ask.patience => Err(ClosedFor(closed)),
            (Err(wait), _) => Ok(Some(wait)),
        }
    }
}

/// A place in a line, until it is dropped.
struct Place<'a>(&'a Counted);

impl<'a> Place<'a> {
    fn in_line(counted: &'a Counted) -> Self {
        counted.line().length += 1;
        Self(counted)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.line().length -= 1;
    }
}

fn of_key<K: Ord + Clone>(
    known: &Mutex<BTreeMap<K, Arc<Semaphore>>>,
    key: &K,
    limit: usize,
) -> Arc<Semaphore> {
    let mut known = lock(known);
    Arc::clone(known.entry(key.clone()).or_insert_with(|| Arc::new(Semaphore::new(limit.max(1)))))
}

async fn acquire(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    semaphore.acquire_owned().await.expect("invariant: no semaphore of a run is ever closed")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
