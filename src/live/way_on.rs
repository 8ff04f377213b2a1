//! What to do about a sign-in that was refused.

use crate::environment::Credential;
use crate::ident::TenantId;

/// A way on, by the number of Entra's refusal (Microsoft's list of AADSTS codes), else by the kind of
/// credential.
pub(super) fn way_on(credential: &Credential, tenant: &TenantId, why: &str) -> Option<String> {
    let secret = match credential {
        Credential::ClientSecret { secret_variable, .. } => secret_variable.as_str(),
        _ => "its variable",
    };
    Some(match code(why) {
        Some(70_021 | 70_025 | 700_211 | 700_212 | 700_213) => {
            "give the app registration a federated credential with exactly this issuer, subject and \
             audience"
                .to_owned()
        }
        Some(700_016) => format!(
            "correct `clientId`, or let tenant `{tenant}` consent to the application; with Azure \
             Lighthouse, `tenantId` of the credential is the managing tenant"
        ),
        Some(90_002) => "correct `tenantId`, or `cloud`".to_owned(),
        Some(7_000_215) => format!("put the secret's value, not its id, into `{secret}`"),
        Some(7_000_222) => format!("the secret has expired: renew it, and put it into `{secret}`"),
        Some(700_024) => "set the machine's clock, or renew the token file".to_owned(),
        _ => match credential {
            Credential::AzureCli => format!("run `az login --tenant {tenant}`"),
            Credential::ManagedIdentity { .. } => {
                "give this machine an identity, or choose another kind of credential".to_owned()
            }
            _ => return None,
        },
    })
}

/// The number after the first `AADSTS`.
fn code(why: &str) -> Option<u32> {
    let (_, rest) = why.split_once("AADSTS")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_by_number_has_its_own_way_on() {
        let tenant: TenantId = "11111111-1111-1111-1111-111111111111".parse().unwrap();
        let client = "33333333-3333-3333-3333-333333333333".parse().unwrap();
        let secret = Credential::ClientSecret { client, secret_variable: "THE_SECRET".into() };
        let check = |credential: &Credential, why: &str, expect: Option<&str>| {
            let told = way_on(credential, &tenant, why);
            match (told.as_deref(), expect) {
                (None, None) => {}
                (Some(told), Some(expect)) => assert!(told.contains(expect), "{told}"),
                (told, expect) => panic!("{told:?} is not {expect:?}"),
            }
        };
        check(&secret, "x AADSTS7000215: Invalid", Some("into `THE_SECRET`"));
        check(&secret, "AADSTS700016: Application", Some(tenant.as_str()));
        check(&secret, "AADSTS700213: No matching", Some("federated credential"));
        check(&secret, "AADSTS1: what nobody knows", None);
        check(&secret, "AADSTS", None);
        check(&Credential::AzureCli, "not logged in", Some("az login --tenant 1111"));
    }
}
