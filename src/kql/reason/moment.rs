//! Time: exclusions are judged at every moment at which the answers may differ.
//!
//! A condition with a date means something else tomorrow. At one moment every date has its place
//! before or behind the clock, and so has every `ago()`; between two moments at which one of these
//! passes another, nothing changes. One moment from each such stretch is judged, from today to the
//! exclusions' last day.

use std::collections::BTreeSet;

use super::judge::{
    ADMITS_NOTHING, BLINDS_QUERY, BLINDS_RECENT, EXCLUDES_NOTHING, HAS_NO_EFFECT, MAY_BLIND_QUERY,
    MAY_EXCLUDE_NOTHING, SHADOWED, judge,
};
use super::{Answer, Case, Finding, Judgement};
use crate::diag::Code;
use crate::ident::Duration;
use crate::kql::predicate::{Bound, Check, Opaque, Subject, Test};
use crate::kql::value::{DAY, SECOND};
use crate::kql::{ColumnType, Place, Predicate, Schema, Value};

/// More moments than this are not judged.
const MOMENTS: usize = 16;

/// When a row came into being, by the names that tables have for it.
static TIMES: [&str; 2] = ["Timestamp", "TimeGenerated"];

/// An exclusion and how long it is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated {
    /// True for what it takes out.
    pub predicate: Predicate,
    /// The first tick at which it is no longer in force; none if it has no end.
    pub until: Option<i64>,
}

/// What is known about time where a query runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The first moment that is judged, in ticks.
    pub now: i64,
    /// How old the rows are that the service hands to the query, at most, in ticks.
    pub period: Option<i64>,
    /// Whether the table's `Timestamp` is the time at which a row came into being.
    pub timestamp: bool,
}

impl Clock {
    /// What is known about time at a place; `now` is in ticks, the period as far as the query may look
    /// back.
    #[must_use]
    pub fn at(place: &Place, schema: &Schema, now: i64, period: Option<Duration>) -> Self {
        let period = period.and_then(|period| {
            i64::try_from(period.as_seconds()).ok().and_then(|seconds| seconds.checked_mul(SECOND))
        });
        let timestamp = match schema.columns(&place.table) {
            Some(columns) => columns.get("Timestamp") == Some(&ColumnType::Datetime),
            None => place.table.is_empty(),
        };
        Self { now, period, timestamp }
    }
}

/// These are harmless unless they are so all the time.
const HARMLESS: [Code; 5] =
    [ADMITS_NOTHING, EXCLUDES_NOTHING, HAS_NO_EFFECT, MAY_EXCLUDE_NOTHING, SHADOWED];

/// A judgement at one moment, about the exclusions that are in force then.
struct At {
    now: i64,
    in_force: Vec<usize>,
    judgement: Judgement,
}

impl At {
    /// With the exclusions' indices among all.
    fn findings(&self) -> impl Iterator<Item = Finding> {
        self.judgement.findings.iter().map(|finding| {
            let exclusion = finding.exclusion.and_then(|at| self.in_force.get(at).copied());
            Finding { exclusion, ..finding.clone() }
        })
    }

    fn says(&self, finding: &Finding) -> bool {
        self.findings().any(|other| {
            other.code == finding.code
                && other.message == finding.message
                && other.exclusion == finding.exclusion
        })
    }
}

/// A place's filters and the exclusions there, over the time in which these are in force.
#[derive(Debug, Clone)]
pub struct Question {
    filters: Vec<Predicate>,
    exclusions: Vec<Dated>,
    clock: Clock,
    /// Into how many parts the steps are divided; by the moments if it is not given.
    shares: Option<usize>,
}

impl Question {
    /// Prepares the question. The filters are conjuncts.
    #[must_use]
    pub fn new(filters: Vec<Predicate>, exclusions: Vec<Dated>, clock: Clock) -> Self {
        Self { filters, exclusions, clock, shares: None }.with_arrival()
    }

