//! `environments/<name>.yaml`: one customer tenant and its workspaces.

use std::collections::BTreeMap;

use super::access::{self};
use super::fleet_file::FleetFile;
use super::layer::{self, Layer};
use super::reading::{Keys, Reading};
use super::{Environment, Selector, Workspace};
use crate::arm::WorkspaceId;
use crate::diag::{Code, Diagnostic, Located, suggest};
use crate::ident::{ArmName, ContentId, EnvironmentName, RingName, Tag, WorkspaceKey};
use crate::yaml::{Entry, Node};

const UNKNOWN_RING: Code = Code::new("unknown-ring");
const DUPLICATE_WORKSPACE: Code = Code::new("duplicate-workspace");
const DUPLICATE_RESOURCE: Code = Code::new("duplicate-resource-name");
const NO_WORKSPACE: Code = Code::new("no-workspace");

/// Reads one environment; `None` when something that it cannot be without is missing or wrong.
pub(super) fn read(
    reading: &mut Reading,
    node: &Node,
    name: &EnvironmentName,
    fleet: &FleetFile,
) -> Option<Environment> {
    let own = ["cloud", "endpoint", "tenantId", "credential", "tags", "workspaces"];
    let known: Vec<&str> = own.iter().chain(layer::KEYS).copied().collect();
    let keys = reading.keys(node, "an environment file", &known)?;
    let cloud = reading.need(&keys, "cloud").and_then(|node| access::cloud(reading, node));
    let endpoint = cloud.and_then(|cloud| access::endpoint(reading, &keys, cloud));
    let tenant = reading.need(&keys, "tenantId");
    let tenant = tenant.and_then(|node| reading.name(node, "a tenant id"));
    let credential = reading.need(&keys, "credential");
    // Without a known endpoint, nothing can be said about what credential suits it.
    let credential = credential
        .zip(endpoint.as_ref())
        .and_then(|(node, endpoint)| access::credential(reading, node, endpoint));
    let tags = tags(reading, &keys);
    let layer = Layer::read(reading, &keys);
    let workspaces = workspaces(reading, &keys, &Above { name, fleet, layer: &layer, tags: &tags });
    let (credential, credential_tenant) = credential?;
    Some(Environment {
        name: name.clone(),
        path: reading.source.path().to_owned(),
        cloud: cloud?,
        endpoint: endpoint?,
        tenant: tenant?,
        credential,
        credential_tenant,
        tags,
        workspaces,
        schema: None,
    })
}

/// What a workspace inherits.
struct Above<'a> {
    name: &'a EnvironmentName,
    fleet: &'a FleetFile,
    layer: &'a Layer,
    tags: &'a [Tag],
}

fn tags(reading: &mut Reading, keys: &Keys<'_>) -> Vec<Tag> {
    let Some(node) = keys.get("tags") else { return Vec::new() };
    let tags = reading.names::<Tag>(node, "`tags`", "a tag");
    tags.into_iter().map(|tag| tag.value).collect()
}

fn workspaces(reading: &mut Reading, keys: &Keys<'_>, above: &Above<'_>) -> Vec<Workspace> {
    let mut found: Vec<(Workspace, Located<()>)> = Vec::new();
    let Some(node) = reading.need(keys, "workspaces") else { return Vec::new() };
    let list = reading.list(node, "`workspaces`");
    if list.is_some_and(<[Node]>::is_empty) {
        let help = "list one, or take the file away";
        reading.error(NO_WORKSPACE, &node.span, "an environment has a workspace", help);
    }
    for item in list.unwrap_or_default() {
        let Some((workspace, place)) = workspace(reading, item, above) else { continue };
        let twin = found.iter().find(|(other, _)| other.key == workspace.key);
        if let Some((_, first)) = twin {
            let message = format!("two workspaces are called `{}`", workspace.key.workspace);
            let error = Diagnostic::error(DUPLICATE_WORKSPACE, message)
                .at(&place.source, place.span.clone(), "")
                .at(&first.source, first.span.clone(), "first here")
                .help("give one of them another name");
            reading.diagnostics.push(error);
        }
        found.push((workspace, place));
    }
    found.into_iter().map(|(workspace, _)| workspace).collect()
}

