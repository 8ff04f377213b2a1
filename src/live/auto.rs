//! `auto`: the kind of credential that the surroundings suggest, and why.
//!
//! The first that somebody has set up is taken, and nothing else is tried when it fails: a run that
//! fell back would act under another identity than the one that was given to it.

use super::assertion::REQUEST_URL;
use super::sign_in::{CLIENT_ID, TOKEN_FILE, Variable};
use crate::environment::Credential;
use crate::ident::{ClientId, Invalid};

const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// The kind and what it needs.
    pub(super) credential: Credential,
    /// Why, as a clause.
    pub(super) why: String,
}

/// Chooses: a GitHub job's assertions, a pod's, an application's secret, the identity that App Service
/// and Container Apps announce, the account of the Azure CLI. The identity of a bare virtual machine
/// announces itself nowhere; it is never chosen.
///
/// # Errors
/// When the chosen kind needs a client id and there is none, or it is no GUID.
pub(super) fn choose(client: Option<&ClientId>, variable: Variable<'_>) -> Result<Choice, Invalid> {
    let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    let signs = [REQUEST_URL, TOKEN_FILE, CLIENT_SECRET, IDENTITY_ENDPOINT];
    let Some(sign) = signs.into_iter().find(is_set) else {
        let why = format!("none of `{}` is set", signs.join("`, `"));
        return Ok(Choice { credential: Credential::AzureCli, why });
    };
    let client = match client {
        Some(client) => Some(client.clone()),
        None => named_client(variable)?,
    };
    let needed = |kind: &str| {
        client.clone().ok_or_else(|| {
            Invalid::new(format!(
                "`auto` chose `{kind}`, as `{sign}` is set, and it needs an application: write \
                 `clientId`, or set `{CLIENT_ID}`"
            ))
        })
    };
    let credential = match sign {
        REQUEST_URL => Credential::GithubOidc { client: needed("github-oidc")? },
        TOKEN_FILE => Credential::WorkloadIdentity { client: Some(needed("workload-identity")?) },
        CLIENT_SECRET => Credential::ClientSecret {
            client: needed("client-secret")?,
            secret_variable: CLIENT_SECRET.to_owned(),
        },
        _ => Credential::ManagedIdentity { client },
    };
    Ok(Choice { credential, why: format!("`{sign}` is set") })
}

/// The application that the surroundings name.
///
/// # Errors
/// When it is no GUID.
pub(super) fn named_client(variable: Variable<'_>) -> Result<Option<ClientId>, Invalid> {
    let Some(text) = variable(CLIENT_ID).filter(|text| !text.is_empty()) else { return Ok(None) };
    let parsed = text.parse();
    parsed.map(Some).map_err(|_| Invalid::new(format!("the value of `{CLIENT_ID}` is no GUID")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "33333333-3333-3333-3333-333333333333";

    fn chosen(set: &[(&str, &str)]) -> Result<(&'static str, String), String> {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let choice = choose(None, &variable).map_err(|invalid| invalid.reason)?;
        Ok((choice.credential.kind(), choice.why))
    }

    #[test]
    fn the_first_that_is_set_up_is_chosen_and_says_why() {
        let check = |set: &[(&str, &str)], kind: &str, why: &str| {
            let mut set = set.to_vec();
            set.push((CLIENT_ID, APP));
            let (chosen, because) = chosen(&set).unwrap();
            assert_eq!(chosen, kind);
            assert!(because.contains(why), "{because}");
        };
        let all =
            [(REQUEST_URL, "u"), (TOKEN_FILE, "f"), (CLIENT_SECRET, "s"), (IDENTITY_ENDPOINT, "e")];
        check(&all, "github-oidc", "`ACTIONS_ID_TOKEN_REQUEST_URL` is set");
        check(&all[1..], "workload-identity", "`AZURE_FEDERATED_TOKEN_FILE` is set");
        check(&all[2..], "client-secret", "`AZURE_CLIENT_SECRET` is set");
        check(&all[3..], "managed-identity", "`IDENTITY_ENDPOINT` is set");
        check(&[(REQUEST_URL, "")], "azure-cli", "none of `ACTIONS_ID_TOKEN_REQUEST_URL`");
    }

    #[test]
    fn what_lacks_an_application_is_refused_and_nothing_else_is_tried() {
        let why = chosen(&[(REQUEST_URL, "u")]).unwrap_err();
        assert!(why.starts_with("`auto` chose `github-oidc`"), "{why}");
        assert!(why.contains("`clientId`") && why.contains("`AZURE_CLIENT_ID`"), "{why}");
        let why = chosen(&[(REQUEST_URL, "u"), (CLIENT_ID, "app")]).unwrap_err();
        assert_eq!(why, "the value of `AZURE_CLIENT_ID` is no GUID");
    }
}
