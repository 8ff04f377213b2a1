//! A run ends between any two writes, and the next one takes over.

use proptest::prelude::*;
use serde_json::json;

use super::*;

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
        bench.mend_later();
        assert_eq!(bench.pending().await, [pending], "{fault:?}");
        let again = bench.run().await;
        assert!(again[0].ends_with("Done"), "{again:?}");
        assert!(bench.pending().await.is_empty(), "{fault:?}");
    }
}

/// Cuts the line after every possible number of writes of a run, changes the content, applies, and
/// checks what the last run told and left.
async fn at_every_cut(
    prepare: impl AsyncFn() -> Bench,
    change: impl Fn(&mut Bench),
    check: impl AsyncFn(&Bench, &[String], usize),
) {
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
        check(&bench, &told, writes).await;
        if whole {
            assert!(writes > 1);
            return;
        }
    }
}

/// After every cut, the last run does everything and leaves what the files say.
async fn survives_every_cut(prepare: impl AsyncFn() -> Bench, change: impl Fn(&mut Bench)) {
    at_every_cut(prepare, change, async |bench, told, writes| {
        assert!(told.iter().all(|line| line.ends_with("Done")), "after {writes}: {told:?}");
        let pending = bench.pending().await;
        assert!(pending.is_empty(), "after {writes}: {pending:?}");
        let orphans = bench.desired.workspaces[0].items.len();
        let live = bench.plan().await.changes().filter(|(_, c)| c.sides.live.is_some()).count();
        assert_eq!(live, orphans, "after {writes}");
    })
    .await;
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

/// Like [`survives_every_cut`], for runs after which something is left to be told: what is planned
/// after the last run.
async fn ends_the_same_after_every_cut(
    prepare: impl AsyncFn() -> Bench,
    change: impl Fn(&mut Bench),
    pending: &[&str],
    check: impl Fn(&Bench),
) {
    at_every_cut(prepare, change, async |bench, told, writes| {
        let ends = |line: &String| line.ends_with("Done") || line.contains(" none Waits(");
        assert!(told.iter().all(ends), "after {writes}: {told:?}");
        assert_eq!(bench.pending().await, pending, "after {writes}");
        check(bench);
    })
    .await;
}

#[tokio::test]
async fn a_record_of_a_create_that_died_is_no_obstacle_where_lists_lag() {
    for other in ["High", "Low"] {
        let mut bench = Bench::new();
        bench.want("analytic-rule/r1");
        let plan = bench.approved().await;
        bench.server.cut_after(Some(1));
        bench.apply(plan).await;
        bench.server.cut_after(None);
        bench.server.hide(&metadata_id("r1"));
        bench.set("analytic-rule/r1", Field::Severity, json!(other));
        assert_eq!(bench.pending().await, ["analytic-rule/r1 new create"]);
        assert_eq!(bench.run().await, ["analytic-rule/r1 create Done"]);
        assert!(bench.pending().await.is_empty());
    }
}

async fn without_its_file() -> Bench {
    let mut bench = Bench::deployed().await;
    bench.drop("analytic-rule/r1");
    bench
}

#[tokio::test]
async fn a_retirement_survives_a_crash_after_every_write() {
    let waits = ["analytic-rule/r1 retired none"];
    let disabled = |bench: &Bench| {
        assert_eq!(bench.live("r1", "/properties/enabled"), false);
        assert_eq!(bench.record("r1").unwrap().state, RecordState::Retired);
    };
    ends_the_same_after_every_cut(without_its_file, |_| {}, &waits, disabled).await;
    let back = |bench: &mut Bench| bench.want("analytic-rule/r1");
    let enabled = |bench: &Bench| assert_eq!(bench.live("r1", "/properties/enabled"), true);
    ends_the_same_after_every_cut(without_its_file, back, &[], enabled).await;
}

#[tokio::test]
async fn a_return_survives_a_crash_after_every_write() {
    let prepare = async || {
        let mut bench = without_its_file().await;
        assert_eq!(bench.run().await, ["analytic-rule/r1 retire Done"]);
        bench.want("analytic-rule/r1");
        bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
        bench
    };
    let enabled = |bench: &Bench| assert_eq!(bench.live("r1", "/properties/enabled"), true);
    ends_the_same_after_every_cut(prepare, |_| {}, &[], enabled).await;
    let other = |bench: &mut Bench| bench.set("analytic-rule/r1", Field::Severity, json!("Medium"));
    ends_the_same_after_every_cut(prepare, other, &[], enabled).await;
    let gone = |bench: &mut Bench| bench.drop("analytic-rule/r1");
    let disabled = |bench: &Bench| assert_eq!(bench.live("r1", "/properties/enabled"), false);
    let waits = ["analytic-rule/r1 retired none"];
    ends_the_same_after_every_cut(prepare, gone, &waits, disabled).await;
}

#[tokio::test]
async fn a_replacement_survives_a_crash_after_every_write() {
    for prune in [false, true] {
        let prepare = async || {
            let mut bench = without_its_file().await;
            bench.want("analytic-rule/r2");
            bench.present("analytic-rule/r2").replaces = Some("r1".parse().unwrap());
            bench.options.prune = prune;
            bench
        };
        let waits = ["analytic-rule/r1 retired none"];
        let pending: &[&str] = if prune { &[] } else { &waits };
        let one_of_them = |bench: &Bench| {
            assert_eq!(bench.live("r2", "/properties/enabled"), true);
            assert_ne!(bench.live("r1", "/properties/enabled"), true);
        };
        ends_the_same_after_every_cut(prepare, |_| {}, pending, one_of_them).await;
        let low = |bench: &mut Bench| bench.set("analytic-rule/r2", Field::Severity, json!("Low"));
        ends_the_same_after_every_cut(prepare, low, pending, one_of_them).await;
    }
}

#[tokio::test]
async fn a_restore_and_a_recreate_survive_a_crash_after_every_write() {
    let drifted = async || {
        let bench = Bench::deployed().await;
        bench.server.edit(&rule_id("r1"), "/properties/severity", json!("Low"));
        bench
    };
    let vanished = async || {
        let bench = Bench::deployed().await;
        bench.server.remove(&rule_id("r1"));
        bench
    };
    survives_every_cut(drifted, |_| {}).await;
    survives_every_cut(vanished, |_| {}).await;
    for value in ["Medium", "Low"] {
        let other =
            |bench: &mut Bench| bench.set("analytic-rule/r1", Field::Severity, json!(value));
        survives_every_cut(vanished, other).await;
    }
}

#[tokio::test]
async fn an_update_of_a_hunt_survives_a_crash_after_every_write() {
    let prepare = async || {
        let mut bench = Bench::new();
        bench.want("hunting-query/h1");
        bench.run().await;
        bench.set("hunting-query/h1", Field::Query, json!("T | where other"));
        bench
    };
    survives_every_cut(prepare, |_| {}).await;
    let third = |bench: &mut Bench| {
        bench.set("hunting-query/h1", Field::Query, json!("T | where third"));
    };
    survives_every_cut(prepare, third).await;
}

#[tokio::test]
async fn an_answered_value_that_a_crash_kept_from_the_record_is_a_conflict() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    bench.server.rewrite("/properties/severity", json!("Medium"));
    let plan = bench.approved().await;
    // The record and the rule; what was answered is not recorded.
    bench.server.cut_after(Some(2));
    bench.apply(plan).await;
    bench.server.cut_after(None);
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    assert_eq!(bench.pending().await, ["analytic-rule/r1 conflict refuse"]);
    assert_eq!(bench.live("r1", "/properties/severity"), "Medium");
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::Pass),
        1 => Just(Fault::NotSent),
        1 => Just(Fault::LostBefore),
        1 => Just(Fault::LostAfter),
        1 => Just(Fault::DoneBut(500)),
        1 => Just(Fault::throttled(1000)),
        1 => prop::sample::select(vec![400, 401, 403, 404, 409, 412, 429, 500, 503])
            .prop_map(Fault::status),
    ]
}

