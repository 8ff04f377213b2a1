//! Parameters: those that the query does not have, and values that would silence it.

use super::sample::{hunt, outcome, repository};

const QUERY: &str = "let lookback = 7d;\nlet hosts = dynamic(['a', 'b']);\nlet allowed = dynamic(['c']);\n\
                     let start = ago(7d);\nDeviceEvents\n| where Timestamp > ago(lookback)\n\
                     | where Timestamp between (start .. now())\n| where DeviceName in~ (hosts)\n\
                     | where not(ActionType in (allowed)) and FileName !in (allowed)";

fn check_set(query: &str, names: &str, values: &str, codes: &[&str], place: &str) {
    let hunt = hunt(query, &format!("parameters: [{names}]\n"));
    let environment = format!("parameters: {{ h: {{ {values} }} }}\n");
    let environment = if values.is_empty() { "" } else { &environment };
    let compiled = repository(&[("hunting/h.yaml", &hunt)], environment);
    let (found, became) = outcome(&compiled);
    let state = if codes.is_empty() { "" } else { "held" };
    assert_eq!((found.as_slice(), became.as_str()), (codes, state), "{values}");
    if let Some(error) = compiled.diagnostics.iter().next() {
        let label = &error.labels[0];
        assert_eq!(&label.source.text()[label.span.clone()], place, "{values}");
        assert!(error.help.is_some());
    }
}

fn check(values: &str, codes: &[&str], place: &str) {
    check_set(QUERY, "lookback, hosts, allowed, start", values, codes, place);
}

#[test]
fn a_value_with_which_the_query_admits_nothing_is_held() {
    check("", &[], "");
    check("hosts: [x]", &[], "");
    check("hosts: []", &["parameter-silences-query"], "[]");
    check("allowed: []", &[], "");
    check("hosts: [], allowed: []", &["parameter-silences-query"], "[]");
}

#[test]
fn a_window_of_no_length_is_held() {
    check("lookback: 1h, start: 1h", &[], "");
    check("lookback: 0d", &["parameter-silences-query"], "0d");
    check("start: 0h", &["parameter-silences-query"], "0h");
    let until = "let until = 1d;\nDeviceEvents\n| where Timestamp between (ago(7d) .. ago(until))";
    check_set(until, "until", "until: 0d", &[], "");
    let minus = "let back = 1d;\nDeviceEvents\n| where Timestamp >= now() - back";
    check_set(minus, "back", "back: 0d", &["parameter-silences-query"], "0d");
}

#[test]
fn one_arm_of_a_union_is_not_silenced_either() {
    let query = "let hosts = dynamic(['a']);\n\
                 union (DeviceEvents | where DeviceName in (hosts)), (DeviceInfo | where DeviceName != '')";
    check_set(query, "hosts", "hosts: []", &["parameter-silences-query"], "[]");
}

#[test]
fn a_query_that_is_silent_by_itself_is_not_blamed_on_a_parameter() {
    let query = "let hosts = dynamic([]);\nlet n = 5;\n\
                 DeviceEvents | where DeviceName in (hosts) and ProcessId > n";
    check_set(query, "n", "n: 6", &[], "");
}

#[test]
fn a_parameter_is_a_let_of_the_query_even_while_nobody_sets_it() {
    check_set(QUERY, "lookbak", "", &["parameter-unknown"], "parameters");
    let computed = "let hosts = DeviceInfo | distinct DeviceName;\nDeviceEvents";
    check_set(computed, "hosts", "", &["parameter-form"], "parameters");
    check_set(QUERY, "lookbak", "lookbak: 3d", &["parameter-unknown"], "parameters");
}
