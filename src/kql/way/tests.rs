use std::collections::BTreeSet;

use crate::kql::predicate::{Context, filter};
use crate::kql::{Answer, Case, Query, Schema, spine};

/// Whether an event of a table survives an exclusion on every way of every place: `refuted` if on
/// some way there is none, `undecided` if on some way it is not known.
fn survives(text: &str, table: &str, exclusion: &str) -> &'static str {
    let query = Query::parse(text);
    let schema = Schema::builtin();
    let constants = query.constants();
    let spine = spine(&query);
    let places = spine.places_of(Some(table)).unwrap_or_else(|refusals| panic!("{refusals:?}"));
    let mut words = BTreeSet::new();
    for place in places {
        let context = Context { columns: schema.columns(&place.table), constants: &constants };
        for known in place.ways(&query, schema) {
            words.insert(match Case::new(known, vec![filter(exclusion, context)], 0).survives() {
                Answer::Witness(_) => "witness",
                Answer::Refuted => "refuted",
                Answer::Undecided => "undecided",
            });
        }
    }
    ["refuted", "undecided", "witness"].into_iter().find(|word| words.contains(word)).unwrap()
}

const TABLE: &str = "DeviceNetworkEvents";

pub(in crate::kql) fn check(text: &str, exclusion: &str, expect: &str) {
    let text = regex::Regex::new(r"\bT\b").unwrap().replace_all(text, TABLE);
    assert_eq!(survives(&text, TABLE, exclusion), expect, "{text} // {exclusion}");
}

const A: &str = r#"RemoteUrl has "a""#;
const B: &str = r#"RemoteUrl has "b""#;

#[test]
fn a_filter_behind_other_stages_is_judged() {
    for between in [
        "extend x = 1",
        "project RemoteUrl, DeviceName",
        "project-away DeviceName",
        "project-keep RemoteUrl, Device*",
        "project-reorder DeviceName",
        "sort by DeviceName asc",
        "order by DeviceName",
        "serialize",
        "take 5",
        "top 5 by DeviceName",
        "as X",
        "distinct RemoteUrl, DeviceName",
        "union U",
        "join kind=leftouter (U) on DeviceName",
        "lookup (U) on DeviceName",
        "join (U) on DeviceName",
        "summarize count() by RemoteUrl",
        "summarize arg_max(LocalPort, *) by DeviceName",
        "summarize arg_max(LocalPort, RemoteUrl) by DeviceName",
        "mv-expand AdditionalFields",
        "parse DeviceName with * '.' Domain",
        "evaluate bag_unpack(AdditionalFields)",
    ] {
        check(&format!("T | {between} | where {A}"), A, "refuted");
        check(&format!("T | {between} | where {A}"), B, "witness");
    }
    check(
        &format!("T | extend x = 1 | where x == 1 and {A} | where DeviceName has 'd'"),
        A,
        "refuted",
    );
}

#[test]
fn a_column_that_a_join_brings_is_no_let_of_its_name() {
    for (head, right) in [
        ("", "datatable(RemoteUrl:string, k:string)['a', 'y']"),
        ("", "externaldata(RemoteUrl:string, k:string)['https://example.com/a'] | where h == 'a'"),
        ("let k = 'y'; ", "datatable(RemoteUrl:string, k:string)['a', 'y']"),
        ("let k = 'y'; ", "U | where RemoteUrl == 'a' | project RemoteUrl, k = 'y'"),
        ("let f = (k:string) { U | where RemoteUrl == 'a' | where z == k }; ", "f('x')"),
    ] {
        for join in ["join kind=leftouter", "lookup", "lookup kind=leftouter"] {
            let text = format!("{head}T | {join} ({right}) on RemoteUrl | where k == 'y'");
            check(&text, "RemoteUrl =~ 'a'", "undecided");
            check(&text, "RemoteUrl =~ 'another'", "witness");
        }
    }
    let text = "let k = 5; T | join (U) on DeviceId | where RemotePort == k";
    check(text, "RemotePort == 5", "refuted");
}

#[test]
fn renamed_columns_are_followed() {
    for (stage, name) in [
        ("extend Url = RemoteUrl", "Url"),
        ("project Url = RemoteUrl", "Url"),
        ("project-rename Url = RemoteUrl", "Url"),
        ("summarize count() by Url = (RemoteUrl)", "Url"),
        ("extend Url = RemoteUrl | project Other = Url", "Other"),
        ("extend ['a b'] = RemoteUrl", "['a b']"),
    ] {
        check(&format!("T | {stage} | where {name} has 'a'"), A, "refuted");
        check(&format!("T | {stage} | where {name} has 'a'"), B, "witness");
    }
    // Swapped names mean each other.
    let swapped =
        "T | project RemoteUrl = DeviceName, DeviceName = RemoteUrl | where RemoteUrl has 'a'";
    check(swapped, A, "witness");
    check(swapped, "DeviceName has 'a'", "refuted");
}

