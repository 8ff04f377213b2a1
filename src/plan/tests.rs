//! The three-way table, row by row, and what must hold for every row.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

use super::*;
use crate::arm::WorkspaceId;
use crate::ident::{ArmName, Day, ItemKey, Owner, WorkspaceKey};
use crate::state::baseline::{Baseline, Ownership};
use crate::state::desired::{Accepted, HeldReason, Present};
use crate::state::{Field, Fields, Kind, LiveItem, MetadataItem, Record};

mod cut_off;
mod saved;
mod settled;

fn scheduled() -> Fields {
    Fields::from([
        (Field::DisplayName, json!("Rule")),
        (Field::Description, Value::Null),
        (Field::Enabled, json!(true)),
        (Field::Severity, json!("High")),
        (Field::Query, json!("T\n| where x == 1")),
        (Field::QueryFrequency, json!("PT1H")),
        (Field::QueryPeriod, json!("PT1H")),
        (Field::TriggerOperator, json!("GreaterThan")),
        (Field::TriggerThreshold, json!(0)),
        (Field::SuppressionEnabled, json!(false)),
        (Field::SuppressionDuration, json!("PT5H")),
        (Field::Tactics, json!(["Execution"])),
        (Field::Techniques, json!(["T1059"])),
        (Field::CustomDetails, Value::Null),
        (Field::AggregationKind, json!("SingleAlert")),
        (Field::CreateIncident, json!(true)),
        (Field::GroupingEnabled, json!(false)),
        (Field::GroupingReopen, json!(false)),
        (Field::GroupingLookback, json!("PT5H")),
        (Field::GroupingMatching, json!("AllEntities")),
    ])
}

fn fields(kind: Kind) -> Fields {
    match kind {
        Kind::Scheduled => scheduled(),
        Kind::Nrt => scheduled()
            .into_iter()
            .filter(|(field, _)| Field::of(Kind::Nrt).any(|f| f == *field))
            .collect(),
        Kind::Hunt => Fields::from([
            (Field::DisplayName, json!("Hunt")),
            (Field::Description, json!("Looks for x.")),
            (Field::Query, json!("T\n| where x == 1")),
            (Field::Tactics, json!("Execution")),
            (Field::Techniques, Value::Null),
        ]),
    }
}

fn workspace() -> WorkspaceId {
    WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
        resource_group: "rg".parse().unwrap(),
        name: "law-sec".parse().unwrap(),
    }
}

fn decide(sides: Sides, options: &Options) -> Change {
    super::decide(sides, &workspace(), options)
}

fn sides(kind: Kind) -> Sides {
    let key = ItemKey { family: kind.family(), id: "item-1".parse().unwrap() };
    Sides {
        arm_name: "item-1".parse().unwrap(),
        name: "Item".into(),
        key,
        desired: DesiredSide::Present(Arc::new(Present {
            kind,
            fields: fields(kind),
            version: Some("1.0.0".into()),
            exclusions: Vec::new(),
            replaces: None,
            accepted: Vec::new(),
        })),
        live: None,
        baseline: BaselineSide::None,
        clash: None,
        observed: Vec::new(),
        prune: false,
        edits_acknowledged: false,
        retire_blocked: None,
        left_out: None,
        rollback: None,
        owner: "acme-soc".parse::<Owner>().unwrap(),
        today: "2026-11-24".parse::<Day>().unwrap(),
    }
}

fn present(sides: &mut Sides) -> &mut Present {
    match &mut sides.desired {
        DesiredSide::Present(present) => Arc::make_mut(present),
        other => panic!("{other:?}"),
    }
}

fn set(sides: &mut Sides, field: Field, value: Value) {
    present(sides).fields.insert(field, value);
}

fn edit(sides: &mut Sides, field: Field, value: Value) {
    let live = sides.live.as_mut().unwrap();
    field.write(live.kind.unwrap(), &mut live.body, value);
}

fn record(sides: &Sides) -> Record {
    match &sides.baseline {
        BaselineSide::Ours(baseline) => baseline.record().unwrap().clone(),
        other => panic!("{other:?}"),
    }
}