    /// The same without one of the exclusions, within the steps that it has with it.
    #[must_use]
    pub fn without(&self, exclusion: usize) -> Self {
        let mut without = self.clone();
        without.exclusions.remove(exclusion);
        without.shares = Some(self.shares());
        without
    }

    /// Asks everything, at every moment that matters.
    #[must_use]
    pub fn judge(&self) -> Judgement {
        self.judge_over(self.moments(), Self::moments)
    }

    /// Asks everything at the moment of a finding: there it is found again, unless what it is about
    /// has gone.
    #[must_use]
    pub fn judge_when(&self, finding: &Finding) -> Judgement {
        let moment = vec![finding.at.unwrap_or(self.clock.now)];
        self.judge_over(self.moments().map(|_| moment.clone()), |_| Some(moment.clone()))
    }

    /// The first moment at which the filters are proven to admit no event, though those of another
    /// question are not.
    #[must_use]
    pub fn silent_unlike(&self, other: Option<&Self>) -> Option<i64> {
        let moments = self.moments().unwrap_or_else(|| vec![self.clock.now]);
        let shares = moments.len();
        let silent = |question: &Self, now| question.case_at(now, Vec::new(), shares).admits();
        moments.into_iter().find(|now| {
            silent(self, *now).is_refuted()
                && !other.is_some_and(|other| silent(other, *now).is_refuted())
        })
    }

    /// Today, if it is not known whether the filters admit an event, though those of another question
    /// are known to.
    #[must_use]
    pub fn unknown_unlike(&self, other: Option<&Self>) -> Option<i64> {
        let now = self.clock.now;
        let admits = |question: &Self| question.case_at(now, Vec::new(), 1).admits();
        let was_known = || other.is_some_and(|other| matches!(admits(other), Answer::Witness(_)));
        (admits(self) == Answer::Undecided && was_known()).then_some(now)
    }

    fn case_at(&self, now: i64, exclusions: Vec<Predicate>, shares: usize) -> Case {
        let shares = u64::try_from(shares).unwrap_or(u64::MAX);
        Case::new(self.filters.clone(), exclusions, now).with_share(shares)
    }

    /// Asks everything at these moments, and about the rows of one day at those that matter to them.
    fn judge_over(
        &self,
        moments: Option<Vec<i64>>,
        of_recent: impl Fn(&Self) -> Option<Vec<i64>>,
    ) -> Judgement {
        let mut judgement = self.judge_at(moments.as_deref());
        if moments.is_none() {
            let message = "it compares times with too many dates to judge it at each of them";
            judgement.add(MAY_BLIND_QUERY, None, message.to_owned(), true);
        }
        let recent = self.of_one_day().and_then(|recent| {
            let moments = of_recent(&recent).or(moments);
            self.blindness_to_the_last_day(&recent, moments.as_deref())
        });
        judgement.findings.extend(recent);
        judgement
    }

    /// The question about the rows of one day, if time decides what the exclusions take out.
    fn of_one_day(&self) -> Option<Self> {
        let times = self.times();
        let mut tests = self.exclusions.iter().flat_map(|exclusion| exclusion.predicate.tests());
        let of_time = tests.find(|test| {
            test.subject.kind == ColumnType::Datetime
                && times.contains(&test.subject.column.as_str())
        })?;
        let subject = of_time.subject.clone();
        let check = Check::Below { bound: Bound::Now(-DAY), inclusive: false };
        let mut recent = self.clone();
        recent.filters.push(Predicate::Test(Test { subject, check }).negated());
        Some(recent)
    }

    /// A query may look back for weeks, but what it is run for is what has happened since it was run
    /// last. The survivors of an exclusion by time must not all be of long ago.
    fn blindness_to_the_last_day(&self, recent: &Self, moments: Option<&[i64]>) -> Option<Finding> {
        let judgement = recent.judge_at(moments);
        if judgement.findings.iter().any(|finding| finding.code == ADMITS_NOTHING) {
            return None;
        }
        let blinds = |finding: &&Finding| [BLINDS_QUERY, MAY_BLIND_QUERY].contains(&finding.code);
        let mut found = judgement.findings.iter().filter(blinds);
        let found = found.find(|finding| !self.is_blind_as(finding))?;
        let message = format!("of the rows of one day: {}", found.message);
        Some(Finding {
            code: BLINDS_RECENT,
            message,
            acknowledgeable: true,
            exclusion: None,
            at: found.at,
            example: found.example.clone(),
        })
    }

