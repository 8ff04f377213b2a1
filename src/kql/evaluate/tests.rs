use serde_json::json;

use super::*;
use crate::kql::predicate::{Constants, Context, filter};
use crate::kql::{Columns, value::datetime};

fn columns() -> Columns {
    [
        ("s", ColumnType::String),
        ("t", ColumnType::String),
        ("i", ColumnType::Int),
        ("r", ColumnType::Real),
        ("b", ColumnType::Bool),
        ("d", ColumnType::Datetime),
        ("p", ColumnType::Timespan),
        ("g", ColumnType::Guid),
        ("j", ColumnType::Dynamic),
        ("l", ColumnType::Long),
        ("m", ColumnType::Decimal),
    ]
    .map(|(name, kind)| (name.to_owned(), kind))
    .into()
}

fn check(event: &serde_json::Value, text: &str, expect: Truth) {
    let columns = columns();
    let constants = Constants::new();
    let context = Context { columns: Some(&columns), constants: &constants };
    let values = serde_json::from_value(event.clone()).unwrap();
    let event_read = Event::read(&values, Some(&columns)).unwrap();
    let now = datetime("2026-01-01T12:00:00Z").unwrap();
    let found = evaluate(&filter(text, context), &event_read, now);
    assert_eq!(found, expect, "{event} {text}");
}

const T: Truth = Truth::TRUE;
const F: Truth = Truth::FALSE;
const N: Truth = Truth::NULL;

#[test]
fn null_is_unequal_to_everything_and_below_nothing() {
    for (text, expect) in [
        ("i == 5", F),
        ("i != 5", T),
        ("i > 3", N),
        ("i <= 3", N),
        ("not(i > 3)", N),
        ("i in (1, 2)", F),
        ("i !in (1, 2)", T),
        ("i between (1 .. 2)", Truth::FALSE_OR_NULL),
        ("isnull(i)", T),
        ("isnotnull(i)", F),
        ("isempty(i)", T),
        ("isnull(s)", F),
        ("isempty(s)", T),
        ("isnotempty(s)", F),
        ("s == ''", T),
        ("s has 'x'", F),
        ("s !has 'x'", T),
        ("b", N),
        ("not(b)", N),
        ("b == true", F),
        ("b != true", T),
        ("i > 3 or isnull(i)", T),
        ("d > ago(1d)", N),
        ("j has 'x'", Truth::FALSE_OR_NULL),
        ("strlen(s) == 0", T),
        ("i < 3", N),
        ("i >= 3", N),
        ("3 < i", N),
        ("r == 1.5", F),
        ("r != 1.5", T),
        ("r < 1.5", N),
        ("d == datetime(2026-01-01)", F),
        ("d != datetime(2026-01-01)", T),
        ("d < now()", N),
        ("p > 1h", N),
        ("p != 1h", T),
        ("g == guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", F),
        ("g != guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", T),
        ("isnotempty(i)", F),
        ("isnotnull(d)", F),
        ("isnull(j)", T),
        ("isnotnull(s)", T),
        ("not(isnull(i))", F),
        ("not(i == 5)", T),
        ("not(i != 5)", F),
        ("b or true", T),
        ("b and false", F),
        ("b or i != 5", T),
        ("s in ('')", T),
        ("s !in ('a')", T),
        ("s startswith 'a'", F),
        ("s !startswith 'a'", T),
        ("s contains ''", T),
        ("s matches regex '^$'", T),
        ("tolower(s) == ''", T),
        ("strlen(s) > 0", F),
    ] {
        check(&json!({}), text, expect);
    }
}

