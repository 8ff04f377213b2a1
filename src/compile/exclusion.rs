//! Which exclusions are in force for an item in a workspace, and what they compile to.

use std::collections::BTreeSet;

use super::compile::Index;
use crate::content::{self, Content, Exclusion, QuerySource};
use crate::diag::{Code, Diagnostic, Located, Span};
use crate::environment::{Environment, Workspace};
use crate::kql::{
    self, EcsMap, Insertion, Place, Polarity, PredicateError, Query, Refusal, Resolved, Rows,
    Schema, Spine,
};

/// An exclusion applies to a table that the query does not read.
const NO_TABLE: Code = Code::new("exclusion-without-table");

/// An exclusion on one table of one query: ready to be placed.
#[derive(Debug, Clone)]
pub(super) struct Ready<'a> {
    pub(super) exclusion: &'a Exclusion,
    pub(super) resolved: Resolved,
    pub(super) table: String,
}

impl Ready<'_> {
    pub(super) fn insertion(&self) -> Insertion {
        Insertion {
            id: self.exclusion.id.value.clone(),
            table: Some(self.table.clone()),
            predicate: self.resolved.kql.clone(),
            expires: self.exclusion.expires.as_ref().map(|day| day.value),
        }
    }
}

/// The exclusions that are about the content, by their place in the catalog.
pub(super) fn about<'a>(content: &Content, index: &Index<'a>) -> Vec<(usize, &'a Exclusion)> {
    let own = |exclusion: &Exclusion, content: &Content| {
        let by_id = exclusion.applies_to.content.iter().any(|id| id.value == content.id.value);
        let by_tag = exclusion.applies_to.tags.iter().any(|tag| content.tags.contains(&tag.value));
        by_id || by_tag
    };
    let hunt = inherited(content, index);
    let tables = driving_tables(content, index);
    let named = |exclusion: &Exclusion| {
        exclusion.applies_to.tables.iter().any(|table| tables.contains(table.value.as_str()))
    };
    index
        .catalog
        .exclusions
        .iter()
        .enumerate()
        .filter(|(_, exclusion)| {
            own(exclusion, content)
                || hunt.is_some_and(|hunt| own(exclusion, hunt))
                || named(exclusion)
        })
        .collect()
}

/// Whether it is in force in a workspace.
pub(super) fn in_force(
    exclusion: &Exclusion,
    environment: &Environment,
    workspace: &Workspace,
) -> bool {
    workspace.in_scope(environment, &exclusion.scope.value)
}

/// The hunt whose exclusions come along.
pub(super) fn inherited<'a>(content: &Content, index: &Index<'a>) -> Option<&'a Content> {
    match &content.query {
        QuerySource::From { id, inherit: true } => index.by_id.get(&id.value).copied(),
        QuerySource::From { inherit: false, .. } | QuerySource::Own(_) => None,
    }
}

/// The tables that drive the content's query; only looked for where some exclusion asks by table.
fn driving_tables(content: &Content, index: &Index<'_>) -> BTreeSet<String> {
    let asked = index.catalog.exclusions.iter().any(|e| !e.applies_to.tables.is_empty());
    let text = super::query::source_text(content, index).filter(|_| asked);
    let Some(text) = text else { return BTreeSet::new() };
    let spine = kql::spine(&Query::parse(text));
    spine.tables().into_iter().map(str::to_owned).collect()
}

/// Resolves an exclusion on every table of the query that it is about.
///
/// # Errors
/// What is wrong with it, at its own place.
pub(super) fn resolve<'a>(
    exclusion: &'a Exclusion,
    (source, query): (&Located<String>, &Query<'_>),
    spine: &Spine,
    ecs: &EcsMap,
) -> Result<Vec<Ready<'a>>, Vec<Diagnostic>> {
    let mut ready = Vec::new();
    for table in tables_of(exclusion, spine)? {
        let places = spine
            .places_of(table.as_deref())
            .map_err(|refusals| refused(exclusion, &refusals, (source, query.text())))?;
        let Some(first) = places.first() else {
            return Err(vec![no_table(exclusion, spine)]);
        };
        let resolved = on_place(exclusion, query, first, ecs).map_err(|errors| {
            errors.iter().map(|error| misread(exclusion, error)).collect::<Vec<_>>()
        })?;
        ready.push(Ready { exclusion, resolved, table: first.table.clone() });
    }
    Ok(ready)
}

