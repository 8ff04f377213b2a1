//! When a request is sent again, as a pure function. The only retry layer.

use std::time::Duration;

use super::Method;

/// The longest that one request waits in all because the service said so. Runs are minutes long; a
/// service that asks for more than this is better named in the report.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);
/// Tries of a throttled request: more than enough for ARM's buckets, which refill within 20 s.
const THROTTLED_TRIES: u32 = 20;
/// Tries of a request that failed for another passing reason.
const TRIES: u32 = 4;
/// The wait after a first failure; it doubles with every try.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// A failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// What was asked.
    pub method: Method,
    /// How it failed.
    pub failure: Failure<'a>,
    /// Which try it was, from 1.
    pub number: u32,
    /// How long the request has waited before.
    pub waited: Duration,
}

/// How a try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure<'a> {
    /// There is no token. Credentials retry by themselves.
    Credential,
    /// Nothing was sent.
    NotSent,
    /// The connection broke.
    Broken,
    /// An answer of another status than 2xx.
    Status {
        /// The status.
        status: u16,
        /// ARM's code.
        code: &'a str,
        /// ARM's message.
        message: &'a str,
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Send it again after the wait.
    Retry(Duration),
    /// It failed.
    Fail,
    /// It failed: the service asks for more patience than there is.
    GiveUp(Duration),
}

/// Decides on a failed try.
///
/// `Retry-After` of a 429 or 503 is honoured exactly and ignored elsewhere. Waits have no random
/// part: requests of one run are spread by the limits anyway, and the same run waits the same.
/// Every method is repeated, since all three are idempotent; the caller learns that an earlier try
/// may have had effect.
#[must_use]
pub fn decide(attempt: Attempt<'_>) -> Decision {
    match attempt.failure {
        Failure::Credential => Decision::Fail,
        Failure::NotSent | Failure::Broken => back_off(attempt),
        Failure::Status { status: 429 | 503, retry_after: Some(time), .. } => {
            if attempt.number >= THROTTLED_TRIES || attempt.waited.saturating_add(time) > PATIENCE {
                Decision::GiveUp(time)
            } else {
                Decision::Retry(time)
            }
        }
        Failure::Status { status: 408 | 429 | 500 | 502 | 503 | 504, .. } => back_off(attempt),
        // A workspace's saved searches are one document, which other writers may have in hand.
        Failure::Status { status: 409, message, .. } if is_busy(message) => back_off(attempt),
        Failure::Status { .. } => Decision::Fail,
    }
}

/// Whether a 409 only says that the workspace's configuration was being written by somebody else.
fn is_busy(message: &str) -> bool {
    message.contains("Newer data exists in the Customer Configuration Store")
}

/// What a failed try says about everything that is counted together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closing {
    /// For how long nothing more of it is to be sent.
    pub(super) time: Duration,
    /// Whether the bucket is empty. A 429 with another code than those of buckets may be a provider's
    /// lock, which says nothing about that.
    pub(super) is_empty: bool,
}

/// What a 429 says about everything that is counted together with it.
pub(super) fn closing(attempt: Attempt<'_>) -> Option<Closing> {
    let Failure::Status { status: 429, code, .. } = attempt.failure else { return None };
    let (Decision::Retry(time) | Decision::GiveUp(time)) = decide(attempt) else { return None };
    let is_empty = matches!(code, "SubscriptionRequestsThrottled" | "TenantRequestsThrottled");
    Some(Closing { time, is_empty })
}

/// Whether a refusal says that a deleted rule's id is still taken.
pub(super) fn is_recently_deleted(message: &str) -> bool {
    message.contains("recently deleted")
}