#[test]
fn operators_do_as_documented() {
    let event = json!({"s": "North America", "t": "aBc", "i": 5, "r": 1.5, "b": true,
        "d": "2026-01-01T00:00:00Z", "p": "1h", "j": ["x-y", 3],
        "g": "74BE27DE-1e4e-49d9-b579-fe0b331d3642"});
    for (text, expect) in [
        ("t == 'aBc'", T),
        ("t == 'ABC'", F),
        ("t != 'ABC'", T),
        ("t =~ 'ABC'", T),
        ("t !~ 'ABC'", F),
        ("t in ('ABC', 'aBc')", T),
        ("t in ('ABC')", F),
        ("t in~ ('ABC')", T),
        ("t !in~ ('ABC')", F),
        ("t in (dynamic(['aBc', 'x']))", T),
        ("s has_any ('x', 'north')", T),
        ("s has_all ('x', 'north')", F),
        ("s has_all ('america', 'north')", T),
        ("s has_cs 'north'", F),
        ("s !hasprefix 'ame'", F),
        ("s contains_cs 'th A'", T),
        ("s !contains_cs 'th a'", T),
        ("s startswith 'NORTH'", T),
        ("s !startswith_cs 'NORTH'", T),
        ("s endswith_cs 'rica'", T),
        ("s matches regex '^N.*a$'", T),
        ("s matches regex '^n'", F),
        ("tolower(t) == 'abc'", T),
        ("toupper(t) == 'ABC'", T),
        ("strlen(t) > 2", T),
        ("i == 5.0", T),
        ("i > 4 and i <= 5", T),
        ("i != 5", F),
        ("i < 5", F),
        ("i >= 5", T),
        ("i in (4, 5)", T),
        ("i !in (4, 5)", F),
        ("i == 6 or r == 1.5", T),
        ("i == 6 or r == 2.5", F),
        ("not(i == 6 or r == 2.5)", T),
        ("i == 5 and r == 1.5 and b", T),
        ("r == 1.5", T),
        ("r > 1", T),
        ("r between (1.0 .. 2.0)", T),
        ("5 > i", F),
        ("i between (1 .. 5)", T),
        ("i !between (1 .. 5)", F),
        ("i between (6 .. 9)", F),
        ("r < 2", T),
        ("b", T),
        ("b and i == 5", T),
        ("b == false", F),
        ("b != true", F),
        ("not(b)", F),
        ("d > ago(1d)", T),
        ("d > ago(1h)", F),
        ("d > ago(12h)", F),
        ("d >= ago(12h)", T),
        ("d <= now()", T),
        ("d == datetime(2026-01-01)", T),
        ("d < datetime(2026-01-01)", F),
        ("d !between (datetime(2025-12-31) .. 1d)", F),
        ("d < now(-1h)", T),
        ("d >= datetime(2026-01-01)", T),
        ("d between (datetime(2025-12-31) .. 1d)", T),
        ("p == 60m", T),
        ("p > 1d", F),
        ("p >= 1h", T),
        ("p < 61m", T),
        ("p between (30m .. 2h)", T),
        ("p between (2h .. 3h)", F),
        ("g == guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", T),
        ("j has 'y'", T),
        ("j has 'z'", F),
        ("true", T),
        ("not(false)", T),
        ("unknown_function(s) == 1", Truth::UNKNOWN),
        ("unknown_function(s) == 1 or i == 5", T),
        ("unknown_function(s) == 1 and i == 6", F),
        ("s == t", Truth::UNKNOWN),
    ] {
        check(&event, text, expect);
    }
}

/// A text, an operator with its right side, and the outcome.
fn check_text(text: &str, rest: &str, expect: bool) {
    check(&json!({ "s": text }), &format!("s {rest}"), Truth::of(expect));
}

#[test]
fn equality_of_texts() {
    for (text, rest, expect) in [
        ("aBc", "== 'aBc'", true),
        ("aBc", "== 'abc'", false),
        ("aBc", "== ''", false),
        ("", "== ''", true),
        (" a", "== 'a'", false),
        ("aBc", "!= 'abc'", true),
        ("aBc", "!= 'aBc'", false),
        ("aBc", "=~ 'ABC'", true),
        ("aBc", "=~ 'ab'", false),
        ("aBc", "!~ 'xyz'", true),
        ("aBc", "!~ 'abc'", false),
        ("aBc", "<> 'abc'", true),
        ("aBc", "in ('123', 'aBc')", true),
        ("aBc", "in ('123', 'abc')", false),
        ("aBc", "!in ('abc')", true),
        ("aBc", "!in ('abc', 'aBc')", false),
        ("aBc", "in~ ('ABC')", true),
        ("aBc", "in~ ('AB', 'BC')", false),
        ("aBc", "!in~ ('ABC')", false),
        ("aBc", "!in~ ('AB')", true),
        ("aBc", "in ('x')", false),
        ("it's", "== @'it''s'", true),
        ("a\\b", "== @'a\\b'", true),
        ("a\\b", "== 'a\\\\b'", true),
        ("x", "== h'x'", true),
    ] {
        check_text(text, rest, expect);
    }
}

