//! A fleet, its clients, and runs over it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sentinelops::apply::{Forgetful, Outcome, Verdict, apply};
use sentinelops::arm::WorkspaceId;
use sentinelops::environment::Limits;
use sentinelops::ident::{EnvironmentName, Family, ItemKey, WorkspaceKey};
use sentinelops::live::{
    Client, Clients, Clock, Pace, Request, Response, Site, Target, Throttle, Transport,
    TransportError, observe_all,
};
use sentinelops::plan::{self, Plan};
use sentinelops::state::define::define;
use sentinelops::state::desired::Present;
use sentinelops::state::{
    Desired, DesiredItem, DesiredState, DesiredWorkspace, Field, Fields, Guards, Kind, RunTerms,
};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::service::Service;

pub(crate) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const LATENCY: Duration = Duration::from_millis(50);
/// How long a sign-in lasts that nobody answers: three tries of eight seconds, and the waits between.
pub(crate) const SILENCE: Duration = Duration::from_millis(25_500);

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

/// What each workspace has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content {
    pub(crate) rules: usize,
    pub(crate) hunts: usize,
}

pub(crate) struct World {
    pub(crate) service: Arc<Service>,
    limits: Limits,
    desired: Desired,
    silent: usize,
}

/// The line of a tenant whose authority says nothing for so long, and then that there is no token.
#[derive(Debug)]
struct Silent(Duration);

#[async_trait]
impl Transport for Silent {
    async fn sign_in(&self) -> Result<(), TransportError> {
        tokio::time::sleep(self.0).await;
        Err(TransportError::Credential("no answer".to_owned()))
    }

    async fn exchange(&self, _: &Request) -> Result<Response, TransportError> {
        unreachable!("nothing is sent without a token")
    }
}

impl World {
    /// Workspaces in subscriptions of their own.
    pub(crate) fn new(service: Service, limits: Limits, workspaces: usize, has: Content) -> Self {
        let workspaces = (0..workspaces).map(|number| workspace(number, number, has)).collect();
        Self::of(service, limits, workspaces)
    }

    /// Workspaces in one subscription.
    pub(crate) fn in_one_subscription(
        service: Service,
        limits: Limits,
        workspaces: usize,
        has: Content,
    ) -> Self {
        let workspaces = (0..workspaces).map(|number| workspace(number, 0, has)).collect();
        Self::of(service, limits, workspaces)
    }

    fn of(service: Service, limits: Limits, workspaces: Vec<DesiredWorkspace>) -> Self {
        let owner = "acme-soc".parse().unwrap();
        let desired = Desired { owner, terms: RunTerms::default(), workspaces };
        Self { service: Arc::new(service), limits, desired, silent: 0 }
    }

    /// The same, read beside so many tenants that cannot be signed in to.
    pub(crate) fn beside(self, silent: usize) -> Self {
        Self { silent, ..self }
    }

    /// New ones for every run, as every run of the program has them.
    fn clients(&self) -> Clients {
        let site = Site {
            environment: environment(),
            tenant: TENANT.parse().unwrap(),
            base: "https://management.azure.com".parse().unwrap(),
            principal: "the pipeline".to_owned(),
            pace: Pace::Arm,
        };
        let transport: Arc<dyn Transport> = Arc::clone(&self.service) as _;
        let throttle = Arc::new(Throttle::new(self.limits));
        let clock = Arc::new(Simulated(Instant::now()));
        let silent = (0..self.silent).map(|number| {
            let site = Site { environment: silent(number), ..site.clone() };
            let (clock, throttle) = (Arc::clone(&clock), Arc::clone(&throttle));
            (silent(number), Ok(Client::new(site, Arc::new(Silent(SILENCE)), clock, throttle)))
        });
        let mut clients: BTreeMap<_, _> = silent.collect();
        clients.insert(environment(), Ok(Client::new(site, transport, clock, throttle)));
        Clients::new(clients, self.limits)
    }

    /// The workspaces that cannot be signed in to come first.
    fn targets(&self) -> Vec<Target> {
        let target = |workspace: &DesiredWorkspace| Target::of(&self.desired.owner, workspace);
        let silent = (0..self.silent).map(|number| {
            let mut workspace = workspace(number, 900_000 + number, Content { rules: 0, hunts: 0 });
            workspace.key.environment = silent(number);
            target(&workspace)
        });
        silent.chain(self.desired.workspaces.iter().map(target)).collect()
    }

