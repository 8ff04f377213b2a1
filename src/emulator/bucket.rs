//! Azure Resource Manager's limits: token buckets per subscription, caller and kind of request, and one
//! per subscription and kind for all callers together.
//!
//! They are counted always, since every answer says what is left; they refuse only on demand. Numbers
//! are those of Microsoft's table of 2024 (250 reads that refill by 25 a second, 200 writes and deletes by
//! 10; fifteen times that for all callers), and of Sentinel's own table for playbook links (75 in five
//! minutes).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::refusal::Refusal;
use super::reply::Reply;

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Read,
    Write,
    Delete,
    /// The provider's own, beside the write that it is.
    PlaybookLink,
}

impl Kind {
    pub(super) fn of(method: &str) -> Self {
        match method {
            "GET" | "HEAD" => Self::Read,
            "DELETE" => Self::Delete,
            _ => Self::Write,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write | Self::PlaybookLink => "write",
            Self::Delete => "delete",
        }
    }

    /// How many at once, and how many come back each second.
    fn size(self) -> (f64, f64) {
        match self {
            Self::Read => (250.0, 25.0),
            Self::Write | Self::Delete => (200.0, 10.0),
            Self::PlaybookLink => (75.0, 0.25),
        }
    }
}

/// All callers of a subscription together have this many times what one has.
const EVERYBODY: f64 = 15.0;

/// Every bucket that somebody has taken from.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    buckets: Mutex<HashMap<Whose, Bucket>>,
}

/// A kind of request, a subscription, and a caller or everybody.
type Whose = (Kind, String, Option<String>);

#[derive(Debug)]
struct Bucket {
    left: f64,
    /// When `left` was so much.
    at: Timestamp,
    /// Until then everything is refused: who asks too early has waited for nothing.
    closed_until: Option<Timestamp>,
}

/// What is left behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    kind: Kind,
    own: u64,
    everybody: u64,
}

impl Left {
    /// The headers that say so.
    pub(super) fn headers(self) -> [(String, String); 2] {
        let name =
            |of: &str| format!("x-ms-ratelimit-remaining-subscription-{of}{}s", self.kind.word());
        [(name(""), self.own.to_string()), (name("global-"), self.everybody.to_string())]
    }
}

impl Buckets {
    /// Takes one request out of its buckets. `refuses` is whether an empty one refuses it.
    pub(super) fn take(
        &self,
        kind: Kind,
        (subscription, caller): (&str, &str),
        now: Timestamp,
        refuses: bool,
    ) -> Result<Left, Reply> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut take = |caller: Option<&str>, times: f64| {
            let (most, refill) = (kind.size().0 * times, kind.size().1 * times);
            let key = (kind, subscription.to_ascii_lowercase(), caller.map(str::to_owned));
            let new = || Bucket { left: most, at: now, closed_until: None };
            buckets.entry(key).or_insert_with(new).take((most, refill), now, refuses)
        };
        let refused = |seconds| throttled(kind, subscription, caller, seconds);
        let own = take(Some(caller), 1.0).map_err(refused)?;
        let everybody = take(None, EVERYBODY).map_err(refused)?;
        Ok(Left { kind, own, everybody })
    }
}

impl Bucket {
    /// What is left, or for how many seconds nothing is to be had.
    fn take(
        &mut self,
        (most, refill): (f64, f64),
        now: Timestamp,
        refuses: bool,
    ) -> Result<u64, u64> {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.left = (self.left + passed * refill).min(most);
        self.at = now;
        let is_closed = self.closed_until.is_some_and(|until| now < until);
        if refuses && (is_closed || self.left < 1.0) {
            let seconds = ((1.0 - self.left) / refill).ceil().max(1.0);
            #[expect(clippy::cast_possible_truncation, reason = "a few hundred seconds at most")]
            let seconds = seconds as i64;
            self.closed_until = now.checked_add(jiff::SignedDuration::from_secs(seconds)).ok();
            return Err(seconds.unsigned_abs());
        }
        self.closed_until = None;
        self.left = (self.left - 1.0).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "never negative, 3,750 at most"
        )]
        let left = self.left as u64;
        Ok(left)
    }
}

fn throttled(kind: Kind, subscription: &str, caller: &str, seconds: u64) -> Reply {
    let again = format!("Please try again after '{seconds}' seconds.");
    let refusal = if kind == Kind::PlaybookLink {
        Refusal::new(429, "TooManyRequests", format!("Too many requests. {again}"))
    } else {
        let word = kind.word();
        let text = format!(
            "Number of '{word}' requests for subscription '{subscription}' actor '{caller}' exceeded. {again}"
        );
        Refusal::new(429, "SubscriptionRequestsThrottled", text)
    };
    let mut reply = Reply::from(refusal);
    reply.headers.push(("Retry-After".into(), seconds.to_string()));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes at a second of an hour that passes only here.
    fn take(buckets: &Buckets, kind: Kind, caller: &str, second: i64) -> Result<Left, Reply> {
        let now = Timestamp::from_second(second).unwrap();
        buckets.take(kind, ("Sub", caller), now, true)
    }

    fn retry_after(refused: &Reply) -> &str {
        &refused.headers[0].1
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let buckets = Buckets::default();
        for left in (0..250).rev() {
            let taken = take(&buckets, Kind::Read, "me", 0).unwrap();
            assert_eq!((taken.own, taken.everybody), (left, 3500 + left));
        }
        let refused = take(&buckets, Kind::Read, "me", 0).unwrap_err();
        assert_eq!((refused.status, retry_after(&refused)), (429, "1"));
        assert_eq!(
            String::from_utf8(refused.body).unwrap(),
            "{\"error\":{\"code\":\"SubscriptionRequestsThrottled\",\"message\":\"Number of 'read' requests for subscription 'Sub' actor 'me' exceeded. Please try again after '1' seconds.\"}}"
        );
        assert!(take(&buckets, Kind::Write, "me", 0).is_ok(), "another kind");
        assert!(take(&buckets, Kind::Read, "you", 0).is_ok(), "another caller");
        let taken = take(&buckets, Kind::Read, "me", 1).unwrap();
        assert_eq!(taken.own, 24, "a second's refill");
    }

    #[test]
    fn whoever_asks_too_early_waits_anew() {
        let buckets = Buckets::default();
        for _ in 0..75 {
            take(&buckets, Kind::PlaybookLink, "me", 0).unwrap();
        }
        let seconds: Vec<String> = [0, 1, 3]
            .map(|at| take(&buckets, Kind::PlaybookLink, "me", at).unwrap_err())
            .iter()
            .map(|refused| retry_after(refused).to_owned())
            .collect();
        assert_eq!(seconds, ["4", "3", "1"]);
        assert!(take(&buckets, Kind::PlaybookLink, "me", 4).is_ok());
    }

    #[test]
    fn many_callers_share_a_bucket_of_the_subscription() {
        let buckets = Buckets::default();
        let callers: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        let taken = callers
            .iter()
            .flat_map(|caller| std::iter::repeat_n(caller, 200))
            .filter(|caller| take(&buckets, Kind::Delete, caller, 0).is_ok())
            .count();
        assert_eq!(taken, 3000);
    }

    #[test]
    fn counting_alone_refuses_nobody() {
        let buckets = Buckets::default();
        let now = Timestamp::UNIX_EPOCH;
        let left: Vec<u64> = (0..300)
            .map(|_| buckets.take(Kind::Write, ("s", "c"), now, false).unwrap().own)
            .collect();
        assert_eq!((left[0], left[199], left[299]), (199, 0, 0));
    }
}
