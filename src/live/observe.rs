//! Reading a workspace: its rules, hunting queries and metadata, whole or not at all.
//!
//! Three lists at once. Lists lag behind writes, so what ours they lack is asked for by itself
//! before it counts as absent. Anything that fails makes the workspace unreadable.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, FuturesUnordered, StreamExt, TryStreamExt};
use serde_json::Value;

use super::forms::Forms;
use super::{Client, Clients, Error, ErrorKind};
use crate::arm::{Collection, ResourceId, WorkspaceId, marker};
use crate::ident::{ArmName, ContentId, Family, ItemKey, Owner, WorkspaceKey};
use crate::state::baseline::{Baseline, Baselines};
use crate::state::{
    Body, DesiredWorkspace, Kind, LiveItem, LiveWorkspace, MetadataItem, Observation, Unreadable,
};

/// What the reader needs to know in order to ask for what the lists lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Marks what this repository owns.
    pub owner: Owner,
    /// Items that should be in the workspace.
    pub items: Vec<WantedItem>,
}

/// One item that should be in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedItem {
    /// Its list.
    pub family: Family,
    /// Its ARM name.
    pub name: ArmName,
    /// Its content id.
    pub id: ContentId,
}

/// One workspace to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name here.
    pub key: WorkspaceKey,
    /// Its name in Azure.
    pub id: WorkspaceId,
    /// What should be in it.
    pub wanted: Wanted,
}

impl Target {
    /// What there is to read for one workspace's desired side.
    #[must_use]
    pub fn of(owner: &Owner, desired: &DesiredWorkspace) -> Self {
        let item = |key: &ItemKey| {
            let named = desired.resources.get(&key.id).cloned();
            let name = named.unwrap_or_else(|| key.id.clone().into());
            WantedItem { family: key.family, name, id: key.id.clone() }
        };
        let items = desired.items.keys().map(item).collect();
        let wanted = Wanted { owner: owner.clone(), items };
        Self { key: desired.key.clone(), id: desired.id.clone(), wanted }
    }
}

/// Reads one workspace. Items and metadata come in the order of family and name.
pub async fn observe(client: &Client, workspace: &WorkspaceId, wanted: &Wanted) -> Observation {
    observe_among(client, workspace, wanted, &Forms::default()).await
}

/// Reads one workspace of a fleet; `forms` are what the others have.
async fn observe_among(
    client: &Client,
    workspace: &WorkspaceId,
    wanted: &Wanted,
    forms: &Forms,
) -> Observation {
    match read(client, workspace, wanted, forms).await {
        Ok(live) => Observation::Read(live),
        Err(reason) => Observation::Unreadable(reason),
    }
}

/// Reads many workspaces at once; answers in the order of `targets`. The clients' limits bound the
/// requests under way, and a workspace that waits holds nobody else up.
pub async fn observe_all(
    clients: &Clients,
    targets: &[Target],
) -> Vec<(WorkspaceKey, Observation)> {
    observe_each(clients, targets, |target, seen| (target.key.clone(), seen)).await
}

/// Reads many workspaces at once, and hands one after the other to `use_it` as soon as it is read; answers
/// what that made of them, in the order of `targets`. What was read lives no longer than `use_it` keeps
/// it: a fleet's bodies would fill a machine.
pub async fn observe_each<T>(
    clients: &Clients,
    targets: &[Target],
    mut use_it: impl FnMut(&Target, Observation) -> T,
) -> Vec<T> {
    let forms = Forms::default();
    let observe_one =
        async |(at, target): (usize, &Target)| match clients.get(&target.key.environment) {
            Ok(client) => (at, observe_among(client, &target.id, &target.wanted, &forms).await),
            Err(reason) => (at, Observation::Unreadable(reason)),
        };
    let mut reading: FuturesUnordered<_> = targets.iter().enumerate().map(observe_one).collect();
    let mut made: BTreeMap<usize, T> = BTreeMap::new();
    while let Some((at, seen)) = reading.next().await {
        made.insert(at, use_it(&targets[at], seen));
    }
    made.into_values().collect()
}

