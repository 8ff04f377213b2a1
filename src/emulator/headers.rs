//! The headers of every ARM answer, as recorded.

use std::sync::atomic::{AtomicU64, Ordering};

use super::request::Request;
use super::stamp;

/// Tells requests at the same time apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Correlation ids, what nobody may cache, and whose request it was.
pub(super) fn usual(request: &Request, now: u64) -> Vec<(String, String)> {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = stamp::guid(&format!("{now} {count} {} {}", request.method, request.path));
    let routing = format!("EMULATOR:{}:{id}", stamp::to_compact(now));
    let headers = [
        ("cache-control", "no-cache".to_owned()),
        ("pragma", "no-cache".to_owned()),
        ("expires", "-1".to_owned()),
        ("x-ms-request-id", id.clone()),
        ("x-ms-correlation-request-id", id),
        ("x-cache", "CONFIG_NOCACHE".to_owned()),
        ("x-ms-routing-request-id", routing),
        ("strict-transport-security", "max-age=31536000; includeSubDomains".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_own_id() {
        let id = || usual(&Request::default(), 0)[3].1.clone();
        assert_ne!(id(), id());
    }
}
