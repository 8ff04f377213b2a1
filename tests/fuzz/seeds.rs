//! Where inputs begin: this repository's own files, and what a service answers.

use std::collections::BTreeMap;
use std::path::Path;

use sentinelops::content::{self, QuerySource};
use sentinelops::ident::Owner;
use sentinelops::plan::{self, SavedPlan};
use sentinelops::state::{Desired, RunTerms};
use serde_json::json;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every shipped file of content, exclusions and environments.
pub(crate) fn yaml() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("content"), root().join("environments")];
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// The shipped queries, and some with everything that is hard about them.
pub(crate) fn queries() -> Vec<Vec<u8>> {
    let (catalog, _) = content::load(root());
    let shipped = catalog.contents.iter().filter_map(|content| match &content.query {
        QuerySource::Own(query) => Some(query.value.clone()),
        QuerySource::From { .. } => None,
    });
    let hard = [
        "let x = materialize(T | where a == 1);\nx | join kind=inner (U | take 1) on $left.a == $right.b",
        "union (A | where x), B\n// @exclusions A\n| summarize count() by bin(TimeGenerated, 1h)",
        "let f = (t: (a: string)) { t | where a has 'x' }; f(T) | extend b = ```multi\nline```",
        "search in (T) 'x' | where y between (ago(1d) .. now()) and z in~ ('a', \"b\")",
    ];
    shipped.chain(hard.map(str::to_owned)).map(String::into_bytes).collect()
}

/// Lists, items and errors, behind a byte for the status and one for `Retry-After`.
pub(crate) fn answers() -> Vec<Vec<u8>> {
    let rule = json!({"name": "r1", "kind": "Scheduled", "etag": "\"1\"", "id": "/x/alertRules/r1",
        "properties": {"displayName": "R", "enabled": true, "severity": "High", "query": "T",
            "queryFrequency": "PT1H", "tactics": ["Impact"], "lastModifiedUtc": "2026-11-24"}});
    let hunt = json!({"name": "h1", "etag": "W/\"1\"", "properties": {"category": "Hunting Queries",
        "displayName": "H", "query": "T", "version": 2, "tags": [{"name": "tactics", "value": "Impact"}]}});
    let record = json!({"name": "analyticsrule-r1", "properties": {"kind": "AnalyticsRule",
        "parentId": "/x/alertRules/r1", "contentId": "r1", "customVersion": "so1;A;Scheduled;fetb6kG2xi",
        "source": {"kind": "SourceRepository", "name": "sentinelops", "sourceId": "acme-soc"}}});
    let error = json!({"error": {"code": "SubscriptionRequestsThrottled", "message": "wait",
        "details": [{"code": "x"}]}});
    let next = "http://127.0.0.1:1/subscriptions/s/x?api-version=1";
    let bodies = [
        (0, json!({"value": [rule, hunt, record]})),
        (0, json!({"value": [record, rule], "nextLink": next})),
        (3, json!({"value": []})),
        (0, rule),
        (6, error.clone()),
        (5, error),
    ];
    let answer = |(status, body): (u8, serde_json::Value)| {
        [&[status, 0][..], body.to_string().as_bytes()].concat()
    };
    bodies.into_iter().map(answer).collect()
}

/// A saved plan, a record, acknowledgements.
pub(crate) fn plans() -> Vec<Vec<u8>> {
    let owner: Owner = "acme-soc".parse().unwrap();
    let nothing = Desired { owner, terms: RunTerms::default(), workspaces: Vec::new() };
    let day = "2026-11-24".parse().unwrap();
    let planned = plan::plan(&nothing, &BTreeMap::new(), &plan::Options::default(), day);
    let saved = SavedPlan::of(&planned).to_text();
    let texts = [
        saved,
        "so1;A;Scheduled;c3f2a91c;fetb6kG2xistXxCma_j;dX;aetb6kG2xi".to_owned(),
        "so1;W;HuntingQuery;fqeD26YHbS;iqtXxCma_j;kd".to_owned(),
        "deletes@contoso/prod=3".to_owned(),
        "first-run".to_owned(),
    ];
    texts.map(String::into_bytes).to_vec()
}
