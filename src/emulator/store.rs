//! The emulator's state in one redb file, or in memory.
//!
//! In: keys and JSON bodies. Out: the same, and two counters that only grow: the stamp that every
//! write gets (etags and times come from it) and the journal's sequence. What a body means is
//! decided elsewhere. One write transaction at a time, so each write is atomic and in order; a
//! reader sees one moment.

use std::fs::OpenOptions;
use std::path::Path;

use redb::backends::InMemoryBackend;
use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction,
};
use serde::{Deserialize, Serialize};

use super::page_cache::PageCache;
use super::tables::Tables;
use crate::arm::{Collection, ResourceId, WorkspaceId};
use crate::ident::{SubscriptionId, TenantId};

/// Workspace and name in lower case, with the collection between them.
type Key = (&'static str, u8, &'static str);
/// Kind, etag, JSON body.
type Row = (&'static str, &'static str, &'static [u8]);
/// A stamp, whether there is a row, and the row.
type Veil = (u64, bool, &'static str, &'static str, &'static [u8]);
/// The playbook links of all rules: the rule's name, a slash, the link's.
const ACTIONS: u8 = 3;

const RESOURCES: TableDefinition<'_, Key, Row> = TableDefinition::new("resources");
const WORKSPACES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("workspaces");
const SUBSCRIPTIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("subscriptions");
/// Workspace and rule name to the stamp of its deletion.
const TOMBSTONES: TableDefinition<'_, (&str, &str), u64> = TableDefinition::new("tombstones");
/// What is still seen of a resource, until a stamp: whether there was one, and which.
const VEILS: TableDefinition<'_, Key, Veil> = TableDefinition::new("veils");
const JOURNAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("journal");
const COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");

const STAMP: &str = "stamp";
const SEQUENCE: &str = "sequence";

/// The store failed: the disk, a lock held by another process, or a file that is no store.
#[derive(Debug, thiserror::Error)]
#[error("{}", worded(.0))]
pub struct StoreError(Box<redb::Error>);

/// In words for whoever has the file, not for whoever wrote the store.
fn worded(error: &redb::Error) -> String {
    match error {
        redb::Error::DatabaseAlreadyOpen => "another process uses it".to_owned(),
        redb::Error::Corrupted(why) => format!("it is damaged: {why}"),
        redb::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            format!("it is damaged: {error}")
        }
        other => other.to_string(),
    }
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

/// What is known of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WorkspaceRecord {
    /// The resource id as it was spelled when the workspace was provisioned.
    pub(super) id: String,
    /// The workspace's own GUID, which error texts name.
    pub(super) customer_id: String,
    /// When it was provisioned.
    pub(super) created: String,
    /// What its queries may read; anything, if that is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tables: Option<Tables>,
    /// Whether Microsoft Sentinel is on.
    #[serde(default = "yes")]
    pub(super) onboarded: bool,
}

fn yes() -> bool {
    true
}

/// What is known of a subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SubscriptionRecord {
    /// The tenant that it belongs to.
    pub(super) tenant: String,
    /// Tenants that manage it through Azure Lighthouse.
    pub(super) managed_by: Vec<String>,
}

impl SubscriptionRecord {
    /// Whether a tenant owns or manages the subscription.
    pub(super) fn admits(&self, tenant: &TenantId) -> bool {
        let is = |text: &str| text.eq_ignore_ascii_case(tenant.as_str());
        is(&self.tenant) || self.managed_by.iter().any(|managing| is(managing))
    }
}

/// A stored resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    /// A rule's kind; empty for the others.
    pub(super) kind: String,
    /// Empty when the service gives none.
    pub(super) etag: String,
    /// The JSON body as it is answered.
    pub(super) body: Vec<u8>,
}

/// The whole state.
#[derive(Debug)]
pub(super) struct Store {
    database: Database,
}

impl Store {
    /// Opens the file, creating it and its folder, or an empty store in memory.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, StoreError> {
        let mut builder = Database::builder();
        // The default of 1 GiB is for databases of another size.
        builder.set_cache_size(64 * 1024 * 1024);
        let database = match path {
            None => builder.create_with_backend(InMemoryBackend::new())?,
            Some(path) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(redb::Error::from)?;
                }
                let file = OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .open(path)
                    .map_err(redb::Error::from)?;
                builder.create_with_backend(PageCache::new(file)?)?
            }
        };
        let store = Self { database };
        store.write(Write::create_tables)?;
        Ok(store)
    }

    /// One consistent view.
    pub(super) fn view(&self) -> Result<View, StoreError> {
        Ok(View { transaction: self.database.begin_read()? })
    }

    /// One atomic write. Nothing of it stays when `change` fails.
    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&Write) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let write = Write { transaction: self.database.begin_write()? };
        let result = change(&write)?;
        write.transaction.commit()?;
        Ok(result)
    }
}

