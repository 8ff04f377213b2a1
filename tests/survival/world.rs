//! An emulator, simulated time, and runs of a repository against it.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use jiff::Timestamp;
use sentinelops::apply::{Forgetful, ItemOutcome, apply};
use sentinelops::arm::Collection;
use sentinelops::emulator::{Emulator, Normaliser, Options};
use sentinelops::environment::Limits;
use sentinelops::ident::{Family, ItemKey, TenantId};
use sentinelops::live::{
    Client, Clients, Clock, Method, Pace, Request, Site, Target, Throttle, Transport, observe_all,
};
use sentinelops::plan::{self, Action, Class, Plan};
use sentinelops::state::{Desired, Field, Kind};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::line::{Line, TOOL, send};
use crate::sides::{self, OWNER, id};

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const SOMEBODY: &str = "somebody else";

/// Time that passes when everybody waits.
#[derive(Debug)]
struct Simulated(Instant);

#[async_trait]
impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A workspace at an emulator, and a repository that is applied to it.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) desired: Desired,
    pub(crate) options: plan::Options,
    /// Requests under way at once.
    pub(crate) at_once: usize,
    clock: Arc<dyn Clock>,
}

/// Runs in time that passes when everybody waits.
pub(crate) fn simulated<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Why the workspace could not be read, if so.
    pub(crate) unreadable: Option<String>,
    pub(crate) items: Vec<ItemOutcome>,
}

impl World {
    /// A fresh workspace. Must be called in simulated time.
    pub(crate) fn new() -> Self {
        Self::rewriting(Normaliser::default())
    }

    /// A fresh workspace of a service that rewrites what it accepts.
    pub(crate) fn rewriting(normaliser: Normaliser) -> Self {
        let clock = Arc::new(Simulated(Instant::now()));
        let emulated = Arc::clone(&clock);
        let mut options = Options::new(Arc::new(move || emulated.now()));
        options.page_size = NonZeroUsize::new(4);
        options.normaliser = normaliser;
        let emulator = Emulator::open(None, options).unwrap();
        emulator.provision(&sides::workspace(), &TENANT.parse::<TenantId>().unwrap()).unwrap();
        let acknowledged = ["deletes", "playbooks", "first-run", "disables", "changes"];
        let acknowledged = acknowledged.map(|ack| ack.parse().unwrap()).to_vec();
        Self {
            emulator,
            desired: sides::nothing(OWNER),
            options: plan::Options { acknowledged, ..plan::Options::default() },
            at_once: 1,
            clock,
        }
    }

    /// The same workspace, as another repository sees it.
    pub(crate) fn of_another(&self, desired: Desired) -> Self {
        Self {
            emulator: self.emulator.clone(),
            desired,
            options: self.options.clone(),
            at_once: self.at_once,
            clock: Arc::clone(&self.clock),
        }
    }

    /// The same, where the tool's clock is another one.
    pub(crate) fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    pub(crate) fn want(&mut self, kind: Kind, id: &str) {
        sides::want(&mut self.desired, kind, id);
    }

    pub(crate) fn set(&mut self, id: &str, field: Field, value: Value) {
        sides::set(&mut self.desired, id, field, value);
    }

    fn clients(&self, transport: Arc<dyn Transport>) -> Clients {
        let environment = self.desired.workspaces[0].key.environment.clone();
        let site = Site {
            environment: environment.clone(),
            tenant: TENANT.parse().unwrap(),
            base: "http://emulator.example".parse().unwrap(),
            principal: "the pipeline".to_owned(),
            pace: Pace::Arm,
        };
        let at_once = self.at_once;
        let limits =
            Limits { concurrency: at_once, per_subscription: at_once, per_tenant: at_once };
        let throttle = Arc::new(Throttle::new(limits));
        let client = Client::new(site, transport, Arc::clone(&self.clock), throttle);
        Clients::new(BTreeMap::from([(environment, Ok(client))]), limits)
    }

    fn line(&self) -> Arc<dyn Transport> {
        Arc::new(Line(self.emulator.clone()))
    }

    async fn plan_by(&self, clients: &Clients) -> Plan {
        let target = Target::of(&self.desired.owner, &self.desired.workspaces[0]);
        let seen = observe_all(clients, &[target]).await.into_iter().collect();
        plan::plan(&self.desired, &seen, &self.options, "2026-11-24".parse().unwrap())
    }

