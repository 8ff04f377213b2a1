//! The executor against a server in memory: every order of writes, every class of failure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::{Event, Outcome, Verdict, apply};
use crate::arm::{Collection, ResourceId};
use crate::ident::{ItemKey, WorkspaceKey};
use crate::live::fake::{Fault, Server, TestClock, client, workspace};
use crate::live::{Clients, Target, observe_all};
use crate::plan::{self, Action, ApprovedPlan, Class, Options, Plan};
use crate::state::desired::{HeldReason, Present};
use crate::state::{
    Desired, DesiredItem, DesiredState, DesiredWorkspace, Field, Fields, Kind, RecordState,
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
            unreadable: Vec::new(),
            items: BTreeMap::new(),
            resources: BTreeMap::new(),
            allow_twin: Vec::new(),
            prune: false,
            replaced: BTreeMap::new(),
            retire_blocked: None,
            observed: Vec::new(),
        };
        let owner = "acme-soc".parse().unwrap();
        let options = Options { keep_going: true, ..Options::default() };
        let clients = Clients::new(by_environment, limits);
        Self {
            server,
            clock,
            clients,
            desired: Desired { owner, workspaces: vec![desired] },
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
        let state = DesiredState::Present(Present {
            kind,
            fields: fields(kind, &key),
            version: Some("1.0.0".into()),
            exclusions: Vec::new(),
            replaces: None,
            accepted: Vec::new(),
        });
        let item = DesiredItem { name: key.id.to_string(), path: "content/x.yaml".into(), state };
        self.workspace().items.insert(key, item);
    }

    fn present(&mut self, key: &str) -> &mut Present {
        let item = self.workspace().items.get_mut(&key.parse().unwrap()).unwrap();
        match &mut item.state {
            DesiredState::Present(present) => present,
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
        apply(plan, &self.clients, events, interrupt).await
    }

    /// Plans, applies, and tells how each item ended.
    async fn run(&self) -> Vec<String> {
        told(&self.apply(self.approved().await).await)
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
    let own = [
        (Field::DisplayName, json!(format!("Name of {}", key.id))),
        (Field::Query, json!(format!("T | where {:?} == x", key.id.as_str()))),
    ];
    let schedule = [
        (Field::Enabled, json!(true)),
        (Field::Severity, json!("High")),
        (Field::QueryFrequency, json!("PT1H")),
        (Field::QueryPeriod, json!("PT1H")),
        (Field::TriggerOperator, json!("GreaterThan")),
        (Field::TriggerThreshold, json!(0)),
        (Field::SuppressionEnabled, json!(false)),
        (Field::SuppressionDuration, json!("PT5H")),
    ];
    match kind {
        Kind::Hunt => Fields::from(own),
        Kind::Scheduled | Kind::Nrt => own.into_iter().chain(schedule).collect(),
    }
}

#[tokio::test]
async fn a_create_writes_its_record_first_and_is_in_sync_afterwards() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    bench.want("hunting-query/h1");
    let done = bench.run().await;
    assert_eq!(done, ["analytic-rule/r1 create Done", "hunting-query/h1 create Done"]);
    let writes = bench.server.writes();
    let place = |line: &str| writes.iter().position(|known| known == line).unwrap();
    assert!(place("PUT analyticsrule-r1") < place("PUT r1"));
    assert!(place("PUT huntingquery-h1") < place("PUT h1"));
    assert_eq!(writes.len(), 4);
    bench.server.clear_journal();
    assert!(bench.run().await.is_empty());
    assert!(bench.server.writes().is_empty());
    assert_eq!(bench.server.journal().len(), 3, "three lists");
}

#[tokio::test]
async fn an_update_is_written_between_two_states_of_its_record() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    let plan = bench.approved().await;
    assert_eq!(told(&bench.apply(plan).await), ["analytic-rule/r1 update Done"]);
    let expect = ["PUT analyticsrule-r1", "PUT r1", "PUT analyticsrule-r1"];
    assert_eq!(bench.server.writes(), expect);
    assert_eq!(bench.live("r1", "/properties/severity"), "Low");
    assert_eq!(bench.record("r1").unwrap().state, RecordState::Applied);
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn what_the_service_answers_is_recorded_and_is_no_drift() {
    let mut bench = Bench::new();
    bench.server.rewrite("/properties/severity", json!("Medium"));
    bench.want("analytic-rule/r1");
    assert_eq!(bench.run().await, ["analytic-rule/r1 create Done"]);
    let expect = ["PUT analyticsrule-r1", "PUT r1", "PUT analyticsrule-r1"];
    assert_eq!(bench.server.writes(), expect);
    assert!(bench.pending().await.is_empty(), "{:?}", bench.pending().await);
}

