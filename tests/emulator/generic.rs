//! What Azure Resource Manager itself answers, whatever the resource, and what stands around the rules.

use serde_json::json;

use crate::client::{
    Call, OTHER_TENANT, Service, TENANT, hunt, options, rule, rules, scheduled, search, searches,
    workspace,
};

fn start() -> Service {
    Service::start(options())
}

#[test]
fn a_name_that_is_not_escaped_is_refused() {
    let service = start();
    let raw = service.get(&search("LogManagement(law-sec)_LogManagement|AllSyslog"));
    assert_eq!((raw.status, raw.code()), (400, "InvalidRequestUri"));
    assert_eq!(raw.message(), "The request URI is invalid: '|' must be percent-encoded.");
    for name in ["a\"b", "100%", "a%zz"] {
        assert_eq!(service.put(&search(name), &hunt()).code(), "InvalidRequestUri", "{name}");
    }
    assert_eq!(service.put(&search("100%25%7C%22"), &hunt()).status, 200);
    let filter = format!("{}&$filter=a|b", rules());
    assert_eq!(service.get(&filter).code(), "InvalidRequestUri");
}

#[test]
fn a_body_that_does_not_say_that_it_is_json_is_refused() {
    let service = start();
    for (given, status) in
        [("application/x-www-form-urlencoded", 415), ("text/json", 415), ("application/json", 201)]
    {
        let call = Call::new("PUT", rule("r1")).body(scheduled()).header("content-type", given);
        let answer = service.send(&call);
        assert_eq!(answer.status, status, "{given}");
        if status == 415 {
            assert_eq!(answer.code(), "UnsupportedMediaType");
            let text = format!(
                "The content media type '{given}' is not supported. Only 'application/json' is supported."
            );
            assert_eq!(answer.message(), text);
        }
    }
}

/// Registers an application of this role; returns a way to call as it.
fn app(service: &Service, role: &str) -> impl Fn(&str, &str) -> crate::client::Answered {
    let wanted =
        json!([{"tenantId": TENANT, "clientId": OTHER_TENANT, "secret": "s", "role": role}]);
    assert_eq!(service.put("/_emulator/apps", &wanted).status, 204);
    let form = format!(
        "grant_type=client_credentials&client_id={OTHER_TENANT}&client_secret=s&scope=api%3A%2F%2Fsentinelops-emulator%2F.default"
    );
    let ask = Call::new("POST", format!("/{TENANT}/oauth2/v2.0/token")).body(json!(form));
    let ask = ask.header("content-type", "application/x-www-form-urlencoded");
    let token = service.send(&ask).body["access_token"].as_str().unwrap().to_owned();
    move |method, target| {
        let method = match method {
            "PUT" => "PUT",
            "DELETE" => "DELETE",
            _ => "GET",
        };
        let call = Call::new(method, target).header("authorization", format!("Bearer {token}"));
        service.send(&if method == "PUT" { call.body(scheduled()) } else { call })
    }
}

#[test]
fn a_reader_may_not_write_and_whoever_has_no_role_may_do_nothing() {
    let service = start();
    let call = app(&service, "reader");
    assert_eq!(call("GET", &rules()).status, 200);
    for (method, verb) in [("PUT", "write"), ("DELETE", "delete")] {
        let refused = call(method, &rule("r1"));
        assert_eq!((refused.status, refused.code()), (403, "AuthorizationFailed"));
        let text = refused.message();
        let says = format!(
            "does not have authorization to perform action 'Microsoft.SecurityInsights/alertRules/{verb}' over scope '{}/providers/Microsoft.SecurityInsights/alertRules/r1' or the scope is invalid. If access was recently granted, please refresh your credentials.",
            workspace()
        );
        assert!(
            text.starts_with(&format!("The client '{OTHER_TENANT}' with object id '")),
            "{text}"
        );
        assert!(text.ends_with(&says), "{text}");
    }
    let refused = call("DELETE", &search("h1"));
    assert!(
        refused
            .message()
            .contains("'Microsoft.OperationalInsights/workspaces/savedSearches/delete'"),
        "{}",
        refused.text
    );
    let call = app(&service, "none");
    assert_eq!(call("GET", &rules()).code(), "AuthorizationFailed");
    let call = app(&service, "contributor");
    assert_eq!(call("PUT", &rule("r1")).status, 201);
}

#[test]
fn a_workspace_without_sentinel_has_saved_searches_alone() {
    let service = start();
    let wanted = json!([{"tenantId": TENANT, "subscriptionId": workspace().subscription.to_string(),
        "resourceGroup": "rg-sec", "workspaceName": "law-sec", "sentinel": false}]);
    service.put(&rule("r1"), &scheduled());
    assert_eq!(service.put("/_emulator/workspaces", &wanted).status, 204);
    let refused = service.get(&rules());
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
    let text = refused.message();
    assert!(
        text.starts_with("Workspace 'law-sec' is not onboarded to Microsoft Sentinel."),
        "{text}"
    );
    assert_eq!(service.get(&searches()).status, 200);

    let states = rules().replace("alertRules", "onboardingStates");
    let state = states.replace('?', "/default?");
    assert_eq!(service.get(&states).body, json!({"value": []}));
    assert_eq!(service.get(&state).status, 404);
    let on = json!({"properties": {"customerManagedKey": false}});
    let statuses = [(); 2].map(|()| service.put(&state, &on).status);
    assert_eq!(statuses, [201, 200]);
    assert_eq!(service.get(&state).body["name"], "default");
    assert_eq!(service.get(&rules()).names(), ["BuiltInFusion", "r1"]);
    let statuses = [(); 2].map(|()| service.delete(&state).status);
    assert_eq!(statuses, [200, 204]);
    assert_eq!(service.get(&rules()).status, 400);
}

#[test]
fn a_playbook_is_linked_to_a_rule_and_goes_with_it() {
    let service = start();
    let actions = rule("r1").replace('?', "/actions?");
    let action = |name: &str| actions.replace('?', &format!("/{name}?"));
    let playbook = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Logic/workflows/notify";
    let link = json!({"properties": {"logicAppResourceId": playbook,
        "triggerUri": "https://prod-1.westeurope.logic.azure.com/secret"}});
    assert_eq!(service.get(&actions).status, 404);
    assert_eq!(service.put(&action("a1"), &link).status, 404, "no rule");
    service.put(&rule("r1"), &scheduled());
    service.put(&rule("r10"), &scheduled());
    assert_eq!(service.get(&actions).body, json!({"value": []}));
    let created = service.put(&action("a1"), &link);
    assert_eq!(created.status, 201);
    assert_eq!(created.body["properties"]["logicAppResourceId"], playbook);
    assert!(!created.text.contains("secret"), "{}", created.text);
    assert_eq!(service.put(&action("a1"), &link).status, 200);
    assert_eq!(service.get(&actions).names(), ["a1"]);
    assert_eq!(service.get(&action("a1")).body["name"], "a1");
    assert_eq!(service.get(&rule("r10").replace('?', "/actions?")).body, json!({"value": []}));
    let bare = json!({"properties": {"logicAppResourceId": playbook}});
    let refused = service.put(&action("a2"), &bare);
    assert_eq!(
        refused.message(),
        "Invalid data model. [Properties.TriggerUri: The TriggerUri field is required.]"
    );
    assert_eq!(service.delete(&action("a1")).status, 200);
    assert_eq!(service.delete(&action("a1")).status, 204);
    service.put(&action("a1"), &link);
    service.delete(&rule("r1"));
    service.put(&rule("r1"), &scheduled());
    assert_eq!(service.get(&actions).body, json!({"value": []}));
}
