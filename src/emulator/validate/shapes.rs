//! The properties of request bodies, member for member as the API's description has them: alert rules,
//! their actions and metadata of 2024-04-01-preview, saved searches of 2023-09-01. A test compares them
//! with it.

use super::shape::Type::{Dictionary, Duration, Flag, List, Number, Object, Text, Texts};
use super::shape::{Shape, Type};

/// The name of each shape in the description, and the shape.
#[cfg(test)]
pub(super) static ALL: [&Shape; 27] = [
    &SCHEDULED,
    &NRT,
    &FUSION,
    &BEHAVIOR,
    &THREAT_INTELLIGENCE,
    &INCIDENT_CREATION,
    &EVENT_GROUPING,
    &ENTITY,
    &FIELD,
    &SENTINEL_ENTITY,
    &ALERT_DETAILS,
    &DYNAMIC_PROPERTY,
    &INCIDENTS,
    &GROUPING,
    &FUSION_SOURCE,
    &FUSION_SUB_TYPE,
    &FUSION_FILTER,
    &FUSION_FILTER_ITEM,
    &FUSION_EXCLUSION,
    &ACTION,
    &METADATA,
    &SOURCE,
    &AUTHOR,
    &SUPPORT,
    &DEPENDENCIES,
    &CATEGORIES,
    &SAVED_SEARCH,
];

/// What stable versions of the API do not have.
pub(super) const PREVIEW_ONLY: [&str; 2] = ["subTechniques", "sentinelEntitiesMappings"];

pub(super) static SCHEDULED: Shape = Shape {
    name: "ScheduledAlertRuleProperties",
    members: &[
        ("query", Text),
        ("queryFrequency", Duration),
        ("queryPeriod", Duration),
        ("severity", Text),
        ("triggerOperator", Text),
        ("triggerThreshold", Number),
        ("eventGroupingSettings", Object(&EVENT_GROUPING)),
        ("customDetails", Dictionary),
        ("entityMappings", List(&ENTITY)),
        ("alertDetailsOverride", Object(&ALERT_DETAILS)),
        ("sentinelEntitiesMappings", List(&SENTINEL_ENTITY)),
        ("alertRuleTemplateName", Text),
        ("templateVersion", Text),
        ("description", Text),
        ("displayName", Text),
        ("enabled", Flag),
        ("lastModifiedUtc", Text),
        ("suppressionDuration", Duration),
        ("suppressionEnabled", Flag),
        ("tactics", Texts),
        ("techniques", Texts),
        ("subTechniques", Texts),
        ("incidentConfiguration", Object(&INCIDENTS)),
    ],
};

pub(super) static NRT: Shape = Shape {
    name: "NrtAlertRuleProperties",
    members: &[
        ("alertRuleTemplateName", Text),
        ("templateVersion", Text),
        ("description", Text),
        ("query", Text),
        ("tactics", Texts),
        ("techniques", Texts),
        ("subTechniques", Texts),
        ("displayName", Text),
        ("enabled", Flag),
        ("lastModifiedUtc", Text),
        ("suppressionDuration", Duration),
        ("suppressionEnabled", Flag),
        ("severity", Text),
        ("incidentConfiguration", Object(&INCIDENTS)),
        ("customDetails", Dictionary),
        ("entityMappings", List(&ENTITY)),
        ("alertDetailsOverride", Object(&ALERT_DETAILS)),
        ("eventGroupingSettings", Object(&EVENT_GROUPING)),
        ("sentinelEntitiesMappings", List(&SENTINEL_ENTITY)),
    ],
};

/// What the rules of Microsoft's own engines have in common; most of it can only be read.
const TEMPLATE: [(&str, Type); 9] = [
    ("alertRuleTemplateName", Text),
    ("description", Text),
    ("displayName", Text),
    ("enabled", Flag),
    ("lastModifiedUtc", Text),
    ("severity", Text),
    ("tactics", Texts),
    ("techniques", Texts),
    ("subTechniques", Texts),
];

pub(super) static BEHAVIOR: Shape =
    Shape { name: "MLBehaviorAnalyticsAlertRuleProperties", members: &TEMPLATE };

pub(super) static THREAT_INTELLIGENCE: Shape =
    Shape { name: "ThreatIntelligenceAlertRuleProperties", members: &TEMPLATE };

pub(super) static FUSION: Shape = Shape {
    name: "FusionAlertRuleProperties",
    members: &[
        ("alertRuleTemplateName", Text),
        ("description", Text),
        ("displayName", Text),
        ("enabled", Flag),
        ("sourceSettings", List(&FUSION_SOURCE)),
        ("scenarioExclusionPatterns", List(&FUSION_EXCLUSION)),
        ("lastModifiedUtc", Text),
        ("severity", Text),
        ("tactics", Texts),
        ("techniques", Texts),
        ("subTechniques", Texts),
    ],
};

static FUSION_SOURCE: Shape = Shape {
    name: "FusionSourceSettings",
    members: &[("enabled", Flag), ("sourceName", Text), ("sourceSubTypes", List(&FUSION_SUB_TYPE))],
};

static FUSION_SUB_TYPE: Shape = Shape {
    name: "FusionSourceSubTypeSetting",
    members: &[
        ("enabled", Flag),
        ("sourceSubTypeName", Text),
        ("sourceSubTypeDisplayName", Text),
        ("severityFilters", Object(&FUSION_FILTER)),
    ],
};