/// A moment of the store.
pub(super) struct View {
    transaction: ReadTransaction,
}

impl View {
    pub(super) fn subscription(
        &self,
        id: &SubscriptionId,
    ) -> Result<Option<SubscriptionRecord>, StoreError> {
        subscription(&self.transaction.open_table(SUBSCRIPTIONS)?, id)
    }

    pub(super) fn workspace(
        &self,
        id: &WorkspaceId,
    ) -> Result<Option<WorkspaceRecord>, StoreError> {
        let table = self.transaction.open_table(WORKSPACES)?;
        let record = table.get(key(id).as_str())?;
        Ok(record.and_then(|bytes| serde_json::from_slice(bytes.value()).ok()))
    }

    /// All workspaces by id.
    pub(super) fn workspaces(&self) -> Result<Vec<WorkspaceRecord>, StoreError> {
        let table = self.transaction.open_table(WORKSPACES)?;
        let mut found = Vec::new();
        for row in table.iter()? {
            found.extend(serde_json::from_slice::<WorkspaceRecord>(row?.1.value()).ok());
        }
        Ok(found)
    }

    /// Whether any workspace was provisioned in the resource group.
    pub(super) fn has_resource_group(&self, id: &WorkspaceId) -> Result<bool, StoreError> {
        let table = self.transaction.open_table(WORKSPACES)?;
        let key = key(id);
        let group = &key[..key.len() - id.name.as_str().len()];
        let next = table.range(group..)?.next().transpose()?;
        Ok(next.is_some_and(|(found, _)| found.value().starts_with(group)))
    }

    pub(super) fn resource(&self, id: &ResourceId) -> Result<Option<Resource>, StoreError> {
        resource(&self.transaction.open_table(RESOURCES)?, id)
    }

    /// Resources of a list by name, after the given one.
    pub(super) fn list(
        &self,
        workspace: &WorkspaceId,
        collection: Collection,
        after: Option<&str>,
    ) -> Result<Vec<(String, Resource)>, StoreError> {
        let table = self.transaction.open_table(RESOURCES)?;
        let (workspace, shelf) = (key(workspace), shelf(collection));
        let from = (workspace.as_str(), shelf, after.unwrap_or_default());
        let mut found = Vec::new();
        for row in table.range(from..(workspace.as_str(), shelf + 1, ""))? {
            let (key, value) = row?;
            let name = key.value().2;
            if after != Some(name) {
                found.push((name.to_owned(), owned(value.value())));
            }
        }
        Ok(found)
    }

    /// What is seen in place of a list's resources at a stamp, by name.
    pub(super) fn veils(
        &self,
        workspace: &WorkspaceId,
        collection: Collection,
        now: u64,
    ) -> Result<Vec<(String, Option<Resource>)>, StoreError> {
        let table = self.transaction.open_table(VEILS)?;
        let (workspace, shelf) = (key(workspace), shelf(collection));
        let mut found = Vec::new();
        for row in
            table.range((workspace.as_str(), shelf, "")..(workspace.as_str(), shelf + 1, ""))?
        {
            let (key, value) = row?;
            let (until, is_there, kind, etag, body) = value.value();
            if now < until {
                let seen = is_there.then(|| owned((kind, etag, body)));
                found.push((key.value().2.to_owned(), seen));
            }
        }
        Ok(found)
    }

    pub(super) fn action(
        &self,
        rule: &ResourceId,
        name: &str,
    ) -> Result<Option<Resource>, StoreError> {
        action(&self.transaction.open_table(RESOURCES)?, rule, name)
    }

    /// The playbook links of a rule by name.
    pub(super) fn actions(&self, rule: &ResourceId) -> Result<Vec<Resource>, StoreError> {
        actions(&self.transaction.open_table(RESOURCES)?, rule)
    }

    /// Journal entries after a sequence number, in order.
    pub(super) fn journal(&self, after: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let table = self.transaction.open_table(JOURNAL)?;
        let mut found = Vec::new();
        for row in table.range(after.saturating_add(1)..)? {
            found.push(row?.1.value().to_vec());
        }
        Ok(found)
    }
}

/// A write in progress.
pub(super) struct Write {
    transaction: WriteTransaction,
}