fn set_record(sides: &mut Sides, record: Result<Record, String>) {
    let BaselineSide::Ours(baseline) = &mut sides.baseline else { panic!("{:?}", sides.baseline) };
    *baseline = baseline.clone().with_record(record);
}

/// What is there after the service has taken every request of the change as it was sent.
fn carry_out(change: &Change) -> Sides {
    let mut sides = (*change.sides).clone();
    let put = |sides: &mut Sides, put: &Put| {
        let mut body = put.body.clone();
        body["etag"] = json!("\"1\"");
        sides.live = Some(LiveItem {
            family: sides.key.family,
            name: sides.arm_name.clone(),
            kind: Some(put.kind),
            body: body.into(),
        });
    };
    let record = |sides: &mut Sides, put: &RecordPut| {
        let body = put.to_body();
        let (name, family) = (put.id.name.clone(), sides.key.family);
        let metadata = MetadataItem { name, family, body: body.into() };
        sides.baseline = BaselineSide::Ours(Baseline::new(sides.arm_name.clone(), metadata));
    };
    match &change.work {
        Work::Nothing => {}
        Work::Create { resource, record: next } => {
            put(&mut sides, resource);
            record(&mut sides, next);
        }
        Work::Update { resource, applied, .. } => {
            put(&mut sides, resource);
            record(&mut sides, applied);
        }
        Work::Record { record: next } => record(&mut sides, next),
        Work::Delete { .. } => {
            sides.live = None;
            sides.baseline = BaselineSide::None;
        }
        Work::Forget { .. } => sides.baseline = BaselineSide::None,
    }
    sides
}

fn decided(sides: &Sides) -> Change {
    decide(sides.clone(), &Options::default())
}

fn deployed(kind: Kind) -> Sides {
    carry_out(&decided(&sides(kind)))
}

fn check(sides: &Sides, class: Class, action: Action) -> Change {
    let change = decided(sides);
    assert_eq!((change.class, change.action), (class, action), "{}", change.reason);
    change
}

const KINDS: [Kind; 3] = [Kind::Scheduled, Kind::Nrt, Kind::Hunt];

/// Another value for a field than any that `fields` has.
fn other_value(kind: Kind, field: Field) -> Value {
    match field {
        Field::Enabled | Field::CreateIncident => json!(false),
        Field::SuppressionEnabled | Field::GroupingEnabled | Field::GroupingReopen => json!(true),
        Field::QueryFrequency | Field::QueryPeriod | Field::GroupingLookback => json!("PT2H"),
        Field::TriggerThreshold => json!(7),
        Field::Severity => json!("Low"),
        Field::TriggerOperator => json!("LessThan"),
        Field::AggregationKind => json!("AlertPerResult"),
        Field::CustomDetails => json!({"Key": "Column"}),
        Field::Tactics | Field::Techniques if kind != Kind::Hunt => json!(["Impact", "T1"]),
        _ => json!("something else"),
    }
}

fn third_value(kind: Kind, field: Field) -> Value {
    match field {
        Field::QueryFrequency | Field::QueryPeriod => json!("PT3H"),
        Field::TriggerThreshold => json!(8),
        Field::Severity => json!("Medium"),
        Field::TriggerOperator => json!("Equal"),
        Field::CustomDetails => json!({"Key": "Other"}),
        Field::Tactics | Field::Techniques if kind != Kind::Hunt => json!(["Discovery"]),
        _ => json!("a third thing"),
    }
}

fn alive(kind: Kind) -> Vec<Field> {
    let fields = fields(kind);
    fields.keys().copied().filter(|field| !field.is_dead(&fields)).collect()
}

#[test]
fn what_is_not_there_is_created_and_then_in_sync() {
    for kind in KINDS {
        check(&sides(kind), Class::New, Action::Create);
        check(&deployed(kind), Class::InSync, Action::None);
    }
}

#[test]
fn every_field_that_moves_in_git_is_an_update() {
    for kind in KINDS {
        for field in alive(kind) {
            let mut sides = deployed(kind);
            set(&mut sides, field, other_value(kind, field));
            let change = check(&sides, Class::Changed, Action::Update);
            assert!(change.fields.iter().any(|c| c.field == field && c.moved == Moved::Desired));
            check(&carry_out(&change), Class::InSync, Action::None);
        }
    }
}

