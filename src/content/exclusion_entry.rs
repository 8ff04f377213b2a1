//! One entry of an exclusion file.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;

use super::folding;
use super::{Acknowledgement, AppliesTo, Exclusion, ExclusionTest, Expectation, Polarity, Scope};
use crate::diag::{Code, Diagnostic, Located, Severity, Source, Span, closest, suggest};
use crate::ident::{Day, ExclusionId, Invalid};
use crate::kql::reason::FINDINGS;
use crate::yaml::{Entry, Node, NodeKind};

const UNKNOWN_KEY: Code = Code::new("unknown-key");
const WRONG_TYPE: Code = Code::new("wrong-type");
const MISSING_ID: Code = Code::new("missing-id");
const BAD_ID: Code = Code::new("bad-exclusion-id");
const BAD_NAME: Code = Code::new("bad-name");
const BAD_DATE: Code = Code::new("bad-date");
const MISSING_SCOPE: Code = Code::new("missing-scope");
const EMPTY_SCOPE: Code = Code::new("empty-scope");
const EMPTY_APPLIES_TO: Code = Code::new("empty-applies-to");
const NO_CONDITION: Code = Code::new("missing-condition");
const TWO_CONDITIONS: Code = Code::new("when-and-keep");
const BAD_TEST: Code = Code::new("bad-exclusion-test");
const BAD_ACKNOWLEDGEMENT: Code = Code::new("bad-acknowledgement");
const NO_SCENARIO: Code = Code::new("missing-scenario");

const KEYS: &[&str] = &[
    "id",
    "scenario",
    "appliesTo",
    "scope",
    "table",
    "when",
    "keep",
    "sourceFilter",
    "owner",
    "ticket",
    "created",
    "expires",
    "tests",
    "acknowledge",
];

/// The keys of one mapping, `null` ones left out.
pub(super) type Fields<'n> = BTreeMap<&'n str, &'n Node>;