fn on_place(
    exclusion: &Exclusion,
    query: &Query<'_>,
    place: &Place,
    ecs: &EcsMap,
) -> Result<Resolved, Vec<PredicateError>> {
    let rows = Rows::at(query, place);
    let scope = kql::Scope { table: &place.table, schema: Schema::builtin(), ecs, rows: &rows };
    let polarity = match exclusion.polarity {
        content::Polarity::When => Polarity::When,
        content::Polarity::Keep => Polarity::Keep,
    };
    kql::resolve(&exclusion.condition.value, polarity, scope)
}

/// `None` stands for the query's only driving table.
fn tables_of(exclusion: &Exclusion, spine: &Spine) -> Result<Vec<Option<String>>, Vec<Diagnostic>> {
    if let Some(table) = &exclusion.table {
        return Ok(vec![Some(table.value.clone())]);
    }
    let driving = spine.tables();
    let named: Vec<Option<String>> = exclusion
        .applies_to
        .tables
        .iter()
        .filter(|table| driving.contains(table.value.as_str()))
        .map(|table| Some(table.value.clone()))
        .collect();
    Ok(if named.is_empty() { vec![None] } else { named })
}

fn no_table(exclusion: &Exclusion, spine: &Spine) -> Diagnostic {
    let tables: Vec<&str> = spine.tables().into_iter().collect();
    let message = format!(
        "exclusion `{}` has no place: the query is driven by {}",
        exclusion.id.value,
        if tables.is_empty() { "no table".to_owned() } else { tables.join(", ") }
    );
    let at = exclusion.table.as_ref().map_or_else(
        || (&exclusion.id.source, exclusion.id.span.clone()),
        |table| (&table.source, table.span.clone()),
    );
    Diagnostic::error(NO_TABLE, message)
        .at(at.0, at.1, "")
        .about(exclusion.id.value.as_str())
        .help("name one of these tables in `table`")
}

fn misread(exclusion: &Exclusion, error: &PredicateError) -> Diagnostic {
    let condition = &exclusion.condition;
    let span = content::place(condition, &error.span);
    let diagnostic = Diagnostic::error(error.code, error.message.clone())
        .at(&condition.source, span, "")
        .about(exclusion.id.value.as_str())
        .because(format!(
            "exclusion `{}` cannot be compiled, so what it applies to is held",
            exclusion.id.value
        ));
    let default = "write a condition over columns of the table, as it would stand after `where`";
    diagnostic.help(error.help.clone().unwrap_or_else(|| default.to_owned()))
}

/// Refusals of an exclusion in a query, as it is in its file and with its parameters set.
pub(super) fn refused(
    exclusion: &Exclusion,
    refusals: &[Refusal],
    (source, text): (&Located<String>, &str),
) -> Vec<Diagnostic> {
    let id = &exclusion.id;
    let one = |refusal: &Refusal| {
        let mut diagnostic = Diagnostic::error(refusal.code, refusal.message.clone());
        // A marker is the query's own mistake.
        if refusal.code == kql::refusal::MARKER {
            let span = in_file(source, text, &refusal.span);
            diagnostic = diagnostic.at(&source.source, span, "");
        }
        diagnostic
            .at(&id.source, id.span.clone(), "this exclusion has no place in the query")
            .about(id.value.as_str())
            .help(refusal.help.clone())
    };
    refusals.iter().map(one).collect()
}

/// Where a part of the query stands in its file. Parameters may have moved it.
fn in_file(source: &Located<String>, text: &str, span: &Span) -> Span {
    let part = &text[span.clone()];
    let same = source.value.get(span.clone()) == Some(part);
    let start = if same { Some(span.start) } else { source.value.find(part) };
    let found = start.map(|start| start..start + part.len());
    found.map_or_else(|| source.span.clone(), |found| content::place(source, &found))
}
