//! Values for one column that meet what is required of it.
//!
//! Values are guessed from the constants in the requirements, and each guess is checked by the
//! evaluator: a poor guess costs an answer, never its truth.

use std::collections::BTreeMap;

use super::atom::Atom;
use super::sample::sample;
use super::search::EVALUATION;
use crate::kql::predicate::{Bound, Check, Function, Test, TextOperator};
use crate::kql::{ColumnType, Event, Predicate, Value, evaluate};

/// What was found for requirements: atoms by number, and whether they are to hold.
pub(super) type Known = BTreeMap<Vec<(usize, bool)>, Option<Value>>;

/// More guesses than this for one column are not made.
const GUESSES: usize = 3000;

/// A value for which each atom holds, or does not, as required.
pub(super) fn value(
    column: &str,
    required: &[(&Atom, bool)],
    now: i64,
    steps: &mut u64,
) -> Option<Value> {
    let guesses = guesses(required, now);
    let mut event = Event { values: BTreeMap::from([(column.to_owned(), Value::Null)]) };
    // What is plainly true or false keeps to its outcome under any `not`; null may not.
    for plain in [true, false] {
        for guess in guesses.iter().take(GUESSES) {
            if *steps == 0 {
                return None;
            }
            if let Some(value) = event.values.get_mut(column) {
                value.clone_from(guess);
            }
            let mut meets = |(atom, wanted): &(&Atom, bool)| {
                *steps = steps.saturating_sub(EVALUATION);
                *steps > 0 && holds(atom, *wanted, plain, &event, now)
            };
            if required.iter().all(&mut meets) {
                return Some(guess.clone());
            }
        }
    }
    None
}

fn holds(atom: &Atom, wanted: bool, plain: bool, event: &Event, now: i64) -> bool {
    let outcome = evaluate(&atom.leaf, event, now);
    match (atom.side, wanted) {
        (true, true) => outcome.is_true(),
        (true, false) => !outcome.may_be_true() && (!plain || outcome.is_false()),
        (false, true) => outcome.is_false(),
        (false, false) => !outcome.may_be_false() && (!plain || outcome.is_true()),
    }
}

fn guesses(required: &[(&Atom, bool)], now: i64) -> Vec<Value> {
    let tests: Vec<(&Test, bool)> = required
        .iter()
        .filter_map(|(atom, wanted)| match &atom.leaf {
            Predicate::Test(test) => Some((test, *wanted == atom.side)),
            _ => None,
        })
        .collect();
    let Some((first, _)) = tests.first() else { return Vec::new() };
    let kind =
        if first.subject.functions.is_empty() { first.subject.kind } else { ColumnType::String };
    match kind {
        ColumnType::String => texts(&tests).into_iter().map(Value::Text).collect(),
        ColumnType::Dynamic => {
            let texts = texts(&tests).into_iter();
            let texts = texts.map(|text| Value::Dynamic(serde_json::Value::String(text)));
            texts.chain([Value::Null]).collect()
        }
        ColumnType::Bool => vec![Value::Bool(true), Value::Bool(false), Value::Null],
        ColumnType::Guid => {
            let constants = tests.iter().filter_map(|(test, _)| match &test.check {
                Check::Equal(value) => Some(value.clone()),
                _ => None,
            });
            let fresh = Value::Guid("5e471e15-0000-4000-8000-000000000001".to_owned());
            constants.chain([fresh, Value::Null]).collect()
        }
        _ => ordered(&tests, kind, now),
    }
}

