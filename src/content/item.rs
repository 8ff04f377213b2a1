//! One file as a hunting query or analytic rule.

use std::sync::Arc;

use serde_json::Value;

use super::document::{self, Document, Entry};
use super::identity::{self, Replaced};
use super::shape::{self, Shape};
use super::sheet::{Sheet, first_line, reason};
use super::{Broken, Content, QuerySource, query, reference};
use crate::diag::{Code, Diagnostic, Located, Severity, Source, Span};
use crate::ident::{ContentId, Tag};
use crate::state::define::{self, Problem};
use crate::state::desired::HeldReason;
use crate::state::{Fields, Kind};

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
    /// The file, if its `replaces` names no id.
    pub(super) replaces_unreadable: Option<String>,
}

/// A file that did not load.
pub(super) struct Unloaded {
    pub(super) path: String,
    pub(super) id: Option<Located<ContentId>>,
    pub(super) replaces: Replaced,
    pub(super) reason: HeldReason,
    /// Whether it only points to the file's new place, which may be in this repository.
    pub(super) is_stub: bool,
}

impl Unloaded {
    pub(super) fn into_broken(self) -> Broken {
        Broken {
            path: self.path,
            id: self.id.map(|id| id.value),
            replaces: self.replaces.ids,
            reason: self.reason,
        }
    }
}

/// Reads one file. Whatever is wrong with it, the outcome names it.
pub(super) fn read(source: &Arc<Source>) -> Outcome {
    let documents = match document::parse(source) {
        Ok(documents) => documents,
        Err(diagnostic) => {
            let diagnostic = match identity::placeholder(source) {
                Some(span) => placeholder(source, span),
                None => *diagnostic,
            };
            return broken(source, diagnostic);
        }
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
        Some(Document::Other) => disguised(source, "it is not a mapping"),
        Some(Document::Map(entries)) => mapping(source, entries),
    }
}

/// A file whose text says no more than an id, perhaps.
pub(super) fn broken(source: &Arc<Source>, diagnostic: Diagnostic) -> Outcome {
    broken_as(source, identity::search(source), diagnostic)
}

