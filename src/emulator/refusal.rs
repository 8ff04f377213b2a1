//! Refusals: ARM's error answers with the service's own texts.
//!
//! Texts are quoted from recorded traffic or from operators' reports where there are any.

use serde_json::json;

use super::reply::Reply;
use super::tenancy::Caller;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 400 with a validator's text: `Invalid data model. [Properties.Query: …]`.
    pub(super) fn invalid(path: &str, text: &str) -> Self {
        Self::new(400, "BadRequest", format!("Invalid data model. [{path}: {text}]"))
    }

    /// 400 with the words of the service's JSON reader.
    pub(super) fn unreadable(why: &str) -> Self {
        let text =
            format!("The request content was invalid and could not be deserialized: '{why}'.");
        Self::new(400, "InvalidRequestContent", text)
    }

    pub(super) fn missing_api_version() -> Self {
        let text = "The api-version query parameter (?api-version=) is required for all requests.";
        Self::new(400, "MissingApiVersionParameter", text)
    }

    /// Sentinel is not on (iknowjason/PurpleCloud#42).
    pub(super) fn not_onboarded(workspace: &str) -> Self {
        let text = format!(
            "Workspace '{workspace}' is not onboarded to Microsoft Sentinel. Please onboard through the portal (https://learn.microsoft.com/en-us/azure/sentinel/quickstart-onboard) or use the OnboardingStates ARM api to onboard to Sentinel (https://learn.microsoft.com/en-us/rest/api/securityinsights/sentinel-onboarding-states/create?view=rest-securityinsights-2024-03-01)."
        );
        Self::new(400, "BadRequest", text)
    }

    /// The caller has no role for that.
    pub(super) fn forbidden(caller: &Caller, action: &str, scope: &str) -> Self {
        let client = caller.app.as_deref().unwrap_or_default();
        let object = caller.actor();
        let text = format!(
            "The client '{client}' with object id '{object}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
        );
        Self::new(403, "AuthorizationFailed", text)
    }

    pub(super) fn subscription_not_found(id: &str) -> Self {
        let text = format!("The subscription '{id}' could not be found.");
        Self::new(404, "SubscriptionNotFound", text)
    }

    pub(super) fn resource_group_not_found(name: &str) -> Self {
        let text = format!("Resource group '{name}' could not be found.");
        Self::new(404, "ResourceGroupNotFound", text)
    }

    pub(super) fn workspace_not_found(name: &str, group: &str) -> Self {
        let text = format!(
            "The Resource 'Microsoft.OperationalInsights/workspaces/{name}' under resource group '{group}' was not found."
        );
        Self::new(404, "ResourceNotFound", text)
    }

    /// The service's own words for a missing item are not known.
    pub(super) fn not_found(what: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{what} '{name}' was not found."))
    }

    pub(super) fn method_not_allowed(method: &str) -> Self {
        let text = format!("The HTTP method '{method}' is not supported at this resource.");
        Self::new(405, "MethodNotAllowed", text)
    }

    /// A rule's etag is stale.
    pub(super) fn newer_rule(rule: &str, customer_id: &str) -> Self {
        let text = format!(
            "Newer instance of rule '{rule}' exists for workspace '{customer_id}' (Etag does not match). Data was not saved."
        );
        Self::new(409, "Conflict", text)
    }

    /// A saved search's etag is stale or missing.
    pub(super) fn newer_saved_search(customer_id: &str) -> Self {
        let text = format!(
            "ServiceClient: Response status code does not indicate success - 409 (Conflict), for request - /Customer.svc/workspaces/{customer_id}/CustomerConfiguration, due to reason - [Newer data exists in the Customer Configuration Store.]"
        );
        Self::new(409, "Conflict", text)
    }

    pub(super) fn recently_deleted(rule: &str, status: u16) -> Self {
        let code = if status == 409 { "Conflict" } else { "BadRequest" };
        let text = format!(
            "The rule with id '{rule}' was recently deleted. You need to allow some time before re-using the same id. Please try again later."
        );
        Self::new(status, code, text)
    }

    pub(super) fn precondition_failed() -> Self {
        let text = "The condition set in the request's If-Match header is not met.";
        Self::new(412, "PreconditionFailed", text)
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let error = json!({"code": refusal.code, "message": refusal.message});
        Self::json(refusal.status, &json!({ "error": error }))
    }
}
