//! Metadata.

use serde_json::{Value, json};

use crate::contract;
use crate::rules::scheduled;
use crate::service::Service;

/// A record about a rule that is there.
fn made(service: &Service) -> (String, String, Value) {
    let name = service.name();
    let rule = service.sentinel(&format!("alertRules/{name}"));
    service.put(&rule, &scheduled());
    let parent = rule.split('?').next().unwrap();
    let body = json!({"properties": {
        "parentId": parent, "contentId": name, "kind": "AnalyticsRule",
        "customVersion": "sentinelops contract",
        "source": {"kind": "SourceRepository", "name": name, "sourceId": "contract"},
    }});
    let path = service.sentinel(&format!("metadata/analyticsrule-{name}"));
    (name, path, body)
}

#[test]
fn a_record_is_made_with_201_replaced_with_200_and_has_no_etag() {
    contract(|service| {
        let (_, record, body) = made(service);
        let first = service.put(&record, &body);
        assert_eq!(first.status, 201, "{}", first.body);
        assert!(first.body.get("etag").is_none_or(Value::is_null));
        assert_eq!(first.body["properties"]["customVersion"], "sentinelops contract");
        assert_eq!(first.body["properties"]["source"], body["properties"]["source"]);
        assert_eq!(service.put(&record, &body).status, 200);
        let changed = service.patch(&record, &json!({"properties": {"customVersion": "two"}}));
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert_eq!(changed.body["properties"]["customVersion"], "two");
        assert_eq!(service.delete(&record).status, 200);
        service.shows(&record, |answer| answer.status == 404);
        assert_eq!(service.delete(&record).status, 204);
    });
}

#[test]
fn records_are_filtered_by_kind() {
    contract(|service| {
        let (name, record, body) = made(service);
        service.put(&record, &body);
        let named = format!("analyticsrule-{name}");
        let filter = |kind: &str| {
            service.sentinel(&format!("metadata?$filter=properties/kind%20eq%20'{kind}'"))
        };
        service.shows(&filter("AnalyticsRule"), |answer| answer.has(&named));
        assert!(!service.get(&filter("Watchlist")).has(&named));
    });
}

#[test]
fn a_record_needs_its_parent_and_a_kind_that_is_known() {
    contract(|service| {
        let (_, record, body) = made(service);
        let mut without = body.clone();
        without["properties"].as_object_mut().unwrap().remove("parentId");
        assert_eq!(service.put(&record, &without).status, 400);
        let mut poem = body;
        poem["properties"]["kind"] = json!("Poem");
        assert_eq!(service.put(&record, &poem).status, 400);
    });
}