impl Write {
    fn create_tables(&self) -> Result<(), StoreError> {
        self.transaction.open_table(RESOURCES)?;
        self.transaction.open_table(WORKSPACES)?;
        self.transaction.open_table(SUBSCRIPTIONS)?;
        self.transaction.open_table(TOMBSTONES)?;
        self.transaction.open_table(VEILS)?;
        self.transaction.open_table(JOURNAL)?;
        self.transaction.open_table(COUNTERS)?;
        Ok(())
    }

    /// A stamp that is later than every one before: the given one, or the last and one more.
    pub(super) fn stamp(&self, now: u64) -> Result<u64, StoreError> {
        let mut counters = self.transaction.open_table(COUNTERS)?;
        let last = counters.get(STAMP)?.map_or(0, |value| value.value());
        let stamp = now.max(last + 1);
        counters.insert(STAMP, stamp)?;
        Ok(stamp)
    }

    pub(super) fn put_subscription(
        &self,
        id: &SubscriptionId,
        record: &SubscriptionRecord,
    ) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(SUBSCRIPTIONS)?;
        let bytes = to_bytes(record);
        table.insert(id.as_str().to_ascii_lowercase().as_str(), bytes.as_slice())?;
        Ok(())
    }

    pub(super) fn subscription(
        &self,
        id: &SubscriptionId,
    ) -> Result<Option<SubscriptionRecord>, StoreError> {
        subscription(&self.transaction.open_table(SUBSCRIPTIONS)?, id)
    }

    pub(super) fn has_workspace(&self, id: &WorkspaceId) -> Result<bool, StoreError> {
        let table = self.transaction.open_table(WORKSPACES)?;
        let found = table.get(key(id).as_str())?;
        Ok(found.is_some())
    }

    pub(super) fn put_workspace(
        &self,
        id: &WorkspaceId,
        record: &WorkspaceRecord,
    ) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(WORKSPACES)?;
        table.insert(key(id).as_str(), to_bytes(record).as_slice())?;
        Ok(())
    }

    pub(super) fn resource(&self, id: &ResourceId) -> Result<Option<Resource>, StoreError> {
        resource(&self.transaction.open_table(RESOURCES)?, id)
    }

    pub(super) fn put(&self, id: &ResourceId, new: &Resource) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(RESOURCES)?;
        let (workspace, name) = (key(&id.workspace), id.name.as_str().to_ascii_lowercase());
        let key = (workspace.as_str(), shelf(id.collection), name.as_str());
        table.insert(key, (new.kind.as_str(), new.etag.as_str(), new.body.as_slice()))?;
        Ok(())
    }

    pub(super) fn remove(&self, id: &ResourceId) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(RESOURCES)?;
        let (workspace, name) = (key(&id.workspace), id.name.as_str().to_ascii_lowercase());
        table.remove((workspace.as_str(), shelf(id.collection), name.as_str()))?;
        Ok(())
    }

    /// Lets a resource be seen as it is until a stamp. What is still seen of an earlier write stays.
    pub(super) fn hide(&self, id: &ResourceId, now: u64, until: u64) -> Result<(), StoreError> {
        let mut veils = self.transaction.open_table(VEILS)?;
        let (workspace, name) = (key(&id.workspace), id.name.as_str().to_ascii_lowercase());
        let key = (workspace.as_str(), shelf(id.collection), name.as_str());
        let earlier = veils.get(key)?.filter(|veil| now < veil.value().0).map(|veil| {
            let (_, is_there, kind, etag, body) = veil.value();
            is_there.then(|| owned((kind, etag, body)))
        });
        let seen = match earlier {
            Some(seen) => seen,
            None => self.resource(id)?,
        };
        let row = seen.as_ref().map_or(("", "", &[][..]), |seen| {
            (seen.kind.as_str(), seen.etag.as_str(), seen.body.as_slice())
        });
        veils.insert(key, (until, seen.is_some(), row.0, row.1, row.2))?;
        Ok(())
    }

    /// How many rules of a kind a workspace has; of any kind if none is given.
    pub(super) fn count_rules(
        &self,
        workspace: &WorkspaceId,
        kind: Option<&str>,
    ) -> Result<usize, StoreError> {
        let table = self.transaction.open_table(RESOURCES)?;
        let (workspace, shelf) = (key(workspace), shelf(Collection::AlertRules));
        let mut count = 0;
        for row in
            table.range((workspace.as_str(), shelf, "")..(workspace.as_str(), shelf + 1, ""))?
        {
            let (_, value) = row?;
            count += usize::from(kind.is_none_or(|kind| kind == value.value().0));
        }
        Ok(count)
    }

    pub(super) fn action(
        &self,
        rule: &ResourceId,
        name: &str,
    ) -> Result<Option<Resource>, StoreError> {
        action(&self.transaction.open_table(RESOURCES)?, rule, name)
    }

    /// Stores a playbook link, or takes it away.
    pub(super) fn put_action(
        &self,
        rule: &ResourceId,
        name: &str,
        action: Option<&Resource>,
    ) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(RESOURCES)?;
        let (workspace, name) = action_key(rule, name);
        let key = (workspace.as_str(), ACTIONS, name.as_str());
        match action {
            Some(action) => {
                table.insert(key, ("", action.etag.as_str(), action.body.as_slice()))?;
            }
            None => {
                table.remove(key)?;
            }
        }
        Ok(())
    }

    /// Takes all playbook links of a rule away.
    pub(super) fn remove_actions(&self, rule: &ResourceId) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(RESOURCES)?;
        let (workspace, from) = action_key(rule, "");
        let to = format!("{}0", from.trim_end_matches('/'));
        let range = (workspace.as_str(), ACTIONS, from.as_str())
            ..(workspace.as_str(), ACTIONS, to.as_str());
        table.retain_in(range, |_, _| false)?;
        Ok(())
    }

    pub(super) fn bury(&self, id: &ResourceId, stamp: u64) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(TOMBSTONES)?;
        let name = id.name.as_str().to_ascii_lowercase();
        table.insert((key(&id.workspace).as_str(), name.as_str()), stamp)?;
        Ok(())
    }

    /// The stamp of a rule's last deletion.
    pub(super) fn buried(&self, id: &ResourceId) -> Result<Option<u64>, StoreError> {
        let table = self.transaction.open_table(TOMBSTONES)?;
        let name = id.name.as_str().to_ascii_lowercase();
        let found = table.get((key(&id.workspace).as_str(), name.as_str()))?;
        Ok(found.map(|stamp| stamp.value()))
    }

    /// Appends to the journal and drops what is older than its length. Each entry is made from its
    /// sequence number; the first is 1.
    pub(super) fn append(
        &self,
        entries: impl IntoIterator<Item = impl FnOnce(u64) -> Vec<u8>>,
        length: u64,
    ) -> Result<(), StoreError> {
        let mut counters = self.transaction.open_table(COUNTERS)?;
        let mut journal = self.transaction.open_table(JOURNAL)?;
        let mut sequence = counters.get(SEQUENCE)?.map_or(0, |value| value.value());
        for entry in entries {
            sequence += 1;
            journal.insert(sequence, entry(sequence).as_slice())?;
        }
        counters.insert(SEQUENCE, sequence)?;
        let oldest = (sequence + 1).saturating_sub(length);
        while journal.first()?.is_some_and(|(first, _)| first.value() < oldest) {
            journal.pop_first()?;
        }
        Ok(())
    }

    /// Empties the journal. The sequence goes on where it was.
    pub(super) fn clear_journal(&self) -> Result<(), StoreError> {
        self.transaction.delete_table(JOURNAL)?;
        self.transaction.open_table(JOURNAL)?;
        Ok(())
    }
}

