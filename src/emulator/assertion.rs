//! Assertions: what a workload shows instead of a secret. Each lives five minutes and is taken once.
//!
//! GitHub's live as long. That Entra takes one twice is not known; a client that shows one twice kept
//! it, and would fail as soon as it had kept it for too long.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{stamp, token};

/// How long an assertion of GitHub Actions lives.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// What an assertion says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) subject: String,
    pub(super) audience: String,
    pub(super) expires: Timestamp,
}

/// Why an assertion is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    /// It was not issued here.
    Unknown,
    /// It was shown before.
    Used,
    /// Its time is over.
    Expired(Timestamp),
}

/// The assertions that were issued and may still be shown.
#[derive(Debug)]
pub(super) struct Assertions {
    key: u64,
    issued: Mutex<Issued>,
}

#[derive(Debug, Default)]
struct Issued {
    count: u64,
    /// By digest; with whether it was shown.
    by_digest: BTreeMap<[u8; 32], (Said, bool)>,
}

impl Default for Assertions {
    fn default() -> Self {
        Self { key: RandomState::new().hash_one("assertions"), issued: Mutex::default() }
    }
}

impl Assertions {
    /// Cannot be guessed, and differs from one emulator to the next.
    pub(super) const fn key(&self) -> u64 {
        self.key
    }

    /// Issues an assertion.
    pub(super) fn issue(
        &self,
        subject: &str,
        audience: &str,
        issuer: &str,
        now: Timestamp,
    ) -> String {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.count += 1;
        issued.by_digest.retain(|_, (said, _)| said.expires + LIFETIME > now);
        let expires = now + LIFETIME;
        let claims = json!({
            "iss": issuer,
            "sub": subject,
            "aud": audience,
            "jti": stamp::guid(&format!("{} {}", self.key, issued.count)),
            "iat": now.as_second(),
            "nbf": now.as_second(),
            "exp": expires.as_second(),
        });
        let text = token::write(&claims, self.key);
        let said = Said { subject: subject.to_owned(), audience: audience.to_owned(), expires };
        issued.by_digest.insert(digest(&text), (said, false));
        text
    }

    /// Takes an assertion, once.
    pub(super) fn take(&self, assertion: &str, now: Timestamp) -> Result<Said, Stale> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let known = issued.by_digest.get_mut(&digest(assertion)).ok_or(Stale::Unknown)?;
        if known.0.expires <= now {
            return Err(Stale::Expired(known.0.expires));
        }
        if std::mem::replace(&mut known.1, true) {
            return Err(Stale::Used);
        }
        Ok(known.0.clone())
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_assertion_is_taken_once_and_for_five_minutes() {
        let assertions = Assertions::default();
        let issue = || assertions.issue("repo:a/b", "api://x", "http://here/oidc", at(1000));
        let (one, other) = (issue(), issue());
        assert_ne!(one, other);
        assert_eq!(assertions.take(&one, at(1299)).unwrap().subject, "repo:a/b");
        assert_eq!(assertions.take(&one, at(1299)), Err(Stale::Used));
        assert_eq!(assertions.take(&other, at(1300)), Err(Stale::Expired(at(1300))));
        assert_eq!(assertions.take("a.b.c", at(1000)), Err(Stale::Unknown));
    }

    #[test]
    fn what_another_emulator_issued_is_unknown() {
        let one = Assertions::default().issue("s", "a", "i", at(0));
        assert_eq!(Assertions::default().take(&one, at(0)), Err(Stale::Unknown));
    }
}
