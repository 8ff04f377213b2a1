//! Which column of a table an ECS name stands for: exactly the one with the same meaning and the
//! same values. `event.*` is nowhere in it: its values are not those of any column.

use std::collections::BTreeMap;

/// ECS names to columns, table by table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EcsMap {
    tables: BTreeMap<String, BTreeMap<String, String>>,
}

impl EcsMap {
    /// The built-in names.
    #[must_use]
    pub fn builtin() -> Self {
        let mut map = Self::default();
        let mut table = "";
        for line in include_str!("ecs.txt").lines() {
            match line.trim_start().split_once(' ') {
                Some((name, column)) => map = map.with_mapping(table, name, column),
                None => table = line,
            }
        }
        map
    }

    /// Adds or replaces what a name stands for on a table.
    #[must_use]
    pub fn with_mapping(mut self, table: &str, name: &str, column: &str) -> Self {
        let names = self.tables.entry(table.to_owned()).or_default();
        names.insert(name.to_owned(), column.to_owned());
        self
    }

    /// The column that a name stands for.
    #[must_use]
    pub fn column(&self, table: &str, name: &str) -> Option<&str> {
        self.tables.get(table)?.get(name).map(String::as_str)
    }

    /// All names of a table and their columns, by name.
    pub fn names(&self, table: &str) -> impl Iterator<Item = (&str, &str)> {
        let names = self.tables.get(table).into_iter().flatten();
        names.map(|(name, column)| (name.as_str(), column.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::Schema;

    #[test]
    fn a_process_is_another_column_on_another_table() {
        let map = EcsMap::builtin();
        let check = |table: &str, expect: &str| {
            assert_eq!(map.column(table, "process.name"), Some(expect), "{table}");
        };
        check("DeviceNetworkEvents", "InitiatingProcessFileName");
        check("DeviceProcessEvents", "FileName");
        assert_eq!(map.column("DeviceNetworkEvents", "event.type"), None);
        let map = map.with_mapping("Made_CL", "host.name", "host_s");
        assert_eq!(map.column("Made_CL", "host.name"), Some("host_s"));
    }

    #[test]
    fn every_mapped_column_exists() {
        let map = EcsMap::builtin();
        for (table, names) in &map.tables {
            let columns = Schema::builtin().columns(table).unwrap();
            for column in names.values() {
                assert!(columns.contains_key(column), "{table}.{column}");
            }
        }
    }
}