async fn read(
    client: &Client,
    workspace: &WorkspaceId,
    wanted: &Wanted,
    forms: &Forms,
) -> Result<LiveWorkspace, Unreadable> {
    client.check_subscription(&workspace.subscription).await?;
    let (rules, searches, metadata) = tokio::try_join!(
        client.list_of(workspace, Collection::AlertRules, forms),
        client.list_of(workspace, Collection::SavedSearches, forms),
        client.list_of(workspace, Collection::Metadata, forms),
    )?;
    let doubtful: Vec<Family> = [
        rules.is_empty().then_some(Family::AnalyticRule),
        searches.is_empty().then_some(Family::HuntingQuery),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut found = Found { items: BTreeMap::new(), metadata: Vec::new() };
    for body in rules {
        found.add(live_item(Family::AnalyticRule, body)?);
    }
    let (hunts, other_searches): (Vec<Body>, Vec<Body>) =
        searches.into_iter().partition(is_hunting_query);
    for body in hunts {
        found.add(live_item(Family::HuntingQuery, body)?);
    }
    for body in metadata {
        found.metadata.extend(metadata_item(body)?);
    }
    let lagging =
        Lagging { client, workspace, at_once: client.throttle().limits().per_subscription };
    let ours = Baselines::sort(&found.metadata, &wanted.owner).ours;
    lagging.add_owned_items(&mut found, other_searches, &ours).await?;
    lagging.add_wanted_items(&mut found, wanted, &doubtful).await?;
    lagging.add_records(&mut found, wanted, &ours).await?;
    found.metadata.sort_by(|a, b| (a.family, &a.name).cmp(&(b.family, &b.name)));
    Ok(LiveWorkspace { items: found.items.into_values().collect(), metadata: found.metadata })
}

/// Records of this owner, by item.
type Ours = BTreeMap<ItemKey, Vec<Baseline>>;

struct Found {
    items: BTreeMap<(Family, ArmName), LiveItem>,
    metadata: Vec<MetadataItem>,
}

impl Found {
    fn add(&mut self, item: LiveItem) {
        self.items.insert((item.family, item.name.clone()), item);
    }
}

/// Asks for what the lists lack.
struct Lagging<'a> {
    client: &'a Client,
    workspace: &'a WorkspaceId,
    at_once: usize,
}

impl Lagging<'_> {
    /// Adds items that have a record of ours but are not in their list. A saved search that got
    /// another category or a function alias is still there: the list shows it, so no request.
    async fn add_owned_items(
        &self,
        found: &mut Found,
        other_searches: Vec<Body>,
        ours: &Ours,
    ) -> Result<(), Unreadable> {
        let names = ours.iter().flat_map(|(key, records)| {
            records.iter().map(|record| (key.family, record.name.clone()))
        });
        let mut lacking: BTreeSet<(Family, ArmName)> =
            names.filter(|id| !found.items.contains_key(id)).collect();
        for body in other_searches {
            let named = body.member("name").as_str();
            let Some(Ok(name)) = named.map(str::parse::<ArmName>) else { continue };
            if lacking.remove(&(Family::HuntingQuery, name)) {
                found.add(live_item(Family::HuntingQuery, body)?);
            }
        }
        self.add_items(found, lacking.into_iter()).await
    }

    /// Adds wanted items of families whose list is empty. No workspace's is for long: there are
    /// always BuiltInFusion and dozens of built-in searches. Believed, an empty list would have
    /// everything made anew, over what is there.
    async fn add_wanted_items(
        &self,
        found: &mut Found,
        wanted: &Wanted,
        doubtful: &[Family],
    ) -> Result<(), Unreadable> {
        let lacking: Vec<(Family, ArmName)> = wanted
            .items
            .iter()
            .filter(|item| doubtful.contains(&item.family))
            .map(|item| (item.family, item.name.clone()))
            .filter(|id| !found.items.contains_key(id))
            .collect();
        self.add_items(found, lacking.into_iter()).await
    }

    async fn add_items(
        &self,
        found: &mut Found,
        ids: impl Iterator<Item = (Family, ArmName)>,
    ) -> Result<(), Unreadable> {
        let ask = async |(family, name): (Family, ArmName)| {
            let id = self.workspace.resource(Collection::of(family), &name);
            let Some(body) = self.ask(&id).await? else { return Ok(None) };
            live_item(family, body).map(Some)
        };
        let answers = self.all(ids.map(ask)).await?;
        answers.into_iter().flatten().for_each(|item| found.add(item));
        Ok(())
    }

    /// Adds the metadata of wanted, live items that have none in the list.
    async fn add_records(
        &self,
        found: &mut Found,
        wanted: &Wanted,
        ours: &Ours,
    ) -> Result<(), Unreadable> {
        let has_record = |item: &WantedItem| {
            let about = |known: &MetadataItem| {
                known.family == item.family
                    && known.parent_name().eq_ignore_ascii_case(item.name.as_str())
            };
            let key = ItemKey { family: item.family, id: item.id.clone() };
            ours.contains_key(&key) || found.metadata.iter().any(about)
        };
        let names: Vec<ArmName> = wanted
            .items
            .iter()
            .filter(|item| found.items.contains_key(&(item.family, item.name.clone())))
            .filter(|item| !has_record(item))
            .filter_map(|item| marker::record_name(item.family, &item.name).ok())
            .filter(|name| found.metadata.iter().all(|known| &known.name != name))
            .collect();
        let ask = async |name: ArmName| {
            let id = self.workspace.resource(Collection::Metadata, &name);
            let Some(body) = self.ask(&id).await? else { return Ok(None) };
            metadata_item(body)
        };
        let answers = self.all(names.into_iter().map(ask)).await?;
        found.metadata.extend(answers.into_iter().flatten());
        Ok(())
    }

    async fn ask(&self, id: &ResourceId) -> Result<Option<Value>, Unreadable> {
        Ok(read_if_there(self.client, id).await?)
    }

    async fn all<T>(
        &self,
        requests: impl Iterator<Item = impl Future<Output = Result<T, Unreadable>>>,
    ) -> Result<Vec<T>, Unreadable> {
        stream::iter(requests).buffered(self.at_once.max(1)).try_collect().await
    }
}