/// A deployed rule and hunt of which one changes, one is new, and one is to go.
async fn a_mixed_run() -> Bench {
    let mut bench = Bench::deployed().await;
    bench.want("analytic-rule/old");
    bench.want("hunting-query/h1");
    bench.run().await;
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    bench.set("hunting-query/h1", Field::Query, json!("T | where other"));
    bench.want("analytic-rule/new");
    bench.want("hunting-query/h2");
    bench.drop("analytic-rule/old");
    bench.options.prune = true;
    bench
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_fails_the_next_run_ends_it(
        puts in prop::collection::vec(any_fault(), 0..24),
        reads in prop::collection::vec(any_fault(), 0..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = a_mixed_run().await;
            let plan = bench.approved().await;
            bench.server.fail("PUT", "/", puts.clone());
            bench.server.fail("DELETE", "/", puts.into_iter().rev());
            bench.server.fail("GET", "/", reads);
            bench.apply(plan).await;
            bench.mend_later();
            let told = bench.run().await;
            assert!(told.iter().all(|line| line.ends_with("Done")), "{told:?}");
            assert!(bench.pending().await.is_empty(), "{:?}", bench.pending().await);
            assert_eq!(bench.record("old"), None, "no orphan metadata");
            assert_eq!(bench.live("r1", "/properties/severity"), "Low");
        });
    }
}
