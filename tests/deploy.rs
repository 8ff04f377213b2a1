//! The client, the planner and the executor against the emulator, over real connections.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is its report")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sentinelops::apply::{Forgetful, Outcome, Verdict, apply};
use sentinelops::arm::{Cloud, Collection, WorkspaceId};
use sentinelops::diag::{Located, Source};
use sentinelops::emulator::{Answer, Emulator, ErrorAnswer, Fault, Options, Running};
use sentinelops::environment::{Credential, Endpoint, Environment, Limits};
use sentinelops::ident::{Family, ItemKey, TenantId, WorkspaceKey};
use sentinelops::live::{
    Client, Clients, Clock, Connections, PipelineTransport, Site, Surroundings, Target, Throttle,
    connect, observe_all,
};
use sentinelops::plan::{self, Change, Class, Plan};
use sentinelops::state::define::define;
use sentinelops::state::desired::Present;
use sentinelops::state::{
    Desired, DesiredItem, DesiredState, DesiredWorkspace, Field, Fields, Guards, Kind, Observation,
    RunTerms,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

const TENANT: &str = "11111111-1111-1111-1111-111111111111";

/// A clock that never waits.
#[derive(Debug)]
struct Instantly;

#[async_trait]
impl Clock for Instantly {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

struct Bench {
    emulator: Emulator,
    _running: Running,
    clients: Clients,
    desired: Desired,
}

impl Bench {
    async fn start() -> Self {
        let mut options = Options::new(Arc::new(|| Timestamp::UNIX_EPOCH));
        options.record = std::env::var_os("SENTINELOPS_EMULATOR_RECORD").map(Into::into);
        options.page_size = NonZeroUsize::new(2);
        let emulator = Emulator::open(None, options).unwrap();
        emulator.provision(&workspace(), &TENANT.parse().unwrap()).unwrap();
        let running = emulator.serve(0).await.unwrap();
        let environment = environment(running.endpoint());
        let surroundings = Surroundings {
            limits: Limits::default(),
            embedded: None,
            variable: &|_| None,
            clock: Arc::new(Instantly),
        };
        let clients = connect([&environment], &surroundings);
        Self { emulator, _running: running, clients, desired: desired() }
    }

    async fn deployed() -> Self {
        let bench = Self::start().await;
        let told = bench.run().await;
        assert!(told.iter().all(|line| line.ends_with("Done")), "{told:?}");
        bench.emulator.clear_journal().unwrap();
        bench
    }

    fn set(&mut self, key: &str, field: Field, value: Value) {
        let item = self.desired.workspaces[0].items.get_mut(&key.parse().unwrap()).unwrap();
        match &mut item.state {
            DesiredState::Present(present) => Arc::make_mut(present).fields.insert(field, value),
            DesiredState::Held(_) => panic!("held"),
        };
    }

    async fn plan(&self) -> Plan {
        let target = Target::of(&self.desired.owner, &self.desired.workspaces[0]);
        let seen = observe_all(&self.clients, &[target]).await.into_iter().collect();
        let today = "2026-11-24".parse().unwrap();
        plan::plan(&self.desired, &seen, &plan::Options::default(), today)
    }

    async fn apply(&self, plan: Plan) -> Vec<String> {
        let (events, _) = mpsc::unbounded_channel();
        let (_sender, interrupt) = watch::channel(false);
        told(&apply(plan::guard(plan).unwrap(), &self.clients, &Forgetful, events, interrupt).await)
    }

    async fn run(&self) -> Vec<String> {
        self.apply(self.plan().await).await
    }

    async fn pending(&self) -> Vec<String> {
        let plan = self.plan().await;
        assert!(plan.workspaces[0].unreadable.is_none(), "{:?}", plan.workspaces[0].unreadable);
        let line = |change: &Change| format!("{} {} {}", change.key, change.class, change.action);
        let changes = plan.changes().map(|(_, change)| change);
        changes.filter(|change| change.class != Class::InSync).map(line).collect()
    }

    fn requests(&self) -> (usize, usize) {
        let journal = self.emulator.journal(0).unwrap();
        let reads = journal.iter().filter(|entry| entry.method == "GET").count();
        (reads, journal.len() - reads)
    }

    fn fail(&self, method: &str, path: &str, answer: Answer) {
        let fault = Fault {
            method: Some(method.into()),
            path_contains: Some(path.into()),
            ..Fault::new(answer)
        };
        self.emulator.faults().set(vec![fault]);
    }

    /// Edits an item as a portal user would: without the tool's knowledge.
    async fn edit(&self, family: Family, name: &str, field: Field, value: Value) {
        let id = workspace().resource(Collection::of(family), &name.parse().unwrap());
        let client = self.clients.get(&"contoso".parse().unwrap()).unwrap();
        let mut body = client.get(&id).await.unwrap();
        let kind = match family {
            Family::HuntingQuery => Kind::Hunt,
            Family::AnalyticRule => Kind::parse(body["kind"].as_str().unwrap()).unwrap(),
        };
        field.write(kind, &mut body, value);
        // What can only be read is not sent back.
        let members = body.as_object_mut().unwrap();
        for key in ["id", "name", "type", "systemData"] {
            members.remove(key);
        }
        if let Some(properties) = members["properties"].as_object_mut() {
            properties.remove("lastModifiedUtc");
        }
        client.put(&id, &body).await.unwrap();
    }
}

fn told(outcome: &Outcome) -> Vec<String> {
    let items = outcome.workspaces.iter().flat_map(|workspace| &workspace.items);
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Done => "Done".to_owned(),
        other => format!("{other:?}"),
    };
    items.map(|item| format!("{} {} {}", item.key, item.action, verdict(&item.verdict))).collect()
}

fn workspace() -> WorkspaceId {
    WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
        resource_group: "rg-sec".parse().unwrap(),
        name: "law-sec".parse().unwrap(),
    }
}

