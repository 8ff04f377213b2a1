//! Tables that are not built in: `environments/<name>.schema.yaml` and `--schema`.

use crate::root::Root;
use crate::sample::{EXCLUSION, RULE, RULE_FILE, RULE_KEY};

const SCHEMA: &str = "\
tables:
  Relay_CL:
    TimeGenerated: datetime
    Url_s: string
    User_s: string
    Port_d: int
";

/// A rule over a custom table, and an exclusion over a column of it that the rule does not name.
fn custom(condition: &str) -> (Root, crate::portal::Portal) {
    let (root, portal) = Root::with_rule();
    let query = "Relay_CL\n  | where Url_s has 'relay.example'\n  | project TimeGenerated, Url_s\n";
    let from = RULE.find("DeviceNetworkEvents").unwrap()..RULE.find("queryFrequency").unwrap();
    root.write(RULE_FILE, &RULE.replace(&RULE[from], query));
    let exclusion = EXCLUSION.replace("DeviceName =~ 'srv-patch-01'", condition);
    let tests = exclusion.find("    tests:").unwrap_or(exclusion.len());
    let tried = "    tests:\n      - { expect: excluded, event: { Url_s: relay.example, User_s: patch } }\n      \
                 - { expect: kept, event: { Url_s: relay.example, User_s: eve } }\n";
    root.write("content/exclusions/x.yaml", &format!("{}{tried}", &exclusion[..tests]));
    (root, portal)
}

#[test]
fn a_column_of_a_custom_table_is_known_from_a_schema_file() {
    let (root, _portal) = custom("User_s =~ 'patch'");
    root.run(&["plan"]).says(&["held"]);
    root.write("environments/local.schema.yaml", SCHEMA);
    root.run(&["check"]).exits(0);
    root.run(&["render"]).exits(0).says(&["coalesce((User_s =~ 'patch'), false)"]);
}

#[test]
fn a_schema_can_be_given_to_one_run() {
    let (root, _portal) = custom("User_s =~ 'patch'");
    root.write("tables.yaml", SCHEMA);
    let schema = root.path("tables.yaml");
    let schema = schema.to_str().unwrap();
    root.run(&["check"]).exits(10);
    root.run(&["check", "--schema", schema]).exits(0);
    root.run(&["test", "--schema", schema]).exits(0);
    root.run(&["plan", "--schema", schema]).exits(0).says(&[RULE_KEY]);
    root.run(&["check", "--schema", "no/such.yaml"]).exits(10).says(&["no/such.yaml"]);
    root.write("tables.yaml", "tables: { Relay_CL: { User_s: text } }\n");
    root.run(&["check", "--schema", schema]).exits(10).says(&["`text` is not a type of KQL"]);
}

#[test]
fn types_of_a_schema_file_are_checked() {
    let (root, _portal) = custom("User_s =~ 'patch' and Port_d has '443'");
    root.write("environments/local.schema.yaml", SCHEMA);
    root.run(&["check"]).exits(10).says(&["Port_d", "int"]);
}

#[test]
fn a_column_that_only_the_query_knows_of_a_known_table_is_added_by_a_schema_file() {
    let (root, _portal) = custom("peer_s =~ 'patch'");
    let query = "AzureDiagnostics\n  | where Category == 'x' and peer_s != ''";
    root.replace(RULE_FILE, "Relay_CL\n  | where Url_s has 'relay.example'", query);
    root.replace(RULE_FILE, "TimeGenerated, Url_s", "TimeGenerated, peer_s");
    let exclusions = root.read("content/exclusions/x.yaml");
    let tests = "event: { Category: x, peer_s";
    let exclusions = exclusions.replace("event: { Url_s: relay.example, User_s", tests);
    root.write("content/exclusions/x.yaml", &exclusions);
    root.run(&["check"]).exits(10).says(&[
        "`AzureDiagnostics` has no column `peer_s`",
        "environments/<name>.schema.yaml",
        "`tables: { AzureDiagnostics: { peer_s: string } }`",
    ]);
    let schema = "tables: { AzureDiagnostics: { peer_s: string } }\n";
    root.write("environments/local.schema.yaml", schema);
    root.run(&["check"]).exits(0);
}

#[test]
fn ecs_names_are_extended_in_the_fleets_and_in_an_environments_file() {
    let (root, _portal) = custom("user.name =~ 'patch'");
    root.run(&["check"]).exits(10).says(&[
        "nothing is known about the columns of `Relay_CL`",
        "`ecs: { Relay_CL: { user.name: Column } }`",
    ]);
    let compiled = "coalesce((User_s =~ 'patch'), false)";
    let fleet = root.read("environments/fleet.yaml");
    root.append("environments/fleet.yaml", "ecs: { Relay_CL: { user.name: User_s } }\n");
    root.run(&["render"]).exits(0).says(&[compiled]);
    root.write("environments/fleet.yaml", &fleet);
    root.append("environments/local.yaml", "ecs: { Relay_CL: { user.name: User_s } }\n");
    root.run(&["render"]).exits(0).says(&[compiled]);
    // A known table must have the column: nothing would tell a hunt from one that finds nothing.
    root.write("environments/local.schema.yaml", &SCHEMA.replace("User_s", "Username_s"));
    root.run(&["apply", "--yes"]).exits(10).says(&[
        "error[unknown-ecs-column]",
        "environments/local.yaml:",
        "there are `Port_d`",
    ]);
}

#[test]
fn a_test_event_may_name_a_column_that_a_schema_file_adds_to_a_known_table() {
    let (root, _portal) = Root::with_rule();
    let exclusion = EXCLUSION.replace("DeviceName =~ 'srv-patch-01'", "Site_s =~ 'lab'");
    let tests = exclusion.find("    tests:").unwrap_or(exclusion.len());
    let tried = "    tests:\n      - { expect: excluded, event: { Site_s: LAB, RemoteUrl: a.relay.example } }\n      \
                 - { expect: kept, event: { Site_s: desk, RemoteUrl: a.relay.example } }\n";
    root.write("content/exclusions/x.yaml", &format!("{}{tried}", &exclusion[..tests]));
    let schema = "tables:\n  DeviceNetworkEvents:\n    Site_s: string\n";
    root.write("environments/local.schema.yaml", schema);
    root.run(&["test"]).exits(0).says(&["2 tests passed"]);
}