#[tokio::test]
async fn a_refused_create_leaves_nothing_behind() {
    let check = async |status, message: &str, expect: &str| {
        let mut bench = Bench::new();
        bench.want("analytic-rule/r1");
        bench.server.fail("PUT", "/alertrules/r1", [Fault::error(status, "BadRequest", message)]);
        let told = bench.run().await;
        assert!(told[0].starts_with(&format!("analytic-rule/r1 create {expect}(")), "{told:?}");
        assert!(told[0].contains(message) && told[0].contains("request-1"), "{told:?}");
        assert_eq!(bench.record("r1"), None, "{message}");
        assert_eq!(bench.pending().await, ["analytic-rule/r1 new create"]);
    };
    check(400, "Invalid data model.", "Failed").await;
    check(403, "no authorization", "Failed").await;
    check(401, "no token", "Failed").await;
    check(400, "One of the tables does not exist.", "Blocked").await;
    check(400, "The rule with id 'r1' was recently deleted.", "Deferred").await;
    check(409, "The rule with id 'r1' was recently deleted.", "Deferred").await;
}

#[tokio::test]
async fn a_refused_recreate_stays_vanished() {
    let bench = Bench::deployed().await;
    bench.server.remove(&rule_id("r1"));
    let refusal = Fault::error(400, "BadRequest", "The rule with id 'r1' was recently deleted.");
    bench.server.fail("PUT", "/alertrules/r1", [refusal]);
    assert!(bench.run().await[0].contains("create Deferred"));
    assert_eq!(bench.pending().await, ["analytic-rule/r1 vanished create"]);
}

#[tokio::test]
async fn a_record_that_needs_its_parent_is_written_second() {
    for refusal in [Fault::status(404), Fault::error(400, "BadRequest", "Parent does not exist")] {
        let mut bench = Bench::new();
        bench.want("analytic-rule/r1");
        bench.server.fail("PUT", "/metadata/", [refusal]);
        assert_eq!(bench.run().await, ["analytic-rule/r1 create Done"]);
        let expect = ["PUT analyticsrule-r1", "PUT r1", "PUT analyticsrule-r1"];
        assert_eq!(bench.server.writes(), expect);
        assert!(bench.pending().await.is_empty());
    }
}

#[tokio::test]
async fn a_refused_update_puts_the_previous_record_back() {
    for status in [400, 403, 404] {
        let mut bench = Bench::deployed().await;
        let before = bench.record("r1");
        bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
        bench.server.fail("PUT", "/alertrules/r1", [Fault::status(status)]);
        assert!(bench.run().await[0].contains("update Failed"));
        assert_eq!(bench.record("r1"), before);
        assert_eq!(bench.pending().await, ["analytic-rule/r1 changed update"]);
    }
}