fn environment(endpoint: String) -> Environment {
    let source = Arc::new(Source::new("environments/contoso.yaml", "x"));
    let tenant: TenantId = TENANT.parse().unwrap();
    Environment {
        name: "contoso".parse().unwrap(),
        path: "environments/contoso.yaml".into(),
        cloud: Cloud::Emulator,
        endpoint: Endpoint::Loopback(endpoint),
        tenant: Located::new(tenant, &source, 0..1),
        credential: Located::new(Credential::None, &source, 0..1),
        credential_tenant: None,
        tags: Vec::new(),
        workspaces: Vec::new(),
        schema: None,
    }
}

fn desired() -> Desired {
    let item = |family: Family, id: &str, kind: Kind| {
        let key = ItemKey { family, id: id.parse().unwrap() };
        let present = Present {
            kind,
            fields: fields(kind, id),
            version: Some("1.0.0".into()),
            exclusions: Vec::new(),
            replaces: None,
            accepted: Vec::new(),
        };
        let state = DesiredState::Present(Arc::new(present));
        (key, DesiredItem { name: id.into(), path: format!("content/{id}.yaml").into(), state })
    };
    let items = BTreeMap::from([
        item(Family::AnalyticRule, "scheduled", Kind::Scheduled),
        item(Family::AnalyticRule, "nrt", Kind::Nrt),
        item(Family::HuntingQuery, "hunt", Kind::Hunt),
    ]);
    let workspace = DesiredWorkspace {
        replaced: BTreeMap::new(),
        key: WorkspaceKey {
            environment: "contoso".parse().unwrap(),
            workspace: "prod".parse().unwrap(),
        },
        ring: "canary".parse().unwrap(),
        id: workspace(),
        items,
        unreadable: Vec::new(),
        unselected: Vec::new(),
        resources: BTreeMap::new(),
        allow_twin: Vec::new(),
        prune: false,
        retire_blocked: None,
        observed: Vec::new(),
        guards: Guards::default(),
        freeze: Vec::new(),
        rollbacks: BTreeMap::new(),
    };
    let terms = RunTerms::default();
    Desired { owner: "acme-soc".parse().unwrap(), terms, workspaces: vec![workspace] }
}