    /// Whether as much is said of all rows at the moment of a finding about those of one day.
    fn is_blind_as(&self, finding: &Finding) -> bool {
        let moment = finding.at.unwrap_or(self.clock.now);
        let all = self.judge_at(Some(&[moment])).findings;
        all.iter().any(|other| other.code == BLINDS_QUERY || other.code == finding.code)
    }

    /// Asks everything at these moments; today only if there are none.
    fn judge_at(&self, moments: Option<&[i64]>) -> Judgement {
        let today = [self.clock.now];
        let moments = moments.unwrap_or(&today);
        let shares = self.shares.unwrap_or(moments.len());
        let mut all: Vec<At> = Vec::new();
        for now in moments.iter().copied() {
            let in_force: Vec<usize> = (0..self.exclusions.len())
                .filter(|at| now == self.clock.now || self.is_in_force(*at, now))
                .collect();
            let predicates =
                in_force.iter().map(|at| self.exclusions[*at].predicate.clone()).collect();
            let case = self.case_at(now, predicates, shares);
            all.push(At { now, in_force, judgement: judge(&case) });
        }
        self.merged(&all)
    }

    fn is_in_force(&self, exclusion: usize, now: i64) -> bool {
        self.exclusions[exclusion].until.is_none_or(|until| now < until)
    }

    /// One judgement from those of all moments.
    fn merged(&self, all: &[At]) -> Judgement {
        let mut merged = Judgement {
            findings: Vec::new(),
            survivor: None,
            excluded: vec![None; self.exclusions.len()],
        };
        for moment in all {
            for (at, witness) in moment.judgement.excluded.iter().enumerate() {
                let excluded = &mut merged.excluded[moment.in_force[at]];
                if excluded.is_none() {
                    excluded.clone_from(witness);
                }
            }
            if merged.survivor.is_none() {
                merged.survivor.clone_from(&moment.judgement.survivor);
            }
            for finding in moment.findings() {
                let known = merged.findings.iter().any(|f| {
                    f.code == finding.code
                        && f.exclusion == finding.exclusion
                        && f.message == finding.message
                });
                let passing = HARMLESS.contains(&finding.code)
                    && !all.iter().all(|other| {
                        finding.exclusion.is_some_and(|at| !other.in_force.contains(&at))
                            || other.says(&finding)
                    });
                if !known && !passing {
                    let finding = self.seen_from_today(finding, moment, all);
                    merged.findings.push(finding);
                }
            }
        }
        merged
    }

    /// What is still to come, and ends again, is seen in time to take responsibility for it.
    fn seen_from_today(&self, mut finding: Finding, moment: &At, all: &[At]) -> Finding {
        if moment.now != self.clock.now {
            let ends = self.end().is_some() || !all.last().is_some_and(|last| last.says(&finding));
            finding.acknowledgeable |= ends;
            finding.at = Some(moment.now);
        }
        finding
    }

    fn shares(&self) -> usize {
        self.shares.unwrap_or_else(|| self.moments().map_or(1, |moments| moments.len()))
    }

    /// When the last of the exclusions ends.
    fn end(&self) -> Option<i64> {
        let ends: Option<Vec<i64>> = self.exclusions.iter().map(|e| e.until).collect();
        ends?.into_iter().max()
    }

