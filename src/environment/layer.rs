//! What one place says is different, and how places are laid over each other.
//!
//! Fleet, ring, environment and workspace each have a layer. The upper one wins: maps are merged,
//! lists and plain values replaced.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reading::{Keys, Reading};
use super::selector;
use super::{AcceptedDrift, Layered, Selector, Settings, overrides, terms};
use crate::diag::{Code, Diagnostic, Diagnostics, Located, Span, suggest};
use crate::ident::ContentId;
use crate::state::{Field, Freeze, Guards};
use crate::yaml::{Entry, NodeKind};

const UNKNOWN_FIELD: Code = Code::new("unknown-field");
const NOT_OBSERVABLE: Code = Code::new("not-observable");
const MIXED_EXPIRES: Code = Code::new("override-expires-differ");

/// The keys of a layer.
pub(super) const KEYS: &[&str] =
    &["content", "overrides", "parameters", "observed", "accepted", "ecs", "guards", "freeze"];

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
    guards: Guards,
    /// Unlike other lists these add up: no lower place may lift what a higher one has frozen.
    freeze: Vec<Freeze>,
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
        layer.guards = terms::guards(reading, keys);
        layer.freeze = terms::freeze(reading, keys);
        layer
    }

    /// Lays another layer over this one.
    pub(super) fn cover(&mut self, upper: &Self, diagnostics: &mut Diagnostics) {
        let Self {
            include,
            exclude,
            overrides,
            parameters,
            observed,
            accepted,
            ecs,
            guards,
            freeze,
            mentions,
        } = upper;
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
        self.guards.cover(guards);
        self.freeze.extend(freeze.iter().cloned());
        self.mentions.extend(mentions.iter().cloned());
    }

    /// The settings that all layers together make.
    pub(super) fn into_settings(self) -> Settings {
        let Self {
            include,
            exclude,
            overrides,
            parameters,
            observed,
            accepted,
            ecs,
            guards,
            freeze,
            mentions,
        } = self;
        Settings {
            include: include.unwrap_or_default(),
            exclude: exclude.unwrap_or_default(),
            overrides,
            parameters,
            observed: observed.unwrap_or_default(),
            accepted: accepted.unwrap_or_default(),
            ecs,
            guards,
            freeze,
            mentions,
        }
    }

    fn read_content(&mut self, reading: &mut Reading, keys: &Keys<'_>) {
        let Some(node) = keys.get("content") else { return };
        let Some(keys) = reading.keys(node, "`content`", &["include", "exclude"]) else {
            return;
        };
        let mut selectors = |name: &str| {
            let node = keys.get(name)?;
            let list = reading.list(node, &format!("`{name}`"))?;
            if list.is_empty() && name == "include" {
                selector::refuse_none(reading, &node.span);
            }
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
            if fields.contains(&Field::Query) {
                let message = "`query` cannot be observed: no exclusion and no mended query would \
                               ever be written again";
                let help = "take it out; what differs here goes into `parameters` or an exclusion, \
                            and an item that is the customer's own into `content: { exclude: … }`";
                reading.error(NOT_OBSERVABLE, &item.span, message, help);
                continue;
            }
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
            let Some(keys) = reading.keys(item, "accepted drift", &KNOWN) else { continue };
            let content = reading.need(&keys, "content");
            let content = content.and_then(|node| reading.name::<ContentId>(node, "a content id"));
            let until = reading.need(&keys, "until");
            let until = until.and_then(|node| reading.name(node, "a day"));
            let reason = reading.need(&keys, "reason");
            let reason = reason.and_then(|node| reading.words(node, "`reason`"));
            let mut all = Vec::new();
            if let Some(node) = reading.need(&keys, "fields") {
                let list = reading.list(node, "`fields`");
                if list.is_some_and(<[_]>::is_empty) {
                    reading.invalid(&node.span, "no field is accepted", "name at least one");
                }
                for item in list.unwrap_or_default() {
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
    // The reason of the layer below is not one for what this layer adds, nor the other way round.
    merged.unexplained.clone_from(&lower.unexplained);
    if lower.reason.is_some() != upper.reason.is_some() {
        let bare = if upper.reason.is_none() { upper } else { lower };
        merged.unexplained.push(bare.value.clone());
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{ENVIRONMENT, FLEET, check_added, check_errors, fleet, load, shown};
    use super::*;

    /// The settings of the workspace, given what each layer says.
    fn settings(of_fleet: &str, ring: &str, environment: &str, workspace: &str) -> Settings {
        let rings = format!("rings: [canary, {{ name: broad, {ring} }}]");
        let fleet_file = format!("owner: acme\n{rings}\n{of_fleet}");
        let file = format!("{environment}\n{ENVIRONMENT}    {workspace}\n");
        let fleet = fleet(&[("fleet.yaml", &fleet_file), ("a.yaml", &file)]);
        fleet.workspaces()[0].1.settings.clone()
    }

    #[test]
    fn maps_are_merged_and_the_upper_layer_wins() {
        let settings = settings(
            "parameters: { one: { a: 1d, b: 1d, c: 1d, d: 1d } }",
            "parameters: { one: { b: 2d, c: 2d, d: 2d } }",
            "parameters: { ONE: { c: 3d, d: 3d }, two: { x: [1, 2] } }",
            "parameters: { one: { d: 4d } }",
        );
        let one: Vec<(&str, String)> = settings.parameters[&"one".parse().unwrap()]
            .iter()
            .map(|(name, value)| (name.as_str(), format!("{} {}", value.value, value.place())))
            .collect();
        assert_eq!(
            one,
            [
                ("a", "\"1d\" environments/fleet.yaml:3".to_owned()),
                ("b", "\"2d\" environments/fleet.yaml:2".to_owned()),
                ("c", "\"3d\" environments/a.yaml:1".to_owned()),
                ("d", "\"4d\" environments/a.yaml:10".to_owned()),
            ]
        );
        assert_eq!(settings.parameters[&"two".parse().unwrap()]["x"].value, json!([1, 2]));
    }

    #[test]
    fn lists_are_replaced_even_by_an_empty_one() {
        let observed = |environment: &str, workspace: &str| {
            let all =
                settings("observed: [severity]", "observed: [enabled]", environment, workspace);
            all.observed.iter().map(|field| field.value.path()).collect::<Vec<_>>()
        };
        assert_eq!(observed("", ""), ["enabled"]);
        assert_eq!(observed("observed: [name]", ""), ["displayName"]);
        assert_eq!(observed("observed: [name]", "observed: []"), Vec::<&str>::new());
    }

    #[test]
    fn include_and_exclude_are_replaced_each_by_itself() {
        let settings = settings(
            "content: { include: [{ tag: one }], exclude: [{ tag: two }] }",
            "",
            "content: { exclude: [{ kind: nrt }] }",
            "",
        );
        assert_eq!(settings.include[0].value, Selector::Tag("one".parse().unwrap()));
        assert_eq!(settings.exclude.len(), 1);
        assert!(matches!(settings.exclude[0].value, Selector::Kind(_)));
    }

    #[test]
    fn parts_of_one_value_come_from_several_layers_and_keep_their_reason() {
        let below = "overrides: { one: { incidentConfiguration: \
                     { value: { createIncident: false }, reason: pilot } } }";
        let above = "overrides: { one: { incidentConfiguration: \
                     { groupingConfiguration: { enabled: false } } } }";
        let settings = settings(below, "", above, "");
        let layered = &settings.overrides[&"one".parse().unwrap()]["incidentConfiguration"];
        let merged = json!({"createIncident": false, "groupingConfiguration": {"enabled": false}});
        assert_eq!(layered.value.value, merged);
        assert_eq!(layered.reason.as_deref(), Some("pilot"));
    }

    #[test]
    fn parts_of_one_value_end_together() {
        let below = "overrides: { one: { incidentConfiguration: { value: \
                     { createIncident: false }, reason: pilot, expires: 2027-01-01 } } }";
        let above = "overrides: { one: { incidentConfiguration: \
                     { groupingConfiguration: { enabled: false } } } }";
        let files = [
            ("fleet.yaml", &*format!("{FLEET}{below}")),
            ("a.yaml", &*format!("{above}\n{ENVIRONMENT}")),
        ];
        let (_, diagnostics) = load(&files);
        assert_eq!(diagnostics.iter().next().unwrap().code, MIXED_EXPIRES);
    }

    #[test]
    fn fields_are_named_as_in_content_files_or_in_azure() {
        let named = |name: &str| {
            let settings = settings(&format!("observed: [{name}]"), "", "", "");
            settings.observed.len()
        };
        assert_eq!(named("relevantTechniques"), 2);
        assert_eq!(named("incidentConfiguration"), 8);
        assert_eq!(named("incidentConfiguration.createIncident"), 1);
        check_added("observed: [sevrity]\n", &["unknown-field a.yaml:9 sevrity"]);
        check_added("observed: [query]\n", &["not-observable a.yaml:9 query"]);
        check_added("observed: severity\n", &["wrong-type a.yaml:9 severity"]);
    }

    #[test]
    fn accepted_drift_says_what_until_when_and_why() {
        let drift = "{ content: one, fields: [severity], until: 2020-12-31, reason: trial }";
        let settings = settings(&format!("accepted: [{drift}]"), "", "", "");
        let accepted = &settings.accepted[0].value;
        assert_eq!(accepted.content, "ONE".parse().unwrap());
        assert_eq!(accepted.fields, [Field::Severity]);
        assert_eq!(accepted.until.to_string(), "2020-12-31");
        assert_eq!(accepted.reason, "trial");

        let check = |drift: &str, expect: &[&str]| {
            check_added(&format!("accepted:\n  - {drift}\n"), expect);
        };
        check(
            "{ content: one, fields: [severity], reason: x }",
            &["missing-key a.yaml:10 { content: one, fields: [severity], reason: x }"],
        );
        check(
            "{ content: one, fields: [severity], until: 2027-01-01 }",
            &["missing-key a.yaml:10 { content: one, fields: [severity], until: 2027-01-01 }"],
        );
        check(
            "{ content: one, fields: [x], until: 2027-02-30, reason: '' }",
            &[
                "unknown-field a.yaml:10 x",
                "invalid-value a.yaml:10 2027-02-30",
                "invalid-value a.yaml:10 ''",
            ],
        );
        check(
            "{ content: one, fields: [], until: 2027-01-01, reason: x }",
            &["invalid-value a.yaml:10 []"],
        );
    }

    #[test]
    fn content_is_named_by_ids_that_say_something() {
        check_added("overrides: { a/b: { severity: High } }\n", &["invalid-value a.yaml:9 a/b"]);
        check_added("parameters: { one: {} }\n", &["invalid-value a.yaml:9 one"]);
        check_added("parameters: { one: { a: 1, A: 2 } }\n", &["duplicate-key a.yaml:9 A"]);
        check_added("parameters: { one: 1d }\n", &["wrong-type a.yaml:9 1d"]);
        check_added("parameters: { one: { a: { b: 1 } } }\n", &["wrong-type a.yaml:9 { b: 1 }"]);
        check_added("parameters: { one: { a: [[1]] } }\n", &["wrong-type a.yaml:9 [[1]]"]);
        check_added("parameters: { one: { a: } }\n", &["wrong-type a.yaml:9 "]);
    }

    #[test]
    fn ecs_names_are_merged_by_table() {
        let settings = settings("ecs: { T: { a.b: One } }", "", "ecs: { T: { c.d: Two } }", "");
        let columns: Vec<&str> =
            settings.ecs["T"].values().map(|column| column.value.as_str()).collect();
        assert_eq!(columns, ["One", "Two"]);
        check_added("ecs: { T: { a.b: 1 } }\n", &["wrong-type a.yaml:9 1"]);
    }

    #[test]
    fn a_wrong_layer_in_the_fleet_file_is_said_once_for_many_workspaces() {
        let second = ENVIRONMENT.replace("law-sec", "law-two");
        let fleet_file = format!("{FLEET}observed: [x]\n");
        let files = [("fleet.yaml", &*fleet_file), ("a.yaml", ENVIRONMENT), ("b.yaml", &second)];
        check_errors(&files, &["unknown-field fleet.yaml:3 x"]);
        assert_eq!(shown(&load(&files).1).len(), 1);
    }
}
