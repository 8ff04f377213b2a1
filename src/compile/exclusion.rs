//! Which exclusions are in force for an item in a workspace, and what they compile to.

use std::collections::BTreeSet;

use super::compile::Index;
use super::reading::{self, Text, Vocabulary};
use super::source::Source;
use crate::content::{self, Content, Exclusion, QuerySource};
use crate::diag::{Code, Diagnostic, Located, Span};
use crate::environment::{Environment, Workspace};
use crate::kql::value::ticks_of;
use crate::kql::{self, Insertion, Place, PredicateError, Reach, Refusal, Resolved, Spine};

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

    /// The first tick at which it is no longer in force.
    pub(super) fn until(&self) -> Option<i64> {
        let last = self.exclusion.expires.as_ref()?.value;
        Some(ticks_of(last.next().date().at(0, 0, 0, 0)))
    }
}

/// The exclusions that are about the content, by their place in the catalog.
pub(super) fn about<'a>(
    content: &Content,
    source: Option<&Source<'_>>,
    index: &Index<'a>,
) -> Vec<(usize, &'a Exclusion)> {
    let own = |exclusion: &Exclusion, content: &Content| {
        let by_id = exclusion.applies_to.content.iter().any(|id| id.value == content.id.value);
        let by_tag = exclusion.applies_to.tags.iter().any(|tag| content.tags.contains(&tag.value));
        by_id || by_tag
    };
    let hunt = inherited(content, index);
    let named = |exclusion: &Exclusion| {
        let mut tables = exclusion.applies_to.tables.iter();
        tables.any(|table| source.is_some_and(|query| may_pass(query.spine(), &table.value)))
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

/// Whether rows of the table may come along the spine: it drives the query, a marker names it, or it
/// may be behind a construct at which nothing can be placed. The last one has no place, so that the
/// item is held rather than deployed without its exclusions.
fn may_pass(spine: &Spine, table: &str) -> bool {
    spine.places.iter().any(|place| place.table == table)
        || spine.refusals.iter().any(|refusal| refusal.reach.includes(table))
}

/// Resolves an exclusion on every table of the query that it is about.
///
/// # Errors
/// What is wrong with it, at its own place.
pub(super) fn resolve<'a>(
    exclusion: &'a Exclusion,
    text: &Text<'_>,
    names: Vocabulary<'_>,
) -> Result<Vec<Ready<'a>>, Vec<Diagnostic>> {
    let spine = text.spine;
    let mut ready = Vec::new();
    for table in tables_of(exclusion, spine)? {
        let places = spine
            .places_of(table.as_deref())
            .map_err(|refusals| refused(exclusion, &refusals, (text.source, text.query.text())))?;
        let Some(first) = places.first() else {
            return Err(vec![no_table(exclusion, spine)]);
        };
        if let Some(table) = table.filter(|table| is_open(first, table, spine)) {
            return Err(vec![open_marker(exclusion, &table)]);
        }
        let resolved = reading::read(exclusion, text, (first, &places), names)?;
        ready.push(Ready { exclusion, resolved, table: first.table.clone() });
    }
    Ok(ready)
}

/// `None` stands for the query's only driving table.
fn tables_of(exclusion: &Exclusion, spine: &Spine) -> Result<Vec<Option<String>>, Vec<Diagnostic>> {
    if let Some(table) = &exclusion.table {
        return Ok(vec![Some(table.value.clone())]);
    }
    let named: Vec<Option<String>> = exclusion
        .applies_to
        .tables
        .iter()
        .filter(|table| may_pass(spine, &table.value))
        .map(|table| Some(table.value.clone()))
        .collect();
    Ok(if named.is_empty() { vec![None] } else { named })
}

/// Whether a marker without a table stands where rows of other tables may pass too. It makes no
/// difference who has named the table, the exclusion itself or what it applies to: its condition is
/// about that table's rows, and would take out others'.
fn is_open(place: &Place, table: &str, spine: &Spine) -> bool {
    let mut named = spine.tables();
    let mut unnamed = false;
    for refusal in &spine.refusals {
        match &refusal.reach {
            Reach::Nothing => {}
            Reach::Table(name) => {
                named.insert(name);
            }
            Reach::Pattern(_) | Reach::Anything => unnamed = true,
        }
    }
    place.table.is_empty() && (unnamed || named != BTreeSet::from([table]))
}

fn open_marker(exclusion: &Exclusion, table: &str) -> Diagnostic {
    let id = &exclusion.id;
    let message = format!("the query's marker does not say whether rows of `{table}` pass there");
    Diagnostic::error(kql::refusal::MARKER, message)
        .at(&id.source, id.span.clone(), "this exclusion has no place in the query")
        .about(id.value.as_str())
        .help(format!("write `// @exclusions {table}` in the query"))
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

/// What keeps the condition from being read, at its own place.
pub(super) fn misread(exclusion: &Exclusion, error: &PredicateError) -> Diagnostic {
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
pub(super) fn in_file(source: &Located<String>, text: &str, span: &Span) -> Span {
    let part = &text[span.clone()];
    let same = source.value.get(span.clone()) == Some(part);
    let start = if same { Some(span.start) } else { source.value.find(part) };
    let found = start.map(|start| start..start + part.len());
    found.map_or_else(|| source.span.clone(), |found| content::place(source, &found))
}