    /// The moments; none if there are too many.
    fn moments(&self) -> Option<Vec<i64>> {
        let first = self.clock.now;
        let mut dates: BTreeSet<i64> = BTreeSet::new();
        let mut offsets: BTreeSet<i64> = BTreeSet::from([0]);
        for test in self.predicates().flat_map(Predicate::tests) {
            match &test.check {
                Check::Below { bound: Bound::Now(offset), .. } => {
                    offsets.insert(*offset);
                }
                Check::Below { bound: Bound::Value(Value::Datetime(date)), .. }
                | Check::Equal(Value::Datetime(date)) => {
                    dates.insert(*date);
                }
                _ => {}
            }
        }
        let end = self.end().unwrap_or(i64::MAX);
        if dates.len() * offsets.len() > 1000 {
            return None;
        }
        let passes = |date: &i64| -> Vec<i64> {
            offsets.iter().map(|offset| date.saturating_sub(*offset)).collect()
        };
        let changes: BTreeSet<i64> =
            dates.iter().flat_map(passes).filter(|at| *at > first && *at < end).collect();
        let mut moments = vec![first];
        let changes: Vec<i64> = changes.into_iter().collect();
        for (at, change) in changes.iter().enumerate() {
            let next = changes.get(at + 1).copied();
            let next = next.unwrap_or_else(|| end.min(change.saturating_add(2 * DAY)));
            moments.push(change + (next - change) / 2);
        }
        moments.dedup();
        (moments.len() <= MOMENTS).then_some(moments)
    }

    fn predicates(&self) -> impl Iterator<Item = &Predicate> {
        self.filters.iter().chain(self.exclusions.iter().map(|exclusion| &exclusion.predicate))
    }

    /// The table's names for the time at which a row came into being.
    fn times(&self) -> &'static [&'static str] {
        if self.clock.timestamp { &TIMES } else { &TIMES[1..] }
    }

    /// Adds what every row satisfies that the service hands out: it has a time, which is not in the
    /// future and not older than the period. If a table has two names for it, one is used.
    fn with_arrival(mut self) -> Self {
        let times = self.times();
        let read: BTreeSet<&str> = self
            .predicates()
            .flat_map(Predicate::columns)
            .filter_map(|column| times.iter().find(|time| **time == column).copied())
            .collect();
        let Some(time) = read.first().copied().filter(|_| self.reads_time(&read)) else {
            return self;
        };
        if read.len() > 1 {
            for predicate in &mut self.filters {
                *predicate = with_one_time(predicate, time);
            }
            for exclusion in &mut self.exclusions {
                exclusion.predicate = with_one_time(&exclusion.predicate, time);
            }
        }
        let subject =
            Subject { column: time.to_owned(), kind: ColumnType::Datetime, functions: Vec::new() };
        let test = |check: Check| Predicate::Test(Test { subject: subject.clone(), check });
        let below = |offset: i64, inclusive: bool| {
            test(Check::Below { bound: Bound::Now(offset), inclusive })
        };
        self.filters.push(test(Check::Null).negated());
        self.filters.push(below(0, true));
        if let Some(oldest) = self.clock.period.and_then(i64::checked_neg) {
            self.filters.push(below(oldest, false).negated());
        }
        self
    }

    /// Whether one of these columns is tested, and as a time.
    fn reads_time(&self, columns: &BTreeSet<&str>) -> bool {
        let mut tests = self.predicates().flat_map(Predicate::tests);
        tests.any(|test| {
            columns.contains(test.subject.column.as_str())
                && test.subject.kind == ColumnType::Datetime
        })
    }
}

/// The same with one name for the time at which a row came into being.
fn with_one_time(predicate: &Predicate, time: &str) -> Predicate {
    predicate.clone().map_leaves(&mut |leaf| match leaf {
        Predicate::Test(mut test) => {
            if TIMES.contains(&test.subject.column.as_str()) {
                time.clone_into(&mut test.subject.column);
            }
            Predicate::Test(test)
        }
        Predicate::Opaque(opaque) if TIMES.iter().any(|t| opaque.columns.contains(*t)) => {
            let mut columns = opaque.columns.clone();
            columns.insert(time.to_owned());
            Predicate::Opaque(Opaque { columns, ..opaque })
        }
        other => other,
    })
}

#[cfg(test)]
mod tests;
