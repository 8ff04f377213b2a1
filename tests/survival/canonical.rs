//! Canonical values: what is the same is one value, however a service or a person spells it.

use proptest::prelude::*;
use sentinelops::ident::Duration;
use sentinelops::state::{Field, canonical};
use serde_json::{Map, Value, json};

/// Any JSON that may stand where a field is read: also of the wrong shape.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i32>().prop_map(|value| json!(value)),
        prop::sample::select(&["", "High", "high", "PT60M", "PT1H", "1h", "A,B"][..])
            .prop_map(|text| json!(text)),
        "[ a-zA-Z\\r\\n\\t|]{0,12}".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let keys = prop::sample::select(
            &["fieldMappings", "alertDynamicProperties", "columnName", "a", "b"][..],
        );
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((keys, inner), 0..4).prop_map(|pairs| {
                Value::Object(
                    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

fn any_field() -> impl Strategy<Value = Field> {
    (0..Field::all().count()).prop_map(|at| Field::all().nth(at).unwrap())
}

/// Nulls, empty lists and empty maps, where they say nothing.
fn with_nothing(value: &Value) -> Value {
    match value {
        Value::Array(list) => {
            list.iter().map(with_nothing).chain([json!([]), json!(null)]).collect()
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), with_nothing(value)));
            let nothing = [("zz1".to_owned(), json!(null)), ("zz2".to_owned(), json!({"x": []}))];
            Value::Object(fields.chain(nothing).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Fields that are sets, and the lists in them that are.
const SETS: [Field; 8] = [
    Field::Tactics,
    Field::Techniques,
    Field::SubTechniques,
    Field::GroupByEntities,
    Field::GroupByAlertDetails,
    Field::GroupByCustomDetails,
    Field::EntityMappings,
    Field::SentinelEntitiesMappings,
];
const DURATIONS: [Field; 4] = [
    Field::QueryFrequency,
    Field::QueryPeriod,
    Field::SuppressionDuration,
    Field::GroupingLookback,
];

/// A duration in every spelling that is read.
fn spellings(seconds: u64) -> Vec<String> {
    let iso = Duration::from_seconds(seconds).to_string();
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let mut all =
        vec![iso.clone(), iso.to_lowercase(), format!("PT{seconds}S"), format!("{seconds}s")];
    if seconds.is_multiple_of(60) {
        all.extend([format!("PT{minutes}M"), format!("{minutes}m")]);
    }
    if seconds.is_multiple_of(3_600) {
        all.extend([format!("PT{hours}H"), format!("{hours}h")]);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_canonical_form_of_a_canonical_form_is_itself(field in any_field(), value in any_json()) {
        let once = canonical(field, &value);
        prop_assert_eq!(canonical(field, &once), once);
    }

    #[test]
    fn what_says_nothing_does_not_count(field in any_field(), value in any_json()) {
        prop_assert_eq!(canonical(field, &value), canonical(field, &with_nothing(&value)));
    }

    #[test]
    fn sets_have_no_order(field in prop::sample::select(&SETS[..]), list in prop::collection::vec(any_json(), 0..5), turn in 0_usize..5) {
        let mut other = list.clone();
        other.reverse();
        other.rotate_left(turn % list.len().max(1));
        let (one, other) = (Value::Array(list), Value::Array(other));
        prop_assert_eq!(canonical(field, &one), canonical(field, &other));
        let inner = |list: &Value| json!([{"entityType": "IP", "fieldMappings": list}]);
        let mappings = Field::EntityMappings;
        prop_assert_eq!(canonical(mappings, &inner(&one)), canonical(mappings, &inner(&other)));
        let dynamic = |list: &Value| json!({"alertDynamicProperties": list});
        let details = Field::AlertDetailsOverride;
        prop_assert_eq!(canonical(details, &dynamic(&one)), canonical(details, &dynamic(&other)));
    }

    #[test]
    fn durations_are_one_value_in_every_spelling(field in prop::sample::select(&DURATIONS[..]), seconds in 0_u64..2_000_000) {
        for seconds in [seconds, seconds / 60 * 60, seconds / 3_600 * 3_600] {
            let all: Vec<Value> = spellings(seconds).iter().map(|text| canonical(field, &json!(text))).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", all);
        }
        let other = canonical(field, &json!(format!("PT{}S", seconds + 1)));
        prop_assert_ne!(canonical(field, &json!(format!("PT{seconds}S"))), other);
    }

    #[test]
    fn line_ends_and_blanks_around_a_query_do_not_count(lines in prop::collection::vec("[a-z |\"]{0,8}", 0..6)) {
        let field = Field::Query;
        let text = lines.join("\n");
        let one = canonical(field, &json!(text));
        prop_assert_eq!(&canonical(field, &json!(lines.join("\r\n"))), &one);
        prop_assert_eq!(&canonical(field, &json!(lines.join(" \t\n"))), &one);
        let padded = json!(format!("\n \t{text} \n\n"));
        prop_assert_eq!(&canonical(field, &padded), &one);
        // Another word is another query.
        prop_assert_ne!(&canonical(field, &json!(format!("{text}\nx"))), &one);
    }
}
