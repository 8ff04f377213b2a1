use super::*;
use crate::kql::spine;

/// At the table's first place: columns that still pass (` `), are computed (`=`), read (`<`), or no
/// longer there (`-`), and names that are none (`!`).
fn check(text: &str, expect: &[&str]) {
    let query = Query::parse(text);
    let spine = spine(&query);
    let place = spine.places.iter().find(|place| place.is_marked());
    let place = place.or(spine.places.first()).unwrap_or_else(|| panic!("{text}"));
    let rows = Rows::at(&query, place);
    for expected in expect {
        let (mark, name) = expected.split_at(1);
        let holds = match mark {
            " " => rows.keep(name) && !rows.read(name),
            "=" => rows.make(name),
            "<" => rows.keep(name) && rows.read(name),
            "-" => !rows.keep(name) && !rows.make(name),
            "!" => rows.bound(name).is_some(),
            _ => false,
        };
        assert!(holds, "{expected:?} in {text}\n{rows:?}");
    }
}

#[test]
fn a_place_reads_what_its_stages_read_before_they_compute_it() {
    check(
        "let Foo = 'x'; T | where a == Foo | extend b = c, d = b | where b == 1 and e == 2 \
         | summarize f = count(), max(g) by h, i = j | where k == 1",
        &[
            "<a", "<c", "<e", "<g", "<h", "<j", " b", " d", " f", " i", " k", "!Foo", " where",
            " by",
        ],
    );
    check("T | extend a = tolower(a) | project b = c | where d == 1", &["<a", "<c", " b", " d"]);
    check("T | where strlen(a) > 1 | sort by b desc nulls last, c", &["<a", "<b", "<c", " desc"]);
    check("T | parse a with * 'x' b 'y' | where b == 1", &["<a", " b"]);
    check("T | mv-expand a to typeof(string) limit 5 | where a == b", &["<a", "<b", " string"]);
    check(
        "T | make-series n = count(), m = avg(a) default = 0 on b from ago(1d) to now() step 1h by c, d = e",
        &["<a", "<b", "<c", "<e", " n", " m", " d"],
    );
    check("T | invoke FileProfile(a, 1000) | where b", &["<a", " b"]);
    check("T | evaluate bag_unpack(a) | where b", &["<a", " b"]);
    check("T | mv-expand a.b | where a_b == 1 and isempty(a)", &["<a", " a_b"]);
    check(
        "T | mv-apply a = b on (where c == 1 | extend d = e) | where f and d",
        &["<b", "<f", " a", " c", " d", " e"],
    );
    check("T | where a == True and extract('x', 1, b, typeof(string)) == 1", &["<a", " string"]);
    check(
        "T | join kind=inner (U | where b == 1) on c, $left.d == $right.e | where f",
        &["<c", "<d", " b", " e", " f"],
    );
}

#[test]
fn what_is_read_around_the_place_counts_as_long_as_the_rows_are_the_tables() {
    check("let X = T | where a; X | where b | project c | where d", &["<a", "<b", "<c", " d"]);
    check("let X = materialize(T | where a); (X) | where b", &["<a", "<b"]);
    check("let f = (p:string) { T | where a == p }; f('x') | where b", &["<a", "<b", "!p"]);
    check("let X = T | project a; X | where a and b", &["<a", " b"]);
    check("let X = T; let Foo = 'x'; X | where a == Foo", &["<a", " Foo"]);
    check("union T, (U | where a) | where b", &[" a", " b"]);
    check("union isfuzzy=true T | where b", &["<b"]);
    check("union (T | where a), (T | where b) | where c", &["<a", "<c", " b"]);
}

#[test]
fn behind_a_marker_only_what_is_left_counts() {
    let marked = |stages: &str| format!("T\n{stages}\n// @exclusions T\n| take 1");
    check(&marked("| project a, b = c"), &["<a", "=b", "-c", "-d"]);
    check(&marked("| extend a = b | project-away c"), &["=a", "<b", "-c", " d"]);
    check(&marked("| project-rename a = b"), &["=a", "-b"]);
    check(
        &marked("| summarize a = count(), dcount(b), count() by c, bin(d, 1h)"),
        &["=a", "=dcount_b", "=count_", "<c", "=d", "-b", "-e"],
    );
    check(&marked("| summarize hint.strategy = shuffle a = count() by b"), &["=a", "<b", "-c"]);
    check(&marked("| summarize arg_max(a, *) by b"), &["<a", "<b", " c"]);
    check(&marked("| summarize arg_max(a, b) by c"), &["<a", "<b", "<c", "-d"]);
    check(&marked("| distinct a, b"), &["<a", "<b", "-c"]);
    check(&marked("| extend (a, ['b c']) = f(d)"), &["=a", "=b c", "<d", " e"]);
    check(&marked("| extend strlen(a)"), &["=a", " b"]);
    check(&marked("| extend (a)"), &["<a"]);
    check(&marked("| summarize (a, b) = arg_max(c, d) by e"), &["=a", "=b", "<e", "-c", "-f"]);
    check(&marked("| count"), &["=Count", "-a"]);
    check(&marked("| evaluate bag_unpack(a)"), &["-a", "-b"]);
    check(&marked("| join kind=inner (U | project a, b) on a"), &["<a", "=b", " c"]);
    check(&marked("| join kind=leftanti (U | project a, b) on a"), &["<a", " b"]);
    check("T | join kind=inner (U | project a, b) on a | where b and c", &["<a", "<c", " b"]);
    check("T | join kind=inner U on a | project a, b | where c or b", &["<a", " b", " c"]);
    check(&marked("| join kind=inner U on a | project a, b"), &["<a", "<b", "-c"]);
    check("search 'x'\n// @exclusions T\n| count", &[" a"]);
    check("let X = T | project a; X | where b\n// @exclusions T\n| take 1", &["<a", "-b"]);
    check("union (T | project a), U\n// @exclusions T\n| take 1", &["<a", "-b"]);
    check("union T, (U | project a)\n// @exclusions T\n| take 1", &[" b"]);
}

#[test]
fn what_is_too_much_to_follow_keeps_nothing() {
    let mut text = "let A0 = T; ".to_owned();
    for n in 1..19 {
        text += &format!("let A{n} = union (A{0} | where a), (A{0} | where b), A{0}; ", n - 1);
    }
    check(&(text + "A18\n// @exclusions T\n| take 1"), &["-a", "-c"]);
}
