//! One file as a hunting query or analytic rule.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::document::{self, Document, Entry};
use super::shape::{self, Shape};
use super::sheet::{Sheet, first_line, reason};
use super::{Broken, Content, QuerySource, identity, query, reference};
use crate::diag::{Code, Diagnostic, Located, Severity, Source};
use crate::ident::{ContentId, Tag};
use crate::state::Kind;
use crate::state::define::{self, Problem};
use crate::state::desired::HeldReason;

const EMPTY_FILE: Code = Code::new("empty-file");
const MANY_DOCUMENTS: Code = Code::new("many-documents");
const MISSING_ID: Code = Code::new("missing-id");
const BAD_ID: Code = Code::new("bad-id");
const NUMBER_ID: Code = Code::new("id-not-text");
const PLACEHOLDER: Code = Code::new("template-placeholder");
const BOTH_QUERIES: Code = Code::new("query-and-query-from");
const FROM_IN_HUNT: Code = Code::new("query-from-in-hunt");
const BAD_TAG: Code = Code::new("bad-tag");

/// What came of one file.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) content: Option<Content>,
    pub(super) unloaded: Vec<Unloaded>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Exclusions were found where they are not in force.
    pub(super) exclusions: bool,
}

/// A file that did not load.
pub(super) struct Unloaded {
    pub(super) path: String,
    pub(super) id: Option<Located<ContentId>>,
    pub(super) reason: HeldReason,
    /// Whether it only points to the file's new place, which may be in this repository.
    pub(super) is_stub: bool,
}

impl Unloaded {
    pub(super) fn into_broken(self) -> Broken {
        Broken { path: self.path, id: self.id.map(|id| id.value), reason: self.reason }
    }
}

/// Reads one file. Whatever is wrong with it, the outcome names it.
pub(super) fn read(source: &Arc<Source>) -> Outcome {
    let documents = match document::parse(source) {
        Ok(documents) => documents,
        Err(diagnostic) => return broken(source, *diagnostic),
    };
    let count = documents.len();
    match documents.into_iter().next() {
        None => {
            let diagnostic = Diagnostic::error(EMPTY_FILE, "the file is empty")
                .at(source, first_line(source), "")
                .help("restore it, or delete it");
            broken(source, diagnostic)
        }
        Some(_) if count > 1 => {
            let message = format!("the file has {count} YAML documents");
            let diagnostic = Diagnostic::error(MANY_DOCUMENTS, message)
                .at(source, first_line(source), "")
                .help("give each its own file");
            broken(source, diagnostic)
        }
        Some(Document::Other) => foreign(source, "it is not a mapping"),
        Some(Document::Map(entries)) => mapping(source, entries),
    }
}

/// A file whose text says no more than an id, perhaps.
pub(super) fn broken(source: &Arc<Source>, diagnostic: Diagnostic) -> Outcome {
    let ids = identity::search(source);
    let unloaded = |id| Unloaded {
        path: source.path().to_owned(),
        id,
        reason: reason(&diagnostic),
        is_stub: false,
    };
    let unloaded = match ids.len() {
        0 => vec![unloaded(None)],
        _ => ids.into_iter().map(Some).map(unloaded).collect(),
    };
    let id = unloaded[0].id.as_ref().map(|id| id.value.to_string());
    let diagnostic = match id {
        Some(id) => diagnostic.about(id),
        None => diagnostic.because("its id cannot be read, so nothing is retired in this run"),
    };
    Outcome { unloaded, diagnostics: vec![diagnostic], ..Outcome::default() }
}

/// Something else, which holds an item only if it carries its id.
fn foreign(source: &Arc<Source>, why: &str) -> Outcome {
    let has_id = !identity::search(source).is_empty();
    let diagnostic = shape::not_content(why, has_id).at(source, first_line(source), "");
    if has_id {
        return broken(source, diagnostic);
    }
    Outcome { diagnostics: vec![diagnostic], ..Outcome::default() }
}

