//! Saved searches, hunting queries among them.

use serde_json::{Value, json};

use crate::contract;
use crate::service::Service;

fn hunt() -> Value {
    json!({"properties": {
        "category": "Hunting Queries", "displayName": "Contract of sentinelops",
        "query": "Usage\n| take 1", "version": 2,
        "tags": [{"name": "tactics", "value": "Execution"}, {"name": "description", "value": "b"}],
    }})
}

fn path(service: &Service) -> (String, String) {
    let name = service.name();
    let path = service.logs(&format!("savedSearches/{name}"));
    (name, path)
}

#[test]
fn a_search_is_made_with_200_and_deleted_with_an_empty_200() {
    contract(|service| {
        let (name, search) = path(service);
        let made = service.put(&search, &hunt());
        assert_eq!(made.status, 200, "{}", made.body);
        assert_eq!(made.body["name"], name);
        assert_eq!(made.body["type"], "Microsoft.OperationalInsights/savedSearches");
        let shown = service.shows(&search, |answer| answer.status == 200);
        assert_eq!(shown.body["properties"]["tags"], hunt()["properties"]["tags"], "in order");
        let deleted = service.delete(&search);
        assert_eq!((deleted.status, &deleted.body), (200, &Value::Null));
        service.shows(&search, |answer| answer.status == 404);
    });
}

#[test]
fn a_search_that_is_there_is_overridden_with_its_etag_alone() {
    contract(|service| {
        let (_, search) = path(service);
        let made = service.put(&search, &hunt());
        let refused = service.put(&search, &hunt());
        assert_eq!((refused.status, refused.code()), (409, "Conflict"), "{}", refused.body);
        let with = |etag: &Value| {
            let mut body = hunt();
            body["etag"] = etag.clone();
            service.put(&search, &body)
        };
        let changed = with(&made.body["etag"]);
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert_ne!(changed.body["etag"], made.body["etag"]);
        assert_eq!(with(&made.body["etag"]).status, 409, "stale");
        assert_eq!(with(&json!("*")).status, 200);
    });
}

#[test]
fn the_list_is_one_page_in_camel_case_and_has_built_in_searches() {
    contract(|service| {
        let (name, search) = path(service);
        service.put(&search, &hunt());
        let list = service.shows(&service.logs("savedSearches"), |answer| answer.has(&name));
        assert!(list.body.get("nextLink").is_none());
        let built_in = |item: &&Value| item["name"].as_str().is_some_and(|name| name.contains('|'));
        let one = list.items().iter().find(built_in).expect("a built-in search");
        assert!(one.get("etag").is_none() && one["properties"]["displayName"].is_string());
    });
}

#[test]
fn fifteen_tags_are_the_most() {
    contract(|service| {
        let (_, search) = path(service);
        let mut body = hunt();
        body["properties"]["tags"] = json!(vec![json!({"name": "n", "value": "v"}); 16]);
        let refused = service.put(&search, &body);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(refused.message().contains("'Tags'"), "{}", refused.body);
    });
}
