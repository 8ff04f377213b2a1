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
        bench.server.mend();
        assert_eq!(bench.pending().await, [pending], "{fault:?}");
        let again = bench.run().await;
        assert!(again[0].ends_with("Done"), "{again:?}");
        assert!(bench.pending().await.is_empty(), "{fault:?}");
    }
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
            bench.server.mend();
            let told = bench.run().await;
            assert!(told.iter().all(|line| line.ends_with("Done")), "{told:?}");
            assert!(bench.pending().await.is_empty(), "{:?}", bench.pending().await);
            assert_eq!(bench.record("old"), None, "no orphan metadata");
            assert_eq!(bench.live("r1", "/properties/severity"), "Low");
        });
    }
}