/// Values at and beside every bound.
fn ordered(tests: &[(&Test, bool)], kind: ColumnType, now: i64) -> Vec<Value> {
    let mut guesses = Vec::new();
    for (test, _) in tests {
        let value = match &test.check {
            Check::Below { bound: Bound::Now(ticks), .. } => {
                Value::Datetime(now.saturating_add(*ticks))
            }
            Check::Below { bound: Bound::Value(value), .. } | Check::Equal(value) => value.clone(),
            _ => continue,
        };
        match value {
            Value::Long(value) => {
                let beside = [value, value.saturating_sub(1), value.saturating_add(1)];
                guesses.extend(beside.map(Value::Long));
            }
            Value::Real(value) if matches!(kind, ColumnType::Int | ColumnType::Long) => {
                let beside = [value.floor(), value.ceil(), value.floor() - 1.0, value.ceil() + 1.0];
                guesses.extend(beside.map(|value| Value::Long(value as i64)));
            }
            Value::Real(value) => {
                let beside = [value, value - 1.0, value + 1.0, value - 1e-6, value + 1e-6];
                guesses.extend(beside.map(Value::Real));
            }
            Value::Datetime(ticks) => {
                let beside =
                    [ticks, ticks.saturating_sub(10_000_000), ticks.saturating_add(10_000_000)];
                guesses.extend(beside.map(Value::Datetime));
            }
            Value::Timespan(ticks) => {
                let beside = [ticks, ticks.saturating_sub(1), ticks.saturating_add(1)];
                guesses.extend(beside.map(Value::Timespan));
            }
            _ => {}
        }
    }
    // Between two bounds that are close, neither neighbour may fit; their middle does.
    let reals: Vec<f64> = guesses
        .iter()
        .filter_map(|guess| match guess {
            Value::Real(value) => Some(*value),
            _ => None,
        })
        .collect();
    for left in reals.iter().take(20) {
        guesses.extend(reals.iter().take(20).map(|right| Value::Real((left + right) / 2.0)));
    }
    guesses.push(match kind {
        ColumnType::Datetime => Value::Datetime(now),
        ColumnType::Timespan => Value::Timespan(0),
        ColumnType::Int | ColumnType::Long => Value::Long(1),
        _ => Value::Real(1.0),
    });
    guesses.push(Value::Null);
    guesses
}

/// More needles than this are not put together in one text.
const NEEDLES: usize = 100;

/// Letters that no published detection looks for.
const FRESH: &str = "qzj";

fn texts(tests: &[(&Test, bool)]) -> Vec<String> {
    let mut needles: Vec<(&str, TextOperator, bool)> = Vec::new();
    let mut guesses: Vec<String> = Vec::new();
    let mut lengths: Vec<i64> = Vec::new();
    let mut samples: Vec<String> = Vec::new();
    for (test, wanted) in tests {
        match &test.check {
            Check::Text { operator, needle, .. } => needles.push((needle, *operator, *wanted)),
            Check::Regex(pattern) if *wanted => samples.extend(sample(pattern.as_str())),
            Check::Ipv4InRange(range) => {
                guesses.push(range.split('/').next().unwrap_or(range).to_owned());
            }
            Check::Ipv4Private => guesses.push("10.1.2.3".to_owned()),
            Check::Below { bound: Bound::Value(Value::Long(length)), .. }
                if test.subject.functions.contains(&Function::Length) =>
            {
                lengths.extend([*length, length.saturating_sub(1), length.saturating_add(1)]);
            }
            _ => {}
        }
    }
    let wanted = |operators: &[TextOperator]| -> Vec<&str> {
        let fits = |(_, operator, wanted): &&(&str, TextOperator, bool)| {
            *wanted && operators.contains(operator)
        };
        needles.iter().filter(fits).map(|(needle, _, _)| *needle).take(NEEDLES).collect()
    };
    let longest = |needles: Vec<&'_ str>| {
        needles.into_iter().max_by_key(|needle| needle.len()).unwrap_or("").to_owned()
    };
    for exact in wanted(&[TextOperator::Is]) {
        guesses.extend(cases(exact));
    }
    let start = longest(wanted(&[TextOperator::StartsWith]));
    let end = longest(wanted(&[TextOperator::EndsWith]));
    let within = wanted(&[
        TextOperator::Has,
        TextOperator::HasPrefix,
        TextOperator::HasSuffix,
        TextOperator::Contains,
    ]);
    let inner = essential(&within);
    let inner: Vec<&str> = inner
        .into_iter()
        .filter(|needle| !folded(&start).contains(&folded(needle)))
        .filter(|needle| !folded(&end).contains(&folded(needle)))
        .collect();
    guesses.extend(composed(&start, &inner, &end));
    if within.len() > inner.len() {
        // What another needle contains may still be wanted as a term of its own.
        guesses.extend(composed(&start, &within, &end));
    }
    if samples.len() > 1 {
        let pieces: Vec<&str> =
            samples.iter().map(String::as_str).chain(inner.iter().copied()).collect();
        guesses.extend(composed(&start, &pieces, &end));
    }
    for sampled in &samples {
        let mut pieces = vec![sampled.as_str()];
        pieces.extend(&inner);
        guesses.extend(composed(&start, &pieces, &end));
        pieces.rotate_left(1);
        guesses.extend(composed(&start, &pieces, &end));
    }
    let unwanted = needles.iter().filter(|(_, _, wanted)| !wanted).map(|(needle, _, _)| *needle);
    for needle in unwanted.take(12) {
        guesses.extend(cases(needle));
        guesses.push(format!("{FRESH}{needle}{FRESH}"));
    }
    guesses.extend([FRESH.to_owned(), String::new(), "203.0.113.7".to_owned()]);
    let bases = guesses.clone();
    for length in lengths.into_iter().filter(|length| (0..10_000).contains(length)) {
        let length = usize::try_from(length).unwrap_or(0);
        for base in bases.iter().filter(|base| base.len() < length) {
            if guesses.len() >= GUESSES {
                break;
            }
            guesses.push(format!("{base}{}", "q".repeat(length - base.len())));
        }
    }
    guesses.truncate(GUESSES);
    let upper = guesses.clone().into_iter();
    guesses
        .extend(upper.flat_map(|guess| [guess.to_ascii_uppercase(), guess.to_ascii_lowercase()]));
    guesses
}