fn mapping(source: &Arc<Source>, entries: Vec<Entry>) -> Outcome {
    let mut sheet = Sheet::new(source, entries);
    let first = first_line(source);
    match shape::shape(&sheet) {
        Shape::Content => {}
        Shape::Foreign(why) => return foreign(source, why),
        Shape::Exclusions(diagnostic) => {
            let diagnostic = diagnostic.at(source, sheet.place("exclusions"), "");
            let diagnostics = vec![diagnostic];
            return Outcome { diagnostics, exclusions: true, ..Outcome::default() };
        }
        Shape::Unfit(diagnostic) => return unfit(sheet, diagnostic.at(source, first, ""), false),
        Shape::Stub(diagnostic) => {
            let at = sheet.place("description");
            return unfit(sheet, diagnostic.at(source, at, ""), true);
        }
    }
    let id = match id(&mut sheet) {
        Ok(id) => id,
        Err(diagnostic) => return unnamed(sheet, *diagnostic),
    };
    match item(&mut sheet) {
        Ok(draft) => finish(sheet, id, draft),
        Err(diagnostic) => refused(sheet, id, *diagnostic, false),
    }
}

/// What a file says besides its keys.
struct Draft {
    kind: Kind,
    query: QuerySource,
    parameters: reference::Parameters,
    replaces: Option<Located<ContentId>>,
    tags: Vec<Tag>,
}

fn item(sheet: &mut Sheet) -> Result<Draft, Box<Diagnostic>> {
    let source = Arc::clone(&sheet.source);
    let kind =
        shape::kind(sheet).map_err(|unknown| unknown.at(&source, sheet.place("kind"), ""))?;
    sheet.take("kind");
    let query = query_source(sheet)?;
    if kind == Kind::Hunt
        && let QuerySource::From { id, .. } = &query
    {
        let message = "`queryFrom` is for analytic rules; this is a hunting query";
        let wrong = Diagnostic::error(FROM_IN_HUNT, message).help("write `kind: Scheduled`");
        sheet.report(wrong, &id.span.clone(), "");
    }
    let parameters = reference::parameters(sheet, &query);
    let replaces = reference::replaces(sheet);
    let tags = tags(sheet);
    Ok(Draft { kind, query, parameters, replaces, tags })
}

fn query_source(sheet: &mut Sheet) -> Result<QuerySource, Box<Diagnostic>> {
    let source = Arc::clone(&sheet.source);
    let own = sheet.take("query");
    let Some(from) = sheet.take("queryFrom") else {
        reference::refuse_inherit(sheet);
        let own = own.expect("invariant: a file without either key is not read as content");
        let span = own.name_span.clone();
        let query = query::query(sheet, own).map_err(|empty| empty.at(&source, span, ""))?;
        return Ok(QuerySource::Own(query));
    };
    if own.is_some() {
        let message = "`query` and `queryFrom` are both there";
        let both = Diagnostic::error(BOTH_QUERIES, message)
            .at(&source, from.name_span, "the second one")
            .help("delete one of the two");
        return Err(both.into());
    }
    let span = from.span.clone();
    Ok(reference::query_from(sheet, &from).map_err(|bad| bad.at(&source, span, ""))?)
}

fn finish(sheet: Sheet, id: Located<ContentId>, draft: Draft) -> Outcome {
    let Draft { kind, query, parameters, replaces, tags } = draft;
    let source = Arc::clone(&sheet.source);
    let (keys, diagnostics, held) = sheet.into_keys();
    let about = id.value.to_string();
    let mut diagnostics: Vec<Diagnostic> =
        diagnostics.into_iter().map(|diagnostic| diagnostic.about(about.clone())).collect();
    let mut content = Content { id, kind, source, keys, query, parameters, replaces, tags, held };
    if matches!(content.query, QuerySource::Own(_)) {
        diagnostics.extend(define(&mut content));
    }
    Outcome { content: Some(content), diagnostics, ..Outcome::default() }
}

/// Asks the field table what it says to the keys; errors hold the item.
pub(super) fn define(content: &mut Content) -> Vec<Diagnostic> {
    let keys: BTreeMap<String, Value> =
        content.keys.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect();
    let (_, problems) = define::define(content.kind, &keys);
    problems.into_iter().map(|problem| located(content, problem)).collect()
}

