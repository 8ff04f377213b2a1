//! The driving spine: the places of a query where rows of a table enter its result, and where an
//! exclusion of those rows goes.
//!
//! In comes a [`Query`], out come [`Place`]s and [`Refusal`]s. The spine is the main expression's
//! source, followed through lets, `materialize`, parentheses and let-functions, through every arm of
//! a union, and along the left side of joins and lookups (the right side, where a join gives its rows). What is compared with or looked up (right
//! sides, `in (…)`, `toscalar`) is left alone: filtering a baseline would change what the query finds.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Span;

use super::predicate::{Context, filter};
use super::value::unquote;
use super::way::Way;
use super::{Predicate, Query, Reach, Refusal, Schema, TokenKind, marker, refusal, walk};

/// A conjunct of a leading `where`: every row that reaches the place satisfies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// As it stands in the query, comments included.
    pub text: String,
    /// Its bytes.
    pub span: Span,
}

/// How the spine came to a place, from the outside in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Through the let of this name.
    Let(String),
    /// Through the body of the function of this name.
    Function(String),
    /// Through `materialize(…)`.
    Materialize,
    /// Through parentheses.
    Parentheses,
    /// Through one arm of a union.
    UnionArm,
    /// To the right side of a join that gives the right side's rows.
    RightSide,
    /// To the author's marker comment.
    Marker,
}

/// Where the stages of an exclusion go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The table whose rows pass here; for a function, its name. Empty at a marker without a table.
    pub table: String,
    /// The byte at which stages are inserted: behind the leading `where`s.
    pub at: usize,
    /// For a bare union arm, the byte at which its parenthesis opens; it closes at `at`.
    pub wrap: Option<usize>,
    /// How the spine came here.
    pub via: Vec<Step>,
    /// What every row that passes here satisfies; all of them must hold.
    pub leading: Vec<Filter>,
    /// Columns that the query has computed anew before the place: an exclusion may not read them.
    pub hidden: BTreeSet<String>,
    /// The table's name in the query, or the marker.
    pub source: Span,
    /// The tokens of the pipe that the stages become part of.
    pub(super) pipe: std::ops::Range<usize>,
    /// How many of the pipe's stages stand before the new ones.
    pub(super) index: usize,
    /// The ways on which its rows come to the result; none if that is not known.
    pub(super) ways: Vec<Way>,
}

impl Place {
    /// Its leading filters as predicates, in order.
    #[must_use]
    pub fn filters(&self, query: &Query<'_>, schema: &Schema) -> Vec<Predicate> {
        let constants = query.constants();
        let context = Context { columns: schema.columns(&self.table), constants: &constants };
        self.leading.iter().map(|conjunct| filter(&conjunct.text, context)).collect()
    }

    /// Whether the author put a marker comment here.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.via.contains(&Step::Marker)
    }
}

/// All places of a query, and all constructs at which there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spine {
    /// In the order in which the spine is walked; markers last.
    pub places: Vec<Place>,
    /// In the same order.
    pub refusals: Vec<Refusal>,
    /// The pipes that drive the query: the token at which each begins, and the first of its stages
    /// that does.
    pub(super) pipes: Vec<(usize, usize)>,
}

/// Finds the places of a query.
#[must_use]
pub fn spine(query: &Query<'_>) -> Spine {
    if let Some(fault) = query.faults().first() {
        let refusal = Refusal::new(
            refusal::FAULTY,
            format!("the query cannot be read: {}", fault.message),
            fault.span.clone(),
            Reach::Anything,
        );
        let refusal = refusal.help("mend the query");
        return Spine { refusals: vec![refusal], ..Spine::default() };
    }
    let mut marked = marker::markers(query);
    let mut spine = walk::walk(query, &mut marked.places);
    let marked = marker::driving(query, marked, &spine);
    spine.places.extend(marked.places);
    spine.refusals.extend(marked.refusals);
    spine
}

impl Spine {
    /// The tables that drive the query, by name.
    #[must_use]
    pub fn tables(&self) -> BTreeSet<&str> {
        let unmarked = self.places.iter().filter(|place| !place.is_marked());
        unmarked.map(|place| place.table.as_str()).collect()
    }