fn fields(kind: Kind, id: &str) -> Fields {
    let mut keys = BTreeMap::from([
        ("name", json!(format!("Name of {id}"))),
        ("description", json!("What it is for.")),
    ]);
    if kind != Kind::Hunt {
        keys.insert("severity", json!("High"));
    }
    if kind == Kind::Scheduled {
        keys.insert("queryFrequency", json!("1h"));
        keys.insert("queryPeriod", json!("1h"));
        keys.insert("triggerOperator", json!("gt"));
        keys.insert("triggerThreshold", json!(0));
    }
    let (mut fields, problems) =
        define(kind, &keys.iter().map(|(key, value)| (*key, value)).collect());
    assert!(problems.is_empty(), "{problems:?}");
    let query = format!("DeviceNetworkEvents\n| where RemoteUrl has \"{id}\"");
    fields.insert(Field::Query, json!(query));
    fields
}

#[tokio::test]
async fn a_second_apply_sends_no_write() {
    let bench = Bench::deployed().await;
    assert!(bench.run().await.is_empty());
    let (reads, writes) = bench.requests();
    // Three rules (with Fusion) and three records are two pages each.
    assert_eq!((reads, writes), (5, 0));
}

#[tokio::test]
async fn every_field_that_drifts_is_restored() {
    let edits = [
        (Field::Enabled, json!(false)),
        (Field::Severity, json!("Low")),
        (Field::DisplayName, json!("Renamed")),
        (Field::Description, json!("Rewritten.")),
        (Field::Query, json!("DeviceNetworkEvents | take 1")),
        (Field::QueryFrequency, json!("PT30M")),
        (Field::QueryPeriod, json!("PT2H")),
        (Field::TriggerOperator, json!("LessThan")),
        (Field::TriggerThreshold, json!(5)),
        (Field::SuppressionEnabled, json!(true)),
        (Field::AggregationKind, json!("AlertPerResult")),
        (Field::CreateIncident, json!(false)),
    ];
    let bench = Bench::deployed().await;
    for (family, name, kind) in [
        (Family::AnalyticRule, "scheduled", Kind::Scheduled),
        (Family::AnalyticRule, "nrt", Kind::Nrt),
        (Family::HuntingQuery, "hunt", Kind::Hunt),
    ] {
        for (field, value) in &edits {
            if !fields(kind, name).contains_key(field) {
                continue;
            }
            bench.edit(family, name, *field, value.clone()).await;
            assert_eq!(bench.pending().await, [format!("{family}/{name} drifted restore")]);
            assert_eq!(bench.run().await, [format!("{family}/{name} restore Done")], "{field}");
            assert!(bench.pending().await.is_empty(), "{name} {field}");
        }
    }
}

#[tokio::test]
async fn a_change_in_git_is_written_and_an_edit_since_the_plan_is_kept() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/scheduled", Field::Severity, json!("Medium"));
    assert_eq!(bench.run().await, ["analytic-rule/scheduled update Done"]);
    bench.set("hunting-query/hunt", Field::Query, json!("DeviceNetworkEvents | take 2"));
    let plan = bench.plan().await;
    let edited = json!("DeviceNetworkEvents | take 3");
    bench.edit(Family::HuntingQuery, "hunt", Field::Query, edited).await;
    let told = bench.apply(plan).await;
    assert!(told[0].contains("update Refused(\"moved since it was planned"), "{told:?}");
    assert_eq!(bench.pending().await, ["hunting-query/hunt conflict refuse"]);
}

