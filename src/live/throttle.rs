//! How many requests are under way at once: over everything, and per subscription.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::environment::Limits;
use crate::ident::SubscriptionId;

/// The limits of a run, shared by all its clients.
#[derive(Debug)]
pub struct Throttle {
    limits: Limits,
    everything: Arc<Semaphore>,
    subscriptions: Mutex<BTreeMap<SubscriptionId, Arc<Semaphore>>>,
}

/// The right to have one request under way; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _subscription: OwnedSemaphorePermit,
    _everything: OwnedSemaphorePermit,
}

impl Throttle {
    /// Nothing under way. A limit of zero counts as one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            everything: Arc::new(Semaphore::new(limits.concurrency.max(1))),
            subscriptions: Mutex::new(BTreeMap::new()),
        }
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Waits for a turn, first among the subscription's own requests, so that a busy subscription
    /// takes no place from the others.
    pub(crate) async fn turn(&self, subscription: &SubscriptionId) -> Turn {
        let own = self.subscription(subscription);
        Turn {
            _subscription: acquire(own).await,
            _everything: acquire(self.everything.clone()).await,
        }
    }

    fn subscription(&self, id: &SubscriptionId) -> Arc<Semaphore> {
        let mut known = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = self.limits.per_subscription.max(1);
        Arc::clone(known.entry(id.clone()).or_insert_with(|| Arc::new(Semaphore::new(limit))))
    }
}

async fn acquire(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    semaphore.acquire_owned().await.expect("invariant: no semaphore of a run is ever closed")
}
