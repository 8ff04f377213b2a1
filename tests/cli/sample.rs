//! Files that scratch repositories are made of.

/// The tenant of the environment `local`.
pub(crate) const TENANT: &str = "00000000-0000-4000-8000-000000000001";
/// The subscription of its workspace.
pub(crate) const SUBSCRIPTION: &str = "00000000-0000-4000-8000-0000000000aa";

/// `environments/fleet.yaml`.
pub(crate) const FLEET: &str = "\
owner: acme-soc
rings: [canary, broad]
";

/// `environments/local.yaml`: one workspace, `sandbox`, behind a loopback address.
pub(crate) fn environment(endpoint: &str) -> String {
    format!(
        "\
cloud: emulator
endpoint: {endpoint}
tenantId: {TENANT}
credential: {{ kind: none }}
tags: [lab]
workspaces:
  - name: sandbox
    subscriptionId: {SUBSCRIPTION}
    resourceGroup: rg-sandbox
    workspaceName: law-sandbox
    ring: canary
"
    )
}

/// Where [`RULE`] stands.
pub(crate) const RULE_FILE: &str = "content/analytics/relay.yaml";
/// How plans name [`RULE`].
pub(crate) const RULE_KEY: &str = "analytic-rule/relay-rule";
/// The ARM name of [`RULE`].
pub(crate) const RULE_NAME: &str = "relay-rule";

/// A scheduled rule with only what it must have.
pub(crate) const RULE: &str = "\
id: relay-rule
name: Relay contacted
kind: Scheduled
severity: Medium
description: Somebody talks to a relay.
query: |
  DeviceNetworkEvents
  | where RemoteUrl has 'relay.example'
  | project TimeGenerated, DeviceName, RemoteUrl
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tags: [network]
";

/// Where [`HUNT`] stands.
pub(crate) const HUNT_FILE: &str = "content/hunting/relay.yaml";
/// How plans name [`HUNT`].
pub(crate) const HUNT_KEY: &str = "hunting-query/relay-hunt";
/// The ARM name of [`HUNT`].
pub(crate) const HUNT_NAME: &str = "relay-hunt";

/// A hunting query.
pub(crate) const HUNT: &str = "\
id: relay-hunt
name: Relays by device
description: Who talks to relays.
tactics: [CommandAndControl, Exfiltration]
relevantTechniques: [T1219]
query: |
  let lookback = 5d;
  DeviceNetworkEvents
  | where TimeGenerated > ago(lookback)
  | where RemoteUrl has 'relay.example'
  | summarize count() by DeviceName
";

/// An exclusion file with one exclusion about [`RULE`] in every workspace.
pub(crate) const EXCLUSION: &str = "\
exclusions:
  - id: patch-wave
    scenario: Patch management talks to the relay
    appliesTo: { content: [relay-rule] }
    scope: all
    when: DeviceName =~ 'srv-patch-01'
    owner: soc@acme.example
    created: 2026-11-01
    expires: 2027-05-01
    tests:
      - { expect: excluded, event: { RemoteUrl: a.relay.example, DeviceName: srv-patch-01 } }
      - { expect: kept, event: { RemoteUrl: a.relay.example, DeviceName: pc-1 } }
";