#[tokio::test]
async fn a_workspace_that_cannot_be_read_whole_is_unreadable() {
    let error = |status| Answer::Error(ErrorAnswer { status, ..ErrorAnswer::default() });
    let elsewhere = "https://evil.example/next".to_owned();
    let check = async |path: &str, answer: Answer, denied: bool| {
        let bench = Bench::start().await;
        bench.fail("GET", path, answer.clone());
        let plan = bench.plan().await;
        let reason = plan.workspaces[0].unreadable.as_ref();
        let reason = reason.unwrap_or_else(|| panic!("{path} {answer:?} was read"));
        assert_eq!(reason.denied, denied, "{answer:?}: {}", reason.message);
        assert!(plan.workspaces[0].changes.is_empty());
        assert_eq!(bench.requests().1, 0);
    };
    for path in ["/subscriptions/00000000-0000-0000-0000-000000000001?", "/alertRules", "/metadata"]
    {
        check(path, error(401), true).await;
        check(path, error(403), true).await;
        check(path, error(500), false).await;
        check(path, Answer::Drop, false).await;
        check(path, Answer::HalfPage, false).await;
    }
    check("/alertRules", error(404), false).await;
    check("/alertRules", Answer::NextLink(elsewhere), false).await;
}

#[tokio::test]
async fn a_rule_of_an_unknown_kind_and_lists_that_are_empty_for_a_moment_change_nothing() {
    let bench = Bench::deployed().await;
    let item = json!({"name": "x", "kind": "Anomaly2", "properties": {}});
    bench.fail("GET", "/alertRules", Answer::ExtraItem(item));
    assert!(bench.pending().await.is_empty());
    for path in ["/alertRules", "/savedSearches", "/metadata", "/"] {
        bench.fail("GET", path, Answer::EmptyList);
        assert!(bench.pending().await.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_write_that_fails_has_its_verdict_and_the_next_run_ends_it() {
    let error = |status| Answer::Error(ErrorAnswer { status, ..ErrorAnswer::default() });
    for answer in [
        error(400),
        error(401),
        error(403),
        error(404),
        error(409),
        error(412),
        error(429),
        error(500),
        Answer::Drop,
        Answer::DropAfter,
        Answer::HalfPage,
    ] {
        for path in ["/alertRules/", "/metadata/"] {
            let mut bench = Bench::deployed().await;
            bench.set("analytic-rule/scheduled", Field::Severity, json!("Low"));
            bench.fail("PUT", path, answer.clone());
            let told = bench.run().await;
            // A rule's repeated write is refused because the first one worked: so it is settled.
            let settled = answer == Answer::HalfPage && path == "/alertRules/";
            assert_eq!(told[0].ends_with("Done"), settled, "{path} {answer:?}: {told:?}");
            bench.emulator.faults().clear();
            let told = bench.run().await;
            assert!(told.iter().all(|line| line.ends_with("Done")), "{path} {answer:?}: {told:?}");
            assert!(bench.pending().await.is_empty(), "{path} {answer:?}");
        }
    }
}

#[tokio::test]
async fn what_the_service_changes_in_an_answer_is_no_drift() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/scheduled", Field::Description, json!("  Padded.  "));
    let trimmed = BTreeMap::from([("properties/description".to_owned(), json!("Padded."))]);
    bench.fail("PUT", "/alertRules/", Answer::AnswerChanged(trimmed));
    assert_eq!(bench.run().await, ["analytic-rule/scheduled update Done"]);
    bench.emulator.faults().clear();
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn a_subscription_of_another_tenant_is_neither_read_nor_written() {
    let bench = Bench::start().await;
    let client = bench.clients.get(&"contoso".parse().unwrap()).unwrap();
    let base = client.site().base.clone();
    let site = Site {
        tenant: "99999999-9999-9999-9999-999999999999".parse().unwrap(),
        ..client.site().clone()
    };
    let transport = PipelineTransport::new(
        &Connections::new().unwrap(),
        base,
        sentinelops::live::Access::Anonymous,
    );
    let throttle = Arc::new(Throttle::new(Limits::default()));
    let client = Client::new(site, Arc::new(transport.unwrap()), Arc::new(Instantly), throttle);
    let wanted = Target::of(&bench.desired.owner, &bench.desired.workspaces[0]).wanted;
    let seen = sentinelops::live::observe(&client, &workspace(), &wanted).await;
    let Observation::Unreadable(reason) = seen else { panic!("read") };
    assert!(reason.denied && reason.message.contains(TENANT), "{reason:?}");
    assert_eq!(bench.requests(), (1, 0));
}
