//! One item as a workspace gets it, for rules to look at.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::Subject;
use crate::compile::overridden;
use crate::content::{Catalog, Content, QuerySource};
use crate::diag::{Diagnostic, Located};
use crate::environment::{Environment, Workspace};
use crate::ident::Duration;
use crate::kql::value::noon;
use crate::kql::{self, Query, Schema, Spine};
use crate::state::desired::Present;
use crate::state::{Field, Kind};

/// One item.
pub(super) struct Item<'a> {
    /// Scheduled, NRT or a hunt.
    pub(super) kind: Kind,
    /// Its query, compiled.
    pub(super) query: Query<'a>,
    /// Where rows come into the query.
    pub(super) spine: Spine,
    /// What is known about tables there.
    pub(super) schema: &'a Schema,
    /// Noon of the day of the check, in ticks.
    pub(super) now: i64,
    /// The keys of its file, overridden as the workspace does.
    pub(super) keys: Cow<'a, BTreeMap<String, Located<Value>>>,
    content: &'a Content,
    catalog: &'a Catalog,
    present: &'a Present,
}

impl<'a> Item<'a> {
    pub(super) fn new(
        subject: &Subject<'a>,
        content: &'a Content,
        present: &'a Present,
        (environment, workspace): (&'a Environment, &Workspace),
    ) -> Self {
        let keys = overridden(content, workspace, subject.today);
        let query = present.fields.get(&Field::Query).and_then(Value::as_str).unwrap_or("");
        let query = Query::parse(query);
        Self {
            kind: present.kind,
            spine: kql::spine(&query),
            query,
            schema: environment.schema(),
            now: noon(subject.today),
            keys: keys.map_or(Cow::Borrowed(&content.keys), Cow::Owned),
            content,
            catalog: subject.catalog,
            present,
        }
    }

    pub(super) fn is_rule(&self) -> bool {
        self.kind != Kind::Hunt
    }

    /// A field as it is sent; null where it is not.
    pub(super) fn value(&self, field: Field) -> &'a Value {
        self.present.fields.get(&field).unwrap_or(&Value::Null)
    }

    pub(super) fn text(&self, field: Field) -> &'a str {
        self.value(field).as_str().unwrap_or("")
    }

    pub(super) fn is_true(&self, field: Field) -> bool {
        self.value(field) == &Value::Bool(true)
    }

    /// The entries of a list; none where it is null.
    pub(super) fn list(&self, field: Field) -> &'a [Value] {
        self.value(field).as_array().map_or(&[], Vec::as_slice)
    }

    pub(super) fn texts(&self, field: Field) -> Vec<&'a str> {
        self.list(field).iter().filter_map(Value::as_str).collect()
    }

    pub(super) fn duration(&self, field: Field) -> Option<Duration> {
        self.text(field).parse().ok()
    }

    /// Puts a diagnostic at the value of a key, or at the id where the key is not written.
    pub(super) fn at(&self, key: &str, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = match self.keys.get(key) {
            Some(value) => diagnostic.at(&value.source, value.span.clone(), ""),
            None => diagnostic.at(&self.content.id.source, self.content.id.span.clone(), ""),
        };
        diagnostic.about(self.content.id.value.as_str())
    }

    /// Puts a diagnostic at a part of the query, wherever that is written.
    pub(super) fn at_query(&self, part: &str, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = match &self.content.query {
            QuerySource::Own(query) => at_part(query, part, diagnostic),
            QuerySource::From { id, .. } => {
                let diagnostic =
                    diagnostic.at(&id.source, id.span.clone(), "the query is taken over");
                match self.catalog.contents.iter().find(|hunt| hunt.id.value == id.value) {
                    Some(Content { query: QuerySource::Own(query), .. }) => {
                        at_part(query, part, diagnostic)
                    }
                    _ => diagnostic,
                }
            }
        };
        diagnostic.about(self.content.id.value.as_str())
    }
}

/// The part, or the line on which the query begins.
fn at_part(query: &Located<String>, part: &str, diagnostic: Diagnostic) -> Diagnostic {
    let written = query.source.text().get(query.span.clone()).unwrap_or("");
    let found = (!part.is_empty()).then(|| written.find(part)).flatten();
    let (from, length) = match found {
        Some(at) => (at, part.len()),
        None => (0, written.lines().next().map_or(0, str::len)),
    };
    let start = query.span.start + from;
    diagnostic.at(&query.source, start..start + length, "")
}