/// Reads one resource; `None` when the service says that it is not there.
///
/// A 404 that is about what contains the resource, or that is no answer of ARM's (a proxy's page), says
/// nothing about the resource.
///
/// # Errors
/// As for any request.
pub async fn read_if_there(client: &Client, id: &ResourceId) -> Result<Option<Value>, Error> {
    match client.get(id).await {
        Ok(body) => Ok(Some(body)),
        Err(error) if error.kind == ErrorKind::NotFound => {
            let code = error.arm.as_ref().map_or("", |arm| arm.code.as_str());
            let container =
                ["ResourceGroupNotFound", "SubscriptionNotFound", "ParentResourceNotFound"];
            if code.is_empty() || container.contains(&code) { Err(error) } else { Ok(None) }
        }
        Err(error) => Err(error),
    }
}

/// A live item from its body.
///
/// # Errors
/// When it has no usable name: then nothing that is said about the workspace can be trusted.
pub fn live_item(family: Family, body: impl Into<Body>) -> Result<LiveItem, Unreadable> {
    let body = body.into();
    let name = name(&body)?;
    let kind = match family {
        Family::HuntingQuery => is_hunting_query(&body).then_some(Kind::Hunt),
        Family::AnalyticRule => body.member("kind").as_str().and_then(Kind::parse),
    };
    Ok(LiveItem { family, name, kind, body })
}

/// Metadata from its body; `None` when it is about something else than rules and hunting queries.
///
/// # Errors
/// When it is about one and has no usable name.
pub fn metadata_item(body: impl Into<Body>) -> Result<Option<MetadataItem>, Unreadable> {
    let body = body.into();
    let kind = body.property("kind").as_str().unwrap_or_default();
    let Some(family) = marker::family(kind) else { return Ok(None) };
    Ok(Some(MetadataItem { name: name(&body)?, family, body }))
}

fn name(body: &Body) -> Result<ArmName, Unreadable> {
    let text = body.member("name").as_str().unwrap_or_default();
    text.parse().map_err(|_| Unreadable {
        denied: false,
        message: format!("the workspace has an item whose name `{text}` cannot be read"),
    })
}

