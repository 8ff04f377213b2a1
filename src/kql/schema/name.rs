//! What a name in an exclusion means on a table: a column, an ECS name for one, or an error that
//! lists what it might have meant. Never a guess.

use super::{Columns, EcsMap, Schema};
use crate::diag::Code;
use crate::kql::predicate::{NAME_TAKEN, UNKNOWN_COLUMN};
use crate::kql::{ColumnType, Rows};

/// The names that an exclusion may use.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The table whose rows it excludes.
    pub table: &'a str,
    /// What is known about tables.
    pub schema: &'a Schema,
    /// ECS names.
    pub ecs: &'a EcsMap,
    /// What the query has done to the rows, and what it reads of them: on an open table, only the
    /// columns that it reads count.
    pub rows: &'a Rows,
}

/// A name that stands for no column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// Stable name of the mistake.
    pub code: Code,
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
    /// None does, or the query gives the name to something else.
    pub fn resolve(&self, name: &str) -> Result<String, NameError> {
        let ecs = self.ecs.column(self.table, name).filter(|_| !self.is_column(name));
        let column = ecs.unwrap_or(name);
        let head = if self.is_column(column) { column } else { head(column) };
        if let Some(what) = self.rows.bound(head) {
            let message = match self.columns().is_some_and(|columns| columns.contains_key(head)) {
                true => format!("`{head}` is a column of `{}` and {what}", self.table),
                false => format!("`{head}` is {what}, not a column"),
            };
            return Err(NameError {
                code: NAME_TAKEN,
                name: name.to_owned(),
                message,
                candidates: Vec::new(),
            });
        }
        // A mapping says that the column exists.
        match self.is_column(column) || (ecs.is_some() && self.rows.keep(column)) {
            true => Ok(column.to_owned()),
            false => Err(self.unknown(name, column)),
        }
    }

    /// Whether rows have the column at the place: one of the table's that still passes (if nothing is
    /// known of those, one that the query reads), or one that the query has computed.
    #[must_use]
    pub fn is_column(&self, name: &str) -> bool {
        let known = match self.columns() {
            Some(columns) => columns.contains_key(name),
            None => self.rows.read(name),
        };
        self.rows.make(name) || (known && self.rows.keep(name))
    }

    fn unknown(&self, name: &str, column: &str) -> NameError {
        let candidates = self.candidates(name);
        let table = if self.table.is_empty() { "the query" } else { self.table };
        let message = match self.columns() {
            Some(columns) if columns.contains_key(column) => {
                format!("the rows no longer have `{column}` here: the query has taken it away")
            }
            Some(_) if name.contains('.') => {
                format!("`{name}` is neither a column of `{table}` nor mapped to exactly one")
            }
            Some(_) => format!("`{table}` has no column `{name}`"),
            None => format!(
                "nothing is known about the columns of `{table}`, and the query does not read \
                 `{name}` from it"
            ),
        };
        NameError { code: UNKNOWN_COLUMN, name: name.to_owned(), message, candidates }
    }

    /// At most six, nearest first.
    fn candidates(&self, name: &str) -> Vec<String> {
        let columns: Vec<&str> = match self.columns() {
            Some(columns) => columns.keys().map(String::as_str).collect(),
            None => self.rows.named().collect(),
        };
        let columns = columns.into_iter().filter(|name| self.rows.bound(name).is_none());
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

/// What is read into: `a` of `a.b`.
fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
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
        let ecs = EcsMap::builtin();
        let rows = Rows::reading(["host_s".to_owned()]);
        let scope = Scope { table, schema: Schema::builtin(), ecs: &ecs, rows: &rows };
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

    #[test]
    fn a_mapping_says_that_an_open_table_has_the_column() {
        let ecs = EcsMap::builtin().with_mapping("Made_CL", "user_s", "user_s");
        let rows = Rows::default();
        let scope = Scope { table: "Made_CL", schema: Schema::builtin(), ecs: &ecs, rows: &rows };
        assert_eq!(scope.resolve("user_s").as_deref(), Ok("user_s"));
        assert_eq!(scope.resolve("host_s").unwrap_err().code, UNKNOWN_COLUMN);
    }
}
