//! What the emulator refuses, in which words: a line each.
//!
//! A line is one change of a body that is fine: the member at a path gets another value, given as JSON
//! (nothing takes it away; `x*N` is a text of N characters). Words without a source in
//! `Refusal` or `validate` are the service's own.

use serde_json::{Value, json};

use crate::client::{Service, hunt, marker, nrt, options, record, rule, scheduled, search};

/// A body that the emulator takes.
#[derive(Clone, Copy, Debug)]
enum Of {
    Scheduled,
    Nrt,
    /// A rule of an API version that is no preview.
    Stable,
    Fusion,
    Incidents,
    Threats,
    Search,
    Record,
}
use Of::{Fusion, Incidents, Nrt, Record, Scheduled, Search, Stable, Threats};

const BAD: &[(Of, &str, &str, &str)] = &[
    // Queries.
    (
        Scheduled,
        "properties.query",
        "",
        "Invalid data model. [Properties.Query: The Query field is required.]",
    ),
    (
        Scheduled,
        "properties.query",
        "null",
        "Invalid data model. [Properties.Query: The Query field is required.]",
    ),
    (
        Scheduled,
        "properties.query",
        "\"\"",
        "Invalid data model. [Properties.Query: The field Query must be a string with a minimum length of 1 and a maximum length of 10000.]",
    ),
    (
        Scheduled,
        "properties.query",
        "x*10001",
        "Invalid data model. [Properties.Query: The field Query must be a string with a minimum length of 1 and a maximum length of 10000.]",
    ),
    (
        Scheduled,
        "properties.query",
        "\"search * | take 1\"",
        "Invalid data model. [Properties.Query: Scheduled alert rule query should not contain 'search' or 'union *']",
    ),
    (
        Scheduled,
        "properties.query",
        "\"let a = 1; union * | take 1\"",
        "Invalid data model. [Properties.Query: Scheduled alert rule query should not contain 'search' or 'union *']",
    ),
    (
        Nrt,
        "properties.query",
        "\"union *| take 1\"",
        "Invalid data model. [Properties.Query: Scheduled alert rule query should not contain 'search' or 'union *']",
    ),
    // Schedules.
    (
        Scheduled,
        "properties.queryFrequency",
        "",
        "Invalid data model. [Properties.QueryFrequency: The QueryFrequency field is required.]",
    ),
    (
        Scheduled,
        "properties.queryPeriod",
        "",
        "Invalid data model. [Properties.QueryPeriod: The QueryPeriod field is required.]",
    ),
    (
        Scheduled,
        "properties.queryFrequency",
        "\"PT4M\"",
        "Invalid data model. [Properties.QueryFrequency: The field QueryFrequency must be between PT5M and P14D.]",
    ),
    (
        Scheduled,
        "properties.queryPeriod",
        "\"P15D\"",
        "Invalid data model. [Properties.QueryPeriod: The field QueryPeriod must be between PT5M and P14D.]",
    ),
    (
        Scheduled,
        "properties.queryPeriod",
        "\"1d\"",
        "The request content was invalid and could not be deserialized: 'Error converting value \"1d\" to type 'System.TimeSpan'. Path 'properties.queryPeriod', line 1, position",
    ),
    (
        Scheduled,
        "properties.queryPeriod",
        "\"PT30M\"",
        "Invalid data model. [: Invalid Properties for Scheduled alert rule: 'queryPeriod' should be greater than or equal to 'queryFrequency']",
    ),
    (
        Scheduled,
        "properties.queryPeriod,properties.queryFrequency",
        "\"P2D\",\"PT30M\"",
        "Invalid data model. [: Invalid Properties for Scheduled alert rule: When 'queryPeriod' greater than or equal to 2 days, the 'queryFrequency' should be greater than or equal to 1 hour.]",
    ),
    (
        Scheduled,
        "properties.triggerOperator",
        "",
        "Invalid data model. [Properties.TriggerOperator: The TriggerOperator field is required.]",
    ),
    (
        Scheduled,
        "properties.triggerOperator",
        "\"gt\"",
        "Invalid data model. [Properties.TriggerOperator: The value 'gt' is not valid for 'TriggerOperator'.]",
    ),
    (
        Scheduled,
        "properties.triggerThreshold",
        "",
        "Invalid data model. [Properties.TriggerThreshold: The TriggerThreshold field is required.]",
    ),
    (
        Scheduled,
        "properties.triggerThreshold",
        "-1",
        "Invalid data model. [Properties.TriggerThreshold: The field TriggerThreshold must be between 0 and 10000.]",
    ),
    (
        Scheduled,
        "properties.triggerThreshold",
        "10001",
        "Invalid data model. [Properties.TriggerThreshold: The field TriggerThreshold must be between 0 and 10000.]",
    ),
    (
        Scheduled,
        "properties.triggerThreshold",
        "\"1\"",
        "The request content was invalid and could not be deserialized: 'Error converting value \"1\" to type 'System.Int32'. Path 'properties.triggerThreshold', line 1, position",
    ),
    (
        Scheduled,
        "properties.triggerThreshold",
        "0.5",
        "The request content was invalid and could not be deserialized: 'Error converting value 0.5 to type 'System.Int32'. Path 'properties.triggerThreshold', line 1, position",
    ),
    // Suppression.
    (
        Scheduled,
        "properties.suppressionEnabled",
        "",
        "Invalid data model. [Properties.SuppressionEnabled: The SuppressionEnabled field is required.]",
    ),
    (
        Nrt,
        "properties.suppressionDuration",
        "",
        "Invalid data model. [Properties.SuppressionDuration: The SuppressionDuration field is required.]",
    ),
    (
        Scheduled,
        "properties.suppressionDuration",
        "\"PT25H\"",
        "Invalid data model. [Properties.SuppressionDuration: The field SuppressionDuration must be between PT5M and PT24H.]",
    ),
    (
        Scheduled,
        "properties.suppressionEnabled,properties.suppressionDuration",
        "true,\"PT30M\"",
        "Invalid data model. [: Invalid Properties for Scheduled alert rule: 'suppressionDuration' should be greater than or equal to 'queryFrequency']",
    ),
    // What a rule is called, and whether it runs.
    (
        Scheduled,
        "properties.displayName",
        "",
        "Invalid data model. [Properties.DisplayName: The DisplayName field is required.]",
    ),
    (
        Scheduled,
        "properties.displayName",
        "\"\"",
        "Invalid data model. [Properties.DisplayName: The field DisplayName must be a string with a minimum length of 1 and a maximum length of 256.]",
    ),
    (
        Scheduled,
        "properties.displayName",
        "x*257",
        "Invalid data model. [Properties.DisplayName: The field DisplayName must be a string with a minimum length of 1 and a maximum length of 256.]",
    ),
    (
        Scheduled,
        "properties.description",
        "x*5001",
        "Invalid data model. [Properties.Description: The field Description must be a string with a minimum length of 0 and a maximum length of 5000.]",
    ),
    (
        Scheduled,
        "properties.enabled",
        "",
        "Invalid data model. [Properties.Enabled: The Enabled field is required.]",
    ),
    (
        Scheduled,
        "properties.enabled",
        "\"yes\"",
        "The request content was invalid and could not be deserialized: 'Error converting value \"yes\" to type 'System.Boolean'. Path 'properties.enabled', line 1, position",
    ),
    (
        Scheduled,
        "properties.severity",
        "",
        "Invalid data model. [Properties.Severity: The Severity field is required.]",
    ),
    (
        Nrt,
        "properties.severity",
        "\"high\"",
        "Invalid data model. [Properties.Severity: The value 'high' is not valid for 'Severity'.]",
    ),
    (
        Scheduled,
        "properties.eventGroupingSettings",
        "{\"aggregationKind\": \"Each\"}",
        "Invalid data model. [Properties.EventGroupingSettings.AggregationKind: The value 'Each' is not valid for 'AggregationKind'.]",
    ),
    (
        Scheduled,
        "properties.templateVersion",
        "\"1.0.0\"",
        "Invalid data model. [: Invalid Properties for alert rule: 'templateVersion' can only be used if 'alertRuleTemplateName' is not empty.]",
    ),
    (
        Scheduled,
        "properties.templateVersion,properties.alertRuleTemplateName",
        "\"1.0\",\"t\"",
        "Invalid data model. [Properties.TemplateVersion: The version '1.0' is invalid. The expected format is 'X.Y.Z'.]",
    ),
    // ATT&CK.
    (
        Scheduled,
        "properties.tactics",
        "[\"execution\"]",
        "Invalid data model. [Properties.Tactics: The value 'execution' is not valid for 'Tactics'.]",
    ),
    (
        Scheduled,
        "properties.tactics",
        "\"Execution\"",
        "The request content was invalid and could not be deserialized: 'Error converting value \"Execution\" to type 'System.Collections.Generic.List`1'. Path 'properties.tactics', line 1, position",
    ),
    (
        Scheduled,
        "properties.techniques",
        "[\"T1071.001\"]",
        "Invalid data model. [Properties.Techniques: The technique 'T1071.001' is invalid. The expected format is 'T####', where '#' represents a digit.]",
    ),
    (
        Scheduled,
        "properties.techniques",
        "[\"1071\"]",
        "Invalid data model. [Properties.Techniques: The technique '1071' is invalid. The expected format is 'T####', where '#' represents a digit.]",
    ),
    (
        Scheduled,
        "properties.techniques",
        "[\"T1219\"]",
        "Invalid data model. [Properties.Techniques: No valid tactic corresponding to the technique T1219 was provided in the tactics field.]",
    ),
    (
        Scheduled,
        "properties.tactics,properties.techniques",
        "[\"InitialAccess\"],[\"T1659\"]",
        "Invalid data model. [Properties.Techniques: No valid tactic corresponding to the technique T1659 was provided in the tactics field.]",
    ),
    (
        Nrt,
        "properties.subTechniques",
        "[\"T1071\"]",
        "Invalid data model. [Properties.SubTechniques: The sub-technique 'T1071' is invalid. The expected format is 'T####.###', where '#' represents a digit.]",
    ),
    (
        Stable,
        "properties.subTechniques",
        "[\"T1071.001\"]",
        "The request content was invalid and could not be deserialized: 'Could not find member 'subTechniques' on object of type 'ScheduledAlertRuleProperties'. Path 'properties.subTechniques', line 1, position",
    ),
    // Entities.
    (
        Scheduled,
        "properties.entityMappings",
        "[{\"entityType\": \"Host\", \"fieldMappings\": [{\"identifier\": \"Name\", \"columnName\": \"C\"}]}]",
        "Invalid data model. [: Invalid identifier 'Name' for type 'Host' encountered. Valid identifiers are: [DnsDomain, NTDomain, HostName, NetBiosName, AzureID, OMSAgentID, OSFamily, OSVersion, IsDomainJoined, FullName]]",
    ),
    (
        Scheduled,
        "properties.entityMappings",
        "[{\"entityType\": \"Host\", \"fieldMappings\": [{\"identifier\": \"HostName\", \"columnName\": \"C\"}, {\"identifier\": \"HostName\", \"columnName\": \"D\"}]}]",
        "Invalid data model. [: Identifier 'HostName' is defined multiple times for type 'Host'.]",
    ),
    (
        Scheduled,
        "properties.entityMappings",
        "[{\"entityType\": \"Host\", \"fieldMappings\": [{\"identifier\": \"DnsDomain\", \"columnName\": \"C\"}]}]",
        "Invalid data model. [: Missing required identifiers in 'EntityMappings' for type 'Host'. Required identifiers are one of the following combinations: FullName; HostName; NetBiosName; AzureID; OMSAgentID]",
    ),
    (
        Scheduled,
        "properties.entityMappings",
        "[{\"entityType\": \"FileHash\", \"fieldMappings\": [{\"identifier\": \"Value\", \"columnName\": \"C\"}]}]",
        "Invalid data model. [: Missing required identifiers in 'EntityMappings' for type 'FileHash'. Required identifiers are one of the following combinations: Algorithm, Value]",
    ),
    (
        Scheduled,
        "properties.entityMappings",
        "[{\"entityType\": \"Planet\", \"fieldMappings\": []}]",
        "Invalid data model. [: The value 'Planet' is not valid for 'EntityType'.]",
    ),
    (
        Scheduled,
        "properties.entityMappings",
        "[{\"entityType\": \"IP\", \"fieldMappings\": []}]",
        "Invalid data model. [: Invalid length of '0' for 'FieldMappings'. 'FieldMappings' length should be between '1' and '3']",
    ),
    (
        Nrt,
        "properties.entityMappings",
        "[{\"entityType\": \"Account\", \"fieldMappings\": [{\"identifier\": \"Name\"}, {\"identifier\": \"Sid\"}, {\"identifier\": \"PUID\"}, {\"identifier\": \"FullName\"}]}]",
        "Invalid data model. [: Invalid length of '4' for 'FieldMappings'. 'FieldMappings' length should be between '1' and '3']",
    ),
    (
        Scheduled,
        "properties.entityMappings",
        "[{},{},{},{},{},{},{},{},{},{},{}]",
        "Invalid data model. [: Invalid length of '11' for 'EntityMappings'. 'EntityMappings' length should be between '1' and '10']",
    ),
    (
        Scheduled,
        "properties.entityMappings,properties.sentinelEntitiesMappings",
        "[{},{},{},{},{},{},{},{},{},{}],[{\"columnName\": \"C\"}]",
        "Invalid data model. [: Invalid length of '11' for 'EntityMappings'. 'EntityMappings' length should be between '1' and '10']",
    ),
    (
        Scheduled,
        "properties.entityMappings",
        "[{\"entityType\": \"IP\", \"fieldMappings\": [{\"identifier\": \"Address\", \"columnName\": \"a.b\"}]}]",
        "Invalid data model. [: The column name 'a.b' is invalid.]",
    ),
    (
        Scheduled,
        "properties.entityMappings",
        "[{\"entityType\": \"IP\", \"fields\": []}]",
        "The request content was invalid and could not be deserialized: 'Could not find member 'fields' on object of type 'EntityMapping'. Path 'properties.entityMappings[0].fields', line 1, position",
    ),
    // Details of alerts.
    (
        Scheduled,
        "properties.customDetails",
        "{\"a\":\"C\",\"b\":\"C\",\"c\":\"C\",\"d\":\"C\",\"e\":\"C\",\"f\":\"C\",\"g\":\"C\",\"h\":\"C\",\"i\":\"C\",\"j\":\"C\",\"k\":\"C\",\"l\":\"C\",\"m\":\"C\",\"n\":\"C\",\"o\":\"C\",\"p\":\"C\",\"q\":\"C\",\"r\":\"C\",\"s\":\"C\",\"t\":\"C\",\"u\":\"C\"}",
        "Invalid data model. [Properties.CustomDetails: Maximum length of CustomDetails exceeded. The maximum allowed is 20]",
    ),
    (
        Scheduled,
        "properties.customDetails",
        "{\"1a\": \"C\"}",
        "Invalid data model. [Properties.CustomDetails: The key '1a' in CustomDetails is invalid. The key must start with a letter, have letters, digits and underscores only, and at most 20 characters]",
    ),
    (
        Scheduled,
        "properties.customDetails",
        "{\"abcdefghijklmnopqrstu\": \"C\"}",
        "Invalid data model. [Properties.CustomDetails: The key 'abcdefghijklmnopqrstu' in CustomDetails is invalid. The key must start with a letter",
    ),
    (
        Scheduled,
        "properties.customDetails",
        "{\"a\": \"b c\"}",
        "Invalid data model. [Properties.CustomDetails: The column name 'b c' is invalid.]",
    ),
    (
        Scheduled,
        "properties.customDetails",
        "{\"a\": 1}",
        "The request content was invalid and could not be deserialized: 'Error converting value 1 to type 'System.String'. Path 'properties.customDetails.a', line 1, position",
    ),
    (
        Scheduled,
        "properties.alertDetailsOverride",
        "{\"alertDisplayNameFormat\": \"{{a}} {{b}} {{c}} {{d}}\"}",
        "Invalid data model. [Properties.AlertDetailsOverride.AlertDisplayNameFormat: You have defined 4 parameters in 'AlertDisplayNameFormat'. The maximum allowed is 3.]",
    ),
    (
        Scheduled,
        "properties.alertDetailsOverride",
        "{\"alertDescriptionFormat\": \"{{a}}{{b}}{{c}}{{d}}{{e}}\"}",
        "Invalid data model. [Properties.AlertDetailsOverride.AlertDescriptionFormat: You have defined 5 parameters in 'AlertDescriptionFormat'. The maximum allowed is 3.]",
    ),
    (
        Scheduled,
        "properties.alertDetailsOverride.alertDisplayNameFormat",
        "x*257",
        "Invalid data model. [Properties.AlertDetailsOverride.AlertDisplayNameFormat: The field AlertDisplayNameFormat must be a string with a minimum length of 0 and a maximum length of 256.]",
    ),
    (
        Scheduled,
        "properties.alertDetailsOverride",
        "{\"alertDynamicProperties\": [{\"alertProperty\": \"Colour\", \"value\": \"C\"}]}",
        "Invalid data model. [Properties.AlertDetailsOverride.AlertProperty: The value 'Colour' is not valid for 'AlertProperty'.]",
    ),
    // Incidents.
    (
        Scheduled,
        "properties.incidentConfiguration",
        "{}",
        "Invalid data model. [Properties.IncidentConfiguration.CreateIncident: The CreateIncident field is required.]",
    ),
    (
        Scheduled,
        "properties.incidentConfiguration",
        "{\"createIncident\": true, \"groupingConfiguration\": {\"enabled\": true}}",
        "Invalid data model. [Properties.IncidentConfiguration.GroupingConfiguration.ReopenClosedIncident: The ReopenClosedIncident field is required.]",
    ),
    (
        Scheduled,
        "properties.incidentConfiguration",
        "{\"createIncident\": true, \"groupingConfiguration\": {\"enabled\": true, \"reopenClosedIncident\": false, \"lookbackDuration\": \"PT5H\", \"matchingMethod\": \"Some\"}}",
        "Invalid data model. [Properties.IncidentConfiguration.GroupingConfiguration.MatchingMethod: The value 'Some' is not valid for 'MatchingMethod'.]",
    ),
    (
        Scheduled,
        "properties.incidentConfiguration",
        "{\"createIncident\": true, \"groupingConfiguration\": {\"enabled\": true, \"reopenClosedIncident\": false, \"lookbackDuration\": \"P8D\", \"matchingMethod\": \"AnyAlert\"}}",
        "Invalid data model. [Properties.IncidentConfiguration.GroupingConfiguration.LookbackDuration: The field LookbackDuration must be between PT5M and P7D.]",
    ),
    (
        Scheduled,
        "properties.incidentConfiguration",
        "{\"createIncident\": true, \"groupingConfiguration\": {\"enabled\": true, \"reopenClosedIncident\": false, \"lookbackDuration\": \"PT5H\", \"matchingMethod\": \"Selected\"}}",
        "Invalid data model. [Properties.IncidentConfiguration.GroupingConfiguration: When matchingMethod is 'Selected', at least one of groupByEntities, groupByAlertDetails, groupByCustomDetails must be provided and not empty.]",
    ),
    (
        Scheduled,
        "properties.incidentConfiguration",
        "{\"createIncident\": true, \"groupingConfiguration\": {\"enabled\": true, \"reopenClosedIncident\": false, \"lookbackDuration\": \"PT5H\", \"matchingMethod\": \"Selected\", \"groupByEntities\": [\"Host\"]}}",
        "Invalid data model. [Properties.IncidentConfiguration.GroupingConfiguration.GroupByEntities: 'Host' in 'groupByEntities' is not defined in the current alert rule.]",
    ),
    (
        Nrt,
        "properties.incidentConfiguration",
        "{\"createIncident\": true, \"groupingConfiguration\": {\"enabled\": true, \"reopenClosedIncident\": false, \"lookbackDuration\": \"PT5H\", \"matchingMethod\": \"Selected\", \"groupByCustomDetails\": [\"a\"]}}",
        "Invalid data model. [Properties.IncidentConfiguration.GroupingConfiguration.GroupByCustomDetails: 'a' in 'groupByCustomDetails' is not defined in the current alert rule.]",
    ),
    (
        Scheduled,
        "properties.incidentConfiguration",
        "{\"createIncident\": true, \"groupingConfiguration\": {\"enabled\": true, \"reopenClosedIncident\": false, \"lookbackDuration\": \"PT5H\", \"matchingMethod\": \"Selected\", \"groupByAlertDetails\": [\"Colour\"]}}",
        "Invalid data model. [Properties.IncidentConfiguration.GroupingConfiguration.GroupByAlertDetails: The value 'Colour' is not valid for 'GroupByAlertDetails'.]",
    ),
    // Bodies as a whole.
    (Scheduled, "kind", "", "Invalid data model. [Kind: The Kind field is required.]"),
    (
        Scheduled,
        "kind",
        "\"scheduled\"",
        "Invalid data model. [Kind: The value 'scheduled' is not valid for 'Kind'.]",
    ),
    (
        Stable,
        "kind",
        "\"NRT\"",
        "Invalid data model. [Kind: The value 'NRT' is not valid for 'Kind'.]",
    ),
    (
        Scheduled,
        "properties",
        "",
        "Invalid data model. [Properties: The Properties field is required.]",
    ),
    (
        Scheduled,
        "properties",
        "[]",
        "The request content was invalid and could not be deserialized: 'Cannot deserialize the current JSON array into type 'ScheduledAlertRuleProperties'. Path 'properties', line 1, position",
    ),
    (
        Scheduled,
        "AccountType",
        "1",
        "The request content was invalid and could not be deserialized: 'Could not find member 'AccountType' on object of type 'ResourceDefinition'. Path 'AccountType', line 1, position 15.'.",
    ),
    (
        Scheduled,
        "properties.displayname",
        "\"x\"",
        "The request content was invalid and could not be deserialized: 'Could not find member 'displayname' on object of type 'ScheduledAlertRuleProperties'. Path 'properties.displayname', line 1, position",
    ),
    (
        Nrt,
        "properties.queryFrequency",
        "\"PT1H\"",
        "The request content was invalid and could not be deserialized: 'Could not find member 'queryFrequency' on object of type 'NrtAlertRuleProperties'. Path 'properties.queryFrequency', line 1, position",
    ),
    // Rules of Microsoft's own engines.
    (
        Fusion,
        "properties.displayName",
        "\"x\"",
        "Read-only property 'displayName' cannot be assigned",
    ),
    (Fusion, "properties.severity", "\"Low\"", "Read-only property 'severity' cannot be assigned"),
    (
        Fusion,
        "properties.alertRuleTemplateName",
        "",
        "Invalid data model. [Properties.AlertRuleTemplateName: The AlertRuleTemplateName field is required.]",
    ),
    (
        Threats,
        "properties.displayName",
        "",
        "Invalid data model. [Properties.DisplayName: The DisplayName field is required.]",
    ),
    (
        Incidents,
        "properties.productFilter",
        "",
        "Invalid data model. [Properties.ProductFilter: The ProductFilter field is required.]",
    ),
    (
        Incidents,
        "properties.productFilter",
        "\"Clippy\"",
        "Invalid data model. [Properties.ProductFilter: The value 'Clippy' is not valid for 'ProductFilter'.]",
    ),
    (
        Incidents,
        "properties.severitiesFilter",
        "[\"High\", \"low\"]",
        "Invalid data model. [Properties.SeveritiesFilter: The value 'low' is not valid for 'SeveritiesFilter'.]",
    ),
    // Saved searches.
    (
        Search,
        "properties.category",
        "",
        "Invalid data model. [Properties.Category: The Category field is required.]",
    ),
    (
        Search,
        "properties.displayName",
        "",
        "Invalid data model. [Properties.DisplayName: The DisplayName field is required.]",
    ),
    (
        Search,
        "properties.query",
        "null",
        "Invalid data model. [Properties.Query: The Query field is required.]",
    ),
    (
        Search,
        "properties.query",
        "1",
        "The request content was invalid and could not be deserialized: 'Error converting value 1 to type 'System.String'. Path 'properties.query', line 1, position",
    ),
    (
        Search,
        "properties.version",
        "\"2\"",
        "The request content was invalid and could not be deserialized: 'Error converting value \"2\" to type 'System.Int32'. Path 'properties.version', line 1, position",
    ),
    (
        Search,
        "properties.tags",
        "[{\"name\": \"n\"}]",
        "Invalid data model. [Properties.Tags[0].Value: The Value field is required.]",
    ),
    (
        Search,
        "properties.tags",
        "[{\"value\": \"v\"}]",
        "Invalid data model. [Properties.Tags[0].Name: The Name field is required.]",
    ),
    (
        Search,
        "properties.tags.0.value",
        "x*257",
        "Invalid data model. [Properties.Tags[0].Value: The field Value must be a string with a maximum length of 256.]",
    ),
    (
        Search,
        "properties.tags",
        "[{\"name\":\"n\",\"value\":\"v\"},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]",
        "[The element 'Tags' has invalid child element 'Tag'.]",
    ),
    (
        Search,
        "properties.description",
        "\"x\"",
        "The request content was invalid and could not be deserialized: 'Could not find member 'description' on object of type 'SavedSearchProperties'. Path 'properties.description', line 1, position",
    ),
    // Metadata.
    (
        Record,
        "properties.parentId",
        "",
        "Invalid data model. [Properties.ParentId: The ParentId field is required.]",
    ),
    (
        Record,
        "properties.kind",
        "",
        "Invalid data model. [Properties.Kind: The Kind field is required.]",
    ),
    (
        Record,
        "properties.kind",
        "\"Poem\"",
        "Invalid data model. [Properties.Kind: The value 'Poem' is not valid for 'Kind'.]",
    ),
    (
        Record,
        "properties.source.kind",
        "",
        "Invalid data model. [Properties.Source.Kind: The Kind field is required.]",
    ),
    (
        Record,
        "properties.source.kind",
        "\"Elsewhere\"",
        "Invalid data model. [Properties.Source.Kind: The value 'Elsewhere' is not valid for 'Kind'.]",
    ),
    (
        Record,
        "properties.support",
        "{}",
        "Invalid data model. [Properties.Support.Tier: The Tier field is required.]",
    ),
    (
        Record,
        "properties.support",
        "{\"tier\": \"Gold\"}",
        "Invalid data model. [Properties.Support.Tier: The value 'Gold' is not valid for 'Tier'.]",
    ),
    (
        Record,
        "properties.firstPublishDate",
        "\"yesterday\"",
        "Invalid data model. [Properties.FirstPublishDate: The value 'yesterday' is not valid for 'FirstPublishDate'.]",
    ),
    (
        Record,
        "properties.customVersion",
        "1",
        "The request content was invalid and could not be deserialized: 'Error converting value 1 to type 'System.String'. Path 'properties.customVersion', line 1, position",
    ),
    (
        Record,
        "properties.dependencies",
        "{\"criteria\": [{\"contentID\": \"x\"}]}",
        "The request content was invalid and could not be deserialized: 'Could not find member 'contentID' on object of type 'metadataDependencies'. Path 'properties.dependencies.criteria[0].contentID', line 1, position",
    ),
];

