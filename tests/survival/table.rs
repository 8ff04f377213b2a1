//! The table of README.md, which the tests keep true.

/// One row: what was done to the tool, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row(String);

impl Row {
    /// What it is about, and the counts in the order of the table's columns.
    pub(crate) fn new(what: &str, counts: &[usize]) -> Self {
        let counts: String = counts.iter().map(|count| format!(" {count} |")).collect();
        Self(format!("| {what} |{counts}"))
    }
}

/// Prints the rows, and compares them with the README's.
#[track_caller]
pub(crate) fn is_in_readme(rows: &[Row]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let missing: Vec<&str> = rows
        .iter()
        .map(|row| row.0.as_str())
        .filter(|row| !readme.lines().any(|line| line == *row))
        .collect();
    for Row(row) in rows {
        println!("{row}");
    }
    assert!(missing.is_empty(), "README.md does not have:\n{}", missing.join("\n"));
}