#[test]
fn a_filter_over_what_was_made_of_an_excluded_column_is_not_decided() {
    for (stage, condition) in [
        ("extend RemoteUrl = f(RemoteUrl)", "RemoteUrl has 'a'"),
        ("extend Url = tolower(RemoteUrl)", "Url has 'a'"),
        ("extend (Url, x) = f(RemoteUrl)", "Url has 'a'"),
        ("extend x = pack_all()", "x.RemoteUrl has 'a'"),
        ("extend x = column_ifexists('RemoteUrl', '')", "x has 'a'"),
        ("extend f(RemoteUrl)", "Column1 has 'a'"),
        ("summarize Urls = make_set(RemoteUrl) by DeviceName", "Urls has 'a'"),
        ("summarize make_set(RemoteUrl) by DeviceName", "set_RemoteUrl has 'a'"),
        ("summarize n = countif(RemoteUrl has 'a') by DeviceName", "n > 5"),
        (
            "summarize countif(RemoteUrl has 'a'), arg_max(LocalPort, *) by DeviceName",
            "countif_ > 5",
        ),
        ("parse RemoteUrl with * '.' Domain", "Domain has 'a'"),
        ("mv-expand x = split(RemoteUrl, '.')", "x has 'a'"),
        ("mv-apply x = split(RemoteUrl, '.') on (where x has 'a')", "true"),
        ("parse-where RemoteUrl with * 'a' Rest", "true"),
        ("invoke f()", "true"),
        ("partition by DeviceName (where RemoteUrl has 'a')", "true"),
        ("scan with (step s: RemoteUrl has 'a';)", "true"),
        ("project x = RemotePort * strlen(RemoteUrl)", "x > 5"),
        ("evaluate bag_unpack(bag_pack('z', RemoteUrl))", "z has 'a'"),
        ("join kind=rightouter (U) on DeviceName | where x == 1", "true"),
        ("some-new-operator RemoteUrl", "true"),
    ] {
        let text = format!("T | {stage} | where {condition}");
        if !stage.contains("rightouter") {
            check(&text, A, "undecided");
        }
    }
    // The same behind something that has nothing to do with the exclusion is assumed to be met.
    for (stage, condition) in [
        ("extend x = f(DeviceName)", "x has 'a'"),
        ("summarize n = count() by DeviceName", "n > 5"),
        ("summarize n = dcount(RemoteUrl) by DeviceName", "n > 5"),
        ("summarize count() by DeviceName", "count_ > 5"),
        ("summarize Users = make_set(DeviceName) by RemoteUrl", "array_length(Users) > 5"),
        ("mv-apply x = AdditionalFields on (where x has 'a')", "true"),
    ] {
        check(&format!("T | {stage} | where {condition}"), A, "witness");
    }
}

#[test]
fn what_a_function_reads_without_naming_it_is_the_same_behind_a_stage_as_in_a_filter() {
    for call in ["pack_all()", "f()", "f(5)", "hash(*)", "bag_pack_columns()", "f(limit)"] {
        let (text, behind) = (format!("{call} == 1"), format!("x = {call}"));
        check(&format!("let limit = 5; T | where {text}"), A, "undecided");
        check(&format!("let limit = 5; T | extend {behind} | where x == 1"), A, "undecided");
        check(
            &format!("let limit = 5; T | summarize {behind} by DeviceName | where x == 1"),
            A,
            "undecided",
        );
    }
    let recent = "Timestamp > ago(1h)";
    check("T | where ingestion_time() > ago(1h)", recent, "undecided");
    check("T | extend x = ingestion_time() | where x > ago(1h)", recent, "undecided");
    check("T | extend x = ingestion_time() | where x > ago(1h)", A, "witness");
    check("T | evaluate autocluster()", A, "undecided");
    for call in ["now()", "rand()", "strcat('a', limit)", "toscalar(U | count)", "g(5)"] {
        let lets = "let limit = 'a'; let g = (n:int) { n + 1 };";
        check(&format!("{lets} T | extend x = {call} | where x == f(DeviceName)"), A, "witness");
    }
    check(
        "T | summarize x = arg_max(LocalPort, *) by DeviceName | where x == f(DeviceName)",
        B,
        "witness",
    );
}

