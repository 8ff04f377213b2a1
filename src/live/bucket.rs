//! A token bucket as Azure Resource Manager keeps it, as a pure calculation: may a request go now, and
//! if not, when?
//!
//! Since March 2024 the documentation gives a bucket of each subscription, principal and operation
//! type: reads 250 that refill by 25 a second, writes and deletes 200 that refill by 10
//! (<https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>).
//! Every answer says in `x-ms-ratelimit-remaining-*` how much is left.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Method;

/// What kind of request is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Read,
    Write,
    Delete,
}

impl Kind {
    pub(super) const fn of(method: Method) -> Self {
        match method {
            Method::Get => Self::Read,
            Method::Put => Self::Write,
            Method::Delete => Self::Delete,
        }
    }

    /// As the headers spell it, and people.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "reads",
            Self::Write => "writes",
            Self::Delete => "deletes",
        }
    }

    /// The documented bucket: its size, and how many it refills in a second.
    const fn allowance(self) -> (u32, u32) {
        match self {
            Self::Read => (250, 25),
            Self::Write | Self::Delete => (200, 10),
        }
    }
}

/// Whether requests to a server are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As Azure Resource Manager counts them.
    Arm,
    /// Not at all: a server on loopback. It may still ask to wait.
    Free,
}

/// One bucket.
///
/// One second's refill of it is kept back. The service need not refill in the instants in which this
/// does, and what is on its way arrives closer together than it was sent; so much it costs once, and
/// spares refusals all the way.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pace: Pace,
    kind: Kind,
    /// What there is, in the time that it takes to refill.
    credit: Duration,
    /// When that was.
    at: Timestamp,
    /// The service said to send nothing before.
    closed_until: Option<Timestamp>,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(pace: Pace, kind: Kind, now: Timestamp) -> Self {
        let mut bucket = Self { pace, kind, credit: Duration::ZERO, at: now, closed_until: None };
        bucket.credit = bucket.full();
        bucket
    }

    /// What one request costs.
    fn price(&self) -> Duration {
        Duration::from_secs(1) / self.kind.allowance().1
    }

    fn full(&self) -> Duration {
        let (size, refill) = self.kind.allowance();
        self.price() * (size - refill)
    }

    fn refill(&mut self, now: Timestamp) {
        let passed = between(self.at, now);
        self.credit = self.credit.saturating_add(passed).min(self.full());
        self.at = self.at.max(now);
    }

    /// Takes one, or says how long to wait before asking again.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        if let Some(wait) = self.closed(now) {
            return Err(wait);
        }
        if self.pace == Pace::Free {
            return Ok(());
        }
        self.refill(now);
        match self.credit.checked_sub(self.price()) {
            Some(left) => {
                self.credit = left;
                Ok(())
            }
            None => Err(self.price() - self.credit),
        }
    }

    /// For how long the service wants nothing, if so.
    pub(super) fn closed(&self, now: Timestamp) -> Option<Duration> {
        let until = self.closed_until?;
        Some(between(now, until)).filter(|wait| !wait.is_zero())
    }

    /// Gives one back that was taken and not used.
    pub(super) fn give_back(&mut self) {
        self.credit = self.credit.saturating_add(self.price()).min(self.full());
    }

    /// Believes an answer that less is left than is known here: somebody else uses the bucket too. What
    /// is kept back is not taken off a second time: a service that refills in whole seconds says up to
    /// so much less than there is.
    pub(super) fn follow(&mut self, headers: &BTreeMap<String, String>, now: Timestamp) {
        let Some(left) = remaining(headers, self.kind) else { return };
        self.refill(now);
        self.credit = self.credit.min(self.price().saturating_mul(left));
    }

    /// Nothing is sent for so long: the service said so. `is_empty` when that is because the bucket
    /// is, and not because of some lock.
    pub(super) fn close(&mut self, time: Duration, is_empty: bool, now: Timestamp) {
        let until = now.checked_add(time).unwrap_or(Timestamp::MAX);
        self.closed_until = self.closed_until.max(Some(until));
        if is_empty {
            self.refill(now);
            self.credit = Duration::ZERO;
        }
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The least that any limit on this kind of request has left.
fn remaining(headers: &BTreeMap<String, String>, kind: Kind) -> Option<u32> {
    let of_kind = |name: &str| {
        let limit = name.strip_prefix("x-ms-ratelimit-remaining-");
        limit.and_then(|limit| limit.strip_suffix(kind.as_str())).is_some_and(|l| l.ends_with('-'))
    };
    let counts = headers.iter().filter(|(name, _)| of_kind(name));
    counts.filter_map(|(_, value)| value.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(milliseconds: u64) -> Timestamp {
        START + Duration::from_millis(milliseconds)
    }

    fn bucket(kind: Kind) -> Bucket {
        Bucket::new(Pace::Arm, kind, START)
    }

    /// How many go at once.
    fn drain(bucket: &mut Bucket, now: Timestamp) -> u32 {
        std::iter::from_fn(|| bucket.take(now).ok()).fold(0, |count, ()| count + 1)
    }

    fn says(name: &str, left: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(format!("x-ms-ratelimit-remaining-{name}"), left.to_owned())])
    }

    #[test]
    fn a_full_bucket_holds_what_is_documented_but_for_one_second_of_refill() {
        for (kind, expect) in [(Kind::Read, 225), (Kind::Write, 190), (Kind::Delete, 190)] {
            assert_eq!(drain(&mut bucket(kind), START), expect, "{kind:?}");
        }
    }

    #[test]
    fn it_refills_by_what_is_documented_and_never_above_full() {
        let mut writes = bucket(Kind::Write);
        drain(&mut writes, START);
        assert_eq!(writes.take(START), Err(Duration::from_millis(100)));
        assert_eq!(writes.take(at(40)), Err(Duration::from_millis(60)));
        assert_eq!(drain(&mut writes, at(1_000)), 10);
        assert_eq!(drain(&mut writes, at(3_600_000)), 190);
        let mut reads = bucket(Kind::Read);
        drain(&mut reads, START);
        assert_eq!(drain(&mut reads, at(2_000)), 50);
    }

    #[test]
    fn a_clock_that_goes_back_refills_nothing() {
        let mut writes = Bucket::new(Pace::Arm, Kind::Write, at(5_000));
        drain(&mut writes, at(5_000));
        assert!(writes.take(at(1_000)).is_err());
        assert_eq!(drain(&mut writes, at(5_100)), 1);
    }

    #[test]
    fn the_lower_of_what_is_known_and_what_is_said_counts() {
        let check = |name, left, expect| {
            let mut writes = bucket(Kind::Write);
            writes.follow(&says(name, left), START);
            assert_eq!(drain(&mut writes, START), expect, "{name} {left}");
        };
        check("subscription-writes", "60", 60);
        check("subscription-writes", "10", 10);
        check("subscription-writes", "0", 0);
        check("subscription-writes", "1199", 190);
        check("subscription-global-writes", "30", 30);
        check("tenant-writes", "30", 30);
        check("subscription-reads", "30", 190);
        check("subscription-resource-requests", "30", 190);
        check("subscription-writes", "many", 190);
    }

    #[test]
    fn what_is_closed_opens_when_the_service_said_and_not_before() {
        let mut writes = bucket(Kind::Write);
        writes.close(Duration::from_secs(17), true, START);
        assert_eq!(writes.take(START), Err(Duration::from_secs(17)));
        assert_eq!(writes.take(at(16_999)), Err(Duration::from_millis(1)));
        assert_eq!(drain(&mut writes, at(17_000)), 170, "an empty bucket refills meanwhile");
        writes.close(Duration::from_secs(9), false, at(17_000));
        writes.close(Duration::from_secs(3), false, at(17_000));
        assert_eq!(writes.closed(at(17_000)), Some(Duration::from_secs(9)), "the longest counts");
    }

    #[test]
    fn a_lock_leaves_the_bucket_as_full_as_it_was() {
        let mut writes = bucket(Kind::Write);
        writes.close(Duration::from_secs(1), false, START);
        assert_eq!(drain(&mut writes, at(1_000)), 190);
    }

    #[test]
    fn a_server_on_loopback_is_not_counted_but_may_ask_to_wait() {
        let mut free = Bucket::new(Pace::Free, Kind::Write, START);
        assert!((0..1_000).all(|_| free.take(START).is_ok()));
        free.close(Duration::from_secs(2), true, START);
        assert_eq!(free.take(START), Err(Duration::from_secs(2)));
        assert!(free.take(at(2_000)).is_ok());
    }

    #[test]
    fn a_wait_beyond_all_time_stays_one() {
        let mut writes = bucket(Kind::Write);
        writes.close(Duration::MAX, true, START);
        assert!(writes.take(at(1)).unwrap_err() > Duration::from_secs(1_000_000));
    }
}
