//! Parameter values that silence a query: an empty list of hosts to look for, a window of no length.
//!
//! A value needs no reason, so one that takes all rows away must not pass: on no way to the result, and
//! at no time to come. What is judged are the filters on the way, as for exclusions; a threshold behind
//! a `summarize` is a number like any other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::content::Content;
use crate::diag::{Code, Diagnostic, Located};
use crate::ident::Duration;
use crate::kql::reason::{Clock, Question};
use crate::kql::{self, Parameter, ParameterForm, Query, Schema, spine};

const SILENCES: Code = Code::new("parameter-silences-query");
/// With the value it is not known whether the query admits an event; without it, it is.
const MAY_SILENCE: Code = Code::new("parameter-may-silence-query");

/// Where, when and how far back a query is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'s> {
    /// What is known about its tables.
    pub(super) schema: &'s Schema,
    /// Today, in ticks.
    pub(super) now: i64,
    /// How far back the service lets it look.
    pub(super) period: Option<Duration>,
}

/// Values by parameter.
type Values<'v> = BTreeMap<&'v str, Located<Value>>;

/// Errors for the values that silence `text` when they are set in it, at the values; warnings for those
/// of which that is not known.
pub(super) fn check(
    content: &Content,
    text: &str,
    values: &Values<'_>,
    setting: Setting<'_>,
) -> Vec<Diagnostic> {
    if values.is_empty() {
        return Vec::new();
    }
    let set = changed(text, values);
    if set == text {
        return Vec::new();
    }
    let of = |(names, at): (Vec<String>, i64)| {
        let effect = |name| (name, effect(at, setting));
        names.into_iter().map(effect).collect::<Vec<_>>()
    };
    let mut silent = zeros(text, &set);
    if silent.is_empty() {
        silent = of(deciding(text, values, &set, setting, Question::silent_unlike));
    }
    if !silent.is_empty() {
        let error = |message| Diagnostic::error(SILENCES, message);
        let one = |(name, effect): &(String, String)| said(content, values, (name, effect), error);
        return silent.iter().filter_map(one).collect();
    }
    let (unknown, _) = deciding(text, values, &set, setting, Question::unknown_unlike);
    let effect = "filters are not known to admit any event";
    let warning = |message| Diagnostic::warning(MAY_SILENCE, message);
    unknown.iter().filter_map(|name| said(content, values, (name, effect), warning)).collect()
}

/// What a value does, at the value.
fn said(
    content: &Content,
    values: &Values<'_>,
    (name, effect): (&str, &str),
    make: impl Fn(String) -> Diagnostic,
) -> Option<Diagnostic> {
    let value = values.get(name)?;
    let id = &content.id.value;
    let help = format!(
        "give `{name}` another value; what shall not run here is left out with \
         `content: {{ exclude: [{{ id: {id} }}] }}`"
    );
    let made = make(format!("with this value of `{name}` the query's {effect}"))
        .at(&value.source, value.span.clone(), "")
        .about(id.as_str())
        .help(help);
    Some(made)
}

fn effect(at: i64, setting: Setting<'_>) -> String {
    match at == setting.now {
        true => "filters admit no event on one of its ways to a result".to_owned(),
        false => {
            let at = kql::Value::Datetime(at);
            format!("filters will admit no event on one of its ways to a result (at {at})")
        }
    }
}

/// The text with the values set; itself where they cannot be, which is said elsewhere.
fn changed(text: &str, values: &Values<'_>) -> String {
    let values: Vec<(&str, Value)> =
        values.iter().map(|(name, value)| (*name, value.value.clone())).collect();
    kql::set_parameters(text, &values).unwrap_or_else(|_| text.to_owned())
}

/// Since when something is so of a way, and was not of the way as it was.
type Changed = fn(&Question, Option<&Question>) -> Option<i64>;

