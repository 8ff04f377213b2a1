//! The query of one item: parameters set, exclusions placed, judged and compiled in.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::compile::Index;
use super::exclusion::{self, Ready};
use super::judge::{self, Case};
use super::policy;
use super::reading::{Text, Vocabulary};
use super::silence;
use super::source::Source;
use super::tests_of_exclusions::Trial;
use crate::content::{Content, Exclusion};
use crate::diag::{Code, Diagnostic, Located, Severity};
use crate::environment::Workspace;
use crate::ident::{Duration, EnvironmentName, ExclusionId};
use crate::kql::{self, Query};
use crate::state::Kind;

/// A rule's query may have this many characters (Microsoft's documented limit for analytic rules).
const LONGEST_RULE_QUERY: usize = 10_000;

const TOO_LONG: Code = Code::new("query-too-long");
const UNKNOWN_PARAMETER: Code = Code::new("unknown-parameter");
const NO_QUERY: Code = Code::new("query-without-source");

/// A query as it is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CompiledQuery {
    pub(super) text: String,
    /// The exclusions in it, by id.
    pub(super) exclusions: Vec<ExclusionId>,
}

/// What became of a query.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// `None` when something is wrong: the item is held.
    pub(super) query: Option<CompiledQuery>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) trials: Vec<Trial>,
}

/// What decides about a query's compiled form; equal variants are compiled once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Variant {
    parameters: String,
    exclusions: Vec<usize>,
    ecs: String,
    /// The environment, if what is known about its tables is its own.
    schema: Option<EnvironmentName>,
    period: Option<Duration>,
}

/// Compiles one content's query for many workspaces, each variant once.
pub(super) struct Compiler<'a, 'i> {
    content: &'a Content,
    index: &'i Index<'a>,
    /// `None` if the query is a hunt's that could not be found.
    source: Option<Source<'a>>,
    about: Vec<(usize, &'a Exclusion)>,
    done: BTreeMap<Variant, Arc<Outcome>>,
}

impl<'a, 'i> Compiler<'a, 'i> {
    pub(super) fn new(content: &'a Content, index: &'i Index<'a>) -> Self {
        let source = Source::of(content, index);
        let about = exclusion::about(content, source.as_ref(), index);
        Self { content, index, source, about, done: BTreeMap::new() }
    }

    /// The query in the workspace at this place of the index; `period` is how far back it may look.
    pub(super) fn compile(&mut self, at: usize, period: Option<Duration>) -> Arc<Outcome> {
        let (environment, workspace) = self.index.workspaces[at];
        let in_force = in_force(&self.about, self.index, at);
        let parameters = parameters(self.content, self.index, workspace);
        let variant = Variant {
            parameters: shown(&parameters),
            exclusions: in_force.iter().map(|(place, _)| *place).collect(),
            ecs: format!("{:?}", workspace.settings.ecs),
            schema: environment.schema.as_ref().map(|_| environment.name.clone()),
            period,
        };
        if let Some(known) = self.done.get(&variant) {
            return Arc::clone(known);
        }
        let exclusions: Vec<&Exclusion> =
            in_force.iter().map(|(_, exclusion)| *exclusion).collect();
        let names = self.index.names(at);
        let applied = Applied { exclusions: &exclusions, names, period };
        let source = self.source.as_ref();
        let outcome = Arc::new(one((self.content, source), self.index, &parameters, &applied));
        self.done.insert(variant, Arc::clone(&outcome));
        outcome
    }
}

/// Those of the exclusions about a content that are in force in the workspace at this place of the index.
fn in_force<'a>(
    about: &[(usize, &'a Exclusion)],
    index: &Index<'_>,
    at: usize,
) -> Vec<(usize, &'a Exclusion)> {
    let (environment, workspace) = index.workspaces[at];
    let in_force = |exclusion| exclusion::in_force(exclusion, environment, workspace);
    about.iter().copied().filter(|(_, exclusion)| in_force(exclusion)).collect()
}

/// The query of an item in the workspace at this place of the index, before its exclusions and with
/// them; `None` if something is wrong with either.
pub(super) fn injected(
    content: &Content,
    index: &Index<'_>,
    at: usize,
) -> Option<(String, kql::Injected)> {
    let source = Source::of(content, index)?;
    let values = parameters(content, index, index.workspaces[at].1);
    let text = set_parameters(content, source.located, &values).ok()?.into_owned();
    let query = Query::parse(&text);
    let spine = kql::spine(&query);
    let asked = Text::new(source.located, &query, &spine);
    let mut insertions = Vec::new();
    for (_, exclusion) in in_force(&exclusion::about(content, Some(&source), index), index, at) {
        let ready = exclusion::resolve(exclusion, &asked, index.names(at)).ok()?;
        insertions.extend(ready.iter().map(Ready::insertion));
    }
    let injected = kql::inject_into(&query, &spine, &insertions).ok()?;
    Some((text, injected))
}

/// What is applied to a query in a workspace.
struct Applied<'e> {
    exclusions: &'e [&'e Exclusion],
    names: Vocabulary<'e>,
    period: Option<Duration>,
}

