//! When and in which order workspaces are written: rings, failure budgets, freezes.

use std::collections::BTreeSet;

use super::guards::{Guards, Limit};
use crate::ident::{Day, ExclusionId, RingName};

/// What holds for a run as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunTerms {
    /// The rings that have a workspace, in order of rollout. One that no workspace of the run is in waits
    /// for how the run ends.
    pub rings: Vec<Ring>,
    /// The limits of the run as a whole.
    pub guards: Guards,
    /// Exclusions that choose their content by tag or table, so that nobody has named each item.
    pub broad_exclusions: BTreeSet<ExclusionId>,
}

/// One step of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// Its name.
    pub name: RingName,
    /// How much may fail in it before the next one must not begin.
    pub budget: FailureBudget,
}

/// How many failures a ring may have. Both parts hold; one that is not said does not limit. Where
/// neither is said, nothing may fail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailureBudget {
    /// At most so many failures.
    pub items: Option<Limit>,
    /// At most this share of what was tried, in percent.
    pub percent: Option<Limit>,
}

impl FailureBudget {
    /// Lays what another place says over this.
    pub fn cover(&mut self, upper: &Self) {
        let Self { items, percent } = upper;
        if items.is_some() {
            self.items.clone_from(items);
        }
        if percent.is_some() {
            self.percent.clone_from(percent);
        }
    }

    /// Whether so many failures of so many that were tried are still allowed.
    #[must_use]
    pub fn allows(&self, failures: usize, tried: usize) -> bool {
        let Self { items, percent } = self;
        let within = |limit: &Option<Limit>, measured: usize, unit: usize| {
            limit.as_ref().is_none_or(|limit| measured <= limit.value * unit)
        };
        match (items, percent) {
            (None, None) => failures == 0,
            _ => within(items, failures, 1) && within(percent, failures * 100, tried),
        }
    }
}

/// Days on which nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The first day, UTC.
    pub from: Day,
    /// The last day, UTC.
    pub to: Day,
    /// Why.
    pub reason: String,
    /// `path:line`.
    pub set_at: String,
}

impl Freeze {
    /// The one that is in force on a day and lasts longest.
    #[must_use]
    pub fn on(day: Day, freezes: &[Self]) -> Option<&Self> {
        let in_force = freezes.iter().filter(|freeze| (freeze.from..=freeze.to).contains(&day));
        in_force.max_by_key(|freeze| freeze.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_is_hit_exactly_still_allows() {
        let limit = |value| Some(Limit { value, set_at: None });
        let check = |items, percent, failures, tried, expect| {
            let budget = FailureBudget { items, percent };
            assert_eq!(budget.allows(failures, tried), expect, "{budget:?} {failures}/{tried}");
        };
        check(None, None, 0, 10, true);
        check(None, None, 1, 1000, false);
        check(limit(2), None, 2, 2, true);
        check(limit(2), None, 3, 1000, false);
        check(None, limit(5), 1, 20, true);
        check(None, limit(5), 1, 19, false);
        check(None, limit(0), 1, 1000, false);
        check(None, limit(100), 7, 7, true);
        check(limit(0), limit(100), 1, 7, false);
        check(limit(2), limit(5), 2, 40, true);
        check(limit(2), limit(5), 2, 39, false);
        check(limit(2), limit(5), 3, 1000, false);
        check(limit(0), limit(0), 0, 0, true);
    }

    #[test]
    fn a_freeze_is_in_force_on_its_first_and_its_last_day() {
        let day = |text: &str| text.parse().unwrap();
        let freeze = |from: &str, to: &str| Freeze {
            from: day(from),
            to: day(to),
            reason: "audit".into(),
            set_at: "a.yaml:1".into(),
        };
        let both = [freeze("2026-12-20", "2026-12-31"), freeze("2026-12-24", "2027-01-06")];
        let last = |on: &str| Freeze::on(day(on), &both).map(|freeze| freeze.to.to_string());
        assert_eq!(last("2026-12-19"), None);
        assert_eq!(last("2026-12-20").as_deref(), Some("2026-12-31"));
        assert_eq!(last("2026-12-24").as_deref(), Some("2027-01-06"));
        assert_eq!(last("2027-01-06").as_deref(), Some("2027-01-06"));
        assert_eq!(last("2027-01-07"), None);
    }
}
