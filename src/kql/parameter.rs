//! Parameters: lets of a query whose literal an environment may replace.
//!
//! A parameter's let binds a literal, `dynamic([literals])`, `ago(L)` or `now(-L)`. Only the unsigned
//! literal is replaced, by one of the same type; a sign before it is text and stays. Nothing else of
//! the query changes, and the query stays valid on its own: this is no templating.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diag::{Code, Span};
use crate::ident::Duration;

use super::value::{boolean, datetime, number, quote, timespan, typed_literal, unquote};
use super::{ColumnType, Query, Statement, StatementKind, TokenKind, Value};

/// No let has the name, or several do.
pub const UNKNOWN: Code = Code::new("parameter-unknown");
/// The let's value is nothing that can be replaced.
pub const FORM: Code = Code::new("parameter-form");
/// The new value is not of the literal's type.
pub const TYPE: Code = Code::new("parameter-type");

/// What a parameter's literal stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterForm {
    /// Alone: `let x = 5`.
    Plain,
    /// In a window into the past: `ago(5d)`, `now(-5d)`.
    Ago,
    /// A list: `dynamic(["a", "b"])`.
    List,
}

/// A let that can be a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// What its literal stands in.
    pub form: ParameterForm,
    /// The type of the literal, or of the list's elements; none for an empty or mixed list.
    pub kind: Option<ColumnType>,
    /// The literal's value; a list's values.
    pub values: Vec<Value>,
    /// The bytes that a new value replaces.
    pub span: Span,
}

/// Why a parameter cannot be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterError {
    /// Stable name.
    pub code: Code,
    /// The parameter.
    pub name: String,
    /// A lower-case sentence.
    pub message: String,
    /// Bytes of the query: the let's value, or the whole text if there is no such let.
    pub span: Span,
    /// A way on.
    pub help: Option<String>,
}

/// Every let at the top level of a query that could be a parameter, by name.
#[must_use]
pub fn parameters(query: &Query<'_>) -> BTreeMap<String, Parameter> {
    let names = query.statements().iter().filter_map(|statement| statement.name.clone());
    names.filter_map(|name| Some((name.clone(), find(query, &name).ok()?))).collect()
}

