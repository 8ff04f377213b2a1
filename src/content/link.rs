//! What content files say about each other: ids, `queryFrom`, `replaces`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::item::{self, Unloaded};
use super::sheet::reason;
use super::{Content, QuerySource};
use crate::diag::{Code, Diagnostic, Located, Source, Span};
use crate::ident::ContentId;
use crate::state::Kind;
use crate::state::desired::HeldReason;

const DUPLICATE_ID: Code = Code::new("duplicate-id");
const UNKNOWN_SOURCE: Code = Code::new("unknown-query-source");
const CHAIN: Code = Code::new("query-source-chain");
const NOT_A_HUNT: Code = Code::new("query-source-not-a-hunt");
const SOURCE_HELD: Code = Code::new("query-source-held");
const STILL_THERE: Code = Code::new("replaced-still-there");

/// What a rule takes from its hunt where it says nothing itself. The two names of techniques count
/// as one.
const INHERITED: &[&[&str]] = &[
    &["name"],
    &["description"],
    &["tactics"],
    &["relevantTechniques", "techniques"],
    &["requiredDataConnectors"],
];

/// Links all content. Errors hold what they are about.
pub(super) fn link(contents: &mut [Content], unloaded: &mut Vec<Unloaded>) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    forget_stubs(contents, unloaded);
    duplicates(contents, unloaded, &mut diagnostics);
    sources(contents, unloaded, &mut diagnostics);
    replacements(contents, unloaded, &mut diagnostics);
    diagnostics
}

/// A stub says that its file is elsewhere; where that is here, there is nothing to hold.
fn forget_stubs(contents: &[Content], unloaded: &mut Vec<Unloaded>) {
    unloaded.retain(|file| {
        let moved_here = |id: &Located<ContentId>| contents.iter().any(|content| content.id == *id);
        !(file.is_stub && file.id.as_ref().is_some_and(moved_here))
    });
}

fn duplicates(contents: &mut [Content], unloaded: &[Unloaded], diagnostics: &mut Vec<Diagnostic>) {
    let ids = contents.iter().map(|content| &content.id);
    let mut ids: Vec<&Located<ContentId>> =
        ids.chain(unloaded.iter().filter_map(|file| file.id.as_ref())).collect();
    ids.sort_by(|left, right| left.value.cmp(&right.value));
    let place = |id: &&Located<ContentId>| (Arc::clone(&id.source), id.span.clone());
    let places: BTreeMap<ContentId, Vec<(Arc<Source>, Span)>> = ids
        .chunk_by(|left, right| left.value == right.value)
        .filter(|same| same.len() > 1)
        .map(|same| (same[0].value.clone(), same.iter().map(place).collect()))
        .collect();
    for (id, places) in &places {
        for (index, (source, span)) in places.iter().enumerate() {
            let message = format!("the id `{id}` is used by {} files", places.len());
            let mut diagnostic = Diagnostic::error(DUPLICATE_ID, message)
                .at(source, span.clone(), "")
                .help("give each its own id; a live item keeps the id of the file that made it")
                .about(id.as_str());
            for (other, (source, span)) in places.iter().enumerate() {
                if other != index {
                    diagnostic = diagnostic.at(source, span.clone(), "also here");
                }
            }
            diagnostics.push(diagnostic);
        }
    }
    for content in contents {
        if let Some(places) = places.get(&content.id.value) {
            let message =
                format!("the id `{}` is used by {} files", content.id.value, places.len());
            content.held.push(HeldReason { code: DUPLICATE_ID.to_string(), message });
        }
    }
}