fn is_hunting_query(search: &Body) -> bool {
    let text = |key: &str| search.property(key).as_str().unwrap_or_default();
    text("category").eq_ignore_ascii_case(marker::HUNTING_CATEGORY)
        && text("functionAlias").is_empty()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::live::fake::{Fault, Server, client, hunt, record, rule, workspace};

    fn id(collection: Collection, name: &str) -> ResourceId {
        workspace().resource(collection, &name.parse().unwrap())
    }

    fn wanted(items: &[(Family, &str)]) -> Wanted {
        let item = |(family, name): &(Family, &str)| WantedItem {
            family: *family,
            name: name.parse().unwrap(),
            id: name.parse().unwrap(),
        };
        Wanted { owner: "acme-soc".parse().unwrap(), items: items.iter().map(item).collect() }
    }

    async fn read_from(server: &Arc<Server>, wanted: &Wanted) -> Observation {
        let (client, _) = client(server);
        observe(&client, &workspace(), wanted).await
    }

    fn names(observation: &Observation) -> (Vec<&str>, Vec<&str>) {
        let Observation::Read(live) = observation else { panic!("{observation:?}") };
        let items = live.items.iter().map(|item| item.name.as_str()).collect();
        (items, live.metadata.iter().map(|item| item.name.as_str()).collect())
    }

    #[tokio::test]
    async fn three_lists_and_one_subscription_are_all_it_takes() {
        let server = Arc::new(Server::default());
        server.store(&id(Collection::AlertRules, "b"), rule("b"));
        server.store(&id(Collection::AlertRules, "a"), rule("a"));
        let fusion = json!({"name": "BuiltInFusion", "kind": "Fusion", "properties": {}});
        server.store(&id(Collection::AlertRules, "BuiltInFusion"), fusion);
        let unknown = json!({"name": "x", "kind": "Anomaly2", "properties": {"new": [1]}});
        server.store(&id(Collection::AlertRules, "x"), unknown.clone());
        server.store(&id(Collection::SavedSearches, "h"), hunt("h"));
        let mut function = hunt("f");
        function["properties"]["functionAlias"] = json!("parser");
        server.store(&id(Collection::SavedSearches, "f"), function);
        let builtin = json!({"name": "a|b", "properties": {"category": "Log Management"}});
        server.store(&id(Collection::SavedSearches, "a|b"), builtin);
        let metadata = record(Family::AnalyticRule, "a", "acme-soc");
        server.store(&id(Collection::Metadata, "analyticsrule-a"), metadata);
        let solution = json!({"name": "s", "properties": {"kind": "Solution", "parentId": "s"}});
        server.store(&id(Collection::Metadata, "s"), solution);

        let seen = read_from(&server, &wanted(&[(Family::AnalyticRule, "a")])).await;
        assert_eq!(
            names(&seen),
            (vec!["a", "b", "BuiltInFusion", "x", "h"], vec!["analyticsrule-a"])
        );
        let Observation::Read(live) = seen else { panic!("read") };
        let kinds: Vec<Option<Kind>> = live.items.iter().map(|item| item.kind).collect();
        let scheduled = Some(Kind::Scheduled);
        assert_eq!(kinds, [scheduled, scheduled, None, None, Some(Kind::Hunt)]);
        assert_eq!(live.items[3].body["properties"], unknown["properties"]);
        assert_eq!(server.journal().len(), 4);
    }

    #[tokio::test]
    async fn an_owned_item_that_a_list_lacks_is_asked_for() {
        let server = Arc::new(Server::default());
        for name in ["lags", "gone"] {
            let record_id = id(Collection::Metadata, &format!("analyticsrule-{name}"));
            server.store(&record_id, record(Family::AnalyticRule, name, "acme-soc"));
        }
        server.store(&id(Collection::AlertRules, "lags"), rule("lags"));
        server.hide(&id(Collection::AlertRules, "lags"));
        let seen = read_from(&server, &wanted(&[])).await;
        assert_eq!(names(&seen).0, ["lags"]);
        assert_eq!(server.journal().len(), 6);
    }

    #[tokio::test]
    async fn a_record_that_a_list_lacks_is_asked_for() {
        let server = Arc::new(Server::default());
        for name in ["lags", "none"] {
            server.store(&id(Collection::AlertRules, name), rule(name));
        }
        let record_id = id(Collection::Metadata, "analyticsrule-lags");
        server.store(&record_id, record(Family::AnalyticRule, "lags", "acme-soc"));
        server.hide(&record_id);
        let items = [(Family::AnalyticRule, "lags"), (Family::AnalyticRule, "none")];
        let seen = read_from(&server, &wanted(&items)).await;
        assert_eq!(names(&seen).1, ["analyticsrule-lags"]);
        assert_eq!(server.journal().len(), 6);
    }

    #[tokio::test]
    async fn an_owned_hunt_of_another_category_has_not_vanished() {
        let server = Arc::new(Server::default());
        let mut moved = hunt("h");
        moved["properties"]["category"] = json!("Mine");
        server.store(&id(Collection::SavedSearches, "h"), moved);
        let record_id = id(Collection::Metadata, "huntingquery-h");
        server.store(&record_id, record(Family::HuntingQuery, "h", "acme-soc"));
        let seen = read_from(&server, &wanted(&[(Family::HuntingQuery, "h")])).await;
        assert_eq!(names(&seen).0, ["h"]);
        let Observation::Read(live) = seen else { panic!("read") };
        assert_eq!(live.items[0].kind, None, "nor is it a hunting query any more");
        assert_eq!(server.journal().len(), 4);
    }

    #[tokio::test]
    async fn lists_that_are_empty_for_a_moment_are_not_believed() {
        let server = Arc::new(Server::default());
        let items = [(Family::AnalyticRule, "r"), (Family::HuntingQuery, "h")];
        server.store(&id(Collection::AlertRules, "r"), rule("r"));
        server.store(&id(Collection::SavedSearches, "h"), hunt("h"));
        for (family, name) in items {
            let record_name = marker::record_name(family, &name.parse().unwrap()).unwrap();
            let record_id = workspace().resource(Collection::Metadata, &record_name);
            server.store(&record_id, record(family, name, "acme-soc"));
        }
        for list in ["/alertRules?", "/savedSearches?", "/metadata?"] {
            server.fail("GET", list, [Fault::Body(200, json!({"value": []}).to_string())]);
        }
        let seen = read_from(&server, &wanted(&items)).await;
        assert_eq!(names(&seen), (vec!["r", "h"], vec!["analyticsrule-r", "huntingquery-h"]));
    }

    #[tokio::test]
    async fn another_owners_item_is_not_asked_for() {
        let server = Arc::new(Server::default());
        let record_id = id(Collection::Metadata, "analyticsrule-theirs");
        server.store(&record_id, record(Family::AnalyticRule, "theirs", "other-soc"));
        let seen = read_from(&server, &wanted(&[])).await;
        assert_eq!(names(&seen), (vec![], vec!["analyticsrule-theirs"]));
        assert_eq!(server.journal().len(), 4);
    }

    #[tokio::test]
    async fn whatever_fails_makes_the_workspace_unreadable() {
        let check = async |method: &str, path: &str, fault: Fault, denied: bool| {
            let server = Arc::new(Server::default());
            let record_id = id(Collection::Metadata, "analyticsrule-lags");
            server.store(&record_id, record(Family::AnalyticRule, "lags", "acme-soc"));
            server.fail(method, path, std::iter::repeat_n(fault.clone(), 20));
            match read_from(&server, &wanted(&[])).await {
                Observation::Unreadable(reason) => assert_eq!(reason.denied, denied, "{fault:?}"),
                Observation::Read(_) => panic!("{path} {fault:?} was read"),
            }
        };
        for path in ["/alertRules?", "/savedSearches?", "/metadata?", "/alertRules/lags"] {
            check("GET", path, Fault::status(401), true).await;
            check("GET", path, Fault::status(403), true).await;
            check("GET", path, Fault::status(500), false).await;
            check("GET", path, Fault::throttled(1000), false).await;
            check("GET", path, Fault::LostBefore, false).await;
            check("GET", path, Fault::Body(200, "{\"value\": [".into()), false).await;
        }
        check("GET", "/alertRules?", Fault::status(404), false).await;
        let nameless = json!({"value": [{"kind": "Scheduled", "properties": {}}]}).to_string();
        check("GET", "/alertRules?", Fault::Body(200, nameless), false).await;
        let no_group = json!({"error": {"code": "ResourceGroupNotFound", "message": "x"}});
        check("GET", "/alertRules/lags", Fault::Body(404, no_group.to_string()), false).await;
        let no_workspace = json!({"error": {"code": "ParentResourceNotFound", "message": "x"}});
        check("GET", "/alertRules/lags", Fault::Body(404, no_workspace.to_string()), false).await;
        for no_answer_of_arm in ["<html>Not Found</html>", "", "{}"] {
            let fault = Fault::Body(404, no_answer_of_arm.into());
            check("GET", "/alertRules/lags", fault, false).await;
        }
    }

    #[tokio::test]
    async fn another_tenants_subscription_is_not_read() {
        let server = Arc::new(Server::default());
        server.set_tenant("99999999-9999-9999-9999-999999999999");
        let seen = read_from(&server, &wanted(&[])).await;
        let Observation::Unreadable(reason) = seen else { panic!("read") };
        assert!(reason.denied && reason.message.contains("belongs to tenant"), "{reason:?}");
        assert_eq!(server.journal().len(), 1);
    }

    #[tokio::test]
    async fn one_unreadable_workspace_leaves_the_others_readable_and_in_order() {
        let server = Arc::new(Server::default());
        let (client, _) = client(&server);
        let limits = client.throttle().limits();
        let denied = Unreadable { denied: true, message: "no secret".into() };
        let by_environment = BTreeMap::from([
            ("a".parse().unwrap(), Err(denied)),
            ("b".parse().unwrap(), Ok(client)),
        ]);
        let clients = Clients::new(by_environment, limits);
        let target = |environment: &str| Target {
            key: WorkspaceKey {
                environment: environment.parse().unwrap(),
                workspace: "prod".parse().unwrap(),
            },
            id: workspace(),
            wanted: wanted(&[]),
        };
        let targets = [target("b"), target("a"), target("b")];
        let seen =
            tokio::spawn(async move { observe_all(&clients, &targets).await }).await.unwrap();
        let read: Vec<bool> =
            seen.iter().map(|(_, seen)| matches!(seen, Observation::Read(_))).collect();
        assert_eq!(read, [true, false, true]);
    }
}