#[test]
fn every_field_that_moves_outside_git_is_drift_and_is_restored() {
    for kind in KINDS {
        for field in alive(kind) {
            let mut sides = deployed(kind);
            edit(&mut sides, field, other_value(kind, field));
            let change = check(&sides, Class::Drifted, Action::Restore);
            let moved: Vec<_> = change.fields.iter().map(|c| (c.field, c.moved)).collect();
            assert_eq!(moved, [(field, Moved::Live)]);
            check(&carry_out(&change), Class::InSync, Action::None);
        }
    }
}

#[test]
fn a_change_outside_git_whose_short_hash_is_the_recorded_one_is_drift_all_the_same() {
    let mut sides = sides(Kind::Scheduled);
    let (applied, met) = (json!("Rule 19775464"), json!("Rule 21178119"));
    assert_eq!(Field::DisplayName.hash(&applied), Field::DisplayName.hash(&met));
    set(&mut sides, Field::DisplayName, applied);
    let mut sides = carry_out(&decided(&sides));
    edit(&mut sides, Field::DisplayName, met);
    let change = check(&sides, Class::Drifted, Action::Restore);
    check(&carry_out(&change), Class::InSync, Action::None);
}

#[test]
fn the_same_field_moved_on_both_sides_is_a_conflict() {
    for kind in KINDS {
        for field in alive(kind).into_iter().filter(|f| !other_value(kind, *f).is_boolean()) {
            if field == Field::AggregationKind {
                continue;
            }
            let mut sides = deployed(kind);
            set(&mut sides, field, other_value(kind, field));
            edit(&mut sides, field, third_value(kind, field));
            check(&sides, Class::Conflict, Action::Refuse);
            let wins = Options { desired_wins: true, ..Options::default() };
            let change = decide(sides, &wins);
            assert_eq!(change.action, Action::Update, "{field}");
            check(&carry_out(&change), Class::InSync, Action::None);
        }
    }
}

#[test]
fn different_fields_moved_on_both_sides_are_both_done() {
    let mut sides = deployed(Kind::Scheduled);
    set(&mut sides, Field::Query, json!("T | where x == 2"));
    edit(&mut sides, Field::Severity, json!("Low"));
    let change = check(&sides, Class::ChangedAndDrifted, Action::Update);
    assert_eq!(change.fields.len(), 2);
    check(&carry_out(&change), Class::InSync, Action::None);
}

#[test]
fn moved_alike_on_both_sides_is_recorded() {
    let mut sides = deployed(Kind::Scheduled);
    set(&mut sides, Field::Severity, json!("Low"));
    edit(&mut sides, Field::Severity, json!("low"));
    let change = check(&sides, Class::Converged, Action::Record);
    check(&carry_out(&change), Class::InSync, Action::None);
}

#[test]
fn drift_is_left_alone_when_it_was_asked_for() {
    let report = Options { keep_drift: true, ..Options::default() };
    let mut sides = deployed(Kind::Scheduled);
    edit(&mut sides, Field::Severity, json!("Low"));
    let change = decide(sides.clone(), &report);
    assert_eq!((change.class, change.action), (Class::Drifted, Action::None));

    set(&mut sides, Field::Query, json!("T | where x == 2"));
    let change = decide(sides, &report);
    assert_eq!((change.class, change.action), (Class::ChangedAndDrifted, Action::Update));
    let after = carry_out(&change);
    let change = check(&after, Class::Drifted, Action::Restore);
    assert_eq!(change.fields.len(), 1, "the drift is still known as drift");
}