#[test]
fn parts_of_texts() {
    for (text, rest, expect) in [
        ("FabriKam", "contains 'BRik'", true),
        ("Fabrikam", "contains 'xyz'", false),
        ("Fabrikam", "!contains 'xyz'", true),
        ("Fabrikam", "!contains 'BRIK'", false),
        ("FabriKam", "contains_cs 'Kam'", true),
        ("FabriKam", "contains_cs 'kam'", false),
        ("Fabrikam", "!contains_cs 'Kam'", true),
        ("Fabrikam", "!contains_cs 'kam'", false),
        ("Fabrikam", "contains ''", true),
        ("", "contains 'a'", false),
        ("Fabrikam", "startswith 'fab'", true),
        ("Fabrikam", "startswith 'abr'", false),
        ("Fabrikam", "!startswith 'kam'", true),
        ("Fabrikam", "!startswith 'FABRI'", false),
        ("Fabrikam", "startswith_cs 'Fab'", true),
        ("Fabrikam", "startswith_cs 'fab'", false),
        ("Fabrikam", "!startswith_cs 'fab'", true),
        ("Fabrikam", "endswith 'Kam'", true),
        ("Fabrikam", "endswith 'fab'", false),
        ("Fabrikam", "!endswith 'brik'", true),
        ("Fabrikam", "!endswith 'AM'", false),
        ("Fabrikam", "endswith_cs 'kam'", true),
        ("Fabrikam", "endswith_cs 'Kam'", false),
        ("Fabrikam", "!endswith_cs 'brik'", true),
        ("ab", "startswith 'abc'", false),
        ("ab", "endswith 'cab'", false),
        ("", "startswith ''", true),
        ("", "endswith 'a'", false),
    ] {
        check_text(text, rest, expect);
    }
}

#[test]
fn terms_of_texts() {
    let long = "Kusto: ad67d136-c1db-4f9f-88ef-d94f3b6b0b5a;KustoExplorerQueryRun";
    for (text, rest, expect) in [
        (long, "has 'kusto'", true),
        (long, "has 'ad67d136'", true),
        (long, "has 'KustoExplorerQueryRun'", true),
        (long, "has 'Explorer'", false),
        (long, "has 'ad67'", false),
        (long, "has '88ef-d94f3b6b0b5a'", true),
        (long, "has '8ef-d94f3b6b0b5a'", false),
        (long, "hasprefix 'kustoex'", true),
        (long, "hasprefix 'explorer'", false),
        (long, "!hasprefix 'explorer'", true),
        (long, "hassuffix 'queryrun'", true),
        (long, "hassuffix 'query'", false),
        (long, "!hassuffix 'query'", true),
        (long, "hasprefix_cs 'KustoEx'", true),
        (long, "hasprefix_cs 'kustoex'", false),
        (long, "!hasprefix_cs 'kustoex'", true),
        (long, "hassuffix_cs 'Run'", true),
        (long, "hassuffix_cs 'run'", false),
        (long, "!hassuffix_cs 'run'", true),
        (long, "has_cs 'Kusto'", true),
        (long, "has_cs 'kusto'", false),
        (long, "!has_cs 'kusto'", true),
        ("North America", "has 'america'", true),
        ("North America", "!has 'amer'", true),
        ("North America", "!has 'NORTH'", false),
        ("North America", "has 'north america'", true),
        ("North  America", "has 'north america'", false),
        ("North America", "has_any ('south', 'north')", true),
        ("North America", "has_any ('sou', 'nor')", false),
        ("North America", "has_any (dynamic(['south', 'america']))", true),
        ("North and South America", "has_all ('south', 'north')", true),
        ("North and South America", "has_all ('south', 'nort')", false),
        ("C:\\Windows\\System32\\cmd.exe", "has 'cmd.exe'", true),
        ("C:\\Windows\\System32\\cmd.exe", "has 'cmd'", true),
        ("C:\\Windows\\System32\\cmd.exe", "has @'System32\\cmd'", true),
        ("C:\\Windows\\System32\\xcmd.exe", "has 'cmd.exe'", false),
        ("a_b", "has 'a_b'", true),
        ("a1b", "has '1'", false),
        ("a-1-b", "has '1'", true),
        ("user@contoso.com", "has 'contoso.com'", true),
        ("user@notcontoso.com", "has 'contoso.com'", false),
        ("", "has 'a'", false),
        ("", "!has 'a'", true),
    ] {
        check_text(text, rest, expect);
    }
}

