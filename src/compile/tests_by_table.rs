//! Exclusions for all queries of a table: none of those queries is deployed without them.

use super::sample::{exclusion, hunt, outcome, repository};

const BY_TABLE: &str = "    appliesTo: { tables: [DeviceEvents] }\n    when: DeviceName =~ \"lab\"";

/// The errors of a hunt with this query, and what became of it.
fn check(query: &str, codes: &[&str], state: &str) {
    check_with(query, BY_TABLE, codes, state);
}

fn check_with(query: &str, body: &str, codes: &[&str], state: &str) {
    let (query, exclusion) = (hunt(query, ""), exclusion(body));
    let files = [("hunting/h.yaml", query.as_str()), ("exclusions/x.yaml", &exclusion)];
    let (found, became) = outcome(&repository(&files, ""));
    assert_eq!((found.as_slice(), became.as_str()), (codes, state), "{query}");
}

#[test]
fn a_query_that_the_table_drives_gets_them_and_another_does_not() {
    check("DeviceEvents\n| where ActionType == 'x'", &[], "tried");
    check("union DeviceEvents, DeviceInfo", &[], "tried");
    check("DeviceInfo\n| where DeviceName == 'x'", &[], "");
    check("DeviceInfo\n| join DeviceEvents on DeviceId", &[], "");
    check("externaldata(a: string) ['https://example.com']", &[], "");
    check("union Email*", &[], "");
}

#[test]
fn a_query_that_may_read_the_table_and_has_no_place_for_them_is_held() {
    check("union Device*", &["exclusion-cannot-place-wildcard"], "held");
    check("union Device*, EmailEvents", &["exclusion-cannot-place-wildcard"], "held");
    check("search 'x'", &["exclusion-cannot-place-search"], "held");
    check("let t = 'DeviceEvents';\ntable(t)", &["exclusion-cannot-place-table-parameter"], "held");
    let given = "let f = (T: (DeviceName: string)) { T | where DeviceName == 'x' };\n\
                 f(DeviceEvents)";
    check(given, &["exclusion-cannot-place-table-parameter"], "held");
}

#[test]
fn a_marker_that_names_the_table_is_a_place() {
    let searched = "search 'x'\n// @exclusions DeviceEvents\n| take 5";
    check(searched, &["exclusion-may-blind-query"], "held");
    check("union Device*\n// @exclusions DeviceEvents\n| take 5", &[], "tried");
    check("search 'x'\n// @exclusions\n| take 5", &["exclusion-cannot-place-marker"], "held");
}

#[test]
fn of_several_tables_each_that_a_query_may_read_counts() {
    let two = BY_TABLE.replace("[DeviceEvents]", "[DeviceInfo, DeviceEvents]");
    check_with("DeviceInfo", &two, &[], "tried");
    let arms = "union DeviceInfo, DeviceE*";
    check_with(arms, &two, &["exclusion-cannot-place-wildcard"], "held");
}
