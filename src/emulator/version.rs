//! The API versions that the emulator knows.
//!
//! They are the ones that recorded traffic, published descriptions or other tools name; the service
//! knows more. Only preview versions show NRT rules.

use super::refusal::Refusal;
use crate::arm::Operation;

const SECURITY_INSIGHTS: &[&str] = &[
    "2021-09-01-preview",
    "2021-10-01",
    "2022-01-01-preview",
    "2022-10-01-preview",
    "2022-11-01",
    "2023-02-01",
    "2023-11-01",
    "2023-12-01-preview",
    "2024-03-01",
    "2024-04-01-preview",
    "2024-09-01",
    "2025-01-01-preview",
    "2025-03-01",
    "2025-06-01",
    "2025-07-01-preview",
    "2025-09-01",
    "2025-10-01-preview",
];

const OPERATIONAL_INSIGHTS: &[&str] = &[
    "2020-03-01-preview",
    "2020-08-01",
    "2020-10-01",
    "2022-10-01",
    "2023-01-01-preview",
    "2023-09-01",
    "2025-02-01",
    "2025-04-01",
    "2025-07-01",
    "2026-03-01",
];

const RESOURCES: &[&str] =
    &["2016-06-01", "2019-06-01", "2020-01-01", "2021-01-01", "2022-09-01", "2022-12-01"];

/// Checks the `api-version` of a request for a type of resource and returns it.
pub(super) fn check(
    operation: Operation,
    kind: &str,
    version: Option<&str>,
) -> Result<&'static str, Refusal> {
    let known = match operation {
        Operation::AlertRules | Operation::Metadata => SECURITY_INSIGHTS,
        Operation::SavedSearches | Operation::Workspaces => OPERATIONAL_INSIGHTS,
        Operation::Subscriptions => RESOURCES,
    };
    let version = version.filter(|version| !version.is_empty());
    let version = version.ok_or_else(Refusal::missing_api_version)?;
    if let Some(found) = known.iter().find(|known| known.eq_ignore_ascii_case(version)) {
        return Ok(found);
    }
    let supported = known.join(",");
    if !is_dated(version) || operation == Operation::Subscriptions {
        let text = format!(
            "The api-version '{version}' is invalid. The supported versions are '{supported}'."
        );
        return Err(Refusal::new(400, "InvalidApiVersionParameter", text));
    }
    let text = format!(
        "No registered resource provider found for location 'westeurope' and API version '{version}' for type '{kind}'. The supported api-versions are '{supported}'."
    );
    Err(Refusal::new(400, "NoRegisteredProviderFound", text))
}

/// What a type's answers say of the versions that there are; only Log Analytics' do.
pub(super) fn supported(operation: Operation) -> Option<String> {
    (operation == Operation::SavedSearches).then(|| OPERATIONAL_INSIGHTS.join(", "))
}

/// Whether a version shows what only previews show: NRT rules, sub-techniques.
pub(super) fn is_preview(version: &str) -> bool {
    version.ends_with("-preview")
}

/// `2024-04-01` or `2024-04-01-preview`.
fn is_dated(version: &str) -> bool {
    let date = version.strip_suffix("-preview").unwrap_or(version);
    date.parse::<crate::ident::Day>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::API_VERSIONS;

    #[test]
    fn every_version_that_the_client_sends_is_known() {
        for row in API_VERSIONS {
            assert_eq!(check(row.operation, "alertRules", Some(row.version)), Ok(row.version));
        }
    }

    #[test]
    fn missing_malformed_and_unknown_versions_are_refused_differently() {
        let code = |version| check(Operation::AlertRules, "alertRules", version).unwrap_err().code;
        assert_eq!(code(None), "MissingApiVersionParameter");
        assert_eq!(code(Some("")), "MissingApiVersionParameter");
        assert_eq!(code(Some("latest")), "InvalidApiVersionParameter");
        assert_eq!(code(Some("2031-01-01")), "NoRegisteredProviderFound");
        let refusal =
            check(Operation::SavedSearches, "workspaces/savedSearches", Some("2024-04-01-preview"))
                .unwrap_err();
        assert!(refusal.message.contains("'workspaces/savedSearches'"), "{}", refusal.message);
        assert!(refusal.message.contains("2023-09-01"), "{}", refusal.message);
    }
}