#[test]
fn a_series_has_its_axis_and_drops_what_lies_outside() {
    let low = "RemotePort < 10";
    let series = "make-series n = count() on RemotePort";
    check(&format!("T | {series} from 0 to 10 step 1 by DeviceName"), low, "undecided");
    check(&format!("T | {series} in range(0, 10, 1) by DeviceName"), low, "undecided");
    check(&format!("T | {series} step 1 | where RemotePort[0] < 10"), low, "undecided");
    check(&format!("T | {series} step 1 by DeviceName | where n[0] > 5"), low, "undecided");
    check(&format!("T | {series} step 1 by DeviceName | where DeviceName has 'd'"), low, "witness");
    check(&format!("T | {series} from 0 to 10 step 1 by RemoteUrl | where {A}"), A, "refuted");
    check(&format!("T | {series} from 0 to 10 step 1 by RemoteUrl | where {A}"), B, "witness");
    check(&format!("T | {series} step 1 by x = RemoteUrl | where x has 'a'"), A, "refuted");
}

#[test]
fn a_filter_behind_a_union_is_judged_for_each_arm_and_one_in_an_arm_for_that_arm() {
    check(&format!("union T, U | where {A}"), A, "refuted");
    check(&format!("U | union T | where {A}"), A, "refuted");
    check(&format!("U | extend x = 1 | union (T | extend y = 1) | where {A}"), A, "refuted");
    check(
        &format!("union (T | where {A} | extend x = 1), U | where DeviceName has 'd'"),
        A,
        "refuted",
    );
    check(&format!("union (T | extend x = 1 | where {A}), U"), A, "refuted");
    check(&format!("union T, (U | where {A})"), A, "witness");
    // A column that only the other arm has is null here, so the condition rests with the rest.
    check(&format!("union T, U | where ColumnOfU == 'x' or {A}"), A, "undecided");
    check("union T, U | where ColumnOfU == 'x'", A, "witness");
}

#[test]
fn a_column_that_another_arm_may_have_alone_decides_nothing_for_the_rest() {
    for stages in [
        "where TheirColumn == 'x' or RemoteUrl has 'a'",
        "extend flag = TheirColumn == 'x' | where flag or RemoteUrl has 'a'",
        "extend flag = iff(TheirColumn == 'x', 1, 0) | where flag == 1 or RemoteUrl has 'a'",
        "summarize by TheirColumn, RemoteUrl | where TheirColumn == 'x' or RemoteUrl has 'a'",
        "project x = TheirColumn, RemoteUrl | where x == 'x' or RemoteUrl has 'a'",
    ] {
        for table in [TABLE, "Open_CL"] {
            let text = format!("union {table}, U | {stages}");
            assert_eq!(survives(&text, table, A), "undecided", "{text}");
            assert_eq!(survives(&text, table, "DeviceName has 'd'"), "witness", "{text}");
        }
    }
    // Where it stands alone, it only asks whether rows come through at all.
    for stages in ["where RemoteUrl has 'a'", "where RemoteUrl has 'a' or RemoteUrl has 'c'"] {
        let text = format!("union Open_CL, U | {stages} | where TheirColumn == 'x'");
        assert_eq!(survives(&text, "Open_CL", "RemoteUrl has_any ('a', 'c')"), "refuted", "{text}");
        assert_eq!(survives(&text, "Open_CL", B), "witness", "{text}");
    }
}

#[test]
fn filters_behind_lets_functions_and_joins_are_judged() {
    for text in [
        "let X = T | extend x = 1; X | where {}",
        "let X = materialize(T | extend x = 1); X | project RemoteUrl | where {}",
        "let f = () { T | extend x = 1 }; f() | where {}",
        "(T | extend x = 1) | where {}",
        "let X = T; union (X | extend x = 1 | where {}), (X | where DeviceName has 'd')",
        "let X = T | extend x = 1; let Y = X | take 5; union Y, X | where {}",
        "U | join kind=rightsemi (T | extend x = 1 | where {}) on DeviceName",
        "U | join kind=rightsemi (T) on DeviceName | where {}",
        "let X = T | extend d = 1; X | where {} | join (X | take 1) on DeviceName",
    ] {
        let text = text.replace("{}", A);
        check(&text, A, "refuted");
        check(&text, B, "witness");
    }
    check("U | join kind=rightouter (T) on DeviceName | where RemoteUrl has 'a'", A, "undecided");
}

