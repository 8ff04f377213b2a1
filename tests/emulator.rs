//! The emulator over the wire: what a client of Azure Resource Manager would see.

#![expect(clippy::unwrap_used, reason = "a panic in a test is its report")]

#[path = "emulator/client.rs"]
mod client;
#[path = "emulator/generic.rs"]
mod generic;
#[path = "emulator/limits.rs"]
mod limits;
#[path = "emulator/lints.rs"]
mod lints;
#[path = "emulator/recorded.rs"]
mod recorded;
#[path = "emulator/refused.rs"]
mod refused;
#[cfg(unix)]
#[path = "emulator/served.rs"]
mod served;

use std::num::NonZeroUsize;
use std::time::Duration;

use client::{
    Call, OTHER_TENANT, Service, TENANT, hunt, marker, nrt, options, record, records, rule, rules,
    scheduled, search, searches, tenant, workspace,
};
use sentinelops::emulator::{
    Answer, Emulator, ErrorAnswer, Fault, Normaliser, Options, Tombstones, edit,
};
use serde_json::{Value, json};

fn start() -> Service {
    Service::start(options())
}

// Rules.

#[test]
fn a_rule_is_created_updated_and_deleted() {
    let service = start();
    let created = service.put(&rule("r1"), &scheduled());
    assert_eq!(created.status, 201);
    assert_eq!(created.body["properties"]["query"], "T\r\n| where a < 'b'\n", "letter for letter");
    assert_eq!(created.body["systemData"]["createdBy"], "emulator");
    let updated = service.put(&rule("R1"), &scheduled());
    assert_eq!((updated.status, &updated.body["name"]), (200, &json!("r1")));
    assert_ne!(created.body["etag"], updated.body["etag"]);
    assert_eq!(service.get(&rule("r1")).body, updated.body);
    let deleted = service.delete(&rule("r1"));
    assert_eq!((deleted.status, deleted.text.as_str()), (200, "{}"));
    let again = service.delete(&rule("r1"));
    assert_eq!((again.status, again.text.as_str()), (204, ""));
    assert_eq!(service.get(&rule("r1")).status, 404);
}

#[test]
fn a_rules_etag_guards_it_only_when_it_is_sent() {
    let service = start();
    let first = service.put(&rule("r1"), &scheduled());
    assert_eq!(service.put(&rule("r1"), &scheduled()).status, 200, "none overwrites");
    let mut stale = scheduled();
    stale["etag"] = first.body["etag"].clone();
    let refused = service.put(&rule("r1"), &stale);
    assert_eq!((refused.status, refused.code()), (409, "Conflict"));
    let text = refused.message();
    assert!(text.starts_with("Newer instance of rule 'r1' exists for workspace '"), "{text}");
    assert!(text.ends_with("' (Etag does not match). Data was not saved."), "{text}");
    for etag in [service.get(&rule("r1")).body["etag"].clone(), json!("*"), Value::Null] {
        stale["etag"] = etag;
        assert_eq!(service.put(&rule("r1"), &stale).status, 200);
    }
}

#[test]
fn an_etag_of_a_rule_that_is_gone_is_stale() {
    let service = start();
    let mut body = scheduled();
    body["etag"] = service.put(&rule("r1"), &scheduled()).body["etag"].clone();
    service.delete(&rule("r1"));
    assert_eq!(service.put(&rule("r1"), &body).status, 409);
}

#[test]
fn stable_versions_hide_nrt_rules_and_sub_techniques() {
    let service = start();
    let mut body = scheduled();
    body["properties"]["subTechniques"] = json!(["T1071.001"]);
    service.put(&rule("r1"), &body);
    assert_eq!(service.put(&rule("r2"), &nrt()).status, 201);
    let stable = |target: String| target.replace("2024-04-01-preview", "2024-03-01");
    assert_eq!(service.get(&rules()).names(), ["BuiltInFusion", "r1", "r2"]);
    assert_eq!(service.get(&stable(rules())).names(), ["BuiltInFusion", "r1"]);
    assert_eq!(service.put(&stable(rule("r3")), &nrt()).status, 400);
    let shown = service.get(&stable(rule("r1")));
    assert!(shown.body["properties"].get("subTechniques").is_none());
    let shown = service.get(&rule("r1"));
    assert_eq!(shown.body["properties"]["subTechniques"], json!(["T1071.001"]));
}

