//! The pipeline, played on this machine: what the workflows run, with the same scripts, the embedded emulator
//! and a GitHub made of files. From a pull request to a merge, an edit in the portal, and the drift report.
#![cfg(test)]
#![cfg(unix)]

mod runner;

use runner::{Runner, masked};

const RULE: &str = "content/analytics/rmm-connectwise-network-connection.yaml";

#[test]
fn a_pull_request_gets_one_comment_with_its_plan_and_the_next_push_edits_it() {
    let Some(runner) = Runner::new() else { return };
    let checked = runner.step("check", &[("FORMATS", "sarif")]).ends_with(0);
    assert_eq!(checked.output("exit-class"), "done");
    assert!(runner.report("report.sarif").contains("\"version\": \"2.1.0\""));

    let plan = [("PLAN", "plan.json"), ("FORMATS", "markdown html")];
    let planned = runner.step("plan", &plan).ends_with(0);
    let digest = planned.output("digest");
    assert!(digest.starts_with("sha256:"), "{digest}");
    let counts: serde_json::Value = serde_json::from_str(&planned.output("counts")).unwrap();
    assert_eq!(counts["actions"]["create"], 2);
    assert!(runner.report("report.html").to_lowercase().starts_with("<!doctype html>"));
    runner.comment().ends_with(0);
    let first = runner.github("comments");
    assert_eq!(first.as_array().unwrap().len(), 1);
    insta::assert_snapshot!("plan_comment", masked(first[0]["body"].as_str().unwrap()));
    assert_eq!(runner.summary(), runner.report("report.md"));

    runner.replace(RULE, "severity: Medium", "severity: High");
    let again = runner.step("plan", &plan).ends_with(0);
    assert_ne!(again.output("digest"), digest);
    runner.comment().ends_with(0);
    let second = runner.github("comments");
    assert_eq!(second.as_array().unwrap().len(), 1, "{second}");
    assert_eq!(second[0]["id"], first[0]["id"]);
    assert!(second[0]["body"].as_str().unwrap().contains(&again.output("digest")));
}

#[test]
fn a_comment_with_the_marker_that_a_person_wrote_is_left_alone() {
    let Some(runner) = Runner::new() else { return };
    let foreign =
        r#"[{"id": 7, "user": {"type": "User"}, "body": "<!-- sentinelops:plan -->\nmine"}]"#;
    runner.set_github("comments", foreign);
    runner.step("plan", &[("FORMATS", "markdown")]).ends_with(0);
    runner.comment().ends_with(0);
    let comments = runner.github("comments");
    assert_eq!(comments.as_array().unwrap().len(), 2);
    assert_eq!(comments[0]["body"], "<!-- sentinelops:plan -->\nmine");
}

#[test]
fn broken_content_is_annotated_in_its_file_and_stops_the_pull_request() {
    let Some(runner) = Runner::new() else { return };
    runner.replace(RULE, "severity: Medium", "severity: Mediocre");
    let checked = runner.step("check", &[("FORMATS", "sarif")]).ends_with(10);
    assert_eq!(checked.output("exit-class"), "invalid");
    assert!(checked.out.contains(&format!("::error file={RULE},line=")), "{}", checked.out);
    assert!(runner.report("report.sarif").contains(RULE));
}

#[test]
fn a_merge_deploys_the_approved_plan_ring_by_ring() {
    let Some(runner) = Runner::new() else { return };
    let planned = runner.step("plan", &[("PLAN", "plan.json")]).ends_with(0);
    let digest = planned.output("digest");
    runner.merged();
    assert_eq!(runner.approved().ends_with(0).output("run-id"), "900");
    let matrix: serde_json::Value =
        serde_json::from_str(&runner.step("matrix", &[]).ends_with(0).output("matrix")).unwrap();
    let jobs = matrix["jobs"]["canary"]["include"].as_array().unwrap();
    assert_eq!(jobs.len(), 1);
    for (at, job) in jobs.iter().enumerate() {
        let (ring, shard) = (job["ring"].as_str().unwrap(), job["shard"].as_str().unwrap());
        let folder = format!("shards/{at}/outcome");
        let applied = runner.step(
            "apply",
            &[
                ("PLAN", "plan.json"),
                ("DIGEST", &digest),
                ("RINGS", ring),
                ("SHARD", shard),
                ("FORMATS", "markdown"),
                ("OUTPUT", &folder),
            ],
        );
        assert_eq!(applied.ends_with(0).output("exit-class"), "done");
        insta::assert_snapshot!("outcome", masked(&runner.read(&format!("{folder}/report.md"))));
    }
    let reports = [("REPORTS", "shards/*/outcome/report.json"), ("RINGS", "canary")];
    runner.step("ended", &reports).ends_with(0);
}

#[test]
fn another_digest_than_the_approved_one_writes_nothing() {
    let Some(runner) = Runner::new() else { return };
    runner.step("plan", &[("PLAN", "plan.json")]).ends_with(0);
    let other = format!("sha256:{}", "0".repeat(64));
    let asked = [("PLAN", "plan.json"), ("DIGEST", other.as_str())];
    assert_eq!(runner.step("apply", &asked).ends_with(21).output("exit-class"), "refused");
    assert_eq!(runner.writes(), "");
}

#[test]
fn a_ring_whose_jobs_left_no_report_does_not_let_the_next_one_begin() {
    let Some(runner) = Runner::new() else { return };
    let ended = runner.step("ended", &[("REPORTS", "shards/*/report.json"), ("RINGS", "canary")]);
    assert!(ended.ends_with(2).out.contains("what it did is not known"));
}