#[tokio::test]
async fn an_update_of_unknown_fate_is_read_by_the_next_run() {
    for (fault, pending) in [
        (Fault::LostBefore, "analytic-rule/r1 changed update"),
        (Fault::status(500), "analytic-rule/r1 changed update"),
        (Fault::throttled(1000), "analytic-rule/r1 changed update"),
        (Fault::DoneBut(500), "analytic-rule/r1 converged record"),
    ] {
        let mut bench = Bench::deployed().await;
        bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
        // A repeated PUT carries a stale etag once the first one had effect; so only the first is
        // answered by the service, and the others by whatever is in between.
        let rest =
            if matches!(fault, Fault::DoneBut(_)) { Fault::status(500) } else { fault.clone() };
        let faults = std::iter::once(fault.clone()).chain(std::iter::repeat_n(rest, 3));
        bench.server.fail("PUT", "/alertrules/r1", faults);
        assert!(bench.run().await[0].contains("update Failed"), "{fault:?}");
        assert_eq!(bench.record("r1").unwrap().state, RecordState::Writing, "{fault:?}");
        bench.server.mend();
        assert_eq!(bench.pending().await, [pending], "{fault:?}");
        let again = bench.run().await;
        assert!(again[0].ends_with("Done"), "{again:?}");
        assert!(bench.pending().await.is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_settles_within_the_run() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    // The repeated PUT has a stale etag: the service refuses it because the first one worked.
    bench.server.fail("PUT", "/alertrules/r1", [Fault::LostAfter]);
    assert_eq!(bench.run().await, ["analytic-rule/r1 update Done"]);
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn a_hunt_whose_answer_was_lost_settles_within_the_run() {
    let mut bench = Bench::new();
    bench.want("hunting-query/h1");
    bench.server.fail("PUT", "/savedsearches/h1", [Fault::LostAfter]);
    assert_eq!(bench.run().await, ["hunting-query/h1 create Done"]);
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn an_edit_that_does_not_matter_is_written_around() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    let plan = bench.approved().await;
    let mut theirs = bench.server.read(&rule_id("r1")).unwrap();
    theirs["properties"]["somethingNew"] = json!(1);
    bench.server.store(&rule_id("r1"), theirs);
    assert_eq!(told(&bench.apply(plan).await), ["analytic-rule/r1 update Done"]);
    assert_eq!(bench.live("r1", "/properties/somethingNew"), 1);
    assert_eq!(bench.live("r1", "/properties/severity"), "Low");
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn an_edit_that_matters_is_refused_and_kept() {
    for (pointer, value) in
        [("/properties/severity", json!("Medium")), ("/properties/query", json!("T | take 1"))]
    {
        let mut bench = Bench::deployed().await;
        let before = bench.record("r1");
        bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
        let plan = bench.approved().await;
        bench.server.edit(&rule_id("r1"), pointer, value.clone());
        let told = told(&bench.apply(plan).await);
        assert!(told[0].contains("update Refused(\"moved since it was planned"), "{told:?}");
        assert_eq!(bench.live("r1", pointer), value);
        assert_eq!(bench.record("r1"), before);
    }
}

#[tokio::test]
async fn an_equal_write_by_somebody_else_is_settled() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    let plan = bench.approved().await;
    bench.server.edit(&rule_id("r1"), "/properties/severity", json!("Low"));
    assert_eq!(told(&bench.apply(plan).await), ["analytic-rule/r1 update Done"]);
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn a_second_race_is_not_run() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    bench.server.fail("PUT", "/alertrules/r1", [Fault::status(412), Fault::status(412)]);
    let told = bench.run().await;
    assert!(told[0].contains("Refused(\"moved since it was planned: it keeps moving"), "{told:?}");
}

#[tokio::test]
async fn a_record_that_moved_is_decided_again() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    let plan = bench.approved().await;
    let theirs = json!("other-soc");
    bench.server.edit(&metadata_id("r1"), "/properties/source/sourceId", theirs);
    let told = told(&bench.apply(plan).await);
    assert!(told[0].contains("belongs to the owner `other-soc`"), "{told:?}");
    assert!(bench.server.writes().is_empty());
}

#[tokio::test]
async fn a_hunt_that_appeared_since_the_plan_is_not_taken_over() {
    let mut bench = Bench::new();
    bench.want("hunting-query/h1");
    let plan = bench.approved().await;
    bench.server.store(&hunt_id("h1"), crate::live::fake::hunt("h1"));
    let told = told(&bench.apply(plan).await);
    assert!(told[0].contains("Refused(\"moved since it was planned"), "{told:?}");
    let name = bench.server.read(&hunt_id("h1")).unwrap()["properties"]["displayName"].clone();
    assert_eq!(name, "h1");
    let left = bench.server.writes();
    assert_eq!(left, ["PUT huntingquery-h1", "PUT h1", "DELETE huntingquery-h1"]);
}

#[tokio::test]
async fn a_deletion_is_the_item_then_its_record() {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    bench.options.prune = true;
    assert_eq!(bench.run().await, ["analytic-rule/r1 delete Done"]);
    assert_eq!(bench.server.writes(), ["DELETE r1", "DELETE analyticsrule-r1"]);
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn an_item_that_was_edited_since_the_plan_is_not_deleted() {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    bench.options.prune = true;
    let plan = bench.approved().await;
    bench.server.edit(&rule_id("r1"), "/properties/severity", json!("Low"));
    assert!(told(&bench.apply(plan).await)[0].contains("delete Refused(\"moved since"));
    assert!(bench.server.writes().is_empty());
}

#[tokio::test]
async fn a_retired_rule_is_disabled_once_and_then_waits() {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    assert_eq!(bench.run().await, ["analytic-rule/r1 retire Done"]);
    assert_eq!(bench.live("r1", "/properties/enabled"), false);
    assert_eq!(bench.record("r1").unwrap().state, RecordState::Retired);
    assert!(bench.run().await.is_empty());
    bench.server.remove(&rule_id("r1"));
    assert_eq!(bench.run().await, ["analytic-rule/r1 forget Done"]);
    assert_eq!(bench.record("r1"), None);
}

#[tokio::test]
async fn nothing_is_deleted_where_something_could_not_be_created() {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    bench.want("analytic-rule/r2");
    bench.options.prune = true;
    bench.server.fail("PUT", "/alertrules/r2", [Fault::status(400)]);
    let told = bench.run().await;
    assert!(told.iter().any(|line| line.contains("r1 delete NotStarted")), "{told:?}");
    assert!(bench.server.read(&rule_id("r1")).is_some());
    let told = bench.run().await;
    assert_eq!(told, ["analytic-rule/r1 delete Done", "analytic-rule/r2 create Done"]);
}

#[tokio::test]
async fn a_replaced_rule_is_retired_only_once_its_successor_is_there() {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    bench.want("analytic-rule/r2");
    bench.present("analytic-rule/r2").replaces = Some("R1".parse().unwrap());
    bench.server.fail(
        "PUT",
        "/alertrules/r2",
        [Fault::error(400, "BadRequest", "One of the tables does not exist.")],
    );
    let told = bench.run().await;
    assert!(told.iter().any(|line| line.contains("r1 retire NotStarted")), "{told:?}");
    assert_eq!(bench.live("r1", "/properties/enabled"), true);
    let told = bench.run().await;
    assert_eq!(told, ["analytic-rule/r1 retire Done", "analytic-rule/r2 create Done"]);
    let writes = bench.server.writes();
    let place = |line: &str| writes.iter().rposition(|known| known == line).unwrap();
    assert!(place("PUT r2") < place("PUT r1"));
}

#[tokio::test]
async fn saved_searches_are_written_one_after_the_other() {
    let mut bench = Bench::new();
    for id in ["h1", "h2", "h3"] {
        bench.want(&format!("hunting-query/{id}"));
    }
    bench.run().await;
    let expect = ["huntingquery-h1", "h1", "huntingquery-h2", "h2", "huntingquery-h3", "h3"];
    let expect: Vec<String> = expect.iter().map(|name| format!("PUT {name}")).collect();
    assert_eq!(bench.server.writes(), expect);
}

#[tokio::test]
async fn rules_are_written_at_once_within_the_limit() {
    let mut bench = Bench::new();
    for number in 0..40 {
        bench.want(&format!("analytic-rule/r{number}"));
    }
    let told = bench.run().await;
    assert_eq!(told.len(), 40);
    assert!(told.iter().all(|line| line.ends_with("Done")));
    assert_eq!(bench.server.most_under_way(), bench.clients.limits().per_subscription);
}

#[tokio::test]
async fn an_item_that_somebody_overwrites_is_overtaken() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    bench.server.rival("/alertrules/r1", "/properties/severity", json!("Low"));
    let told = bench.run().await;
    let expect =
        "analytic-rule/r1 create Overtaken(\"`severity` changed right after it was written\")";
    assert_eq!(told, [expect]);
    assert_eq!(bench.clock.sleeps(), [1, 2, 4].map(Duration::from_secs));
}

#[tokio::test]
async fn a_list_that_lags_is_no_overtaking() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    bench.server.hide(&rule_id("r1"));
    assert_eq!(bench.run().await, ["analytic-rule/r1 create Done"]);
    assert_eq!(bench.clock.sleeps(), [Duration::from_secs(1)]);
}

#[tokio::test]
async fn a_customers_field_that_moves_is_no_overtaking() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    bench.workspace().observed = vec![Field::Enabled];
    bench.server.rival("/alertrules/r1", "/properties/enabled", json!(false));
    assert_eq!(bench.run().await, ["analytic-rule/r1 create Done"]);
}

