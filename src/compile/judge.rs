//! What the exclusions of one query do to it: proven, and tried on their tests.

use std::collections::{BTreeMap, BTreeSet};

use super::exclusion::Ready;
use super::strangers;
use super::tests_of_exclusions::{Trial, try_all};
use super::together;
use super::verdict::prove;
use crate::content::Content;
use crate::diag::Diagnostic;
use crate::ident::{Day, Duration};
use crate::kql::reason::{self, Clock, Dated, Question};
use crate::kql::value::noon;
use crate::kql::{self, EcsMap, Judgement, Place, Predicate, Query, Schema, Spine, TYPE};

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
    pub(super) schema: &'a Schema,
    /// Parameter values for people.
    pub(super) parameters: &'a str,
    pub(super) today: Day,
    /// How far back the service lets the query look.
    pub(super) period: Option<Duration>,
}

impl<'a> Case<'a> {
    /// The places at which an exclusion is compiled in.
    pub(super) fn places(&self, table: &str) -> Vec<&'a Place> {
        self.spine.places_of(Some(table)).unwrap_or_default()
    }

    /// Noon of today.
    pub(super) fn now(&self) -> i64 {
        noon(self.today)
    }

    /// What rows at a place say of their table, if an exclusion asks for it. Where a marker lets rows of
    /// several tables pass, that is not one thing.
    pub(super) fn type_of_rows(&self, place: &Place) -> Option<Predicate> {
        let asked = self.ready.iter().any(|ready| ready.resolved.columns.contains(TYPE));
        let tables = self.spine.tables();
        let table = match (place.is_marked(), tables.first()) {
            (false, _) => place.table.as_str(),
            (true, Some(only)) if tables.len() == 1 => only,
            (true, _) => return None,
        };
        asked.then(|| kql::type_of_rows(self.query, self.schema, (place, table))).flatten()
    }

    pub(super) fn clock(&self, place: &Place) -> Clock {
        Clock::at(place, self.schema, self.now(), self.period)
    }
}

/// One place of a table, and what the query asks of its rows up to there.
pub(super) struct Site<'a> {
    pub(super) place: &'a Place,
    pub(super) leading: Vec<Predicate>,
}

fn sites_of<'a>(case: &Case<'a>, table: &str) -> Vec<Site<'a>> {
    let site = |place: &'a Place| Site { place, leading: place.filters(case.query, case.schema) };
    case.places(table).into_iter().map(site).collect()
}

/// An exclusion with the end of its last day, as it is compiled.
fn dated(ready: &Ready<'_>) -> Dated {
    Dated { predicate: ready.resolved.predicate.clone(), until: ready.until() }
}

/// Judges the exclusions of one query that are in force in a workspace: those of each table, and then
/// all of them together.
pub(super) fn judge(case: &Case<'_>) -> Judged {
    let tables: BTreeSet<&str> = case.ready.iter().map(|ready| ready.table.as_str()).collect();
    let tables: BTreeMap<&str, Vec<Site<'_>>> =
        tables.into_iter().map(|table| (table, sites_of(case, table))).collect();
    let mut judged = Judged { trials: try_all(case, &tables), ..Judged::default() };
    for (table, sites) in &tables {
        let here: Vec<&Ready<'_>> = case.ready.iter().filter(|r| r.table == *table).collect();
        let exclusions: Vec<Dated> = here.iter().map(|ready| dated(ready)).collect();
        let mut questions: Vec<Question> = Vec::new();
        for Site { place, leading } in sites {
            let clock = case.clock(place);
            let own = case.type_of_rows(place);
            for mut known in place.ways_behind(leading, case.query, case.schema) {
                known.extend(own.clone());
                questions.push(Question::new(known, exclusions.clone(), clock));
            }
        }
        let judgements: Vec<Judgement> = questions.iter().map(Question::judge).collect();
        let effective = effective(&judgements, here.len());
        for (question, judgement) in questions.iter().zip(&judgements) {
            prove(case, (question, judgement), (&here, &effective), &mut judged);
        }
    }
    together::judge(case, &mut judged);
    strangers::judge(case, &mut judged);
    judged
}

/// The exclusions that may take out something at one of the places at least: at the others, in further
/// arms of a union for example, they need not.
fn effective(judgements: &[Judgement], exclusions: usize) -> BTreeSet<usize> {
    let idle = |judgement: &Judgement, at: usize| {
        let none = |code| [reason::HAS_NO_EFFECT, reason::EXCLUDES_NOTHING].contains(&code);
        judgement.findings.iter().any(|f| f.exclusion == Some(at) && none(f.code))
    };
    (0..exclusions).filter(|at| judgements.iter().any(|judged| !idle(judged, *at))).collect()
}