#[test]
fn a_commit_that_no_pull_request_brought_has_no_approved_plan() {
    let Some(runner) = Runner::new() else { return };
    runner.set_github("pulls", "[]");
    let refused = runner.approved().ends_with(21);
    assert!(refused.out.contains("nobody has approved a plan of it"), "{}", refused.out);
}

#[test]
fn the_plan_of_a_forks_run_is_nobodys_approval() {
    let Some(runner) = Runner::new() else { return };
    runner.merged();
    let fork = r#"{"workflow_runs": [{"id": 1, "run_number": 9, "head_repository": {"full_name": "eve/soc"}}]}"#;
    runner.set_github("runs", fork);
    let refused = runner.approved().ends_with(21);
    assert!(refused.out.contains("has no finished plan"), "{}", refused.out);
}

#[test]
fn drift_opens_one_issue_keeps_it_and_closes_it() {
    let Some(runner) = Runner::new() else { return };
    runner.step("apply", &[]).ends_with(0);
    let formats = [("FORMATS", "markdown html")];
    let calm = runner.step("drift", &formats).ends_with(0);
    runner.issue(&calm.output("exit-code")).ends_with(0);
    assert_eq!(runner.github("issues").as_array().unwrap().len(), 0);

    runner.portal_edit();
    let drifted = runner.step("drift", &formats).ends_with(20);
    assert_eq!(drifted.output("exit-class"), "pending");
    insta::assert_snapshot!("drift", masked(&runner.report("report.md")));
    runner.issue(&drifted.output("exit-code")).ends_with(0);
    runner.issue(&drifted.output("exit-code")).ends_with(0);
    let open = runner.github("issues");
    assert_eq!(open.as_array().unwrap().len(), 1, "{open}");
    assert_eq!(open[0]["labels[]"], "sentinelops-drift");
    insta::assert_snapshot!("issue", masked(open[0]["body"].as_str().unwrap()));

    runner.step("apply", &[]).ends_with(0);
    let calm = runner.step("drift", &formats).ends_with(0);
    runner.issue(&calm.output("exit-code")).ends_with(0);
    assert_eq!(runner.github("issues")[0]["state"], "closed");
    assert!(runner.github("comments")[0]["body"].as_str().unwrap().starts_with("In sync again"));
}

#[test]
fn a_fleet_that_could_not_be_read_opens_the_issue_and_never_closes_it() {
    let Some(runner) = Runner::new() else { return };
    runner.issue("40").ends_with(0);
    let body = runner.github("issues")[0]["body"].to_string();
    assert!(body.contains("Nothing is known"), "{body}");
    runner.issue("41").ends_with(0);
    assert_eq!(runner.github("issues")[0]["state"], "open");
}

#[test]
fn what_is_handed_in_is_never_read_as_shell_or_as_a_flag() {
    let Some(runner) = Runner::new() else { return };
    let hostile = "$(touch${IFS}owned)`touch${IFS}owned`;touch${IFS}owned --all";
    let refused = runner.step("plan", &[("ENVIRONMENTS", hostile)]);
    assert_eq!(refused.ends_with(10).output("exit-class"), "invalid");
    runner.step("plan", &[("ARGUMENTS", "--tag=$(touch owned)\n--out=a b.json")]);
    assert!(!runner.exists("owned"));
}

/// A workflow's jobs.
fn jobs(workflow: &str) -> serde_yaml::Mapping {
    let path = format!("{}/.github/workflows/{workflow}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let workflow: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    workflow["jobs"].as_mapping().unwrap().clone()
}

/// What fails in a shard within the budget lets the next ring begin, and the run is red all the same.
#[test]
fn no_job_of_a_deployment_is_green_when_something_failed_or_could_not_be_read() {
    for (name, job) in &jobs("deploy.yml") {
        let text = serde_yaml::to_string(job).unwrap();
        for hidden in ["accept:", "continue-on-error", "|| true"] {
            assert!(!text.contains(hidden), "{name:?} has {hidden}");
        }
    }
}

#[test]
fn each_ring_waits_for_the_end_of_the_one_before_it() {
    let jobs = jobs("deploy.yml");
    let rings = ["canary", "early", "broad"];
    for (at, ring) in rings.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| format!("{}-ended", rings[at]));
        let ended = format!("{ring}-ended");
        for job in [ring, ended.as_str()] {
            let needs = serde_yaml::to_string(&jobs[job]["needs"]).unwrap();
            let condition = jobs[job]["if"].as_str().unwrap();
            assert!(condition.contains("needs.plan.result == 'success'"), "{job}: {condition}");
            if let Some(before) = &before {
                assert!(needs.contains(before), "{job}: {needs}");
                let well = format!("needs.{before}.result == 'success'");
                assert!(condition.contains(&well), "{job}: {condition}");
            }
        }
        assert_eq!(jobs[*ring]["environment"].as_str(), Some(*ring));
    }
}

#[test]
fn a_drift_job_that_died_is_told_as_unknown() {
    let jobs = jobs("drift.yml");
    let text = serde_yaml::to_string(&jobs["issue"]).unwrap();
    assert!(text.contains("needs.drift.outputs.exit-code || '1'"), "{text}");
    let steps = jobs["drift"]["steps"].as_sequence().unwrap();
    assert_eq!(steps.last().unwrap()["run"].as_str(), Some("exit \"$CODE\""));
}
