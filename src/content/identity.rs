//! The ids of a file that is not (good) YAML, found line by line.
//!
//! A file that breaks after its item was deployed must hold that item, so its id is worth a search
//! that forgives everything else.

use std::sync::Arc;

use crate::diag::{Located, Source, Span};
use crate::ident::ContentId;

/// Every id that stands at the beginning of a line, each once, in the order of the file.
///
/// More than one may be there: two documents, or the two sides of a merge conflict.
pub(super) fn search(source: &Arc<Source>) -> Vec<Located<ContentId>> {
    search_behind(source, |_| 0)
}

/// Every id that stands anywhere, also as a part of a list or of something else.
pub(super) fn search_within(source: &Arc<Source>) -> Vec<Located<ContentId>> {
    search_behind(source, margin)
}

/// Whether an item's query stands anywhere.
pub(super) fn has_query_within(source: &Source) -> bool {
    let mut lines = source.text().lines();
    lines.any(|line| {
        let line = &line[margin(line)..];
        value(line, "query").or_else(|| value(line, "queryFrom")).is_some()
    })
}

/// The bytes before the key of a line: blanks and the dashes of lists.
fn margin(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

fn search_behind(source: &Arc<Source>, margin: impl Fn(&str) -> usize) -> Vec<Located<ContentId>> {
    let mut found: Vec<Located<ContentId>> = Vec::new();
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let margin = margin(line);
        if let Some((id, at)) = id(&line[margin..])
            && !found.iter().any(|known| known.value == id)
        {
            let from = start + margin + at;
            let length = id.as_str().len();
            found.push(Located::new(id, source, from..from + length));
        }
        start += line.len();
    }
    found
}

/// The line whose id is still a template's placeholder, such as `id: {{GUID}}`, which is no YAML.
pub(super) fn placeholder(source: &Source) -> Option<Span> {
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        if value(line, "id").is_some_and(|(text, _)| text.contains("{{")) {
            return Some(start..start + line.trim_end().len());
        }
        start += line.len();
    }
    None
}

/// What a file that did not load `replaces`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Replaced {
    /// Every id that it names; the two sides of a merge conflict may name two.
    pub(super) ids: Vec<ContentId>,
    /// Whether it says `replaces` of something that is no id: it may be any.
    pub(super) unreadable: bool,
}

impl Replaced {
    /// Of a value of `replaces`.
    pub(super) fn add(&mut self, text: &str) {
        match text.parse() {
            Ok(id) if self.ids.contains(&id) => {}
            Ok(id) => self.ids.push(id),
            Err(_) => self.unreadable = true,
        }
    }
}

/// What the file `replaces`, as far as lines say so. Indentation does not count: it may be what is
/// broken.
pub(super) fn replaced(source: &Source) -> Replaced {
    let mut replaced = Replaced::default();
    for line in source.text().lines() {
        if let Some((text, _)) = value(line.trim_start(), "replaces") {
            replaced.add(text);
        }
    }
    replaced
}

fn id(line: &str) -> Option<(ContentId, usize)> {
    let (text, at) = value(line, "id")?;
    Some((text.parse().ok()?, at))
}

/// The value of `KEY: VALUE`, the key in any case, either of them perhaps in quotes.
fn value<'l>(line: &'l str, key: &str) -> Option<(&'l str, usize)> {
    let quotes = ['"', '\''];
    let (name, value) = line.split_once(':')?;
    if !name.trim_end().trim_matches(quotes).eq_ignore_ascii_case(key) {
        return None;
    }
    let value = value.split(" #").next().unwrap_or("");
    let text = value.trim().trim_matches(quotes);
    Some((text, name.len() + 1 + value.find(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let source = Arc::new(Source::new("x.yaml", text));
        let found = search(&source);
        let ids: Vec<&str> = found.iter().map(|id| id.value.as_str()).collect();
        assert_eq!(ids, expect, "{text:?}");
        for id in found {
            assert_eq!(&text[id.span.clone()], id.value.as_str());
        }
    }

    #[test]
    fn what_a_broken_file_replaces_is_found_too() {
        let check = |text: &str, ids: &[&str], unreadable: bool| {
            let replaced = replaced(&Source::new("x.yaml", text));
            let found: Vec<&str> = replaced.ids.iter().map(ContentId::as_str).collect();
            assert_eq!((found.as_slice(), replaced.unreadable), (ids, unreadable), "{text}");
        };
        check("id: a\nreplaces: 'b' # old\nname: [x\n", &["b"], false);
        check("id: a\n  replaces: b\n", &["b"], false);
        check("<<<<<<<\nreplaces: a\n=======\nreplaces: b\n>>>>>>>\n", &["a", "b"], false);
        check("id: a\nreplaces:\n  b\nname: [x\n", &[], true);
        check("id: a\nreplaces: [b]\nreplaces: c\n", &["c"], true);
        check("id: a\n# replaces: b\nname: [x\n", &[], false);
    }

    #[test]
    fn an_id_is_found_in_whatever_a_file_has_become() {
        check("id: a-1\r\nname: x\r\n", &["a-1"]);
        check("---\nId: \"a-1\" # new\n\tbroken", &["a-1"]);
        check("\"id\" : 'a-1'", &["a-1"]);
        check("<<<<<<<\nid: a\n=======\nid: b\n>>>>>>>\n", &["a", "b"]);
        check("id: a\nid: A\n", &["a"]);
        check("query: |\n  id: a\n", &[]);
        check("id: {{GUID}}\n", &[]);
        check("id:\nidea: x\nidx: 3", &[]);
    }
}
