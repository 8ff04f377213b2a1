//! Whether a change makes detection quieter or louder, and by what.

use serde_json::Value;

use super::stages::{self, Difference};
use super::{Action, Effect, FieldChange, Moved, Quieting};
use crate::ident::Duration;
use crate::state::{Field, Fields, Mark, Record, canonical};

/// The effect of an action that writes these fields, and everything that makes it quieter. One
/// quietening field makes the whole change quieter, whatever else it does: that is what a reviewer
/// must not miss. What nothing shows to be harmless counts as quieter too.
///
/// `desired` are the values that will stand: some decide which way another is quieter. `before` is what
/// was last applied to an item that is made once more.
pub(super) fn effect(
    action: Action,
    written: &[&FieldChange],
    desired: &Fields,
    before: Option<&Record>,
) -> (Effect, Vec<Quieting>) {
    match action {
        Action::Create => of_create(desired, before),
        Action::Retire | Action::Delete => (Effect::Quieter, Vec::new()),
        Action::Record | Action::Forget | Action::None | Action::Refuse => {
            (Effect::Neutral, Vec::new())
        }
        Action::Update | Action::Restore => of_fields(written, desired),
    }
}

/// A rule that is made disabled detects nothing. One that was deleted outside git comes back as the files
/// say now, and is judged by what it was before.
fn of_create(desired: &Fields, before: Option<&Record>) -> (Effect, Vec<Quieting>) {
    let mut quieter = Vec::new();
    for (&field, entry) in before.iter().flat_map(|record| &record.fields) {
        let (Some(Mark::Value(applied)), Some(value)) = (entry.applied, desired.get(&field)) else {
            continue;
        };
        if !field.is_decisive() || field.is_dead(desired) || field.hash(value) == applied {
            continue;
        }
        let (moved, after) = (Moved::Desired, value.clone());
        match values(field).into_iter().find(|known| field.hash(known) == applied) {
            Some(before) => {
                let change = FieldChange { field, moved, before, after, accepted: None };
                if let Move::Quieter(by) = of_field(&change, desired) {
                    quieter.extend(by);
                }
            }
            None => quieter.push(quieting(&format!("`{field}` is another than before"), false)),
        }
    }
    let is_off = desired.get(&Field::Enabled) == Some(&Value::Bool(false));
    match (quieter.is_empty(), is_off) {
        (false, _) => (Effect::Quieter, quieter),
        (true, true) => (Effect::Neutral, quieter),
        (true, false) => (Effect::Louder, quieter),
    }
}

/// The values that a field may have, where they are few: of what was applied only a hash is recorded.
fn values(field: Field) -> Vec<Value> {
    let texts: &[&str] = match field {
        Field::Enabled
        | Field::CreateIncident
        | Field::SuppressionEnabled
        | Field::GroupingEnabled => return vec![true.into(), false.into()],
        Field::Severity => &SEVERITIES,
        Field::AggregationKind => &["SingleAlert", "AlertPerResult"],
        _ => &[],
    };
    texts.iter().map(|text| Value::from(*text)).collect()
}

fn of_fields(written: &[&FieldChange], desired: &Fields) -> (Effect, Vec<Quieting>) {
    let mut quieter = Vec::new();
    let mut is_louder = false;
    for change in written {
        match of_field(change, desired) {
            Move::Quieter(by) => quieter.extend(by),
            Move::Louder => is_louder = true,
            Move::Neither => {}
        }
    }
    let effect = match (quieter.is_empty(), is_louder) {
        (false, _) => Effect::Quieter,
        (true, true) => Effect::Louder,
        (true, false) => Effect::Neutral,
    };
    (effect, quieter)
}

enum Move {
    Quieter(Vec<Quieting>),
    Louder,
    Neither,
}