#[tokio::test]
async fn what_cannot_be_read_again_is_not_called_done() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    let plan = bench.approved().await;
    bench.server.fail("GET", "/alertrules?", [Fault::status(403)]);
    let told = told(&bench.apply(plan).await);
    assert!(told[0].contains("Failed(\"written, but it could not be read again"), "{told:?}");
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn only_lists_that_were_written_to_are_read_again() {
    let mut bench = Bench::new();
    bench.want("hunting-query/h1");
    let plan = bench.approved().await;
    bench.server.clear_journal();
    bench.apply(plan).await;
    let reads: Vec<String> =
        bench.server.journal().into_iter().filter(|line| line.starts_with("GET")).collect();
    assert_eq!(reads, [format!("GET {}", workspace().list_path(Collection::SavedSearches))]);
}

#[tokio::test]
async fn a_throttled_write_waits_as_told_and_says_so() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    let plan = bench.approved().await;
    bench.server.fail("PUT", "/alertrules/r1", [Fault::throttled(7), Fault::status(502)]);
    let (events, mut heard) = mpsc::unbounded_channel();
    let (_sender, interrupt) = watch::channel(false);
    let outcome = apply(plan, &bench.clients, events, interrupt).await;
    assert_eq!(told(&outcome), ["analytic-rule/r1 create Done"]);
    assert_eq!(bench.clock.sleeps(), [Duration::from_secs(7), Duration::from_secs(1)]);
    let mut names = Vec::new();
    while let Ok(event) = heard.try_recv() {
        names.push(match event {
            Event::WorkspaceStarted { items, .. } => format!("started {items}"),
            Event::Waiting { seconds, .. } => format!("waiting {seconds}"),
            Event::ItemEnded { key, action, done, .. } => format!("{key} {action} {done}"),
            Event::WorkspaceEnded { .. } => "ended".to_owned(),
        });
    }
    let item = "analytic-rule/r1 create true";
    assert_eq!(names, ["started 1", "waiting 7", "waiting 1", item, "ended"]);
}

