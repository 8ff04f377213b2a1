//! Tables, their columns and types, and the ECS names that stand for columns.
//!
//! Built in: the tables of Microsoft Defender XDR and the Sentinel tables that published detections
//! use most, derived from Microsoft's public table reference. A table that is not here is *open*:
//! nothing is known about its columns, and nothing is claimed about them.

mod ecs;
mod name;

pub use ecs::EcsMap;
pub use name::{NameError, Scope};

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::ColumnType;

/// The columns of a table by name.
pub type Columns = BTreeMap<String, ColumnType>;

/// What is known about tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    tables: BTreeMap<String, Columns>,
}

impl Schema {
    /// The built-in tables.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Schema> = OnceLock::new();
        BUILTIN.get_or_init(|| Self { tables: read(include_str!("columns.txt")) })
    }

    /// Adds tables; columns of a known table are added to it, and a type given here wins.
    #[must_use]
    pub fn with(mut self, tables: impl IntoIterator<Item = (String, Columns)>) -> Self {
        for (table, columns) in tables {
            self.tables.entry(table).or_default().extend(columns);
        }
        self
    }

    /// The columns of a table; nothing for an open one.
    #[must_use]
    pub fn columns(&self, table: &str) -> Option<&Columns> {
        self.tables.get(table)
    }

    /// All known tables by name.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }
}

/// A table's name at the start of a line, then a line per type with the names of its columns.
fn read(text: &str) -> BTreeMap<String, Columns> {
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines() {
        let Some((kind, names)) = line.trim_start().split_once(':') else {
            line.clone_into(&mut table);
            tables.entry(table.clone()).or_default();
            continue;
        };
        let Some(kind) = ColumnType::from_word(kind) else { continue };
        let columns = tables.entry(table.clone()).or_default();
        columns.extend(names.split_whitespace().map(|name| (name.to_owned(), kind)));
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_tables_have_their_columns() {
        let schema = Schema::builtin();
        let column = |table: &str, name: &str| schema.columns(table)?.get(name).copied();
        assert_eq!(column("DeviceNetworkEvents", "RemotePort"), Some(ColumnType::Int));
        assert_eq!(column("DeviceNetworkEvents", "RemoteUrl"), Some(ColumnType::String));
        assert_eq!(column("SigninLogs", "TimeGenerated"), Some(ColumnType::Datetime));
        assert_eq!(column("SecurityEvent", "EventID"), Some(ColumnType::Int));
        assert!(schema.columns("Made_CL").is_none());
        assert!(schema.tables().count() > 120);
        assert!(schema.tables().all(|table| schema.columns(table).is_some_and(|c| !c.is_empty())));
    }

    #[test]
    fn a_table_of_which_only_the_time_is_known_is_open() {
        let schema = Schema::builtin();
        let poor = |table: &&str| schema.columns(table).is_some_and(|columns| columns.len() < 3);
        assert_eq!(schema.tables().filter(poor).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn tables_can_be_added() {
        let columns = Columns::from([("a_s".to_owned(), ColumnType::String)]);
        let schema = Schema::builtin().clone().with([("Made_CL".to_owned(), columns)]);
        assert_eq!(schema.columns("Made_CL").unwrap()["a_s"], ColumnType::String);
    }
}
