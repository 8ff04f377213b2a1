//! The layer table of ARCHITECTURE.md holds: no module imports one that its row does not name.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string("src/ARCHITECTURE.md").unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("| module |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let imports = cells[2].split(',').map(str::trim).filter(|name| !name.is_empty());
            (cells[1].to_owned(), imports.map(str::to_owned).collect())
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Modules that a source text names as `crate::module`.
fn imports(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, found) in text.match_indices("crate::") {
        let rest = &text[at + found.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split('}').next().unwrap_or("");
            names.extend(group.split(',').map(|part| first_word(part.trim())));
        } else {
            names.insert(first_word(rest));
        }
    }
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn every_module_imports_only_what_its_row_names() {
    let table = table();
    assert!(table.len() >= 15, "the table was not found: {table:?}");
    let mut forbidden = Vec::new();
    for (module, allowed) in &table {
        let folder = Path::new("src").join(module);
        for file in rust_files(&folder) {
            for name in imports(&fs::read_to_string(&file).unwrap()) {
                let known = table.contains_key(&name);
                if known && name != *module && !allowed.contains(&name) {
                    forbidden.push(format!("{} imports {name}", file.display()));
                }
            }
        }
    }
    assert!(forbidden.is_empty(), "{forbidden:#?}");
}

#[test]
fn every_folder_of_the_source_has_a_row() {
    let table = table();
    for entry in fs::read_dir("src").unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(table.contains_key(&name), "`{name}` has no row in ARCHITECTURE.md");
        }
    }
}

#[test]
fn only_the_rooms_that_may_are_async_and_only_the_context_reads_the_outside() {
    let asynchronous = ["live", "apply", "emulator", "cli"];
    let outside = ["std::env::", "SystemTime::now", "Timestamp::now", "Zoned::now"];
    let mut found = Vec::new();
    for file in rust_files(Path::new("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let room = file.components().nth(1).unwrap().as_os_str().to_string_lossy().into_owned();
        let is_test =
            file.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests"));
        let product = if is_test { "" } else { text.split("#[cfg(test)]").next().unwrap_or("") };
        if product.contains("async fn")
            && !asynchronous.contains(&room.as_str())
            && room != "main.rs"
        {
            found.push(format!("{}: async", file.display()));
        }
        let may_look = file.ends_with("cli/context.rs") || file.ends_with("live/clock.rs");
        for word in outside {
            if product.contains(word) && !may_look {
                found.push(format!("{}: {word}", file.display()));
            }
        }
        if (product.contains("println!") || product.contains("eprint")) && room != "cli" {
            found.push(format!("{}: prints", file.display()));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_file_has_more_than_700_lines() {
    for file in rust_files(Path::new("src")) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 700, "{} has {lines} lines", file.display());
    }
}