fn subscription(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    id: &SubscriptionId,
) -> Result<Option<SubscriptionRecord>, StoreError> {
    let record = table.get(id.as_str().to_ascii_lowercase().as_str())?;
    Ok(record.and_then(|bytes| serde_json::from_slice(bytes.value()).ok()))
}

fn resource(
    table: &impl ReadableTable<Key, Row>,
    id: &ResourceId,
) -> Result<Option<Resource>, StoreError> {
    let (workspace, name) = (key(&id.workspace), id.name.as_str().to_ascii_lowercase());
    let found = table.get((workspace.as_str(), shelf(id.collection), name.as_str()))?;
    Ok(found.map(|found| owned(found.value())))
}

fn action(
    table: &impl ReadableTable<Key, Row>,
    rule: &ResourceId,
    name: &str,
) -> Result<Option<Resource>, StoreError> {
    let (workspace, name) = action_key(rule, name);
    let found = table.get((workspace.as_str(), ACTIONS, name.as_str()))?;
    Ok(found.map(|found| owned(found.value())))
}

fn actions(
    table: &impl ReadableTable<Key, Row>,
    rule: &ResourceId,
) -> Result<Vec<Resource>, StoreError> {
    let (workspace, from) = action_key(rule, "");
    // `0` is what follows `/`.
    let to = format!("{}0", from.trim_end_matches('/'));
    let range =
        (workspace.as_str(), ACTIONS, from.as_str())..(workspace.as_str(), ACTIONS, to.as_str());
    let mut found = Vec::new();
    for row in table.range(range)? {
        found.push(owned(row?.1.value()));
    }
    Ok(found)
}

