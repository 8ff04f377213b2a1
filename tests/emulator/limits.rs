//! How much the service takes at once, and how soon it shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sentinelops::emulator::Options;
use serde_json::{Value, json};

use crate::client::{
    Call, Service, TENANT, hunt, marker, nrt, options, record, recording, records, rule, rules,
    scheduled, search, searches,
};

/// A clock that stands until a test moves it, in seconds since 1970.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn options(&self) -> Options {
        let seconds = Arc::clone(&self.0);
        let now = move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap();
        Options { record: recording(), ..Options::new(Arc::new(now)) }
    }
}

#[test]
fn a_bucket_that_is_empty_refuses_until_it_has_refilled() {
    let hand = Hand::default();
    let service = Service::start(Options { throttles: true, ..hand.options() });
    for left in (0..200).rev() {
        let deleted = service.delete(&rule("r1"));
        let header = "x-ms-ratelimit-remaining-subscription-deletes";
        assert_eq!(deleted.header(header), Some(left.to_string().as_str()));
        assert_eq!(deleted.status, 204);
    }
    let refused = service.delete(&rule("r1"));
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(refused.code(), "SubscriptionRequestsThrottled");
    let text = refused.message();
    assert!(text.starts_with("Number of 'delete' requests for subscription '0000"), "{text}");
    assert!(text.ends_with("exceeded. Please try again after '1' seconds."), "{text}");
    assert_eq!(service.get(&rules()).status, 200, "reads have their own");
    let other = Call::new("DELETE", rule("r1"))
        .header("authorization", format!("Bearer {}", token("another")));
    assert_eq!(service.send(&other).status, 204, "another caller has its own");
    hand.forward(1);
    assert_eq!(service.delete(&rule("r1")).status, 204);
}

/// A token as the emulator's own sign-in would give it to an application.
fn token(app: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = json!({"tid": TENANT, "appid": app}).to_string();
    format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims))
}

#[test]
fn without_throttling_the_answers_only_say_what_is_left() {
    let service = Service::start(options());
    for _ in 0..201 {
        assert_eq!(service.delete(&rule("r1")).status, 204);
    }
    let answer = service.delete(&rule("r1"));
    let header = "x-ms-ratelimit-remaining-subscription-global-deletes";
    assert_eq!(answer.header(header), Some("2798"));
}

#[test]
fn a_workspace_has_no_more_than_fifty_nrt_rules() {
    let service = Service::start(options());
    for index in 0..50 {
        assert_eq!(service.put(&rule(&format!("n{index}")), &nrt()).status, 201);
    }
    let refused = service.put(&rule("n50"), &nrt());
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
    assert_eq!(refused.message(), "The maximum number of NRT alert rules (50) has been reached.");
    assert_eq!(service.put(&rule("n49"), &nrt()).status, 200, "one that is there");
    assert_eq!(service.put(&rule("s1"), &scheduled()).status, 201, "one of another kind");
}

#[test]
fn a_write_shows_late_in_reads_and_lists_when_the_service_is_slow() {
    let hand = Hand::default();
    let visible_after = Duration::from_secs(10);
    let service = Service::start(Options { visible_after, ..hand.options() });
    let cases: [(String, String, Value); 3] = [
        (rule("x1"), rules(), scheduled()),
        (search("x1"), searches(), hunt()),
        (record("x1"), records(), marker()),
    ];
    for (item, list, mut body) in cases {
        let listed = || service.get(&list).names().contains(&"x1");
        let name = |answer: Value| answer["properties"]["displayName"].clone();
        let created = service.put(&item, &body);
        assert!(created.status < 300);
        assert_eq!(service.get(&item).status, 404, "root resource was present, but now absent");
        assert!(!listed());
        hand.forward(10);
        assert_eq!(service.get(&item).body, created.body);
        assert!(listed());

        if name(body.clone()).is_string() {
            body["properties"]["displayName"] = json!("Another name");
            body["etag"] = created.body["etag"].clone();
            assert_eq!(service.put(&item, &body).status, 200, "writes see the truth");
            assert_eq!(name(service.get(&item).body), name(created.body.clone()));
            hand.forward(10);
            assert_eq!(name(service.get(&item).body), json!("Another name"));
        }

        assert_eq!(service.delete(&item).status, 200);
        assert!(listed(), "a list is stale");
        assert_eq!(service.get(&item).status, 404, "a read is not");
        let again = if item == search("x1") { 200 } else { 204 };
        assert_eq!(service.delete(&item).status, again);
        hand.forward(10);
        assert!(!listed());
    }
}