#[tokio::test]
async fn an_interrupt_finishes_what_has_begun_and_starts_nothing() {
    let mut bench = Bench::new();
    for id in ["h1", "h2", "h3"] {
        bench.want(&format!("hunting-query/{id}"));
    }
    let plan = bench.approved().await;
    let (events, mut heard) = mpsc::unbounded_channel();
    let (sender, interrupt) = watch::channel(false);
    let interrupter = async {
        while let Some(event) = heard.recv().await {
            if matches!(event, Event::WorkspaceStarted { .. }) {
                sender.send(true).unwrap();
            }
        }
    };
    let (outcome, ()) = tokio::join!(apply(plan, &bench.clients, events, interrupt), interrupter);
    assert!(outcome.interrupted);
    let told = told(&outcome);
    assert_eq!(told[0], "hunting-query/h1 create Done");
    assert!(told[1..].iter().all(|line| line.contains("NotStarted")), "{told:?}");
    assert!(bench.server.read(&hunt_id("h1")).is_some());
    assert!(bench.server.read(&hunt_id("h2")).is_none());
}

#[tokio::test]
async fn held_and_refused_items_are_told_and_not_touched() {
    let mut bench = Bench::deployed().await;
    bench.want("analytic-rule/r2");
    bench.server.edit(&rule_id("r1"), "/properties/severity", json!("Low"));
    bench.set("analytic-rule/r1", Field::Severity, json!("Medium"));
    let reason = HeldReason { code: "unknown-column".into(), message: "no such column".into() };
    let key: ItemKey = "analytic-rule/r2".parse().unwrap();
    bench.workspace().items.get_mut(&key).unwrap().state = DesiredState::Held(vec![reason]);
    let told = bench.run().await;
    assert!(told[0].starts_with("analytic-rule/r1 refuse Refused("), "{told:?}");
    assert!(told[1].starts_with("analytic-rule/r2 none Held("), "{told:?}");
    assert!(bench.server.writes().is_empty());
}