    /// The places of one table; without a name, of the query's only driving table. A marker of the
    /// author's takes the place of all others.
    ///
    /// # Errors
    /// Every construct that might let rows of the table pass without a place, or what else is
    /// missing: an exclusion is placed completely or not at all.
    pub fn places_of(&self, table: Option<&str>) -> Result<Vec<&Place>, Vec<Refusal>> {
        let misplaced: Vec<Refusal> =
            self.refusals.iter().filter(|r| r.code == refusal::MARKER).cloned().collect();
        if !misplaced.is_empty() {
            return Err(misplaced);
        }
        if let Some(places) = self.marked(table)? {
            return Ok(places);
        }
        let table = match table {
            Some(table) => table,
            None => self.only_table()?,
        };
        let blocking: Vec<Refusal> =
            self.refusals.iter().filter(|r| r.reach.includes(table)).cloned().collect();
        if !blocking.is_empty() {
            return Err(blocking);
        }
        let places: Vec<&Place> = self.places.iter().filter(|place| place.table == table).collect();
        if places.is_empty() {
            return Err(self.absent(table));
        }
        Ok(places)
    }

    /// The author's markers for the table, if there are any.
    fn marked(&self, table: Option<&str>) -> Result<Option<Vec<&Place>>, Vec<Refusal>> {
        let markers: Vec<&Place> = self.places.iter().filter(|place| place.is_marked()).collect();
        let named = |name: &str| -> Vec<&Place> {
            markers.iter().copied().filter(|marker| marker.table == name).collect()
        };
        let open = named("");
        if let Some(table) = table {
            let own = named(table);
            if !own.is_empty() {
                return Ok(Some(own));
            }
            let tables = self.tables();
            if open.is_empty() || tables.is_empty() || (tables.len() == 1 && tables.contains(table))
            {
                return Ok(Some(open).filter(|places| !places.is_empty()));
            }
            let message = format!("this marker does not say whether it means `{table}`");
            let help = format!("write `// @exclusions {table}`");
            let span = open[0].source.clone();
            return Err(vec![
                Refusal::new(refusal::MARKER, message, span, Reach::Anything).help(help),
            ]);
        }
        if !open.is_empty() {
            return Ok(Some(open));
        }
        let tables: BTreeSet<&str> = markers.iter().map(|marker| marker.table.as_str()).collect();
        match tables.len() {
            0 => Ok(None),
            1 => Ok(Some(markers)),
            _ => Err(vec![ambiguous(&tables, markers[0].source.clone())]),
        }
    }

    /// Whether the rows at a place go into the query's result.
    pub(super) fn drives(&self, place: &Place) -> bool {
        let on =
            |(start, first): &(usize, usize)| *start == place.pipe.start && *first <= place.index;
        self.pipes.iter().any(on)
    }

    fn only_table(&self) -> Result<&str, Vec<Refusal>> {
        let tables = self.tables();
        let blocking: Vec<Refusal> =
            self.refusals.iter().filter(|r| r.reach != Reach::Nothing).cloned().collect();
        match tables.first() {
            _ if !blocking.is_empty() => Err(blocking),
            Some(table) if tables.len() == 1 => Ok(table),
            Some(_) => Err(vec![ambiguous(&tables, self.places[0].source.clone())]),
            None => Err(self.refusals.clone()),
        }
    }

    fn absent(&self, table: &str) -> Vec<Refusal> {
        let tables = self.tables();
        let span = self.places.first().map_or(0..0, |place| place.source.clone());
        let help = match tables.len() {
            0 => "no table drives this query".to_owned(),
            _ => format!("the query is driven by {}", listed(&tables)),
        };
        let message = format!("`{table}` does not drive this query");
        let mut refusals =
            vec![Refusal::new(refusal::TABLE_ABSENT, message, span, Reach::Anything).help(help)];
        refusals.extend(self.refusals.iter().cloned());
        refusals
    }
}

fn ambiguous(tables: &BTreeSet<&str>, span: Span) -> Refusal {
    let message = format!("several tables drive this query: {}", listed(tables));
    Refusal::new(refusal::AMBIGUOUS, message, span, Reach::Anything)
        .help("say which one with `table:`")
}

