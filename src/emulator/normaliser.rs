//! A service that rewrites what it accepts: everything that a service may do to a body and still mean
//! the same.
//!
//! Nothing of this is known of Sentinel, beyond what [`super::rules`] does by itself. It is here so that a
//! client can be shown to bear it. In: the properties of a rule or a saved search as they are about to be
//! stored. Out: other spellings of the same values.

use serde_json::{Map, Value, json};

use crate::ident::Duration;

/// What is rewritten, and where. The default rewrites nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normaliser {
    /// Lists come back in another order; also the comma-joined ones of a hunting query's tags.
    pub reorders_sets: bool,
    /// `PT1H` comes back as `PT60M`, and what is spelled otherwise as .NET would print it: `PT60M` as
    /// `PT1H`.
    pub respells_durations: bool,
    /// Blanks around texts go.
    pub trims_texts: bool,
    /// `\n` becomes `\r\n`, and `\r\n` becomes `\n`.
    pub changes_line_ends: bool,
    /// What was never set comes back as what the service takes it for.
    pub adds_defaults: bool,
    /// The only property that is rewritten, with all below it: a path under `properties`, such as
    /// `incidentConfiguration.createIncident`, or the name of a tag. Everything without one.
    pub only: Option<String>,
}

/// Properties whose value is a duration.
const DURATIONS: [&str; 4] =
    ["queryFrequency", "queryPeriod", "suppressionDuration", "lookbackDuration"];
/// Tags whose value is a list in one text.
const JOINED: [&str; 2] = ["tactics", "techniques"];

impl Normaliser {
    /// Rewrites a rule's properties.
    pub(super) fn rule(&self, properties: &mut Map<String, Value>) {
        if self.adds_defaults {
            self.add_defaults(properties, "", &rule_defaults());
        }
        for (key, value) in properties {
            self.rewrite(key, value);
        }
    }

    /// Rewrites a saved search's properties.
    pub(super) fn search(&self, properties: &mut Map<String, Value>) {
        if self.adds_defaults {
            let defaults = json!({"functionAlias": "", "functionParameters": "", "version": 2});
            self.add_defaults(properties, "", &defaults);
            self.add_tag(properties, "description");
        }
        for (key, value) in properties {
            match value {
                Value::Array(tags) if key == "tags" => self.tags(tags),
                value => self.rewrite(key, value),
            }
        }
    }

