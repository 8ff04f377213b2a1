//! How the emulator behaves where the service's behaviour differs or is not known.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::normaliser::Normaliser;

/// Where the emulator reads the time. A fixed one makes etags and times the same in every run.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The service refuses the id of a deleted rule for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstones {
    /// How long; about 24 hours in practice.
    pub window: Duration,
    /// 400 or 409: both are reported.
    pub status: u16,
}

/// The emulator's settings.
#[derive(Clone)]
pub struct Options {
    /// The time.
    pub clock: Clock,
    /// Waited before each answer.
    pub latency: Duration,
    /// Items in a page of rules or metadata; `None` answers everything at once.
    pub page_size: Option<NonZeroUsize>,
    /// Refuses requests without a bearer token that names a tenant.
    pub require_token: bool,
    /// Answers 412 to an `If-Match` that is stale. Not known of the service.
    pub honour_if_match: bool,
    /// Refuses ids of rules that were deleted a short while ago.
    pub tombstones: Option<Tombstones>,
    /// Rewrites what it accepts.
    pub normaliser: Normaliser,
    /// Refuses requests whose token bucket is empty.
    pub throttles: bool,
    /// How long lists and reads show an item as it was before a write.
    pub visible_after: Duration,
    /// Takes properties that its descriptions do not have, as a newer service would.
    pub takes_unknown_properties: bool,
    /// How long a token lives. Entra's live for about an hour.
    pub token_lifetime: Duration,
    /// The subject of assertions: which workflow of which repository runs.
    pub workflow_subject: String,
    /// A folder for recorded traffic: a file per emulator, a request with its answer per line.
    pub record: Option<PathBuf>,
    /// Requests that the journal keeps.
    pub journal_length: u64,
}

impl Options {
    /// No latency, no pages, no tokens needed, no tombstones, no throttling, everything visible at once,
    /// tokens that live for an hour less a second, 100,000 requests in the journal.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            latency: Duration::ZERO,
            page_size: None,
            require_token: false,
            honour_if_match: false,
            tombstones: None,
            normaliser: Normaliser::default(),
            throttles: false,
            visible_after: Duration::ZERO,
            takes_unknown_properties: false,
            token_lifetime: Duration::from_secs(3599),
            workflow_subject: "repo:acme/detections:ref:refs/heads/main".to_owned(),
            record: None,
            journal_length: 100_000,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            clock: _,
            latency,
            page_size,
            require_token,
            honour_if_match,
            tombstones,
            normaliser,
            throttles,
            visible_after,
            takes_unknown_properties,
            token_lifetime,
            workflow_subject,
            record,
            journal_length,
        } = self;
        formatter
            .debug_struct("Options")
            .field("latency", latency)
            .field("page_size", page_size)
            .field("require_token", require_token)
            .field("honour_if_match", honour_if_match)
            .field("tombstones", tombstones)
            .field("normaliser", normaliser)
            .field("throttles", throttles)
            .field("visible_after", visible_after)
            .field("takes_unknown_properties", takes_unknown_properties)
            .field("token_lifetime", token_lifetime)
            .field("workflow_subject", workflow_subject)
            .field("record", record)
            .field("journal_length", journal_length)
            .finish_non_exhaustive()
    }
}
