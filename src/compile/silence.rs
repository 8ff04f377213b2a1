//! Parameter values that silence a query: an empty list of hosts to look for, a window of no length.
//!
//! A value needs no reason, so one that takes all rows away must not pass. What is judged are the
//! filters on the way to the result, as for exclusions; a threshold behind a `summarize` is a number
//! like any other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::content::Content;
use crate::diag::{Code, Diagnostic, Located};
use crate::kql::{self, Parameter, ParameterForm, Query, Schema, reason, spine};

const SILENCES: Code = Code::new("parameter-silences-query");

/// Values by parameter.
type Values<'v> = BTreeMap<&'v str, Located<Value>>;

/// Errors for the values that silence `text` when they are set in it, at the values. `now` is in ticks.
pub(super) fn check(
    content: &Content,
    text: &str,
    values: &Values<'_>,
    now: i64,
) -> Vec<Diagnostic> {
    if values.is_empty() {
        return Vec::new();
    }
    let set = changed(text, values);
    if set == text {
        return Vec::new();
    }
    let windows = empty_windows(text, &set);
    let (blamed, effect) = if windows.is_empty() {
        (silencing(text, values, &set, now), "filters admit no event")
    } else {
        (windows, "window has no length")
    };
    let error = |name: &String| {
        let value = values.get(name.as_str())?;
        let message = format!("with this value of `{name}` the query's {effect}");
        let id = &content.id.value;
        let help = format!(
            "give `{name}` another value; what shall not run here is left out with \
             `content: {{ exclude: [{{ id: {id} }}] }}`"
        );
        let error = Diagnostic::error(SILENCES, message)
            .at(&value.source, value.span.clone(), "")
            .about(id.as_str())
            .help(help);
        Some(error)
    };
    blamed.iter().filter_map(error).collect()
}

/// The text with the values set; itself where they cannot be, which is said elsewhere.
fn changed(text: &str, values: &Values<'_>) -> String {
    let values: Vec<(&str, Value)> =
        values.iter().map(|(name, value)| (*name, value.value.clone())).collect();
    kql::set_parameters(text, &values).unwrap_or_else(|_| text.to_owned())
}

/// The parameters without which no place is silent that was not silent before; all of them where no
/// single one decides.
fn silencing(text: &str, values: &Values<'_>, set: &str, now: i64) -> Vec<String> {
    let before = silent_places(text, now);
    let silenced = |text: &str| {
        let after = silent_places(text, now);
        after.iter().zip(&before).any(|(after, before)| *after && !*before)
    };
    if !silenced(set) {
        return Vec::new();
    }
    let decides = |name: &str| {
        let mut rest = values.clone();
        rest.remove(name);
        !silenced(&changed(text, &rest))
    };
    let all = || values.keys().map(|name| (*name).to_owned());
    let deciding: Vec<String> = all().filter(|name| decides(name)).collect();
    if deciding.is_empty() { all().collect() } else { deciding }
}

/// For each place of the query's spine, whether the filters on its way to the result are proven to
/// admit no event.
fn silent_places(text: &str, now: i64) -> Vec<bool> {
    let query = Query::parse(text);
    let admits_nothing = |place: &kql::Place| {
        let ways = place.ways(&query, Schema::builtin());
        ways.into_iter().all(|way| reason::Case::new(way, Vec::new(), now).admits().is_refuted())
    };
    spine(&query).places.iter().map(admits_nothing).collect()
}

/// Parameters that have become zero and say how far back the query looks.
fn empty_windows(before: &str, after: &str) -> Vec<String> {
    let was = kql::parameters(before);
    let is_zero = |parameter: &Parameter| parameter.values == [kql::Value::Timespan(0)];
    let query = Query::parse(after);
    kql::parameters(after)
        .into_iter()
        .filter(|(name, parameter)| is_zero(parameter) && !was.get(name).is_some_and(is_zero))
        .filter(|(name, parameter)| looks_back(&query, name, parameter.form))
        .map(|(name, _)| name)
        .collect()
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
