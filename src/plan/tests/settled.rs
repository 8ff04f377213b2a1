//! What is shared by workspaces is what each would have been told alone.

use super::*;
use crate::plan::settled::Settled;

/// What is told of a change, and done, wherever the item is.
fn told(change: &Change) -> String {
    let Change {
        key,
        arm_name,
        name,
        class,
        action,
        reason,
        effect,
        quieter_by,
        fields,
        written,
        observed,
        modified: _,
        playbooks,
        work,
        sides,
    } = change;
    let owned = matches!(sides.baseline, BaselineSide::Ours(_));
    let (desired, live) = (&sides.desired, sides.live.as_ref().map(|live| live.kind));
    format!(
        "{key} {arm_name} {name} {class} {action} {reason} {effect:?} {quieter_by:?} {fields:?} \
         {written:?} {observed:?} {playbooks:?} {work:?} {desired:?} {live:?} {owned}"
    )
}

fn after(first: &Sides, options: &Options) -> Settled {
    let mut settled = Settled::default();
    settled.decide(first.clone(), &workspace(), options);
    settled
}

/// The same item as another workspace has it: other names in Azure, etags and times.
fn elsewhere(sides: &Sides) -> Sides {
    let mut other = sides.clone();
    let live = other.live.as_mut().unwrap();
    live.body["etag"] = json!("\"2\"");
    live.body["id"] = json!("/subscriptions/other");
    live.body["systemData"] = json!({"lastModifiedBy": "someone"});
    live.body["properties"]["lastModifiedUtc"] = json!("2026-11-24T00:00:00Z");
    let BaselineSide::Ours(baseline) = &mut other.baseline else { panic!() };
    let metadata = &mut baseline.metadata;
    let parent = format!("/subscriptions/other/{}", metadata.parent_name());
    metadata.body["properties"]["parentId"] = json!(parent);
    metadata.body["etag"] = json!("\"3\"");
    *baseline = Baseline::new(baseline.name.clone(), baseline.metadata.clone());
    other
}

#[test]
fn what_is_in_sync_in_two_workspaces_is_decided_once() {
    for kind in KINDS {
        let options = Options::default();
        let one = deployed(kind);
        let mut settled = Settled::default();
        let first = settled.decide(one.clone(), &workspace(), &options);
        let second = settled.decide(elsewhere(&one), &workspace(), &options);
        assert_eq!((first.class, first.action), (Class::InSync, Action::None));
        assert!(Arc::ptr_eq(&first, &second), "{kind}");
        assert_eq!(told(&second), told(&decided(&elsewhere(&one))));
    }
}

#[test]
fn every_field_that_moved_anywhere_is_decided_by_itself() {
    for kind in KINDS {
        let one = deployed(kind);
        for &field in fields(kind).keys() {
            let mut moved = elsewhere(&one);
            edit(&mut moved, field, other_value(kind, field));
            let mut wanted = elsewhere(&one);
            set(&mut wanted, field, other_value(kind, field));
            for other in [moved, wanted] {
                let mut settled = after(&one, &Options::default());
                let change = settled.decide(other.clone(), &workspace(), &Options::default());
                assert_eq!(told(&change), told(&decided(&other)), "{kind} {field}");
            }
        }
    }
}

#[test]
fn a_record_of_another_state_is_decided_by_itself() {
    let one = deployed(Kind::Scheduled);
    let text = record(&one).to_text();
    let hold = record(&one).fields[&Field::Query];
    let Some(crate::state::Mark::Value(hold)) = hold.applied else { panic!() };
    let others = [
        text.replace("so1;A", "so1;R"),
        text.replace("so1;A", "so1;W"),
        text.replace("so1;", "so2;"),
        format!("{text};h{hold}"),
    ];
    for other_text in others {
        let mut other = elsewhere(&one);
        let BaselineSide::Ours(baseline) = &mut other.baseline else { panic!() };
        baseline.metadata.body["properties"]["customVersion"] = json!(other_text);
        *baseline = Baseline::new(baseline.name.clone(), baseline.metadata.clone());
        let mut settled = after(&one, &Options::default());
        let change = settled.decide(other.clone(), &workspace(), &Options::default());
        assert_eq!(told(&change), told(&decided(&other)), "{other_text}");
        assert_eq!(change.action, decided(&other).action);
    }
}

proptest! {
    /// Whatever differs where: an item that follows others is decided as if it were the first.
    #[test]
    fn a_decision_does_not_depend_on_those_before_it(
        kind in prop_oneof![Just(Kind::Scheduled), Just(Kind::Nrt), Just(Kind::Hunt)],
        workspaces in proptest::collection::vec(
            (
                proptest::collection::vec(any_edit(), 0..2),
                proptest::collection::vec(any_edit(), 0..2),
                any::<[bool; 4]>(),
            ),
            2..12,
        ),
    ) {
        let all: Vec<Field> = fields(kind).keys().copied().collect();
        let value = |field: Field, which: u8| match which {
            0 => fields(kind)[&field].clone(),
            _ => other_value(kind, field),
        };
        let options = Options::default();
        let mut settled = Settled::default();
        for (in_git, outside, [moves, is_live, is_observed, prunes]) in workspaces {
            let mut sides = deployed(kind);
            if moves {
                sides = elsewhere(&sides);
            }
            for (index, which) in in_git {
                let field = all[index % all.len()];
                set(&mut sides, field, value(field, which));
            }
            for (index, which) in outside {
                let field = all[index % all.len()];
                edit(&mut sides, field, value(field, which));
            }
            if is_observed {
                sides.observed = vec![Field::Enabled, Field::Description];
            }
            if !is_live && !moves {
                sides.live = None;
            }
            sides.prune = prunes;
            let change = settled.decide(sides.clone(), &workspace(), &options);
            prop_assert_eq!(told(&change), told(&decided(&sides)));
        }
    }
}
