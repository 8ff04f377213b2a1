//! Stamps: points in time of 100 ns that only grow. Etags and times in answers come from them.

use jiff::Timestamp;

/// The clock's time as a stamp: 100 ns since 1970, never negative.
pub(super) fn of(time: Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond() / 100).unwrap_or_default()
}

/// `2026-03-25T07:45:17.6713880Z`, as .NET prints it in answers.
pub(super) fn to_text(stamp: u64) -> String {
    format!("{}.{:07}Z", time(stamp).strftime("%Y-%m-%dT%H:%M:%S"), stamp % SECOND)
}

/// `20260325T074517Z`, as routing ids have it.
pub(super) fn to_compact(stamp: u64) -> String {
    time(stamp).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A rule's etag, quotes and all: `"61004e36-0000-0100-0000-69c3928d0000"`. The last group begins
/// with the seconds in recorded traffic; within a second the first group differs.
pub(super) fn rule_etag(stamp: u64) -> String {
    let low = stamp & 0xffff_ffff;
    format!("\"{low:08x}-0000-0100-0000-{:08x}0000\"", stamp / SECOND)
}

/// A saved search's etag: `W/"datetime'2025-05-08T04%3A42%3A05.5967735Z'"`.
pub(super) fn saved_search_etag(stamp: u64) -> String {
    format!("W/\"datetime'{}'\"", to_text(stamp).replace(':', "%3A"))
}

/// A GUID that follows from a text.
pub(super) fn guid(seed: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(seed.as_bytes());
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}

const SECOND: u64 = 10_000_000;

fn time(stamp: u64) -> Timestamp {
    let seconds = i64::try_from(stamp / SECOND).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_look_as_recorded() {
        let stamp = of("2025-05-08T04:42:05.5967735Z".parse().unwrap());
        assert_eq!(saved_search_etag(stamp), "W/\"datetime'2025-05-08T04%3A42%3A05.5967735Z'\"");
        let etag = rule_etag(of("2026-03-25T07:45:17.671388Z".parse().unwrap()));
        assert!(etag.ends_with("-0000-0100-0000-69c3928d0000\""), "{etag}");
        assert_ne!(etag, rule_etag(of("2026-03-25T07:45:17.671388Z".parse().unwrap()) + 1));
    }

    #[test]
    fn a_guid_follows_from_its_seed() {
        assert_eq!(guid("a"), guid("a"));
        assert_ne!(guid("a"), guid("b"));
        assert!(guid("a").parse::<crate::ident::TenantId>().is_ok());
    }
}
