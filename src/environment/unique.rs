//! What may be said only once over the whole fleet, whatever was selected.

use std::collections::BTreeMap;

use super::{Endpoint, Environment, Workspace};
use crate::arm::{Cloud, WorkspaceId};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::ident::SubscriptionId;

const DUPLICATE_WORKSPACE: Code = Code::new("duplicate-workspace");
const TWO_TENANTS: Code = Code::new("subscription-in-two-tenants");

/// The same id on the emulator and in Azure is not the same workspace.
type Target<'f> = (Cloud, &'f str);

/// One workspace twice would be written twice, from two sides; one subscription under two tenants is
/// a mistyped id, which would put one customer's exclusions into another's workspace.
pub(super) fn check<'f>(
    environments: impl Iterator<Item = &'f Environment>,
    diagnostics: &mut Diagnostics,
) {
    let mut workspaces: BTreeMap<(Target<'f>, &WorkspaceId), &Workspace> = BTreeMap::new();
    let mut tenants: BTreeMap<(Target<'f>, &SubscriptionId), (&Environment, &Workspace)> =
        BTreeMap::new();
    for environment in environments {
        for workspace in &environment.workspaces {
            let target = target(environment);
            let id = &workspace.id.value;
            if let Some(first) = workspaces.insert((target, id), workspace) {
                let names = format!("`{}` and `{}`", first.key, workspace.key);
                let message = format!("{names} are the same workspace in Azure");
                diagnostics.push(pair(DUPLICATE_WORKSPACE, message, workspace, first).help(
                    "keep one of them, or correct subscription, resource group or workspace name",
                ));
            }
            let place = (environment, workspace);
            let (first, one) = *tenants.entry((target, &id.subscription)).or_insert(place);
            if first.tenant.value != environment.tenant.value {
                let message = format!(
                    "subscription `{}` stands under two tenants: in `{}` and in `{}`",
                    id.subscription, first.name, environment.name
                );
                diagnostics.push(
                    pair(TWO_TENANTS, message, workspace, one)
                        .help("a subscription belongs to one tenant: correct one of the two ids"),
                );
            }
        }
    }
}

fn target(environment: &Environment) -> Target<'_> {
    let place = match &environment.endpoint {
        Endpoint::Cloud => "",
        Endpoint::Embedded => "embedded",
        Endpoint::Loopback(url) => url,
    };
    (environment.cloud, place)
}

fn pair(code: Code, message: String, workspace: &Workspace, first: &Workspace) -> Diagnostic {
    let (here, there) = (&workspace.id, &first.id);
    Diagnostic::error(code, message).at(&here.source, here.span.clone(), "").at(
        &there.source,
        there.span.clone(),
        "first here",
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ENVIRONMENT, FLEET, check_errors, fleet};

    const EMULATOR: &str = "\
cloud: emulator
endpoint: embedded
tenantId: 33333333-3333-3333-3333-333333333333
credential: { kind: none }
workspaces:
  - name: copy
    subscriptionId: 22222222-2222-2222-2222-222222222222
    resourceGroup: rg-sec
    workspaceName: law-sec
";

    #[test]
    fn one_workspace_in_two_environments_is_found_in_any_case() {
        let other = ENVIRONMENT.replace("rg-sec", "RG-Sec").replace("law-sec", "LAW-sec");
        let files = [("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT), ("b.yaml", &other)];
        check_errors(&files, &["duplicate-workspace b.yaml:8 LAW-sec"]);
    }

    #[test]
    fn one_workspace_twice_in_an_environment_is_found() {
        let again = ENVIRONMENT[ENVIRONMENT.find("  - name").unwrap()..].replace("prod", "other");
        let text = format!("{ENVIRONMENT}{again}");
        let files = [("fleet.yaml", FLEET), ("a.yaml", &*text)];
        check_errors(&files, &["duplicate-workspace a.yaml:12 law-sec"]);
    }

    #[test]
    fn a_subscription_belongs_to_one_tenant() {
        let other = ENVIRONMENT
            .replace("11111111-1111-1111-1111-111111111111", "44444444-1111-1111-1111-111111111111")
            .replace("law-sec", "law-two");
        let files = [("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT), ("b.yaml", &other)];
        check_errors(&files, &["subscription-in-two-tenants b.yaml:8 law-two"]);
    }

    #[test]
    fn a_copy_on_the_emulator_is_another_workspace() {
        fleet(&[("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT), ("copy.yaml", EMULATOR)]);
    }
}
