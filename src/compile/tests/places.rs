//! Where exclusions go in queries of all shapes, and which names they may use there.

use super::*;
use crate::diag::Diagnostic;

/// What becomes of the query with one exclusion, as its condition and what else it says.
fn compiled(query: &str, exclusion: &str) -> Compiled {
    let indented = query.replace('\n', "\n  ");
    let hunt = format!(
        "id: e483619f-5356-4967-b93e-cceb602783fb\nname: Tried\ndescription: Tried\n\
         tactics: Execution\nquery: |\n  {indented}\n"
    );
    hunt_with_exclusion(&hunt, exclusion)
}

/// The compiled query has its exclusion behind each of these texts, or the hunt is held with this code.
fn check(query: &str, when: &str, expect: Result<&[&str], &'static str>) {
    let compiled = compiled(query, &format!("    {when}"));
    let (codes, held) = verdict_of(&compiled);
    match expect {
        Ok(places) => {
            assert!(codes.is_empty() && !held, "{query}\n{when}: {:?}", compiled.diagnostics);
            let item = compiled.desired.workspaces[0].items.values().next().unwrap();
            let DesiredState::Present(present) = &item.state else { panic!("{item:?}") };
            let text = present.fields[&Field::Query].as_str().unwrap();
            let found = text.matches("\n// exclusion: tried\n| where not(").count();
            assert_eq!(found, places.len(), "{text}");
            for place in places {
                let at = format!("{place}\n// exclusion: tried\n| where not(");
                assert!(text.contains(&at), "{place:?} in {text}");
            }
        }
        Err(code) => assert!(codes.contains(&code) && held, "{query}\n{when}: {codes:?} {held}"),
    }
}

#[test]
fn on_a_table_of_unknown_columns_only_what_the_query_reads_is_a_column() {
    let query = "let Foo = 'x';\nlet Bar = (p: string) { p };\nMade_CL\n| where a_s == Foo\n\
                 | extend b = tolower(c_s)\n| summarize d = count() by b\n| where d > 1";
    check(query, "when: a_s == 'x' and c_s == 'y'", Ok(&["| where a_s == Foo"]));
    check(query, "when: Foo == 'x'", Err("exclusion-name-taken"));
    check(query, "when: Bar == 'x'", Err("exclusion-name-taken"));
    for name in ["b", "d", "p", "where", "by", "extend", "tolower", "count", "Made_CL", "e_s"] {
        check(query, &format!("when: {name} == 'x'"), Err("exclusion-unknown-column"));
    }
    check(query, "when: Foo.x == 'y'", Err("exclusion-name-taken"));
    check(query, "when: a_s == 'x' or Bar(a_s) == 'y'", Err("exclusion-name-taken"));
}

#[test]
fn a_let_or_parameter_with_the_name_of_a_column_is_never_taken_for_it() {
    let query = "let Computer = 'x';\nSecurityEvent\n| where EventID == 1";
    check(query, "when: Computer == 'x'", Err("exclusion-name-taken"));
    check(query, "when: Account == 'x'", Ok(&["| where EventID == 1"]));
    let query = "let f = (Computer: string) {\nSecurityEvent\n| where EventID == 1\n};\nf('x')";
    check(query, "when: Computer == 'x'", Err("exclusion-name-taken"));
    let query = "let f = (Computer: string) { Computer };\nSecurityEvent\n| where EventID == 1";
    check(query, "when: Computer == 'x'", Ok(&["| where EventID == 1"]));
}

#[test]
fn a_marker_that_cannot_be_used_holds_the_item_and_is_shown_where_it_stands() {
    let code = "exclusion-cannot-place-marker";
    for query in [
        "SecurityEvent\n// @exclusions A, B\n| count",
        "let Unused = SecurityEvent\n// @exclusions\n| count;\nSecurityEvent\n| where EventID == 1",
        "SecurityEvent\n| join (SecurityEvent\n// @exclusions\n| take 1) on Account",
        "SecurityEvent\n| count // @exclusions",
    ] {
        check(query, "when: Account == 'x'", Err(code));
        let compiled = compiled(query, "    when: Account == 'x'");
        let found = compiled.diagnostics.iter().find(|d| d.code.as_str() == code).unwrap();
        let (path, position) = found.place().unwrap();
        let line = query.lines().position(|line| line.contains('@')).unwrap();
        assert_eq!((path, position.line), ("content/hunting/hunt.yaml", line + 6));
    }
}

#[test]
fn behind_a_marker_columns_that_are_gone_are_unknown() {
    let gone = "exclusion-unknown-column";
    let query = "SecurityEvent\n| project Account, Host = Computer\n// @exclusions SecurityEvent\n\
                 | take 5";
    check(query, "when: Account == 'x'", Ok(&["// @exclusions SecurityEvent"]));
    check(query, "when: Computer == 'x'", Err(gone));
    check(query, "when: EventID == 1", Err(gone));
    let query = "SecurityEvent\n| summarize Number = count() by Account\n\
                 // @exclusions SecurityEvent\n| where Number > 1";
    check(query, "when: Account == 'x'", Ok(&["// @exclusions SecurityEvent"]));
    check(query, "when: Computer == 'x'", Err(gone));
    let query =
        "DeviceNetworkEvents\n| project RemoteUrl\n// @exclusions DeviceNetworkEvents\n| take 5";
    check(query, "when: process.name == 'x'", Err(gone));
}

