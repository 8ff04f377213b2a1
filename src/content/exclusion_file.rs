//! The files of `content/exclusions/`.
//!
//! Any error stops planning: while one exclusion is not understood, nobody knows which item would be
//! deployed without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::exclusion_entry::Reader;
use super::node::{Data, Node};
use super::sheet::first_line;
use super::walk::File;
use super::{Catalog, Exclusion, document, text};
use crate::diag::{Code, Diagnostic, Located, Severity, Source};
use crate::ident::{ContentId, ExclusionId};

const EMPTY_FILE: Code = Code::new("empty-file");
const MANY_DOCUMENTS: Code = Code::new("many-documents");
const WRONG_TYPE: Code = Code::new("wrong-type");
const DUPLICATE_ID: Code = Code::new("duplicate-exclusion-id");
const UNKNOWN_CONTENT: Code = Code::new("unknown-content");

/// What the files say.
#[derive(Default)]
pub(super) struct Read {
    /// By id.
    pub(super) exclusions: Vec<Exclusion>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether anything in them was an error.
    pub(super) unreadable: bool,
}

/// Reads all files; `catalog` tells which content there is.
pub(super) fn read(files: &[File], catalog: &Catalog) -> Read {
    let mut read = Read::default();
    for file in files {
        let text::Read { source, failure } = text::read(&file.path, &file.shown);
        match failure {
            Some(failure) => read.diagnostics.push(failure),
            None => read_one(&source, &mut read),
        }
    }
    duplicates(&mut read);
    unknown_content(&mut read, catalog);
    read.exclusions.sort_by(|left, right| left.id.value.cmp(&right.id.value));
    read.unreadable =
        read.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    read
}

/// Reads one file's text.
pub(super) fn read_one(source: &Arc<Source>, read: &mut Read) {
    let documents = match document::parse_as::<Node>(source) {
        Ok(documents) => documents,
        Err(diagnostic) => return read.diagnostics.push(*diagnostic),
    };
    let mut documents = documents.into_iter();
    let Some(root) = documents.next() else {
        let empty = Diagnostic::error(EMPTY_FILE, "the file is empty")
            .at(source, first_line(source), "")
            .help("restore it, or delete it");
        return read.diagnostics.push(empty);
    };
    if documents.next().is_some() {
        let many = Diagnostic::error(MANY_DOCUMENTS, "the file has several YAML documents")
            .at(source, first_line(source), "")
            .help("put all exclusions into one list, or into several files");
        return read.diagnostics.push(many);
    }
    let mut reader = Reader::new(source);
    let fields = reader.mapping(&root, "the file", &["exclusions"]);
    let list = fields.as_ref().and_then(|fields| fields.get("exclusions"));
    match list.map(|node| (&node.data, node)) {
        Some((Data::List(items), _)) => {
            for item in items {
                if let Some(exclusion) = reader.exclusion(item) {
                    read.exclusions.push(exclusion);
                }
            }
        }
        Some((_, node)) => {
            let message = "`exclusions` must be a list";
            let help = "begin each exclusion with `- id: …`";
            reader.error(WRONG_TYPE, message, &node.span, help);
        }
        // An unknown key was said, or every exclusion was taken out.
        None => {}
    }
    read.diagnostics.extend(reader.finish());
}

fn duplicates(read: &mut Read) {
    let mut places: BTreeMap<ExclusionId, Vec<&Located<ExclusionId>>> = BTreeMap::new();
    for exclusion in &read.exclusions {
        places.entry(exclusion.id.value.clone()).or_default().push(&exclusion.id);
    }
    let mut found = Vec::new();
    for (id, places) in places.iter().filter(|(_, places)| places.len() > 1) {
        for (index, place) in places.iter().enumerate() {
            let message = format!("the exclusion id `{id}` is used {} times", places.len());
            let mut diagnostic = Diagnostic::error(DUPLICATE_ID, message)
                .at(&place.source, place.span.clone(), "")
                .help("give each its own id")
                .about(id.as_str());
            for (_, other) in places.iter().enumerate().filter(|(other, _)| *other != index) {
                diagnostic = diagnostic.at(&other.source, other.span.clone(), "also here");
            }
            found.push(diagnostic);
        }
    }
    read.diagnostics.extend(found);
}

/// Every content id that an exclusion names must be there, loaded or broken.
fn unknown_content(read: &mut Read, catalog: &Catalog) {
    let broken = catalog.broken.iter().filter_map(|broken| broken.id.as_ref());
    let known: BTreeSet<&ContentId> =
        catalog.contents.iter().map(|content| &content.id.value).chain(broken).collect();
    let mut found = Vec::new();
    for exclusion in &read.exclusions {
        let tests = exclusion.tests.iter().filter_map(|test| test.value.content.as_ref());
        for id in exclusion.applies_to.content.iter().chain(tests) {
            if !known.contains(&id.value) {
                found.push(unknown(exclusion, id));
            }
        }
        for accepted in &exclusion.acknowledge {
            if let Some(id) = accepted.value.content.as_ref().filter(|id| !known.contains(id)) {
                let id = Located::new(id.clone(), &accepted.source, accepted.span.clone());
                found.push(unknown(exclusion, &id));
            }
        }
    }
    read.diagnostics.extend(found);
}

fn unknown(exclusion: &Exclusion, id: &Located<ContentId>) -> Diagnostic {
    Diagnostic::error(UNKNOWN_CONTENT, format!("no content has the id `{}`", id.value))
        .at(&id.source, id.span.clone(), "")
        .help("write the `id` of a file in `content/`; delete what is about removed content")
        .about(exclusion.id.value.as_str())
}