#[test]
fn a_refused_update_leaves_the_old_rule() {
    let service = start();
    let before = service.put(&rule("r1"), &scheduled()).body;
    let mut body = scheduled();
    body["properties"]["techniques"] = json!(["T1071.001"]);
    let refused = service.put(&rule("r1"), &body);
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
    assert_eq!(
        refused.message(),
        "Invalid data model. [Properties.Techniques: The technique 'T1071.001' is invalid. The expected format is 'T####', where '#' represents a digit.]"
    );
    assert_eq!(service.put(&rule("r1"), &nrt()).status, 400, "the kind stays");
    assert_eq!(service.get(&rule("r1")).body, before);
}

#[test]
fn fusion_is_there_and_can_only_be_switched() {
    let service = start();
    let live = service.get(&rule("BuiltInFusion")).body;
    assert_eq!(live["kind"], "Fusion");
    let template = live["properties"]["alertRuleTemplateName"].clone();
    let body = json!({"kind": "Fusion", "etag": live["etag"],
        "properties": {"enabled": false, "alertRuleTemplateName": template}});
    let switched = service.put(&rule("BuiltInFusion"), &body);
    assert_eq!(switched.status, 200);
    assert_eq!(switched.body["properties"]["enabled"], false);
    assert_eq!(switched.body["properties"]["displayName"], live["properties"]["displayName"]);
    assert_eq!(service.put(&rule("BuiltInFusion"), &body).status, 409);
}

#[test]
fn a_deleted_id_is_free_unless_asked_otherwise() {
    let service = start();
    let again = |service: &Service| {
        service.put(&rule("r1"), &scheduled());
        service.delete(&rule("r1"));
        service.put(&rule("R1"), &scheduled())
    };
    assert_eq!(again(&service).status, 201);
    let window = Duration::from_secs(86_400);
    for (status, code) in [(400, "BadRequest"), (409, "Conflict")] {
        let tombstones = Some(Tombstones { window, status });
        let service = Service::start(Options { tombstones, ..options() });
        let refused = again(&service);
        assert_eq!((refused.status, refused.code()), (status, code));
        assert_eq!(
            refused.message(),
            "The rule with id 'R1' was recently deleted. You need to allow some time before re-using the same id. Please try again later."
        );
    }
}

#[test]
fn if_match_is_honoured_only_on_demand() {
    let stale = |target: String, body: Value| {
        Call::new("PUT", target).body(body).header("if-match", "\"stale\"")
    };
    let service = start();
    service.put(&rule("r1"), &scheduled());
    assert_eq!(service.send(&stale(rule("r1"), scheduled())).status, 200);
    let service = Service::start(Options { honour_if_match: true, ..options() });
    let current = service.put(&rule("r1"), &scheduled()).body["etag"].clone();
    let refused = service.send(&stale(rule("r1"), scheduled()));
    assert_eq!((refused.status, refused.code()), (412, "PreconditionFailed"));
    let fresh = Call::new("DELETE", rule("r1")).header("if-match", current.as_str().unwrap());
    assert_eq!(service.send(&fresh).status, 200);
    service.put(&search("h1"), &hunt());
    let mut any = hunt();
    any["etag"] = json!("*");
    assert_eq!(service.send(&stale(search("h1"), any)).status, 412);
}

#[test]
fn durations_come_back_as_sent_unless_asked_otherwise() {
    let mut body = scheduled();
    body["properties"]["queryFrequency"] = json!("PT60M");
    let frequency = |respells_durations: bool| {
        let normaliser = Normaliser { respells_durations, ..Normaliser::default() };
        let service = Service::start(Options { normaliser, ..options() });
        service.put(&rule("r1"), &body).body["properties"]["queryFrequency"].clone()
    };
    assert_eq!((frequency(false), frequency(true)), (json!("PT60M"), json!("PT1H")));
}

