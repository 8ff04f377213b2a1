//! What a request is about: the path, read without regard to case, as ARM does.

use super::refusal::Refusal;
use super::request::decoded;
use crate::arm::{Collection, Operation, ResourceId, WorkspaceId};
use crate::ident::{ArmName, Invalid, SubscriptionId};

/// The resource that a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Subscription(SubscriptionId),
    Workspace(WorkspaceId),
    List(WorkspaceId, Collection),
    Item(ResourceId),
    /// The playbook links of a rule.
    Actions(ResourceId),
    /// One of them.
    Action(ResourceId, ArmName),
    /// Whether Microsoft Sentinel is on: the list.
    OnboardingStates(WorkspaceId),
    /// Its only item, `default`.
    OnboardingState(WorkspaceId),
}

impl Target {
    /// Reads a percent-encoded path.
    pub(super) fn parse(path: &str) -> Result<Self, Refusal> {
        let segments: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (subscription, rest) = match segments.as_slice() {
            [word, id, rest @ ..] if is(word, "subscriptions") => (subscription(id)?, rest),
            _ => return Err(unknown(path)),
        };
        let (workspace, rest) = match rest {
            [] => return Ok(Self::Subscription(subscription)),
            [groups, group, providers, provider, workspaces, name, rest @ ..]
                if is(groups, "resourcegroups")
                    && is(providers, "providers")
                    && is(provider, "microsoft.operationalinsights")
                    && is(workspaces, "workspaces") =>
            {
                let resource_group = group.parse().map_err(|why| named(group, &why))?;
                let name = name.parse().map_err(|why| named(name, &why))?;
                (WorkspaceId { subscription, resource_group, name }, rest)
            }
            _ => return Err(unknown(path)),
        };
        within(workspace, rest).ok_or_else(|| unknown(path))?
    }

    /// The row of the API version table.
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Subscription(_) => Operation::Subscriptions,
            Self::Workspace(_) => Operation::Workspaces,
            Self::List(_, collection) => collection.operation(),
            Self::Item(id) | Self::Actions(id) | Self::Action(id, _) => id.collection.operation(),
            // The same provider's, with the same versions.
            Self::OnboardingStates(_) | Self::OnboardingState(_) => Operation::AlertRules,
        }
    }

    /// The provider's name and the type's, as role definitions spell them.
    pub(super) fn type_name(&self) -> (&'static str, &'static str) {
        const SENTINEL: &str = "Microsoft.SecurityInsights";
        const LOGS: &str = "Microsoft.OperationalInsights";
        match self {
            Self::Subscription(_) => ("Microsoft.Resources", "subscriptions"),
            Self::Workspace(_) => (LOGS, "workspaces"),
            Self::Actions(_) | Self::Action(..) => (SENTINEL, "alertRules/actions"),
            Self::OnboardingStates(_) | Self::OnboardingState(_) => (SENTINEL, "onboardingStates"),
            Self::List(_, collection) | Self::Item(ResourceId { collection, .. }) => {
                match collection {
                    Collection::AlertRules => (SENTINEL, "alertRules"),
                    Collection::Metadata => (SENTINEL, "metadata"),
                    Collection::SavedSearches => (LOGS, "workspaces/savedSearches"),
                }
            }
        }
    }

    pub(super) fn subscription(&self) -> &SubscriptionId {
        match self {
            Self::Subscription(id) => id,
            _ => &self.workspace().expect("invariant: all others are in a workspace").subscription,
        }
    }

    pub(super) fn workspace(&self) -> Option<&WorkspaceId> {
        match self {
            Self::Subscription(_) => None,
            Self::Workspace(id)
            | Self::List(id, _)
            | Self::OnboardingStates(id)
            | Self::OnboardingState(id) => Some(id),
            Self::Item(id) | Self::Actions(id) | Self::Action(id, _) => Some(&id.workspace),
        }
    }
}

/// What follows a workspace's id; nothing for an unknown kind of resource.
fn within(workspace: WorkspaceId, rest: &[&str]) -> Option<Result<Target, Refusal>> {
    let sentinel = |segment: &str| is(segment, "microsoft.securityinsights");
    let (collection, rest) = match rest {
        [] => return Some(Ok(Target::Workspace(workspace))),
        [list, rest @ ..] if is(list, "savedsearches") => (Collection::SavedSearches, rest),
        [providers, provider, list, rest @ ..]
            if is(providers, "providers") && sentinel(provider) && is(list, "onboardingstates") =>
        {
            return match rest {
                [] => Some(Ok(Target::OnboardingStates(workspace))),
                [name] if is(name, "default") => Some(Ok(Target::OnboardingState(workspace))),
                _ => None,
            };
        }
        [providers, provider, list, rest @ ..]
            if is(providers, "providers") && sentinel(provider) =>
        {
            let lists = [Collection::AlertRules, Collection::Metadata];
            let found = lists.into_iter().find(|known| {
                known.suffix().rsplit('/').next().is_some_and(|name| is(name, list))
            })?;
            (found, rest)
        }
        _ => return None,
    };
    let resource = |name: &str| match name.parse() {
        Ok(parsed) => Ok(workspace.resource(collection, &parsed)),
        Err(why) => Err(named(name, &why)),
    };
    match rest {
        [] => Some(Ok(Target::List(workspace, collection))),
        [name] => Some(resource(name).map(Target::Item)),
        [name, actions] if is(actions, "actions") && collection == Collection::AlertRules => {
            Some(resource(name).map(Target::Actions))
        }
        [name, actions, action]
            if is(actions, "actions") && collection == Collection::AlertRules =>
        {
            let action = action.parse().map_err(|why| named(action, &why));
            Some(resource(name).and_then(|rule| Ok(Target::Action(rule, action?))))
        }
        _ => None,
    }
}

