//! The built-in schema against the facts that it was derived from, and the tables that it has to have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sentinelops::content::{self, QuerySource};
use sentinelops::kql::schema::Columns;
use sentinelops::kql::{self, EcsMap, Query, Schema};
use serde_json::Value;

/// The facts lie beside the project and are not part of it; only CI insists on them.
#[expect(clippy::print_stdout, reason = "a skipped test must be seen")]
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", path.display());
    println!("SKIPPED: {} is missing", path.display());
    None
}

fn facts(path: &str) -> Option<Value> {
    let text = std::fs::read_to_string(shared(path)?).expect("the facts can be read");
    Some(serde_json::from_str(&text).expect("the facts are JSON"))
}

/// Tables of which the facts say less than Microsoft's page does, or which stand there under an older
/// spelling.
const FROM_THEIR_PAGES: [&str; 3] =
    ["AADSignInEventsBeta", "AADSpnSignInEventsBeta", "GraphApiAuditEvents"];

#[test]
fn every_built_in_table_has_the_columns_and_types_of_the_reference() {
    let Some(reference) = facts("kql/schema.json") else { return };
    let (mut compared, mut columns) = (0, 0);
    for table in Schema::builtin().tables() {
        if FROM_THEIR_PAGES.contains(&table) {
            continue;
        }
        let expect = reference["tables"][table].as_object().unwrap_or_else(|| panic!("{table}"));
        // `...` stands in the reference for columns that nobody can list.
        let expect: BTreeMap<&str, &str> = expect
            .iter()
            .filter(|(name, _)| *name != "...")
            .map(|(name, kind)| (name.as_str(), kind.as_str().unwrap()))
            .collect();
        let found: BTreeMap<&str, &str> =
            columns_of(table).iter().map(|(name, kind)| (name.as_str(), kind.word())).collect();
        assert_eq!(found, expect, "{table}");
        compared += 1;
        columns += found.len();
    }
    println!("{compared} tables with {columns} columns are as the reference has them");
    assert!(compared > 130 && columns > 5_000, "{compared} tables, {columns} columns");
}

fn columns_of(table: &str) -> &'static Columns {
    Schema::builtin().columns(table).expect("the table is built in")
}

/// The tables of advanced hunting in Microsoft Defender XDR, by Microsoft's list of February 2026, and
/// the one that has taken the place of `AIAgentsInfo` since.
const XDR: &str = "\
    AADSignInEventsBeta AADSpnSignInEventsBeta AIAgentsInfo AgentsInfo AlertEvidence AlertInfo \
    BehaviorEntities BehaviorInfo CampaignInfo CloudAppEvents CloudAuditEvents CloudDnsEvents \
    CloudProcessEvents CloudStorageAggregatedEvents DataSecurityBehaviors DataSecurityEvents \
    DeviceBaselineComplianceAssessment DeviceBaselineComplianceAssessmentKB \
    DeviceBaselineComplianceProfiles DeviceEvents DeviceFileCertificateInfo DeviceFileEvents \
    DeviceImageLoadEvents DeviceInfo DeviceLogonEvents DeviceNetworkEvents DeviceNetworkInfo \
    DeviceProcessEvents DeviceRegistryEvents DeviceTvmBrowserExtensions \
    DeviceTvmBrowserExtensionsKB DeviceTvmCertificateInfo DeviceTvmHardwareFirmware \
    DeviceTvmInfoGathering DeviceTvmInfoGatheringKB DeviceTvmSecureConfigurationAssessment \
    DeviceTvmSecureConfigurationAssessmentKB DeviceTvmSoftwareEvidenceBeta \
    DeviceTvmSoftwareInventory DeviceTvmSoftwareVulnerabilities \
    DeviceTvmSoftwareVulnerabilitiesKB DisruptionAndResponseEvents EmailAttachmentInfo \
    EmailEvents EmailPostDeliveryEvents EmailUrlInfo EntraIdSignInEvents EntraIdSpnSignInEvents \
    ExposureGraphEdges ExposureGraphNodes FileMaliciousContentInfo GraphApiAuditEvents \
    IdentityAccountInfo IdentityDirectoryEvents IdentityEvents IdentityInfo IdentityLogonEvents \
    IdentityQueryEvents MessageEvents MessagePostDeliveryEvents MessageUrlInfo OAuthAppInfo \
    UrlClickEvents";

#[test]
fn every_table_of_defender_xdr_is_built_in() {
    for table in XDR.split_whitespace() {
        let columns = Schema::builtin().columns(table).map_or(0, Columns::len);
        assert!(columns > 4, "{table} has {columns} columns");
    }
}

#[test]
fn the_sixty_sentinel_tables_that_published_content_uses_most_are_built_in() {
    let (Some(folder), Some(reference)) = (shared("corpus"), facts("kql/schema.json")) else {
        return;
    };
    let xdr: BTreeSet<&str> = XDR.split_whitespace().collect();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for content in &content::load_folder(&folder).0.contents {
        let QuerySource::Own(text) = &content.query else { continue };
        for table in kql::tables(&Query::parse(&text.value)) {
            *uses.entry(table).or_default() += 1;
        }
    }
    // Tables of Azure: customers' own and parsers have no page in the reference, or one that says so.
    let known = |table: &String| {
        let columns = reference["tables"][table].as_object();
        columns.is_some_and(|c| c.contains_key("_BilledSize")) && !table.ends_with("_CL")
    };
    let mut sentinel: Vec<(usize, &String)> = uses
        .iter()
        .filter(|(table, _)| known(table) && !xdr.contains(table.as_str()))
        .map(|(table, uses)| (*uses, table))
        .collect();
    sentinel.sort_by_key(|(uses, table)| (std::cmp::Reverse(*uses), (*table).clone()));
    let lacking: Vec<_> = sentinel
        .iter()
        .take(60)
        .filter(|(_, table)| Schema::builtin().columns(table).is_none())
        .collect();
    let built_in = sentinel.iter().filter(|(_, table)| Schema::builtin().columns(table).is_some());
    println!(
        "{} of {} Sentinel tables of the corpus are built in",
        built_in.count(),
        sentinel.len()
    );
    assert_eq!(lacking, Vec::<&(usize, &String)>::new());
}

#[test]
fn ecs_names_are_those_of_the_reference() {
    let Some(reference) = facts("kql/ecs_map.json") else { return };
    let map = EcsMap::builtin();
    let mut compared = 0;
    for (table, names) in reference.as_object().unwrap().iter().filter(|(_, n)| n.is_object()) {
        let expect: BTreeMap<&str, &str> = names
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, column)| (name.as_str(), column.as_str().unwrap()))
            .collect();
        assert_eq!(map.names(table).collect::<BTreeMap<_, _>>(), expect, "{table}");
        compared += expect.len();
    }
    assert_eq!(compared, 69);
}