fn of_field(change: &FieldChange, desired: &Fields) -> Move {
    let before = canonical(change.field, &change.before);
    let after = canonical(change.field, &change.after);
    let order = |rank: fn(&Value) -> Rank, what: &str| by_rank(rank(&before), rank(&after), what);
    match change.field {
        Field::Enabled => order(|v| Rank::of_flag(v, true), "it is disabled"),
        Field::CreateIncident => order(|v| Rank::of_flag(v, true), "it makes no incidents"),
        Field::SuppressionEnabled => order(|v| Rank::of_flag(v, false), "it is suppressed"),
        Field::SuppressionDuration => {
            order(|v| Rank::of_duration(v).reversed(), "it is suppressed for longer")
        }
        Field::Severity => order(severity, "severity is lower"),
        Field::QueryFrequency => order(|v| Rank::of_duration(v).reversed(), "it runs less often"),
        Field::QueryPeriod => order(Rank::of_duration, "it looks back less far"),
        Field::TriggerThreshold => threshold(&before, &after, desired.get(&Field::TriggerOperator)),
        Field::TriggerOperator if before != after => may("`triggerOperator` is another"),
        Field::AggregationKind => order(aggregation, "several results make one alert"),
        Field::GroupingEnabled => {
            order(|v| Rank::of_flag(v, false), "alerts are grouped into one incident")
        }
        Field::GroupingLookback => order(
            |v| Rank::of_duration(v).reversed(),
            "alerts are grouped into one incident for longer",
        ),
        Field::GroupingMatching
        | Field::GroupByEntities
        | Field::GroupByAlertDetails
        | Field::GroupByCustomDetails
            if before != after =>
        {
            may("alerts are grouped by something else")
        }
        // With other entities, alerts of different hosts may end in one incident.
        Field::EntityMappings if before != after && groups_by_entities(desired) => {
            may("alerts are grouped by other entities")
        }
        Field::AlertDetailsOverride => overridden(&before, &after),
        Field::Query => query(&before, &after),
        _ => Move::Neither,
    }
}

fn groups_by_entities(desired: &Fields) -> bool {
    let matching = desired.get(&Field::GroupingMatching).unwrap_or(&Value::Null);
    !Field::GroupingMatching.is_dead(desired)
        && !Field::GroupingMatching.same(matching, &Value::from("AnyAlert"))
}

fn quieting(what: &str, is_certain: bool) -> Quieting {
    Quieting { what: what.to_owned(), is_certain }
}

fn certain(what: &str) -> Move {
    Move::Quieter(vec![quieting(what, true)])
}

fn may(what: &str) -> Move {
    Move::Quieter(vec![quieting(what, false)])
}

/// How loud a value is; `None` where that cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rank(Option<i128>);

impl Rank {
    fn of_flag(value: &Value, loud: bool) -> Self {
        Self(value.as_bool().map(|flag| i128::from(flag == loud)))
    }

    fn of_duration(value: &Value) -> Self {
        let length = value.as_str().and_then(|text| text.parse::<Duration>().ok());
        Self(length.map(|length| i128::from(length.as_seconds())))
    }

    fn reversed(self) -> Self {
        Self(self.0.map(|rank| -rank))
    }
}

fn by_rank(before: Rank, after: Rank, what: &str) -> Move {
    match (before, after) {
        (Rank(Some(before)), Rank(Some(after))) if after < before => certain(what),
        (Rank(Some(before)), Rank(Some(after))) if after > before => Move::Louder,
        (Rank(Some(_)), Rank(Some(_))) | (Rank(None), Rank(None)) => Move::Neither,
        // From or to something that this version does not know.
        _ => may(what),
    }
}

/// From quiet to loud, in their canonical spelling.
const SEVERITIES: [&str; 4] = ["informational", "low", "medium", "high"];

fn severity(value: &Value) -> Rank {
    let place = SEVERITIES.iter().position(|known| Some(*known) == value.as_str());
    Rank(place.and_then(|place| i128::try_from(place).ok()))
}

fn aggregation(value: &Value) -> Rank {
    Rank(match value.as_str() {
        Some("singlealert") => Some(0),
        Some("alertperresult") => Some(1),
        _ => None,
    })
}

