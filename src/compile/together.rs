//! All exclusions on the way of a row at once, whatever tables they are of.
//!
//! A row may pass several places on its way to the result: that of its own table, and markers for
//! others'. Each may leave something that the next takes away, and a marker's exclusions may be about
//! columns that the row does not have. So the query is read again as it will
//! be deployed, and on each way everything that the query alone does not have there is one conjunction
//! of exclusions.

use std::collections::{BTreeMap, BTreeSet};

use super::exclusion::Ready;
use super::judge::{Case, Judged};
use super::verdict::{TAKEN_AWAY, hold};
use crate::content::Exclusion;
use crate::ident::ExclusionId;
use crate::kql::reason::{
    self, BLINDS_ALTERNATIVE, BLINDS_QUERY, BLINDS_RECENT, Dated, MAY_BLIND_ALTERNATIVE,
    MAY_BLIND_QUERY, Question,
};
use crate::kql::{self, Finding, Injected, Insertion, Predicate, Query};

/// A way from a place, with all exclusions on it.
struct Asked {
    /// Which of the query's places.
    place: usize,
    /// What the query itself asks of a row.
    filters: Vec<Predicate>,
    question: Question,
    /// Whether one of the exclusions on it is of another table than the place: those of its own have
    /// been judged there.
    meet: bool,
}

/// Judges what exclusions do to the rows of other tables than theirs, together with those of these.
pub(super) fn judge(case: &Case<'_>, judged: &mut Judged) {
    if !case.spine.places.iter().any(kql::Place::is_marked) {
        // Places of tables do not follow each other; markers follow them.
        return;
    }
    let insertions: Vec<Insertion> = case.ready.iter().map(Ready::insertion).collect();
    if kql::inject_into(case.query, case.spine, &insertions).is_err() {
        // The item is held, and what is wrong is said where the exclusions are compiled in.
        return;
    }
    let Some(asked) = ask(case, None) else {
        return hold(case, &unknown(), &all(case), judged);
    };
    let mut rest: BTreeMap<&ExclusionId, Option<Vec<Asked>>> = BTreeMap::new();
    let mut said: BTreeSet<String> = BTreeSet::new();
    for asked in asked.iter().filter(|asked| asked.meet) {
        for finding in asked.question.judge().findings {
            if !blinds(&finding) {
                continue;
            }
            let concerned = deciding(case, asked, &finding, &mut rest);
            let ids: Vec<&str> = concerned.iter().map(|e| e.id.value.as_str()).collect();
            if said.insert(format!("{} {} {ids:?}", finding.code, finding.said())) {
                hold(case, &finding, &concerned, judged);
            }
        }
    }
}

fn tables<'c>(case: &'c Case<'_>) -> BTreeSet<&'c str> {
    case.ready.iter().map(|ready| ready.table.as_str()).collect()
}

/// The ways with all exclusions on them, or with all but one; none if they cannot be read.
fn ask(case: &Case<'_>, without: Option<&ExclusionId>) -> Option<Vec<Asked>> {
    let ready: Vec<&Ready<'_>> =
        case.ready.iter().filter(|ready| Some(&ready.exclusion.id.value) != without).collect();
    let ends: Option<Vec<i64>> = ready.iter().map(|ready| ready.until()).collect();
    let until = ends.and_then(|ends| ends.into_iter().max());
    let mut by_table: Vec<(&str, Vec<Vec<Predicate>>)> = Vec::new();
    for table in tables(case) {
        let of_table = ready.iter().copied().filter(|ready| ready.table == table);
        let of_place = |ways: Vec<reason::Apart>| -> Vec<Predicate> {
            ways.into_iter().flat_map(|way| way.exclusions).collect()
        };
        by_table.push((table, ways(case, of_table)?.into_iter().map(of_place).collect()));
    }
    let mut asked = Vec::new();
    for (place, ways) in ways(case, ready.iter().copied())?.into_iter().enumerate() {
        let own = case.type_of_rows(&case.spine.places[place]);
        for reason::Apart { mut filters, exclusions } in ways {
            filters.extend(own.clone());
            let on_it = by_table.iter().filter(|(_, of_table)| {
                exclusions.iter().any(|exclusion| of_table[place].contains(exclusion))
            });
            let meet = on_it.into_iter().any(|(table, _)| is_foreign(case, table, place));
            let dated = |predicate| Dated { predicate, until };
            let exclusions = exclusions.into_iter().map(dated).collect();
            let clock = case.clock(&case.spine.places[place]);
            let question = Question::new(filters.clone(), exclusions, clock);
            asked.push(Asked { place, filters, question, meet });
        }
    }
    Some(asked)
}

