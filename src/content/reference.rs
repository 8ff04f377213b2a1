//! The keys that this tool adds to the community's format: `queryFrom`, `inherit`, `parameters`,
//! `replaces`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::QuerySource;
use super::document::Entry;
use super::sheet::Sheet;
use crate::diag::{Code, Diagnostic, Located};
use crate::ident::ContentId;

const BAD_ID: Code = Code::new("bad-id");
const WRONG_TYPE: Code = Code::new("wrong-type");
const BAD_PARAMETERS: Code = Code::new("bad-parameters");
const INHERIT: Code = Code::new("inherit-without-source");

/// Names of parameters, with a value where the file sets one.
pub(super) type Parameters = BTreeMap<String, Located<Option<Value>>>;

/// `queryFrom` and `inherit`; an error that says why the id is none.
pub(super) fn query_from(sheet: &mut Sheet, entry: &Entry) -> Result<QuerySource, Box<Diagnostic>> {
    let id = content_id(sheet, entry)?;
    let inherit = match sheet.take("inherit").map(|entry| (entry.value.as_bool(), entry.span)) {
        None => true,
        Some((Some(inherit), _)) => inherit,
        Some((None, span)) => {
            let message = "`inherit` must be `true` or `false`";
            let help = "write `inherit: false`, or delete the line";
            sheet.report(Diagnostic::error(WRONG_TYPE, message).help(help), &span, "");
            true
        }
    };
    Ok(QuerySource::From { id, inherit })
}

/// `inherit` means nothing for a query of one's own.
pub(super) fn refuse_inherit(sheet: &mut Sheet) {
    if let Some(entry) = sheet.take("inherit") {
        let message = "`inherit` belongs to `queryFrom`, which is not there";
        let help = "delete the line";
        sheet.report(Diagnostic::error(INHERIT, message).help(help), &entry.name_span, "");
    }
}

pub(super) fn replaces(sheet: &mut Sheet) -> Option<Located<ContentId>> {
    // An empty value is none either: somebody has begun to say what is replaced.
    let entry = sheet.get("replaces")?;
    let (named, span) = (content_id(sheet, entry), entry.span.clone());
    sheet.take("replaces");
    match named {
        Ok(id) => Some(id),
        Err(diagnostic) => {
            sheet.report(*diagnostic, &span, "");
            None
        }
    }
}

fn content_id(sheet: &Sheet, entry: &Entry) -> Result<Located<ContentId>, Box<Diagnostic>> {
    let text = entry.value.as_str().or_else(|| entry.written(&sheet.source)).unwrap_or_default();
    match text.trim().parse() {
        Ok(id) => Ok(Located::new(id, &sheet.source, entry.span.clone())),
        Err(invalid) => {
            let message = format!("`{}` does not name a content id: {invalid}", entry.name);
            let help = "write the `id` of another content file";
            Err(Diagnostic::error(BAD_ID, message).help(help).into())
        }
    }
}

/// A list of names, or in a `queryFrom` rule a mapping of names to values.
pub(super) fn parameters(sheet: &mut Sheet, query: &QuerySource) -> Parameters {
    let Some(entry) = sheet.take("parameters") else { return Parameters::new() };
    let place = |value| Located::new(value, &sheet.source, entry.span.clone());
    let mut parameters = Parameters::new();
    let mut problem = None;
    match &entry.value {
        Value::Array(names) => {
            for name in names {
                match name.as_str().filter(|name| is_name(name)) {
                    Some(name) => drop(parameters.insert(name.to_owned(), place(None))),
                    None => problem = Some(format!("{name} is not the name of a `let`")),
                }
            }
        }
        Value::Object(_) if matches!(query, QuerySource::Own(_)) => {
            problem = Some("values of parameters stand in the query itself".to_owned());
        }
        Value::Object(map) => {
            for (name, value) in map {
                if !is_name(name) {
                    problem = Some(format!("`{name}` is not the name of a `let`"));
                } else if !is_literal(value) {
                    problem = Some(format!("the value of `{name}` is not a literal"));
                }
                let value = Some(value.clone()).filter(|value| !value.is_null());
                parameters.insert(name.clone(), place(value));
            }
        }
        _ => problem = Some("`parameters` must be a list of names".to_owned()),
    }
    if let Some(message) = problem {
        let help = "name `let` statements of the query: `parameters: [lookback]`";
        let diagnostic = Diagnostic::error(BAD_PARAMETERS, message).help(help);
        sheet.report(diagnostic, &entry.name_span, "");
    }
    parameters
}

fn is_name(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A scalar, or a list of scalars.
fn is_literal(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().all(|item| !item.is_array() && !item.is_object()),
        Value::Object(_) => false,
        _ => true,
    }
}
