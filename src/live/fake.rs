//! A server in memory that behaves like ARM where it matters to the client, and fails when told to.
//! For tests only.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::http::Url;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Client, Clock, Method, Pace, Request, Response, Site, Throttle, Transport, TransportError,
};
use crate::arm::{ResourceId, WorkspaceId};
use crate::environment::Limits;
use crate::ident::Family;

pub(crate) const TENANT: &str = "11111111-1111-1111-1111-111111111111";

/// A clock that never waits, and remembers what it was asked to.
#[derive(Debug, Default)]
pub(crate) struct TestClock {
    passed: Mutex<Duration>,
    sleeps: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub(crate) fn advance(&self, time: Duration) {
        *self.passed.lock().unwrap() += time;
    }

    pub(crate) fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap().clone()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + *self.passed.lock().unwrap()
    }

    async fn sleep(&self, time: Duration) {
        self.advance(time);
        self.sleeps.lock().unwrap().push(time);
        tokio::task::yield_now().await;
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This status, headers and body; no effect.
    Answer(u16, BTreeMap<String, String>, String),
    /// This status and body; no effect.
    Body(u16, String),
    /// No connection.
    NotSent,
    /// The connection breaks before the server sees the request.
    LostBefore,
    /// The connection breaks after the server did what was asked.
    LostAfter,
    /// Done as asked, and then a status.
    DoneBut(u16),
    /// Nothing goes wrong.
    Pass,
}

impl Fault {
    pub(crate) fn status(status: u16) -> Self {
        Self::error(status, "Code", "message")
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Body(status, json!({"error": {"code": code, "message": message}}).to_string())
    }

    pub(crate) fn throttled(seconds: u64) -> Self {
        let headers = BTreeMap::from([("retry-after".to_owned(), seconds.to_string())]);
        Self::Answer(429, headers, json!({"error": {"code": "SubscriptionRequestsThrottled", "message": "Number of 'read' requests exceeded."}}).to_string())
    }
}

/// The server. Paths compare without case.
#[derive(Debug, Default)]
pub(crate) struct Server {
    state: Mutex<State>,
    page_size: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    tenant: Option<String>,
    resources: BTreeMap<String, Value>,
    hidden: BTreeSet<String>,
    faults: Vec<(String, String, VecDeque<Fault>)>,
    journal: Vec<String>,
    etags: u64,
    rewrites: Vec<(String, Value)>,
    rivals: Vec<(String, String, Value)>,
    writes_left: Option<usize>,
    under_way: usize,
    most_under_way: usize,
}