#[test]
fn an_exclusion_needs_an_effect_in_one_arm_of_a_union_only() {
    let query =
        "union (SecurityEvent\n| where EventID == 1), (SecurityEvent\n| where EventID == 2)";
    let code = "exclusion-has-no-effect";
    check(
        query,
        "when: EventID == 1 and Account == 'x'",
        Ok(&["| where EventID == 1", "| where EventID == 2"]),
    );
    let compiled = compiled(query, "    when: EventID == 1 and Account == 'x'");
    let note = compiled.diagnostics.iter().find(|d| d.code.as_str() == code).unwrap();
    assert_eq!(note.severity, Severity::Note);
    check(query, "when: EventID == 3 and Account == 'x'", Err(code));
    check(query, "when: EventID == 1", Err("exclusion-blinds-query"));
}

#[test]
fn a_condition_that_cannot_be_read_at_one_of_its_places_holds_the_item() {
    let query = "let f = (Computer: string) {\nSecurityEvent\n| where EventID == 1\n};\n\
                 union (SecurityEvent\n| where EventID == 2), f('x')";
    check(query, "when: Computer == 'x'", Err("exclusion-name-taken"));
    let behind =
        |query: &str| query.replace("union (", "union f('x'), (").replace("), f('x')", ")");
    check(&behind(query), "when: Computer == 'x'", Err("exclusion-name-taken"));
    let both = ["| where EventID == 1", "| where EventID == 2"];
    check(query, "when: Account == 'x'", Ok(&both));
    let gone = "SecurityEvent\n// @exclusions SecurityEvent\n| project Account\n\
                // @exclusions SecurityEvent\n| take 5";
    check(gone, "when: Computer == 'x'", Err("exclusion-unknown-column"));
}

#[test]
fn a_condition_that_means_different_things_at_its_places_holds_the_item_and_names_them() {
    for (table, column) in [("SecurityEvent", "Computer"), ("Made_CL", "host_s")] {
        let query = format!(
            "{table}\n| where {column} != 'y'\n// @exclusions {table}\n\
             | extend {column} = tolower({column})\n// @exclusions {table}\n| take 5"
        );
        let when = format!("when: {column} == 'x'");
        check(&query, &when, Err("exclusion-places-differ"));
        let compiled = compiled(&query, &format!("    {when}"));
        let code = |d: &&Diagnostic| d.code.as_str() == "exclusion-places-differ";
        let found = compiled.diagnostics.iter().find(code).unwrap();
        let lines = found.labels.iter().map(|l| l.source.position(l.span.start).line);
        let lines: Vec<usize> = lines.collect();
        assert_eq!(lines[1..], [8, 10], "{found:?}");
    }
    let same = "SecurityEvent\n// @exclusions SecurityEvent\n| extend Computer = tolower(Computer)\n\
                // @exclusions SecurityEvent\n| take 5";
    check(same, "when: Account == 'x'", Ok(&["// @exclusions SecurityEvent"; 2]));
}

#[test]
fn a_marker_without_a_table_is_not_taken_for_one_where_rows_of_others_may_pass() {
    let marker = "exclusion-cannot-place-marker";
    let named = "table: SecurityEvent\n    when: Account == 'x'";
    for source in ["search 'x'", "union SecurityEvent, Device*", "union Security*"] {
        check(&format!("{source}\n// @exclusions\n| take 5"), named, Err(marker));
    }
    let only = "SecurityEvent\n| where Account != 'y'\n// @exclusions\n| take 5";
    check(only, named, Ok(&["// @exclusions"]));
    let shared = "let A = SecurityEvent\n| where Account != 'y';\nA\n// @exclusions\n\
                  | join kind=leftouter (A | summarize count() by Account) on Account";
    check(shared, named, Ok(&["// @exclusions"]));
}

#[test]
fn the_type_of_a_tables_rows_is_its_name() {
    let query = "DeviceNetworkEvents\n| where RemoteUrl has 'a'";
    let own = "when: Type == 'DeviceNetworkEvents'";
    check(query, own, Err("exclusion-blinds-query"));
    check(query, "when: Type startswith 'device'", Err("exclusion-blinds-query"));
    check(query, "keep: Type == 'SecurityEvent'", Err("exclusion-blinds-query"));
    check(query, "when: Type == 'SecurityEvent'", Err("exclusion-has-no-effect"));
    check(query, "when: Type == 'DeviceNetworkEvents' and RemotePort == 1", Ok(&["has 'a'"]));
    check("Made_CL\n| where a_s == Type", "when: Type != 'x'", Err("exclusion-blinds-query"));
    let marked = "DeviceNetworkEvents\n// @exclusions DeviceNetworkEvents\n| take 5";
    check(marked, own, Err("exclusion-blinds-query"));
    let shared = "let X = DeviceNetworkEvents | where RemotePort == 1;\nX | join (X) on DeviceId";
    check(shared, own, Err("exclusion-blinds-query"));
}

#[test]
fn of_the_type_of_rows_that_a_function_may_give_nothing_is_proven() {
    let query = "Functioned\n| where Type has 'a'";
    check(query, "when: Type == 'x'", Err("exclusion-may-blind-query"));
    let computed = "Made_CL\n| extend Type = strcat('x', a_s)\n// @exclusions Made_CL\n| take 5";
    check(computed, "when: a_s == 'x'", Ok(&["// @exclusions Made_CL"]));
}