/// Which way is quieter depends on the operator.
fn threshold(before: &Value, after: &Value, operator: Option<&Value>) -> Move {
    let operator = operator.map(|operator| canonical(Field::TriggerOperator, operator));
    let (Some(from), Some(to)) = (before.as_i64(), after.as_i64()) else {
        return if before == after { Move::Neither } else { may("the threshold is another") };
    };
    match operator.as_ref().and_then(Value::as_str) {
        _ if from == to => Move::Neither,
        Some("greaterthan") if to > from => certain("the threshold is higher"),
        Some("lessthan") if to < from => certain("the threshold is lower"),
        Some("greaterthan" | "lessthan") => Move::Louder,
        _ => may("the threshold is another"),
    }
}

/// A column of the query that sets the severity, where none did.
fn overridden(before: &Value, after: &Value) -> Move {
    let column = |value: &Value| value["alertSeverityColumnName"].clone();
    match (column(before), column(after)) {
        (before, after) if before == after || after.is_null() => Move::Neither,
        _ => may("another column decides the severity"),
    }
}

/// A query's effect is known only as far as compiled exclusions show it. Any other edit is neither.
fn query(before: &Value, after: &Value) -> Move {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut quieter = Vec::new();
    let mut is_louder = false;
    for (id, difference) in stages::compare(&text(before), &text(after)) {
        let (what, is_certain) = match difference {
            Difference::Added => (format!("exclusion `{id}` is new"), true),
            Difference::Prolonged => (format!("exclusion `{id}` ends later"), true),
            Difference::Changed => {
                let what = format!("exclusion `{id}` is changed, and may exclude more");
                (what, false)
            }
            Difference::Shortened | Difference::Removed => {
                is_louder = true;
                continue;
            }
        };
        quieter.push(Quieting { what, is_certain });
    }
    match (quieter.is_empty(), is_louder) {
        (false, _) => Move::Quieter(quieter),
        (true, true) => Move::Louder,
        (true, false) => Move::Neither,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn effect_of(field: Field, before: Value, after: Value) -> (Effect, Vec<Quieting>) {
        let change = FieldChange { field, moved: Moved::Desired, before, after, accepted: None };
        let desired = Fields::from([
            (Field::TriggerOperator, json!("GreaterThan")),
            (Field::GroupingEnabled, json!(true)),
            (Field::GroupingMatching, json!("AllEntities")),
        ]);
        effect(Action::Update, &[&change], &desired, None)
    }

    #[track_caller]
    fn check(field: Field, before: Value, after: Value, expect: Effect) {
        assert_eq!(effect_of(field, before, after).0, expect, "{field}");
    }

    /// Quieter one way and louder the other.
    #[track_caller]
    fn check_both(field: Field, loud: Value, quiet: Value) {
        check(field, loud.clone(), quiet.clone(), Effect::Quieter);
        check(field, quiet, loud, Effect::Louder);
    }

    #[test]
    fn what_makes_fewer_alerts_is_quieter() {
        check_both(Field::Enabled, json!(true), json!(false));
        check_both(Field::Severity, json!("High"), json!("low"));
        check_both(Field::TriggerThreshold, json!(0), json!(5));
        check_both(Field::SuppressionEnabled, json!(false), json!(true));
        check_both(Field::SuppressionDuration, json!("PT1H"), json!("PT5H"));
        check_both(Field::QueryFrequency, json!("PT1H"), json!("P1D"));
        check_both(Field::QueryPeriod, json!("P1D"), json!("PT60M"));
        check_both(Field::CreateIncident, Value::Null, json!(false));
        check_both(Field::AggregationKind, json!("AlertPerResult"), json!("SingleAlert"));
        check_both(Field::GroupingEnabled, json!(false), json!(true));
        check_both(Field::GroupingLookback, json!("PT5H"), json!("P1D"));
        check(Field::QueryPeriod, json!("P1D"), json!("PT24H"), Effect::Neutral);
        check(Field::DisplayName, json!("a"), json!("b"), Effect::Neutral);
    }

    #[test]
    fn the_operator_decides_which_threshold_is_quieter() {
        let raised = |operator: &str, from: u64, to: u64| {
            let change = FieldChange {
                field: Field::TriggerThreshold,
                moved: Moved::Desired,
                before: json!(from),
                after: json!(to),
                accepted: None,
            };
            let desired = Fields::from([(Field::TriggerOperator, json!(operator))]);
            effect(Action::Update, &[&change], &desired, None).0
        };
        assert_eq!(raised("LessThan", 5, 1), Effect::Quieter);
        assert_eq!(raised("LessThan", 1, 5), Effect::Louder);
        assert_eq!(raised("Equal", 1, 5), Effect::Quieter);
        assert_eq!(raised("Equal", 5, 1), Effect::Quieter);
    }

    #[test]
    fn what_nothing_shows_to_be_harmless_is_quieter_perhaps() {
        let column = json!({"alertSeverityColumnName": "Level"});
        for (field, before, after) in [
            (Field::TriggerOperator, json!("GreaterThan"), json!("LessThan")),
            (Field::TriggerOperator, json!("Equal"), json!("GreaterThan")),
            (Field::GroupingMatching, json!("AllEntities"), json!("AnyAlert")),
            (Field::GroupByEntities, json!(["Host", "Account"]), json!(["Host"])),
            (Field::GroupByAlertDetails, json!(["DisplayName"]), Value::Null),
            (Field::GroupByCustomDetails, json!(["Site"]), Value::Null),
            (Field::EntityMappings, json!([{"entityType": "Host"}]), Value::Null),
            (Field::AlertDetailsOverride, Value::Null, column),
            (Field::Severity, json!("Critical"), json!("High")),
        ] {
            let (effect, by) = effect_of(field, before, after);
            assert_eq!(effect, Effect::Quieter, "{field}");
            assert!(!by[0].is_certain, "{field}");
        }
    }

    #[test]
    fn entities_that_no_alert_is_grouped_by_make_nothing_quieter() {
        let (field, before, after) = (Field::EntityMappings, json!([{"x": 1}]), Value::Null);
        let change = FieldChange { field, moved: Moved::Desired, before, after, accepted: None };
        for (enabled, matching) in [(false, "AllEntities"), (true, "AnyAlert")] {
            let desired = Fields::from([
                (Field::GroupingEnabled, json!(enabled)),
                (Field::GroupingMatching, json!(matching)),
            ]);
            let effect = effect(Action::Update, &[&change], &desired, None).0;
            assert_eq!(effect, Effect::Neutral, "{enabled} {matching}");
        }
    }

    fn with(stage: &str) -> Value {
        json!(format!("T\n// exclusion: a\n| where not({stage})\n| summarize count()"))
    }

    #[test]
    fn one_more_exclusion_is_quieter_and_one_less_is_louder() {
        check_both(Field::Query, json!("T\n| summarize count()"), with("x"));
    }

    #[test]
    fn an_exclusion_that_is_changed_under_its_id_is_quieter_perhaps() {
        let (effect, by) = effect_of(Field::Query, with("x == 1"), with("x == 1 or y"));
        assert_eq!(effect, Effect::Quieter);
        let what = "exclusion `a` is changed, and may exclude more".to_owned();
        assert_eq!(by, [Quieting { what, is_certain: false }]);
        check(Field::Query, with("x == 1"), with("x == 1"), Effect::Neutral);
    }

    #[test]
    fn an_exclusion_that_ends_later_is_quieter_and_one_that_ends_sooner_is_louder() {
        let until = |day: &str| with(&format!("now() < datetime({day}) and coalesce((x), false)"));
        check_both(Field::Query, until("2026-12-01"), until("2027-01-01"));
        check_both(Field::Query, until("2026-12-01"), with("coalesce((x), false)"));
        let other = with("now() < datetime(2026-11-01) and coalesce((x or y), false)");
        check(Field::Query, until("2026-12-01"), other, Effect::Quieter);
    }
}