    pub(crate) async fn plan(&self) -> Plan {
        self.plan_by(&self.clients(self.line())).await
    }

    /// Reads, plans and applies, as the program does.
    pub(crate) async fn run(&self) -> Ended {
        self.run_over(self.line()).await
    }

    /// The same over another line.
    pub(crate) async fn run_over(&self, line: Arc<dyn Transport>) -> Ended {
        let clients = self.clients(line);
        let approved = plan::guard(self.plan_by(&clients).await).unwrap();
        let (events, _ignored) = mpsc::unbounded_channel();
        let (_keep, interrupt) = watch::channel(false);
        let mut outcome = apply(approved, &clients, &Forgetful, events, interrupt).await;
        let workspace = outcome.workspaces.remove(0);
        let unreadable = workspace.unreadable.map(|reason| reason.message);
        Ended { unreadable, items: workspace.items }
    }

    /// Runs where nothing goes wrong.
    pub(crate) async fn runs_well(&self) {
        let ended = self.run().await;
        assert_eq!(ended.unreadable, None);
        let open: Vec<_> = ended.items.iter().filter(|item| !settled(item)).collect();
        assert!(open.is_empty(), "{open:?}");
    }

    /// What would be planned now, but for what is in sync or waits to be pruned.
    pub(crate) async fn pending(&self) -> Vec<String> {
        let plan = self.plan().await;
        let unreadable = plan.workspaces[0].unreadable.as_ref();
        assert!(unreadable.is_none(), "{unreadable:?}");
        let line = |change: &plan::Change| {
            let fields: Vec<_> =
                change.fields.iter().map(|moved| moved.field.to_string()).collect();
            format!("{} {} {} {fields:?}", change.key, change.class, change.action)
        };
        let changes = plan.changes().map(|(_, change)| change);
        let open = changes.filter(|change| {
            let waits = change.class == Class::Retired && change.action == Action::None;
            change.class != Class::InSync && !waits
        });
        open.map(line).collect()
    }