#[test]
fn accepted_drift_is_shown_and_left_alone_until_its_day() {
    let mut sides = deployed(Kind::Scheduled);
    edit(&mut sides, Field::Severity, json!("Low"));
    let until: Day = "2026-12-31".parse().unwrap();
    let accepted = Accepted { field: Field::Severity, until, reason: "tuning".into() };
    present(&mut sides).accepted.push(accepted);
    let change = check(&sides, Class::InSync, Action::None);
    assert_eq!(change.fields[0].accepted.as_deref(), Some("until 2026-12-31: tuning"));

    set(&mut sides, Field::Query, json!("T | where x == 2"));
    let after = carry_out(&check(&sides, Class::Changed, Action::Update));
    assert_eq!(Field::Severity.read(Kind::Scheduled, &after.live.as_ref().unwrap().body), "Low");

    sides.today = until.next();
    check(&sides, Class::ChangedAndDrifted, Action::Update);
}

#[test]
fn an_observed_field_is_sent_on_create_and_never_again() {
    let mut sides = sides(Kind::Scheduled);
    sides.observed = vec![Field::Enabled];
    let change = check(&sides, Class::New, Action::Create);
    let Work::Create { resource, .. } = &change.work else { panic!("{:?}", change.work) };
    assert_eq!(resource.body["properties"]["enabled"], true);

    let mut sides = carry_out(&change);
    edit(&mut sides, Field::Enabled, json!(false));
    let change = check(&sides, Class::InSync, Action::None);
    assert_eq!(change.observed.len(), 1);

    set(&mut sides, Field::Severity, json!("Low"));
    let change = check(&sides, Class::Changed, Action::Update);
    let Work::Update { resource, .. } = &change.work else { panic!("{:?}", change.work) };
    assert_eq!(resource.body["properties"]["enabled"], false);
}

#[test]
fn what_the_tool_does_not_know_survives_an_update() {
    let mut sides = deployed(Kind::Hunt);
    let body = &mut sides.live.as_mut().unwrap().body;
    body["properties"]["newProperty"] = json!({"deep": [1, {"x": 2}]});
    body["tomorrow"] = json!(1);
    body["systemData"] = json!({"lastModifiedBy": "x"});
    body["properties"]["tags"]
        .as_array_mut()
        .unwrap()
        .insert(0, json!({"name": "createdBy", "value": "portal"}));
    check(&sides, Class::InSync, Action::None);
    set(&mut sides, Field::Description, json!("Other."));
    let change = check(&sides, Class::Changed, Action::Update);
    let Work::Update { resource, .. } = &change.work else { panic!("{:?}", change.work) };
    assert_eq!(resource.body["properties"]["newProperty"], json!({"deep": [1, {"x": 2}]}));
    assert_eq!(resource.body["tomorrow"], 1);
    assert_eq!(resource.body["etag"], "\"1\"");
    assert!(resource.body.get("systemData").is_none());
    let tags = resource.body["properties"]["tags"].as_array().unwrap();
    assert!(tags.contains(&json!({"name": "createdBy", "value": "portal"})));
    assert!(tags.contains(&json!({"name": "description", "value": "Other."})));
}

#[test]
fn dead_fields_are_neither_compared_nor_changed() {
    let mut sides = deployed(Kind::Scheduled);
    edit(&mut sides, Field::SuppressionDuration, json!("PT1H"));
    edit(&mut sides, Field::GroupingLookback, json!("PT9H"));
    check(&sides, Class::InSync, Action::None);
    set(&mut sides, Field::SuppressionEnabled, json!(true));
    let change = check(&sides, Class::Changed, Action::Update);
    let Work::Update { resource, .. } = &change.work else { panic!("{:?}", change.work) };
    assert_eq!(resource.body["properties"]["suppressionDuration"], "PT5H");
    let grouping = &resource.body["properties"]["incidentConfiguration"]["groupingConfiguration"];
    assert_eq!(grouping["lookbackDuration"], "PT9H", "dead in desired: sent back as it is");
    check(&carry_out(&change), Class::InSync, Action::None);
}

#[test]
fn an_equal_item_without_a_record_is_taken_over_and_another_is_not() {
    let mut sides = deployed(Kind::Scheduled);
    sides.baseline = BaselineSide::None;
    let change = check(&sides, Class::Adoptable, Action::Record);
    check(&carry_out(&change), Class::InSync, Action::None);
    edit(&mut sides, Field::Severity, json!("Low"));
    check(&sides, Class::Collision, Action::Refuse);
}