/// A workspace and the place of its name.
fn workspace(
    reading: &mut Reading,
    node: &Node,
    above: &Above<'_>,
) -> Option<(Workspace, Located<()>)> {
    let own = [
        "name",
        "subscriptionId",
        "resourceGroup",
        "workspaceName",
        "ring",
        "tags",
        "resources",
        "prune",
        "allowTwin",
    ];
    let known: Vec<&str> = own.iter().chain(layer::KEYS).copied().collect();
    let keys = reading.keys(node, "a workspace", &known)?;
    let label = reading.need(&keys, "name");
    let label = label.and_then(|node| reading.name(node, "a workspace's name here"));
    let id = workspace_id(reading, &keys);
    let ring = ring(reading, node, &keys, above.fleet);
    let mut tags = above.tags.to_vec();
    tags.extend(self::tags(reading, &keys));
    let mut own = Layer::read(reading, &keys);
    let resources = resources(reading, &keys, &mut own);
    let prune = keys.get("prune").and_then(|node| reading.truth(node, "`prune`"));
    let allow_twin = keys.get("allowTwin").map_or_else(Vec::new, |node| {
        reading.names::<ContentId>(node, "`allowTwin`", "a content id")
    });
    own.mentions.extend(allow_twin.iter().cloned().map(|id| id.map(Selector::Id)));
    let (label, ring) = (label?, ring?);
    let layer = stacked(reading, &ring.value, above, &own);
    let place = label.clone().map(|_| ());
    let workspace = Workspace {
        key: WorkspaceKey { environment: above.name.clone(), workspace: label.value },
        id: id?,
        ring,
        tags,
        resources,
        prune: prune.unwrap_or(false),
        allow_twin,
        settings: layer.into_settings(),
    };
    Some((workspace, place))
}

/// Fleet, ring, environment, workspace. What other rings name is kept too: a name that nothing
/// bears is wrong even in a ring that has no workspace yet.
fn stacked(reading: &mut Reading, ring: &RingName, above: &Above<'_>, own: &Layer) -> Layer {
    let mut layer = above.fleet.layer.clone();
    for (name, ring_layer) in &above.fleet.ring_layers {
        if name == ring {
            layer.cover(ring_layer, &mut reading.diagnostics);
        } else {
            layer.mentions.extend(ring_layer.mentions.iter().cloned());
        }
    }
    layer.cover(above.layer, &mut reading.diagnostics);
    layer.cover(own, &mut reading.diagnostics);
    layer
}

fn workspace_id(reading: &mut Reading, keys: &Keys<'_>) -> Option<Located<WorkspaceId>> {
    let subscription = reading.need(keys, "subscriptionId");
    let subscription = subscription.and_then(|node| reading.name(node, "a subscription id"));
    let group = reading.need(keys, "resourceGroup");
    let group = group.and_then(|node| reading.name(node, "a resource group"));
    let name = reading.need(keys, "workspaceName");
    let name = name.and_then(|node| reading.name(node, "the name of a workspace"));
    let (subscription, resource_group) = (subscription?.value, group?.value);
    Some(name?.map(|name| WorkspaceId { subscription, resource_group, name }))
}

/// The ring that is named, else the last one: what nobody placed comes last.
fn ring(
    reading: &mut Reading,
    node: &Node,
    keys: &Keys<'_>,
    fleet: &FleetFile,
) -> Option<Located<RingName>> {
    let Some(named) = keys.get("ring") else {
        let last = fleet.rings.last()?.clone();
        return Some(reading.located(last, &node.span));
    };
    let ring = reading.name::<RingName>(named, "a ring")?;
    let known = fleet.rings.iter().find(|known| **known == ring.value);
    if known.is_none() && !fleet.rings.is_empty() {
        let message = format!("ring `{}` is not in the fleet file", ring.value);
        let help = suggest(ring.value.as_str(), fleet.rings.iter().map(RingName::as_str));
        reading.error(UNKNOWN_RING, &named.span, message, help);
    }
    known.map(|known| ring.map(|_| known.clone()))
}

fn resources(
    reading: &mut Reading,
    keys: &Keys<'_>,
    layer: &mut Layer,
) -> BTreeMap<ContentId, Located<ArmName>> {
    let mut resources: BTreeMap<ContentId, Located<ArmName>> = BTreeMap::new();
    let Some(node) = keys.get("resources") else { return resources };
    let Some(map) = reading.map(node, "`resources`") else { return resources };
    for Entry { key, key_span, value } in map.entries() {
        let id = reading.parse::<ContentId>(key, key_span, "a content id");
        let name = reading.name::<ArmName>(value, "the name of a resource");
        let (Some(id), Some(name)) = (id, name) else { continue };
        layer.mentions.push(reading.located(Selector::Id(id.clone()), key_span));
        let twin = resources.iter().find(|(_, other)| other.value == name.value);
        if let Some((other, first)) = twin {
            let message = format!("`{other}` and `{id}` are bound to the same resource");
            let error = Diagnostic::error(DUPLICATE_RESOURCE, message)
                .at(&name.source, name.span.clone(), "")
                .at(&first.source, first.span.clone(), "first here")
                .help("bind each item to a resource of its own");
            reading.diagnostics.push(error);
        }
        resources.insert(id, name);
    }
    resources
}