    fn concerns(&self, path: &str) -> bool {
        self.only.as_deref().is_none_or(|only| {
            path.strip_prefix(only).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    fn tags(&self, tags: &mut [Value]) {
        for tag in tags.iter_mut() {
            let name = tag["name"].as_str().unwrap_or_default().to_owned();
            let Some(value) = tag.get_mut("value") else { continue };
            self.rewrite(&name, value);
            let joined = JOINED.contains(&name.as_str()) && self.reorders_sets;
            if let (true, Value::String(list)) = (joined && self.concerns(&name), value) {
                *list = list.split(',').rev().collect::<Vec<_>>().join(",");
            }
        }
        if self.reorders_sets && self.concerns("tags") {
            tags.reverse();
        }
    }

    /// An empty tag, if there is none of the name.
    fn add_tag(&self, properties: &mut Map<String, Value>, name: &str) {
        let tags = properties.entry("tags").or_insert_with(|| json!([]));
        if let (Value::Array(tags), true) = (tags, self.concerns(name))
            && !tags.iter().any(|tag| tag["name"] == name)
        {
            tags.push(json!({"name": name, "value": ""}));
        }
    }

    /// Puts in what is not there or null, from the outside in.
    fn add_defaults(&self, at: &mut Map<String, Value>, above: &str, defaults: &Value) {
        for (key, default) in defaults.as_object().into_iter().flatten() {
            let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
            let there = at.get(key).is_some_and(|value| !value.is_null());
            match (there, at.get_mut(key), default) {
                (true, Some(Value::Object(inner)), Value::Object(_)) => {
                    self.add_defaults(inner, &path, default);
                }
                (false, ..) if self.concerns(&path) => {
                    at.insert(key.clone(), default.clone());
                }
                _ => {}
            }
        }
    }

    fn rewrite(&self, path: &str, value: &mut Value) {
        match value {
            Value::Array(list) => {
                list.iter_mut().for_each(|inner| self.rewrite(path, inner));
                if self.reorders_sets && self.concerns(path) {
                    list.reverse();
                }
            }
            Value::Object(fields) => {
                for (key, inner) in fields {
                    self.rewrite(&format!("{path}.{key}"), inner);
                }
            }
            Value::String(text) if self.concerns(path) => {
                let last = path.rsplit('.').next().unwrap_or(path);
                *text =
                    if DURATIONS.contains(&last) { self.duration(text) } else { self.text(text) };
            }
            _ => {}
        }
    }

    fn duration(&self, text: &str) -> String {
        let Some(duration) = text.parse::<Duration>().ok().filter(|_| self.respells_durations)
        else {
            return text.to_owned();
        };
        let printed = duration.to_string();
        let seconds = duration.as_seconds();
        match (printed == text, seconds % 60) {
            (false, _) => printed,
            (true, 0) => format!("PT{}M", seconds / 60),
            (true, _) => format!("PT{seconds}S"),
        }
    }

    fn text(&self, text: &str) -> String {
        let trimmed = if self.trims_texts { text.trim() } else { text };
        if !self.changes_line_ends {
            trimmed.to_owned()
        } else if trimmed.contains("\r\n") {
            trimmed.replace("\r\n", "\n")
        } else {
            trimmed.replace('\n', "\r\n")
        }
    }
}

fn rule_defaults() -> Value {
    json!({
        "description": "", "tactics": [], "techniques": [], "subTechniques": [],
        "entityMappings": [], "sentinelEntitiesMappings": [], "customDetails": {},
        "suppressionEnabled": false, "suppressionDuration": "PT5H",
        "eventGroupingSettings": {"aggregationKind": "SingleAlert"},
        "alertDetailsOverride": {"alertDynamicProperties": []},
        "incidentConfiguration": {"createIncident": true, "groupingConfiguration": {
            "enabled": false, "reopenClosedIncident": false, "lookbackDuration": "PT5H",
            "matchingMethod": "AllEntities", "groupByEntities": [], "groupByAlertDetails": [],
            "groupByCustomDetails": [],
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(normaliser: &Normaliser, properties: Value) -> Value {
        let Value::Object(mut properties) = properties else { panic!("an object") };
        normaliser.rule(&mut properties);
        Value::Object(properties)
    }

    #[test]
    fn each_kind_of_rewriting_is_its_own() {
        let body = json!({"tactics": ["a", "b"], "queryPeriod": "PT1H", "description": " x\ny ",
            "incidentConfiguration": {"groupingConfiguration": {"lookbackDuration": "PT60M"}}});
        let check = |normaliser: &Normaliser, pointer: &str, expect: Value| {
            let rewritten = rule(normaliser, body.clone());
            assert_eq!(rewritten.pointer(pointer), Some(&expect), "{normaliser:?}");
        };
        let nothing = Normaliser::default();
        assert_eq!(rule(&nothing, body.clone()), body);
        let all = Normaliser { reorders_sets: true, respells_durations: true, ..nothing.clone() };
        check(&all, "/tactics", json!(["b", "a"]));
        check(&all, "/queryPeriod", json!("PT60M"));
        let lookback = "/incidentConfiguration/groupingConfiguration/lookbackDuration";
        check(&all, lookback, json!("PT1H"));
        check(&Normaliser { trims_texts: true, ..nothing.clone() }, "/description", json!("x\ny"));
        let ends = Normaliser { changes_line_ends: true, ..nothing.clone() };
        check(&ends, "/description", json!(" x\r\ny "));
        let defaults = Normaliser { adds_defaults: true, ..nothing };
        check(&defaults, "/suppressionDuration", json!("PT5H"));
        check(&defaults, "/incidentConfiguration/createIncident", json!(true));
        check(&defaults, lookback, json!("PT60M"));
    }

    #[test]
    fn only_what_is_named_is_rewritten() {
        let only = Some("tactics".to_owned());
        let normaliser =
            Normaliser { reorders_sets: true, adds_defaults: true, only, ..Normaliser::default() };
        let rewritten = rule(&normaliser, json!({"tactics": ["a", "b"], "techniques": ["c", "d"]}));
        assert_eq!(rewritten, json!({"tactics": ["b", "a"], "techniques": ["c", "d"]}));
    }

    #[test]
    fn the_tags_of_a_hunt_are_rewritten_each_by_its_name() {
        let tags =
            json!([{"name": "tactics", "value": "A,B"}, {"name": "createdBy", "value": " x "}]);
        let Value::Object(mut properties) = json!({ "tags": tags }) else { panic!() };
        Normaliser { reorders_sets: true, trims_texts: true, ..Normaliser::default() }
            .search(&mut properties);
        let expect =
            json!([{"name": "createdBy", "value": "x"}, {"name": "tactics", "value": "B,A"}]);
        assert_eq!(properties["tags"], expect);
    }
}
