//! Saved plans, and the plans that are still theirs.

use super::*;

fn plan_of(changes: Vec<Change>) -> Plan {
    let workspace = changes[0].sides.workspace.clone();
    Plan {
        owner: "acme-soc".parse().unwrap(),
        options: Options::default(),
        workspaces: vec![WorkspacePlan {
            key: WorkspaceKey {
                environment: "local".parse().unwrap(),
                workspace: "lab".parse().unwrap(),
            },
            id: workspace,
            ring: "canary".parse().unwrap(),
            unreadable: None,
            retire_blocked: None,
            changes,
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