fn good(of: Of) -> (String, Value) {
    let template =
        json!({"enabled": true, "alertRuleTemplateName": "f71aba3d-28fb-450b-b192-4e76a83015c8"});
    match of {
        Scheduled => (rule("r1"), scheduled()),
        Nrt => (rule("r1"), nrt()),
        Stable => (rule("r1").replace("2024-04-01-preview", "2024-03-01"), scheduled()),
        Fusion => (rule("r1"), json!({"kind": "Fusion", "properties": template})),
        Threats => {
            let mut properties = template;
            properties["displayName"] = json!("x");
            (rule("r1"), json!({"kind": "ThreatIntelligence", "properties": properties}))
        }
        Incidents => {
            let properties = json!({"displayName": "x", "enabled": true, "productFilter": "Azure Security Center"});
            (
                rule("r1"),
                json!({"kind": "MicrosoftSecurityIncidentCreation", "properties": properties}),
            )
        }
        Search => (search("h1"), hunt()),
        Record => (record("m1"), marker()),
    }
}

/// Sets or takes away what is at a path, making objects on the way.
fn change(body: &mut Value, path: &str, value: Option<Value>) {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut place = body;
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        place = match part.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => {
                if place[part].is_null() {
                    place[part] = json!({});
                }
                &mut place[part]
            }
        };
    }
    match value {
        Some(value) => place[last] = value,
        None => {
            place.as_object_mut().unwrap().remove(last).expect("there was something to take away");
        }
    }
}