#[test]
fn other_peoples_items_are_never_touched() {
    let mut sides = deployed(Kind::Scheduled);
    let BaselineSide::Ours(baseline) = sides.baseline.clone() else { panic!() };
    let foreign = Ownership::Foreign("other-soc".into());
    let theirs = Ownership::Theirs("Repositories".into());
    sides.baseline = BaselineSide::Other(baseline.metadata.clone(), foreign.clone());
    check(&sides, Class::Foreign, Action::Refuse);
    sides.baseline = BaselineSide::Other(baseline.metadata.clone(), theirs.clone());
    check(&sides, Class::Collision, Action::Refuse);
    sides.live = None;
    check(&sides, Class::Leftover, Action::Create);
    sides.baseline = BaselineSide::Other(baseline.metadata, foreign);
    check(&sides, Class::Foreign, Action::Refuse);
}

#[test]
fn a_twin_is_refused_and_so_is_a_kind_change() {
    let mut new = sides(Kind::Scheduled);
    new.clash = Some(Clash::Twin("`x` has the same name".into()));
    check(&new, Class::Twin, Action::Refuse);
    let mut changed = deployed(Kind::Scheduled);
    present(&mut changed).kind = Kind::Nrt;
    check(&changed, Class::KindChange, Action::Refuse);
}

#[test]
fn a_deleted_item_is_made_again() {
    for kind in KINDS {
        let mut sides = deployed(kind);
        sides.live = None;
        let change = check(&sides, Class::Vanished, Action::Create);
        check(&carry_out(&change), Class::InSync, Action::None);
    }
}

#[test]
fn what_is_made_disabled_is_not_louder() {
    let mut new = sides(Kind::Scheduled);
    assert_eq!(decided(&new).effect, Effect::Louder);
    set(&mut new, Field::Enabled, json!(false));
    assert_eq!(check(&new, Class::New, Action::Create).effect, Effect::Neutral);
}

#[test]
fn a_deleted_item_that_comes_back_another_is_judged_by_what_it_was() {
    let mut gone = deployed(Kind::Scheduled);
    gone.live = None;
    assert_eq!(decided(&gone).effect, Effect::Louder);
    set(&mut gone, Field::Description, json!("Other."));
    assert_eq!(decided(&gone).effect, Effect::Louder);
    let mut other = gone.clone();
    set(&mut other, Field::Query, json!("T | where x == 1 and y"));
    let change = check(&other, Class::Vanished, Action::Create);
    assert_eq!((change.effect, change.quieter_by[0].is_certain), (Effect::Quieter, false));
    for (field, value, effect) in [
        (Field::Severity, json!("Low"), Effect::Quieter),
        (Field::SuppressionEnabled, json!(true), Effect::Quieter),
        (Field::AggregationKind, json!("AlertPerResult"), Effect::Louder),
        (Field::Enabled, json!(false), Effect::Quieter),
    ] {
        let mut other = gone.clone();
        set(&mut other, field, value);
        let change = check(&other, Class::Vanished, Action::Create);
        assert_eq!(change.effect, effect, "{field}");
        assert!(change.quieter_by.iter().all(|by| by.is_certain), "{field}");
    }
}

#[test]
fn a_removed_rule_is_disabled_once_then_waits_and_comes_back_enabled() {
    let mut sides = deployed(Kind::Scheduled);
    let desired = std::mem::replace(&mut sides.desired, DesiredSide::Absent);
    let change = check(&sides, Class::Retired, Action::Retire);
    assert_eq!(change.effect, Effect::Quieter);
    let mut retired = carry_out(&change);
    assert_eq!(retired.live.as_ref().unwrap().body["properties"]["enabled"], false);
    check(&retired, Class::Retired, Action::None);

    let mut pruned = retired.clone();
    pruned.prune = true;
    check(&pruned, Class::Retired, Action::Delete);

    retired.desired = desired;
    let change = check(&retired, Class::Changed, Action::Update);
    let back = carry_out(&change);
    assert_eq!(back.live.as_ref().unwrap().body["properties"]["enabled"], true);
    check(&back, Class::InSync, Action::None);
}