#[test]
fn what_a_newer_service_knows_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("emulator.redb");
    let newer = Options { takes_unknown_properties: true, ..options() };
    let service = Service::open(Some(&path), newer);
    let mut body = scheduled();
    body["properties"]["somethingNew"] = json!({"a": [1]});
    service.put(&rule("r1"), &body);
    service.stop();
    let service = Service::open(Some(&path), options());
    assert_eq!(service.get(&rule("r1")).body["properties"]["somethingNew"], json!({"a": [1]}));
    body["properties"]["somethingNew"] = json!({"a": [2]});
    assert_eq!(service.put(&rule("r1"), &body).status, 200, "what it has answered it takes again");
    assert_eq!(service.put(&rule("r2"), &body).status, 400);
}

// Saved searches.

#[test]
fn a_saved_search_is_overridden_with_its_etag_alone() {
    let service = start();
    let created = service.put(&search("h1"), &hunt());
    assert_eq!(created.status, 200, "a create answers 200, too");
    assert_eq!(created.body["properties"]["version"], 2);
    assert_eq!(created.body["properties"]["tags"], hunt()["properties"]["tags"], "in order");
    assert_eq!(created.body["type"], "Microsoft.OperationalInsights/savedSearches");
    let refused = service.put(&search("h1"), &hunt());
    assert_eq!((refused.status, refused.code()), (409, "Conflict"));
    let text = refused.message();
    assert!(
        text.ends_with("due to reason - [Newer data exists in the Customer Configuration Store.]"),
        "{text}"
    );
    let with = |etag: &Value| {
        let mut body = hunt();
        body["etag"] = etag.clone();
        service.put(&search("H1"), &body)
    };
    let updated = with(&created.body["etag"]);
    assert_eq!((updated.status, &updated.body["name"]), (200, &json!("h1")));
    assert_eq!(with(&created.body["etag"]).status, 409, "stale");
    assert_eq!(with(&json!("*")).status, 200);
}

#[test]
fn templates_write_the_etag_into_the_properties() {
    let service = start();
    service.put(&search("h1"), &hunt());
    let mut body = hunt();
    body["properties"]["eTag"] = json!("*");
    let updated = service.put(&search("h1"), &body);
    assert_eq!(updated.status, 200);
    assert!(updated.body["properties"].get("eTag").is_none());
}

#[test]
fn a_saved_search_is_deleted_with_an_empty_answer() {
    let service = start();
    service.put(&search("h1"), &hunt());
    let deleted = service.delete(&search("h1"));
    assert_eq!((deleted.status, deleted.text.as_str()), (200, ""));
    assert_eq!(service.delete(&search("h1")).status, 200, "no other answer is described");
}

#[test]
fn a_fresh_workspace_is_full_of_built_in_searches() {
    let service = start();
    let list = service.get(&searches());
    let items = list.body["value"].as_array().unwrap();
    assert!(items.len() > 24, "{}", items.len());
    for item in items {
        assert!(item.get("etag").is_none() && item["properties"].get("tags").is_none(), "{item}");
    }
    let id = "LogManagement(law-sec)_LogManagement%7CAllSyslog";
    let one = service.get(&search(id));
    assert_eq!(one.body["name"], "LogManagement(law-sec)_LogManagement|AllSyslog");
    assert_eq!(service.put(&search(id), &hunt()).status, 409);
}

// Metadata.