#[tokio::test]
async fn an_unreadable_workspace_gets_no_request() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    bench.server.fail("GET", "/metadata?", [Fault::status(403)]);
    let outcome = bench.apply(bench.approved().await).await;
    assert!(outcome.workspaces[0].unreadable.as_ref().unwrap().denied);
    assert!(outcome.workspaces[0].items.is_empty());
    assert!(bench.server.writes().is_empty());
}

/// Cuts the line after every possible number of writes of a run, changes the content, and applies.
async fn survives_every_cut(prepare: impl AsyncFn() -> Bench, change: impl Fn(&mut Bench)) {
    for writes in 0.. {
        let mut bench = prepare().await;
        let plan = bench.approved().await;
        bench.server.clear_journal();
        bench.server.cut_after(Some(writes));
        bench.apply(plan).await;
        let whole = bench.server.writes().len() < writes;
        bench.server.cut_after(None);
        change(&mut bench);
        let told = bench.run().await;
        assert!(told.iter().all(|line| line.ends_with("Done")), "after {writes}: {told:?}");
        let pending = bench.pending().await;
        assert!(pending.is_empty(), "after {writes}: {pending:?}");
        let orphans = bench.desired.workspaces[0].items.len();
        let live = bench.plan().await.changes().filter(|(_, c)| c.sides.live.is_some()).count();
        assert_eq!(live, orphans, "after {writes}");
        if whole {
            assert!(writes > 1);
            return;
        }
    }
}

#[tokio::test]
async fn a_create_survives_a_crash_after_every_write() {
    let prepare = async || {
        let mut bench = Bench::new();
        bench.want("analytic-rule/r1");
        bench.want("hunting-query/h1");
        bench
    };
    survives_every_cut(prepare, |_| {}).await;
    let other = |bench: &mut Bench| bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    survives_every_cut(prepare, other).await;
}

#[tokio::test]
async fn an_update_survives_a_crash_after_every_write() {
    let prepare = async || {
        let mut bench = Bench::deployed().await;
        bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
        bench.set("analytic-rule/r1", Field::TriggerThreshold, json!(3));
        bench
    };
    survives_every_cut(prepare, |_| {}).await;
    for value in ["Medium", "High", "Low"] {
        let other =
            |bench: &mut Bench| bench.set("analytic-rule/r1", Field::Severity, json!(value));
        survives_every_cut(prepare, other).await;
    }
}

#[tokio::test]
async fn a_deletion_survives_a_crash_after_every_write() {
    let prepare = async || {
        let mut bench = Bench::deployed().await;
        bench.drop("analytic-rule/r1");
        bench.options.prune = true;
        bench
    };
    survives_every_cut(prepare, |_| {}).await;
    survives_every_cut(prepare, |bench| bench.want("analytic-rule/r1")).await;
}

#[tokio::test]
async fn outcomes_have_the_plans_order_and_are_the_same_every_time() {
    let run = async || {
        let mut bench = Bench::new();
        for number in 0..20 {
            bench.want(&format!("analytic-rule/r{number:02}"));
            bench.want(&format!("hunting-query/h{number:02}"));
        }
        bench.server.fail("PUT", "/alertrules/r07", [Fault::status(400)]);
        let plan = bench.approved().await;
        let order: Vec<ItemKey> = plan.plan().changes().map(|(_, c)| c.key.clone()).collect();
        let outcome = bench.apply(plan).await;
        let items: Vec<ItemKey> =
            outcome.workspaces[0].items.iter().map(|item| item.key.clone()).collect();
        assert_eq!(items, order);
        told(&outcome)
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test]
async fn a_run_can_be_spawned() {
    let bench = Bench::new();
    let plan = bench.approved().await;
    let clients = bench.clients.clone();
    let (events, _) = mpsc::unbounded_channel();
    let (_sender, interrupt) = watch::channel(false);
    let task = tokio::spawn(async move { apply(plan, &clients, events, interrupt).await });
    assert_eq!(task.await.unwrap().workspaces.len(), 1);
    let actions: Vec<Action> = bench.plan().await.changes().map(|(_, c)| c.action).collect();
    assert!(actions.is_empty());
}
