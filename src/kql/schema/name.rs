//! What a name in an exclusion means on a table: a column, an ECS name for one, or an error that
//! lists what it might have meant. Never a guess.

use std::collections::BTreeSet;

use super::{Columns, EcsMap, Schema};
use crate::kql::ColumnType;

/// The names that an exclusion may use.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The table whose rows it excludes.
    pub table: &'a str,
    /// What is known about tables.
    pub schema: &'a Schema,
    /// ECS names.
    pub ecs: &'a EcsMap,
    /// What the query itself names, see [`Query::names`](crate::kql::Query::names): on an open
    /// table, only these count.
    pub named: &'a BTreeSet<String>,
    /// Names that the query computes, see [`Query::computed`](crate::kql::Query::computed): at an
    /// author's marker they count as well, with an unknown type. Elsewhere there are none.
    pub computed: &'a BTreeSet<String>,
}

/// A name that stands for no column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// As written.
    pub name: String,
    /// A lower-case sentence.
    pub message: String,
    /// What it might have meant, nearest first: columns, and ECS names with their column.
    pub candidates: Vec<String>,
}

impl<'a> Scope<'a> {
    /// The columns of the table, unless it is open.
    #[must_use]
    pub fn columns(&self) -> Option<&'a Columns> {
        self.schema.columns(self.table)
    }

    /// The type of a column, if the table is known and has it.
    #[must_use]
    pub fn kind(&self, column: &str) -> Option<ColumnType> {
        self.columns()?.get(column).copied()
    }

    /// The column that a name stands for.
    ///
    /// # Errors
    /// None does.
    pub fn resolve(&self, name: &str) -> Result<String, NameError> {
        if self.is_column(name) {
            return Ok(name.to_owned());
        }
        match self.ecs.column(self.table, name) {
            Some(column) => Ok(column.to_owned()),
            None => Err(self.unknown(name)),
        }
    }

    /// Whether the table has the column, or may have it and the query names it.
    #[must_use]
    pub fn is_column(&self, name: &str) -> bool {
        match self.columns() {
            Some(columns) => columns.contains_key(name) || self.computed.contains(name),
            None => self.named.contains(name),
        }
    }

    fn unknown(&self, name: &str) -> NameError {
        let candidates = self.candidates(name);
        let table = if self.table.is_empty() { "the query" } else { self.table };
        let message = match self.columns() {
            Some(_) if name.contains('.') => {
                format!("`{name}` is neither a column of `{table}` nor mapped to exactly one")
            }
            Some(_) => format!("`{table}` has no column `{name}`"),
            None => format!(
                "nothing is known about the columns of `{table}`, and the query does not name `{name}`"
            ),
        };
        NameError { name: name.to_owned(), message, candidates }
    }

    /// At most six, nearest first.
    fn candidates(&self, name: &str) -> Vec<String> {
        let columns: Vec<&str> = match self.columns() {
            Some(columns) => columns.keys().map(String::as_str).collect(),
            None => self.named.iter().map(String::as_str).collect(),
        };
        let wanted = parts(name);
        let mut ranked: Vec<(usize, String)> = Vec::new();
        for column in columns {
            ranked.extend(distance(&wanted, name, column).map(|far| (far, column.to_owned())));
        }
        for (known, column) in self.ecs.names(self.table) {
            let shown = format!("{known} ({column})");
            let near = distance(&wanted, name, known);
            let same_family = known.split('.').next() == name.split('.').next();
            let far = near.or_else(|| (name.contains('.') && same_family).then_some(40));
            ranked.extend(far.map(|far| (far, shown)));
        }
        ranked.sort();
        ranked.into_iter().map(|(_, shown)| shown).take(6).collect()
    }
}

/// How far a known name is from a wanted one; nothing if they have nothing in common.
fn distance(wanted: &[String], name: &str, known: &str) -> Option<usize> {
    let (name, lower) = (name.to_lowercase(), known.to_lowercase());
    if name == lower {
        return Some(0);
    }
    let edits = edits(&name, &lower);
    if edits <= 2 {
        return Some(edits);
    }
    let found = wanted.iter().filter(|part| lower.contains(part.as_str())).count();
    let needed = if wanted.len() > 1 { 2 } else { 1 };
    (found >= needed.min(wanted.len()) && !wanted.is_empty())
        .then(|| 10 + lower.len().abs_diff(name.len()).min(20))
}

/// The words of a name of at least four letters: `process.name` and `ProcessName` have the same.
fn parts(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for character in name.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && !word.is_empty()) {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    words.push(word);
    words.retain(|word| word.len() >= 4);
    words
}

/// The number of single-character edits between two names.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 0..right.len() {
            let replaced = diagonal + usize::from(right[column] != character);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: &str, name: &str, expect: Result<&str, &str>) {
        let named = BTreeSet::from(["host_s".to_owned()]);
        let ecs = EcsMap::builtin();
        let computed = BTreeSet::new();
        let schema = Schema::builtin();
        let scope = Scope { table, schema, ecs: &ecs, named: &named, computed: &computed };
        let found = scope.resolve(name);
        match expect {
            Ok(column) => assert_eq!(found.as_deref(), Ok(column), "{table} {name}"),
            Err(candidate) => {
                let candidates = found.unwrap_err().candidates;
                assert!(candidates.iter().any(|c| c.contains(candidate)), "{name}: {candidates:?}");
            }
        }
    }

    #[test]
    fn a_name_is_a_column_or_an_ecs_name_or_an_error_with_candidates() {
        check("DeviceNetworkEvents", "RemoteUrl", Ok("RemoteUrl"));
        check("DeviceNetworkEvents", "process.name", Ok("InitiatingProcessFileName"));
        check("DeviceNetworkEvents", "remoteurl", Err("RemoteUrl"));
        check("DeviceNetworkEvents", "RemoteUrls", Err("RemoteUrl"));
        check("DeviceNetworkEvents", "ProcessFileName", Err("InitiatingProcessFileName"));
        check("DeviceNetworkEvents", "process.title", Err("process.name (Init"));
        check("Made_CL", "host_s", Ok("host_s"));
        check("Made_CL", "hosts", Err("host_s"));
    }
}