#[test]
fn metadata_has_lower_case_ids_and_no_etag() {
    let service = start();
    let created = service.put(&record("analyticsrule-r1"), &marker());
    assert_eq!(created.status, 201);
    assert!(created.body.get("etag").is_none());
    let id = created.body["id"].as_str().unwrap();
    assert!(id.contains("/resourcegroups/rg-sec/"), "{id}");
    assert_eq!(created.body["properties"], marker()["properties"]);
    assert_eq!(service.put(&record("analyticsrule-r1"), &marker()).status, 200);
    let changes = json!({"properties": {"customVersion": "v2", "contentId": null}});
    let patch = Call::new("PATCH", record("analyticsrule-r1")).body(changes);
    let patched = service.send(&patch);
    assert_eq!((patched.status, &patched.body["properties"]["customVersion"]), (200, &json!("v2")));
    assert!(patched.body["properties"].get("contentId").is_none());
    assert_eq!(patched.body["systemData"]["createdAt"], created.body["systemData"]["createdAt"]);
    assert_eq!(service.delete(&record("analyticsrule-r1")).status, 200);
    assert_eq!(service.delete(&record("analyticsrule-r1")).status, 204);
    assert_eq!(service.send(&patch).status, 404);
}

#[test]
fn metadata_is_filtered() {
    let service = start();
    service.put(&record("a"), &marker());
    let mut other = marker();
    other["properties"]["kind"] = json!("HuntingQuery");
    service.put(&record("b"), &other);
    let kind = "&$filter=properties/kind%20eq%20'AnalyticsRule'";
    assert_eq!(service.get(&format!("{}{kind}", records())).names(), ["a"]);
    let source = "&$filter=properties/source/sourceId%20eq%20'acme-soc'";
    assert_eq!(service.get(&format!("{}{source}", records())).names(), ["a", "b"]);
}

#[test]
fn a_metadata_name_has_no_blanks() {
    let refused = start().put(&record("a%20b"), &marker());
    assert_eq!(refused.status, 400);
}

// Lists, versions, ids.

#[test]
fn pages_lead_to_each_other_on_the_same_host() {
    let page_size = NonZeroUsize::new(2);
    let service = Service::start(Options { page_size, ..options() });
    for id in ["r1", "r2", "r3", "r4"] {
        service.put(&rule(id), &scheduled());
        service.put(&record(id), &marker());
    }
    for (first, expect) in [(rules(), 5), (records(), 4)] {
        let mut seen = Vec::new();
        let mut target = Some(first);
        while let Some(page) = target.take().map(|target| service.get(&target)) {
            assert!(page.names().len() <= 2);
            seen.extend(page.names().into_iter().map(str::to_owned));
            if let Some(link) = page.body["nextLink"].as_str() {
                let host = format!("http://{}", service.address);
                target = Some(link.strip_prefix(&host).expect("the same host").to_owned());
            }
        }
        let mut once = seen.clone();
        once.dedup();
        assert_eq!((once.len(), seen.len()), (expect, expect), "{seen:?}");
    }
    assert!(service.get(&searches()).body.get("nextLink").is_none());
}

#[test]
fn an_api_version_is_needed_and_must_be_known() {
    let service = start();
    let (path, _) = rules().split_once('?').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let refused = service.get(&path);
    assert_eq!(
        (refused.status, refused.body.clone()),
        (
            400,
            json!({"error": {"code": "MissingApiVersionParameter",
            "message": "The api-version query parameter (?api-version=) is required for all requests."}})
        )
    );
    let code =
        |version: &str| service.get(&format!("{path}?api-version={version}")).code().to_owned();
    assert_eq!(code("2030-01-01"), "NoRegisteredProviderFound");
    assert_eq!(code("newest"), "InvalidApiVersionParameter");
}

#[test]
fn ids_are_the_same_in_any_case() {
    let service = start();
    service.put(&rule("r1"), &scheduled());
    let (path, query) =
        rule("r1").split_once('?').map(|(a, b)| (a.to_lowercase(), b.to_owned())).unwrap();
    assert_eq!(service.get(&format!("{path}?{query}")).status, 200);
    assert_eq!(service.get(&format!("{}?{query}", path.to_uppercase())).status, 200);
}