fn value(text: &str) -> Vec<Option<Value>> {
    match text.strip_prefix("x*") {
        _ if text.is_empty() => vec![None],
        Some(count) => vec![Some(json!("x".repeat(count.parse().unwrap())))],
        None => {
            let values: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
            values.into_iter().map(Some).collect()
        }
    }
}

#[test]
fn every_bad_body_is_refused_in_the_words_of_the_service() {
    let service = Service::start(options());
    for (of, paths, values, message) in BAD {
        let (target, mut body) = good(*of);
        for (path, value) in paths.split(',').zip(value(values)) {
            change(&mut body, path, value);
        }
        let refused = service.put(&target, &body);
        assert_eq!(refused.status, 400, "{of:?} with {paths} = {values}");
        let is_unreadable = message.starts_with("The request content was invalid");
        let code = if is_unreadable { "InvalidRequestContent" } else { "BadRequest" };
        assert_eq!(refused.code(), code, "{of:?} with {paths} = {values}");
        // Where the reader stopped depends on the rest of the body.
        let found = refused.message();
        let fits = match message.ends_with(['.', ']', '\'', 'd']) {
            true => found == *message,
            false => found.starts_with(message),
        };
        assert!(fits, "{of:?} with {paths} = {values}\n  {found}\n  {message}");
        assert_eq!(service.get(&target).status, 404, "nothing is stored");
    }
    assert!(BAD.len() >= 60, "{} bad bodies", BAD.len());
    println!("{} bad bodies are refused in the words of the service", BAD.len());
}

#[test]
fn the_bodies_that_the_bad_ones_are_made_of_are_taken() {
    for of in [Scheduled, Nrt, Stable, Fusion, Incidents, Threats, Search, Record] {
        let service = Service::start(options());
        let (target, body) = good(of);
        let taken = service.put(&target, &body);
        assert!(taken.status < 300, "{of:?}: {}", taken.text);
    }
}
