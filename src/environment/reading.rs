//! Reading one file: keys are taken from maps one by one, and what is wrong with them is collected.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;

use crate::diag::{Code, Diagnostic, Diagnostics, Located, Source, Span, suggest};
use crate::ident::Invalid;
use crate::yaml::{Entry, Node, NodeKind};

const UNKNOWN_KEY: Code = Code::new("unknown-key");
const MISSING_KEY: Code = Code::new("missing-key");
const WRONG_TYPE: Code = Code::new("wrong-type");
const INVALID: Code = Code::new("invalid-value");
const DUPLICATE: Code = Code::new("duplicate-key");

/// A file that is being read, and what was found wrong with it so far.
pub(super) struct Reading {
    pub(super) source: Arc<Source>,
    pub(super) diagnostics: Diagnostics,
}

/// The keys of one map.
#[derive(Clone, Copy)]
pub(super) struct Keys<'n> {
    /// What the map describes, for messages: `an environment file`.
    what: &'static str,
    entries: &'n [Entry],
    span: &'n Span,
}

impl<'n> Keys<'n> {
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|entry| entry.key == name).map(|entry| &entry.value)
    }

    pub(super) fn entries(&self) -> &'n [Entry] {
        self.entries
    }
}

impl Reading {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), diagnostics: Diagnostics::new() }
    }

    pub(super) fn error(
        &mut self,
        code: Code,
        span: &Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let at = Diagnostic::error(code, message).at(&self.source, span.clone(), "");
        self.diagnostics.push(at.help(help));
    }

    pub(super) fn located<T>(&self, value: T, span: &Span) -> Located<T> {
        Located::new(value, &self.source, span.clone())
    }

    /// A map with any keys, each once without regard to case.
    pub(super) fn map<'n>(&mut self, node: &'n Node, what: &'static str) -> Option<Keys<'n>> {
        let NodeKind::Map(entries) = &node.kind else {
            self.wrong_type(node, &format!("{what} is a map"));
            return None;
        };
        let mut seen = BTreeSet::new();
        for entry in entries {
            if !seen.insert(entry.key.to_lowercase()) {
                let message = format!("`{}` stands twice in one map", entry.key);
                self.error(DUPLICATE, &entry.key_span, message, "keep one of the two");
            }
        }
        Some(Keys { what, entries, span: &node.span })
    }

    /// A map with known keys.
    pub(super) fn keys<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &[&str],
    ) -> Option<Keys<'n>> {
        let keys = self.map(node, what)?;
        for entry in keys.entries {
            let key = entry.key.as_str();
            if !known.contains(&key) {
                let message = format!("`{key}` is not a key of {what}");
                let help = suggest(key, known.iter().copied());
                self.error(UNKNOWN_KEY, &entry.key_span, message, help);
            }
        }
        Some(keys)
    }

    /// The value of a required key; nothing (`key:` alone) counts as missing.
    pub(super) fn need<'n>(&mut self, keys: &Keys<'n>, name: &str) -> Option<&'n Node> {
        let node = keys.get(name);
        let missing = node.is_none_or(Node::is_null);
        if missing {
            // A whole block would be underlined: its first line says enough.
            let whole = node.map_or(keys.span, |node| &node.span);
            let text = self.source.text().get(whole.clone()).unwrap_or("");
            let first = text.find('\n').unwrap_or(text.len());
            let span = whole.start..whole.start + first;
            let message = format!("{} needs `{name}`", keys.what);
            self.error(MISSING_KEY, &span, message, format!("add `{name}:`"));
            return None;
        }
        node
    }

    pub(super) fn wrong_type(&mut self, node: &Node, expected: &str) {
        let quote = matches!(node.kind, NodeKind::Scalar(Value::Number(_) | Value::Bool(_)));
        let help = if quote && expected.ends_with("a text") {
            "put quotes around it"
        } else {
            "look at the example files under `environments/`"
        };
        let message = format!("{expected}, not {}", node.what());
        self.error(WRONG_TYPE, &node.span, message, help);
    }

    pub(super) fn invalid(&mut self, span: &Span, message: impl Into<String>, help: &str) {
        self.error(INVALID, span, message, help);
    }

    pub(super) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.kind {
            NodeKind::Scalar(Value::String(text)) => Some(text),
            _ => {
                self.wrong_type(node, &format!("{what} is a text"));
                None
            }
        }
    }

    /// A text that says something.
    pub(super) fn words(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.text(node, what)?.trim();
        if text.is_empty() {
            self.invalid(&node.span, format!("{what} is empty"), "say it in a few words");
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.kind {
            NodeKind::Scalar(Value::Bool(value)) => Some(*value),
            _ => {
                self.wrong_type(node, &format!("{what} is `true` or `false`"));
                None
            }
        }
    }

    /// A whole number between bounds, both inclusive.
    pub(super) fn number(&mut self, node: &Node, what: &str, from: u32, to: u32) -> Option<u32> {
        let number = match &node.kind {
            NodeKind::Scalar(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        let number = number.filter(|number| (from..=to).contains(number));
        if number.is_none() {
            self.wrong_type(node, &format!("{what} is a whole number from {from} to {to}"));
        }
        number
    }

    /// A name that its type accepts.
    pub(super) fn name<T>(&mut self, node: &Node, what: &str) -> Option<Located<T>>
    where
        T: FromStr<Err = Invalid>,
    {
        let text = self.text(node, what)?;
        self.parse(text, &node.span, what).map(|name| self.located(name, &node.span))
    }

    pub(super) fn parse<T>(&mut self, text: &str, span: &Span, what: &str) -> Option<T>
    where
        T: FromStr<Err = Invalid>,
    {
        match text.parse() {
            Ok(name) => Some(name),
            Err(Invalid { reason }) => {
                let message = format!("`{text}` is not {what}: {reason}");
                self.invalid(span, message, "correct it; the message says what is allowed");
                None
            }
        }
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.kind {
            NodeKind::List(list) => Some(list),
            _ => {
                self.wrong_type(node, &format!("{what} is a list"));
                None
            }
        }
    }

    /// A list of names; those that are wrong are reported and left out.
    pub(super) fn names<T>(&mut self, node: &Node, what: &str, each: &str) -> Vec<Located<T>>
    where
        T: FromStr<Err = Invalid>,
    {
        let list = self.list(node, what).unwrap_or_default();
        list.iter().filter_map(|item| self.name(item, each)).collect()
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy + fmt::Debug>(
        &mut self,
        node: &Node,
        code: Code,
        what: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(node, what)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let help = suggest(text, choices.iter().map(|(name, _)| *name));
            self.error(code, &node.span, format!("`{text}` is not {what}"), help);
        }
        found
    }
}
