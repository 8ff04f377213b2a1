//! Somebody else writes at the same time, or the network swallows an answer.

use std::time::Duration;

use serde_json::json;

use super::*;

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
    for listed in [true, false] {
        let mut bench = Bench::new();
        bench.want("hunting-query/h1");
        let plan = bench.approved().await;
        bench.server.store(&hunt_id("h1"), crate::live::fake::hunt("h1"));
        if !listed {
            bench.server.hide(&hunt_id("h1"));
        }
        let told = told(&bench.apply(plan).await);
        assert!(told[0].contains("Refused(\"moved since it was planned"), "{told:?}");
        let name = bench.server.read(&hunt_id("h1")).unwrap()["properties"]["displayName"].clone();
        assert_eq!(name, "h1");
        // Where the lists lag, the service itself refuses, and the record is taken back.
        let lagging = ["PUT huntingquery-h1", "PUT h1", "DELETE huntingquery-h1"];
        let expect: &[&str] = if listed { &[] } else { &lagging };
        assert_eq!(bench.server.writes(), expect);
    }
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
async fn a_list_of_records_that_lags_costs_one_read_of_each() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    bench.server.hide(&metadata_id("r1"));
    assert_eq!(bench.run().await, ["analytic-rule/r1 create Done"]);
    assert_eq!(bench.server.writes(), ["PUT analyticsrule-r1", "PUT r1"]);
    let last = bench.server.journal().pop().unwrap();
    assert_eq!(last, format!("GET {}", metadata_id("r1").path()));
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
    bench.server.fail("GET", "/alertrules?", [Fault::Pass, Fault::status(403)]);
    let told = told(&bench.apply(plan).await);
    assert!(told[0].contains("Failed(\"written, but it could not be read again"), "{told:?}");
    assert!(bench.pending().await.is_empty());
}

#[tokio::test]
async fn a_rule_that_appeared_since_the_plan_is_not_written_over() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    let plan = bench.approved().await;
    bench.server.store(&rule_id("r1"), crate::live::fake::rule("r1"));
    let told = told(&bench.apply(plan).await);
    assert!(told[0].contains("create Refused(\"moved since it was planned"), "{told:?}");
    assert!(bench.server.writes().is_empty());
}

#[tokio::test]
async fn what_another_run_has_made_meanwhile_is_settled() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    let (slow, quick) = (bench.approved().await, bench.approved().await);
    bench.apply(quick).await;
    bench.server.clear_journal();
    assert_eq!(told(&bench.apply(slow).await), ["analytic-rule/r1 create Done"]);
    assert!(bench.server.writes().is_empty());
}

#[tokio::test]
async fn an_edit_since_the_plan_is_not_recorded_as_ours() {
    let bench = Bench::deployed().await;
    bench.server.remove(&metadata_id("r1"));
    assert_eq!(bench.pending().await, ["analytic-rule/r1 adoptable record"]);
    let plan = bench.approved().await;
    bench.server.edit(&rule_id("r1"), "/properties/severity", json!("Low"));
    let told = told(&bench.apply(plan).await);
    assert!(told[0].contains("record Refused(\"moved since it was planned"), "{told:?}");
    assert_eq!(bench.record("r1"), None);
}

#[tokio::test]
async fn metadata_that_somebody_else_wrote_meanwhile_is_not_written_over() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    let plan = bench.approved().await;
    let theirs = crate::live::fake::record(Family::AnalyticRule, "r1", "other-soc");
    bench.server.store(&metadata_id("r1"), theirs);
    let told = told(&bench.apply(plan).await);
    assert!(told[0].contains("belongs to the owner `other-soc`"), "{told:?}");
    assert!(bench.server.writes().is_empty());
}

#[tokio::test]
async fn a_record_is_kept_when_its_item_is_back() {
    let mut bench = Bench::deployed().await;
    let rule = bench.server.read(&rule_id("r1")).unwrap();
    bench.server.remove(&rule_id("r1"));
    bench.drop("analytic-rule/r1");
    assert_eq!(bench.pending().await, ["analytic-rule/r1 gone forget"]);
    let plan = bench.approved().await;
    bench.server.store(&rule_id("r1"), rule);
    let told = told(&bench.apply(plan).await);
    assert!(told[0].contains("forget Refused(\"moved since it was planned"), "{told:?}");
    assert!(bench.record("r1").is_some());
}

#[tokio::test]
async fn nothing_is_made_blindly() {
    let mut bench = Bench::deployed().await;
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
    bench.want("analytic-rule/r2");
    let plan = bench.approved().await;
    bench.server.fail("GET", "/metadata?", [Fault::status(403)]);
    let told = told(&bench.apply(plan).await);
    assert!(told.iter().any(|line| line.contains("r2 create Failed(\"403")), "{told:?}");
    assert!(told.iter().any(|line| line == "analytic-rule/r1 update Done"), "{told:?}");
    assert!(bench.server.read(&rule_id("r2")).is_none());
}

#[tokio::test]
async fn a_record_that_is_not_found_right_after_it_was_written_is_taken_back_all_the_same() {
    let mut bench = Bench::new();
    bench.want("analytic-rule/r1");
    bench.server.fail("PUT", "/alertRules/r1", [Fault::status(400)]);
    let lags = Fault::error(404, "NotFound", "not found");
    bench.server.fail("GET", "/metadata/analyticsrule-r1", [lags.clone(), lags]);
    assert!(bench.run().await[0].contains("create Failed"));
    assert_eq!(bench.record("r1"), None, "a record without its item");
}

#[tokio::test]
async fn a_412_is_read_and_decided_again_like_a_409() {
    for status in [409, 412] {
        let mut bench = Bench::deployed().await;
        bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
        bench.server.fail("PUT", "/alertRules/r1", [Fault::status(status)]);
        assert_eq!(bench.run().await, ["analytic-rule/r1 update Done"], "{status}");
        assert_eq!(bench.live("r1", "/properties/severity"), "Low");
    }
}