/// Sets parameters; each value comes as YAML has it: a string, a number, a bool, or a list of them.
///
/// # Errors
/// All names without a let, lets of another form, and values of another type.
pub fn set_parameters(
    text: &str,
    values: &[(&str, serde_json::Value)],
) -> Result<String, Vec<ParameterError>> {
    if values.is_empty() {
        return Ok(text.to_owned());
    }
    let query = Query::parse(text);
    let mut edits: Vec<(Span, String)> = Vec::new();
    let mut errors = Vec::new();
    for (name, value) in values {
        match find(&query, name).and_then(|found| {
            let written = write(&query, &found, value);
            let span = found.span.clone();
            written.map(|written| (span.clone(), written)).map_err(|message| ParameterError {
                code: TYPE,
                name: (*name).to_owned(),
                message,
                span,
                help: None,
            })
        }) {
            Ok(edit) => edits.push(edit),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    edits.sort_by_key(|(span, _)| span.start);
    edits.dedup_by(|left, right| left.0 == right.0);
    let mut changed = text.to_owned();
    for (span, written) in edits.into_iter().rev() {
        changed.replace_range(span, &written);
    }
    Ok(changed)
}

fn find(query: &Query<'_>, name: &str) -> Result<Parameter, ParameterError> {
    let error = |code, message: String, span, help: Option<&str>| ParameterError {
        code,
        name: name.to_owned(),
        message,
        span,
        help: help.map(str::to_owned),
    };
    let whole = 0..query.text().len();
    if let Some(fault) = query.faults().first() {
        let message = format!("the query cannot be read: {}", fault.message);
        return Err(error(FORM, message, fault.span.clone(), None));
    }
    let named = |statement: &&Statement| statement.name.as_deref() == Some(name);
    let lets: Vec<&Statement> = query.statements().iter().filter(named).collect();
    let statement = match lets.as_slice() {
        [only] => only,
        [] => {
            let known: Vec<&str> =
                query.statements().iter().filter_map(|s| s.name.as_deref()).collect();
            let help = match known.as_slice() {
                [] => "the query has no let".to_owned(),
                known => format!("the query's lets are {}", known.join(", ")),
            };
            let message = format!("the query has no let `{name}`");
            return Err(error(UNKNOWN, message, whole, Some(&help)));
        }
        _ => {
            let message = format!("the query has several lets `{name}`");
            return Err(error(UNKNOWN, message, query.span(&lets[1].tokens), None));
        }
    };
    let span = query.span(&statement.body);
    if statement.kind != StatementKind::Let {
        let message = format!("`{name}` is a function");
        return Err(error(FORM, message, query.span(&statement.tokens), None));
    }
    let help = "a parameter is a literal, `dynamic([literals])`, `ago(literal)` or `now(-literal)`";
    form(query, &statement.body)
        .map_err(|what| error(FORM, format!("`{name}` {what}"), span, Some(help)))
}

/// Reads a let's value.
fn form(query: &Query<'_>, body: &Range<usize>) -> Result<Parameter, &'static str> {
    let Range { start, end } = *body;
    let other = "is not a literal";
    if query.is(start, "-") || query.is(start, "+") {
        return Err("has a sign; the literal of a parameter has none");
    }
    if let Some(value) = literal(query, start) {
        if end != start + 1 {
            return Err(other);
        }
        return Ok(plain(query, ParameterForm::Plain, start, value));
    }
    let called = query.is(start + 1, "(") && query.closing(start + 1) == Some(end - 1);
    let inside = start + 2..end.saturating_sub(1);
    match query.word(start) {
        "dynamic" if called => list(query, inside),
        "ago" if called => match (inside.len(), literal(query, inside.start)) {
            (1, Some(value @ Value::Timespan(_))) => {
                Ok(plain(query, ParameterForm::Ago, inside.start, value))
            }
            _ if query.is(inside.start, "-") => Err("is a window into the future"),
            _ => Err(other),
        },
        "now" if called => {
            let signed = query.is(inside.start, "-");
            match (inside.len(), literal(query, inside.start + usize::from(signed))) {
                (2, Some(value @ Value::Timespan(_))) if signed => {
                    Ok(plain(query, ParameterForm::Ago, inside.start + 1, value))
                }
                (1, Some(Value::Timespan(_))) => Err("is a window into the future"),
                _ => Err(other),
            }
        }
        _ => Err(other),
    }
}

fn plain(query: &Query<'_>, form: ParameterForm, token: usize, value: Value) -> Parameter {
    let span = query.tokens()[token].span();
    let kind = kind_of(query, token, &value);
    Parameter { form, kind, values: vec![value], span }
}

/// The type that a literal is written in: `int(5)` is an int.
fn kind_of(query: &Query<'_>, token: usize, value: &Value) -> Option<ColumnType> {
    match query.kind(token) {
        Some(TokenKind::Literal) => {
            ColumnType::from_word(query.word(token).split('(').next().unwrap_or(""))
        }
        _ => value.kind(),
    }
}

fn literal(query: &Query<'_>, token: usize) -> Option<Value> {
    let word = query.word(token);
    match query.kind(token)? {
        TokenKind::Text => unquote(word).map(Value::Text),
        TokenKind::Number => number(word),
        TokenKind::Literal => typed_literal(word).filter(|value| *value != Value::Null),
        TokenKind::Name => boolean(word),
        _ => None,
    }
}

fn list(query: &Query<'_>, inside: Range<usize>) -> Result<Parameter, &'static str> {
    let bracketed =
        query.is(inside.start, "[") && query.closing(inside.start) == Some(inside.end - 1);
    if !bracketed {
        return Err("is not a list of literals");
    }
    let mut parts = query.split(inside.start + 1..inside.end - 1, ",");
    if parts.last().is_some_and(Range::is_empty) {
        parts.pop();
    }
    let mut values = Vec::new();
    let mut kinds = Vec::new();
    for part in parts {
        match literal(query, part.start).filter(|_| part.len() == 1) {
            Some(value) => {
                kinds.push(value.kind());
                values.push(value);
            }
            None => return Err("is not a list of unsigned literals"),
        }
    }
    kinds.dedup();
    let kind = if let [only] = kinds.as_slice() { *only } else { None };
    let span = query.span(&(inside.start..inside.end));
    Ok(Parameter { form: ParameterForm::List, kind, values, span })
}

/// The text that replaces a parameter's literal.
fn write(
    query: &Query<'_>,
    parameter: &Parameter,
    value: &serde_json::Value,
) -> Result<String, String> {
    let old = &query.text()[parameter.span.clone()];
    match parameter.form {
        ParameterForm::List => {
            let Some(elements) = value.as_array() else {
                return Err(format!("`{value}` is not a list"));
            };
            let written: Result<Vec<String>, String> =
                elements.iter().map(|element| list_element(parameter.kind, element)).collect();
            Ok(format!("[{}]", written?.join(", ")))
        }
        ParameterForm::Plain | ParameterForm::Ago => {
            let kind = parameter.kind.unwrap_or(ColumnType::String);
            let written = scalar(kind, value)
                .ok_or_else(|| format!("`{value}` is no unsigned {}", kind.word()))?;
            // `h"…"` stays obfuscated in logs; `int(5)` stays an int.
            let obfuscated = kind == ColumnType::String && old.starts_with(['h', 'H']);
            let typed =
                old.split_once('(').filter(|(word, _)| ColumnType::from_word(word).is_some());
            Ok(match typed {
                Some((word, _)) => format!("{word}({written})"),
                None if obfuscated => format!("h{written}"),
                None if kind == ColumnType::Guid => format!("guid({written})"),
                None => written,
            })
        }
    }
}

fn list_element(kind: Option<ColumnType>, value: &serde_json::Value) -> Result<String, String> {
    use serde_json::Value as Json;
    let own = match value {
        Json::String(_) => ColumnType::String,
        Json::Bool(_) => ColumnType::Bool,
        Json::Number(number) if number.is_i64() || number.is_u64() => ColumnType::Long,
        Json::Number(_) => ColumnType::Real,
        _ => return Err(format!("`{value}` is no scalar")),
    };
    let fits = kind.is_none_or(|kind| kind == own || (kind == ColumnType::Real && own.is_number()));
    // Dates and the like stand in JSON lists as KQL literals; they are written as such.
    if let (Some(kind), ColumnType::String) = (kind, own)
        && matches!(kind, ColumnType::Datetime | ColumnType::Timespan | ColumnType::Guid)
    {
        let inner =
            scalar(kind, value).ok_or_else(|| format!("`{value}` is no {}", kind.word()))?;
        return Ok(format!("{}({inner})", kind.word()));
    }
    let written = scalar(own, value).filter(|_| fits);
    written.ok_or_else(|| match kind {
        Some(kind) => format!("`{value}` is no unsigned {}", kind.word()),
        None => format!("`{value}` is no unsigned literal"),
    })
}

/// A value as the inside of a literal of the type.
fn scalar(kind: ColumnType, value: &serde_json::Value) -> Option<String> {
    let text = value.as_str();
    match kind {
        ColumnType::String => text.map(quote),
        ColumnType::Bool => value.as_bool().map(|value| value.to_string()),
        ColumnType::Int => {
            value.as_u64().filter(|value| i32::try_from(*value).is_ok()).map(|v| v.to_string())
        }
        ColumnType::Long => {
            value.as_u64().filter(|value| i64::try_from(*value).is_ok()).map(|v| v.to_string())
        }
        ColumnType::Real | ColumnType::Decimal => {
            let number = value.as_f64().filter(|number| *number >= 0.0 && number.is_finite())?;
            Some(format!("{number:?}")).filter(|text| !text.contains(['e', 'E']))
        }
        ColumnType::Timespan => text.and_then(span),
        ColumnType::Datetime => {
            let plain = |c: char| c.is_ascii_digit() || "-:.TZ ".contains(c);
            text.filter(|text| datetime(text).is_some() && text.chars().all(plain))
                .map(str::to_owned)
        }
        ColumnType::Guid => text
            .filter(|text| matches!(number(text), Some(Value::Guid(_))))
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
            .map(str::to_owned),
        ColumnType::Dynamic => None,
    }
}

/// `2h` as KQL writes it, or any of the forms in which content writes durations: `PT2H`, `1h30m`.
fn span(text: &str) -> Option<String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if plain && text.starts_with(|c: char| c.is_ascii_digit()) && timespan(text).is_some() {
        return Some(text.to_owned());
    }
    let seconds = text.parse::<Duration>().ok()?.as_seconds();
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds.is_multiple_of(*size))?;
    Some(format!("{}{unit}", seconds / size))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value_text: &str, value: &serde_json::Value, expect: Result<&str, &str>) {
        let text = format!("let x = {value_text};\nT | where a > x // x = 1");
        let found = set_parameters(&text, &[("x", value.clone())]);
        match (found, expect) {
            (Ok(found), Ok(expect)) => {
                assert_eq!(found, format!("let x = {expect};\nT | where a > x // x = 1"));
            }
            (Err(errors), Err(code)) => assert_eq!(errors[0].code.as_str(), code, "{errors:?}"),
            (found, _) => panic!("{value_text} {value}: {found:?}"),
        }
    }

    #[test]
    fn only_the_literal_is_replaced() {
        check("5", &json!(7), Ok("7"));
        check("'a'", &json!("b\"c"), Ok(r#""b\"c""#));
        check("h'a'", &json!("b"), Ok("h\"b\""));
        check("ago(5d)", &json!("2h"), Ok("ago(2h)"));
        check("now(-5d)", &json!("PT90M"), Ok("now(-90m)"));
        check("1d", &json!("1h30m"), Ok("90m"));
        check("timespan(1d)", &json!("2d"), Ok("timespan(2d)"));
        check("true", &json!(false), Ok("false"));
        check("1.5", &json!(2), Ok("2.0"));
        check("int(5)", &json!(6), Ok("int(6)"));
        check("datetime(2026-01-01)", &json!("2026-02-01"), Ok("datetime(2026-02-01)"));
        check("dynamic(['a', 'b'])", &json!(["c"]), Ok("dynamic([\"c\"])"));
        check("dynamic([])", &json!([1, 2]), Ok("dynamic([1, 2])"));
    }

    #[test]
    fn signs_futures_and_other_types_are_errors() {
        for (text, value, code) in [
            ("-5", json!(7), "parameter-form"),
            ("now(5d)", json!("1d"), "parameter-form"),
            ("now()", json!("1d"), "parameter-form"),
            ("ago(-5d)", json!("1d"), "parameter-form"),
            ("ago(y)", json!("1d"), "parameter-form"),
            ("T | take 1", json!(1), "parameter-form"),
            ("5 + 1", json!(1), "parameter-form"),
            ("dynamic([-1])", json!([1]), "parameter-form"),
            ("dynamic({'a': 1})", json!([1]), "parameter-form"),
            ("5", json!("7"), "parameter-type"),
            ("5", json!(-7), "parameter-type"),
            ("5", json!(1.5), "parameter-type"),
            ("'a'", json!(5), "parameter-type"),
            ("ago(5d)", json!("-2h"), "parameter-type"),
            ("ago(5d)", json!("2h) | take 0 //"), "parameter-type"),
            ("ago(5d)", json!(2), "parameter-type"),
            ("datetime(2026-01-01)", json!("2026-02-01) | x"), "parameter-type"),
            ("dynamic(['a'])", json!("b"), "parameter-type"),
            ("dynamic(['a'])", json!([1]), "parameter-type"),
        ] {
            check(text, &value, Err(code));
        }
        let unknown = set_parameters("let x = 1; T", &[("y", json!(1))]).unwrap_err();
        assert_eq!(unknown[0].code, UNKNOWN);
        let function = set_parameters("let x = () { 1 }; T", &[("x", json!(1))]).unwrap_err();
        assert_eq!(function[0].code, FORM);
    }

    #[test]
    fn parameters_can_be_read() {
        let found =
            parameters(&Query::parse("let a = ago(2d); let b = -1; let c = dynamic([1, 2]); T"));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(found["a"].form, ParameterForm::Ago);
        assert_eq!(found["a"].values, [Value::Timespan(2 * crate::kql::value::DAY)]);
        assert_eq!(found["c"].kind, Some(ColumnType::Long));
    }
}
