//! The baseline: what the metadata of a workspace says was last applied, and by whom.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{Body, MetadataItem, Record};
use crate::arm::marker;
use crate::ident::{ArmName, ContentId, Family, ItemKey, Owner};

/// What the metadata says about one item.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The ARM name of the item that the metadata is about.
    pub name: ArmName,
    /// The metadata resource.
    pub metadata: MetadataItem,
    record: OnceLock<Result<Record, String>>,
}

impl Baseline {
    /// What a metadata resource says about the item of this name.
    #[must_use]
    pub const fn new(name: ArmName, metadata: MetadataItem) -> Self {
        Self { name, metadata, record: OnceLock::new() }
    }

    /// The record, read when it is first asked for: of most items nobody asks.
    ///
    /// # Errors
    /// Why it cannot be read, which never means that nothing was applied.
    pub fn record(&self) -> Result<&Record, &String> {
        self.record.get_or_init(|| read(&self.metadata, &self.name)).as_ref()
    }

    /// Lets go of the metadata's body and of the record's fields: only how the item is recorded stays.
    pub fn let_go(&mut self) {
        let mut record = self.record().cloned().map_err(Clone::clone);
        if let Ok(record) = &mut record {
            record.fields.clear();
        }
        self.record = OnceLock::from(record);
        self.metadata.body = Body::default();
    }

    /// The same metadata with another record, for what is known of it without its body.
    #[must_use]
    pub(crate) fn with_record(mut self, record: Result<Record, String>) -> Self {
        self.record = OnceLock::from(record);
        self
    }
}

impl PartialEq for Baseline {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.metadata == other.metadata
            && self.record() == other.record()
    }
}

/// Who a metadata resource says owns its item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// This owner, by our mark.
    Ours,
    /// Another owner of this tool: never touched.
    Foreign(String),
    /// Another tool or Content Hub: theirs until adopted.
    Theirs(String),
}

/// A workspace's metadata, sorted by whom it names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Baselines {
    /// Our records by item. Two records for one item stand here side by side and are ambiguous.
    pub ours: BTreeMap<ItemKey, Vec<Baseline>>,
    /// Metadata of other owners and sources, with whom they name.
    pub others: Vec<(MetadataItem, Ownership)>,
}

impl Baselines {
    /// Sorts a workspace's metadata.
    ///
    /// A record of ours without a usable content id is filed under its parent's name, so that it is
    /// seen rather than lost.
    #[must_use]
    pub fn sort(metadata: &[MetadataItem], owner: &Owner) -> Self {
        let mut sorted = Self::default();
        for item in metadata {
            let ownership = ownership(item, owner);
            match (ownership, key(item), subject(item)) {
                (Ownership::Ours, Some(key), Some(name)) => {
                    sorted.ours.entry(key).or_default().push(Baseline::new(name, item.clone()));
                }
                (ownership, _, _) => sorted.others.push((item.clone(), ownership)),
            }
        }
        for records in sorted.ours.values_mut() {
            records.sort_by(|left, right| left.metadata.name.cmp(&right.metadata.name));
        }
        sorted
    }

    /// Other people's metadata about the item of this ARM name, and whom it names. Of several, another
    /// owner's comes first, since his are never touched; then by name.
    #[must_use]
    pub fn other(&self, family: Family, name: &ArmName) -> Option<&(MetadataItem, Ownership)> {
        let about = self.others.iter().filter(|(item, _)| {
            item.family == family && item.parent_name().eq_ignore_ascii_case(name.as_str())
        });
        about.min_by_key(|(item, ownership)| {
            (!matches!(ownership, Ownership::Foreign(_)), &item.name)
        })
    }
}

fn ownership(item: &MetadataItem, owner: &Owner) -> Ownership {
    let ours = item.source("kind").eq_ignore_ascii_case(marker::SOURCE_KIND)
        && item.source("name") == marker::SOURCE_NAME;
    if !ours {
        let name = item.source("name");
        return Ownership::Theirs(
            if name.is_empty() { item.source("kind") } else { name }.to_owned(),
        );
    }
    let named = item.source("sourceId");
    if named.eq_ignore_ascii_case(owner.as_str()) {
        Ownership::Ours
    } else {
        Ownership::Foreign(named.to_owned())
    }
}

/// The ARM name of the item that a record is about. The record's own name says it, since nobody can
/// edit that; the `parentId` counts where somebody gave it a name of another shape.
fn subject(item: &MetadataItem) -> Option<ArmName> {
    marker::recorded(item.family, &item.name).or_else(|| item.parent_name().parse().ok())
}

fn read(item: &MetadataItem, about: &ArmName) -> Result<Record, String> {
    let own = marker::record_name(item.family, about).is_ok_and(|name| name == item.name);
    if !own || !item.parent_name().eq_ignore_ascii_case(about.as_str()) {
        let (name, parent) = (&item.name, item.parent_name());
        return Err(format!("it is named `{name}`, but its `parentId` names `{parent}`"));
    }
    item.property("customVersion").parse::<Record>().map_err(|invalid| invalid.reason)
}

fn key(item: &MetadataItem) -> Option<ItemKey> {
    let id = |text: &str| text.parse::<ContentId>().ok();
    let id = id(item.property("contentId")).or_else(|| id(item.parent_name()))?;
    Some(ItemKey { family: item.family, id })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(owner: &str, content: &str, source: &str) -> MetadataItem {
        MetadataItem {
            name: format!("analyticsrule-{content}").parse().unwrap(),
            family: Family::AnalyticRule,
            body: json!({"properties": {
                "parentId": format!("/subscriptions/s/alertRules/{content}"),
                "contentId": content,
                "customVersion": "so1;A;Scheduled",
                "source": {"kind": "SourceRepository", "name": source, "sourceId": owner},
            }})
            .into(),
        }
    }

    #[test]
    fn records_are_sorted_by_whom_they_name() {
        let list = [
            metadata("acme-soc", "mine", "sentinelops"),
            metadata("ACME-SOC", "mine-too", "sentinelops"),
            metadata("other-soc", "foreign", "sentinelops"),
            metadata("x", "repositories", "Repositories"),
        ];
        let sorted = Baselines::sort(&list, &"acme-soc".parse().unwrap());
        let ours: Vec<String> = sorted.ours.keys().map(ToString::to_string).collect();
        assert_eq!(ours, ["analytic-rule/mine", "analytic-rule/mine-too"]);
        let owner = |name: &str| {
            let other = sorted.other(Family::AnalyticRule, &name.parse().unwrap());
            other.map(|(_, ownership)| ownership.clone())
        };
        assert_eq!(owner("foreign"), Some(Ownership::Foreign("other-soc".into())));
        assert_eq!(owner("repositories"), Some(Ownership::Theirs("Repositories".into())));
        assert_eq!(owner("mine"), None);
    }

    #[test]
    fn two_records_for_one_item_stand_side_by_side() {
        let mut second = metadata("acme-soc", "mine", "sentinelops");
        second.name = "analyticsrule-copy".parse().unwrap();
        let list = [metadata("acme-soc", "mine", "sentinelops"), second];
        let sorted = Baselines::sort(&list, &"acme-soc".parse().unwrap());
        assert_eq!(sorted.ours.values().map(Vec::len).collect::<Vec<_>>(), [2]);
    }
}
