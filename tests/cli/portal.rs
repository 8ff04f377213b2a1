//! Everybody else: an emulator in the test's process, to look into and to change things behind the
//! tool's back.

use std::path::Path;
use std::sync::Arc;

use sentinelops::arm::{ResourceId, WorkspaceId};
use sentinelops::emulator::edit::{Assignment, edit};
use sentinelops::emulator::{ACTOR_HEADER, Emulator, Options, Running};
use sentinelops::ident::ArmName;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::root::Root;
use crate::sample;

/// Rules, hunting queries, records.
pub(crate) use sentinelops::arm::Collection;
pub(crate) use sentinelops::arm::Collection::{AlertRules, Metadata, SavedSearches};

/// A served emulator and a client that is not the tool.
pub(crate) struct Portal {
    pub(crate) emulator: Emulator,
    running: Running,
    runtime: Runtime,
    client: reqwest::Client,
}

impl Portal {
    /// An emulator with the workspace of the environment `local`.
    pub(crate) fn open() -> Self {
        Self::on(None)
    }

    /// The embedded emulator of a repository. While this lives, the program cannot use it.
    pub(crate) fn of(root: &Root) -> Self {
        Self::on(Some(&root.path(".sentinelops/emulator.redb")))
    }

    /// An emulator that differs from [`Portal::open`]'s.
    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        Self::made(None, change)
    }

    fn on(file: Option<&Path>) -> Self {
        Self::made(file, |_| {})
    }

    fn made(file: Option<&Path>, change: impl FnOnce(&mut Options)) -> Self {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        let mut options = Options::new(Arc::new(move || now));
        change(&mut options);
        let emulator = Emulator::open(file, options).unwrap();
        emulator.provision(&workspace(), &sample::TENANT.parse().unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let running = runtime.block_on(emulator.serve(0)).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { emulator, running, runtime, client }
    }

    /// Its base URL.
    pub(crate) fn endpoint(&self) -> String {
        self.running.endpoint()
    }

    /// One more workspace, of the same tenant unless another is named.
    pub(crate) fn provision(&self, workspace: &WorkspaceId, tenant: &str) {
        self.emulator.provision(workspace, &tenant.parse().unwrap()).unwrap();
    }

    /// A resource's body; `null` where there is none.
    pub(crate) fn get(&self, collection: Collection, name: &str) -> Value {
        let (status, body) = self.send("GET", &path(collection, Some(name)), None);
        if status == 404 { Value::Null } else { body }
    }

    /// Every body of a list.
    pub(crate) fn list(&self, collection: Collection) -> Vec<Value> {
        let (_, mut body) = self.send("GET", &path(collection, None), None);
        serde_json::from_value(body["value"].take()).unwrap()
    }

    /// Puts a resource, which must be accepted; returns the body as it stands then.
    #[track_caller]
    pub(crate) fn put(&self, collection: Collection, name: &str, body: &Value) -> Value {
        let (status, answer) = self.send("PUT", &path(collection, Some(name)), Some(body));
        assert!((200..300).contains(&status), "{status} {answer:#}");
        answer
    }

    /// Changes properties of a rule or hunting query, as `emulator edit` does.
    #[track_caller]
    pub(crate) fn edit(&self, collection: Collection, name: &str, assignments: &[&str]) -> Value {
        let assignments: Vec<Assignment> =
            assignments.iter().map(|text| text.parse().unwrap()).collect();
        let body = edit(&self.get(collection, name), &assignments).unwrap();
        self.put(collection, name, &body)
    }

    /// Changes properties of an item of another workspace.
    #[track_caller]
    pub(crate) fn edit_at(&self, item: &ResourceId, assignments: &[&str]) {
        let assignments: Vec<Assignment> =
            assignments.iter().map(|text| text.parse().unwrap()).collect();
        let (_, body) = self.send("GET", &versioned(item), None);
        let body = edit(&body, &assignments).unwrap();
        let (status, answer) = self.send("PUT", &versioned(item), Some(&body));
        assert!((200..300).contains(&status), "{status} {answer:#}");
    }

    /// Deletes an item of another workspace.
    #[track_caller]
    pub(crate) fn delete_at(&self, item: &ResourceId) {
        let (status, answer) = self.send("DELETE", &versioned(item), None);
        assert_eq!(status, 200, "{answer:#}");
    }

    /// Sets properties to values, without texts in between.
    #[track_caller]
    pub(crate) fn set(
        &self,
        collection: Collection,
        name: &str,
        path: &str,
        value: Value,
    ) -> Value {
        let assignment = Assignment { path: path.to_owned(), value };
        let body = edit(&self.get(collection, name), &[assignment]).unwrap();
        self.put(collection, name, &body)
    }

    /// Deletes a resource, which must be there.
    #[track_caller]
    pub(crate) fn delete(&self, collection: Collection, name: &str) {
        let (status, answer) = self.send("DELETE", &path(collection, Some(name)), None);
        assert_eq!(status, 200, "{answer:#}");
    }

    /// The writes that the tool has sent since [`Portal::forget`], as `PUT analyticrule-x`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let entries = self.emulator.journal(0).unwrap();
        let sent = entries.iter().filter(|entry| entry.method != "GET" && entry.actor != ACTOR);
        sent.map(|entry| {
            let path = entry.target.split('?').next().unwrap_or_default();
            format!("{} {}", entry.method, path.rsplit('/').next().unwrap_or_default())
        })
        .collect()
    }

    /// All requests of the tool since [`Portal::forget`].
    pub(crate) fn requests(&self) -> usize {
        self.emulator.journal(0).unwrap().iter().filter(|entry| entry.actor != ACTOR).count()
    }

    /// Forgets what was sent.
    pub(crate) fn forget(&self) {
        self.emulator.clear_journal().unwrap();
    }

    /// An assertion, as a job of GitHub Actions gets it.
    pub(crate) fn assertion(&self, audience: &str) -> String {
        let url = format!("{}/oidc/token?audience={audience}", self.endpoint());
        let request = self.client.get(url).header("authorization", "Bearer job");
        let answer =
            self.runtime.block_on(async { request.send().await.unwrap().bytes().await.unwrap() });
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        answer["value"].as_str().unwrap().to_owned()
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.endpoint());
        let request = self
            .client
            .request(method.parse().unwrap(), url)
            .header(ACTOR_HEADER, ACTOR)
            .header("content-type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default());
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let text = answer.bytes().await.unwrap();
            (status, serde_json::from_slice(&text).unwrap_or(json!(null)))
        })
    }
}

const ACTOR: &str = "portal";

/// The workspace of the environment `local`.
pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId {
        subscription: sample::SUBSCRIPTION.parse().unwrap(),
        resource_group: "rg-sandbox".parse().unwrap(),
        name: "law-sandbox".parse().unwrap(),
    }
}

fn versioned(item: &ResourceId) -> String {
    format!("{}?api-version={}", item.path(), item.collection.operation().version())
}

fn path(collection: Collection, name: Option<&str>) -> String {
    let version = collection.operation().version();
    let id = match name {
        Some(name) => workspace().resource(collection, &name.parse::<ArmName>().unwrap()).path(),
        None => format!("{}{}", workspace(), collection.suffix()),
    };
    format!("{id}?api-version={version}")
}