    /// How live differs from what the files say, read past the tool: items that are missing, are not as
    /// they should be, or have not exactly one record; and ours that should be gone and are not.
    pub(crate) async fn lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        let records = self.list(Collection::Metadata).await;
        for (key, present) in sides::presents(&self.desired) {
            let live = self.get(Collection::of(key.family), key.id.as_str()).await;
            match &live {
                None => lost.push(format!("{key} is not there")),
                Some(live) => lost.extend(differing(present, live).map(|f| format!("{key} {f}"))),
            }
            let about = records.iter().filter(|record| is_about(record, key)).count();
            if about != 1 {
                lost.push(format!("{key} has {about} records"));
            }
        }
        lost
    }

    /// The bodies of all resources that are not of this repository, byte for byte.
    pub(crate) async fn others(&self, ours: &[&str]) -> BTreeMap<String, Value> {
        let mut others = BTreeMap::new();
        for collection in [Collection::AlertRules, Collection::SavedSearches, Collection::Metadata]
        {
            for body in self.list(collection).await {
                let name = body["name"].as_str().unwrap();
                if !ours.iter().any(|id| name == *id || name.ends_with(&format!("-{id}"))) {
                    others.insert(body["id"].as_str().unwrap().to_owned(), body);
                }
            }
        }
        others
    }

    /// The last parts of the paths of all that the tool wrote, with the methods.
    pub(crate) fn writes(&self) -> Vec<String> {
        let journal = self.emulator.journal(0).unwrap();
        let of_tool = journal.iter().filter(|e| e.method != "GET" && e.actor == TOOL);
        let last = |target: &str| {
            let path = target.split('?').next().unwrap_or_default();
            path.rsplit('/').next().unwrap_or_default().to_owned()
        };
        of_tool.map(|entry| format!("{} {}", entry.method, last(&entry.target))).collect()
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.emulator.journal(0).unwrap().len()
    }

    pub(crate) fn forget(&self) {
        self.emulator.clear_journal().unwrap();
    }

    /// A resource as somebody else sees it.
    pub(crate) async fn get(&self, collection: Collection, name: &str) -> Option<Value> {
        let (status, body) =
            self.ask(Method::Get, &id(collection, name).path(), collection, None).await;
        (status == 200).then_some(body)
    }

    /// Somebody else writes a resource.
    pub(crate) async fn put(&self, collection: Collection, name: &str, body: &Value) {
        let path = id(collection, name).path();
        let (status, answer) = self.ask(Method::Put, &path, collection, Some(body)).await;
        assert!((200..300).contains(&status), "{status} {answer:#}");
    }

    /// Somebody else changes one value of a rule or a hunt, and keeps the rest.
    pub(crate) async fn edit(
        &self,
        collection: Collection,
        name: &str,
        pointer: &str,
        value: Value,
    ) {
        let mut body = self.get(collection, name).await.unwrap();
        *body.pointer_mut(pointer).unwrap() = value;
        self.put(collection, name, &sendable(body)).await;
    }

    /// Somebody else deletes a resource.
    pub(crate) async fn delete(&self, collection: Collection, name: &str) {
        let (status, _) =
            self.ask(Method::Delete, &id(collection, name).path(), collection, None).await;
        assert_eq!(status, 200);
    }

    pub(crate) async fn list(&self, collection: Collection) -> Vec<Value> {
        let mut url = format!("{}{}", sides::workspace(), collection.suffix());
        let mut items = Vec::new();
        loop {
            let (status, mut body) = self.ask(Method::Get, &url, collection, None).await;
            assert_eq!(status, 200, "{body}");
            items.append(body["value"].as_array_mut().unwrap());
            match body["nextLink"].as_str() {
                Some(next) => url = next.trim_start_matches("http://emulator.example").to_owned(),
                None => return items,
            }
        }
    }

    /// Everything that is not there from the start, as it can be put into a fresh workspace.
    pub(crate) async fn photograph(&self) -> Photograph {
        let mut photograph = Vec::new();
        for collection in [Collection::AlertRules, Collection::SavedSearches, Collection::Metadata]
        {
            let list = self.list(collection).await.into_iter();
            let built_in = |body: &Value| {
                body["kind"] == "Fusion" || body["name"].as_str().unwrap().contains('|')
            };
            for mut body in list.filter(|body| !built_in(body)) {
                let name = body["name"].as_str().unwrap().to_owned();
                body.as_object_mut().unwrap().remove("etag");
                photograph.push((collection, name, sendable(body)));
            }
        }
        photograph
    }

    /// A fresh workspace with all that, for the same repository.
    pub(crate) async fn again(&self, photograph: &Photograph) -> Self {
        let mut world = Self::new();
        world.desired = self.desired.clone();
        world.options = self.options.clone();
        for (collection, name, body) in photograph {
            world.put(*collection, name, body).await;
        }
        world.forget();
        world
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        collection: Collection,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let version = collection.operation().version();
        let link = if path.contains('?') { "" } else { "?api-version=" };
        let version = if path.contains('?') { "" } else { version };
        let url = format!("http://emulator.example{path}{link}{version}");
        let mut request = Request::new(method, url.parse().unwrap());
        request.body = body.map(|body| Bytes::from(body.to_string()));
        let answer = send(&self.emulator, &request, SOMEBODY).await.unwrap();
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(json!(null)))
    }
}

/// Resources with their names.
pub(crate) type Photograph = Vec<(Collection, String, Value)>;

/// A body without what the service sets.
fn sendable(mut body: Value) -> Value {
    let fields = body.as_object_mut().unwrap();
    fields.retain(|key, _| !["id", "name", "type", "systemData"].contains(&key.as_str()));
    fields["properties"].as_object_mut().unwrap().remove("lastModifiedUtc");
    body
}

/// Whether nothing is left to do about an item, or only somebody's word is missing.
fn settled(item: &ItemOutcome) -> bool {
    use sentinelops::apply::Verdict;
    matches!(item.verdict, Verdict::Done | Verdict::Waits(_))
}

/// The fields that the files want otherwise than they are live.
pub(crate) fn differing<'a>(
    present: &'a sentinelops::state::desired::Present,
    live: &'a Value,
) -> impl Iterator<Item = Field> + 'a {
    let wanted = present.fields.iter().filter(|(field, _)| !field.is_dead(&present.fields));
    let differ = wanted.filter(|(field, want)| !field.same(want, &field.read(present.kind, live)));
    differ.map(|(field, _)| *field)
}

fn is_about(record: &Value, key: &ItemKey) -> bool {
    let kind = match key.family {
        Family::AnalyticRule => "AnalyticsRule",
        Family::HuntingQuery => "HuntingQuery",
    };
    let properties = &record["properties"];
    properties["contentId"] == key.id.as_str() && properties["kind"] == kind
}