fn broken_as(
    source: &Arc<Source>,
    ids: Vec<Located<ContentId>>,
    diagnostic: Diagnostic,
) -> Outcome {
    let replaces = identity::replaced(source);
    let replaces_unreadable = replaces.unreadable.then(|| source.path().to_owned());
    let unloaded = |id| Unloaded {
        path: source.path().to_owned(),
        id,
        replaces: replaces.clone(),
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
    Outcome { unloaded, diagnostics: vec![diagnostic], replaces_unreadable, ..Outcome::default() }
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

/// Something without a shape of its own. An item's keys one level down (in a list, below another
/// key) are an item that got there by accident, and it may be live.
fn disguised(source: &Arc<Source>, why: &str) -> Outcome {
    let ids = identity::search_within(source);
    if ids.is_empty() && !identity::has_query_within(source) {
        return foreign(source, why);
    }
    let diagnostic = shape::not_content(why, true).at(source, first_line(source), "");
    broken_as(source, ids, diagnostic)
}

fn mapping(source: &Arc<Source>, entries: Vec<Entry>) -> Outcome {
    let mut sheet = Sheet::new(source, entries);
    let first = first_line(source);
    match shape::shape(&sheet) {
        Shape::Content => {}
        Shape::Foreign(why) => return foreign(source, why),
        Shape::Formless(why) => return disguised(source, why),
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
    replaces_unreadable: bool,
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
    let says_replaces = sheet.get("replaces").is_some();
    let replaces = reference::replaces(sheet);
    let replaces_unreadable = says_replaces && replaces.is_none();
    let tags = tags(sheet);
    Ok(Draft { kind, query, parameters, replaces, replaces_unreadable, tags })
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
    let Draft { kind, query, parameters, replaces, replaces_unreadable, tags } = draft;
    let source = Arc::clone(&sheet.source);
    let replaces_unreadable = replaces_unreadable.then(|| source.path().to_owned());
    let (keys, diagnostics, held) = sheet.into_keys();
    let about = id.value.to_string();
    let mut diagnostics: Vec<Diagnostic> =
        diagnostics.into_iter().map(|diagnostic| diagnostic.about(about.clone())).collect();
    let fields = Fields::new();
    let mut content =
        Content { id, kind, source, keys, fields, query, parameters, replaces, tags, held };
    if matches!(content.query, QuerySource::Own(_)) {
        diagnostics.extend(define(&mut content));
    }
    Outcome { content: Some(content), diagnostics, replaces_unreadable, ..Outcome::default() }
}

/// Asks the field table what it says to the keys; errors hold the item.
pub(super) fn define(content: &mut Content) -> Vec<Diagnostic> {
    let keys = content.keys.iter().map(|(name, value)| (name.as_str(), &value.value)).collect();
    let (fields, problems) = define::define(content.kind, &keys);
    content.fields = fields;
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
        return Err(placeholder(&source, entry.span).into());
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

fn placeholder(source: &Arc<Source>, span: Span) -> Diagnostic {
    Diagnostic::error(PLACEHOLDER, "the id is a placeholder of a template")
        .at(source, span, "")
        .help("fill the template in, or move it out of `content/`")
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
    let replaces = replaced(&sheet);
    let replaces_unreadable = replaces.unreadable.then(|| path.clone());
    let unloaded = Unloaded { path, id: Some(id), replaces, reason: reason(&diagnostic), is_stub };
    let diagnostics = sheet.diagnostics.into_iter().chain([diagnostic]);
    Outcome {
        unloaded: vec![unloaded],
        diagnostics: diagnostics.map(|diagnostic| diagnostic.about(about.clone())).collect(),
        replaces_unreadable,
        ..Outcome::default()
    }
}

fn unnamed(sheet: Sheet, diagnostic: Diagnostic) -> Outcome {
    let diagnostic = diagnostic.because("without an id, nothing is retired in this run");
    let path = sheet.source.path().to_owned();
    let replaces = replaced(&sheet);
    let reason = reason(&diagnostic);
    let unloaded = Unloaded { path, id: None, replaces, reason, is_stub: false };
    let diagnostics = sheet.diagnostics.into_iter().chain([diagnostic]).collect();
    Outcome { unloaded: vec![unloaded], diagnostics, ..Outcome::default() }
}

/// What a mapping that cannot be content `replaces`: its key, and lines that look like it.
fn replaced(sheet: &Sheet) -> Replaced {
    let mut replaced = identity::replaced(&sheet.source);
    if let Some(entry) = sheet.get("replaces") {
        let text = entry.value.as_str().or_else(|| entry.written(&sheet.source));
        replaced.add(text.unwrap_or_default().trim());
    }
    replaced
}

/// Texts among the tags; community files also have mappings there, which select nothing.
fn tags(sheet: &mut Sheet) -> Vec<Tag> {
    let Some(entry) = sheet.get("tags") else { return Vec::new() };
    let span = entry.span.clone();
    let values = match &entry.value {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let mut tags: Vec<Tag> = Vec::new();
    for text in values.iter().filter_map(written_tag) {
        match text.and_then(|text| text.parse().map_err(|e| format!("`{text}` is not a tag: {e}")))
        {
            Ok(tag) if tags.contains(&tag) => {}
            Ok(tag) => tags.push(tag),
            Err(message) => {
                let help = "exclusions and selectors cannot use it";
                sheet.report(Diagnostic::warning(BAD_TAG, message).help(help), &span, "");
            }
        }
    }
    tags
}

/// A tag as it was written, or why that is not known any more. Published files also have maps among
/// their tags, and nothing: those were never meant as tags.
fn written_tag(value: &Value) -> Option<Result<String, String>> {
    match value {
        Value::String(text) => Some(Ok(text.trim().to_owned())),
        Value::Number(number) if number.is_u64() => Some(Ok(number.to_string())),
        Value::Number(_) | Value::Bool(_) => Some(Err(format!(
            "`{value}` is not a tag without quotes: YAML reads a value of its own"
        ))),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "queryFrequency: 1h\nqueryPeriod: 1d\ntriggerOperator: gt\n\
                        triggerThreshold: 0\nseverity: Low\n";

    /// What becomes of a text: the kind and id of content, `held` when it is, or the ids of what did
    /// not load (`-` for none); then the codes that are no mere notes.
    fn check(text: &str, expect: &str, codes: &[&str]) -> Outcome {
        let source = Arc::new(Source::new("content/x.yaml", text));
        let outcome = read(&source);
        let mut shown = Vec::new();
        if let Some(content) = &outcome.content {
            let held = if content.held.is_empty() { "" } else { " held" };
            shown.push(format!("{} {}{held}", content.kind, content.id.value));
        }
        for file in &outcome.unloaded {
            let id = file.id.as_ref().map_or("-", |id| id.value.as_str());
            shown.push(format!("broken {id}"));
        }
        assert_eq!(shown.join(", "), expect, "{text}: {:?}", outcome.diagnostics);
        let heard = |diagnostic: &&Diagnostic| diagnostic.severity != Severity::Note;
        let found: Vec<&str> =
            outcome.diagnostics.iter().filter(heard).map(|found| found.code.as_str()).collect();
        assert_eq!(found, codes, "{text}");
        for diagnostic in &outcome.diagnostics {
            assert!(diagnostic.help.is_some() && diagnostic.place().is_some(), "{diagnostic:?}");
        }
        outcome
    }

    fn hunt(keys: &str, expect: &str, codes: &[&str]) -> Outcome {
        check(&format!("id: a-1\nname: A hunt\nquery: T\n{keys}"), expect, codes)
    }

    #[test]
    fn the_kind_follows_from_the_fields() {
        let ok = &[];
        hunt("", "HuntingQuery a-1", ok);
        hunt("severity: High\n", "HuntingQuery a-1", ok);
        hunt(RULE, "Scheduled a-1", ok);
        hunt(&format!("kind: scheduled\n{RULE}"), "Scheduled a-1", ok);
        hunt("kind: nrt\nseverity: Low\n", "NRT a-1", ok);
        hunt("kind: Scheduled\nseverity: Low\n", "Scheduled a-1 held", &["missing-key"]);
        hunt("queryPeriod: 1d\nseverity: Low\n", "Scheduled a-1 held", &["missing-key"]);
        hunt("kind: Fusion\n", "broken a-1", &["unknown-kind"]);
        hunt("kind: [NRT]\n", "broken a-1", &["unknown-kind"]);
    }

    #[test]
    fn line_ends_marks_and_front_matter_make_no_difference() {
        check("id: a-1\r\nname: b\r\nquery: |\r\n  T\n  | take 1\r\n", "HuntingQuery a-1", &[]);
        let fenced = "---\nid: a-1\nname: b\nquery: \"```kusto\\nT \\n| take 1\\n```\"\n---\n\n";
        let outcome = check(fenced, "HuntingQuery a-1", &["fenced-query"]);
        let Some(QuerySource::Own(query)) = outcome.content.map(|content| content.query) else {
            panic!("it has its own query")
        };
        assert_eq!(query.value, "T \n| take 1\n");
    }

    #[test]
    fn a_folded_comment_is_an_error_and_folding_alone_is_not() {
        let head = "id: a-1\nname: b\nquery: >\n";
        let comment = format!("{head}  // all of it\n  T\n  | take 1\n");
        check(&comment, "HuntingQuery a-1 held", &["folded-comment"]);
        for query in ["T // all\n  | take 1", "'T // all\n  | take 1'", "\"T // all\n  | take 1\""]
        {
            let file = format!("id: a-1\nname: b\nquery: {query}\n");
            check(&file, "HuntingQuery a-1 held", &["folded-comment"]);
        }
        check("id: a-1\nname: b\nquery: \"T // all\\n| take 1\"\n", "HuntingQuery a-1", &[]);
        check(&format!("{head}  T\n  | take 1 // end\n"), "HuntingQuery a-1", &[]);
        check(&format!("{head}  T\n\n  // alone\n\n  | take 1\n"), "HuntingQuery a-1", &[]);
    }

    #[test]
    fn ids_are_texts_that_can_name_a_resource() {
        check("id: 1234\nname: b\nquery: T\n", "HuntingQuery 1234", &["id-not-text"]);
        check("id: 0012\nname: b\nquery: T\n", "HuntingQuery 0012", &["id-not-text"]);
        check("id: z-4a5f-x\nname: b\nquery: T\n", "HuntingQuery z-4a5f-x", &[]);
        check("id:\nname: b\nquery: T\n", "broken -", &["missing-id"]);
        check("name: b\nquery: T\n", "broken -", &["missing-id"]);
        check("id: a/b\nname: b\nquery: T\n", "broken -", &["bad-id"]);
        check("id: \"{{GUID}}\"\nname: b\nquery: T\n", "broken -", &["template-placeholder"]);
        check("id: {{GUID}}\nname: b\nquery: T\n", "broken -", &["template-placeholder"]);
    }

    #[test]
    fn what_is_no_yaml_still_holds_its_item() {
        let codes = &["invalid-yaml"];
        check("id: a-1\nrequiredDataConnectors:\n- connectorId: x\n  - y\n", "broken a-1", codes);
        check("Id: a-1\nx:\ty\n\tz: 1\n", "broken a-1", codes);
        check("id: a-1\nquery: |\n  T\n| where x\n", "broken a-1", codes);
        check("id: a-1\nalertDetailsOverride:\n  a: {{Title}}\n", "broken a-1", codes);
        check("name: b\nquery: [\n", "broken -", codes);
        check("id: a-1\nid: a-2\n", "broken a-1, broken a-2", &["duplicate-key"]);
        check(
            "<<<<<<< ours\nid: a-1\n=======\nid: a-2\n>>>>>>> theirs\n",
            "broken a-1, broken a-2",
            codes,
        );
        check(
            "id: a-1\nquery: T\n---\nid: a-2\nquery: T\n",
            "broken a-1, broken a-2",
            &["many-documents"],
        );
        check("", "broken -", &["empty-file"]);
        check("# nothing\n", "broken -", &["empty-file"]);
    }

    #[test]
    fn what_is_not_content_is_named_and_holds_only_what_it_names() {
        let code = &["not-sentinel-content"];
        check("title: x\nlogsource: {}\ndetection: {a: 1}\n", "", code);
        check("title: x\nid: a-1\ndetection: {a: 1}\n", "broken a-1", code);
        check("destinationTable: T_CL\nbinSize: 5\nquery: T\n", "", code);
        check("- a\n- b\n", "", code);
        check("- id: a-1\n  name: b\n  query: T\n", "broken a-1", code);
        check("- name: b\n  id: a-1\n- id: a-2\n", "broken a-1, broken a-2", code);
        check("rule:\n  id: a-1\n  name: b\n  query: T\n", "broken a-1", code);
        check("- name: b\n  query: T\n", "broken -", code);
        check("just words\n", "", code);
        check("$schema: x\nresources: []\n", "", code);
        check("id: a-1\nname: b\nquery: T\nfunctionAlias: f\n", "broken a-1", code);
        let stub = "id: a-1\nname: b\ndescription: |\n  'As part of content migration, this file \
                    is moved to a new location.'\n";
        assert!(check(stub, "broken a-1", &["moved-stub"]).unloaded[0].is_stub);
        check("id: a-1\nname: b\n", "broken a-1", &["missing-query"]);
        hunt("", "HuntingQuery a-1", &[]);
        check("id: a-1\nname: b\nquery:\n", "broken a-1", &["missing-query"]);
        check("id: a-1\nname: b\nquery: ' '\n", "broken a-1", &["missing-query"]);
        check("id: a-1\nname: b\nquery: [T]\n", "broken a-1", &["missing-query"]);
    }

    #[test]
    fn exclusions_outside_their_folder_stop_planning() {
        let outcome = check("exclusions:\n  - id: x\n", "", &["misplaced-exclusions"]);
        assert!(outcome.exclusions);
    }

    #[test]
    fn unknown_keys_hold_and_those_of_other_tools_do_not() {
        let outcome = hunt("Severty: High\n", "HuntingQuery a-1 held", &["unknown-key"]);
        assert_eq!(outcome.diagnostics[0].help.as_deref(), Some("did you mean `severity`?"));
        let outcome = hunt("description-detailed: x\nReferences: []\n", "HuntingQuery a-1", &[]);
        assert_eq!(outcome.diagnostics.len(), 2);
        assert!(outcome.content.unwrap().keys.contains_key("References"));
    }

    #[test]
    fn pascal_case_is_understood_key_by_key() {
        let pascal = "Id: a-1\nDisplayName: b\nQuery: T\nTags: [x]\n";
        let outcome = check(pascal, "HuntingQuery a-1", &["key-spelling"; 4]);
        let content = outcome.content.unwrap();
        assert_eq!(content.name(), "b");
        assert_eq!(content.tags.len(), 1);
        let unknown = "Id: a-1\nname: b\nquery: T\nEventGroupSettings: {}\n";
        check(unknown, "HuntingQuery a-1 held", &["key-spelling", "unknown-key"]);
        check(
            "id: a\nId: b\nname: c\nquery: T\n",
            "HuntingQuery a held",
            &["key-spelling", "duplicate-key"],
        );
    }

    #[test]
    fn scalars_and_odd_lists_are_kept_as_they_are() {
        let keys = "tactics: Discovery\nrelevantTechniques:\nrequiredDataConnectors: {dataTypes: [a]}\n\
                    tags: [rmm, {Schema: x}, rmm, null]\nversion: 1.10\n";
        let content = hunt(keys, "HuntingQuery a-1", &[]).content.unwrap();
        assert_eq!(content.keys["version"].value, "1.10");
        assert_eq!(content.keys["tactics"].value, "Discovery");
        assert!(content.keys["relevantTechniques"].value.is_null());
        assert_eq!(content.tags, ["rmm".parse().unwrap()]);
    }

    #[test]
    fn a_number_is_a_tag_as_written_and_what_yaml_respells_is_named() {
        let tags = |text: &str, codes: &[&str]| {
            let found = hunt(&format!("tags: {text}\n"), "HuntingQuery a-1", codes);
            let tags = found.content.unwrap().tags;
            tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(tags("[2024, \"1.10\"]", &[]), "2024 1.10");
        assert_eq!(tags("[a, 1.10]", &["bad-tag"]), "a");
        assert_eq!(tags("[yes, true]", &["bad-tag"]), "yes");
    }

    #[test]
    fn findings_of_the_field_table_point_at_their_key() {
        let outcome = hunt(&RULE.replace("Low", "Hight"), "Scheduled a-1 held", &["unknown-value"]);
        let label = &outcome.diagnostics[0].labels[0];
        assert_eq!(&label.source.text()[label.span.clone()], "Hight");
        assert_eq!(outcome.diagnostics[0].subject.as_deref(), Some("a-1"));
        let position = label.source.position(label.span.start);
        assert_eq!((position.line, position.column), (8, 11));
    }

    #[test]
    fn parameters_are_names_or_in_a_promoted_rule_values() {
        let named = hunt("parameters: [lookback]\n", "HuntingQuery a-1", &[]).content.unwrap();
        assert_eq!(named.parameters["lookback"].value, None);
        for bad in ["{lookback: 2h}", "[a-b]", "[1]", "lookback"] {
            hunt(&format!("parameters: {bad}\n"), "HuntingQuery a-1 held", &["bad-parameters"]);
        }
        let outcome = read(&Arc::new(Source::new(
            "x.yaml",
            "id: a\nqueryFrom: b\ninherit: false\nparameters: {lookback: 2h, hosts: [x]}\n",
        )));
        let content = outcome.content.unwrap();
        assert_eq!(content.parameters["lookback"].value, Some(Value::from("2h")));
        assert!(matches!(content.query, QuerySource::From { inherit: false, .. }));
        assert_eq!(content.kind, Kind::Scheduled);
        assert!(content.held.is_empty() && outcome.diagnostics.is_empty());
    }

    #[test]
    fn references_are_ids_and_belong_together() {
        hunt("queryFrom: b\n", "broken a-1", &["query-and-query-from"]);
        hunt("inherit: false\n", "HuntingQuery a-1 held", &["inherit-without-source"]);
        hunt("replaces: a/b\n", "HuntingQuery a-1 held", &["bad-id"]);
        check("id: a\nqueryFrom: [b]\n", "broken a", &["bad-id"]);
        check("id: a\nqueryFrom: b\ninherit: no\n", "Scheduled a held", &["wrong-type"]);
        let hunting = "id: a\nkind: HuntingQuery\nqueryFrom: b\n";
        check(hunting, "HuntingQuery a held", &["query-from-in-hunt"]);
    }

    /// Lines that files are made of, and some that break them.
    const LINES: &[&str] = &[
        "id: a-1",
        "Id: \"B-2\"",
        "id: {{GUID}}",
        "name: x",
        "query: |",
        "  T // c",
        "  | take 1\r",
        "query: >",
        "queryFrom: b",
        "kind: NRT",
        "---",
        "<<<<<<< ours",
        "tags: [a, {b: c}]",
        "parameters: {a: 1}",
        "exclusions: []",
        "detection: x",
        "\tbroken",
        "- item",
        "é: [",
        "a: &a *a",
        "",
    ];

    proptest::proptest! {
        #[test]
        fn no_file_is_forgotten(lines in proptest::collection::vec(0..LINES.len(), 0..12)) {
            let text: Vec<&str> = lines.iter().map(|line| LINES[*line]).collect();
            let source = Arc::new(Source::new("x.yaml", text.join("\n")));
            let outcome = read(&source);
            let errors =
                outcome.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
            match &outcome.content {
                Some(content) => assert_eq!(content.held.is_empty(), errors == 0),
                None => assert!(!outcome.diagnostics.is_empty()),
            }
            assert!(outcome.unloaded.is_empty() || errors > 0);
            for found in &outcome.diagnostics {
                let span = found.labels[0].span.clone();
                assert!(source.text().get(span).is_some(), "{found:?}");
            }
            if let Some(QuerySource::Own(query)) = outcome.content.map(|content| content.query) {
                for (at, c) in query.value.char_indices() {
                    let span = super::super::place(&query, &(at..at + c.len_utf8()));
                    assert!(source.text().get(span).is_some());
                }
            }
        }
    }
}
