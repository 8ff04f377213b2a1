//! A service that spells everything otherwise than it was sent: in every combination, and in one field at
//! a time. After an apply nothing is left to do, and an edit is still an edit.

use std::time::Duration;

use sentinelops::arm::Collection;
use sentinelops::emulator::Normaliser;
use sentinelops::state::{Field, Kind};
use serde_json::{Value, json};

use crate::table::{Row, is_in_readme};
use crate::world::{World, simulated};

/// Everything that a rule can have, spelled as nobody else would.
fn rich() -> Vec<(Field, Value)> {
    vec![
        (Field::DisplayName, json!("  A name with blanks ")),
        (Field::Description, json!("\n  First line. \n second\n\n")),
        (Field::Query, json!("\n\n  DeviceNetworkEvents \n| where RemotePort == 22  \n\n")),
        (Field::QueryFrequency, json!("PT60M")),
        (Field::QueryPeriod, json!("P1D")),
        (Field::SuppressionEnabled, json!(true)),
        (Field::SuppressionDuration, json!("PT120M")),
        (Field::Tactics, json!(["Impact", "Execution"])),
        (Field::Techniques, json!(["T1486", "T1059"])),
        (Field::SubTechniques, json!(["T1059.003", "T1059.001"])),
        (
            Field::EntityMappings,
            json!([
                {"entityType": "Host", "fieldMappings": [
                    {"identifier": "HostName", "columnName": "DeviceName"},
                    {"identifier": "DnsDomain", "columnName": "RemoteUrl"},
                ]},
                {"entityType": "IP", "fieldMappings": [
                    {"identifier": "Address", "columnName": "RemoteIP"},
                ]},
            ]),
        ),
        (Field::CustomDetails, json!({"Url": "RemoteUrl", "Port": "RemotePort"})),
        (
            Field::AlertDetailsOverride,
            json!({
                "alertDisplayNameFormat": " Relay of {{DeviceName}}\nand {{RemoteUrl}} ",
                "alertDynamicProperties": [
                    {"alertProperty": "ProductName", "value": "DeviceName"},
                    {"alertProperty": "AlertLink", "value": "RemoteUrl"},
                ],
            }),
        ),
        (Field::AggregationKind, json!("AlertPerResult")),
        (Field::CreateIncident, json!(true)),
        (Field::GroupingEnabled, json!(true)),
        (Field::GroupingReopen, json!(true)),
        (Field::GroupingLookback, json!("PT5H")),
        (Field::GroupingMatching, json!("Selected")),
        (Field::GroupByEntities, json!(["IP", "Host"])),
        (Field::GroupByAlertDetails, json!(["Severity", "DisplayName"])),
        (Field::GroupByCustomDetails, json!(["Url", "Port"])),
    ]
}

/// A hunt, the same.
fn rich_hunt() -> Vec<(Field, Value)> {
    let mut fields = rich();
    fields.retain(|(field, _)| Field::of(Kind::Hunt).any(|of_hunt| of_hunt == *field));
    fields.retain(|(field, _)| !matches!(field, Field::Tactics | Field::Techniques));
    fields.push((Field::Tactics, json!("Impact,Execution")));
    fields.push((Field::Techniques, json!("T1486,T1059")));
    fields
}

/// Applies rich and bare items of every kind, changes them in the files and outside of them.
async fn bears(normaliser: Normaliser) {
    let case = format!("{normaliser:?}");
    let mut world = World::rewriting(normaliser);
    for kind in [Kind::Scheduled, Kind::Nrt, Kind::Hunt] {
        world.want(kind, &format!("bare-{kind}"));
        let name = format!("rich-{kind}");
        world.want(kind, &name);
        let fields = if kind == Kind::Hunt { rich_hunt() } else { rich() };
        for (field, value) in fields {
            if Field::of(kind).any(|of_kind| of_kind == field) {
                world.set(&name, field, value);
            }
        }
    }
    is_quiet_after_apply(&world, &case).await;
    // A change in git is one, and is taken.
    let query = json!("  DeviceNetworkEvents\n| where RemotePort == 23 ");
    world.set("rich-Scheduled", Field::Query, query.clone());
    world.set("rich-Scheduled", Field::Description, json!(" Another\ntext. "));
    world.set("rich-HuntingQuery", Field::Query, query);
    is_quiet_after_apply(&world, &case).await;
    // An edit is drift, whatever else the service rewrites.
    let rule = Collection::AlertRules;
    world.edit(rule, "rich-Scheduled", "/properties/queryPeriod", json!("PT2H")).await;
    world.edit(rule, "bare-NRT", "/properties/description", json!("By hand")).await;
    let pending = world.pending().await;
    assert_eq!(pending.len(), 2, "{case}: {pending:?}");
    assert!(pending.iter().all(|line| line.contains("drifted restore")), "{case}: {pending:?}");
    is_quiet_after_apply(&world, &case).await;
}

async fn is_quiet_after_apply(world: &World, case: &str) {
    let ended = world.run().await;
    let open: Vec<_> = ended
        .items
        .iter()
        .filter(|item| item.verdict != sentinelops::apply::Verdict::Done)
        .collect();
    assert!(open.is_empty(), "{case}: {open:?}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.pending().await, [""; 0], "{case}");
    let before = world.writes().len();
    world.runs_well().await;
    assert_eq!(world.writes().len(), before, "{case}: it is written again");
}

/// The combination of a number's bits.
fn combination(bits: u8, only: Option<String>) -> Normaliser {
    let has = |bit: u8| bits & (1 << bit) != 0;
    Normaliser {
        reorders_sets: has(0),
        respells_durations: has(1),
        trims_texts: has(2),
        changes_line_ends: has(3),
        adds_defaults: has(4),
        only,
    }
}

#[test]
fn whatever_the_service_respells_nothing_is_left_to_do_after_an_apply() {
    let combinations = (0..32).map(|bits| combination(bits, None));
    let paths = Field::all().map(Field::path).chain(["tags", "functionAlias"]);
    let one_field = paths.flat_map(|path| {
        let one = (0..5).map(move |bit| combination(1 << bit, Some(path.to_owned())));
        one.chain([combination(31, Some(path.to_owned()))])
    });
    let all: Vec<Normaliser> = combinations.chain(one_field).collect();
    std::thread::scope(|threads| {
        for half in all.chunks(all.len().div_ceil(4)) {
            threads.spawn(move || half.iter().cloned().for_each(|one| simulated(bears(one))));
        }
    });
    is_in_readme(&[Row::new(
        "the service respells what it was sent",
        &[all.len(), all.len(), 0, 0],
    )]);
}

/// The grouping is off and so neither compared nor changed, but must not name what went.
#[test]
fn a_rule_that_loses_its_mappings_and_its_grouping_at_once_is_updated() {
    simulated(async {
        let mut world = World::new();
        world.want(Kind::Scheduled, "rule");
        for (field, value) in rich() {
            world.set("rule", field, value);
        }
        is_quiet_after_apply(&world, "grouped").await;
        world.set("rule", Field::GroupingEnabled, json!(false));
        for field in [Field::EntityMappings, Field::CustomDetails] {
            world.set("rule", field, json!(null));
        }
        is_quiet_after_apply(&world, "not grouped any more").await;
    });
}
