//! What one place says is different, and how places are laid over each other.
//!
//! Fleet, ring, environment and workspace each have a layer. The upper one wins: maps are merged,
//! lists and plain values replaced.

use std::collections::BTreeMap;

use serde_json::Value;

use super::near::suggest;
use super::reading::{Keys, Reading};
use super::selector;
use super::yaml::{Entry, NodeKind};
use super::{AcceptedDrift, Layered, Selector, Settings, overrides};
use crate::diag::{Code, Diagnostic, Diagnostics, Located, Span};
use crate::ident::ContentId;
use crate::state::Field;

const UNKNOWN_FIELD: Code = Code::new("unknown-field");
const MIXED_EXPIRES: Code = Code::new("override-expires-differ");

/// The keys of a layer.
pub(super) const KEYS: &[&str] =
    &["content", "overrides", "parameters", "observed", "accepted", "ecs"];

/// Names that mean several fields, or a field by its name in content files.
const FIELD_GROUPS: &[&str] = &[
    "name",
    "relevantTechniques",
    "eventGroupingSettings",
    "incidentConfiguration",
    "incidentConfiguration.groupingConfiguration",
];

/// What one place says. A list that is not written is `None` and replaces nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    include: Option<Vec<Located<Selector>>>,
    exclude: Option<Vec<Located<Selector>>>,
    overrides: BTreeMap<ContentId, BTreeMap<String, Layered>>,
    parameters: BTreeMap<ContentId, BTreeMap<String, Located<Value>>>,
    observed: Option<Vec<Located<Field>>>,
    accepted: Option<Vec<Located<AcceptedDrift>>>,
    ecs: BTreeMap<String, BTreeMap<String, Located<String>>>,
    /// What the text names, whether or not another layer replaces it.
    pub(super) mentions: Vec<Located<Selector>>,
}

impl Layer {
    /// Reads the layer's keys from a map that may have others too.
    pub(super) fn read(reading: &mut Reading, keys: &Keys<'_>) -> Self {
        let mut layer = Self::default();
        layer.read_content(reading, keys);
        layer.read_overrides(reading, keys);
        layer.read_parameters(reading, keys);
        layer.read_observed(reading, keys);
        layer.read_accepted(reading, keys);
        layer.read_ecs(reading, keys);
        layer
    }

    /// Lays another layer over this one.
    pub(super) fn cover(&mut self, upper: &Self, diagnostics: &mut Diagnostics) {
        let Self { include, exclude, overrides, parameters, observed, accepted, ecs, mentions } =
            upper;
        replace(&mut self.include, include);
        replace(&mut self.exclude, exclude);
        replace(&mut self.observed, observed);
        replace(&mut self.accepted, accepted);
        for (id, keys) in overrides {
            let below = self.overrides.entry(id.clone()).or_default();
            for (key, layered) in keys {
                let merged = match below.get(key) {
                    Some(lower) => over(key, lower, layered, diagnostics),
                    None => layered.clone(),
                };
                below.insert(key.clone(), merged);
            }
        }
        for (id, values) in parameters {
            self.parameters.entry(id.clone()).or_default().extend(values.clone());
        }
        for (table, names) in ecs {
            self.ecs.entry(table.clone()).or_default().extend(names.clone());
        }
        self.mentions.extend(mentions.iter().cloned());
    }

    /// The settings that all layers together make.
    pub(super) fn into_settings(self) -> Settings {
        let Self { include, exclude, overrides, parameters, observed, accepted, ecs, mentions } =
            self;
        Settings {
            include: include.unwrap_or_default(),
            exclude: exclude.unwrap_or_default(),
            overrides,
            parameters,
            observed: observed.unwrap_or_default(),
            accepted: accepted.unwrap_or_default(),
            ecs,
            mentions,
        }
    }

    fn read_content(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        let Some(node) = keys.get("content") else { return };
        let Some(keys) = reading.keys(node, "`content`", &["include", "exclude"], &[]) else {
            return;
        };
        let mut selectors = |name: &str| {
            let list = reading.list(keys.get(name)?, &format!("`{name}`"))?;
            Some(list.iter().filter_map(|item| selector::read(reading, item)).collect::<Vec<_>>())
        };
        self.include = selectors("include");
        self.exclude = selectors("exclude");
        let named = self.include.iter().chain(&self.exclude).flatten();
        self.mentions.extend(named.cloned());
    }

    fn read_overrides(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        for (id, keys) in self.by_id(reading, keys, "overrides", "the overrides of an item") {
            self.overrides.insert(id, overrides::read(reading, &keys));
        }
    }

    fn read_parameters(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        for (id, keys) in self.by_id(reading, keys, "parameters", "the parameters of an item") {
            let mut values = BTreeMap::new();
            for Entry { key, value, .. } in keys.entries() {
                let literal = match &value.kind {
                    NodeKind::Scalar(scalar) => !scalar.is_null(),
                    NodeKind::List(list) => list.iter().all(
                        |item| matches!(&item.kind, NodeKind::Scalar(scalar) if !scalar.is_null()),
                    ),
                    NodeKind::Map(_) => false,
                };
                if literal {
                    values.insert(key.clone(), reading.located(value.to_json(), &value.span));
                } else {
                    let expected = format!("the value of `{key}` is one literal or a list of them");
                    reading.wrong_type(value, &expected);
                }
            }
            self.parameters.insert(id, values);
        }
    }