#[test]
fn a_subscription_names_its_tenant_and_a_workspace_its_guid() {
    let service = start();
    let id = workspace().subscription;
    let found = service.get(&format!("/subscriptions/{id}?api-version=2022-12-01"));
    assert_eq!(found.body["tenantId"], TENANT);
    let found = service.get(&format!("{}?api-version=2023-09-01", workspace()));
    assert_eq!(found.body["properties"]["customerId"].as_str().map(str::len), Some(36));
}

#[test]
fn what_is_not_there_is_named() {
    let service = start();
    let code = |from: &str, to: &str| service.get(&rules().replace(from, to)).code().to_owned();
    assert_eq!(code("0001/", "0002/"), "SubscriptionNotFound");
    assert_eq!(code("rg-sec", "rg-other"), "ResourceGroupNotFound");
    assert_eq!(code("law-sec", "law-other"), "ResourceNotFound");
    assert_eq!(code("alertRules", "incidents"), "InvalidResourceType");
    assert_eq!(service.send(&Call::new("POST", rule("r1"))).status, 405);
    let call = Call::new("PUT", rule("r1")).body(json!("{"));
    assert_eq!(service.send(&call).code(), "InvalidRequestContent");
}

#[test]
fn every_answer_can_be_correlated() {
    let service = start();
    let answer = service.get(&rules());
    assert_eq!(answer.header("x-ms-request-id"), answer.header("x-ms-correlation-request-id"));
    assert!(
        answer.header("x-ms-routing-request-id").unwrap().starts_with("EMULATOR:20260325T074517Z:")
    );
    let left = "x-ms-ratelimit-remaining-subscription-global-reads";
    assert_eq!(answer.header(left), Some("3749"));
    assert!(answer.header("api-supported-versions").is_none());
    let versions = service.get(&searches()).header("api-supported-versions").unwrap().to_owned();
    assert!(versions.contains("2020-08-01, "), "{versions}");
    let written = service.put(&rule("r1"), &scheduled());
    assert!(written.text.contains(r"a \u003c \u0027b\u0027"), "{}", written.text);
    assert_eq!(written.header("x-ms-ratelimit-remaining-subscription-writes"), Some("199"));
}

// Tenants.

#[test]
fn a_token_of_another_tenant_is_refused() {
    let service = start();
    let with = |tenant: &str| {
        let token = format!("Bearer emulator.{tenant}.x");
        service.send(&Call::new("GET", rules()).header("authorization", token))
    };
    assert_eq!(with(TENANT).status, 200);
    let refused = with(OTHER_TENANT);
    assert_eq!((refused.status, refused.code()), (401, "InvalidAuthenticationTokenTenant"));
    service.emulator.delegate(&workspace(), &OTHER_TENANT.parse().unwrap()).unwrap();
    assert_eq!(with(OTHER_TENANT).status, 200, "managed through Lighthouse");
    let strict = Service::start(Options { require_token: true, ..options() });
    assert_eq!(strict.get(&rules()).code(), "AuthenticationFailed");
}

#[test]
fn a_subscription_has_one_tenant() {
    let service = start();
    let other = OTHER_TENANT.parse().unwrap();
    assert!(service.emulator.provision(&workspace(), &other).is_err());
    service.put(&rule("r1"), &scheduled());
    service.emulator.provision(&workspace(), &tenant()).unwrap();
    assert_eq!(service.get(&rule("r1")).status, 200, "provisioning again changes nothing");
}

#[test]
fn workspaces_are_provisioned_over_http() {
    let service = start();
    let wanted = |tenant: &str, name: &str| {
        json!([{"tenantId": tenant, "subscriptionId": workspace().subscription.to_string(),
            "resourceGroup": "rg-sec", "workspaceName": name, "managedBy": [OTHER_TENANT]}])
    };
    let target = "/_emulator/workspaces";
    assert_eq!(service.put(target, &wanted(TENANT, "law-two")).status, 204);
    let other = rules().replace("law-sec", "law-two");
    assert_eq!(service.get(&other).names(), ["BuiltInFusion"]);
    assert_eq!(service.get(target).body["value"].as_array().map(Vec::len), Some(2));
    assert_eq!(service.put(target, &wanted(OTHER_TENANT, "law-two")).status, 409);
    assert_eq!(service.put(target, &wanted(TENANT, "x")).status, 400);
    assert_eq!(service.put(target, &json!([{"tenant": TENANT}])).status, 400);
}

