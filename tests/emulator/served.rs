//! The served emulator as users of other tools meet it: the program, its address, its faults, its folder
//! of seeds, and what is left when it is killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use sentinelops::arm::{Collection, WorkspaceId};
use sentinelops::emulator::Emulator;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::client::{options, scheduled};

/// The workspace of the built-in environment `local`.
fn sandbox() -> WorkspaceId {
    WorkspaceId {
        subscription: "00000000-0000-4000-8000-0000000000aa".parse().unwrap(),
        resource_group: "rg-sandbox".parse().unwrap(),
        name: "law-sandbox".parse().unwrap(),
    }
}

fn rule(name: &str) -> String {
    let id = sandbox().resource(Collection::AlertRules, &name.parse().unwrap());
    format!("{}?api-version=2024-04-01-preview", id.path())
}

/// The program, serving in a folder of its own.
struct Served {
    child: Child,
    endpoint: String,
    client: reqwest::Client,
    runtime: Runtime,
}

impl Served {
    fn start(root: &Path, arguments: &[&str]) -> Self {
        let mut child = program(root, &["emulator", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let runtime = Runtime::new().unwrap();
        Self { child, endpoint: endpoint.trim().to_owned(), client, runtime }
    }

    fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.runtime.block_on(async {
            let request = self.client.request(method, format!("{}{path}", self.endpoint));
            let request = request.header("content-type", "application/json");
            let response = request.body(body.to_string()).send().await.ok()?;
            let status = response.status().as_u16();
            let bytes = response.bytes().await.ok()?;
            Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
        })
    }

    fn put(&self, name: &str) -> Option<u16> {
        self.send(reqwest::Method::PUT, &rule(name), &scheduled()).map(|(status, _)| status)
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.send(reqwest::Method::GET, path, &Value::Null).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinelops"));
    command.current_dir(root).args(arguments);
    command
}

fn run(root: &Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } = program(root, arguments).output().unwrap();
    let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    (status.code().unwrap(), text)
}

/// A repository that has nothing but the environment `local`.
fn root() -> TempDir {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("environments");
    std::fs::create_dir(&folder).unwrap();
    for file in ["fleet.yaml", "local.yaml"] {
        std::fs::copy(Path::new("environments").join(file), folder.join(file)).unwrap();
    }
    root
}

#[test]
fn faults_are_scripted_from_the_command_line() {
    let root = root();
    let served = Served::start(root.path(), &[]);
    let fault = |arguments: &[&str]| {
        let mut all = vec!["emulator", "fault", "--endpoint", &served.endpoint];
        all.extend(arguments);
        run(root.path(), &all)
    };
    assert_eq!(fault(&["list"]), (0, String::new()));
    let (code, shown) = fault(&[
        "add",
        "--method",
        "put",
        "--path",
        "alertrules",
        "--nth",
        "2",
        "--status",
        "429",
        "--retry-after",
        "7",
    ]);
    let expect = "{\"answer\":{\"retry_after\":7,\"status\":429},\"method\":\"put\",\"path_contains\":\"alertrules\",\"skip\":1,\"times\":1}\n";
    assert_eq!((code, shown.as_str()), (0, expect));
    assert_eq!([served.put("r1"), served.put("r2"), served.put("r3")], [201, 429, 201].map(Some));

    fault(&["clear"]);
    fault(&["add", "--path", "r4", "--drop", "before"]);
    assert_eq!((served.put("r4"), served.get(&rule("r4")).0), (None, 404));
    fault(&["clear"]);
    fault(&["add", "--path", "r4", "--drop", "after"]);
    assert_eq!((served.put("r4"), served.get(&rule("r4")).0), (None, 200));

    let script = root.path().join("faults.json");
    std::fs::write(&script, format!("[{expect}]")).unwrap();
    assert_eq!(fault(&["script", "faults.json"]), (0, expect.to_owned()));
    std::fs::write(&script, "[{\"answer\": \"explode\"}]").unwrap();
    let (code, text) = fault(&["script", "faults.json"]);
    assert_eq!(code, 10, "{text}");
    assert!(text.contains("faults.json"), "{text}");
    assert_eq!(fault(&["list"]), (0, expect.to_owned()), "what is wrong changes nothing");
    assert_eq!(fault(&["add", "--status", "500", "--drop", "before"]).0, 2, "one effect");
    assert_eq!(fault(&["add"]).0, 2, "an effect");
}

#[test]
fn an_embedded_emulator_keeps_no_faults() {
    let (code, text) = run(root().path(), &["emulator", "fault", "add", "--status", "500"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("faults are kept by an emulator that is served"), "{text}");
    assert!(text.contains("sentinelops emulator --port 8080"), "{text}");
}

#[test]
fn only_a_server_on_loopback_is_an_emulator() {
    for url in ["http://example.com:80", "https://127.0.0.1:1", "http://me@127.0.0.1:1"] {
        let (code, text) = run(root().path(), &["emulator", "journal", "--endpoint", url]);
        assert_eq!(code, 2, "{url}: {text}");
    }
}

#[test]
fn no_repository_is_needed_to_test_other_tools() {
    let folder = TempDir::new().unwrap();
    let served = Served::start(folder.path(), &[]);
    let workspace = json!([{"tenantId": "00000000-0000-4000-8000-000000000001",
        "subscriptionId": "00000000-0000-4000-8000-0000000000aa",
        "resourceGroup": "rg-sandbox", "workspaceName": "law-sandbox"}]);
    assert_eq!(served.put("r1"), Some(404));
    let made = served.send(reqwest::Method::PUT, "/_emulator/workspaces", &workspace);
    assert_eq!(made.map(|(status, _)| status), Some(204));
    assert_eq!(served.put("r1"), Some(201));
    let arguments = ["emulator", "journal", "--writes", "--endpoint", &served.endpoint];
    let (code, text) = run(folder.path(), &arguments);
    assert_eq!((code, text.lines().count()), (0, 2), "{text}");
}

#[test]
fn a_folder_of_real_answers_seeds_the_state_once() {
    let root = root();
    let folder = root.path().join("seed");
    std::fs::create_dir(&folder).unwrap();
    let live = |name: &str| {
        json!({"id": rule(name).split('?').next(), "name": name, "kind": "MLBehaviorAnalytics",
            "type": "Microsoft.SecurityInsights/alertRules", "properties": {"enabled": true,
                "alertRuleTemplateName": "fa118b98-de46-4e94-87f9-8e6d5060b60b"}})
    };
    let write = |file: &str, value: Value| {
        std::fs::write(folder.join(file), value.to_string()).unwrap();
    };
    let workspace = json!([{"tenantId": "00000000-0000-4000-8000-000000000001",
        "subscriptionId": "00000000-0000-4000-8000-0000000000aa",
        "resourceGroup": "rg-other", "workspaceName": "law-other", "tables": {"SigninLogs": null}}]);
    write("workspaces.json", workspace);
    write("a-page.json", json!({"value": [live("r1"), live("r2")], "nextLink": "x"}));
    let mut other = live("r1");
    other["id"] = json!(other["id"].as_str().unwrap().replace("sandbox", "other"));
    write("one.json", other);
    let state = ["--state", "state.redb", "--seed", "seed"];
    let mut etag = Value::Null;
    for expect in [Some("changed"), None] {
        let served = Served::start(root.path(), &state);
        let (status, body) = served.get(&rule("r1"));
        assert_eq!((status, &body["kind"]), (200, &json!("MLBehaviorAnalytics")));
        assert_eq!(served.get(&rule("r1").replace("sandbox", "other")).0, 200);
        if expect.is_some() {
            assert!(body["etag"].is_string(), "{body}");
            etag = body["etag"].clone();
        }
        assert_eq!(body["etag"], etag, "what is there stays");
    }
    write("one.json", json!({"id": "/subscriptions/x"}));
    let (code, text) = run(root.path(), &["emulator", "--port", "0", "--seed", "seed"]);
    assert_eq!(code, 10, "{text}");
    assert!(text.contains("one.json: `/subscriptions/x` is no rule, saved search"), "{text}");
}

#[test]
fn every_write_that_was_answered_survives_a_kill() {
    let root = root();
    let mut served = Served::start(root.path(), &["--state", "state.redb"]);
    let answered = AtomicUsize::new(0);
    // The kill comes while a write is under way: the writer goes on until nobody answers.
    let statuses: Vec<(String, u16)> = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut statuses = Vec::new();
            for index in 0.. {
                let name = format!("r{}", index % 40);
                let Some(status) = served.put(&name) else { break };
                statuses.push((name, status));
                answered.store(index, Ordering::SeqCst);
            }
            statuses
        });
        while answered.load(Ordering::SeqCst) < 60 {
            assert!(!writer.is_finished(), "the emulator answers");
            std::thread::yield_now();
        }
        let killed = Command::new("kill").args(["-9", &served.child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        writer.join().unwrap()
    });
    served.child.wait().unwrap();
    assert!(statuses.iter().all(|(_, status)| [200, 201].contains(status)), "{statuses:?}");
    let state = root.path().join("state.redb");
    let emulator = Emulator::open(Some(&state), options()).unwrap();
    let writes = emulator.journal(0).unwrap().into_iter().filter(|entry| entry.method == "PUT");
    let kept: Vec<Option<u16>> = writes.map(|entry| entry.status).collect();
    let expect: Vec<Option<u16>> = statuses.iter().map(|(_, status)| Some(*status)).collect();
    // One more may have taken effect without its answer.
    assert!(kept.len() <= expect.len() + 1, "{} of {}", kept.len(), expect.len());
    assert_eq!(kept[..expect.len()], expect, "the journal has every one, in order");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for index in 0..40 {
        let request = axum::http::Request::builder().uri(rule(&format!("r{index}")));
        let request = request.body(axum::body::Body::empty()).unwrap();
        assert_eq!(runtime.block_on(emulator.call(request)).status(), 200, "r{index}");
    }
}