    /// The entries of a map whose keys are content ids and whose values are maps that say something.
    fn by_id<'n>(
        &mut self,
        reading: &mut Reading,
        keys: &Keys<'n>,
        name: &str,
        each: &'static str,
    ) -> Vec<(ContentId, Keys<'n>)> {
        let mut found = Vec::new();
        let Some(node) = keys.get(name) else { return found };
        let Some(keys) = reading.map(node, "a map of content ids") else { return found };
        for Entry { key, key_span, value } in keys.entries() {
            let id = reading.parse::<ContentId>(key, key_span, "a content id");
            let values = reading.map(value, each);
            if let (Some(id), Some(values)) = (id, values) {
                if values.entries().is_empty() {
                    reading.invalid(key_span, format!("`{key}` says nothing"), "take it out");
                }
                self.mentions.push(reading.located(Selector::Id(id.clone()), key_span));
                found.push((id, values));
            }
        }
        found
    }

    fn read_observed(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        let Some(node) = keys.get("observed") else { return };
        let Some(list) = reading.list(node, "`observed`") else { return };
        let mut observed = Vec::new();
        for item in list {
            let Some(name) = reading.text(item, "an observed field") else { continue };
            let fields = fields(reading, name, &item.span);
            observed.extend(fields.into_iter().map(|field| reading.located(field, &item.span)));
        }
        self.observed = Some(observed);
    }

    fn read_accepted(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        let Some(node) = keys.get("accepted") else { return };
        let Some(list) = reading.list(node, "`accepted`") else { return };
        let mut accepted = Vec::new();
        for item in list {
            const KNOWN: [&str; 4] = ["content", "fields", "until", "reason"];
            let Some(keys) = reading.keys(item, "accepted drift", &KNOWN, &[]) else { continue };
            let content = reading.need(&keys, "content");
            let content = content.and_then(|node| reading.name::<ContentId>(node, "a content id"));
            let until = reading.need(&keys, "until");
            let until = until.and_then(|node| reading.name(node, "a day"));
            let reason = reading.need(&keys, "reason");
            let reason = reason.and_then(|node| reading.words(node, "`reason`"));
            let mut all = Vec::new();
            if let Some(node) = reading.need(&keys, "fields") {
                let list = reading.list(node, "`fields`").unwrap_or_default();
                if list.is_empty() {
                    reading.invalid(&node.span, "no field is accepted", "name at least one");
                }
                for item in list {
                    let Some(name) = reading.text(item, "an accepted field") else { continue };
                    all.extend(fields(reading, name, &item.span));
                }
            }
            let (Some(content), Some(until), Some(reason)) = (content, until, reason) else {
                continue;
            };
            let id = content.value.clone();
            self.mentions.push(content.map(Selector::Id));
            let drift = AcceptedDrift { content: id, fields: all, until: until.value, reason };
            accepted.push(reading.located(drift, &item.span));
        }
        self.accepted = Some(accepted);
    }

    fn read_ecs(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        let Some(node) = keys.get("ecs") else { return };
        let Some(tables) = reading.map(node, "`ecs`") else { return };
        for Entry { key: table, value, .. } in tables.entries() {
            let Some(names) = reading.map(value, "the ECS names of a table") else { continue };
            for Entry { key, value, .. } in names.entries() {
                if let Some(column) = reading.words(value, "a column") {
                    let column = reading.located(column, &value.span);
                    self.ecs.entry(table.clone()).or_default().insert(key.clone(), column);
                }
            }
        }
    }
}

fn fields(reading: &mut Reading, name: &str, span: &Span) -> Vec<Field> {
    let fields = Field::named(name);
    if fields.is_empty() {
        let known = FIELD_GROUPS.iter().copied().chain(Field::all().map(Field::path));
        let help = suggest(name, known);
        reading.error(UNKNOWN_FIELD, span, format!("`{name}` is not a field"), help);
    }
    fields
}

fn replace<T: Clone>(lower: &mut Option<T>, upper: &Option<T>) {
    if let Some(upper) = upper {
        *lower = Some(upper.clone());
    }
}

/// One overriding value over another: two maps become one. Their parts must end on the same day,
/// since one end date for both would prolong or cut one of them in silence.
fn over(key: &str, lower: &Layered, upper: &Layered, diagnostics: &mut Diagnostics) -> Layered {
    if !(lower.value.value.is_object() && upper.value.value.is_object()) {
        return upper.clone();
    }
    if lower.expires != upper.expires {
        let message = format!("two layers override parts of `{key}` until different days");
        let error = Diagnostic::error(MIXED_EXPIRES, message)
            .at(&upper.value.source, upper.value.span.clone(), "")
            .at(&lower.value.source, lower.value.span.clone(), "the layer below")
            .help("give both the same `expires`");
        diagnostics.push(error);
    }
    let mut merged = upper.clone();
    merged.value.value = merge(&lower.value.value, &upper.value.value);
    merged.reason = upper.reason.clone().or_else(|| lower.reason.clone());
    merged
}

fn merge(lower: &Value, upper: &Value) -> Value {
    let (Value::Object(lower), Value::Object(upper)) = (lower, upper) else {
        return upper.clone();
    };
    let mut merged = lower.clone();
    for (key, value) in upper {
        let value = merged.get(key).map_or_else(|| value.clone(), |below| merge(below, value));
        merged.insert(key.clone(), value);
    }
    Value::Object(merged)
}
