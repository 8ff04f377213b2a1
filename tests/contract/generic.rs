//! What does not depend on the resource.

use serde_json::json;

use crate::contract;

#[test]
fn an_api_version_is_needed_and_must_be_known() {
    contract(|service| {
        let path =
            format!("{}/providers/Microsoft.SecurityInsights/alertRules", service.workspace());
        let missing = service.get(&path);
        assert_eq!((missing.status, missing.code()), (400, "MissingApiVersionParameter"));
        let unknown = service.get(&format!("{path}?api-version=2031-01-01"));
        let codes = ["NoRegisteredProviderFound", "InvalidResourceType"];
        assert!(codes.contains(&unknown.code()), "{}", unknown.body);
        assert_eq!(service.get(&format!("{path}?api-version=newest")).status, 400);
    });
}

#[test]
fn what_is_not_there_is_404() {
    contract(|service| {
        let rules = service.sentinel("alertRules");
        let name = service.workspace().rsplit('/').next().unwrap();
        let other = rules.replace(&format!("/{name}/"), "/law-that-nobody-made/");
        let missing = service.get(&other);
        assert_eq!((missing.status, missing.code()), (404, "ResourceNotFound"), "{}", missing.body);
        let rule = service.get(&service.sentinel("alertRules/nobody-made-this"));
        assert_eq!(rule.status, 404, "{}", rule.body);
        assert!(!rule.code().is_empty());
    });
}

#[test]
fn ids_are_the_same_in_any_case() {
    contract(|service| {
        let rules = service.get(&service.sentinel("alertRules"));
        let lower = service.sentinel("alertRules").replace("resourceGroups", "resourcegroups");
        assert_eq!(service.get(&lower).items().len(), rules.items().len());
    });
}

#[test]
fn a_token_that_is_none_is_401() {
    contract(|service| {
        let refused = service.get_as("not-a-token", &service.sentinel("alertRules"));
        assert_eq!(refused.status, 401, "{}", refused.body);
        let codes = ["AuthenticationFailed", "InvalidAuthenticationToken"];
        assert!(codes.contains(&refused.code()), "{}", refused.body);
    });
}

#[test]
fn every_answer_can_be_correlated_and_says_what_is_left() {
    contract(|service| {
        let answer = service.get(&service.sentinel("alertRules"));
        assert!(answer.header("x-ms-request-id").is_some());
        assert!(answer.header("x-ms-correlation-request-id").is_some());
        let left = "x-ms-ratelimit-remaining-subscription-reads";
        let left: u64 = answer.header(left).expect("a limit").parse().unwrap();
        assert!(left > 0);
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
    });
}

#[test]
fn a_member_that_no_resource_has_is_refused() {
    contract(|service| {
        let rule = service.sentinel(&format!("alertRules/{}", service.name()));
        let mut body = crate::rules::scheduled();
        body["accountType"] = json!("x");
        let refused = service.put(&rule, &body);
        assert_eq!(
            (refused.status, refused.code()),
            (400, "InvalidRequestContent"),
            "{}",
            refused.body
        );
        let text = "Could not find member 'accountType' on object of type 'ResourceDefinition'.";
        assert!(refused.message().contains(text), "{}", refused.body);
    });
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    contract(|service| {
        let rule = service.sentinel(&format!("alertRules/{}", service.name()));
        assert_eq!(service.put(&rule, &json!("a text")).status, 400);
    });
}

#[test]
fn the_workspace_and_its_subscription_say_whose_they_are() {
    contract(|service| {
        let workspace = service.get(&service.of("", crate::service::LOGS));
        assert_eq!(workspace.body["properties"]["customerId"].as_str().map(str::len), Some(36));
        let subscription = service.workspace().split('/').nth(2).unwrap();
        let path = format!("/subscriptions/{subscription}?api-version=2022-12-01");
        let subscription = service.get(&path);
        assert_eq!(subscription.body["tenantId"].as_str().map(str::len), Some(36));
    });
}
