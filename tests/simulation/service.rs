//! Sentinel in memory, behind Azure Resource Manager's token buckets.
//!
//! The buckets refill once a second in whole steps, which is the hardest way to read "refills by 10 a
//! second"; requests arrive as late as the latency says, and not all equally late.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use sentinelops::live::{Method, Request, Response, Transport, TransportError};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// A subscription that is told to wait, whatever its buckets say.
#[derive(Debug, Clone)]
pub(crate) struct Storm {
    pub(crate) subscription: String,
    pub(crate) method: Method,
    /// Which of its requests meet it, counted from 0, and what each is told to wait.
    pub(crate) waits: BTreeMap<u64, Duration>,
}

/// One 429.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) subscription: String,
    /// Since the start.
    pub(crate) at: Duration,
    pub(crate) wait: Duration,
}

#[derive(Debug)]
pub(crate) struct Service {
    tenant: String,
    latency: Duration,
    start: Instant,
    storms: Vec<Storm>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Lists by path, and in them bodies by name.
    collections: BTreeMap<String, BTreeMap<String, Value>>,
    buckets: BTreeMap<(String, Method), Bucket>,
    told: Vec<Told>,
    /// Arrivals in a subscription, in order, since the start.
    arrivals: BTreeMap<(String, Method), Vec<Duration>>,
    requests: u64,
    etags: u64,
    under_way: BTreeMap<String, usize>,
    searches_overlap: bool,
}

#[derive(Debug)]
struct Bucket {
    tokens: u64,
    second: u64,
}

const fn limits(method: Method) -> (u64, u64) {
    match method {
        Method::Get => (250, 25),
        Method::Put | Method::Delete => (200, 10),
    }
}

/// What every workspace has from the start.
fn built_in(list: &str) -> Option<Value> {
    match list {
        "alertRules" => Some(json!({"name": "BuiltInFusion", "kind": "Fusion", "properties": {}})),
        "savedSearches" => {
            Some(json!({"name": "a|b", "properties": {"category": "Log Management"}}))
        }
        _ => None,
    }
}

