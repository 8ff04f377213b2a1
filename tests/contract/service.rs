//! The two services, and what a test says to them.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::{Client, Method};
use sentinelops::emulator::{Emulator, Options, Running, Tables};
use serde_json::Value;
use tokio::runtime::Runtime;

pub(crate) const PREVIEW: &str = "2024-04-01-preview";
pub(crate) const STABLE: &str = "2024-03-01";
pub(crate) const LOGS: &str = "2023-09-01";

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const WORKSPACE: &str = "/subscriptions/00000000-0000-0000-0000-0000000000c7/resourceGroups/rg-contract/providers/Microsoft.OperationalInsights/workspaces/law-contract";

/// How long the real service may take to show a write.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tells the names of one run apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A service with one workspace to play in.
pub(crate) struct Service {
    base: String,
    workspace: String,
    token: String,
    is_real: bool,
    client: Client,
    runtime: Runtime,
    /// The emulator, as long as this lives.
    running: Option<Running>,
    /// What is to be deleted in the end.
    made: RefCell<Vec<String>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    /// Null when there is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Value] {
        self.body["value"].as_array().expect("a list")
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.items().iter().any(|item| item["name"] == name)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Service {
    /// A fresh emulator.
    pub(crate) fn emulator() -> Self {
        let now: fn() -> jiff::Timestamp = jiff::Timestamp::now;
        let mut options = Options::new(Arc::new(now));
        options.require_token = true;
        options.record = std::env::var_os("SENTINELOPS_EMULATOR_RECORD").map(Into::into);
        let emulator = Emulator::open(None, options).unwrap();
        let (_, id) = WORKSPACE.split_once("/subscriptions/").unwrap();
        let parts: Vec<&str> = id.split('/').collect();
        let workspace = sentinelops::arm::WorkspaceId {
            subscription: parts[0].parse().unwrap(),
            resource_group: parts[2].parse().unwrap(),
            name: parts[6].parse().unwrap(),
        };
        emulator.provision(&workspace, &TENANT.parse().unwrap()).unwrap();
        let tables = Tables::from([("Usage".to_owned(), None)]);
        emulator.set_tables(&workspace, Some(tables)).unwrap();
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(emulator.serve(0)).unwrap();
        let token = format!("emulator.{TENANT}.contract");
        Self::at(running.endpoint(), WORKSPACE.to_owned(), token, runtime, Some(running))
    }

    /// The workspace that the environment names.
    pub(crate) fn real() -> Option<Self> {
        let variable = |name: &str| std::env::var(format!("SENTINELOPS_AZURE_{name}")).ok();
        let workspace = variable("WORKSPACE")?;
        let token = variable("TOKEN").expect("SENTINELOPS_AZURE_TOKEN goes with the workspace");
        let base = variable("ENDPOINT").unwrap_or("https://management.azure.com".to_owned());
        let runtime = Runtime::new().unwrap();
        Some(Self::at(base, workspace, token, runtime, None))
    }

    fn at(
        base: String,
        workspace: String,
        token: String,
        runtime: Runtime,
        running: Option<Running>,
    ) -> Self {
        let client = match &running {
            Some(_) => Client::builder().no_proxy(),
            None => Client::builder(),
        };
        let (client, is_real) = (client.build().unwrap(), running.is_none());
        let made = RefCell::default();
        Self { base, workspace, token, is_real, client, runtime, running, made }
    }

    /// A name that nobody else uses.
    pub(crate) fn name(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("sentinelops-contract-{now}-{}-{number}", std::process::id())
    }

    pub(crate) fn workspace(&self) -> &str {
        &self.workspace
    }

    /// A path below the workspace, for the preview version.
    pub(crate) fn sentinel(&self, rest: &str) -> String {
        self.of(&format!("/providers/Microsoft.SecurityInsights/{rest}"), PREVIEW)
    }

    pub(crate) fn logs(&self, rest: &str) -> String {
        self.of(&format!("/{rest}"), LOGS)
    }

    pub(crate) fn of(&self, rest: &str, version: &str) -> String {
        let mark = if rest.contains('?') { '&' } else { '?' };
        format!("{}{rest}{mark}api-version={version}", self.workspace)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &self.token)
    }

    pub(crate) fn get_as(&self, token: &str, path: &str) -> Answer {
        self.send(Method::GET, path, None, token)
    }

    /// Puts a resource, which is deleted in the end.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.made.borrow_mut().push(path.to_owned());
        self.send(Method::PUT, path, Some(body), &self.token)
    }

    /// Puts what is the service's own and stays.
    pub(crate) fn put_for_good(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(body), &self.token)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, Some(body), &self.token)
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &self.token)
    }

    /// An answer that shows what was written, awaited where it may come late.
    #[track_caller]
    pub(crate) fn shows(&self, path: &str, what: impl Fn(&Answer) -> bool) -> Answer {
        let start = Instant::now();
        loop {
            let answer = self.get(path);
            if what(&answer) {
                return answer;
            }
            let is_over = !self.is_real || start.elapsed() > PATIENCE;
            assert!(!is_over, "{path} never shows it: {} {}", answer.status, answer.body);
            std::thread::sleep(Duration::from_secs(3));
        }
    }

    fn send(&self, method: Method, path: &str, body: Option<&Value>, token: &str) -> Answer {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {token}"));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let bytes = response.bytes().await.unwrap();
            Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() }
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for path in self.made.take() {
            self.delete(&path);
        }
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}
