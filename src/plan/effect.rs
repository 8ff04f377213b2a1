//! Whether a change makes detection quieter or louder.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Action, Effect, FieldChange};
use crate::state::{Field, canonical};

/// The effect of an action that writes these fields. One quietening field makes the whole change
/// quieter, whatever else it does: that is what a reviewer must not miss.
pub(super) fn effect(action: Action, written: &[&FieldChange]) -> Effect {
    match action {
        Action::Create => Effect::Louder,
        Action::Retire | Action::Delete => Effect::Quieter,
        Action::Record | Action::Forget | Action::None | Action::Refuse => Effect::Neutral,
        Action::Update | Action::Restore => {
            let effects: BTreeSet<Effect> = written.iter().map(|change| of_field(change)).collect();
            effects.into_iter().next().unwrap_or(Effect::Neutral)
        }
    }
}

fn of_field(change: &FieldChange) -> Effect {
    let before = canonical(change.field, &change.before);
    let after = canonical(change.field, &change.after);
    match change.field {
        Field::Enabled | Field::CreateIncident => by_order(flag(&before), flag(&after)),
        Field::SuppressionEnabled => by_order(flag(&after), flag(&before)),
        Field::Severity => by_order(severity(&before), severity(&after)),
        // Every trigger in use is "more than the threshold"; for the others the direction is unknown.
        Field::TriggerThreshold => by_order(after.as_i64(), before.as_i64()),
        Field::Query => query(&before, &after),
        _ => Effect::Neutral,
    }
}

fn by_order<T: PartialOrd>(before: T, after: T) -> Effect {
    if after < before {
        Effect::Quieter
    } else if after > before {
        Effect::Louder
    } else {
        Effect::Neutral
    }
}

fn flag(value: &Value) -> bool {
    value == &Value::Bool(true)
}

fn severity(value: &Value) -> Option<usize> {
    let order = ["informational", "low", "medium", "high"];
    order.iter().position(|known| Some(*known) == value.as_str())
}

/// A query's effect is known only as far as compiled exclusions show it: one more is quieter, one
/// less is louder. Any other edit is neither.
fn query(before: &Value, after: &Value) -> Effect {
    let (before, after) = (exclusions(before), exclusions(after));
    if after.difference(&before).next().is_some() {
        Effect::Quieter
    } else if before.difference(&after).next().is_some() {
        Effect::Louder
    } else {
        Effect::Neutral
    }
}

fn exclusions(query: &Value) -> BTreeSet<&str> {
    let lines = query.as_str().unwrap_or_default().lines();
    lines.filter_map(|line| line.trim_start().strip_prefix("// exclusion: ")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::Moved;

    fn check(field: Field, before: Value, after: Value, expect: Effect) {
        let change = FieldChange { field, moved: Moved::Desired, before, after, accepted: None };
        assert_eq!(effect(Action::Update, &[&change]), expect, "{field}");
    }

    #[test]
    fn what_makes_fewer_alerts_is_quieter() {
        check(Field::Enabled, json!(true), json!(false), Effect::Quieter);
        check(Field::Enabled, json!(false), json!(true), Effect::Louder);
        check(Field::Severity, json!("High"), json!("low"), Effect::Quieter);
        check(Field::TriggerThreshold, json!(0), json!(5), Effect::Quieter);
        check(Field::SuppressionEnabled, json!(false), json!(true), Effect::Quieter);
        check(Field::CreateIncident, Value::Null, json!(false), Effect::Quieter);
        check(Field::DisplayName, json!("a"), json!("b"), Effect::Neutral);
    }

    #[test]
    fn one_more_exclusion_is_quieter_and_one_less_is_louder() {
        let without = json!("T\n| summarize count()");
        let with = json!("T\n// exclusion: a\n| where not(x)\n| summarize count()");
        check(Field::Query, without.clone(), with.clone(), Effect::Quieter);
        check(Field::Query, with, without, Effect::Louder);
    }
}