/// Reads entries of one file and collects what is wrong with them.
pub(super) struct Reader<'a> {
    source: &'a Arc<Source>,
    subject: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Self {
        Self { source, subject: None, diagnostics: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// One exclusion, or `None` after an error in it.
    pub(super) fn exclusion(&mut self, node: &Node) -> Option<Exclusion> {
        self.subject = None;
        let before = self.errors();
        let fields = self.mapping(node, "an exclusion", KEYS)?;
        let id = self.id(&fields, node);
        self.subject = id.as_ref().map(|id| id.value.to_string());
        let applies_to = self.applies_to(&fields, node);
        let scope = self.scope(&fields, node);
        let condition = self.condition(&fields, node);
        let scenario = self.scenario(&fields, node);
        let table = self.located_text(&fields, "table");
        let source_filter = self.text(&fields, "sourceFilter");
        let owner = self.located_text(&fields, "owner");
        let ticket = self.scalar(&fields, "ticket");
        let (created, expires) = self.dates(&fields);
        let tests = self.tests(&fields);
        let acknowledge = self.acknowledge(&fields, applies_to.as_ref());
        let (polarity, condition) = condition?;
        let exclusion = Exclusion {
            id: id?,
            scenario,
            applies_to: applies_to?,
            scope: scope?,
            table,
            condition,
            polarity,
            source_filter,
            owner,
            ticket,
            created,
            expires,
            tests,
            acknowledge,
        };
        (self.errors() == before).then_some(exclusion)
    }

    fn id(&mut self, fields: &Fields<'_>, node: &Node) -> Option<Located<ExclusionId>> {
        let Some(id) = fields.get("id") else {
            let message = "the exclusion has no `id`";
            self.error(MISSING_ID, message, &start(node), "name it, for example `own-scanner`");
            return None;
        };
        let text = id.written(self.source);
        match text.parse() {
            Ok(name) => Some(self.at(name, &id.span)),
            Err(Invalid { reason }) => {
                let message = format!("{text:?} is not an exclusion id: {reason}");
                let help = "use lower-case letters, digits and `-`, at most 64";
                self.error(BAD_ID, &message, &id.span, help);
                None
            }
        }
    }

    fn scenario(&mut self, fields: &Fields<'_>, node: &Node) -> String {
        let scenario = self.text(fields, "scenario").unwrap_or_default();
        if scenario.trim().is_empty() && fields.get("scenario").is_none_or(|node| node.is_text()) {
            let message = "the exclusion does not say what happens there";
            let help = "add `scenario:` in words, for whoever reviews it later";
            self.report(Diagnostic::warning(NO_SCENARIO, message).help(help), &start(node));
        }
        scenario
    }

    fn applies_to(&mut self, fields: &Fields<'_>, node: &Node) -> Option<AppliesTo> {
        let help = "write `appliesTo: { content: [<id>] }`";
        let Some(at) = fields.get("appliesTo") else {
            let message = "the exclusion does not say which content it applies to";
            self.error(EMPTY_APPLIES_TO, message, &start(node), help);
            return None;
        };
        let names = self.mapping(at, "appliesTo", &["content", "tags", "tables"])?;
        let applies_to = AppliesTo {
            content: self.names(&names, "content")?,
            tags: self.names(&names, "tags")?,
            tables: self.texts(&names, "tables")?,
        };
        if applies_to == AppliesTo::default() {
            self.error(EMPTY_APPLIES_TO, "`appliesTo` names nothing", &at.span, help);
            return None;
        }
        Some(applies_to)
    }

    fn scope(&mut self, fields: &Fields<'_>, node: &Node) -> Option<Located<Scope>> {
        let help = "write `scope: { environments: [<name>] }`, or `scope: all` for every workspace";
        let Some(at) = fields.get("scope") else {
            let message = "the exclusion does not say where it is in force";
            self.error(MISSING_SCOPE, message, &start(node), help);
            return None;
        };
        if let NodeKind::Scalar(Value::String(word)) = &at.kind {
            if word == "all" {
                return Some(self.at(Scope::All, &at.span));
            }
            self.error(EMPTY_SCOPE, &format!("`{word}` is not a scope"), &at.span, help);
            return None;
        }
        let names = self.mapping(at, "scope", &["environments", "workspaces", "tags"])?;
        let environments = self.names(&names, "environments")?;
        let workspaces = self.names(&names, "workspaces")?;
        let tags = self.names(&names, "tags")?;
        if environments.is_empty() && workspaces.is_empty() && tags.is_empty() {
            self.error(EMPTY_SCOPE, "`scope` names nothing", &at.span, help);
            return None;
        }
        Some(self.at(Scope::Within { environments, workspaces, tags }, &at.span))
    }

    fn condition(
        &mut self,
        fields: &Fields<'_>,
        node: &Node,
    ) -> Option<(Polarity, Located<String>)> {
        let (polarity, name) = match (fields.get("when"), fields.get("keep")) {
            (Some(_), None) => (Polarity::When, "when"),
            (None, Some(_)) => (Polarity::Keep, "keep"),
            (Some(_), Some(keep)) => {
                let help = "keep the one that is meant; they are opposites";
                self.error(TWO_CONDITIONS, "`when` and `keep` are both there", &keep.span, help);
                return None;
            }
            (None, None) => {
                let help = "add `when:` with a condition for the events to exclude";
                let message = "the exclusion has neither `when` nor `keep`";
                self.error(NO_CONDITION, message, &start(node), help);
                return None;
            }
        };
        let condition = self.located_text(fields, name)?;
        if condition.value.trim().is_empty() {
            let message = format!("`{name}` is empty");
            self.error(NO_CONDITION, &message, &condition.span, "write a KQL condition");
            return None;
        }
        if let Some((folded, at)) =
            folding::check(name, &condition.value, self.source, &condition.span)
        {
            self.report(folded, &at);
            return None;
        }
        Some((polarity, condition))
    }

    fn dates(&mut self, fields: &Fields<'_>) -> (Option<Located<Day>>, Option<Located<Day>>) {
        let created = self.day(fields, "created");
        let expires = self.day(fields, "expires");
        if let (Some(created), Some(expires)) = (&created, &expires)
            && expires.value < created.value
        {
            let message = format!("it expires before {}, the day it was written", created.value);
            self.error(BAD_DATE, &message, &expires.span, "mend one of the two days");
        }
        if let Some(expires) = expires.as_ref().filter(|day| day.value.next() == day.value) {
            let message = format!("`{}` has no day after it on which it could end", expires.value);
            let help = "write the day on which somebody looks at it again, or leave `expires` out";
            self.error(BAD_DATE, &message, &expires.span, help);
        }
        (created, expires)
    }

    fn day(&mut self, fields: &Fields<'_>, name: &str) -> Option<Located<Day>> {
        let node = *fields.get(name)?;
        let text = node.written(self.source);
        match text.parse() {
            Ok(day) => Some(self.at(day, &node.span)),
            Err(Invalid { reason }) => {
                let message = format!("`{name}`: {reason}");
                self.error(BAD_DATE, &message, &node.span, "write year, month and day");
                None
            }
        }
    }

    fn tests(&mut self, fields: &Fields<'_>) -> Vec<Located<ExclusionTest>> {
        let mut tests = Vec::new();
        for node in self.list(fields, "tests") {
            if let Some(test) = self.test(node) {
                tests.push(self.at(test, &node.span));
            }
        }
        tests
    }

    fn test(&mut self, node: &Node) -> Option<ExclusionTest> {
        let fields = self.mapping(node, "a test", &["expect", "event", "content"])?;
        let known = ["excluded", "kept", "unreached"];
        let word = self.text(&fields, "expect");
        let expect = match word.as_deref() {
            Some("excluded") => Expectation::Excluded,
            Some("kept") => Expectation::Kept,
            Some("unreached") => Expectation::Unreached,
            other => {
                let at = fields.get("expect").map_or(start(node), |node| node.span.clone());
                let message = match other {
                    Some(word) => format!("`{word}` is not what a test can expect"),
                    None => "the test does not say what it expects".to_owned(),
                };
                let near = other.and_then(|word| closest(word, known)).unwrap_or("excluded");
                let help =
                    format!("write `excluded`, `kept` or `unreached`, such as `expect: {near}`");
                self.error(BAD_TEST, &message, &at, &help);
                return None;
            }
        };
        let event = match fields.get("event").map(|event| &event.kind) {
            Some(NodeKind::Map(entries)) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
            _ => {
                let at = fields.get("event").map_or(start(node), |node| node.span.clone());
                let help = "add `event: { <column>: <value> }`";
                self.error(BAD_TEST, "the test has no event", &at, help);
                return None;
            }
        };
        let content = self.one(&fields, "content")?;
        Some(ExclusionTest { expect, event, content })
    }

    fn acknowledge(
        &mut self,
        fields: &Fields<'_>,
        applies_to: Option<&AppliesTo>,
    ) -> Vec<Located<Acknowledgement>> {
        let mut accepted = Vec::new();
        for node in self.list(fields, "acknowledge") {
            if let Some(one) = self.acknowledgement(node, applies_to) {
                accepted.push(self.at(one, &node.span));
            }
        }
        accepted
    }

    fn acknowledgement(
        &mut self,
        node: &Node,
        applies_to: Option<&AppliesTo>,
    ) -> Option<Acknowledgement> {
        let fields = self.mapping(node, "an acknowledgement", &["code", "reason", "content"])?;
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let code = filled(self.text(&fields, "code"));
        let reason = filled(self.text(&fields, "reason"));
        let content = self.one(&fields, "content")?.map(|id| id.value);
        let (Some(code), Some(reason)) = (code, reason) else {
            let message = "an acknowledgement needs a `code` and a `reason`";
            self.error(BAD_ACKNOWLEDGEMENT, message, &node.span, "say why the verdict is right");
            return None;
        };
        if !FINDINGS.iter().any(|known| known.as_str() == code) {
            let message = format!("`{code}` is nothing that is found about an exclusion");
            let help = suggest(&code, FINDINGS.iter().map(|known| known.as_str()));
            self.error(BAD_ACKNOWLEDGEMENT, &message, &fields["code"].span, &help);
            return None;
        }
        let is_wide = |to: &AppliesTo| !to.tags.is_empty() || !to.tables.is_empty();
        if content.is_none() && applies_to.is_some_and(is_wide) {
            let message = "an exclusion by tag or table acknowledges per content";
            let help = "add `content: <id>` to the acknowledgement";
            self.error(BAD_ACKNOWLEDGEMENT, message, &node.span, help);
            return None;
        }
        Some(Acknowledgement { code, reason, content })
    }

    /// The keys of a mapping; unknown ones are errors.
    pub(super) fn mapping<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let NodeKind::Map(entries) = &node.kind else {
            let message = format!("{what} must be a mapping");
            let help = format!("it has {}", listed(known));
            self.error(WRONG_TYPE, &message, &node.span, &help);
            return None;
        };
        let mut is_known = true;
        for Entry { key: name, key_span, .. } in entries {
            if known.contains(&name.as_str()) {
                continue;
            }
            is_known = false;
            let help = match closest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{what} has {}", listed(known)),
            };
            self.error(UNKNOWN_KEY, &format!("`{name}` is not a key here"), key_span, &help);
        }
        let filled = entries.iter().filter(|entry| !entry.value.is_null());
        is_known.then(|| filled.map(|entry| (entry.key.as_str(), &entry.value)).collect())
    }

    /// The entries of a list, a single value counting as a list of one; empty when absent.
    fn list<'n>(&mut self, fields: &Fields<'n>, name: &str) -> Vec<&'n Node> {
        match fields.get(name).map(|node| (&node.kind, *node)) {
            None => Vec::new(),
            Some((NodeKind::List(items), _)) => items.iter().collect(),
            Some((_, node)) => vec![node],
        }
    }

    fn texts(&mut self, fields: &Fields<'_>, name: &str) -> Option<Vec<Located<String>>> {
        let mut texts = Vec::new();
        for node in self.list(fields, name) {
            let text = node.written(self.source).to_owned();
            if !is_scalar(node) || text.trim().is_empty() {
                let message = format!("`{name}` must be a list of names");
                let help = format!("write `{name}: [<name>]`");
                self.error(WRONG_TYPE, &message, &node.span, &help);
                return None;
            }
            texts.push(self.at(text, &node.span));
        }
        Some(texts)
    }

    fn names<T: FromStr<Err = Invalid>>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
    ) -> Option<Vec<Located<T>>> {
        let mut names = Vec::new();
        for text in self.texts(fields, name)? {
            match text.value.parse() {
                Ok(parsed) => names.push(text.map(|_| parsed)),
                Err(Invalid { reason }) => {
                    let message = format!("`{}` cannot be in `{name}`: {reason}", text.value);
                    self.error(
                        BAD_NAME,
                        &message,
                        &text.span,
                        "write the name as its own file has it",
                    );
                    return None;
                }
            }
        }
        Some(names)
    }

    /// At most one name: `Some(None)` when absent, `None` after an error.
    fn one<T: FromStr<Err = Invalid>>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
    ) -> Option<Option<Located<T>>> {
        let mut names = self.names(fields, name)?;
        if names.len() > 1 {
            let message = format!("`{name}` must be a single name");
            let help = "write one name; add another test for another one";
            self.error(WRONG_TYPE, &message, &names[1].span.clone(), help);
            return None;
        }
        Some(names.pop())
    }

    fn text(&mut self, fields: &Fields<'_>, name: &str) -> Option<String> {
        self.located_text(fields, name).map(|text| text.value)
    }

    fn located_text(&mut self, fields: &Fields<'_>, name: &str) -> Option<Located<String>> {
        let node = *fields.get(name)?;
        if let NodeKind::Scalar(Value::String(text)) = &node.kind {
            return Some(self.at(text.clone(), &node.span));
        }
        let message = format!("`{name}` must be a text");
        self.error(WRONG_TYPE, &message, &node.span, "write it in quotes");
        None
    }

    /// A text, or a number as it is written: tickets are often numbers.
    fn scalar(&mut self, fields: &Fields<'_>, name: &str) -> Option<String> {
        match fields.get(name) {
            Some(node) if is_scalar(node) => Some(node.written(self.source).to_owned()),
            _ => self.text(fields, name),
        }
    }

    fn at<T>(&self, value: T, span: &Span) -> Located<T> {
        Located::new(value, self.source, span.clone())
    }

    pub(super) fn error(&mut self, code: Code, message: &str, span: &Span, help: &str) {
        self.report(Diagnostic::error(code, message).help(help), span);
    }

    fn report(&mut self, diagnostic: Diagnostic, span: &Span) {
        let mut diagnostic = diagnostic.at(self.source, span.clone(), "");
        diagnostic.subject.clone_from(&self.subject);
        self.diagnostics.push(diagnostic);
    }

    fn errors(&self) -> usize {
        let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        self.diagnostics.iter().filter(is_error).count()
    }
}

/// Where an entry begins: its first key, or itself.
fn start(node: &Node) -> Span {
    match &node.kind {
        NodeKind::Map(entries) if !entries.is_empty() => entries[0].key_span.clone(),
        _ => node.span.clone(),
    }
}

fn is_scalar(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Scalar(value) if !value.is_null())
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