#[test]
fn a_removed_hunt_and_a_rule_whose_enabled_is_the_customers_only_wait_for_prune() {
    let mut hunt = deployed(Kind::Hunt);
    hunt.desired = DesiredSide::Absent;
    check(&hunt, Class::Retired, Action::None);
    hunt.prune = true;
    check(&hunt, Class::Retired, Action::Delete);
    let mut rule = deployed(Kind::Nrt);
    rule.desired = DesiredSide::Absent;
    rule.observed = vec![Field::Enabled];
    check(&rule, Class::Retired, Action::None);
}

#[test]
fn a_removed_item_that_was_edited_waits_for_someone() {
    let mut sides = deployed(Kind::Scheduled);
    sides.desired = DesiredSide::Absent;
    edit(&mut sides, Field::Query, json!("T | where x == 9"));
    check(&sides, Class::RetiredEdited, Action::Refuse);
    sides.edits_acknowledged = true;
    check(&sides, Class::Retired, Action::Retire);
    sides.retire_blocked = Some("a content file's id cannot be read".into());
    check(&sides, Class::Held, Action::None);
}

#[test]
fn what_is_gone_on_both_sides_is_forgotten() {
    let mut sides = deployed(Kind::Scheduled);
    sides.desired = DesiredSide::Absent;
    sides.live = None;
    check(&sides, Class::Gone, Action::Forget);
}

#[test]
fn a_held_item_is_never_written_and_what_moved_is_said() {
    let mut sides = deployed(Kind::Scheduled);
    let reason = HeldReason { code: "broken-yaml".into(), message: "it does not parse".into() };
    sides.desired = DesiredSide::Held(vec![reason]);
    edit(&mut sides, Field::Enabled, json!(false));
    let change = check(&sides, Class::Held, Action::None);
    assert_eq!(change.fields.iter().map(|c| c.field).collect::<Vec<_>>(), [Field::Enabled]);
    sides.live = None;
    check(&sides, Class::Held, Action::None);
}

#[test]
fn a_rule_that_the_service_disabled_is_not_written_without_being_asked() {
    let mut sides = deployed(Kind::Scheduled);
    edit(&mut sides, Field::Enabled, json!(false));
    edit(&mut sides, Field::DisplayName, json!("AUTO DISABLED Rule"));
    set(&mut sides, Field::Severity, json!("Low"));
    check(&sides, Class::AutoDisabled, Action::None);
    sides.observed = vec![Field::Enabled];
    check(&sides, Class::AutoDisabled, Action::None);
    let again = Options { re_enable: true, ..Options::default() };
    let change = decide(sides, &again);
    assert_eq!(change.action, Action::Update);
    let after = carry_out(&change);
    assert_eq!(after.live.unwrap().body["properties"]["enabled"], true);
}

#[test]
fn an_unreadable_record_is_never_a_silent_two_way_comparison() {
    let mut sides = deployed(Kind::Scheduled);
    set_record(&mut sides, Err("newer".into()));
    let change = check(&sides, Class::Converged, Action::Record);
    check(&carry_out(&change), Class::InSync, Action::None);
    set(&mut sides, Field::Severity, json!("Low"));
    check(&sides, Class::Conflict, Action::Refuse);
}

#[test]
fn a_field_without_a_hash_is_left_out_of_the_write_until_the_files_may_win() {
    let mut sides = deployed(Kind::Scheduled);
    let mut known = record(&sides);
    known.fields.remove(&Field::Severity);
    set_record(&mut sides, Ok(known));
    check(&sides, Class::InSync, Action::None);
    edit(&mut sides, Field::Severity, json!("Low"));
    check(&sides, Class::Conflict, Action::Refuse);
    set(&mut sides, Field::Query, json!("T | where x == 2"));
    let change = check(&sides, Class::Conflict, Action::Update);
    let after = carry_out(&change);
    assert_eq!(after.live.as_ref().unwrap().body["properties"]["severity"], "Low");
    assert!(!record(&after).fields.contains_key(&Field::Severity));
    let wins = Options { desired_wins: true, ..Options::default() };
    check(&carry_out(&decide(after, &wins)), Class::InSync, Action::None);
}

