//! Parameters: those that the query does not have, and values that would silence it.

use super::sample::{hunt, outcome, repository};

const QUERY: &str = "let lookback = 7d;\nlet hosts = dynamic(['a', 'b']);\nlet allowed = dynamic(['c']);\n\
                     let start = ago(7d);\nDeviceEvents\n| where Timestamp > ago(lookback)\n\
                     | where Timestamp between (start .. now())\n| where DeviceName in~ (hosts)\n\
                     | where not(ActionType in (allowed)) and FileName !in (allowed)";

fn check_set(query: &str, names: &str, values: &str, codes: &[&str], place: &str) {
    check_keys("", (query, names), values, codes, place);
}

/// The same of a rule that looks back for a day.
fn check_rule(query: &str, names: &str, values: &str, codes: &[&str], place: &str) {
    let keys = "kind: Scheduled\nseverity: Low\nqueryFrequency: 1d\nqueryPeriod: 1d\n\
                triggerOperator: gt\ntriggerThreshold: 0\n";
    check_keys(keys, (query, names), values, codes, place);
}

fn check_keys(keys: &str, (query, names): (&str, &str), values: &str, codes: &[&str], place: &str) {
    let hunt = hunt(query, &format!("{keys}parameters: [{names}]\n"));
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
fn a_number_of_rows_that_is_zero_is_held() {
    for operator in ["take n", "limit n", "top n by Timestamp", "sample n"] {
        let query = format!("let n = 5;\nDeviceEvents\n| {operator}");
        check_set(&query, "n", "n: 1", &[], "");
        check_set(&query, "n", "n: 0", &["parameter-silences-query"], "0");
    }
    let compared = "let n = 5;\nDeviceEvents\n| where ProcessId > n";
    check_set(compared, "n", "n: 0", &[], "");
}

#[test]
fn a_pattern_that_everything_may_fit_is_said_to_be_one() {
    let said = |code: &str, values: &str| {
        let query = "let names = dynamic(['a']);\nlet pattern = 'a';\nDeviceEvents\n\
                     | where not(FileName has_any (names))\n\
                     | where not(DeviceName matches regex pattern)";
        let hunt = hunt(query, "parameters: [names, pattern]\n");
        let environment = format!("parameters: {{ h: {{ {values} }} }}\n");
        let compiled = repository(&[("hunting/h.yaml", &hunt)], &environment);
        let codes = compiled.diagnostics.iter().map(|d| d.code.as_str());
        codes.filter(|found| *found == code).count()
    };
    let warns = |values: &str| said("parameter-may-silence-query", values);
    assert_eq!(warns("names: [b], pattern: 'b.*'"), 0);
    assert_eq!(warns("names: ['']"), 1);
    assert_eq!(warns("pattern: '^.*$'"), 1);
    assert_eq!(said("parameter-silences-query", "pattern: '.*'"), 1);
}

#[test]
fn one_arm_of_a_union_is_not_silenced_either() {
    let query = "let hosts = dynamic(['a']);\n\
                 union (DeviceEvents | where DeviceName in (hosts)), (DeviceInfo | where DeviceName != '')";
    check_set(query, "hosts", "hosts: []", &["parameter-silences-query"], "[]");
}

#[test]
fn one_way_of_a_tables_rows_is_not_silenced_either() {
    let query = "let hosts = dynamic(['a']);\nlet seen = DeviceEvents | where DeviceName != '';\n\
                 union (seen | where DeviceName in (hosts)), (seen | where ActionType == 'x')";
    check_set(query, "hosts", "hosts: [b]", &[], "");
    check_set(query, "hosts", "hosts: []", &["parameter-silences-query"], "[]");
}

#[test]
fn a_date_that_no_row_can_have_now_or_one_day_is_held() {
    let query = "let since = datetime(2024-01-01);\nlet until = datetime(2025-01-01);\n\
                 union (DeviceEvents | where Timestamp > since), (DeviceInfo | where Timestamp < until)";
    let (code, both) = ("parameter-silences-query", "since, until");
    check_set(query, both, "since: 2026-11-01", &[], "");
    check_set(query, both, "since: 2099-01-01", &[code], "2099-01-01");
    check_set(query, both, "since: 2026-12-01", &[code], "2026-12-01");
    // A hunt may look at what is long gone; a rule does not see it.
    check_set(query, both, "until: 2024-06-01", &[], "");
    let window = "let from = 2d;\nlet until = 1h;\nlet last = datetime(2099-01-01);\nDeviceEvents\n\
                  | where Timestamp > ago(from) and Timestamp < ago(until) and Timestamp < last";
    let names = "from, until, last";
    check_rule(window, names, "", &[], "");
    check_rule(window, names, "from: 7d, until: 2h", &[], "");
    check_rule(window, names, "until: 2d", &[code], "2d");
    check_rule(window, names, "from: 5d, until: 36h", &[code], "36h");
    check_rule(window, names, "last: 2026-12-24", &[code], "2026-12-24");
    check_rule(window, names, "last: 2026-11-01", &[code], "2026-11-01");
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
