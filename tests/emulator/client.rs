//! A small HTTP client over a real socket, and a server to talk to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sentinelops::arm::WorkspaceId;
use sentinelops::emulator::{Answer, Emulator, Fault, Options, Running};
use sentinelops::ident::TenantId;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub(crate) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const OTHER_TENANT: &str = "22222222-2222-2222-2222-222222222222";
const PREVIEW: &str = "2024-04-01-preview";
const SEARCHES: &str = "2023-09-01";

/// Options with a clock that stands still, so that answers are the same in every run.
pub(crate) fn options() -> Options {
    let now = "2026-03-25T07:45:17.671388Z".parse().unwrap();
    Options { record: recording(), ..Options::new(Arc::new(move || now)) }
}

/// Where `.ci/run` wants all traffic of the tests.
pub(crate) fn recording() -> Option<PathBuf> {
    std::env::var_os("SENTINELOPS_EMULATOR_RECORD").map(PathBuf::from)
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
        resource_group: "rg-sec".parse().unwrap(),
        name: "law-sec".parse().unwrap(),
    }
}

pub(crate) fn tenant() -> TenantId {
    TENANT.parse().unwrap()
}

/// A request to be sent.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Call {
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), body: None, headers: Vec::new() }
    }

    /// JSON; a text is sent as it is, for forms.
    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    /// Null when the body is no JSON.
    pub(crate) body: Value,
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        let items = self.body["value"].as_array().expect("a list");
        items.iter().filter_map(|item| item["name"].as_str()).collect()
    }
}

/// A served emulator with one workspace.
pub(crate) struct Service {
    pub(crate) emulator: Emulator,
    pub(crate) address: SocketAddr,
    running: Option<Running>,
    runtime: Runtime,
}

impl Service {
    pub(crate) fn start(options: Options) -> Self {
        Self::open(None, options)
    }

    pub(crate) fn open(path: Option<&Path>, options: Options) -> Self {
        let emulator = Emulator::open(path, options).unwrap();
        emulator.provision(&workspace(), &tenant()).unwrap();
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(emulator.serve(0)).unwrap();
        Self { emulator, address: running.address(), running: Some(running), runtime }
    }

    pub(crate) fn stop(mut self) {
        let running = self.running.take().unwrap();
        self.runtime.block_on(running.shutdown());
    }

    /// Sends a request; an error when no whole answer comes back.
    pub(crate) fn try_send(&self, call: &Call) -> std::io::Result<Answered> {
        let body = match &call.body {
            Some(Value::String(form)) => form.clone(),
            other => other.as_ref().map(Value::to_string).unwrap_or_default(),
        };
        let mut head = format!("{} {} HTTP/1.1\r\n", call.method, call.target);
        head += &format!("host: {}\r\nconnection: close\r\n", self.address);
        head += &format!("content-length: {}\r\n", body.len());
        let said = call.headers.iter().any(|(name, _)| *name == "content-type");
        if !body.is_empty() && !said {
            head += "content-type: application/json\r\n";
        }
        for (name, value) in &call.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(format!("{head}\r\n{body}").as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let incomplete = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let (head, text) = text.split_once("\r\n\r\n").ok_or_else(incomplete)?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let headers = lines.filter_map(|line| line.split_once(": "));
        Ok(Answered {
            status: status.parse().unwrap(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: serde_json::from_str(text).unwrap_or_default(),
            text: text.to_owned(),
        })
    }

    pub(crate) fn send(&self, call: &Call) -> Answered {
        self.try_send(call).unwrap()
    }

    pub(crate) fn get(&self, target: &str) -> Answered {
        self.send(&Call::new("GET", target))
    }

    pub(crate) fn put(&self, target: &str, body: &Value) -> Answered {
        self.send(&Call::new("PUT", target).body(body.clone()))
    }

    pub(crate) fn delete(&self, target: &str) -> Answered {
        self.send(&Call::new("DELETE", target))
    }

    /// Puts one fault in force.
    pub(crate) fn fault(&self, answer: Answer) {
        self.emulator.faults().set(vec![Fault { times: Some(1), ..Fault::new(answer) }]);
    }
}

pub(crate) fn rules() -> String {
    format!("{}/providers/Microsoft.SecurityInsights/alertRules?api-version={PREVIEW}", workspace())
}

pub(crate) fn rule(id: &str) -> String {
    rules().replace('?', &format!("/{id}?"))
}

pub(crate) fn records() -> String {
    rules().replace("alertRules", "metadata")
}

pub(crate) fn record(name: &str) -> String {
    records().replace('?', &format!("/{name}?"))
}

pub(crate) fn searches() -> String {
    format!("{}/savedSearches?api-version={SEARCHES}", workspace())
}

pub(crate) fn search(id: &str) -> String {
    searches().replace('?', &format!("/{id}?"))
}

pub(crate) fn scheduled() -> Value {
    json!({"kind": "Scheduled", "properties": {
        "displayName": "A rule", "enabled": true, "severity": "High", "query": "T\r\n| where a < 'b'\n",
        "suppressionEnabled": false, "suppressionDuration": "PT5H",
        "queryFrequency": "PT1H", "queryPeriod": "P1D",
        "triggerOperator": "GreaterThan", "triggerThreshold": 0,
    }})
}

pub(crate) fn nrt() -> Value {
    let mut body = scheduled();
    body["kind"] = json!("NRT");
    let properties = body["properties"].as_object_mut().unwrap();
    properties.retain(|key, _| {
        !key.starts_with("trigger") && !key.starts_with("queryF") && key != "queryPeriod"
    });
    body
}

pub(crate) fn hunt() -> Value {
    json!({"properties": {
        "category": "Hunting Queries", "displayName": "A hunt", "query": "T",
        "tags": [{"name": "tactics", "value": "Execution"}, {"name": "a", "value": "b"}],
    }})
}

pub(crate) fn marker() -> Value {
    json!({"properties": {
        "parentId": format!("{}/providers/Microsoft.SecurityInsights/alertRules/r1", workspace()),
        "contentId": "r1", "kind": "AnalyticsRule", "customVersion": "v1;applied",
        "source": {"kind": "SourceRepository", "name": "sentinelops", "sourceId": "acme-soc"},
    }})
}