impl Service {
    pub(crate) fn new(tenant: &str, latency: Duration, storms: Vec<Storm>) -> Self {
        Self {
            tenant: tenant.to_owned(),
            latency,
            start: Instant::now(),
            storms,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.state().told.clone()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.state().requests
    }

    /// When requests arrived.
    pub(crate) fn arrivals(&self, subscription: &str, method: Method) -> Vec<Duration> {
        let key = (subscription.to_owned(), method);
        self.state().arrivals.get(&key).cloned().unwrap_or_default()
    }

    /// Writes that arrived, over all subscriptions.
    pub(crate) fn writes(&self) -> usize {
        let state = self.state();
        let writes = state.arrivals.iter().filter(|((_, method), _)| *method != Method::Get);
        writes.map(|(_, arrivals)| arrivals.len()).sum()
    }

    /// Whether two saved searches of one workspace were ever written at once.
    pub(crate) fn searches_overlapped(&self) -> bool {
        self.state().searches_overlap
    }

    /// When the last request of a subscription arrived.
    pub(crate) fn last_arrival(&self, subscription: &str) -> Duration {
        let all = [Method::Get, Method::Put, Method::Delete];
        let last = |method| self.arrivals(subscription, method).last().copied();
        all.into_iter().filter_map(last).max().unwrap_or_default()
    }

    fn passed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Counts a request, or says how long it is to wait.
    fn count(&self, subscription: &str, method: Method) -> Result<u64, Duration> {
        let passed = self.passed();
        let mut state = self.state();
        state.requests += 1;
        let key = (subscription.to_owned(), method);
        let arrivals = state.arrivals.entry(key.clone()).or_default();
        arrivals.push(passed);
        let number = u64::try_from(arrivals.len()).unwrap() - 1;
        let storm =
            self.storms.iter().filter(|s| s.subscription == subscription && s.method == method);
        let stormed = storm.filter_map(|storm| storm.waits.get(&number)).next();
        let (size, refill) = limits(method);
        let second = passed.as_secs();
        let bucket = state.buckets.entry(key).or_insert(Bucket { tokens: size, second });
        bucket.tokens = size.min(bucket.tokens + refill * (second - bucket.second));
        bucket.second = second;
        let refused = match (stormed, bucket.tokens) {
            (Some(wait), _) => Some(*wait),
            (None, 0) => Some(Duration::from_secs(1)),
            (None, _) => None,
        };
        match refused {
            Some(wait) => {
                let told = Told { subscription: subscription.to_owned(), at: passed, wait };
                state.told.push(told);
                Err(wait)
            }
            None => {
                bucket.tokens -= 1;
                Ok(bucket.tokens)
            }
        }
    }

    fn serve(&self, request: &Request) -> (u16, Value) {
        let path = request.url.path();
        let mut state = self.state();
        let (list, name) = path.rsplit_once('/').unwrap();
        match request.method {
            Method::Get if path.matches('/').count() == 2 => {
                (200, json!({"tenantId": self.tenant}))
            }
            Method::Get if ["alertRules", "savedSearches", "metadata"].contains(&name) => {
                let items = state.collections.get(path);
                let built_in = built_in(name);
                let items = items.into_iter().flat_map(BTreeMap::values);
                let items: Vec<&Value> = built_in.iter().chain(items).collect();
                (200, json!({"value": items}))
            }
            Method::Get => match state.collections.get(list).and_then(|known| known.get(name)) {
                Some(body) => (200, body.clone()),
                None => (404, json!({"error": {"code": "NotFound", "message": "not found"}})),
            },
            Method::Put => {
                state.etags += 1;
                let mut body: Value =
                    serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
                body["name"] = json!(name);
                if !list.ends_with("/metadata") {
                    body["etag"] = json!(format!("\"{}\"", state.etags));
                }
                let known = state.collections.entry(list.to_owned()).or_default();
                let is_new = known.insert(name.to_owned(), body.clone()).is_none();
                (if is_new && !list.ends_with("/savedSearches") { 201 } else { 200 }, body)
            }
            Method::Delete => {
                let known = state.collections.get_mut(list).and_then(|known| known.remove(name));
                (if known.is_some() { 200 } else { 204 }, json!({}))
            }
        }
    }

    fn begin_search(&self, list: &str) {
        let mut state = self.state();
        let count = state.under_way.entry(list.to_owned()).or_default();
        *count += 1;
        let overlaps = *count > 1;
        state.searches_overlap |= overlaps;
    }

    fn end_search(&self, list: &str) {
        *self.state().under_way.entry(list.to_owned()).or_default() -= 1;
    }
}

#[async_trait]
impl Transport for Service {
    async fn sign_in(&self) -> Result<(), TransportError> {
        Ok(())
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        let path = request.url.path().to_owned();
        let subscription = path.split('/').nth(2).unwrap().to_owned();
        // A fifth of all requests takes half the way there longer, and so much less back.
        let slow = path.bytes().map(u32::from).sum::<u32>() % 5 == 0;
        let there = if slow { self.latency * 3 / 4 } else { self.latency / 2 };
        let search = path.contains("/savedSearches/") && request.method != Method::Get;
        let list = path.rsplit_once('/').map_or("", |(list, _)| list);
        if search {
            self.begin_search(list);
        }
        sleep(there).await;
        let (status, headers, body) = match self.count(&subscription, request.method) {
            Ok(left) => {
                let kind = match request.method {
                    Method::Get => "reads",
                    Method::Put => "writes",
                    Method::Delete => "deletes",
                };
                let name = format!("x-ms-ratelimit-remaining-subscription-{kind}");
                let (status, body) = self.serve(request);
                (status, BTreeMap::from([(name, left.to_string())]), body)
            }
            Err(wait) => {
                let headers = BTreeMap::from([("retry-after".into(), wait.as_secs().to_string())]);
                let error = json!({"code": "SubscriptionRequestsThrottled", "message": "too many"});
                (429, headers, json!({ "error": error }))
            }
        };
        sleep(self.latency - there).await;
        if search {
            self.end_search(list);
        }
        Ok(Response { status, headers, body: Bytes::from(body.to_string()) })
    }
}
