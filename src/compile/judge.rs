//! What the exclusions of one query do to it: proven, and tried on their tests.

use std::collections::BTreeSet;

use super::exclusion::Ready;
use super::tests_of_exclusions::{Trial, try_all};
use super::verdict::prove;
use crate::content::Content;
use crate::diag::Diagnostic;
use crate::ident::Day;
use crate::kql::{EcsMap, Place, Predicate, Query, Schema, Spine, reason};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// The item is held.
    pub(super) errors: Vec<Diagnostic>,
    /// The item is deployed.
    pub(super) remarks: Vec<Diagnostic>,
    /// How the exclusions' tests went on this query.
    pub(super) trials: Vec<Trial>,
}

/// Everything that a judgement is about.
pub(super) struct Case<'a> {
    pub(super) content: &'a Content,
    /// The hunt whose exclusions come along, if the content is a rule that was promoted from one.
    pub(super) hunt: Option<&'a Content>,
    pub(super) query: &'a Query<'a>,
    pub(super) spine: &'a Spine,
    pub(super) ready: &'a [Ready<'a>],
    pub(super) ecs: &'a EcsMap,
    /// Parameter values for people.
    pub(super) parameters: &'a str,
    pub(super) today: Day,
}

/// One place of a table and what its rows satisfy there.
pub(super) struct Site<'a> {
    pub(super) place: &'a Place,
    pub(super) leading: Vec<Predicate>,
}

impl<'a> Case<'a> {
    /// The places at which an exclusion is compiled in.
    pub(super) fn sites(&self, table: &str) -> Vec<Site<'a>> {
        let places = self.spine.places_of(Some(table)).unwrap_or_default();
        let site = |place: &'a Place| Site {
            place,
            leading: place.filters(self.query, Schema::builtin()),
        };
        places.into_iter().map(site).collect()
    }
}

/// Judges the exclusions of one query, all of those in force in a workspace together.
pub(super) fn judge(case: &Case<'_>) -> Judged {
    let mut judged = Judged { trials: try_all(case), ..Judged::default() };
    let tables: BTreeSet<&str> = case.ready.iter().map(|ready| ready.table.as_str()).collect();
    for table in tables {
        let here: Vec<&Ready<'_>> = case.ready.iter().filter(|r| r.table == table).collect();
        let predicates: Vec<Predicate> =
            here.iter().map(|ready| ready.resolved.predicate.clone()).collect();
        for site in case.sites(table) {
            for known in site.place.ways(case.query, Schema::builtin()) {
                let question = reason::Case::new(known, predicates.clone());
                prove(case, &question, &here, &mut judged);
            }
        }
    }
    judged
}