fn listed(tables: &BTreeSet<&str>) -> String {
    let quoted: Vec<String> = tables.iter().map(|table| format!("`{table}`")).collect();
    quoted.join(", ")
}

/// How often each name is used where a table may stand. Counts too many rather than too few.
pub(super) fn uses<'q>(query: &Query<'q>) -> BTreeMap<Cow<'q, str>, usize> {
    let mut uses = BTreeMap::new();
    // Per open bracket: whether the stage at hand lists columns, so that its bare names are such.
    let mut columns = vec![false];
    for index in 0..query.tokens().len() {
        let column = columns.last() == Some(&true);
        if query.closing(index).is_some() {
            columns.push(false);
        } else if query.opening(index).is_some() {
            columns.pop();
        } else if let Some(top) = columns.last_mut() {
            if query.is(index, ";") {
                *top = false;
            } else if query.is(index, "|") {
                *top = lists_columns(&query.operator(index + 1));
            }
        }
        let bound = index > 0 && query.word(index - 1) == "let";
        let member = index > 0 && query.is(index - 1, ".");
        let name = used_name(query, index).filter(|_| !bound && !member && !column);
        if let Some(name) = name {
            *uses.entry(name).or_default() += 1;
        }
    }
    uses
}

/// A name, also `['X']`: a bracket that might be an access is counted too.
fn used_name<'q>(query: &Query<'q>, index: usize) -> Option<Cow<'q, str>> {
    if query.is_name(index) {
        return Some(query.word(index).into());
    }
    let quoted = query.is(index, "[")
        && query.closing(index) == Some(index + 2)
        && query.kind(index + 1) == Some(TokenKind::Text);
    if quoted { unquote(query.word(index + 1)).map(Cow::Owned) } else { None }
}

fn lists_columns(operator: &str) -> bool {
    operator.starts_with("project")
        || matches!(
            operator,
            "extend" | "summarize" | "distinct" | "sort" | "order" | "top" | "mv-expand" | "parse"
        )
}

/// The conjuncts of a `where` stage's condition, in order.
pub(super) fn conjuncts(query: &Query<'_>, condition: std::ops::Range<usize>) -> Vec<Filter> {
    within(query, condition, 0)
}

/// Nesting beyond this stays one conjunct.
const DEPTH: usize = 50;

fn within(query: &Query<'_>, condition: std::ops::Range<usize>, depth: usize) -> Vec<Filter> {
    let mut condition = condition;
    while query.is(condition.start, "(")
        && condition.len() > 1
        && query.closing(condition.start) == Some(condition.end - 1)
    {
        condition = condition.start + 1..condition.end - 1;
    }
    let pieces = top_level_words(query, condition.clone(), "and");
    let only_and = pieces.len() > 1 && top_level_words(query, condition.clone(), "or").len() == 1;
    if only_and && depth < DEPTH {
        return pieces.into_iter().flat_map(|piece| within(query, piece, depth + 1)).collect();
    }
    let span = query.span(&condition);
    vec![Filter { text: query.text()[span.clone()].to_owned(), span }]
}

