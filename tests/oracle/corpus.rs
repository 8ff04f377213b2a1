//! The queries of the corpus, and what the engine says about them as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use sentinelops::kql::{Query, StatementKind, spine};

use crate::engine::{Engine, Function, Schema, Structure};
use crate::scratch::{scratch, shared};

/// A query that the engine parses without a finding.
pub(crate) struct Clean {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) structure: Structure,
}

/// The engine and the queries.
pub(crate) struct Corpus {
    pub(crate) engine: Engine,
    pub(crate) schema: Schema,
    pub(crate) clean: Vec<Clean>,
}

/// Read and asked once.
pub(crate) fn corpus() -> Option<&'static Corpus> {
    static CORPUS: OnceLock<Option<Corpus>> = OnceLock::new();
    CORPUS.get_or_init(|| scratch().map(|folder| read(&folder))).as_ref()
}

fn read(folder: &Path) -> Corpus {
    let queries = queries();
    let known = fs::read_to_string(folder.join("schema.json")).unwrap();
    let schema = with_unknown(serde_json::from_str(&known).unwrap(), queries.values());
    let engine = Engine::new(folder.to_owned(), &schema);
    let texts: Vec<&str> = queries.values().map(String::as_str).collect();
    let structures = engine.structures(&texts);
    assert_eq!(queries.len(), 387);
    let clean: Vec<Clean> = queries
        .into_iter()
        .zip(structures)
        .filter(|(_, structure)| structure.syntax.is_empty())
        .map(|((path, text), structure)| Clean { path, text, structure })
        .collect();
    assert_eq!(clean.len(), 382);
    Corpus { engine, schema, clean }
}

fn queries() -> BTreeMap<String, String> {
    let root = shared().join("corpus");
    let mut queries = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let text = text.trim_start_matches('\u{feff}');
            let parsed = serde_yaml::from_str::<serde_yaml::Value>(text);
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            let query = parsed.ok().and_then(|file| Some(file.get("query")?.as_str()?.to_owned()));
            queries.extend(query.map(|query| (name, query)));
        }
    }
    queries
}

/// Driving tables and functions that the engine does not know become open ones with a column for the
/// probe, so that there is something to bind to.
fn with_unknown<'q>(mut schema: Schema, queries: impl Iterator<Item = &'q String>) -> Schema {
    let probe = || BTreeMap::from([("Probe_s".to_owned(), "string".to_owned())]);
    for text in queries {
        let query = Query::parse(text);
        for table in spine(&query).tables() {
            let known = schema.functions.iter().any(|function| function.name == table);
            if known || schema.tables.contains_key(table) || is_bound(&query, table) {
                continue;
            }
            if called(&query, table) {
                let name = table.to_owned();
                schema.functions.push(Function { name, columns: probe(), open: true });
            } else {
                schema.tables.insert(table.to_owned(), probe());
                schema.open.push(table.to_owned());
            }
        }
    }
    schema
}

fn is_bound(query: &Query<'_>, name: &str) -> bool {
    let binds = |kind| matches!(kind, StatementKind::Let | StatementKind::Function);
    query.statements().iter().any(|s| binds(s.kind) && s.name.as_deref() == Some(name))
}

fn called(query: &Query<'_>, name: &str) -> bool {
    (0..query.tokens().len()).any(|at| query.word(at) == name && query.word(at + 1) == "(")
}