#[test]
fn applications_are_registered_over_http_and_sign_in_to_their_own_tenant() {
    let service = start();
    let target = "/_emulator/apps";
    let app = json!([{"tenantId": TENANT, "clientId": OTHER_TENANT, "secret": "hunter2"}]);
    assert_eq!(service.put(target, &app).status, 204);
    let token = |tenant: &str| {
        let form = format!(
            "grant_type=client_credentials&client_id={OTHER_TENANT}&client_secret=hunter2\
             &scope=api%3A%2F%2Fsentinelops-emulator%2F.default"
        );
        service.send(&Call::new("POST", format!("/{tenant}/oauth2/v2.0/token")).body(json!(form)))
    };
    let answer = token(TENANT);
    let granted = answer.body["access_token"].as_str().unwrap();
    let ask = |target: &str| {
        let bearer = format!("Bearer {granted}");
        service.send(&Call::new("GET", target).header("authorization", &bearer))
    };
    assert_eq!(ask(&rules()).status, 200);
    assert_eq!(token(OTHER_TENANT).body["error_codes"], json!([90_002]));
    let wrong = json!([{"tenantId": TENANT, "clientId": "x", "secret": {"hunter2": 1}}]);
    let refused = service.put(target, &wrong);
    assert!(refused.status == 400 && !refused.text.contains("hunter2"), "{refused:?}");
    let journal = service.get("/_emulator/journal").text;
    let caller = format!("tenant {TENANT} app {OTHER_TENANT}");
    assert_eq!(journal.matches(&caller).count(), 2, "{journal}");
    assert!(!journal.contains("hunter2") && !journal.contains(granted), "{journal}");
}

#[test]
fn a_rule_needs_the_tables_that_its_workspace_was_given() {
    let service = start();
    let tables = |tables: Value| {
        let wanted = json!([{"tenantId": TENANT,
            "subscriptionId": workspace().subscription.to_string(), "resourceGroup": "rg-sec",
            "workspaceName": "law-sec", "tables": tables}]);
        assert_eq!(service.put("/_emulator/workspaces", &wanted).status, 204);
    };
    tables(json!({"SecurityEvent": ["EventID"]}));
    let mut body = scheduled();
    body["properties"]["query"] = json!("SigninLogs | count");
    let refused = service.put(&rule("r-1"), &body);
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
    assert!(refused.message().contains("One of the tables does not exist"), "{refused:?}");
    body["properties"]["query"] = json!("SecurityEvent | where Account == 'a'");
    let refused = service.put(&rule("r-1"), &body);
    assert!(refused.message().contains("expression named 'Account'"), "{refused:?}");
    tables(json!({"SecurityEvent": null}));
    assert_eq!(service.put(&rule("r-1"), &body).status, 201);
}

// The journal.

#[test]
fn the_journal_has_every_request_and_no_secret() {
    let service = start();
    service.get(&rules());
    let token = "Bearer very-secret-token";
    let call = Call::new("PUT", rule("r1")).body(scheduled());
    let call = call.header("authorization", token).header("x-ms-client-request-id", "c-1");
    service.send(&call.header("x-sentinelops-actor", "portal"));
    service.send(&Call::new("DELETE", rule("r2")).header("user-agent", "sentinelops/1"));
    let journal = service.get("/_emulator/journal").body;
    let entries = journal["value"].as_array().unwrap();
    let seen: Vec<_> = entries
        .iter()
        .map(|e| (e["sequence"].as_u64(), e["method"].as_str(), e["status"].as_u64()))
        .collect();
    let expect = [
        (Some(1), Some("GET"), Some(200)),
        (Some(2), Some("PUT"), Some(201)),
        (Some(3), Some("DELETE"), Some(204)),
    ];
    assert_eq!(seen, expect);
    assert_eq!(
        (&entries[1]["actor"], &entries[2]["actor"]),
        (&json!("portal"), &json!("sentinelops/1"))
    );
    assert_eq!(entries[1]["clientRequestId"], "c-1");
    assert_eq!(entries[1]["target"], rule("r1"));
    assert!(!journal.to_string().contains("secret"));
    assert_eq!(
        service.get("/_emulator/journal?after=2").body["value"].as_array().unwrap().len(),
        1
    );
    assert_eq!(service.delete("/_emulator/journal").status, 204);
    assert_eq!(service.get("/_emulator/journal").body, json!({"value": []}));
}