fn one(
    (content, source): (&Content, Option<&Source<'_>>),
    index: &Index<'_>,
    parameters: &BTreeMap<&str, Located<Value>>,
    applied: &Applied<'_>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(source) = source else {
        let place = (&content.id.source, content.id.span.clone());
        let missing = Diagnostic::error(NO_QUERY, "its hunting query could not be found")
            .at(place.0, place.1, "")
            .about(content.id.value.as_str());
        outcome.diagnostics.push(missing);
        return outcome;
    };
    let missing = missing_lets(content, source);
    if !missing.is_empty() {
        outcome.diagnostics.extend(missing);
        return outcome;
    }
    let schema = applied.names.schema;
    let setting =
        silence::Setting { schema, now: kql::value::noon(index.today), period: applied.period };
    let silent = silence::check(content, source.text(), parameters, setting);
    let is_silent = silent.iter().any(|found| found.severity == Severity::Error);
    outcome.diagnostics.extend(silent);
    if is_silent {
        return outcome;
    }
    let text = match set_parameters(content, source.located, parameters) {
        Ok(text) => text,
        Err(errors) => {
            outcome.diagnostics.extend(errors);
            return outcome;
        }
    };
    let shown = shown(parameters);
    match text {
        Cow::Borrowed(_) => {
            let text = Text::new(source.located, source.query(), source.spine());
            place_exclusions(content, &text, applied, (index, &shown), &mut outcome);
        }
        Cow::Owned(text) => {
            let query = Query::parse(&text);
            let spine = kql::spine(&query);
            let text = Text::new(source.located, &query, &spine);
            place_exclusions(content, &text, applied, (index, &shown), &mut outcome);
        }
    }
    if let Some(query) = &outcome.query {
        let length = query.text.chars().count();
        if content.kind != Kind::Hunt && length > LONGEST_RULE_QUERY {
            let message = format!(
                "the compiled query has {length} characters; a rule's may have {LONGEST_RULE_QUERY}"
            );
            outcome.diagnostics.push(
                Diagnostic::error(TOO_LONG, message)
                    .at(&source.located.source, source.located.span.clone(), "")
                    .about(content.id.value.as_str())
                    .help("move part of it into a saved function, or shorten its exclusions"),
            );
            outcome.query = None;
        }
    }
    outcome
}

fn place_exclusions(
    content: &Content,
    text: &Text<'_>,
    applied: &Applied<'_>,
    (index, parameters): (&Index<'_>, &str),
    outcome: &mut Outcome,
) {
    let Applied { exclusions, names, period } = *applied;
    if exclusions.is_empty() {
        let text = text.query.text().to_owned();
        outcome.query = Some(CompiledQuery { text, exclusions: Vec::new() });
        return;
    }
    let mut ready: Vec<Ready<'_>> = Vec::new();
    let mut errors: Vec<Diagnostic> = Vec::new();
    let mut lacking: Vec<Diagnostic> = Vec::new();
    for exclusion in exclusions {
        lacking.extend(policy::lacks(exclusion, index.policy));
        match exclusion::resolve(exclusion, text, names) {
            Ok(more) => ready.extend(more),
            Err(found) => errors.extend(found.into_iter().map(|error| {
                let unexplained = error.notes.is_empty();
                let why = || format!("so `{}` is held", content.key());
                if unexplained { error.because(why()) } else { error }
            })),
        }
    }
    if errors.is_empty() {
        let judged = judge::judge(&Case {
            content,
            hunt: exclusion::inherited(content, index),
            query: text.query,
            spine: text.spine,
            ready: &ready,
            ecs: names.ecs,
            schema: names.schema,
            parameters,
            today: index.today,
            period,
        });
        outcome.trials = judged.trials;
        errors = judged.errors;
        outcome.diagnostics.extend(judged.remarks);
    }
    errors.extend(lacking);
    if errors.is_empty() {
        match inject(text, &ready) {
            Ok(compiled) => outcome.query = Some(compiled),
            Err(found) => errors = found,
        }
    }
    outcome.diagnostics.extend(errors);
}

fn inject(text: &Text<'_>, ready: &[Ready<'_>]) -> Result<CompiledQuery, Vec<Diagnostic>> {
    let insertions: Vec<_> = ready.iter().map(Ready::insertion).collect();
    let injected = kql::inject_into(text.query, text.spine, &insertions).map_err(|refusals| {
        let first = ready.first().map(|ready| ready.exclusion);
        let source = (text.source, text.query.text());
        first.map(|exclusion| exclusion::refused(exclusion, &refusals, source)).unwrap_or_default()
    })?;
    let ids: BTreeSet<ExclusionId> = injected.stages.into_iter().map(|stage| stage.id).collect();
    Ok(CompiledQuery { text: injected.text, exclusions: ids.into_iter().collect() })
}