/// A start, pieces and an end, joined in several ways.
fn composed(start: &str, inner: &[&str], end: &str) -> Vec<String> {
    let mut pieces: Vec<&str> = vec![start];
    pieces.extend(inner);
    pieces.push(end);
    pieces.retain(|piece| !piece.is_empty());
    if pieces.is_empty() {
        return vec![FRESH.to_owned()];
    }
    let mut texts = Vec::new();
    for separator in [" ", "", ".", "/", "-", FRESH] {
        let joined = pieces.join(separator);
        texts.push(joined.clone());
        if start.is_empty() {
            texts.push(format!("{FRESH}{separator}{joined}"));
        }
        if end.is_empty() {
            texts.push(format!("{joined}{separator}{FRESH}"));
        }
        if start.is_empty() && end.is_empty() {
            texts.push(format!("{FRESH}{separator}{joined}{separator}{FRESH}"));
        }
    }
    // The end of the start may be the start of the end.
    for overlap in 1..start.len().min(end.len()) {
        if start.is_char_boundary(start.len() - overlap) && end.is_char_boundary(overlap) {
            let shared = folded(&start[start.len() - overlap..]) == folded(&end[..overlap]);
            if shared {
                texts.push(format!("{start}{}", &end[overlap..]));
            }
        }
    }
    texts
}

/// Needles that no other needle contains.
fn essential<'n>(needles: &[&'n str]) -> Vec<&'n str> {
    let mut kept: Vec<&str> = Vec::new();
    for needle in needles {
        let within = |other: &&str| folded(other).contains(&folded(needle));
        if !kept.iter().any(within) {
            kept.retain(|other| !folded(needle).contains(&folded(other)));
            kept.push(needle);
        }
    }
    kept
}

fn folded(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// A text in several cases.
fn cases(text: &str) -> Vec<String> {
    let swapped: String =
        text.chars()
            .map(|c| {
                if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
            })
            .collect();
    let mut first = text.to_ascii_lowercase();
    if let Some(head) = first.get_mut(0..1) {
        head.make_ascii_uppercase();
    }
    vec![text.to_owned(), text.to_ascii_uppercase(), text.to_ascii_lowercase(), swapped, first]
}
