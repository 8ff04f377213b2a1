//! When a rule runs and when it fires: frequency, period, threshold, suppression.

use serde_json::{Value, json};

use super::reader::{MISSING_KEY, Reader};
use super::spelling;
use crate::diag::Code;
use crate::state::{Field, Kind};

const SCHEDULE_IGNORED: Code = Code::new("schedule-ignored");
const BAD_THRESHOLD: Code = Code::new("bad-threshold");

const OPERATORS: &[(&str, &str)] =
    &[("gt", "GreaterThan"), ("lt", "LessThan"), ("eq", "Equal"), ("ne", "NotEqual")];

/// The service's bound on `triggerThreshold`.
const MOST: u64 = 10_000;

const KEYS: &[&str] = &["queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"];

pub(super) fn define(reader: &mut Reader<'_>) {
    let suppression = reader.get("suppressionEnabled");
    let enabled = reader.as_bool("suppressionEnabled", "suppressionEnabled", suppression);
    reader.set_or(Field::SuppressionEnabled, enabled, false);
    let length = reader.get("suppressionDuration");
    let length = reader.as_duration("suppressionDuration", "suppressionDuration", length);
    reader.set_or(Field::SuppressionDuration, length, "PT5H");
    if reader.kind == Kind::Nrt {
        for key in KEYS.iter().filter(|key| reader.get(key).is_some()).collect::<Vec<_>>() {
            let message = format!("a near-real-time rule has no `{key}`");
            reader.warning(SCHEDULE_IGNORED, key, message, "it is left out; delete the line");
        }
        return;
    }
    incomplete(reader);
    duration(reader, "queryFrequency", Field::QueryFrequency);
    duration(reader, "queryPeriod", Field::QueryPeriod);
    operator(reader);
    threshold(reader);
}

/// One finding for the whole schedule: often it is missing as a whole.
fn incomplete(reader: &mut Reader<'_>) {
    let missing: Vec<&str> = KEYS.iter().copied().filter(|key| reader.get(key).is_none()).collect();
    let Some(first) = missing.first() else { return };
    let is = if missing.len() == 1 { "is" } else { "are" };
    let message = format!("{} {is} missing", spelling::listed(&missing));
    let help = "a scheduled rule needs its whole schedule; a hunting query has no `kind`";
    reader.error(MISSING_KEY, first, message, help);
}

fn duration(reader: &mut Reader<'_>, key: &str, field: Field) {
    if let Ok(Some(duration)) = reader.as_duration(key, key, reader.get(key)) {
        reader.set(field, duration);
    }
}

fn operator(reader: &mut Reader<'_>) {
    let key = "triggerOperator";
    let Ok(text) = reader.text(key) else { return };
    let Some(text) = text else { return };
    let named = OPERATORS.iter().find(|(short, long)| {
        short.eq_ignore_ascii_case(text.trim()) || long.eq_ignore_ascii_case(text.trim())
    });
    match named {
        Some((_, long)) => reader.set(Field::TriggerOperator, *long),
        None => {
            let words: Vec<&str> =
                OPERATORS.iter().flat_map(|(short, long)| [*short, *long]).collect();
            reader.unknown_value(key, key, text, &words);
        }
    }
}

fn threshold(reader: &mut Reader<'_>) {
    let key = "triggerThreshold";
    let Some(value) = reader.get(key) else { return };
    match whole(value).filter(|number| *number <= MOST) {
        Some(number) => reader.set(Field::TriggerThreshold, json!(number)),
        None => {
            let message = format!("`{value}` is not a whole number from 0 to {MOST}");
            reader.error(BAD_THRESHOLD, key, message, "write for example `0`");
        }
    }
}

/// `1` and `1.0` are whole.
fn whole(value: &Value) -> Option<u64> {
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
    format!("{number}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::fields::tests::{check, check_kind};
    use super::*;

    #[test]
    fn both_forms_of_duration_become_iso() {
        check(json!({"queryPeriod": "1h10m"}), Field::QueryPeriod, json!("PT1H10M"), &[]);
        check(json!({"queryPeriod": "PT24H"}), Field::QueryPeriod, json!("P1D"), &[]);
        check(json!({"queryPeriod": "soon"}), Field::QueryPeriod, None, &["bad-duration"]);
        check(json!({"queryPeriod": 5}), Field::QueryPeriod, None, &["wrong-type"]);
        check(json!({"suppressionDuration": "2h"}), Field::SuppressionDuration, json!("PT2H"), &[]);
    }

    #[test]
    fn a_scheduled_rule_needs_its_whole_schedule() {
        let none = json!({
            "queryFrequency": null, "queryPeriod": null, "triggerOperator": null,
            "triggerThreshold": null,
        });
        check(none, Field::QueryPeriod, None, &["missing-key"]);
        for key in KEYS {
            check(json!({*key: null}), Field::Query, None, &["missing-key"]);
        }
    }

    #[test]
    fn a_near_real_time_rule_leaves_a_schedule_out_with_warnings() {
        let codes = ["schedule-ignored"; 4];
        check_kind(Kind::Nrt, json!({}), Field::QueryFrequency, None, &codes);
    }

    #[test]
    fn operators_have_two_spellings() {
        let operator = |text: &str, expect: Option<Value>, problems: &[&str]| {
            check(json!({"triggerOperator": text}), Field::TriggerOperator, expect, problems);
        };
        operator("gt", Some(json!("GreaterThan")), &[]);
        operator("lessthan", Some(json!("LessThan")), &[]);
        operator("EQ", Some(json!("Equal")), &[]);
        operator("ne", Some(json!("NotEqual")), &[]);
        operator(">", None, &["unknown-value"]);
    }

    #[test]
    fn thresholds_are_whole_and_bounded() {
        let threshold = |value: Value, expect: Option<Value>, problems: &[&str]| {
            check(json!({"triggerThreshold": value}), Field::TriggerThreshold, expect, problems);
        };
        threshold(json!(10_000), Some(json!(10_000)), &[]);
        threshold(json!(3.0), Some(json!(3)), &[]);
        for bad in [json!(10_001), json!(-1), json!(0.5), json!("0"), json!([1])] {
            threshold(bad, None, &["bad-threshold"]);
        }
    }
}
