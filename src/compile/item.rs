//! One content file in every workspace.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::compile::Index;
use super::layer::overridden;
use super::query::{CompiledQuery, Compiler, unoffered};
use super::tests_of_exclusions::Trial;
use crate::content::{Content, QuerySource};
use crate::diag::{Diagnostic, Located, Severity};
use crate::environment::Workspace;
use crate::ident::Duration;
use crate::state::define::{Problem, define};
use crate::state::desired::{Accepted, DesiredState, HeldReason, Present};
use crate::state::{Field, Fields, Kind};

/// What a content file comes to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// By place of the workspace in the index; where the content does not belong, nothing.
    pub(super) items: BTreeMap<usize, DesiredState>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) trials: Vec<Trial>,
}

/// Compiles one content file for every workspace that it belongs into.
pub(super) fn compile_content(content: &Content, index: &Index<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let hunt = match &content.query {
        QuerySource::From { id, .. } => index.by_id.get(&id.value).copied(),
        QuerySource::Own(_) => None,
    };
    let mut compiler = Compiler::new(content, index);
    // What is to be said about the file itself was said when it was loaded.
    let version = version_of(&content.keys);
    let fields = Cow::Borrowed(&content.fields);
    let plain = Definition { fields, version, diagnostics: Vec::new() };
    let mut seen: Vec<*const super::query::Outcome> = Vec::new();
    let mut shared = Shared::default();
    for (at, (_, workspace)) in index.workspaces.iter().enumerate() {
        if !workspace.settings.selects(content, hunt) {
            continue;
        }
        if !content.held.is_empty() {
            outcome.items.insert(at, DesiredState::Held(content.held.clone()));
            continue;
        }
        let own =
            overridden(content, workspace, index.today).map(|keys| Definition::of(content, &keys));
        let definition = own.as_ref().unwrap_or(&plain);
        let mut diagnostics = definition.diagnostics.clone();
        diagnostics.extend(unoffered(content, index, workspace));
        let query = compiler.compile(at, period(content.kind, &definition.fields));
        diagnostics.extend(query.diagnostics.iter().cloned());
        if !seen.contains(&Arc::as_ptr(&query)) {
            seen.push(Arc::as_ptr(&query));
            outcome.trials.extend(query.trials.iter().cloned());
        }
        let item = item(content, definition, query.query.as_ref(), workspace, &diagnostics);
        outcome.items.insert(at, shared.state(item));
        outcome.diagnostics.extend(diagnostics);
    }
    outcome
}

/// An NRT rule looks at what came in within the last minutes; what is a day late is not expected.
const NRT_PERIOD: Duration = Duration::from_seconds(86_400);

/// How far back the service lets a rule look; a hunt's time is chosen by who runs it.
fn period(kind: Kind, fields: &Fields) -> Option<Duration> {
    match kind {
        Kind::Hunt => None,
        Kind::Nrt => Some(NRT_PERIOD),
        Kind::Scheduled => fields.get(&Field::QueryPeriod)?.as_str()?.parse().ok(),
    }
}

fn item(
    content: &Content,
    definition: &Definition<'_>,
    query: Option<&CompiledQuery>,
    workspace: &Workspace,
    diagnostics: &[Diagnostic],
) -> Result<Present, Vec<HeldReason>> {
    let errors: Vec<HeldReason> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|d| HeldReason { code: d.code.to_string(), message: d.message.clone() })
        .collect();
    let (Some(query), true) = (query, errors.is_empty()) else { return Err(errors) };
    let mut fields = Fields::clone(&definition.fields);
    fields.insert(Field::Query, Value::String(query.text.clone()));
    Ok(Present {
        kind: content.kind,
        fields,
        version: definition.version.clone(),
        exclusions: query.exclusions.clone(),
        replaces: content.replaces.as_ref().map(|id| id.value.clone()),
        accepted: accepted(content, workspace),
    })
}

/// One item as it was last made for other workspaces: most are the same in most of them, and a fleet
/// has hundreds.
#[derive(Default)]
struct Shared {
    last: Vec<Arc<Present>>,
}

impl Shared {
    /// How many are kept; a fleet in which an item has more shapes than this shares fewer.
    const MOST: usize = 8;

    fn state(&mut self, item: Result<Present, Vec<HeldReason>>) -> DesiredState {
        let present = match item {
            Ok(present) => present,
            Err(reasons) => return DesiredState::Held(reasons),
        };
        if let Some(known) = self.last.iter().find(|known| ***known == present) {
            return DesiredState::Present(Arc::clone(known));
        }
        let new = Arc::new(present);
        self.last.truncate(Self::MOST - 1);
        self.last.insert(0, Arc::clone(&new));
        DesiredState::Present(new)
    }
}

fn accepted(content: &Content, workspace: &Workspace) -> Vec<Accepted> {
    let about = workspace.settings.accepted.iter().filter(|a| a.value.content == content.id.value);
    about
        .flat_map(|accepted| {
            let accepted = &accepted.value;
            accepted.fields.iter().map(|field| Accepted {
                field: *field,
                until: accepted.until,
                reason: accepted.reason.clone(),
            })
        })
        .collect()
}

/// The fields of a set of content keys, and what is wrong with them.
struct Definition<'a> {
    fields: Cow<'a, Fields>,
    /// For the metadata, overridden like any field.
    version: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Definition<'_> {
    fn of(content: &Content, keys: &BTreeMap<String, Located<Value>>) -> Self {
        let values = keys.iter().map(|(key, located)| (key.as_str(), &located.value)).collect();
        let (fields, problems) = define(content.kind, &values);
        let diagnostics =
            problems.into_iter().map(|problem| diagnostic(content, keys, problem)).collect();
        Self { fields: Cow::Owned(fields), version: version_of(keys), diagnostics }
    }
}

fn version_of(keys: &BTreeMap<String, Located<Value>>) -> Option<String> {
    match &keys.get("version")?.value {
        Value::String(version) => Some(version.clone()),
        // An environment file's `1.1` is a number.
        Value::Number(version) => Some(version.to_string()),
        _ => None,
    }
}

fn diagnostic(
    content: &Content,
    keys: &BTreeMap<String, Located<Value>>,
    problem: Problem,
) -> Diagnostic {
    let Problem { code, severity, key, message, help } = problem;
    let base = match severity {
        Severity::Error => Diagnostic::error(code, message),
        Severity::Warning => Diagnostic::warning(code, message),
        Severity::Note => Diagnostic::note(code, message),
    };
    let placed = match keys.get(&key) {
        Some(located) => base.at(&located.source, located.span.clone(), ""),
        None => base.at(&content.id.source, content.id.span.clone(), format!("`{key}` is missing")),
    };
    let placed = placed.about(content.id.value.as_str());
    match help {
        Some(help) => placed.help(help),
        None => placed,
    }
}