    async fn plan(&self, clients: &Clients) -> Plan {
        let seen = observe_all(clients, &self.targets()).await.into_iter().collect();
        // That so much changes at once is meant.
        let acknowledged = vec!["changes".parse().unwrap()];
        let options = plan::Options { acknowledged, ..plan::Options::default() };
        plan::plan(&self.desired, &seen, &options, "2026-11-24".parse().unwrap())
    }

    /// Reads, plans and applies; everything must be done. Tells how long it took and how many items
    /// were written.
    pub(crate) async fn run(&self) -> (Duration, usize) {
        let start = Instant::now();
        let clients = self.clients();
        let plan = self.plan(&clients).await;
        assert!(plan.workspaces.iter().all(|workspace| workspace.unreadable.is_none()));
        let approved = plan::guard(plan).unwrap();
        let (events, _ignored) = mpsc::unbounded_channel();
        let (_keep, interrupt) = watch::channel(false);
        let outcome = apply(approved, &clients, &Forgetful, events, interrupt).await;
        (start.elapsed(), done(&outcome))
    }

    /// Gives every rule another severity.
    pub(crate) fn change_all(&mut self) {
        for item in self.desired.workspaces.iter_mut().flat_map(|w| w.items.values_mut()) {
            if let DesiredState::Present(present) = &mut item.state {
                Arc::make_mut(present).fields.insert(Field::Severity, json!("Medium"));
            }
        }
    }
}

fn done(outcome: &Outcome) -> usize {
    let items = outcome.workspaces.iter().flat_map(|workspace| &workspace.items);
    let not_done: Vec<_> = items.clone().filter(|item| item.verdict != Verdict::Done).collect();
    assert!(not_done.is_empty(), "{:?}", not_done.first());
    items.count()
}

fn silent(number: usize) -> EnvironmentName {
    format!("silent-{number}").parse().unwrap()
}

fn environment() -> EnvironmentName {
    "contoso".parse().unwrap()
}

pub(crate) fn subscription(number: usize) -> String {
    format!("00000000-0000-0000-0000-{number:012}")
}

fn workspace(number: usize, of: usize, has: Content) -> DesiredWorkspace {
    let rules = (0..has.rules).map(|n| item(Family::AnalyticRule, &format!("rule-{n:04}")));
    let hunts = (0..has.hunts).map(|n| item(Family::HuntingQuery, &format!("hunt-{n:04}")));
    DesiredWorkspace {
        key: WorkspaceKey {
            environment: environment(),
            workspace: format!("w{number:04}").parse().unwrap(),
        },
        ring: "broad".parse().unwrap(),
        id: WorkspaceId {
            subscription: subscription(of).parse().unwrap(),
            resource_group: "rg-sec".parse().unwrap(),
            name: format!("law-sec-{number}").parse().unwrap(),
        },
        items: rules.chain(hunts).collect(),
        unreadable: Vec::new(),
        unselected: Vec::new(),
        resources: BTreeMap::new(),
        allow_twin: Vec::new(),
        prune: false,
        replaced: BTreeMap::new(),
        retire_blocked: None,
        observed: Vec::new(),
        freeze: Vec::new(),
        rollbacks: BTreeMap::new(),
        guards: Guards::default(),
    }
}

fn item(family: Family, id: &str) -> (ItemKey, DesiredItem) {
    let kind = match family {
        Family::AnalyticRule => Kind::Scheduled,
        Family::HuntingQuery => Kind::Hunt,
    };
    let present = Present {
        kind,
        fields: fields(kind, id),
        version: None,
        exclusions: Vec::new(),
        replaces: None,
        accepted: Vec::new(),
    };
    let path = format!("content/{id}.yaml");
    let state = DesiredState::Present(Arc::new(present));
    (ItemKey { family, id: id.parse().unwrap() }, DesiredItem { name: id.to_owned(), path, state })
}

fn fields(kind: Kind, id: &str) -> Fields {
    let mut keys = BTreeMap::from([("name", json!(id))]);
    if kind == Kind::Scheduled {
        keys.insert("severity", json!("High"));
        keys.insert("queryFrequency", json!("1h"));
        keys.insert("queryPeriod", json!("1h"));
        keys.insert("triggerOperator", json!("gt"));
        keys.insert("triggerThreshold", json!(0));
    }
    let keys = keys.iter().map(|(key, value)| (*key, value)).collect();
    let (mut fields, problems) = define(kind, &keys);
    assert!(problems.is_empty(), "{problems:?}");
    fields.insert(Field::Query, json!("DeviceNetworkEvents | where RemotePort == 4444"));
    fields
}
