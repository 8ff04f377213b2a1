//! Trials: what becomes of a test event when a query's leading filters and exclusions see it.

use super::evaluate::{Assumptions, evaluate, evaluate_assuming};
use super::{Event, Predicate, Truth};

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The query's own filter of this index does not admit it.
    NotReached {
        /// Into the leading filters.
        filter: usize,
    },
    /// These exclusions take it out.
    Excluded {
        /// Into the exclusions.
        by: Vec<usize>,
    },
    /// It passes.
    Kept,
    /// These exclusions may or may not take it out: they have parts that are not understood.
    Undecided {
        /// Into the exclusions.
        by: Vec<usize>,
    },
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What became of the event.
    pub verdict: Verdict,
    /// Parts of leading filters that count as met although they are not understood.
    pub assumed: Vec<String>,
}

/// Tries an event. `now` is in ticks; tests take noon UTC of the day.
///
/// A leading filter that only compares columns of time with constants and the clock counts as met
/// unless the event names the column; one that is not understood counts as met, and is reported.
#[must_use]
pub fn try_event(
    leading: &[Predicate],
    exclusions: &[&Predicate],
    event: &Event,
    now: i64,
) -> Trial {
    let mut assumed = Vec::new();
    for (filter, predicate) in leading.iter().enumerate() {
        let outcome = evaluate(predicate, event, now);
        if outcome.is_true() {
            continue;
        }
        let columns = predicate.columns();
        let named = columns.iter().any(|column| event.values.contains_key(*column));
        if predicate.is_time_only() && !named {
            continue;
        }
        if !outcome.may_be_true() {
            return Trial { verdict: Verdict::NotReached { filter }, assumed };
        }
        assumed.extend(predicate.opaque().into_iter().map(|opaque| opaque.text.clone()));
    }
    let outcomes: Vec<Truth> =
        exclusions.iter().map(|predicate| evaluate(predicate, event, now)).collect();
    let those = |fits: fn(Truth) -> bool| -> Vec<usize> {
        (0..outcomes.len()).filter(|index| fits(outcomes[*index])).collect()
    };
    let certain = those(Truth::is_true);
    let possible = those(Truth::may_be_true);
    let verdict = match (certain.is_empty(), possible.is_empty()) {
        (false, _) => Verdict::Excluded { by: certain },
        (true, false) => Verdict::Undecided { by: possible },
        (true, true) => Verdict::Kept,
    };
    Trial { verdict, assumed }
}

/// Whether an event passes every leading filter and no exclusion, for certain.
pub(super) fn survives(
    leading: &[&Predicate],
    exclusions: &[&Predicate],
    event: &Event,
    now: i64,
    assumed: &Assumptions,
) -> bool {
    let outcome = |predicate: &&Predicate| evaluate_assuming(predicate, event, now, assumed);
    leading.iter().all(|predicate| outcome(predicate).is_true())
        && exclusions.iter().all(|predicate| !outcome(predicate).may_be_true())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kql::predicate::{Context, filter};
    use crate::kql::{Query, Schema, spine, value::datetime};

    const QUERY: &str = "let Start = now(-5d);
        DeviceNetworkEvents
        | where Timestamp between (Start..now())
        | where RemoteUrl has_any ('a.com', 'b.com') and f(LocalIP)
        | summarize count() by RemoteUrl";

    fn check(event: &serde_json::Value, expect: &Verdict, assumed: usize) {
        let query = Query::parse(QUERY);
        let constants = query.constants();
        let columns = Schema::builtin().columns("DeviceNetworkEvents");
        let context = Context { columns, constants: &constants };
        let leading = spine(&query).places[0].filters(&query, Schema::builtin());
        let exclusion = filter("DeviceName =~ 'host'", context);
        let vague = filter("g(DeviceId) == 1 and DeviceId == 'x'", context);
        let values = serde_json::from_value(event.clone()).unwrap();
        let event_read = Event::read(&values, columns).unwrap();
        let now = datetime("2026-01-01T12:00:00Z").unwrap();
        let trial = try_event(&leading, &[&exclusion, &vague], &event_read, now);
        assert_eq!(&trial.verdict, expect, "{event}");
        assert_eq!(trial.assumed.len(), assumed, "{event}");
    }

    #[test]
    fn leading_filters_are_asked_first() {
        check(&json!({"DeviceName": "host"}), &Verdict::NotReached { filter: 1 }, 0);
        check(
            &json!({"DeviceName": "host", "RemoteUrl": "a.com", "Timestamp": "2020-01-01"}),
            &Verdict::NotReached { filter: 0 },
            0,
        );
        check(
            &json!({"DeviceName": "HOST", "RemoteUrl": "www.a.com"}),
            &Verdict::Excluded { by: vec![0] },
            1,
        );
        check(&json!({"DeviceName": "other", "RemoteUrl": "b.com"}), &Verdict::Kept, 1);
        check(
            &json!({"DeviceId": "x", "RemoteUrl": "b.com"}),
            &Verdict::Undecided { by: vec![1] },
            1,
        );
    }
}