/// Parameter values that hold in a workspace: the hunt's there, then the rule's own, then the rule's
/// there.
fn parameters<'a>(
    content: &'a Content,
    index: &Index<'a>,
    workspace: &'a Workspace,
) -> BTreeMap<&'a str, Located<Value>> {
    let mut values: BTreeMap<&str, Located<Value>> = BTreeMap::new();
    let of = |id| workspace.settings.parameters.get(id);
    if let Some(hunt) = exclusion::inherited(content, index) {
        for (name, value) in of(&hunt.id.value).into_iter().flatten() {
            values.insert(name, value.clone());
        }
    }
    for (name, own) in &content.parameters {
        if let Some(value) = &own.value {
            values.insert(name, own.clone().map(|_| value.clone()));
        }
    }
    for (name, value) in of(&content.id.value).into_iter().flatten() {
        values.insert(name, value.clone());
    }
    values
}

/// `name: value, …`, for people and as a key.
fn shown(parameters: &BTreeMap<&str, Located<Value>>) -> String {
    let one = |(name, value): (&&str, &Located<Value>)| match &value.value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    };
    parameters.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The text itself where no parameter has a value.
fn set_parameters<'s>(
    content: &Content,
    source: &'s Located<String>,
    parameters: &BTreeMap<&str, Located<Value>>,
) -> Result<Cow<'s, str>, Vec<Diagnostic>> {
    if parameters.is_empty() {
        return Ok(Cow::Borrowed(&source.value));
    }
    let values: Vec<(&str, Value)> =
        parameters.iter().map(|(name, value)| (*name, value.value.clone())).collect();
    kql::set_parameters(&source.value, &values).map(Cow::Owned).map_err(|errors| {
        let at = |error: &kql::ParameterError| parameters.get(error.name.as_str());
        errors
            .iter()
            .map(|error| {
                let place = at(error).map_or((&source.source, source.span.clone()), |value| {
                    (&value.source, value.span.clone())
                });
                let diagnostic = Diagnostic::error(error.code, error.message.clone())
                    .at(place.0, place.1, "")
                    .about(content.id.value.as_str());
                match &error.help {
                    Some(help) => diagnostic.help(help.clone()),
                    None => diagnostic,
                }
            })
            .collect()
    })
}

/// Parameters that the content offers and the query has no literal for, whether or not anybody sets
/// them: a slip in a name would otherwise be found by whoever needs the parameter first.
fn missing_lets(content: &Content, source: &Source<'_>) -> Vec<Diagnostic> {
    if content.parameters.is_empty() {
        return Vec::new();
    }
    let known = kql::parameters(source.query());
    let missing = content.parameters.iter().filter(|(name, _)| !known.contains_key(*name));
    missing
        .flat_map(|(name, own)| {
            let why = kql::set_parameters(source.text(), &[(name, Value::Null)]);
            why.err().unwrap_or_default().into_iter().map(|error| {
                let default = "name a `let` of the query, or take it out".to_owned();
                Diagnostic::error(error.code, error.message)
                    .at(&own.source, own.span.clone(), "")
                    .about(content.id.value.as_str())
                    .help(error.help.unwrap_or(default))
            })
        })
        .collect()
}

/// Parameters that an environment sets and the content does not offer.
pub(super) fn unoffered(
    content: &Content,
    index: &Index<'_>,
    workspace: &Workspace,
) -> Vec<Diagnostic> {
    let hunt = exclusion::inherited(content, index);
    let offered = |name: &str| {
        content.parameters.contains_key(name)
            || hunt.is_some_and(|hunt| hunt.parameters.contains_key(name))
    };
    let set = workspace.settings.parameters.get(&content.id.value).into_iter().flatten();
    set.filter(|(name, _)| !offered(name))
        .map(|(name, value)| {
            let message = format!("`{}` does not offer a parameter `{name}`", content.id.value);
            Diagnostic::error(UNKNOWN_PARAMETER, message)
                .at(&value.source, value.span.clone(), "")
                .about(content.id.value.as_str())
                .help(format!("add `{name}` to `parameters` of `{}`", content.source.path()))
        })
        .collect()
}
