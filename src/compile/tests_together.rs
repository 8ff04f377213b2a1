//! Exclusions of several tables, or at several markers, on the way of the same rows.

use super::sample::{hunt, outcome, repository};

const ARMS: &str = "union (DeviceNetworkEvents | where ActionType in ('p', 'q')), \
                    (DeviceFileEvents | where ActionType in ('p', 'q'))\n\
                    // @exclusions DeviceFileEvents\n| project-reorder DeviceName";

/// Exclusions `a`, `b`, … of a table and with a condition, and what else they say.
fn check(query: &str, exclusions: &[(&str, &str)], codes: &[&str], state: &str) {
    let mut text = "exclusions:\n".to_owned();
    for ((table, condition), id) in exclusions.iter().zip('a'..) {
        text += &format!(
            "  - id: {id}\n    scenario: A test\n    scope: all\n    \
             appliesTo: {{ content: [h] }}\n    table: {table}\n    {condition}\n"
        );
    }
    let hunt = hunt(query, "");
    let files = [("hunting/h.yaml", hunt.as_str()), ("exclusions/x.yaml", &text)];
    let compiled = repository(&files, "");
    let (found, became) = outcome(&compiled);
    let said = &compiled.diagnostics;
    assert_eq!((found.as_slice(), became.as_str()), (codes, state), "{exclusions:?}: {said:?}");
}

const NETWORK: &str = "DeviceNetworkEvents";
const FILE: &str = "DeviceFileEvents";

#[test]
fn exclusions_of_two_tables_that_blind_the_rows_of_one_together_are_found() {
    let taken = (NETWORK, "when: DeviceName == 'x'");
    let blinds = ["exclusion-blinds-query"];
    check(ARMS, &[taken, (FILE, "keep: DeviceName == 'x'")], &blinds, "held");
    check(ARMS, &[taken, (FILE, "when: DeviceName != 'x'")], &blinds, "held");
    check(ARMS, &[taken, (FILE, "when: DeviceName == 'y'")], &[], "a b");
    check(ARMS, &[taken, (FILE, "keep: DeviceName has 'x'")], &[], "a b");
    let apart = ARMS.replace("// @exclusions DeviceFileEvents\n", "");
    check(&apart, &[taken, (FILE, "keep: DeviceName == 'x'")], &[], "a b");
}

#[test]
fn one_alternative_is_not_blinded_by_exclusions_of_two_tables_unless_both_take_responsibility() {
    let known = "\n    acknowledge: [{ code: exclusion-blinds-alternative, reason: noise }]";
    let first = "when: ActionType == 'p' and DeviceName == 'x'";
    let second = "keep: ActionType != 'p' or DeviceName == 'x'";
    let with = |text: &str| format!("{text}{known}");
    let third = (NETWORK, "when: RemotePort == 1");
    let blinds = ["exclusion-blinds-alternative"];
    check(ARMS, &[(NETWORK, first), (FILE, second), third], &blinds, "held");
    check(ARMS, &[(NETWORK, &with(first)), (FILE, second), third], &blinds, "held");
    check(ARMS, &[(NETWORK, first), (FILE, &with(second)), third], &blinds, "held");
    check(ARMS, &[(NETWORK, &with(first)), (FILE, &with(second)), third], &[], "a b c");
}

#[test]
fn a_column_under_another_name_is_the_same_to_all_of_them() {
    let renamed = ARMS
        .replace("\n// @excl", "\n| extend InitiatingProcessAccountName = DeviceName\n// @excl");
    let first = (NETWORK, "when: DeviceName == 'x'");
    let second = "keep: InitiatingProcessAccountName == 'x'\n    \
                  acknowledge: [{ code: exclusion-may-blind-query, reason: alone it is right }]";
    check(&renamed, &[(FILE, second)], &[], "a");
    check(&renamed, &[first, (FILE, second)], &["exclusion-blinds-query"], "held");
}

#[test]
fn an_exclusion_at_a_marker_does_not_take_out_other_tables_rows_unnoticed() {
    let query = |arm: &str| {
        format!(
            "union (SecurityEvent | where EventID == 1), {arm}\n// @exclusions SecurityEvent\n| take 5"
        )
    };
    let empty = ("SecurityEvent", "when: isempty(Account) and EventID != 2");
    let named = ("SecurityEvent", "when: Account == 'x'");
    let of_type = ("SecurityEvent", "when: Type == 'SecurityEvent' and isempty(Account)");
    let whole = "SecurityEvent\n| where EventID == 1\n// @exclusions SecurityEvent\n| take 5";
    check(whole, &[empty], &[], "a");
    check(&query("DeviceEvents"), &[empty], &["exclusion-may-blind-query"], "held");
    let strangers = ["exclusion-takes-other-tables"];
    let both = ["exclusion-may-blind-query", "exclusion-takes-other-tables"];
    // An open table may lack the column, or have it; of a wildcard's rows nothing is known.
    for (arm, codes) in [("Made_CL", &both[..]), ("Device*", &strangers)] {
        check(&query(arm), &[empty], codes, "held");
        check(&query(arm), &[named], &[], "a");
        check(&query(arm), &[of_type], &[], "a");
    }
    let known = "when: isempty(Account) and EventID != 2\n    \
                 acknowledge: [{ code: exclusion-takes-other-tables, reason: wanted }, \
                 { code: exclusion-may-blind-query, reason: seen }]";
    check(&query("Made_CL"), &[("SecurityEvent", known)], &[], "a");
}
