//! Updates that were cut off between the writes of their record.

use super::*;

/// The sides after the record of a write under way was written, and nothing else.
pub(super) fn cut_off(change: &Change) -> Sides {
    let Work::Update { writing, .. } = &change.work else { panic!("{:?}", change.work) };
    let mut sides = (*change.sides).clone();
    let text = writing.to_body()["properties"]["customVersion"].as_str().unwrap().to_owned();
    set_record(&mut sides, Ok(text.parse().unwrap()));
    sides
}

#[test]
fn a_write_that_was_cut_off_is_judged_by_what_is_live() {
    let mut before = deployed(Kind::Scheduled);
    set(&mut before, Field::Severity, json!("Low"));
    set(&mut before, Field::Query, json!("T | where x == 2"));
    let change = check(&before, Class::Changed, Action::Update);
    let Work::Update { resource, .. } = &change.work else { panic!() };
    let mut cut = cut_off(&change);

    // The resource was not written: the applied hashes count.
    check(&cut, Class::Changed, Action::Update);
    let mut reverted = cut.clone();
    reverted.desired = deployed(Kind::Scheduled).desired;
    check(&reverted, Class::Converged, Action::Record);

    // The resource was written: the intended hashes count, for all of its fields.
    cut.live.as_mut().unwrap().body = resource.body.clone().into();
    let settled = check(&cut, Class::Converged, Action::Record);
    check(&carry_out(&settled), Class::InSync, Action::None);
    set(&mut cut, Field::Severity, json!("Medium"));
    let change = check(&cut, Class::Changed, Action::Update);
    assert_eq!(change.fields.iter().map(|c| c.field).collect::<Vec<_>>(), [Field::Severity]);

    // Neither the one nor the other: never guessed.
    edit(&mut cut, Field::Severity, json!("Informational"));
    check(&cut, Class::Conflict, Action::Refuse);
}

#[test]
fn a_write_that_never_happened_is_not_told_by_fields_that_were_not_written() {
    let mut alike = deployed(Kind::Scheduled);
    set(&mut alike, Field::Severity, json!("Low"));
    edit(&mut alike, Field::Severity, json!("Low"));
    set(&mut alike, Field::Query, json!("T | where x == 2"));
    let cut = cut_off(&check(&alike, Class::Changed, Action::Update));
    let change = check(&cut, Class::Changed, Action::Update);
    assert_eq!(change.fields.iter().map(|c| c.moved).collect::<Vec<_>>(), [Moved::Desired]);
    check(&carry_out(&change), Class::InSync, Action::None);
}

#[test]
fn a_field_that_is_owned_anew_says_nothing_about_a_write_that_never_happened() {
    let mut new = sides(Kind::Scheduled);
    new.observed = vec![Field::Enabled];
    let mut owned = carry_out(&decided(&new));
    owned.observed.clear();
    set(&mut owned, Field::Severity, json!("Low"));
    let mut cut = cut_off(&check(&owned, Class::Changed, Action::Update));
    set(&mut cut, Field::Severity, json!("Medium"));
    check(&cut, Class::Changed, Action::Update);
    cut.desired = DesiredSide::Absent;
    check(&cut, Class::Retired, Action::Retire);
}