/// The parameters without which no way has changed like that, all of them where no single one decides;
/// and from which moment on it has.
fn deciding(
    text: &str,
    values: &Values<'_>,
    set: &str,
    setting: Setting<'_>,
    change: Changed,
) -> (Vec<String>, i64) {
    let before = ways(text, setting);
    let since = |text: &str| since(&before, &ways(text, setting), change);
    let Some(at) = since(set) else { return (Vec::new(), setting.now) };
    let decides = |name: &str| {
        let mut rest = values.clone();
        rest.remove(name);
        since(&changed(text, &rest)).is_none()
    };
    let all = || values.keys().map(|name| (*name).to_owned());
    let deciding: Vec<String> = all().filter(|name| decides(name)).collect();
    (if deciding.is_empty() { all().collect() } else { deciding }, at)
}

/// The first moment of any way. A value changes no stage, so the ways are the same ones.
fn since(before: &[Vec<Question>], after: &[Vec<Question>], change: Changed) -> Option<i64> {
    let of_place = |(place, ways): (usize, &Vec<Question>)| {
        let was = |way: usize| before.get(place).and_then(|ways| ways.get(way));
        let ways = ways.iter().enumerate();
        ways.filter_map(|(way, question)| change(question, was(way))).min()
    };
    after.iter().enumerate().filter_map(of_place).min()
}

/// For each place of the query's spine, the filters on each of its ways to the result.
fn ways(text: &str, setting: Setting<'_>) -> Vec<Vec<Question>> {
    let query = Query::parse(text);
    let of_place = |place: &kql::Place| {
        let clock = Clock::at(place, setting.schema, setting.now, setting.period);
        let ways = place.ways(&query, setting.schema).into_iter();
        ways.map(|way| Question::new(way, Vec::new(), clock)).collect()
    };
    spine(&query).places.iter().map(of_place).collect()
}

/// Parameters that have become zero and say how far back the query looks, or how many rows it gives.
fn zeros(before: &str, after: &str) -> Vec<(String, String)> {
    let was = kql::parameters(&Query::parse(before));
    let query = Query::parse(after);
    let zero = |(name, parameter): (String, Parameter)| {
        let is_zero = |value: kql::Value| {
            let is = |parameter: &Parameter| parameter.values == [value.clone()];
            is(&parameter) && !was.get(&name).is_some_and(is)
        };
        let window = is_zero(kql::Value::Timespan(0)) && looks_back(&query, &name, parameter.form);
        let rows = is_zero(kql::Value::Long(0)) && limits(&query, &name);
        let effect = if window { "window has no length" } else { "limit lets no row through" };
        (window || rows).then(|| (name, effect.to_owned()))
    };
    kql::parameters(&query).into_iter().filter_map(zero).collect()
}

/// Whether the parameter is a number of rows: `take name`, `top name by …`.
fn limits(query: &Query<'_>, name: &str) -> bool {
    let operators = ["take", "limit", "top", "sample", "sample-distinct"];
    let mut uses = (2..query.tokens().len()).filter(|index| query.word(*index) == name);
    uses.any(|index| query.word(index - 2) == "|" && operators.contains(&query.word(index - 1)))
}

/// Whether a time is compared to lie after the parameter: `> ago(name)`, `between (now(-name) .. …)`.
fn looks_back(query: &Query<'_>, name: &str, form: ParameterForm) -> bool {
    let ways: &[&[&str]] = match form {
        ParameterForm::Ago => &[&[]],
        _ => &[&["ago", "("], &["now", "(", "-"], &["now", "(", ")", "-"]],
    };
    let before = |index: usize, words: &[&str]| {
        index >= words.len()
            && words.iter().zip(index - words.len()..).all(|(word, at)| query.word(at) == *word)
    };
    let bound = |start: usize| {
        before(start, &[">"]) || before(start, &[">="]) || before(start, &["between", "("])
    };
    let mut uses = (0..query.tokens().len()).filter(|index| query.word(*index) == name);
    uses.any(|index| ways.iter().any(|words| before(index, words) && bound(index - words.len())))
}