/// Gives rules what they take from their hunts, and asks the field table about the result.
fn sources(contents: &mut [Content], unloaded: &[Unloaded], diagnostics: &mut Vec<Diagnostic>) {
    let wanted: BTreeSet<ContentId> = contents
        .iter()
        .filter_map(|content| match &content.query {
            QuerySource::From { id, .. } => Some(id.value.clone()),
            QuerySource::Own(_) => None,
        })
        .collect();
    let index: BTreeMap<ContentId, usize> = contents
        .iter()
        .enumerate()
        .filter(|(_, content)| wanted.contains(&content.id.value))
        .map(|(index, content)| (content.id.value.clone(), index))
        .collect();
    for rule in 0..contents.len() {
        let QuerySource::From { id, .. } = &contents[rule].query else { continue };
        let id = id.clone();
        let hunt = index.get(&id.value).map(|hunt| &contents[*hunt]);
        let problem = match hunt {
            Some(hunt) => unusable(hunt),
            None => Some(absent(&id.value, unloaded)),
        };
        let inherited = match hunt {
            Some(hunt) if hunt.kind == Kind::Hunt => inherited(&contents[rule], hunt),
            _ => Vec::new(),
        };
        let content = &mut contents[rule];
        content.keys.extend(inherited);
        diagnostics.extend(item::define(content));
        if let Some(problem) = problem {
            let problem = problem.at(&id.source, id.span, "").about(content.id.value.as_str());
            content.held.push(reason(&problem));
            diagnostics.push(problem);
        }
    }
}

/// The hunt's values for what the rule says nothing about, with their places in the hunt's file.
fn inherited(rule: &Content, hunt: &Content) -> Vec<(String, Located<Value>)> {
    let says = |content: &Content, name: &str| {
        content.keys.get(name).is_some_and(|value| !value.value.is_null())
    };
    INHERITED
        .iter()
        .filter(|names| !names.iter().any(|name| says(rule, name)))
        .flat_map(|names| names.iter())
        .filter_map(|name| Some(((*name).to_owned(), hunt.keys.get(*name)?.clone())))
        .collect()
}

/// Why a rule cannot take its query from this content.
fn unusable(hunt: &Content) -> Option<Diagnostic> {
    let id = &hunt.id.value;
    if matches!(hunt.query, QuerySource::From { .. }) {
        let message = format!("`{id}` takes its own query from elsewhere; chains are not followed");
        return Some(Diagnostic::error(CHAIN, message).help("name the hunting query itself"));
    }
    if hunt.kind != Kind::Hunt {
        let message = format!("`{id}` is an analytic rule; a query is taken from a hunting query");
        return Some(Diagnostic::error(NOT_A_HUNT, message).help("name a hunting query"));
    }
    let why = hunt.held.first()?;
    Some(held(id, why))
}

fn absent(id: &ContentId, unloaded: &[Unloaded]) -> Diagnostic {
    let is_it = |file: &&Unloaded| file.id.as_ref().is_some_and(|known| known.value == *id);
    if let Some(file) = unloaded.iter().find(is_it) {
        return held(id, &file.reason);
    }
    let message = format!("no content has the id `{id}`");
    Diagnostic::error(UNKNOWN_SOURCE, message).help("write the `id` of a hunting query")
}

fn held(id: &ContentId, why: &HeldReason) -> Diagnostic {
    let message = format!("the hunting query `{id}` is held ({})", why.code);
    Diagnostic::error(SOURCE_HELD, message).because(why.message.clone()).help("mend it first")
}

/// What is replaced must be gone, or both would be deployed.
fn replacements(
    contents: &mut [Content],
    unloaded: &[Unloaded],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let replaced = contents.iter().filter_map(|content| content.replaces.as_ref());
    let replaced: BTreeSet<ContentId> = replaced.map(|id| id.value.clone()).collect();
    let mut files: BTreeMap<ContentId, (Arc<Source>, Span)> = BTreeMap::new();
    let ids = contents.iter().map(|content| &content.id);
    let ids = ids.chain(unloaded.iter().filter_map(|file| file.id.as_ref()));
    for id in ids.filter(|id| replaced.contains(&id.value)) {
        files.insert(id.value.clone(), (Arc::clone(&id.source), id.span.clone()));
    }
    for content in contents {
        let Some(old) = &content.replaces else { continue };
        let Some((source, span)) = files.get(&old.value) else { continue };
        let message = format!("`{}` is replaced, but its file is still there", old.value);
        let diagnostic = Diagnostic::error(STILL_THERE, message)
            .at(&old.source, old.span.clone(), "")
            .at(source, span.clone(), "this file")
            .help(format!("delete `{}`, or give the new item an id of its own", source.path()))
            .about(content.id.value.as_str());
        content.held.push(reason(&diagnostic));
        diagnostics.push(diagnostic);
    }
}