#[test]
fn a_join_that_drops_rows_is_judged_by_its_keys() {
    let join = "T | join kind=inner (U | where DeviceName == 'host') on DeviceName";
    check(join, "DeviceName == 'host'", "undecided");
    check(join, "DeviceName has 'contoso'", "undecided");
    check(join, A, "witness");
    // One name less leaves all others, as long as the other side does not speak of it.
    check(join, "DeviceName == 'printer'", "witness");
    check(join, "DeviceName in~ ('printer', 'scanner') and RemotePort == 1", "witness");
    check(join, "DeviceName != 'printer'", "undecided");
    check(&format!("{join} | where TheirColumn == 'x'"), "DeviceName == 'printer'", "witness");
    check("T | join kind=leftouter (U) on DeviceName", "DeviceName has 'x'", "witness");
}

#[test]
fn a_key_that_a_filter_ties_to_an_excluded_column_is_not_free() {
    let join = "join kind=inner (U | where DeviceName == 'other') on DeviceName";
    let tied = "where RemoteUrl has 'a' or DeviceName == 'host'";
    check(&format!("T | {tied} | {join}"), A, "undecided");
    check(&format!("T | {tied} | {join}"), "RemotePort == 1", "witness");
    check(&format!("T | {tied} | {join}"), "RemoteUrl has 'a' and DeviceName == 'zq'", "undecided");
    check(&format!("T | {tied} | {join}"), "DeviceName == 'zq'", "witness");
    let chain = "where RemoteUrl has 'a' or RemotePort == 1 | where RemotePort == 2 or DeviceName == 'host'";
    check(&format!("T | {chain} | {join}"), A, "undecided");
}

#[test]
fn rows_that_the_table_itself_takes_out_again_are_not_taken_for_granted() {
    for text in [
        // Only devices of which every row is excluded come through.
        "T | join kind=leftanti (T | where RemoteUrl !has 'a') on DeviceName",
        "T | join kind=anti (T | where RemoteUrl !has 'a') on $left.DeviceName == $right.DeviceName",
        "let L = T | where RemoteUrl !has 'a'; T | join kind=leftantisemi (L | take 1000) on DeviceName",
        "T | where RemoteUrl !has 'a' | join kind=rightanti (T) on DeviceName",
        "T | where DeviceName !in ((T | where RemoteUrl !has 'a' | project DeviceName))",
        "let L = T | where RemoteUrl !has 'a' | project DeviceName; T | where DeviceName !in (L)",
        "let L = T | where RemoteUrl !has 'a' | project DeviceName; T | where not(DeviceName in (L))",
    ] {
        check(text, A, "undecided");
        check(text, "RemotePort == 1", "witness");
    }
    for text in [
        "T | join kind=leftanti (U | where RemoteUrl !has 'a') on DeviceName",
        "T | join kind=leftsemi (T | where RemoteUrl !has 'a') on DeviceName",
        "T | where DeviceName !in ((U | where RemoteUrl !has 'a' | project DeviceName))",
    ] {
        check(text, A, "witness");
    }
    let baseline = "T | join kind=leftanti (T | where Timestamp < ago(1d)) on DeviceName";
    check(baseline, "DeviceName =~ 'zq'", "witness");
}

#[test]
fn the_kind_of_a_join_is_its_own_and_not_that_of_one_inside_it() {
    for (join, expect) in [
        // The inner join that drops rows has another inside, or behind, that does not.
        ("join (U | join kind=leftouter (V) on DeviceName) on RemoteUrl", "undecided"),
        ("join hint.strategy=shuffle (U | lookup kind=leftouter V on x) on RemoteUrl", "undecided"),
        ("join kind='inner' (U | join kind=fullouter (V) on DeviceName) on RemoteUrl", "undecided"),
        ("lookup kind=inner (U | lookup kind=leftouter V on x) on RemoteUrl", "undecided"),
        ("join kind='leftouter' (U | join kind=inner (V) on DeviceName) on RemoteUrl", "witness"),
        ("lookup (U | join kind=inner (V) on DeviceName) on RemoteUrl", "witness"),
    ] {
        check(&format!("T | {join}"), A, expect);
    }
    // A column of that name, or a join of that kind inside, makes no outer join of it.
    let join = "join kind=rightsemi (T | join kind=rightouter (T) on x) on DeviceName";
    check(&format!("U | {join} | where RemoteUrl has 'a'"), A, "undecided");
    let join = "join kind=rightsemi (T | where rightouter == 1) on DeviceName";
    check(&format!("U | {join} | where RemoteUrl has 'a'"), A, "refuted");
    let join = "join kind='RightOuter' (T) on DeviceName";
    check(&format!("U | {join} | where RemoteUrl has 'a'"), A, "undecided");
}