impl Server {
    pub(crate) fn with_page_size(size: usize) -> Self {
        Self { page_size: Some(size), ..Self::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn set_tenant(&self, tenant: &str) {
        self.state().tenant = Some(tenant.to_owned());
    }

    /// Puts a resource there as if somebody else had, with a new etag.
    pub(crate) fn store(&self, id: &ResourceId, body: Value) {
        self.state().store(&id.path(), body);
    }

    /// Changes a resource behind the client's back, with a new etag.
    pub(crate) fn edit(&self, id: &ResourceId, path: &str, value: Value) {
        let mut state = self.state();
        let mut body = state.resources[&id.path().to_lowercase()].clone();
        *body.pointer_mut(path).unwrap() = value;
        state.store(&id.path(), body);
    }

    pub(crate) fn remove(&self, id: &ResourceId) {
        self.state().resources.remove(&id.path().to_lowercase());
    }

    pub(crate) fn read(&self, id: &ResourceId) -> Option<Value> {
        self.state().resources.get(&id.path().to_lowercase()).cloned()
    }

    /// Lists lack the resource from now on.
    pub(crate) fn hide(&self, id: &ResourceId) {
        self.state().hidden.insert(id.path().to_lowercase());
    }

    /// The next requests of the method whose path and query contain `part` fail like this, in order.
    pub(crate) fn fail(&self, method: &str, part: &str, faults: impl IntoIterator<Item = Fault>) {
        let faults = faults.into_iter().collect();
        self.state().faults.push((method.to_owned(), part.to_lowercase(), faults));
    }

    /// Nothing fails any more.
    pub(crate) fn mend(&self) {
        self.state().faults.clear();
    }

    /// From now on the service stores `value` at `pointer`, whatever is sent.
    pub(crate) fn rewrite(&self, pointer: &str, value: Value) {
        self.state().rewrites.push((pointer.to_owned(), value));
    }

    /// Right after the next PUT whose path contains `part`, somebody else writes `value` at
    /// `pointer` of the same resource.
    pub(crate) fn rival(&self, part: &str, pointer: &str, value: Value) {
        self.state().rivals.push((part.to_lowercase(), pointer.to_owned(), value));
    }

    /// The line is cut after that many more writes, as if the process had died; `None` mends it.
    pub(crate) fn cut_after(&self, writes: Option<usize>) {
        self.state().writes_left = writes;
    }

    /// Every request so far: method and path.
    pub(crate) fn journal(&self) -> Vec<String> {
        self.state().journal.clone()
    }

    /// Every PUT and DELETE so far, with the last part of the path.
    pub(crate) fn writes(&self) -> Vec<String> {
        let short = |line: &String| {
            let (method, path) = line.split_once(' ')?;
            let last = path.rsplit('/').next()?;
            (method != "GET").then(|| format!("{method} {last}"))
        };
        self.journal().iter().filter_map(short).collect()
    }

    /// Forgets the journal.
    pub(crate) fn clear_journal(&self) {
        self.state().journal.clear();
    }

    /// How many requests were under way at once at most.
    pub(crate) fn most_under_way(&self) -> usize {
        self.state().most_under_way
    }
}

#[async_trait]
impl Transport for Server {
    async fn sign_in(&self) -> Result<(), TransportError> {
        Ok(())
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        {
            let mut state = self.state();
            state.under_way += 1;
            state.most_under_way = state.most_under_way.max(state.under_way);
        }
        tokio::task::yield_now().await;
        let mut state = self.state();
        state.under_way -= 1;
        if state.is_cut(request.method) {
            return Err(TransportError::NotSent("the line is cut".into()));
        }
        state.journal.push(format!("{} {}", request.method, request.url.path()));
        match state.next_fault(request) {
            Fault::Answer(status, headers, body) => Ok(answer(status, headers, body)),
            Fault::Body(status, body) => Ok(answer(status, BTreeMap::new(), body)),
            Fault::NotSent => Err(TransportError::NotSent("refused".into())),
            Fault::LostBefore => Err(TransportError::Unknown("reset".into())),
            Fault::LostAfter => {
                state.serve(request, self.page_size);
                Err(TransportError::Unknown("reset".into()))
            }
            Fault::DoneBut(status) => {
                state.serve(request, self.page_size);
                Ok(answer(status, BTreeMap::new(), String::new()))
            }
            Fault::Pass => Ok(state.serve(request, self.page_size)),
        }
    }
}

fn answer(status: u16, mut headers: BTreeMap<String, String>, body: String) -> Response {
    headers.insert("x-ms-request-id".to_owned(), "request-1".to_owned());
    Response { status, headers, body: Bytes::from(body) }
}

fn ok(status: u16, body: &Value) -> Response {
    answer(status, BTreeMap::new(), body.to_string())
}

fn error(status: u16, code: &str, message: &str) -> Response {
    ok(status, &json!({"error": {"code": code, "message": message}}))
}

impl State {
    fn is_cut(&mut self, method: Method) -> bool {
        match (&mut self.writes_left, method) {
            (None, _) => false,
            (Some(0), _) => true,
            (Some(_), Method::Get) => false,
            (Some(left), Method::Put | Method::Delete) => {
                *left -= 1;
                false
            }
        }
    }

    fn next_fault(&mut self, request: &Request) -> Fault {
        let query = request.url.query().unwrap_or_default();
        let target = format!("{}?{query}", request.url.path()).to_lowercase();
        let meant = |(method, part, faults): &&mut (String, String, VecDeque<Fault>)| {
            method == request.method.as_str()
                && target.contains(part.as_str())
                && !faults.is_empty()
        };
        let queue = self.faults.iter_mut().find(meant);
        queue.and_then(|(_, _, faults)| faults.pop_front()).unwrap_or(Fault::Pass)
    }

    fn serve(&mut self, request: &Request, page_size: Option<usize>) -> Response {
        let path = request.url.path().to_lowercase();
        let last = path.rsplit('/').next().unwrap_or_default().to_owned();
        match request.method {
            Method::Get if path.matches('/').count() == 2 => {
                let tenant = self.tenant.as_deref().unwrap_or(TENANT);
                ok(200, &json!({"id": path, "tenantId": tenant}))
            }
            Method::Get if ["alertrules", "savedsearches", "metadata"].contains(&last.as_str()) => {
                self.list(&path, &request.url, page_size)
            }
            Method::Get => match self.resources.get(&path) {
                Some(body) => ok(200, body),
                None => error(404, "NotFound", "the resource was not found"),
            },
            Method::Put => self.put(&path, request),
            Method::Delete => match self.resources.remove(&path) {
                Some(_) => ok(200, &json!({})),
                None => answer(204, BTreeMap::new(), String::new()),
            },
        }
    }

    fn list(&self, path: &str, url: &Url, page_size: Option<usize>) -> Response {
        let below = format!("{path}/");
        let items: Vec<&Value> = self
            .resources
            .iter()
            .filter(|(known, _)| known.starts_with(&below) && !self.hidden.contains(*known))
            .map(|(_, body)| body)
            .collect();
        let skip = url.query_pairs().find(|(key, _)| key == "$skipToken");
        let skip: usize = skip.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        let size = page_size.unwrap_or(usize::MAX);
        let page: Vec<&Value> = items.iter().skip(skip).take(size).copied().collect();
        let mut body = json!({"value": page});
        if skip + page.len() < items.len() {
            let mut next = url.clone();
            let token = (skip + page.len()).to_string();
            next.query_pairs_mut().clear().append_pair("$skipToken", &token);
            body["nextLink"] = json!(next.as_str());
        }
        ok(200, &body)
    }

    /// Rules overwrite without an etag; saved searches refuse to. A stale etag is always refused.
    fn put(&mut self, path: &str, request: &Request) -> Response {
        let mut body: Value =
            serde_json::from_slice(request.body.as_ref().unwrap()).expect("a PUT's body is JSON");
        let known = self.resources.get(path).map(|known| known["etag"].clone());
        let sent = body["etag"].clone();
        let search = path.contains("/savedsearches/");
        match &known {
            Some(etag) if !sent.is_null() && &sent != etag => {
                return error(
                    409,
                    "Conflict",
                    "Newer instance of rule exists (Etag does not match). Data was not saved.",
                );
            }
            Some(_) if sent.is_null() && search => {
                return error(409, "Conflict", "the saved search exists");
            }
            _ => {}
        }
        for (pointer, value) in &self.rewrites {
            if let Some(place) = body.pointer_mut(pointer) {
                *place = value.clone();
            }
        }
        // The service answers the name as it stands in the path.
        let name = request.url.path().rsplit('/').next().unwrap_or_default().to_owned();
        body["name"] = json!(name);
        let body = self.store(path, body);
        if let Some(at) = self.rivals.iter().position(|(part, _, _)| path.contains(part.as_str())) {
            let (_, pointer, value) = self.rivals.remove(at);
            let mut theirs = body.clone();
            *theirs.pointer_mut(&pointer).unwrap() = value;
            self.store(path, theirs);
        }
        ok(if known.is_some() || search { 200 } else { 201 }, &body)
    }

    fn store(&mut self, path: &str, mut body: Value) -> Value {
        self.etags += 1;
        // Real metadata has no etag.
        if !path.to_lowercase().contains("/metadata/") {
            body["etag"] = json!(format!("\"{}\"", self.etags));
        }
        body["id"] = json!(path);
        self.resources.insert(path.to_lowercase(), body.clone());
        body
    }
}

/// A client of the server, with its clock.
pub(crate) fn client(server: &Arc<Server>) -> (Client, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    let site = Site {
        environment: "contoso".parse().unwrap(),
        tenant: TENANT.parse().unwrap(),
        base: "http://127.0.0.1:1".parse().unwrap(),
        principal: "tests".to_owned(),
        pace: Pace::Arm,
    };
    let throttle = Arc::new(Throttle::new(Limits::default()));
    let transport: Arc<dyn Transport> = Arc::clone(server) as _;
    (Client::new(site, transport, clock.clone(), throttle), clock)
}

/// The workspace of the tests.
pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
        resource_group: "rg-sec".parse().unwrap(),
        name: "law-sec".parse().unwrap(),
    }
}

/// A scheduled rule.
pub(crate) fn rule(name: &str) -> Value {
    json!({"name": name, "kind": "Scheduled", "properties": {
        "displayName": name, "enabled": true, "severity": "High", "query": "T | where a",
        "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan",
        "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H",
    }})
}

/// A hunting query.
pub(crate) fn hunt(name: &str) -> Value {
    json!({"name": name, "properties": {
        "category": "Hunting Queries", "displayName": name, "query": "T | where a", "version": 2,
    }})
}

/// Metadata about an item of the same name.
pub(crate) fn record(family: Family, name: &str, owner: &str) -> Value {
    let kind = crate::arm::marker::content_kind(family);
    let collection = crate::arm::Collection::of(family);
    let parent = workspace().resource(collection, &name.parse().unwrap());
    json!({"name": format!("{}-{name}", kind.to_lowercase()), "properties": {
        "kind": kind, "parentId": parent.to_string(), "contentId": name,
        "customVersion": "so1;A;Scheduled",
        "source": {"kind": "SourceRepository", "name": "sentinelops", "sourceId": owner},
    }})
}
