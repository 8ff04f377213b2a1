//! The executor against a server in memory: every order of writes, every class of failure.

mod crashes;
mod races;
mod two_runs;
mod writes;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::{Event, Forgetful, Outcome, Verdict, apply};
use crate::arm::{Collection, ResourceId};
use crate::ident::{Family, ItemKey, WorkspaceKey};
use crate::live::fake::{Fault, Server, TestClock, client, workspace};
use crate::live::{Clients, Target, observe_all};
use crate::plan::{self, Action, ApprovedPlan, Class, Options, Plan};
use crate::state::define::define;
use crate::state::desired::{HeldReason, Present};
use crate::state::{
    Desired, DesiredItem, DesiredState, DesiredWorkspace, Field, Fields, Guards, Kind, RecordState,
    RunTerms,
};

/// A repository, a workspace, and what is between them.
struct Bench {
    server: Arc<Server>,
    clock: Arc<TestClock>,
    clients: Clients,
    desired: Desired,
    options: Options,
}

impl Bench {
    fn new() -> Self {
        let server = Arc::new(Server::default());
        let (client, clock) = client(&server);
        let limits = client.throttle().limits();
        let by_environment = BTreeMap::from([("contoso".parse().unwrap(), Ok(client))]);
        let desired = DesiredWorkspace {
            key: key_of_workspace(),
            ring: "canary".parse().unwrap(),
            id: workspace(),
            items: BTreeMap::new(),
            unreadable: Vec::new(),
            unselected: Vec::new(),
            resources: BTreeMap::new(),
            allow_twin: Vec::new(),
            prune: false,
            replaced: BTreeMap::new(),
            retire_blocked: None,
            observed: Vec::new(),
            guards: Guards::default(),
            freeze: Vec::new(),
            rollbacks: BTreeMap::new(),
        };
        let owner = "acme-soc".parse().unwrap();
        // One item is often all there is: that it goes is meant.
        let acknowledged = ["deletes", "playbooks", "first-run", "disables"];
        let acknowledged = acknowledged.map(|ack| ack.parse().unwrap()).to_vec();
        let options = Options { keep_going: true, acknowledged, ..Options::default() };
        let clients = Clients::new(by_environment, limits);
        Self {
            server,
            clock,
            clients,
            desired: Desired { owner, terms: RunTerms::default(), workspaces: vec![desired] },
            options,
        }
    }

    /// A repository of one deployed rule, `r1`.
    async fn deployed() -> Self {
        let mut bench = Self::new();
        bench.want("analytic-rule/r1");
        assert_eq!(bench.run().await, ["analytic-rule/r1 create Done"]);
        bench.server.clear_journal();
        bench
    }

    fn workspace(&mut self) -> &mut DesiredWorkspace {
        &mut self.desired.workspaces[0]
    }

    fn want(&mut self, key: &str) {
        let key: ItemKey = key.parse().unwrap();
        let kind =
            if key.to_string().starts_with("hunting") { Kind::Hunt } else { Kind::Scheduled };
        let state = DesiredState::Present(Arc::new(Present {
            kind,
            fields: fields(kind, &key),
            version: Some("1.0.0".into()),
            exclusions: Vec::new(),
            replaces: None,
            accepted: Vec::new(),
        }));
        let item =
            DesiredItem { name: key.id.as_str().into(), path: "content/x.yaml".into(), state };
        self.workspace().items.insert(key, item);
    }

    fn present(&mut self, key: &str) -> &mut Present {
        let item = self.workspace().items.get_mut(&key.parse().unwrap()).unwrap();
        match &mut item.state {
            DesiredState::Present(present) => Arc::make_mut(present),
            DesiredState::Held(_) => panic!("held"),
        }
    }

    fn set(&mut self, key: &str, field: Field, value: Value) {
        self.present(key).fields.insert(field, value);
    }

    fn drop(&mut self, key: &str) {
        self.workspace().items.remove(&key.parse().unwrap());
    }

    async fn plan(&self) -> Plan {
        let targets: Vec<Target> = self
            .desired
            .workspaces
            .iter()
            .map(|workspace| Target::of(&self.desired.owner, workspace))
            .collect();
        let seen = observe_all(&self.clients, &targets).await.into_iter().collect();
        plan::plan(&self.desired, &seen, &self.options, "2026-11-24".parse().unwrap())
    }

    async fn approved(&self) -> ApprovedPlan {
        plan::guard(self.plan().await).unwrap()
    }

    async fn apply(&self, plan: ApprovedPlan) -> Outcome {
        let (events, _) = mpsc::unbounded_channel();
        let (_sender, interrupt) = watch::channel(false);
        apply(plan, &self.clients, &Forgetful, events, interrupt).await
    }

    /// Plans, applies, and tells how each item ended.
    async fn run(&self) -> Vec<String> {
        told(&self.apply(self.approved().await).await)
    }

    /// Nothing fails any more, and what the service asked to be waited has passed.
    fn mend_later(&self) {
        self.server.mend();
        self.clock.advance(std::time::Duration::from_secs(3_600));
    }

    /// What is planned now, but for items in sync.
    async fn pending(&self) -> Vec<String> {
        let plan = self.plan().await;
        let line =
            |change: &plan::Change| format!("{} {} {}", change.key, change.class, change.action);
        let pending = plan.changes().filter(|(_, change)| change.class != Class::InSync);
        pending.map(|(_, change)| line(change)).collect()
    }

    fn live(&self, name: &str, pointer: &str) -> Value {
        let body = self.server.read(&rule_id(name)).unwrap_or(Value::Null);
        body.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    fn record(&self, name: &str) -> Option<crate::state::Record> {
        let body = self.server.read(&metadata_id(name))?;
        Some(body["properties"]["customVersion"].as_str().unwrap().parse().unwrap())
    }
}

fn key_of_workspace() -> WorkspaceKey {
    WorkspaceKey { environment: "contoso".parse().unwrap(), workspace: "prod".parse().unwrap() }
}

fn told(outcome: &Outcome) -> Vec<String> {
    let items = outcome.workspaces.iter().flat_map(|workspace| &workspace.items);
    items
        .map(|item| {
            let verdict = match &item.verdict {
                Verdict::Done => "Done".to_owned(),
                other => format!("{other:?}"),
            };
            format!("{} {} {verdict}", item.key, item.action)
        })
        .collect()
}

fn rule_id(name: &str) -> ResourceId {
    workspace().resource(Collection::AlertRules, &name.parse().unwrap())
}

fn hunt_id(name: &str) -> ResourceId {
    workspace().resource(Collection::SavedSearches, &name.parse().unwrap())
}

fn metadata_id(name: &str) -> ResourceId {
    workspace().resource(Collection::Metadata, &format!("analyticsrule-{name}").parse().unwrap())
}

fn fields(kind: Kind, key: &ItemKey) -> Fields {
    let name = ("name", json!(format!("Name of {}", key.id)));
    let schedule = [
        ("severity", json!("High")),
        ("queryFrequency", json!("1h")),
        ("queryPeriod", json!("1h")),
        ("triggerOperator", json!("gt")),
        ("triggerThreshold", json!(0)),
    ];
    let schedule = schedule.into_iter().filter(|_| kind != Kind::Hunt);
    let keys: Vec<_> = schedule.chain([name]).collect();
    let (mut fields, problems) =
        define(kind, &keys.iter().map(|(key, value)| (*key, value)).collect());
    assert!(problems.is_empty(), "{problems:?}");
    fields.insert(Field::Query, json!(format!("T | where {:?} == x", key.id.as_str())));
    fields
}