fn top_level_words(
    query: &Query<'_>,
    range: std::ops::Range<usize>,
    word: &str,
) -> Vec<std::ops::Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = range.start;
    let mut index = range.start;
    while index < range.end {
        if let Some(close) = query.closing(index) {
            index = close + 1;
            continue;
        }
        if query.is_name(index) && query.word(index) == word {
            pieces.push(start..index);
            start = index + 1;
        }
        index += 1;
    }
    pieces.push(start..range.end);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places as `TABLE@text before the place…`, or the codes of the refusals.
    fn check(text: &str, table: Option<&str>, expect: &[&str]) {
        let query = Query::parse(text);
        let spine = spine(&query);
        let found: Vec<String> = match spine.places_of(table) {
            Ok(places) => places
                .iter()
                .map(|place| {
                    let from = place.at.saturating_sub(4);
                    let wrap = if place.wrap.is_some() { "()" } else { "" };
                    format!("{}{wrap} …{}", place.table, &text[from..place.at])
                })
                .collect(),
            Err(refusals) => refusals.iter().map(|r| r.code.to_string()).collect(),
        };
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn the_driving_table_is_found_behind_lets_and_parentheses() {
        check("Tabl | where aaa | count", None, &["Tabl … aaa"]);
        check("let a = 1; Tabl // c\n| where aaa // d\n| count", None, &["Tabl …// d"]);
        check("let X = Tabl | where aaa;\nX | count", None, &["Tabl … aaa"]);
        check("let X = materialize(Tabl | where aaa); (X) | count", None, &["Tabl … aaa"]);
        check("let f = (a:int) { Tabl | where bbb }; f(1)", None, &["Tabl … bbb"]);
        check("Tabl | where aaa | join kind=inner (Othr) on b", None, &["Tabl … aaa"]);
        check("Base | join kind=rightanti (Tabl | where aaa) on b", None, &["Tabl … aaa"]);
        check("Base | join kind=rightanti Tabl on b", None, &["Tabl() …Tabl"]);
        for settings in [
            "hint.strategy=broadcast kind=rightanti",
            "hint.remote = auto hint.num_partitions = 4 kind = rightsemi",
            "hint.shufflekey=['a b'] kind='rightouter'",
            "kind=rightantisemi hint.strategy = shuffle",
        ] {
            let text = format!("Base | join {settings} (Tabl | where aaa) on b");
            check(&text, None, &["Tabl … aaa"]);
        }
        check("union hint.concurrency=1 isfuzzy = true Tabl", None, &["Tabl() …Tabl"]);
        check("table('Tabl') | count", None, &["Tabl …bl')"]);
        check("workspace('w').Tabl | count", None, &["Tabl …Tabl"]);
        check("['a b'] | count", None, &["a b … b']"]);
        check("imDns(x=1) | where aaa", None, &["imDns … aaa"]);
        check("Tabl | where a == 1 |", None, &["Tabl …== 1"]);
    }

    #[test]
    fn what_stands_before_the_main_expression_does_not_hide_its_table() {
        check("set best_effort = true; set x; Tabl | where aaa", None, &["Tabl … aaa"]);
        check(
            "declare query_parameters(p:string = 'a|b;', d:datetime = datetime(2026-01-01));
            Tabl | where x == p | count",
            None,
            &["Tabl …== p"],
        );
        check("let v = view () { Tabl | where aaa }; v | count", None, &["Tabl … aaa"]);
        check("let v = view (a:int) { Tabl | where aaa }; v(1) | count", None, &["Tabl … aaa"]);
        check("let v = view () { Tabl | where aaa }; union v, Othr", Some("Tabl"), &["Tabl … aaa"]);
        check("Tabl | where aaa | lookup kind=leftouter (Othr) on b", None, &["Tabl … aaa"]);
        check("Tabl | lookup Othr on b", None, &["Tabl …Tabl"]);
        check("[@'Tabl'] | where ['a b'] == ```x|y``` // | z", None, &["Tabl … | z"]);
        check("Tabl | where a == ~~~x\n|;~~~ or b == h'|' | count", None, &["Tabl …h'|'"]);
    }

    #[test]
    fn every_arm_of_a_union_has_a_place() {
        check("union Aaaa, (Aaaa | where bbb)", None, &["Aaaa() …Aaaa", "Aaaa … bbb"]);
        check("Aaaa | union isfuzzy=true Bbbb", Some("Bbbb"), &["Bbbb() …Bbbb"]);
        check("union Aaaa, Bbbb", None, &["exclusion-cannot-place-ambiguous-table"]);
        check("union Aaaa, Bbbb", Some("Cccc"), &["exclusion-cannot-place-table-absent"]);
    }

    #[test]
    fn what_may_hide_rows_of_the_table_refuses_the_whole() {
        check("search 'x'", None, &["exclusion-cannot-place-search"]);
        check("print 1", None, &["exclusion-cannot-place-generated-rows"]);
        check("let a = 1;", None, &["exclusion-cannot-place-no-main-expression"]);
        check("Aaaa; Bbbb", None, &["exclusion-cannot-place-several-results"]);
        check("union A*, Bbbb", Some("Aaaa"), &["exclusion-cannot-place-wildcard"]);
        check("union A*, Bbbb", Some("Bbbb"), &["Bbbb() …Bbbb"]);
        check("union *", Some("Bbbb"), &["exclusion-cannot-place-wildcard"]);
        check(
            "union withsource=t Aaaa, Bbbb",
            Some("Aaaa"),
            &["exclusion-cannot-place-union-withsource"],
        );
        check("Aaaa | where (b", None, &["exclusion-cannot-place-faulty-query"]);
        check("union Aaaa, (datatable(x:int)[1])", None, &["Aaaa() …Aaaa"]);
        check("let f = (T:(*)) { T }; f(Aaaa)", None, &["exclusion-cannot-place-table-parameter"]);
        check("arg('').resources", None, &["exclusion-cannot-place-remote-table"]);
    }

    #[test]
    fn a_let_that_a_baseline_also_uses_is_filtered_where_it_drives() {
        check(
            "let X = Tabl | where aaa; X | where bbb | join kind=leftanti (X | take 1) on c",
            None,
            &["Tabl … bbb"],
        );
        check(
            "let X = Tabl | extend d = 1 | where aaa; X | where bbb | join (X) on c",
            None,
            &["Tabl … bbb"],
        );
        check(
            "let X = Tabl | summarize b by c; X | join (X) on c",
            None,
            &["exclusion-cannot-place-shared-let"],
        );
        check("let X = Tabl | summarize b by c; union X, X", None, &["Tabl …Tabl"]);
        for other in ["['X']", "([\"X\"] | take 1)", "(['X'])"] {
            let text = format!("let X = Tabl | where aaa; X | where bbb | join {other} on c");
            check(&text, None, &["Tabl … bbb"]);
        }
    }

    #[test]
    fn a_function_of_a_tables_name_is_filtered_at_each_call() {
        let text = "let f = (t:string, x:int) { table(t) | where aaa };
            let A = f('Tabl', 1); let B = f('Othr', 1); union A, B";
        check(text, Some("Tabl"), &["Tabl …, 1)"]);
        check(text, None, &["exclusion-cannot-place-ambiguous-table"]);
        check("let f = (t:string) { table(t) | where aaa }; f('Tabl')", None, &["Tabl … aaa"]);
        check(
            "let f = (t:string) { table(t) }; f(x)",
            None,
            &["exclusion-cannot-place-table-parameter"],
        );
    }

    #[test]
    fn leading_filters_are_conjuncts_through_transparent_lets() {
        let query = Query::parse(
            "let X = T | where a == 1 and (b == 2 and c has 'and'); X | where d or e | filter f",
        );
        let spine = spine(&query);
        let leading: Vec<&str> = spine.places[0].leading.iter().map(|f| f.text.as_str()).collect();
        assert_eq!(leading, ["a == 1", "b == 2", "c has 'and'", "d or e", "f"]);
        let query = Query::parse("let X = T | where a; union (X | where b), (X | where c)");
        let place = &super::spine(&query).places[0];
        assert_eq!(place.leading.len(), 1, "the uses differ in their filters");
    }

    #[test]
    fn a_marker_is_the_authors_own_placement() {
        check("search 'x'\n// @exclusions\n| count", None, &[" …ions"]);
        check("union Aaaa, Bbbb\n// @exclusions Aaaa\n| take 1", Some("Aaaa"), &["Aaaa …Aaaa"]);
        check(
            "union Aaaa, Bbbb\n// @exclusions\n| take 1",
            Some("Aaaa"),
            &["exclusion-cannot-place-marker"],
        );
        check("Aaaa\n// @exclusions\n| count", Some("Aaaa"), &[" …ions"]);
        check("Aaaa |\n// @exclusions\ncount", None, &["exclusion-cannot-place-marker"]);
    }

    #[test]
    fn tables_that_come_in_inside_a_stage_have_places() {
        let invoked = "let f = (X:(*), n:int) { X | union (Othr | where ccc) }; Tabl | invoke f(1)";
        check(invoked, Some("Tabl"), &["Tabl …Tabl"]);
        check(invoked, Some("Othr"), &["Othr … ccc"]);
        let again = "let f = (X:(*)) { union X, Tabl }; Tabl | where aaa | invoke f()";
        check(again, Some("Tabl"), &["Tabl … aaa", "Tabl() …Tabl"]);
        let shared =
            "let f = (X:(*)) { X | union Tabl }; Tabl | invoke f() | join (Othr | invoke f()) on a";
        check(shared, Some("Tabl"), &["exclusion-cannot-place-shared-let"]);
        check("Tabl | invoke FileProfile('SHA1', 1000)", None, &["Tabl …Tabl"]);
        check("let f = (X:(*)) { X | where a }; Tabl | invoke f()", None, &["Tabl …Tabl"]);
        check("Tabl | partition by a (top 1 by b | union Othr)", Some("Othr"), &["Othr() …Othr"]);
        check("Othr | partition by a { Tabl | where bbb }", Some("Tabl"), &["Tabl … bbb"]);
        check(
            "Tabl | partition hint.strategy=native by a (where b | take 1)",
            None,
            &["Tabl …Tabl"],
        );
        check("Tabl | mv-apply a on (where b == 1 | extend c = 2)", None, &["Tabl …Tabl"]);
    }

    #[test]
    fn a_marker_beside_the_driving_spine_is_refused() {
        let refused = &["exclusion-cannot-place-marker"];
        for text in [
            "let Unused = Aaaa\n// @exclusions\n| take 1; Aaaa | count",
            "Aaaa | join (Aaaa\n// @exclusions\n| take 1) on b",
            "Aaaa | where b in (Aaaa\n// @exclusions\n| project b)",
            "let n = toscalar(Aaaa\n// @exclusions\n| count); Aaaa | take n",
            "Aaaa\n// @exclusions\n| join kind=rightanti (Aaaa) on b",
            "let f = () { let Unused = Aaaa\n// @exclusions\n| take 1; Aaaa }; f()",
            "union (Bbbb\n// @exclusions Aaaa\n| take 1), Aaaa",
        ] {
            check(text, Some("Aaaa"), refused);
        }
        let kept = &[" …ions"];
        check("let X = Aaaa\n// @exclusions\n| take 1; X | count", None, kept);
        check("Bbbb | join kind=rightanti (Aaaa) on b\n// @exclusions\n| take 1", None, kept);
        check("union (Aaaa\n// @exclusions Aaaa\n| take 1), Bbbb", Some("Aaaa"), &["Aaaa …Aaaa"]);
        check("union A*\n// @exclusions Aaaa\n| take 1", Some("Aaaa"), &["Aaaa …Aaaa"]);
        check("let f = () { Aaaa\n// @exclusions\n| take 1 }; f() | count", None, kept);
    }

    #[test]
    fn what_was_meant_as_a_marker_is_never_passed_over() {
        for comment in [
            "// @exclusions A, B",
            "// @exclusions Aaaa Bbbb",
            "// @exclusions: Aaaa",
            "// @exclusions Aaaa // why",
            "// @exclusion Aaaa",
            "// @Exclusions Aaaa",
            "// @ exclusions",
            "// @exclude Aaaa",
            "// @exclusions go here",
            "// @exclusions *",
            "// \u{feff}@exclusions",
            "# @exclusions",
        ] {
            let text = format!("Aaaa\n{comment}\n| count");
            check(&text, Some("Aaaa"), &["exclusion-cannot-place-marker"]);
            let query = Query::parse(&text);
            let refusal = &spine(&query).refusals[0];
            assert_eq!(&text[refusal.span.clone()], comment);
            assert!(refusal.help.contains("`// @exclusions TABLE`"), "{}", refusal.help);
        }
        check("Aaaa | count // @exclusions", None, &["exclusion-cannot-place-marker"]);
        check("Aaaa\n//@exclusions ['Aaaa']\n| count", None, &["Aaaa …aa']"]);
        check("Aaaa\n// what @exclusions are\n| count", None, &["Aaaa …Aaaa"]);
    }
}