fn back_off(attempt: Attempt<'_>) -> Decision {
    if attempt.number >= TRIES {
        return Decision::Fail;
    }
    Decision::Retry(FIRST_WAIT * 2_u32.pow(attempt.number.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: &str =
        "409 (Conflict), due to reason - [Newer data exists in the Customer Configuration Store.]";

    const DELETED: &str = "The rule with id 'a' was recently deleted. Please try again later.";

    fn cell(failure: Failure<'_>, number: u32, waited: u64) -> String {
        let decide_for = |method| {
            decide(Attempt { method, failure, number, waited: Duration::from_secs(waited) })
        };
        let decision = decide_for(Method::Put);
        assert!(Method::ALL.into_iter().all(|method| decide_for(method) == decision));
        match decision {
            Decision::Retry(time) => format!("{}ms", time.as_millis()),
            Decision::Fail => "fail".to_owned(),
            Decision::GiveUp(_) => "give up".to_owned(),
        }
    }

    fn row(name: &str, failure: Failure<'_>) -> String {
        let tries: Vec<String> = (1..=4).map(|number| cell(failure, number, 0)).collect();
        let attempt = Attempt { method: Method::Put, failure, number: 1, waited: Duration::ZERO };
        let others = match closing(attempt) {
            None => "",
            Some(Closing { is_empty: false, .. }) => ", all wait",
            Some(Closing { is_empty: true, .. }) => ", all wait, empty",
        };
        format!("{name:<14} {}{others}\n", tries.join(" "))
    }

    fn status(status: u16, message: &str, seconds: Option<u64>) -> Failure<'_> {
        Failure::Status {
            status,
            code: "Conflict",
            message,
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        table += &row("credential", Failure::Credential);
        table += &row("not sent", Failure::NotSent);
        table += &row("broken", Failure::Broken);
        let known = [400, 401, 403, 404, 408, 409, 412, 429, 500, 501, 502, 503, 504];
        for code in known {
            table += &row(&code.to_string(), status(code, "", None));
            table += &row(&format!("{code} after 7"), status(code, "", Some(7)));
        }
        table += &row("409 busy", status(409, BUSY, None));
        table += &row("409 deleted", status(409, DELETED, None));
        table += &row("400 deleted", status(400, DELETED, None));
        let empty = "SubscriptionRequestsThrottled";
        let retry_after = Some(Duration::from_secs(7));
        let throttled = Failure::Status { status: 429, code: empty, message: "", retry_after };
        table += &row("429 empty, 7", throttled);
        insta::assert_snapshot!(table, @"
        credential     fail fail fail fail
        not sent       500ms 1000ms 2000ms fail
        broken         500ms 1000ms 2000ms fail
        400            fail fail fail fail
        400 after 7    fail fail fail fail
        401            fail fail fail fail
        401 after 7    fail fail fail fail
        403            fail fail fail fail
        403 after 7    fail fail fail fail
        404            fail fail fail fail
        404 after 7    fail fail fail fail
        408            500ms 1000ms 2000ms fail
        408 after 7    500ms 1000ms 2000ms fail
        409            fail fail fail fail
        409 after 7    fail fail fail fail
        412            fail fail fail fail
        412 after 7    fail fail fail fail
        429            500ms 1000ms 2000ms fail, all wait
        429 after 7    7000ms 7000ms 7000ms 7000ms, all wait
        500            500ms 1000ms 2000ms fail
        500 after 7    500ms 1000ms 2000ms fail
        501            fail fail fail fail
        501 after 7    fail fail fail fail
        502            500ms 1000ms 2000ms fail
        502 after 7    500ms 1000ms 2000ms fail
        503            500ms 1000ms 2000ms fail
        503 after 7    7000ms 7000ms 7000ms 7000ms
        504            500ms 1000ms 2000ms fail
        504 after 7    500ms 1000ms 2000ms fail
        409 busy       500ms 1000ms 2000ms fail
        409 deleted    fail fail fail fail
        400 deleted    fail fail fail fail
        429 empty, 7   7000ms 7000ms 7000ms 7000ms, all wait, empty
        ");
    }

    #[test]
    fn patience_has_an_end() {
        assert_eq!(cell(status(429, "", Some(300)), 1, 0), "300000ms");
        assert_eq!(cell(status(429, "", Some(301)), 1, 0), "give up");
        assert_eq!(cell(status(429, "", Some(10)), 9, 291), "give up");
        assert_eq!(cell(status(429, "", Some(0)), 19, 0), "0ms");
        assert_eq!(cell(status(429, "", Some(0)), 20, 0), "give up");
        assert_eq!(cell(status(429, "", Some(u64::MAX)), 2, 1), "give up");
    }
}