/// Whether an exclusion of the table, on a way from the place, is about other rows than the place's.
fn is_foreign(case: &Case<'_>, table: &str, place: usize) -> bool {
    // A marker without a table is about the rows of the only one.
    let only = table.is_empty() && case.spine.tables().len() == 1;
    table != case.spine.places[place].table && !only
}

/// By place of the query, its ways when these exclusions are in it. Rows that come by a marker have
/// come from a table, and are seen from there; but for those of sources that are not understood.
fn ways<'r>(
    case: &Case<'_>,
    ready: impl Iterator<Item = &'r Ready<'r>>,
) -> Option<Vec<Vec<reason::Apart>>> {
    let insertions: Vec<Insertion> = ready.map(Ready::insertion).collect();
    let text = plain(kql::inject_into(case.query, case.spine, &insertions).ok()?, &insertions)?;
    let query = Query::parse(&text);
    let spine = kql::spine(&query);
    let places = &case.spine.places;
    if spine.places.len() != places.len() {
        return None;
    }
    let is_whole = case.spine.refusals.iter().all(|refusal| refusal.reach == kql::Reach::Nothing);
    let is_whole = is_whole && places.iter().any(|place| !place.is_marked());
    let apart = |(before, after): (&kql::Place, &kql::Place)| {
        if before.is_marked() && is_whole {
            return Vec::new();
        }
        let without = before.ways(case.query, case.schema);
        let ways = after.ways(&query, case.schema).into_iter();
        ways.map(|way| reason::apart(way, &without)).collect()
    };
    Some(places.iter().zip(&spine.places).map(apart).collect())
}

/// The compiled query with conditions that can be read: without the dates behind which they end, since
/// it is asked what all of them do together, and without `coalesce`, since an exclusion takes out what
/// it is true for in any case.
fn plain(injected: Injected, insertions: &[Insertion]) -> Option<String> {
    let mut text = injected.text;
    for stage in injected.stages.iter().rev() {
        let mut same = insertions.iter().filter(|insertion| {
            insertion.id == stage.id && insertion.table.as_ref() == Some(&stage.table)
        });
        let condition = &same.next()?.predicate;
        text.replace_range(stage.span.clone(), &format!("| where not(({condition}))"));
    }
    Some(text)
}

fn blinds(finding: &Finding) -> bool {
    let codes =
        [BLINDS_QUERY, BLINDS_RECENT, BLINDS_ALTERNATIVE, MAY_BLIND_QUERY, MAY_BLIND_ALTERNATIVE];
    codes.contains(&finding.code)
}

fn unknown() -> Finding {
    Finding {
        code: MAY_BLIND_QUERY,
        exclusion: None,
        message: "what they take out together cannot be read".to_owned(),
        acknowledgeable: true,
        at: None,
        example: None,
    }
}

/// Each exclusion once, whatever tables of the query it is about.
fn all<'e>(case: &Case<'e>) -> Vec<&'e Exclusion> {
    let mut ids: BTreeSet<&ExclusionId> = BTreeSet::new();
    let exclusions = case.ready.iter().map(|ready| ready.exclusion);
    exclusions.filter(|exclusion| ids.insert(&exclusion.id.value)).collect()
}

/// The exclusions whose removal makes the finding go away; all of them if no single one's does.
/// `rest` keeps the ways without each of them.
fn deciding<'e>(
    case: &Case<'e>,
    asked: &Asked,
    finding: &Finding,
    rest: &mut BTreeMap<&'e ExclusionId, Option<Vec<Asked>>>,
) -> Vec<&'e Exclusion> {
    let all = all(case);
    if all.len() > TAKEN_AWAY {
        return all;
    }
    let mut stays = |exclusion: &&'e Exclusion| {
        let id = &exclusion.id.value;
        let rest = rest.entry(id).or_insert_with(|| ask(case, Some(id)));
        let same = |other: &&Asked| other.place == asked.place && other.filters == asked.filters;
        let mut judgements = rest.iter().flatten().filter(same).map(|other| {
            let findings = other.question.judge_when(finding).findings;
            findings.iter().any(|f| f.code == finding.code && f.message == finding.message)
        });
        judgements.any(|stays| stays)
    };
    let found: Vec<&Exclusion> =
        all.iter().copied().filter(|exclusion| !stays(exclusion)).collect();
    if found.is_empty() { all } else { found }
}