#[test]
fn patterns_lengths_and_functions_of_texts() {
    for (text, condition, expect) in [
        ("Fabrikam", "s matches regex 'b.*k'", true),
        ("Fabrikam", "s matches regex '^b'", false),
        ("Fabrikam", "s matches regex '(?i)^fAB'", true),
        ("Fabrikam", "not(s matches regex '^F')", false),
        ("Fabrikam", "tolower(s) == 'fabrikam'", true),
        ("Fabrikam", "tolower(s) == 'Fabrikam'", false),
        ("Fabrikam", "toupper(s) startswith_cs 'FAB'", true),
        ("Fabrikam", "strlen(s) == 8", true),
        ("Fabrikam", "strlen(s) > 8", false),
        ("Fabrikam", "strlen(s) between (1 .. 8)", true),
        ("", "strlen(s) == 0", true),
        ("", "isempty(s)", true),
        ("x", "isempty(s)", false),
        ("x", "isnotempty(s)", true),
        ("", "isnotempty(s)", false),
        ("", "isnull(s)", false),
        ("", "isnotnull(s)", true),
        ("10.1.2.3", "ipv4_is_private(s)", true),
        ("11.1.2.3", "ipv4_is_private(s)", false),
        ("192.168.255.255", "ipv4_is_private(s)", true),
        ("172.15.0.1", "ipv4_is_private(s)", false),
        ("192.168.1.6", "ipv4_is_in_range(s, '192.168.1.1/24')", true),
        ("192.168.2.6", "ipv4_is_in_range(s, '192.168.1.1/24')", false),
        ("192.168.1.1", "ipv4_is_in_range(s, '192.168.1.1')", true),
        ("192.168.1.2", "not(ipv4_is_in_range(s, '192.168.1.1'))", true),
    ] {
        check(&json!({ "s": text }), condition, Truth::of(expect));
    }
    check(&json!({ "s": "host" }), "ipv4_is_private(s)", N);
    check(&json!({ "s": "host" }), "not(ipv4_is_private(s))", N);
}

#[test]
fn literals_of_every_type_are_values() {
    let event = json!({"s": "a", "i": 31, "l": -5, "r": 1000.0, "m": 1.5, "b": true,
        "d": "2026-01-01T10:00:00Z", "p": "1.02:00:00",
        "g": "74be27de-1e4e-49d9-b579-fe0b331d3642", "j": "a"});
    for (text, expect) in [
        ("i == int(31)", T),
        ("i == 0x1F", T),
        ("l == long(-5)", T),
        ("l == -5", T),
        ("l < +5", T),
        ("r == 1e3", T),
        ("r == real(1000)", T),
        ("r == double(1e3)", T),
        ("m == decimal(1.5)", T),
        ("m > 1", T),
        ("m between (decimal(1.6) .. 2.0)", F),
        ("b == bool(true)", T),
        ("b == True", T),
        ("b == FALSE", F),
        ("b != bool(0)", T),
        ("d == datetime(2026-01-01 10:00)", T),
        ("d == datetime(\"2026-01-01T10:00:00Z\")", T),
        ("d == datetime(2026-01-01 12:00:00 +02:00)", T),
        ("d > date(2026-01-01)", T),
        ("p == timespan(26h)", T),
        ("p == time(1.02:00:00)", T),
        ("p == 1560m", T),
        ("p > 1day", T),
        ("g == guid({74BE27DE-1E4E-49D9-B579-FE0B331D3642})", T),
        ("j == 'a'", T),
        ("s in (dynamic([\"a\", @'b']))", T),
        ("s == ```a```", T),
        ("s == ~~~a~~~", T),
        ("s == h@'a'", T),
        ("s == '\\u0061'", T),
        ("s notcontains 'b'", T),
        ("s containscs 'A'", F),
        ("i == int(null)", Truth::UNKNOWN),
        ("d > datetime(null)", Truth::UNKNOWN),
        ("r == real(nan)", Truth::UNKNOWN),
    ] {
        check(&event, text, expect);
    }
}
