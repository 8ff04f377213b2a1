//! What is written, in which order, and what the service says to it.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::state::Playbooks;

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
    bench.server.rewrite("/properties/displayName", json!("Named otherwise"));
    bench.want("analytic-rule/r1");
    assert_eq!(bench.run().await, ["analytic-rule/r1 create Done"]);
    let expect = ["PUT analyticsrule-r1", "PUT r1", "PUT analyticsrule-r1"];
    assert_eq!(bench.server.writes(), expect);
    assert!(bench.pending().await.is_empty(), "{:?}", bench.pending().await);
}

#[tokio::test]
async fn what_the_service_does_not_take_is_a_failure_and_drift() {
    let mut bench = Bench::new();
    bench.server.rewrite("/properties/severity", json!("Medium"));
    bench.want("analytic-rule/r1");
    let why = "written, but the service answered another value of `severity`";
    assert_eq!(bench.run().await, [format!("analytic-rule/r1 create Failed({why:?})")]);
    assert_eq!(bench.pending().await, ["analytic-rule/r1 drifted restore"]);
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
async fn a_deletion_is_the_item_then_its_record() {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    bench.options.prune = true;
    assert_eq!(bench.run().await, ["analytic-rule/r1 delete Done"]);
    assert_eq!(bench.server.writes(), ["DELETE r1", "DELETE analyticsrule-r1"]);
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn a_retired_rule_is_disabled_once_and_then_waits() {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    assert_eq!(bench.run().await, ["analytic-rule/r1 retire Done"]);
    assert_eq!(bench.live("r1", "/properties/enabled"), false);
    assert_eq!(bench.record("r1").unwrap().state, RecordState::Retired);
    let waits = "its content is gone; it waits for `--prune`";
    assert_eq!(bench.run().await, [format!("analytic-rule/r1 none Waits(\"{waits}\")")]);
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
async fn saved_searches_are_written_in_the_order_of_the_plan_each_after_its_record() {
    let mut bench = Bench::new();
    for id in ["h1", "h2", "h3"] {
        bench.want(&format!("hunting-query/{id}"));
    }
    bench.run().await;
    let writes = bench.server.writes();
    let searches: Vec<&String> = writes.iter().filter(|line| line.starts_with("PUT h")).collect();
    let searches: Vec<&str> =
        searches.iter().map(|line| line.as_str()).filter(|line| line.len() == 6).collect();
    assert_eq!(searches, ["PUT h1", "PUT h2", "PUT h3"], "{writes:?}");
    for (record, search) in [("huntingquery-h1", "h1"), ("huntingquery-h3", "h3")] {
        let place = |name: &str| writes.iter().position(|line| line.ends_with(&format!(" {name}")));
        assert!(place(record) < place(search), "{writes:?}");
    }
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
async fn only_lists_that_were_written_to_are_read_again() {
    let mut bench = Bench::new();
    bench.want("hunting-query/h1");
    let plan = bench.approved().await;
    bench.server.clear_journal();
    bench.apply(plan).await;
    let journal = bench.server.journal();
    let written = journal.iter().rposition(|line| line.starts_with("PUT")).unwrap();
    let lists = [Collection::SavedSearches, Collection::Metadata]
        .map(|collection| format!("GET {}", workspace().list_path(collection)));
    assert_eq!(journal[written + 1..], lists);
}

#[tokio::test]
async fn a_throttled_write_waits_as_told_and_says_so() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    let plan = bench.approved().await;
    bench.server.fail("PUT", "/alertrules/r1", [Fault::throttled(7), Fault::status(502)]);
    let (events, mut heard) = mpsc::unbounded_channel();
    let (_sender, interrupt) = watch::channel(false);
    let outcome = apply(plan, &bench.clients, &Forgetful, events, interrupt).await;
    assert_eq!(told(&outcome), ["analytic-rule/r1 create Done"]);
    assert_eq!(bench.clock.sleeps(), [Duration::from_secs(7), Duration::from_secs(1)]);
    let mut names = Vec::new();
    while let Ok(event) = heard.try_recv() {
        names.push(match event {
            Event::RingStarted { ring } => format!("ring {ring}"),
            Event::WorkspaceStarted { items, .. } => format!("started {items}"),
            Event::Waiting { seconds, .. } => format!("waiting {seconds}"),
            Event::ItemEnded { key, action, done, .. } => format!("{key} {action} {done}"),
            Event::WorkspaceEnded { .. } => "ended".to_owned(),
        });
    }
    let item = "analytic-rule/r1 create true";
    assert_eq!(names, ["ring canary", "started 1", "waiting 7", "waiting 1", item, "ended"]);
}

#[tokio::test]
async fn an_interrupt_finishes_what_has_begun_and_starts_nothing() {
    let mut bench = Bench::new();
    for number in 0..20 {
        bench.want(&format!("analytic-rule/r{number:02}"));
    }
    let plan = bench.approved().await;
    let (events, mut heard) = mpsc::unbounded_channel();
    let (sender, interrupt) = watch::channel(false);
    let interrupter = async {
        while let Some(event) = heard.recv().await {
            if matches!(event, Event::ItemEnded { .. }) {
                sender.send_replace(true);
            }
        }
    };
    let (outcome, ()) =
        tokio::join!(apply(plan, &bench.clients, &Forgetful, events, interrupt), interrupter);
    assert!(outcome.interrupted);
    let told = told(&outcome);
    let done = told.iter().filter(|line| line.ends_with("create Done")).count();
    assert!(told.iter().filter(|line| line.contains("create NotStarted")).count() == 20 - done);
    // What runs at once here ends at once too, and as many may have begun before the first was heard of.
    assert!((1..=2 * bench.clients.limits().per_subscription).contains(&done), "{told:?}");
    for (number, line) in told.iter().enumerate() {
        let is_there = bench.server.read(&rule_id(&format!("r{number:02}"))).is_some();
        assert_eq!(is_there, line.ends_with("Done"), "{line}");
    }
}

#[tokio::test]
async fn an_interrupt_before_the_first_write_asks_for_nothing() {
    let mut bench = Bench::new();
    bench.want("hunting-query/h1");
    let plan = bench.approved().await;
    bench.server.clear_journal();
    let (events, _) = mpsc::unbounded_channel();
    let (_sender, interrupt) = watch::channel(true);
    let told = told(&apply(plan, &bench.clients, &Forgetful, events, interrupt).await);
    assert!(told[0].contains("h1 create NotStarted(\"the run was interrupted"), "{told:?}");
    assert!(bench.server.journal().is_empty(), "{:?}", bench.server.journal());
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
    let task =
        tokio::spawn(async move { apply(plan, &clients, &Forgetful, events, interrupt).await });
    assert_eq!(task.await.unwrap().workspaces.len(), 1);
    let actions: Vec<Action> = bench.plan().await.changes().map(|(_, c)| c.action).collect();
    assert!(actions.is_empty());
}

#[tokio::test]
async fn a_plan_keeps_no_bodies_of_what_is_in_sync_and_those_of_all_else() {
    let mut bench = Bench::deployed().await;
    bench.want("analytic-rule/r2");
    bench.want("hunting-query/h1");
    bench.run().await;
    bench.set("analytic-rule/r2", Field::Severity, json!("Low"));
    let plan = bench.plan().await;
    let is_empty = |change: &plan::Change| {
        let live = change.sides.live.as_ref().unwrap().body.is_null();
        let plan::BaselineSide::Ours(baseline) = &change.sides.baseline else { panic!("ours") };
        live && baseline.metadata.body.is_null()
    };
    for (_, change) in plan.changes() {
        assert_eq!(
            is_empty(change),
            change.class == Class::InSync,
            "{} {}",
            change.key,
            change.class
        );
    }
    assert_eq!(plan.changes().filter(|(_, change)| is_empty(change)).count(), 2);
}

#[tokio::test]
async fn what_replaces_an_item_still_stands_after_its_body_was_let_go() {
    let mut bench = Bench::deployed().await;
    bench.want("analytic-rule/r2");
    bench.run().await;
    bench.drop("analytic-rule/r1");
    bench.present("analytic-rule/r2").replaces = Some("r1".parse().unwrap());
    let mut plan = bench.plan().await;
    plan.keep(|change| change.key.id.as_str() == "r1");
    let actions: Vec<Action> = plan.changes().map(|(_, change)| change.action).collect();
    assert_eq!(actions, [Action::Retire]);
}

#[tokio::test]
async fn a_rule_that_got_a_playbook_since_it_was_planned_is_not_deleted() {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    bench.options.prune = true;
    let page = |links: Value| Fault::Body(200, json!({"value": links}).to_string());
    let looked = |mut plan: Plan| {
        for (_, _, change) in plan.deleted_rules() {
            change.playbooks = Some(Playbooks::Read(Vec::new()));
        }
        plan::guard(plan).unwrap()
    };
    bench.server.fail("GET", "/alertrules/r1/actions", [page(json!([{"name": "a1"}]))]);
    let outcome = bench.apply(looked(bench.plan().await)).await;
    let why = "moved since it was planned: its links to playbooks are others now";
    assert_eq!(told(&outcome), [format!("analytic-rule/r1 delete Refused({why:?})")]);
    assert!(bench.server.writes().is_empty());
    bench.server.fail("GET", "/alertrules/r1/actions", [page(json!([]))]);
    let outcome = bench.apply(looked(bench.plan().await)).await;
    assert_eq!(told(&outcome), ["analytic-rule/r1 delete Done"]);
}