fn action_key(rule: &ResourceId, name: &str) -> (String, String) {
    let name = format!("{}/{name}", rule.name.as_str());
    (key(&rule.workspace), name.to_ascii_lowercase())
}

fn owned((kind, etag, body): (&str, &str, &[u8])) -> Resource {
    Resource { kind: kind.to_owned(), etag: etag.to_owned(), body: body.to_vec() }
}

/// ARM's ids are the same in any case.
fn key(workspace: &WorkspaceId) -> String {
    workspace.to_string().to_ascii_lowercase()
}

const fn shelf(collection: Collection) -> u8 {
    match collection {
        Collection::AlertRules => 0,
        Collection::SavedSearches => 1,
        Collection::Metadata => 2,
    }
}

fn to_bytes(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("invariant: records have string keys only")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> WorkspaceId {
        WorkspaceId {
            subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
            resource_group: "rg-sec".parse().unwrap(),
            name: "law-sec".parse().unwrap(),
        }
    }

    fn rule(name: &str) -> ResourceId {
        workspace().resource(Collection::AlertRules, &name.parse().unwrap())
    }

    fn body(text: &str) -> Resource {
        Resource { kind: "Scheduled".into(), etag: String::new(), body: text.into() }
    }

    #[test]
    fn a_resource_is_found_in_any_case_and_listed_by_name() {
        let store = Store::open(None).unwrap();
        store.write(|write| write.put(&rule("B"), &body("1"))).unwrap();
        store.write(|write| write.put(&rule("a"), &body("2"))).unwrap();
        store.write(|write| write.put(&rule("b"), &body("3"))).unwrap();
        let view = store.view().unwrap();
        assert_eq!(view.resource(&rule("B")).unwrap(), Some(body("3")));
        let names = |after| -> Vec<String> {
            let list = view.list(&workspace(), Collection::AlertRules, after).unwrap();
            list.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(None), ["a", "b"]);
        assert_eq!(names(Some("a")), ["b"]);
        assert!(view.list(&workspace(), Collection::Metadata, None).unwrap().is_empty());
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let store = Store::open(None).unwrap();
        let failed: Result<(), StoreError> = store.write(|write| {
            write.put(&rule("a"), &body("1"))?;
            Err(redb::StorageError::Corrupted("on purpose".into()).into())
        });
        assert!(failed.is_err());
        assert_eq!(store.view().unwrap().resource(&rule("a")).unwrap(), None);
    }

    #[test]
    fn stamps_grow_while_the_clock_stands_or_runs_back() {
        let store = Store::open(None).unwrap();
        let stamp = |now| store.write(|write| write.stamp(now)).unwrap();
        assert_eq!((stamp(5), stamp(5), stamp(3), stamp(9)), (5, 6, 7, 9));
    }

    #[test]
    fn the_journal_keeps_its_newest_entries() {
        let store = Store::open(None).unwrap();
        for _ in 0..3 {
            let entries = [|sequence: u64| sequence.to_string().into_bytes(); 2];
            store.write(|write| write.append(entries, 4)).unwrap();
        }
        let kept = |after| store.view().unwrap().journal(after).unwrap().concat();
        assert_eq!((kept(0), kept(4)), (b"3456".to_vec(), b"56".to_vec()));
        store.write(Write::clear_journal).unwrap();
        assert!(kept(0).is_empty());
    }

    #[test]
    fn the_file_survives_a_restart_and_a_process_that_just_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/emulator.redb");
        let store = Store::open(Some(&path)).unwrap();
        store.write(|write| write.put(&rule("a"), &body("1"))).unwrap();
        // What a killed process leaves is the file as it is now: closing never ran.
        let killed = folder.path().join("killed.redb");
        std::fs::copy(&path, &killed).unwrap();
        drop(store);
        for path in [&path, &killed] {
            let store = Store::open(Some(path)).unwrap();
            let found = store.view().unwrap().resource(&rule("a")).unwrap();
            assert_eq!(found, Some(body("1")), "{}", path.display());
        }
    }

    #[test]
    fn a_file_that_is_in_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("emulator.redb");
        let _store = Store::open(Some(&path)).unwrap();
        assert!(Store::open(Some(&path)).is_err());
    }
}