#[cfg(test)]
mod tests {
    use super::super::sample::{
        ENVIRONMENT, FLEET, check_added, check_changed, check_errors, fleet, load,
    };
    use super::*;

    #[test]
    fn a_workspace_has_its_own_tags_and_its_environments() {
        let text = format!("tags: [emea]\n{ENVIRONMENT}    tags: [gold]\n    prune: true\n");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        let workspaces = fleet.workspaces();
        let (environment, workspace) = workspaces[0];
        let tags = |tags: &[Tag]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(tags(&environment.tags), ["emea"]);
        assert_eq!(tags(&workspace.tags), ["emea", "gold"]);
        assert!(workspace.prune);
    }

    #[test]
    fn a_required_key_is_missed_where_it_should_be() {
        for key in ["cloud: public\n", "tenantId: 11111111-1111-1111-1111-111111111111\n"] {
            let first = ENVIRONMENT.replace(key, "");
            let first = first.lines().next().unwrap();
            check_changed(key, "", &[&format!("missing-key a.yaml:1 {first}")]);
        }
        check_changed(
            "credential: { kind: azure-cli }\n",
            "",
            &["missing-key a.yaml:1 cloud: public"],
        );
        check_changed("    resourceGroup: rg-sec\n", "", &["missing-key a.yaml:5 name: prod"]);
        check_changed("resourceGroup: rg-sec", "resourceGroup:", &["missing-key a.yaml:7 "]);
    }

    #[test]
    fn names_that_azure_refuses_are_refused() {
        check_changed("rg-sec", "rg-sec.", &["invalid-value a.yaml:7 rg-sec."]);
        check_changed("law-sec", "law_sec", &["invalid-value a.yaml:8 law_sec"]);
        check_changed(
            "22222222-2222-2222-2222-222222222222",
            "2222",
            &["wrong-type a.yaml:6 2222"],
        );
        check_changed(
            "11111111-1111-1111-1111-111111111111",
            "'1111'",
            &["invalid-value a.yaml:2 '1111'"],
        );
        check_changed("name: prod", "name: a/b", &["invalid-value a.yaml:5 a/b"]);
    }

    #[test]
    fn an_unknown_key_or_ring_suggests_the_near_one() {
        let files =
            [("fleet.yaml", FLEET), ("a.yaml", &*format!("{ENVIRONMENT}    rnig: early\n"))];
        let (_, diagnostics) = load(&files);
        let help = diagnostics.iter().next().unwrap().help.clone();
        assert_eq!(help.as_deref(), Some("did you mean `ring`?"));
        check_added("    ring: brod\n", &["unknown-ring a.yaml:9 brod"]);
    }

    #[test]
    fn rings_are_known_in_any_case_and_keep_the_fleets_spelling() {
        let text = format!("{ENVIRONMENT}    ring: EARLY\n");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        assert_eq!(fleet.workspaces()[0].1.ring.value.as_str(), "early");
    }

    #[test]
    fn an_unreadable_fleet_file_is_not_held_against_the_rings() {
        let text = format!("{ENVIRONMENT}    ring: early\n");
        check_errors(
            &[("fleet.yaml", "rings: ["), ("a.yaml", &text)],
            &["invalid-yaml fleet.yaml:1 ["],
        );
    }

    #[test]
    fn two_workspaces_of_one_name_or_none_at_all_are_refused() {
        let second = "  - name: Prod\n    subscriptionId: 22222222-2222-2222-2222-222222222222\n    \
                      resourceGroup: rg-sec\n    workspaceName: law-two\n";
        check_added(second, &["duplicate-workspace a.yaml:9 Prod"]);
        let workspaces = ENVIRONMENT.find("workspaces").unwrap();
        let none = format!("{}workspaces: []\n", &ENVIRONMENT[..workspaces]);
        check_errors(&[("fleet.yaml", FLEET), ("a.yaml", &none)], &["no-workspace a.yaml:4 []"]);
    }

    #[test]
    fn two_items_cannot_be_bound_to_one_resource() {
        let lines = "    resources:\n      one: Rule-A\n      two: rule-a\n";
        check_added(lines, &["duplicate-resource-name a.yaml:11 rule-a"]);
        check_added("    resources: { one: a/b }\n", &["invalid-value a.yaml:9 a/b"]);
        check_added("    resources: { one: a, ONE: b }\n", &["duplicate-key a.yaml:9 ONE"]);
    }
}
