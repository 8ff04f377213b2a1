//! The top-level keys of content files.

/// Keys that are understood. Those of [`OWN`] are this tool's additions and have a meaning of their
/// own; of the rest, `define` makes fields, selectors use `tags`, and reports show the others.
const KNOWN: &[&str] = &[
    "id",
    "name",
    "description",
    "severity",
    "kind",
    "requiredDataConnectors",
    "tactics",
    "relevantTechniques",
    "techniques",
    "query",
    "queryFrequency",
    "queryPeriod",
    "triggerOperator",
    "triggerThreshold",
    "entityMappings",
    "customDetails",
    "alertDetailsOverride",
    "eventGroupingSettings",
    "incidentConfiguration",
    "suppressionDuration",
    "suppressionEnabled",
    "sentinelEntitiesMappings",
    "alertRuleTemplateName",
    "tags",
    "status",
    "version",
    "metadata",
    "enabled",
];

/// Keys that this tool adds to the community's format.
const OWN: &[&str] = &["queryFrom", "inherit", "parameters", "replaces"];

/// Keys of published files that mean nothing for a deployment.
const IGNORED: &[&str] = &[
    "description-detailed",
    "description_detailed",
    "references",
    "category",
    "categories",
    "functionAlias",
    "functionParameters",
    "source",
    "author",
    "support",
    "properties",
    "threatAnalysisTactics",
    "threatAnalysisTechniques",
    "falsePositives",
    "previewImages",
];

/// What a key of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Understood; spelled as it should be.
    Known(&'static str),
    /// Understood, but spelled with other capitals or under another name.
    Respelled(&'static str),
    /// Of other tools; left alone.
    Ignored,
    /// Neither.
    Unknown,
}

impl Key {
    pub(super) fn of(name: &str) -> Self {
        if let Some(known) = all().find(|known| *known == name) {
            return Self::Known(known);
        }
        if IGNORED.iter().any(|ignored| ignored.eq_ignore_ascii_case(name)) {
            return Self::Ignored;
        }
        if name.eq_ignore_ascii_case("displayName") {
            return Self::Respelled("name");
        }
        match all().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) => Self::Respelled(known),
            None => Self::Unknown,
        }
    }
}

/// Every key that is understood.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().chain(OWN).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_respelled_ignored_or_unknown() {
        let cases = [
            ("queryFrom", Key::Known("queryFrom")),
            ("Query", Key::Respelled("query")),
            ("DisplayName", Key::Respelled("name")),
            ("References", Key::Ignored),
            ("EventGroupSettings", Key::Unknown),
            ("detection", Key::Unknown),
        ];
        for (name, expect) in cases {
            assert_eq!(Key::of(name), expect, "{name}");
        }
    }
}