static FUSION_FILTER: Shape = Shape {
    name: "FusionSubTypeSeverityFilter",
    members: &[("isSupported", Flag), ("filters", List(&FUSION_FILTER_ITEM))],
};

static FUSION_FILTER_ITEM: Shape = Shape {
    name: "FusionSubTypeSeverityFiltersItem",
    members: &[("severity", Text), ("enabled", Flag)],
};

static FUSION_EXCLUSION: Shape = Shape {
    name: "FusionScenarioExclusionPattern",
    members: &[("exclusionPattern", Text), ("dateAddedInUTC", Text)],
};

pub(super) static INCIDENT_CREATION: Shape = Shape {
    name: "MicrosoftSecurityIncidentCreationAlertRuleProperties",
    members: &[
        ("displayNamesFilter", Texts),
        ("displayNamesExcludeFilter", Texts),
        ("productFilter", Text),
        ("severitiesFilter", Texts),
        ("alertRuleTemplateName", Text),
        ("description", Text),
        ("displayName", Text),
        ("enabled", Flag),
        ("lastModifiedUtc", Text),
    ],
};

static EVENT_GROUPING: Shape =
    Shape { name: "EventGroupingSettings", members: &[("aggregationKind", Text)] };

static ENTITY: Shape = Shape {
    name: "EntityMapping",
    members: &[("entityType", Text), ("fieldMappings", List(&FIELD))],
};

static FIELD: Shape =
    Shape { name: "FieldMapping", members: &[("identifier", Text), ("columnName", Text)] };

static SENTINEL_ENTITY: Shape =
    Shape { name: "SentinelEntityMapping", members: &[("columnName", Text)] };

static ALERT_DETAILS: Shape = Shape {
    name: "AlertDetailsOverride",
    members: &[
        ("alertDisplayNameFormat", Text),
        ("alertDescriptionFormat", Text),
        ("alertTacticsColumnName", Text),
        ("alertSeverityColumnName", Text),
        ("alertDynamicProperties", List(&DYNAMIC_PROPERTY)),
    ],
};

static DYNAMIC_PROPERTY: Shape =
    Shape { name: "AlertPropertyMapping", members: &[("alertProperty", Text), ("value", Text)] };

static INCIDENTS: Shape = Shape {
    name: "IncidentConfiguration",
    members: &[("createIncident", Flag), ("groupingConfiguration", Object(&GROUPING))],
};

static GROUPING: Shape = Shape {
    name: "GroupingConfiguration",
    members: &[
        ("enabled", Flag),
        ("reopenClosedIncident", Flag),
        ("lookbackDuration", Duration),
        ("matchingMethod", Text),
        ("groupByEntities", Texts),
        ("groupByAlertDetails", Texts),
        ("groupByCustomDetails", Texts),
    ],
};

pub(super) static ACTION: Shape = Shape {
    name: "ActionRequestProperties",
    members: &[("logicAppResourceId", Text), ("triggerUri", Text)],
};

pub(super) static METADATA: Shape = Shape {
    name: "metadataProperties",
    members: &[
        ("contentId", Text),
        ("parentId", Text),
        ("version", Text),
        ("kind", Text),
        ("source", Object(&SOURCE)),
        ("author", Object(&AUTHOR)),
        ("support", Object(&SUPPORT)),
        ("dependencies", Object(&DEPENDENCIES)),
        ("categories", Object(&CATEGORIES)),
        ("providers", Texts),
        ("firstPublishDate", Text),
        ("lastPublishDate", Text),
        ("customVersion", Text),
        ("contentSchemaVersion", Text),
        ("icon", Text),
        ("threatAnalysisTactics", Texts),
        ("threatAnalysisTechniques", Texts),
        ("previewImages", Texts),
        ("previewImagesDark", Texts),
    ],
};

static SOURCE: Shape = Shape {
    name: "metadataSource",
    members: &[("kind", Text), ("name", Text), ("sourceId", Text)],
};

static AUTHOR: Shape =
    Shape { name: "metadataAuthor", members: &[("name", Text), ("email", Text), ("link", Text)] };

static SUPPORT: Shape = Shape {
    name: "metadataSupport",
    members: &[("tier", Text), ("name", Text), ("email", Text), ("link", Text)],
};

static DEPENDENCIES: Shape = Shape {
    name: "metadataDependencies",
    members: &[
        ("contentId", Text),
        ("kind", Text),
        ("version", Text),
        ("name", Text),
        ("operator", Text),
        ("criteria", List(&DEPENDENCIES)),
    ],
};

static CATEGORIES: Shape =
    Shape { name: "metadataCategories", members: &[("domains", Texts), ("verticals", Texts)] };

pub(super) static SAVED_SEARCH: Shape = Shape {
    name: "SavedSearchProperties",
    members: &[
        ("category", Text),
        ("displayName", Text),
        ("query", Text),
        ("functionAlias", Text),
        ("functionParameters", Text),
        ("version", Number),
        ("tags", List(&TAG)),
        // Not in the description; Content Hub's templates send it, and the service takes it.
        ("eTag", Text),
    ],
};

static TAG: Shape = Shape { name: "Tag", members: &[("name", Text), ("value", Text)] };