#[test]
fn state_and_journal_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("emulator.redb");
    let service = Service::open(Some(&path), options());
    let body = service.put(&rule("r1"), &scheduled()).body;
    service.get(&rules());
    service.stop();
    let service = Service::open(Some(&path), options());
    assert_eq!(service.get(&rule("r1")).body, body);
    let updated = service.put(&rule("r1"), &scheduled());
    assert_ne!(updated.body["etag"], body["etag"], "the clock stands, the etag does not");
    let methods: Vec<String> =
        service.emulator.journal(0).unwrap().into_iter().map(|entry| entry.method).collect();
    assert_eq!(methods, ["PUT", "GET", "GET", "PUT"]);
}

// Faults.

#[test]
fn faults_are_set_over_http() {
    let service = start();
    let faults =
        json!([{"method": "GET", "times": 1, "answer": {"status": 429, "retry_after": 3}}]);
    assert_eq!(service.put("/_emulator/faults", &faults).status, 204);
    let throttled = service.get(&rules());
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("3")));
    assert_eq!(service.get(&rules()).status, 200);
    assert_eq!(service.put("/_emulator/faults", &json!([{"answer": "explode"}])).status, 400);
    assert_eq!(service.delete("/_emulator/faults").status, 204);
    assert_eq!(service.get("/_emulator/faults").body, json!({"value": []}));
}

#[test]
fn errors_are_played_before_the_request_takes_effect() {
    let service = start();
    for status in [401, 403, 404, 409, 412, 429, 500, 503] {
        service.fault(Answer::Error(ErrorAnswer { status, ..ErrorAnswer::default() }));
        let refused = service.put(&rule("r1"), &scheduled());
        assert_eq!(refused.status, status);
        assert!(!refused.code().is_empty());
    }
    assert_eq!(service.get(&rule("r1")).status, 404);
    service.fault(Answer::Error(ErrorAnswer {
        status: 504,
        after: true,
        ..ErrorAnswer::default()
    }));
    assert_eq!(service.put(&rule("r1"), &scheduled()).status, 504);
    assert_eq!(service.get(&rule("r1")).status, 200, "this one took effect");
}

#[test]
fn a_connection_drops_before_or_after_the_effect() {
    let service = start();
    let put = Call::new("PUT", rule("r1")).body(scheduled());
    service.fault(Answer::Drop);
    assert!(service.try_send(&put).is_err());
    assert_eq!(service.get(&rule("r1")).status, 404);
    service.fault(Answer::DropAfter);
    assert!(service.try_send(&put).is_err(), "not even a status arrives");
    assert_eq!(service.get(&rule("r1")).status, 200);
    let journal = service.emulator.journal(0).unwrap();
    let dropped: Vec<_> = journal.iter().filter(|entry| entry.status.is_none()).collect();
    assert_eq!(dropped.len(), 2);
    assert_eq!(dropped[1].fault.as_deref(), Some("drop-after"));
}

