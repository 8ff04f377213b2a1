use crate::kql::way::tests::check;
use crate::kql::{Query, refusal, spine};

const A: &str = r#"RemoteUrl has "a""#;
const B: &str = r#"RemoteUrl has "b""#;

#[test]
fn at_a_marker_behind_a_source_that_is_not_read_nothing_is_proven() {
    for text in [
        "search 'a'\n// @exclusions T\n| count",
        "let X = search 'a'; X\n// @exclusions T\n| count",
        "let X = materialize(search in (T) 'a'); X | where RemotePort == 1\n// @exclusions T\n| count",
        "union (T | where RemotePort == 1), (search in (T) 'a')\n// @exclusions T\n| count",
        "union T, (find in (T) where RemoteUrl has 'a')\n// @exclusions T\n| count",
        "let f = (X:(*)) { X\n// @exclusions T\n| take 1 }; f(T | where RemoteUrl has 'a')",
        "let f = (X:(*)) { X | take 1 }; f(T | where RemoteUrl has 'a')\n// @exclusions T\n| take 1",
        "let f = (X:(*)) { X\n// @exclusions T\n| take 1 }; T | where RemoteUrl has 'a' | invoke f()",
        "T | invoke f() | partition by DeviceName { U\n// @exclusions U\n| take 1 }\n// @exclusions T\n| take 1",
        "let V = view () { T | where RemoteUrl has 'a' }; union V*\n// @exclusions T\n| take 1",
    ] {
        check(text, A, "undecided");
        check(text, B, "undecided");
    }
}

#[test]
fn at_a_marker_behind_a_refused_source_the_filters_that_are_read_count() {
    for source in [
        "let X = T | where {} | summarize by RemoteUrl, RemoteIP; X\n// @exclusions T\n| join (X) on RemoteIP",
        "let X = T | where {} | take 5; union (X\n// @exclusions T\n| take 1), (U | join (X) on RemoteIP)",
        "union withsource=s T, U | where {}\n// @exclusions T\n| count",
        "union T*, U | where {}\n// @exclusions T\n| count",
    ] {
        let text = source.replace("{}", "RemoteUrl has 'a'");
        check(&text, A, "refuted");
        check(&text, B, "witness");
    }
    check("union T*\n// @exclusions T\n| count", A, "witness");
    let remote = "cluster('c').database('d').Xx\n// @exclusions T\n| where RemoteUrl has 'a'";
    check(remote, A, "refuted");
    check(remote, B, "witness");
}

#[test]
fn at_a_marker_behind_what_nests_too_deeply_nothing_is_proven() {
    let deep = format!("{}T | where RemoteUrl has 'a'{}", "(".repeat(60), ")".repeat(60));
    check(&format!("{deep}\n// @exclusions T\n| count"), A, "undecided");
}

#[test]
fn rows_under_a_name_given_by_as_are_judged_where_they_are_used() {
    for text in [
        "T | as X | take 5 | union (X | where RemoteUrl has 'a')",
        "T | as hint.materialized=true X | take 5 | union (X | where RemoteUrl has 'a')",
        "T | as X | where DeviceName has 'd' | union (X | extend x = 1 | where RemoteUrl has 'a')",
        "U | join kind=rightanti (T) on DeviceName | as X | take 5 | union (X | where RemoteUrl has 'a')",
        "T | as X | take 5 | union (X | where RemoteUrl has 'a')\n// @exclusions T\n| take 7",
    ] {
        check(text, A, "refuted");
        check(text, B, "witness");
    }
    let marked = "T\n// @exclusions T\n| as X | take 1 | union (X | where RemoteUrl has 'a')";
    check(marked, A, "refuted");
}

#[test]
fn rows_that_come_into_a_shared_let_from_one_that_drives_are_judged_there_too() {
    let text = "let A = T | where RemotePort == 1; let X = A | where RemoteUrl has 'a';
        union A, (X | where LocalPort in (X | project LocalPort))";
    check(text, A, "refuted");
    check(text, B, "witness");
}

#[test]
fn a_let_inside_one_that_is_compared_with_is_not_filtered_in_its_body() {
    let text = "let Aaaa = Tabl | where x; let Bbbb = Aaaa | where y;
        union Aaaa, (Bbbb | join (Bbbb) on k)";
    let query = Query::parse(text);
    let body = text.find("where x").unwrap();
    let spine = spine(&query);
    let places = spine.places_of(Some("Tabl")).unwrap();
    assert!(places.iter().all(|place| place.at > body + "where x".len()), "{places:?}");
}

#[test]
fn a_marker_in_a_let_that_is_also_compared_with_is_refused() {
    for text in [
        "let X = Tabl\n// @exclusions\n| take 1; X | join (X) on k",
        "let X = Tabl | where a\n// @exclusions Tabl\n| where b; X | where c in (X | project c)",
        "let Y = Tabl\n// @exclusions\n| take 1; let X = Y | where a; union Y, (X | join (X) on k)",
    ] {
        let query = Query::parse(text);
        let refusals = spine(&query).places_of(Some("Tabl")).unwrap_err();
        assert_eq!(refusals[0].code, refusal::MARKER, "{text}");
    }
    let text = "let X = Tabl\n// @exclusions\n| take 1; union X, X";
    assert!(spine(&Query::parse(text)).places_of(Some("Tabl")).is_ok());
}

