//! Saved plans, and the plans that are still theirs.

use super::*;
use crate::state::{Guards, RunTerms};

fn plan_of(changes: Vec<Change>) -> Plan {
    Plan {
        owner: "acme-soc".parse().unwrap(),
        options: Options::default(),
        terms: RunTerms::default(),
        workspaces: vec![WorkspacePlan {
            key: WorkspaceKey {
                environment: "local".parse().unwrap(),
                workspace: "lab".parse().unwrap(),
            },
            id: workspace(),
            ring: "canary".parse().unwrap(),
            unreadable: None,
            frozen: None,
            guards: Guards::default(),
            rules: RuleCount::default(),
            owned: 0,
            retire_blocked: None,
            changes: changes.into_iter().map(Arc::new).collect(),
            unmanaged: 0,
            foreign: Vec::new(),
        }],
    }
}

#[test]
fn a_saved_plan_reads_back_and_notices_a_changed_file() {
    let saved = SavedPlan::of(&plan_of(vec![decided(&sides(Kind::Scheduled))]));
    assert_eq!(SavedPlan::parse(&saved.to_text()), Ok(saved.clone()));
    assert!(SavedPlan::parse(&saved.to_text().replace("create", "delete")).is_err());
    assert!(SavedPlan::parse("{}").is_err());
}

#[test]
fn a_saved_plan_is_the_plan_of_the_same_sides_and_of_no_others() {
    let mut changed = deployed(Kind::Scheduled);
    set(&mut changed, Field::Severity, json!("Low"));
    let change = decided(&changed);
    let saved = SavedPlan::of(&plan_of(vec![change.clone()]));
    assert_eq!(saved.verify(&plan_of(vec![change.clone()])), Ok(()));
    // Done already: nothing is left of it.
    assert_eq!(saved.verify(&plan_of(vec![decided(&carry_out(&change))])), Ok(()));

    let mut moved = changed.clone();
    set(&mut moved, Field::Severity, json!("Medium"));
    assert!(saved.verify(&plan_of(vec![decided(&moved)])).is_err());
    // Somebody took the change back: what was approved no longer follows.
    assert!(saved.verify(&plan_of(vec![decided(&deployed(Kind::Scheduled))])).is_err());
    let other = decided(&sides(Kind::Hunt));
    assert!(saved.verify(&plan_of(vec![change, other])).is_err());
}

#[test]
fn a_saved_create_covers_what_the_customer_chooses_later() {
    let mut new = sides(Kind::Scheduled);
    new.observed = vec![Field::Enabled];
    let saved = SavedPlan::of(&plan_of(vec![decided(&new)]));
    let done = carry_out(&decided(&new));
    assert_eq!(saved.verify(&plan_of(vec![decided(&done)])), Ok(()));
    set(&mut new, Field::Enabled, json!(false));
    assert!(saved.verify(&plan_of(vec![decided(&new)])).is_err());
}

#[test]
fn a_saved_create_covers_the_name_of_the_resource() {
    let mut new = sides(Kind::Scheduled);
    let saved = SavedPlan::of(&plan_of(vec![decided(&new)]));
    new.arm_name = "item-2".parse().unwrap();
    assert!(saved.verify(&plan_of(vec![decided(&new)])).is_err());
}

#[test]
fn a_saved_update_goes_on_after_a_run_that_died_before_its_last_record() {
    let mut changed = deployed(Kind::Scheduled);
    set(&mut changed, Field::Severity, json!("Low"));
    let change = decided(&changed);
    let saved = SavedPlan::of(&plan_of(vec![change.clone()]));
    let Work::Update { resource, .. } = &change.work else { panic!() };
    let mut cut = cut_off::cut_off(&change);
    cut.live.as_mut().unwrap().body = resource.body.clone().into();
    let converged = check(&cut, Class::Converged, Action::Record);
    assert_eq!(saved.verify(&plan_of(vec![converged])), Ok(()));
    // Of a value that was not planned, the record is not written under this approval.
    set(&mut cut, Field::Severity, json!("Medium"));
    edit(&mut cut, Field::Severity, json!("Medium"));
    let other = decided(&cut);
    assert_eq!(other.action, Action::Record);
    assert!(saved.verify(&plan_of(vec![other])).is_err());
}