fn is(segment: &str, word: &str) -> bool {
    segment.eq_ignore_ascii_case(word)
}

fn subscription(id: &str) -> Result<SubscriptionId, Refusal> {
    id.parse().map_err(|_| {
        let text = format!("The provided subscription identifier '{id}' is malformed or invalid.");
        Refusal::new(400, "InvalidSubscriptionId", text)
    })
}

fn named(name: &str, why: &Invalid) -> Refusal {
    let text = format!("The resource name '{name}' is invalid: {why}.");
    Refusal::new(400, "InvalidResourceName", text)
}

fn unknown(path: &str) -> Refusal {
    let text = format!("The resource type could not be found for the path '{path}'.");
    Refusal::new(404, "InvalidResourceType", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/law-sec";

    fn check(suffix: &str, expect: &str) {
        let shown = match Target::parse(&format!("{WORKSPACE}{suffix}")) {
            Ok(Target::Subscription(_)) => "subscription".into(),
            Ok(Target::Workspace(_)) => "workspace".into(),
            Ok(Target::List(_, collection)) => format!("{collection:?}"),
            Ok(Target::Item(id)) => format!("{:?} {}", id.collection, id.name),
            Ok(Target::Actions(id)) => format!("actions of {}", id.name),
            Ok(Target::Action(id, name)) => format!("action {name} of {}", id.name),
            Ok(Target::OnboardingStates(_)) => "onboarding states".into(),
            Ok(Target::OnboardingState(_)) => "onboarding state".into(),
            Err(refusal) => format!("{} {}", refusal.status, refusal.code),
        };
        assert_eq!(shown, expect, "{suffix}");
    }

    #[test]
    fn paths_name_their_resources() {
        check("", "workspace");
        check("/savedSearches", "SavedSearches");
        check(
            "/savedSearches/LogManagement%28law%29_a%7Cb",
            "SavedSearches LogManagement(law)_a|b",
        );
        check("/providers/Microsoft.SecurityInsights/alertRules", "AlertRules");
        check("/providers/Microsoft.SecurityInsights/alertRules/r1", "AlertRules r1");
        check("/providers/Microsoft.SecurityInsights/alertRules/r1/actions", "actions of r1");
        check("/providers/Microsoft.SecurityInsights/alertRules/r1/actions/a1", "action a1 of r1");
        check("/providers/Microsoft.SecurityInsights/metadata/m1", "Metadata m1");
        check("/providers/Microsoft.SecurityInsights/onboardingStates", "onboarding states");
        check("/providers/Microsoft.SecurityInsights/onboardingStates/default", "onboarding state");
    }

    #[test]
    fn case_does_not_matter() {
        let lower = Target::parse(&WORKSPACE.to_ascii_lowercase());
        assert_eq!(lower, Target::parse(WORKSPACE));
        check("/PROVIDERS/microsoft.securityinsights/ALERTRULES/R1", "AlertRules R1");
        check("/savedsearches", "SavedSearches");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        check("/tables", "404 InvalidResourceType");
        check("/providers/Microsoft.SecurityInsights/incidents", "404 InvalidResourceType");
        check(
            "/providers/Microsoft.SecurityInsights/metadata/m1/actions",
            "404 InvalidResourceType",
        );
        check("/savedSearches/a%2Fb", "400 InvalidResourceName");
        check(
            "/providers/Microsoft.SecurityInsights/onboardingStates/other",
            "404 InvalidResourceType",
        );
        let refusal = Target::parse("/subscriptions/contoso").unwrap_err();
        assert_eq!(refusal.code, "InvalidSubscriptionId");
    }

    proptest::proptest! {
        #[test]
        fn every_resource_is_found_by_the_path_that_names_it(name in "[^/\\p{Cc}]{1,40}") {
            let Ok(Target::Workspace(workspace)) = Target::parse(WORKSPACE) else { panic!("a path") };
            let Ok(name) = name.parse() else { return Ok(()) };
            for collection in [Collection::AlertRules, Collection::SavedSearches, Collection::Metadata] {
                let id = workspace.resource(collection, &name);
                proptest::prop_assert_eq!(Target::parse(&id.path()), Ok(Target::Item(id)));
            }
        }
    }
}