#[test]
fn what_filters_a_let_in_an_invoked_function_filters_no_other_place() {
    let text = "let L = U | where RemoteUrl has 'a'; let f = (X:(*)) { X | union L };
        T | invoke f() | union L";
    check(text, A, "undecided");
}

#[test]
fn a_name_in_any_form_of_text_is_that_table() {
    for source in ["table(@'T')", "table(\"T\")", "table('\\x54')", "[@'T']", "['\\x54']"] {
        let text = format!("{source} | where RemoteUrl has 'a'");
        let query = Query::parse(&text);
        let spine = spine(&query);
        let tables: Vec<&str> = spine.tables().into_iter().collect();
        assert_eq!(tables, ["T"], "{text}");
    }
    for text in ["table(t)", "table(strcat('T', 'U'))", "table('\\q')"] {
        let query = Query::parse(text);
        let refusals = spine(&query).places_of(Some("T")).unwrap_err();
        assert_eq!(refusals[0].code, refusal::PARAMETER, "{text}");
    }
}

#[test]
fn what_is_computed_before_a_place_is_hidden_there_however_it_is_written() {
    for stage in [
        "extend Url = 1",
        "extend ['Url'] = 1",
        "extend (x, Url) = f(y)",
        "extend strlen(Url)",
        "serialize Url = prev(y)",
        "parse y with * 'a' ['Url']",
        "mv-expand Url = z",
    ] {
        let text = format!("let X = Tabl | {stage}; X | where z | join (X) on k");
        let query = Query::parse(&text);
        let spine = spine(&query);
        let places = spine.places_of(None).unwrap_or_else(|refusals| panic!("{refusals:?}"));
        assert!(places[0].hidden.contains("Url"), "{text} {places:?}");
        assert!(!places[0].hidden.contains("Other"), "{text}");
    }
}

#[test]
fn where_rows_under_a_name_given_by_as_are_compared_with_nothing_is_proven() {
    for text in [
        "T | as X | join kind=inner (X | where RemoteUrl has 'a') on DeviceName",
        "T | as X | where DeviceName in ((X | where RemoteUrl has 'a' | project DeviceName))",
        "T | as X | union (X | where DeviceName has 'd') | join (X) on DeviceName",
        "T\n// @exclusions T\n| as X | join kind=inner (X | where RemoteUrl has 'a') on DeviceName",
        "let Y = T | as X | take 5; Y | join kind=inner (X | where RemoteUrl has 'a') on DeviceName",
    ] {
        check(text, A, "undecided");
    }
    check("T | as X | where DeviceName has 'd' | union (X | extend x = 1)", A, "witness");
    check("T | as X", A, "witness");
}

#[test]
fn rows_that_come_from_no_table_count_at_a_marker() {
    let union = "union T, (E | where RemoteUrl has 'a')\n// @exclusions T\n| take 5";
    check(&format!("let E = externaldata(RemoteUrl:string)['h']; {union}"), A, "refuted");
    check(&format!("let E = externaldata(RemoteUrl:string)['h']; {union}"), B, "witness");
    let union = "union T, E\n// @exclusions T\n| take 5";
    check(&format!("let E = datatable(RemoteUrl:string)['a']; {union}"), A, "undecided");
    check(&format!("let E = datatable(RemoteUrl:string)[]; {union}"), A, "witness");
    check(&format!("let E = print RemoteUrl = 'a'; {union}"), A, "undecided");
}

#[test]
fn rows_named_by_as_that_a_right_join_gives_are_their_tables() {
    let tables = |text: &str| -> Vec<String> {
        let query = Query::parse(text);
        let spine = spine(&query);
        spine.tables().into_iter().map(str::to_owned).collect()
    };
    let code = |text: &str, table: &str| {
        let query = Query::parse(text);
        spine(&query).places_of(Some(table)).map_err(|refusals| refusals[0].code).err()
    };
    let same = "Tabl | where a | as X | summarize by b | join kind=rightsemi (X) on b";
    assert_eq!(tables(same), ["Tabl"]);
    let query = Query::parse(same);
    let places = spine(&query).places_of(None).unwrap()[0].at;
    assert_eq!(&same[places - 1..=places], "X)");
    for text in [
        "Tabl | summarize c = count() by b | as X | where c > 1 | join kind=rightsemi X on b",
        "Tabl | summarize c = count() by b | as X | join kind=rightsemi (Othr) on b | union X",
    ] {
        assert_eq!(code(text, "Tabl"), Some(refusal::SHARED_LET), "{text}");
        assert_eq!(code(text, "X"), Some(refusal::TABLE_ABSENT), "{text}");
    }
}
