//! One content file while it is read: its keys by their right names, and what was found wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::document::Entry;
use super::key::{self, Key};
use crate::diag::{Code, Diagnostic, Located, Severity, Source, Span, closest};
use crate::state::desired::HeldReason;

const UNKNOWN_KEY: Code = Code::new("unknown-key");
const IGNORED_KEY: Code = Code::new("ignored-key");
const KEY_SPELLING: Code = Code::new("key-spelling");
const DUPLICATE_KEY: Code = Code::new("duplicate-key");

/// A key as it is written, and its right name where that is another one.
struct Line {
    respelled: Option<&'static str>,
    entry: Entry,
}

impl Line {
    fn name(&self) -> &str {
        self.respelled.unwrap_or(&self.entry.name)
    }
}

/// The keys of one file, and its findings. Whatever takes a key out of it has dealt with it.
pub(super) struct Sheet {
    pub(super) source: Arc<Source>,
    entries: Vec<Line>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) held: Vec<HeldReason>,
}

impl Sheet {
    /// Sorts the keys and says which of them are misspelt, unknown or of no use.
    pub(super) fn new(source: &Arc<Source>, entries: Vec<Entry>) -> Self {
        let mut sheet = Self {
            source: Arc::clone(source),
            entries: Vec::with_capacity(entries.len()),
            diagnostics: Vec::new(),
            held: Vec::new(),
        };
        for entry in entries {
            sheet.add(entry);
        }
        sheet
    }

    fn add(&mut self, entry: Entry) {
        let span = entry.name_span.clone();
        let written = &entry.name;
        let respelled = match Key::of(written) {
            Key::Known(_) => None,
            Key::Ignored => {
                let message = format!("`{written}` says nothing about a deployment");
                let help = "leave it if another tool reads it, else delete it";
                self.report(Diagnostic::note(IGNORED_KEY, message).help(help), &span, "left alone");
                None
            }
            Key::Respelled(name) => {
                let message = format!("`{written}` is taken for `{name}`");
                let help = format!("write `{name}`");
                self.report(Diagnostic::warning(KEY_SPELLING, message).help(help), &span, "");
                Some(name)
            }
            Key::Unknown => {
                let message = format!("`{written}` is not a key of a content file");
                let help = match closest(written, key::all()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "delete it, or keep it in `metadata` or in a comment".to_owned(),
                };
                let unknown = Diagnostic::error(UNKNOWN_KEY, message).help(help);
                self.report(unknown, &span, "unknown key");
                None
            }
        };
        let line = Line { respelled, entry };
        if let Some(first) = self.get(line.name()) {
            let (name, written) = (line.name(), &line.entry.name);
            let message = format!("`{name}` is there twice, as `{}` and `{written}`", first.name);
            let twice = Diagnostic::error(DUPLICATE_KEY, message).help("delete one of the two");
            self.report(twice, &span, "the second one");
            return;
        }
        self.entries.push(line);
    }

    /// Whether a key is there and not empty.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|entry| !entry.value.is_null())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|line| line.name() == name).map(|line| &line.entry)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|line| line.name() == name)?;
        Some(self.entries.swap_remove(at).entry).filter(|entry| !entry.value.is_null())
    }

    /// Where a key stands; the beginning of the file for one that is not there.
    pub(super) fn place(&self, name: &str) -> Span {
        match self.get(name) {
            Some(entry) => entry.span.clone(),
            None => first_line(&self.source),
        }
    }

    /// Adds a finding at a place of the file; errors hold the item.
    pub(super) fn report(&mut self, diagnostic: Diagnostic, span: &Span, label: &str) {
        let diagnostic = diagnostic.at(&self.source, span.clone(), label);
        if diagnostic.severity == Severity::Error {
            self.held.push(reason(&diagnostic));
        }
        self.diagnostics.push(diagnostic);
    }

    /// What is left, as the catalog keeps it.
    pub(super) fn into_keys(
        self,
    ) -> (BTreeMap<String, Located<Value>>, Vec<Diagnostic>, Vec<HeldReason>) {
        let source = self.source;
        let located = |Line { respelled, entry }: Line| {
            // A version is a text, however much it looks like a number.
            let value =
                match entry.written(&source).filter(|_| entry.name.eq_ignore_ascii_case("version"))
                {
                    Some(text) => Value::String(text.to_owned()),
                    None => entry.value,
                };
            let name = respelled.map_or(entry.name, str::to_owned);
            (name, Located::new(value, &source, entry.span))
        };
        let keys = self.entries.into_iter().map(located).collect();
        (keys, self.diagnostics, self.held)
    }
}

/// Why an error holds an item.
pub(super) fn reason(diagnostic: &Diagnostic) -> HeldReason {
    HeldReason { code: diagnostic.code.to_string(), message: diagnostic.message.clone() }
}

/// The first line of a file, for what is missing.
pub(super) fn first_line(source: &Source) -> Span {
    let text = source.text();
    0..text.find(['\r', '\n']).unwrap_or(text.len())
}