#[test]
fn files_that_begin_to_name_a_template_change_the_rule() {
    let mut sides = deployed(Kind::Scheduled);
    set(&mut sides, Field::TemplateName, json!("template-1"));
    set(&mut sides, Field::TemplateVersion, json!("1.0.0"));
    let change = check(&sides, Class::Changed, Action::Update);
    assert!(change.fields.iter().all(|field| field.moved == Moved::Desired));
    check(&carry_out(&change), Class::InSync, Action::None);
    edit(&mut sides, Field::TemplateName, json!("somebody's"));
    check(&sides, Class::Conflict, Action::Refuse);
}

#[test]
fn what_the_service_answered_otherwise_is_no_drift() {
    let mut sides = deployed(Kind::Scheduled);
    let sent = sides.live.as_ref().unwrap().body.clone();
    edit(&mut sides, Field::DisplayName, json!("Rule, normalised"));
    let body = sides.live.as_ref().unwrap().body.clone();
    let mut known = record(&sides);
    assert!(known.note_answer(Kind::Scheduled, &sent, &body));
    set_record(&mut sides, Ok(known));
    check(&sides, Class::InSync, Action::None);
    let mut edited = sides.clone();
    edit(&mut edited, Field::DisplayName, json!("Renamed"));
    check(&edited, Class::Drifted, Action::Restore);
    set(&mut sides, Field::DisplayName, json!("New name"));
    check(&sides, Class::Changed, Action::Update);
}

#[test]
fn drift_that_is_sent_back_as_it_was_found_is_not_the_services_answer() {
    let mut sides = deployed(Kind::Scheduled);
    edit(&mut sides, Field::DisplayName, json!("By hand"));
    set(&mut sides, Field::Severity, json!("Low"));
    let options = Options { keep_drift: true, ..Options::default() };
    let change = decide(sides, &options);
    let Work::Update { resource, applied, .. } = &change.work else { panic!() };
    assert_eq!(applied.answered(resource, &resource.body), None);
    check(&carry_out(&change), Class::Drifted, Action::Restore);
}

fn any_edit() -> impl Strategy<Value = (usize, u8)> {
    (0_usize..40, 0_u8..3)
}

proptest! {
    /// Whatever was edited where: after the change was carried out, nothing is left to write.
    #[test]
    fn a_plan_after_an_apply_is_empty(
        kind in prop_oneof![Just(Kind::Scheduled), Just(Kind::Nrt), Just(Kind::Hunt)],
        in_git in proptest::collection::vec(any_edit(), 0..5),
        outside in proptest::collection::vec(any_edit(), 0..5),
        live in any::<bool>(),
    ) {
        let all: Vec<Field> = fields(kind).keys().copied().collect();
        let value = |field: Field, which: u8| match which {
            0 => fields(kind)[&field].clone(),
            1 => other_value(kind, field),
            _ => match other_value(kind, field) {
                Value::Bool(_) => other_value(kind, field),
                _ => third_value(kind, field),
            },
        };
        let mut sides = deployed(kind);
        for (index, which) in in_git {
            let field = all[index % all.len()];
            set(&mut sides, field, value(field, which));
        }
        for (index, which) in outside {
            let field = all[index % all.len()];
            edit(&mut sides, field, value(field, which));
        }
        if !live {
            sides.live = None;
        }
        let options = Options { desired_wins: true, ..Options::default() };
        let after = carry_out(&decide(sides, &options));
        let again = decide(after, &options);
        prop_assert!(!again.action.writes(), "{:?} {}", again.class, again.reason);
        prop_assert_eq!(again.class, Class::InSync);
    }
}

#[test]
fn the_same_sides_give_the_same_change() {
    let mut sides = deployed(Kind::Scheduled);
    set(&mut sides, Field::Severity, json!("Low"));
    assert_eq!(format!("{:?}", decided(&sides)), format!("{:?}", decided(&sides)));
    assert!(decided(&sides).asks_the_same(&decided(&sides)));
    let name: ArmName = "item-1".parse().unwrap();
    assert_eq!(decided(&sides).arm_name, name);
}