fn located(content: &mut Content, problem: Problem) -> Diagnostic {
    let Problem { code, severity, key, message, help } = problem;
    let diagnostic = match severity {
        Severity::Error => Diagnostic::error(code, message),
        Severity::Warning => Diagnostic::warning(code, message),
        Severity::Note => Diagnostic::note(code, message),
    };
    let (source, span) = match content.keys.get(&key) {
        Some(value) => (&value.source, value.span.clone()),
        None => (&content.source, content.id.span.clone()),
    };
    let mut diagnostic = diagnostic.at(source, span, "").about(content.id.value.as_str());
    diagnostic.help = help;
    if severity == Severity::Error {
        content.held.push(reason(&diagnostic));
    }
    diagnostic
}

fn id(sheet: &mut Sheet) -> Result<Located<ContentId>, Box<Diagnostic>> {
    let source = Arc::clone(&sheet.source);
    let Some(entry) = sheet.take("id") else {
        let diagnostic = Diagnostic::error(MISSING_ID, "the file has no `id`")
            .at(&source, first_line(&source), "")
            .help("give it an id of its own, for example a new GUID");
        return Err(diagnostic.into());
    };
    let written = entry.written(&source).map(str::to_owned);
    let text = match (&entry.value, &written) {
        (Value::String(text), _) => text.trim(),
        (_, Some(written)) => written,
        _ => "",
    };
    if text.contains("{{") {
        let message = format!("`{text}` is a placeholder of a template");
        return Err(Diagnostic::error(PLACEHOLDER, message)
            .at(&source, entry.span, "")
            .help("fill the template in, or move it out of `content/`")
            .into());
    }
    let id: ContentId = text.parse().map_err(|invalid| {
        Diagnostic::error(BAD_ID, format!("`{text}` cannot name a resource: {invalid}"))
            .at(&source, entry.span.clone(), "")
            .help("use letters, digits and `-`, for example a GUID")
    })?;
    if written.is_some() {
        let message = format!("the id `{id}` is not a text in YAML");
        let help = format!("write `id: \"{id}\"`");
        sheet.report(Diagnostic::warning(NUMBER_ID, message).help(help), &entry.span, "");
    }
    Ok(Located::new(id, &source, entry.span))
}

/// A content file that cannot be a [`Content`], read as far as its id.
fn unfit(mut sheet: Sheet, diagnostic: Diagnostic, is_stub: bool) -> Outcome {
    match id(&mut sheet) {
        Ok(id) => refused(sheet, id, diagnostic, is_stub),
        Err(no_id) => {
            sheet.diagnostics.push(diagnostic);
            unnamed(sheet, *no_id)
        }
    }
}

fn refused(sheet: Sheet, id: Located<ContentId>, diagnostic: Diagnostic, is_stub: bool) -> Outcome {
    let about = id.value.to_string();
    let path = sheet.source.path().to_owned();
    let unloaded = Unloaded { path, id: Some(id), reason: reason(&diagnostic), is_stub };
    let diagnostics = sheet.diagnostics.into_iter().chain([diagnostic]);
    Outcome {
        unloaded: vec![unloaded],
        diagnostics: diagnostics.map(|diagnostic| diagnostic.about(about.clone())).collect(),
        ..Outcome::default()
    }
}

fn unnamed(sheet: Sheet, diagnostic: Diagnostic) -> Outcome {
    let diagnostic = diagnostic.because("without an id, nothing is retired in this run");
    let path = sheet.source.path().to_owned();
    let unloaded = Unloaded { path, id: None, reason: reason(&diagnostic), is_stub: false };
    let diagnostics = sheet.diagnostics.into_iter().chain([diagnostic]).collect();
    Outcome { unloaded: vec![unloaded], diagnostics, ..Outcome::default() }
}

/// Texts among the tags; community files also have mappings there, which select nothing.
fn tags(sheet: &mut Sheet) -> Vec<Tag> {
    let Some(entry) = sheet.get("tags") else { return Vec::new() };
    let span = entry.span.clone();
    let texts: Vec<String> = match &entry.value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => {
            list.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    let mut tags: Vec<Tag> = Vec::new();
    for text in texts {
        match text.trim().parse() {
            Ok(tag) if tags.contains(&tag) => {}
            Ok(tag) => tags.push(tag),
            Err(invalid) => {
                let message = format!("`{text}` is not a tag: {invalid}");
                let help = "exclusions and selectors cannot use it";
                sheet.report(Diagnostic::warning(BAD_TAG, message).help(help), &span, "");
            }
        }
    }
    tags
}
