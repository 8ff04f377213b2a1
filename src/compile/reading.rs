//! What an exclusion's condition means at its places: one and the same at all of them, or it is not
//! compiled.
//!
//! Between one place and the next the query may have given a name to something else: a parameter, a
//! column of its own, one that it has taken away. A condition that was read at one place only would
//! be written where nobody knows what it takes out.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::exclusion::{in_file, misread};
use crate::content::{self, Exclusion};
use crate::diag::{Code, Diagnostic, Located};
use crate::kql::{
    self, EcsMap, Place, Polarity, PredicateError, Query, Resolved, Rows, Schema, Scope, Spine,
};

/// The condition means one thing at a place of the query and another at a further one.
const DIFFER: Code = Code::new("exclusion-places-differ");

/// What names mean in a workspace.
#[derive(Clone, Copy)]
pub(super) struct Vocabulary<'v> {
    pub(super) ecs: &'v EcsMap,
    pub(super) schema: &'v Schema,
}

/// A query, where it stands, and what its rows are at its places: that is looked up once for all
/// exclusions.
pub(super) struct Text<'t> {
    pub(super) source: &'t Located<String>,
    pub(super) query: &'t Query<'t>,
    pub(super) spine: &'t Spine,
    rows: Vec<OnceCell<Rows>>,
}

impl<'t> Text<'t> {
    pub(super) fn new(source: &'t Located<String>, query: &'t Query<'t>, spine: &'t Spine) -> Self {
        let rows = spine.places.iter().map(|_| OnceCell::new()).collect();
        Self { source, query, spine, rows }
    }

    fn rows(&self, place: &Place) -> Cow<'_, Rows> {
        let is_place = |known: &Place| std::ptr::eq(known, place);
        let cell = self.spine.places.iter().position(is_place).and_then(|at| self.rows.get(at));
        let rows = || Rows::at(self.query, place);
        cell.map_or_else(|| Cow::Owned(rows()), |cell| Cow::Borrowed(cell.get_or_init(rows)))
    }
}

/// The condition at one place.
#[derive(PartialEq)]
struct Reading {
    resolved: Resolved,
    /// The columns among those it reads that the query has computed.
    made: BTreeSet<String>,
}

/// What the condition means at the first place and at all others.
///
/// # Errors
/// It cannot be read at one of them, or does not mean the same at all.
pub(super) fn read(
    exclusion: &Exclusion,
    text: &Text<'_>,
    (first, places): (&Place, &[&Place]),
    names: Vocabulary<'_>,
) -> Result<Resolved, Vec<Diagnostic>> {
    let known = reading(exclusion, text, first, names);
    for place in places.iter().copied().filter(|place| !std::ptr::eq(*place, first)) {
        let (errors, says) = match (&known, reading(exclusion, text, place, names)) {
            (Err(_), Err(_)) => continue,
            (Ok(known), Ok(reading)) if *known == reading => continue,
            (Ok(_), Ok(_)) => {
                return Err(vec![differ(exclusion, text, (first, place))]);
            }
            (Ok(_), Err(errors)) => (errors, [(place, UNREAD), (first, READ)]),
            (Err(errors), Ok(_)) => (errors.clone(), [(first, UNREAD), (place, READ)]),
        };
        let one = |error| labelled(misread(exclusion, error), text, says);
        return Err(errors.iter().map(one).collect());
    }
    let whole =
        |errors: Vec<PredicateError>| errors.iter().map(|e| misread(exclusion, e)).collect();
    known.map(|reading| reading.resolved).map_err(whole)
}

const UNREAD: &str = "it cannot be read here";
const READ: &str = "it can be read here";

fn reading(
    exclusion: &Exclusion,
    text: &Text<'_>,
    place: &Place,
    Vocabulary { ecs, schema }: Vocabulary<'_>,
) -> Result<Reading, Vec<PredicateError>> {
    let rows = text.rows(place);
    let scope = Scope { table: &place.table, schema, ecs, rows: &rows };
    let polarity = match exclusion.polarity {
        content::Polarity::When => Polarity::When,
        content::Polarity::Keep => Polarity::Keep,
    };
    let resolved = kql::resolve(&exclusion.condition.value, polarity, scope)?;
    let made = resolved.columns.iter().filter(|column| rows.make(column)).cloned().collect();
    Ok(Reading { resolved, made })
}

fn differ(exclusion: &Exclusion, text: &Text<'_>, (first, other): (&Place, &Place)) -> Diagnostic {
    let id = &exclusion.id.value;
    let condition = &exclusion.condition;
    let message =
        format!("exclusion `{id}` would mean different things at its places in the query");
    let error = Diagnostic::error(DIFFER, message)
        .at(&condition.source, condition.span.clone(), "")
        .about(id.as_str())
        .help(
            "name columns that the query leaves alone between its places, or leave one marker: \
             `// @exclusions TABLE`",
        );
    labelled(error, text, [(first, "it means one thing here"), (other, "and another here")])
}

/// Shows two places of the query, each with what is said of it.
fn labelled(
    diagnostic: Diagnostic,
    text: &Text<'_>,
    says: [(&Place, &'static str); 2],
) -> Diagnostic {
    let Text { source, query, .. } = text;
    says.into_iter().fold(diagnostic, |diagnostic, (place, words)| {
        diagnostic.at(&source.source, in_file(source, query.text(), &place.source), words)
    })
}
