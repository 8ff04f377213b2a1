//! What a fresh workspace holds: the Fusion rule and the searches of Log Analytics.
//!
//! The searches are none of the tool's business; they are here because a real list is full of them,
//! without etags and tags, with names that need escaping.

use serde_json::json;

use super::saved_searches;
use super::stamp;
use super::store::{Resource, StoreError, Write};
use crate::arm::{Collection, WorkspaceId};

/// The template that the service's own Fusion rule names.
const FUSION_TEMPLATE: &str = "f71aba3d-28fb-450b-b192-4e76a83015c8";

/// Name, display name, category, query.
type Search = (&'static str, &'static str, &'static str, &'static str);

const LOGS: &str = "Log Management";
const GENERAL: &str = "General Exploration";

const SEARCHES: &[Search] = &[
    (
        "General|AlphabeticallySortedComputers",
        "All Computers with their most recent data",
        GENERAL,
        "search not(ObjectName == \"Advisor Metrics\") | summarize AggregatedValue = max(TimeGenerated) by Computer | sort by Computer asc",
    ),
    (
        "General|dataPointsPerManagementGroup",
        "Which Management Group is generating the most data points?",
        GENERAL,
        "search * | summarize AggregatedValue = count() by ManagementGroupName",
    ),
    (
        "General|dataTypeDistribution",
        "Distribution of data Types",
        GENERAL,
        "search * | extend Type = $table | summarize AggregatedValue = count() by Type",
    ),
    (
        "General|StaleComputers",
        "Stale Computers (data older than 24 hours)",
        GENERAL,
        "search not(ObjectName == \"Advisor Metrics\") | summarize lastdata = max(TimeGenerated) by Computer | where lastdata < ago(24h)",
    ),
    ("LogManagement|AllEvents", "All Events", LOGS, "Event | sort by TimeGenerated desc"),
    ("LogManagement|AllSyslog", "All Syslogs", LOGS, "Syslog | sort by TimeGenerated desc"),
    (
        "LogManagement|AllSyslogByFacility",
        "All Syslog Records grouped by Facility",
        LOGS,
        "Syslog | summarize AggregatedValue = count() by Facility",
    ),
    (
        "LogManagement|AllSyslogByProcess",
        "All Syslog Records grouped by ProcessName",
        LOGS,
        "Syslog | summarize AggregatedValue = count() by ProcessName",
    ),
    (
        "LogManagement|AllSyslogsWithErrors",
        "All Syslog Records with Errors",
        LOGS,
        "Syslog | where SeverityLevel == \"error\" | sort by TimeGenerated desc",
    ),
    (
        "LogManagement|AverageHTTPRequestTimeByClientIPAddress",
        "Average HTTP Request time by Client IP Address",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = avg(TimeTaken) by cIP",
    ),
    (
        "LogManagement|AverageHTTPRequestTimeHTTPMethod",
        "Average HTTP Request time by HTTP Method",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = avg(TimeTaken) by csMethod",
    ),
    (
        "LogManagement|CountIISLogEntriesClientIPAddress",
        "Count of IIS Log Entries by Client IP Address",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = count() by cIP",
    ),
    (
        "LogManagement|CountIISLogEntriesHTTPRequestMethod",
        "Count of IIS Log Entries by HTTP Request Method",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = count() by csMethod",
    ),
    (
        "LogManagement|CountIISLogEntriesHTTPUserAgent",
        "Count of IIS Log Entries by HTTP User Agent",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = count() by csUserAgent",
    ),
    (
        "LogManagement|CountOfIISLogEntriesByHostRequestedByClient",
        "Count of IIS Log Entries by Host requested by client",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = count() by csHost",
    ),
    (
        "LogManagement|CountOfIISLogEntriesByURLForHost",
        "Count of IIS Log Entries by URL for one host",
        LOGS,
        "search csHost == \"www.contoso.com\" | summarize AggregatedValue = count() by csUriStem",
    ),
    (
        "LogManagement|CountOfIISLogEntriesByURLRequestedByClient",
        "Count of IIS Log Entries by URL requested by client",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = count() by csUriStem",
    ),
    (
        "LogManagement|CountOfWarningEvents",
        "Count of Events with level Warning grouped by Event ID",
        LOGS,
        "Event | where EventLevelName == \"warning\" | summarize AggregatedValue = count() by EventID",
    ),
    (
        "LogManagement|DisplayBreakdownRespondCodes",
        "Breakdown of response codes",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = count() by scStatus",
    ),
    (
        "LogManagement|EventsByEventLog",
        "Count of Events grouped by Event Log",
        LOGS,
        "Event | summarize AggregatedValue = count() by EventLog",
    ),
    (
        "LogManagement|EventsByEventSource",
        "Count of Events grouped by Event Source",
        LOGS,
        "Event | summarize AggregatedValue = count() by Source",
    ),
    (
        "LogManagement|EventsByEventsID",
        "Count of Events grouped by Event ID",
        LOGS,
        "Event | summarize AggregatedValue = count() by EventID",
    ),
    (
        "LogManagement|EventsInOMBetween2000to3000",
        "Events in the Operations Manager log between 2000 and 3000",
        LOGS,
        "Event | where EventLog == \"Operations Manager\" and EventID between (2000 .. 3000)",
    ),
    (
        "LogManagement|EventsWithStartedinEventID",
        "Count of Events containing the word \"started\"",
        LOGS,
        "search in (Event) \"started\" | summarize AggregatedValue = count() by EventID",
    ),
    (
        "LogManagement|FindMaximumTimeTakenForEachPage",
        "Longest time taken for each page",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = max(TimeTaken) by csUriStem",
    ),
    (
        "LogManagement|IISLogEntriesForClientIP",
        "IIS Log Entries for one client",
        LOGS,
        "search cIP == \"192.168.0.1\" | sort by TimeGenerated desc",
    ),
    (
        "LogManagement|ListAllIISLogEntries",
        "All IIS Log Entries",
        LOGS,
        "W3CIISLog | sort by TimeGenerated desc",
    ),
    (
        "LogManagement|NoOfConnectionsToOMSDKService",
        "How many connections to Operations Manager's SDK service by day",
        LOGS,
        "Event | where EventID == 26328 and EventLog == \"Operations Manager\" | summarize AggregatedValue = count() by bin(TimeGenerated, 1d)",
    ),
    (
        "LogManagement|ServerRestartTime",
        "When did my servers initiate restart?",
        LOGS,
        "search in (Event) \"shutdown\" and EventLog == \"System\" and Source == \"User32\" and EventID == 1074",
    ),
    (
        "LogManagement|Show404PagesList",
        "Pages that people are getting a 404 for",
        LOGS,
        "W3CIISLog | where scStatus == 404 | summarize AggregatedValue = count() by csUriStem",
    ),
    (
        "LogManagement|ShowServersThrowingInternalServerError",
        "Servers that are throwing internal server errors",
        LOGS,
        "W3CIISLog | where scStatus == 500 | summarize AggregatedValue = count() by sComputerName",
    ),
    (
        "LogManagement|TotalBytesReceivedByEachAzureRoleInstance",
        "Total Bytes received by each Azure Role Instance",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = sum(csBytes) by RoleInstance",
    ),
    (
        "LogManagement|TotalBytesReceivedByEachIISComputer",
        "Total Bytes received by each IIS Computer",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = sum(csBytes) by Computer",
    ),
    (
        "LogManagement|TotalBytesRespondedToClientsByClientIPAddress",
        "Total Bytes sent to each Client IP Address",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = sum(scBytes) by cIP",
    ),
    (
        "LogManagement|TotalBytesSentByClientIPAddress",
        "Total Bytes sent by each Client IP Address",
        LOGS,
        "W3CIISLog | summarize AggregatedValue = sum(csBytes) by cIP",
    ),
    (
        "LogManagement|WarningEvents",
        "Events with level Warning",
        LOGS,
        "Event | where EventLevelName == \"warning\" | sort by TimeGenerated desc",
    ),
    (
        "LogManagement|WindowsFirewallPolicySettingsChanged",
        "Windows Firewall Policy settings have changed",
        LOGS,
        "Event | where EventLog == \"Microsoft-Windows-Windows Firewall With Advanced Security/Firewall\" and EventID == 2008 | sort by TimeGenerated desc",
    ),
    (
        "LogManagement|WindowsFirewallPolicySettingsChangedByMachines",
        "On which machines and how often has Windows Firewall changed",
        LOGS,
        "Event | where EventLog == \"Microsoft-Windows-Windows Firewall With Advanced Security/Firewall\" and EventID == 2008 | summarize AggregatedValue = count() by Computer",
    ),
];