#[test]
fn a_marker_is_judged_by_what_stands_around_it() {
    check(&format!("T | where {A} | extend x = 1\n// @exclusions\n| count"), A, "refuted");
    check(&format!("T | extend x = 1\n// @exclusions\n| where {A}"), A, "refuted");
    check(&format!("let X = T\n// @exclusions\n| take 5;\nX | where {A}"), A, "refuted");
    check(&format!("let X = T\n// @exclusions\n| take 5;\nX | where {A}"), B, "witness");
    check(
        &format!("T | where {A} | extend RemoteUrl = DeviceName\n// @exclusions\n| count"),
        A,
        "undecided",
    );
    check("search 'a'\n// @exclusions\n| count", A, "undecided");
}

#[test]
fn a_column_hides_the_let_of_its_name() {
    check("let x = 'a'; T | extend x = DeviceName | where x has 'b'", B, "witness");
    check("let x = 'b'; T | extend y = 1 | where RemoteUrl has x", B, "refuted");
    check("let x = 'b'; T | extend x = DeviceName | where RemoteUrl has x", B, "undecided");
}

#[test]
fn columns_made_before_a_marker_are_tied_to_what_they_are_made_of() {
    for (text, exclusion, expect) in [
        (
            "T | extend x = RemoteUrl | where RemoteUrl has 'a'\n// @exclusions\n| count",
            "x has 'a'",
            "undecided",
        ),
        (
            "T | extend x = RemoteUrl\n// @exclusions\n| where RemoteUrl has 'a'",
            "x has 'a'",
            "undecided",
        ),
        ("T | extend x = RemoteUrl\n// @exclusions\n| where x has 'a'", A, "undecided"),
        ("T | extend x = RemoteUrl\n// @exclusions\n| where x has 'a'", "x has 'a'", "refuted"),
        (
            "T | extend x = RemoteUrl | where RemoteUrl has 'a'\n// @exclusions\n| count",
            B,
            "witness",
        ),
        ("T | extend x = RemotePort\n// @exclusions\n| where x == 1", B, "witness"),
        (
            "let f = () { T | extend x=1\n// @exclusions\n| take 6 }; f() | where RemoteUrl has 'a'",
            A,
            "refuted",
        ),
        ("union isfuzzy=true T, U\n// @exclusions T\n| where RemoteUrl has 'a'", A, "refuted"),
    ] {
        check(text, exclusion, expect);
    }
}

#[test]
fn what_looks_like_another_column_is_followed_or_left_open() {
    for (text, expect) in [
        ("T | serialize x = RemoteUrl | where x has 'a'", "refuted"),
        ("T | serialize x = prev(RemoteUrl) | where x has 'a'", "undecided"),
        ("T | extend u = RemoteUrl | extend RemoteUrl = 'q' | where u has 'a'", "refuted"),
        ("T | extend u = (RemoteUrl) | project-away RemoteUrl | where u has 'a'", "refuted"),
        (
            "T | project-away Remote* | join (U) on DeviceName | where RemoteUrl has 'a'",
            "undecided",
        ),
        ("T | project-keep Remote* | join (U) on RemoteIP | where RemoteUrl has 'a'", "undecided"),
        ("T | summarize any(*) by DeviceName | where RemoteUrl has 'a'", "refuted"),
        (
            "T | summarize (x, y) = arg_max(Timestamp, RemoteUrl) by DeviceName | where y has 'a'",
            "undecided",
        ),
        ("T | summarize count() by DeviceName, RemoteUrl has 'a' | where Column1", "undecided"),
        (
            "T | extend ok = iff(RemoteUrl has 'a', 1, 0) | extend so = ok | where so == 1",
            "undecided",
        ),
        ("T | extend x = 1 | where x == 2 or RemoteUrl has 'a'", "undecided"),
        ("let p = 'a'; T | extend p2 = p | where RemoteUrl has p2", "undecided"),
        ("let L = dynamic(['a']); T | extend x=1 | where RemoteUrl has_any (L)", "refuted"),
        ("let f = () { let Y = T | extend x = 1; Y | where RemoteUrl has 'a' }; f()", "refuted"),
        (
            "let A = T | extend x=1; let B = union A, A; let C = union B, B; C | where RemoteUrl has 'a'",
            "refuted",
        ),
        ("T | search RemoteUrl has 'a'", "undecided"),
        ("T | fork (where RemoteUrl has 'a')", "undecided"),
        ("T | lookup kind=inner (U) on RemoteUrl", "undecided"),
    ] {
        check(text, A, expect);
    }
    // More ways than are followed.
    let mut lets = "let X0 = T;".to_owned();
    for n in 0..7 {
        lets += &format!("let X{} = union X{n}, X{n};", n + 1);
    }
    check(&format!("{lets} X7 | where RemoteUrl has 'a'"), A, "undecided");
}
