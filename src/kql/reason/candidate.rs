//! Values for one column that meet what is required of it.
//!
//! Values are guessed from the constants in the requirements, and each guess is checked by the
//! evaluator: a poor guess costs an answer, never its truth.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::atom::Atom;
use super::sample::sample;
use super::search::EVALUATION;
use crate::kql::predicate::{Bound, Check, Function, Test, TextOperator};
use crate::kql::{ColumnType, Event, Predicate, Value, evaluate};

/// What was found for requirements: atoms by number, and whether they are to hold.
pub(super) type Known = BTreeMap<Vec<(usize, bool)>, Option<Value>>;

/// More guesses than this for one column are not made.
const GUESSES: usize = 3000;

/// Takes a guess; breaks off when no more are wanted.
type Offer<'o, T> = &'o mut dyn FnMut(T) -> ControlFlow<()>;

/// A value for which each atom holds, or does not, as required.
pub(super) fn value(
    column: &str,
    required: &[(&Atom, bool)],
    now: i64,
    steps: &mut u64,
) -> Option<Value> {
    let mut event = Event { values: BTreeMap::from([(column.to_owned(), Value::Null)]) };
    let mut meets = |guess: &Value, plain: bool, steps: &mut u64| {
        if let Some(value) = event.values.get_mut(column) {
            value.clone_from(guess);
        }
        required.iter().all(|(atom, wanted)| {
            *steps = steps.saturating_sub(EVALUATION);
            *steps > 0 && holds(atom, *wanted, plain, &event, now)
        })
    };
    let mut made: Vec<Value> = Vec::new();
    let mut found = None;
    // What is plainly true or false keeps to its outcome under any `not`; null may not.
    let _ = guesses(required, now, &mut |guess| {
        if made.len() == GUESSES || *steps == 0 {
            return ControlFlow::Break(());
        }
        if meets(&guess, true, steps) {
            found = Some(guess);
            return ControlFlow::Break(());
        }
        made.push(guess);
        ControlFlow::Continue(())
    });
    if found.is_some() || *steps == 0 {
        return found;
    }
    made.into_iter().find(|guess| meets(guess, false, steps))
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

/// Offers guesses, the likeliest first.
fn guesses(required: &[(&Atom, bool)], now: i64, offer: Offer<'_, Value>) -> ControlFlow<()> {
    let tests: Vec<(&Test, bool)> = required
        .iter()
        .filter_map(|(atom, wanted)| match &atom.leaf {
            Predicate::Test(test) => Some((test, *wanted == atom.side)),
            _ => None,
        })
        .collect();
    let Some((first, _)) = tests.first() else { return ControlFlow::Continue(()) };
    let kind =
        if first.subject.functions.is_empty() { first.subject.kind } else { ColumnType::String };
    match kind {
        ColumnType::String => texts(&tests, &mut |text| offer(Value::Text(text))),
        ColumnType::Dynamic => {
            let json = |text| Value::Dynamic(serde_json::Value::String(text));
            texts(&tests, &mut |text| offer(json(text)))?;
            offer(Value::Null)
        }
        ColumnType::Bool => {
            [Value::Bool(true), Value::Bool(false), Value::Null].into_iter().try_for_each(offer)
        }
        ColumnType::Guid => {
            let constants = tests.iter().filter_map(|(test, _)| match &test.check {
                Check::Equal(value) => Some(value.clone()),
                _ => None,
            });
            let fresh = Value::Guid("5e471e15-0000-4000-8000-000000000001".to_owned());
            constants.chain([fresh, Value::Null]).try_for_each(offer)
        }
        _ => ordered(&tests, kind, now).into_iter().try_for_each(offer),
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

/// What is known of a text.
#[derive(Default)]
struct Clues<'t> {
    /// Needle, operator, and whether it is to be met.
    needles: Vec<(&'t str, TextOperator, bool)>,
    /// Texts that may do as they are.
    whole: Vec<String>,
    lengths: Vec<i64>,
    /// Texts that patterns match.
    samples: Vec<String>,
}

impl<'t> Clues<'t> {
    fn of(tests: &[(&'t Test, bool)]) -> Self {
        let mut clues = Self::default();
        for (test, wanted) in tests {
            match &test.check {
                Check::Text { operator, needle, .. } => {
                    clues.needles.push((needle, *operator, *wanted));
                }
                Check::Regex(pattern) if *wanted => clues.samples.extend(sample(pattern.as_str())),
                Check::Ipv4InRange(range) => {
                    clues.whole.push(range.split('/').next().unwrap_or(range).to_owned());
                }
                Check::Ipv4Private => clues.whole.push("10.1.2.3".to_owned()),
                Check::Below { bound: Bound::Value(Value::Long(length)), .. }
                    if test.subject.functions.contains(&Function::Length) =>
                {
                    let beside = [*length, length.saturating_sub(1), length.saturating_add(1)];
                    clues.lengths.extend(beside);
                }
                _ => {}
            }
        }
        clues
    }

    fn wanted(&self, operators: &[TextOperator]) -> Vec<&'t str> {
        let fits = |(_, operator, wanted): &&(&str, TextOperator, bool)| {
            *wanted && operators.contains(operator)
        };
        self.needles.iter().filter(fits).map(|(needle, _, _)| *needle).take(NEEDLES).collect()
    }

    fn longest(&self, operator: TextOperator) -> &'t str {
        let needles = self.wanted(&[operator]).into_iter();
        needles.max_by_key(|needle| needle.len()).unwrap_or("")
    }
}

fn texts(tests: &[(&Test, bool)], offer: Offer<'_, String>) -> ControlFlow<()> {
    let clues = Clues::of(tests);
    let mut made: Vec<String> = Vec::new();
    let mut first = |text: String| {
        made.push(text.clone());
        offer(text)
    };
    clues.whole.iter().cloned().try_for_each(&mut first)?;
    for exact in clues.wanted(&[TextOperator::Is]) {
        cases(exact).into_iter().try_for_each(&mut first)?;
    }
    compositions(&clues, &mut first)?;
    let unwanted = clues.needles.iter().filter(|(_, _, wanted)| !wanted);
    for (needle, _, _) in unwanted.take(12) {
        cases(needle).into_iter().try_for_each(&mut first)?;
        first(format!("{FRESH}{needle}{FRESH}"))?;
    }
    [FRESH, "", "203.0.113.7"].into_iter().map(str::to_owned).try_for_each(first)?;
    let lengths = clues.lengths.iter().filter_map(|length| usize::try_from(*length).ok());
    let mut stretched: Vec<String> = Vec::new();
    for length in lengths.filter(|length| *length < 10_000) {
        for base in made.iter().filter(|base| base.len() < length) {
            let text = format!("{base}{}", "q".repeat(length - base.len()));
            stretched.push(text.clone());
            offer(text)?;
        }
    }
    let all = made.iter().chain(&stretched);
    all.flat_map(|text| [text.to_ascii_uppercase(), text.to_ascii_lowercase()]).try_for_each(offer)
}

/// A text that has everything that is wanted in it.
fn compositions(clues: &Clues<'_>, offer: Offer<'_, String>) -> ControlFlow<()> {
    let (start, end) =
        (clues.longest(TextOperator::StartsWith), clues.longest(TextOperator::EndsWith));
    let within = clues.wanted(&[
        TextOperator::Has,
        TextOperator::HasPrefix,
        TextOperator::HasSuffix,
        TextOperator::Contains,
    ]);
    let inner = essential(&within);
    let inner: Vec<&str> = inner
        .into_iter()
        .filter(|needle| !folded(start).contains(&folded(needle)))
        .filter(|needle| !folded(end).contains(&folded(needle)))
        .collect();
    composed(start, &inner, end, offer)?;
    if within.len() > inner.len() {
        // What another needle contains may still be wanted as a term of its own.
        composed(start, &within, end, offer)?;
    }
    if clues.samples.len() > 1 {
        let samples = clues.samples.iter().map(String::as_str);
        let pieces: Vec<&str> = samples.chain(inner.iter().copied()).collect();
        composed(start, &pieces, end, offer)?;
    }
    for sampled in &clues.samples {
        let mut pieces = vec![sampled.as_str()];
        pieces.extend(&inner);
        composed(start, &pieces, end, offer)?;
        pieces.rotate_left(1);
        composed(start, &pieces, end, offer)?;
    }
    ControlFlow::Continue(())
}

/// A start, pieces and an end, joined in several ways.
fn composed(start: &str, inner: &[&str], end: &str, offer: Offer<'_, String>) -> ControlFlow<()> {
    let mut pieces: Vec<&str> = vec![start];
    pieces.extend(inner);
    pieces.push(end);
    pieces.retain(|piece| !piece.is_empty());
    if pieces.is_empty() {
        return offer(FRESH.to_owned());
    }
    for separator in [" ", "", ".", "/", "-", FRESH] {
        let joined = pieces.join(separator);
        offer(joined.clone())?;
        if start.is_empty() {
            offer(format!("{FRESH}{separator}{joined}"))?;
        }
        if end.is_empty() {
            offer(format!("{joined}{separator}{FRESH}"))?;
        }
        if start.is_empty() && end.is_empty() {
            offer(format!("{FRESH}{separator}{joined}{separator}{FRESH}"))?;
        }
    }
    // The end of the start may be the start of the end.
    for overlap in 1..start.len().min(end.len()) {
        if start.is_char_boundary(start.len() - overlap) && end.is_char_boundary(overlap) {
            let shared = folded(&start[start.len() - overlap..]) == folded(&end[..overlap]);
            if shared {
                offer(format!("{start}{}", &end[overlap..]))?;
            }
        }
    }
    ControlFlow::Continue(())
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