/// Fills a new workspace.
pub(super) fn fill(write: &Write, workspace: &WorkspaceId, stamp: u64) -> Result<(), StoreError> {
    fusion(write, workspace, stamp)?;
    for (name, display_name, category, query) in SEARCHES {
        let name = format!("LogManagement({})_{name}", workspace.name);
        let arm_name = name.parse().expect("invariant: names of built-in searches fit ARM");
        let id = workspace.resource(Collection::SavedSearches, &arm_name);
        let body = json!({
            "id": id.to_string(),
            "name": name,
            "type": saved_searches::TYPE,
            "properties": {
                "category": category,
                "displayName": display_name,
                "query": query,
                "version": 2,
            },
        });
        let body = body.to_string().into_bytes();
        write.put(&id, &Resource { kind: String::new(), etag: String::new(), body })?;
    }
    Ok(())
}

fn fusion(write: &Write, workspace: &WorkspaceId, stamp: u64) -> Result<(), StoreError> {
    let name = "BuiltInFusion";
    let arm_name = name.parse().expect("invariant: the name fits ARM");
    let id = workspace.resource(Collection::AlertRules, &arm_name);
    let etag = stamp::rule_etag(stamp);
    let body = json!({
        "id": id.to_string(),
        "name": name,
        "type": "Microsoft.SecurityInsights/alertRules",
        "kind": "Fusion",
        "etag": etag,
        "properties": {
            "alertRuleTemplateName": FUSION_TEMPLATE,
            "displayName": "Advanced Multistage Attack Detection",
            "description": "Finds attacks of several stages by correlating signals of many products.",
            "enabled": true,
            "severity": "High",
            "tactics": ["Collection", "CommandAndControl", "CredentialAccess", "DefenseEvasion",
                "Discovery", "Execution", "Exfiltration", "Impact", "InitialAccess",
                "LateralMovement", "Persistence", "PrivilegeEscalation"],
            "lastModifiedUtc": stamp::to_text(stamp),
        },
    });
    let body = body.to_string().into_bytes();
    write.put(&id, &Resource { kind: "Fusion".into(), etag, body })
}
