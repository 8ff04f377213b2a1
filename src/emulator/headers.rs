//! The headers of every ARM answer, as recorded.

use std::sync::atomic::{AtomicU64, Ordering};

use super::request::Request;
use super::stamp;

/// Tells requests at the same time apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Correlation ids, cache and rate-limit headers. The limits are those of an untouched bucket.
pub(super) fn usual(request: &Request, status: u16, now: u64) -> Vec<(String, String)> {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = stamp::guid(&format!("{now} {count} {} {}", request.method, request.path));
    let routing = format!("EMULATOR:{}:{id}", stamp::to_compact(now));
    let mut headers = vec![
        ("cache-control", "no-cache".to_owned()),
        ("pragma", "no-cache".to_owned()),
        ("expires", "-1".to_owned()),
        ("x-ms-request-id", id.clone()),
        ("x-ms-correlation-request-id", id),
        ("x-ms-routing-request-id", routing),
        ("strict-transport-security", "max-age=31536000; includeSubDomains".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    let (operation, own, global) = match request.method.as_str() {
        "GET" => ("reads", 249, 3749),
        "DELETE" => ("deletes", 199, 2999),
        _ => ("writes", 199, 2999),
    };
    let own_name = format!("x-ms-ratelimit-remaining-subscription-{operation}");
    let global_name = format!("x-ms-ratelimit-remaining-subscription-global-{operation}");
    if status != 401 {
        headers.push((&own_name, own.to_string()));
        headers.push((&global_name, global.to_string()));
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_own_id() {
        let id = || usual(&Request::default(), 200, 0)[3].1.clone();
        assert_ne!(id(), id());
    }

    #[test]
    fn limits_go_by_operation() {
        for (method, expect) in [("GET", "reads"), ("PUT", "writes"), ("DELETE", "deletes")] {
            let request = Request { method: method.into(), ..Request::default() };
            let name = format!("x-ms-ratelimit-remaining-subscription-global-{expect}");
            let headers = usual(&request, 200, 0);
            assert!(headers.iter().any(|(found, _)| *found == name), "{method}");
        }
    }
}