#[test]
fn lists_can_lie() {
    let service = start();
    service.put(&rule("r1"), &scheduled());
    service.fault(Answer::HalfPage);
    let half = service.get(&rules());
    assert_eq!((half.status, &half.body), (200, &Value::Null), "no JSON: {}", half.text);
    service.fault(Answer::NextLink("http://elsewhere.example/".into()));
    assert_eq!(service.get(&rules()).body["nextLink"], "http://elsewhere.example/");
    service.fault(Answer::EmptyList);
    assert_eq!(service.get(&rules()).body, json!({"value": []}));
    service.fault(Answer::ExtraItem(json!({"name": "a1", "kind": "Anomaly"})));
    assert_eq!(service.get(&rules()).names(), ["BuiltInFusion", "r1", "a1"]);
    assert_eq!(service.get(&rules()).names(), ["BuiltInFusion", "r1"]);
}

#[test]
fn a_write_can_be_answered_with_another_value() {
    let service = start();
    let changes = [("properties/severity".to_owned(), json!("Low"))];
    service.fault(Answer::AnswerChanged(changes.into_iter().collect()));
    assert_eq!(service.put(&rule("r1"), &scheduled()).body["properties"]["severity"], "Low");
    assert_eq!(service.get(&rule("r1")).body["properties"]["severity"], "Low");
}

// Writes at the same time.

#[test]
fn one_of_many_writers_wins_each_etag() {
    let service = start();
    service.put(&search("h1"), &hunt());
    for _ in 0..5 {
        let mut body = hunt();
        body["etag"] = service.get(&search("h1")).body["etag"].clone();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let writers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| service.put(&search("h1"), &body).status)).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let won = statuses.iter().filter(|status| **status == 200).count();
        let lost = statuses.iter().filter(|status| **status == 409).count();
        assert_eq!((won, lost), (1, 3));
    }
}

// The portal user.

#[test]
fn a_portal_edit_goes_over_the_wire() {
    let service = start();
    service.put(&rule("r1"), &scheduled());
    let live = service.get(&rule("r1")).body;
    let edits = [
        "severity=Low",
        "enabled=false",
        "incidentConfiguration.createIncident=false",
        "tactics=[\"Execution\"]",
    ];
    let edits: Vec<_> = edits.iter().map(|text| text.parse().unwrap()).collect();
    let body = edit::edit(&live, &edits).unwrap();
    let call = Call::new("PUT", rule("r1")).body(body.clone());
    let edited = service.send(&call.header("x-sentinelops-actor", "portal"));
    assert_eq!(edited.status, 200, "{}", edited.text);
    let properties = &edited.body["properties"];
    assert_eq!((&properties["severity"], &properties["enabled"]), (&json!("Low"), &json!(false)));
    assert_eq!(properties["incidentConfiguration"]["createIncident"], false);
    assert_eq!(edited.body["systemData"]["lastModifiedBy"], "portal");
    assert_eq!(service.put(&rule("r1"), &body).status, 409, "a second edit of the same state");
}

#[test]
fn a_server_stops_although_clients_keep_their_connections() {
    let service = start();
    let idle = std::net::TcpStream::connect(service.address).unwrap();
    let mut kept = std::net::TcpStream::connect(service.address).unwrap();
    let request = format!("GET {} HTTP/1.1\r\nhost: localhost\r\n\r\n", rules());
    std::io::Write::write_all(&mut kept, request.as_bytes()).unwrap();
    let mut first = [0; 12];
    std::io::Read::read_exact(&mut kept, &mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let address = service.address;
    service.stop();
    assert!(std::net::TcpStream::connect(address).is_err());
    drop((idle, kept));
}

// Without a socket.

#[tokio::test]
async fn a_request_is_answered_without_a_socket() {
    let emulator = Emulator::open(None, options()).unwrap();
    emulator.provision(&workspace(), &tenant()).unwrap();
    let request = || axum::http::Request::builder().uri(rules()).body(axum::body::Body::empty());
    let answer = emulator.call(request().unwrap()).await;
    assert_eq!(answer.status(), 200);
    emulator.faults().set(vec![Fault::new(Answer::Drop)]);
    let dropped = emulator.call(request().unwrap()).await;
    assert!(axum::body::to_bytes(dropped.into_body(), 1 << 20).await.is_err());
}
