//! Injection: exclusions become stages of a query, at every place of their table or nowhere.
//!
//! In come a query's text and the exclusions that apply to it; out comes the new text and where each
//! stage stands in it. The result is split again: unless it has the old stages plus exactly the new
//! ones at the expected places, it is refused. Nothing else of the text changes, not a blank.

use std::collections::BTreeMap;

use crate::diag::Span;
use crate::ident::{Day, ExclusionId};

use super::spine::spine;
use super::{Place, Query, Reach, Refusal, Spine, TokenKind, refusal};

/// One exclusion, ready to become a stage.
#[derive(Debug, Clone)]
pub struct Insertion {
    /// Stands in the comment that leads the stage, and orders the stages.
    pub id: ExclusionId,
    /// The table whose rows it excludes; the query's only driving table if none.
    pub table: Option<String>,
    /// A KQL boolean over the table's columns: rows for which it is true go.
    pub predicate: String,
    /// The last day in force, UTC.
    pub expires: Option<Day>,
}

/// A stage that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedStage {
    /// Whose it is.
    pub id: ExclusionId,
    /// The table at whose place it stands; empty at a marker without a table.
    pub table: String,
    /// The place that it stands at, among those of the query's spine.
    pub place: usize,
    /// Its comment and its stage, in bytes of the new text.
    pub span: Span,
}

/// A query with its exclusions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected {
    /// The new text.
    pub text: String,
    /// In the order in which they stand.
    pub stages: Vec<InjectedStage>,
}

/// Adds a stage for each exclusion at every place of its table, ordered by id.
///
/// # Errors
/// Everything that keeps any of them from being placed completely; then nothing is placed.
pub fn inject(text: &str, insertions: &[Insertion]) -> Result<Injected, Vec<Refusal>> {
    if insertions.is_empty() {
        return Ok(Injected { text: text.to_owned(), stages: Vec::new() });
    }
    let query = Query::parse(text);
    inject_into(&query, &spine(&query), insertions)
}

/// The same for a query that was split before.
///
/// # Errors
/// As [`inject`] has them.
pub fn inject_into(
    query: &Query<'_>,
    spine: &Spine,
    insertions: &[Insertion],
) -> Result<Injected, Vec<Refusal>> {
    let mut ordered: Vec<&Insertion> = insertions.iter().collect();
    ordered.sort_by(|left, right| left.id.cmp(&right.id));
    let mut refusals: Vec<Refusal> = Vec::new();
    let mut planned: BTreeMap<usize, Vec<Planned>> = BTreeMap::new();
    for insertion in ordered {
        let predicate = Query::parse(&insertion.predicate);
        let stage = stage(&predicate, insertion);
        let places = spine.places_of(insertion.table.as_deref());
        match (stage, places) {
            (Ok(stage), Ok(places)) => {
                let wanted = |place: &Place| places.iter().any(|one| std::ptr::eq(*one, place));
                for (index, place) in spine.places.iter().enumerate().filter(|p| wanted(p.1)) {
                    refusals.extend(hidden(place, &predicate));
                    planned.entry(index).or_default().push(stage.clone());
                }
            }
            (stage, places) => {
                refusals.extend(stage.err());
                let new = places.err().into_iter().flatten();
                let new: Vec<Refusal> = new.filter(|r| !refusals.contains(r)).collect();
                refusals.extend(new);
            }
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let injected = write(query.text(), &spine.places, &planned);
    match post_check(query, &spine.places, &planned, &injected) {
        Ok(()) => Ok(injected),
        Err(message) => {
            let whole = 0..query.text().len();
            let refusal = Refusal::new(refusal::POST_CHECK, message, whole, Reach::Anything);
            Err(vec![refusal])
        }
    }
}

/// Refuses a predicate that reads a column which is not the table's own at the place.
fn hidden(place: &Place, predicate: &Query<'_>) -> Option<Refusal> {
    if place.hidden.is_empty() {
        return None;
    }
    let read = predicate.names();
    let column = read.intersection(&place.hidden).next()?;
    let message =
        format!("`{column}` is computed anew in a let that is also used beside the driving spine");
    let reach = Reach::Table(place.table.clone());
    Some(Refusal::new(refusal::SHARED_LET, message, place.source.clone(), reach))
}

/// A stage to be written at a place.
#[derive(Clone)]
struct Planned {
    id: ExclusionId,
    /// `where not(…)`, on one line, without its bar.
    text: String,
    /// Its tokens.
    words: Vec<String>,
}

/// The stage of an exclusion. `coalesce` is needed since `where not(v > 3)` also drops null rows.
fn stage(predicate: &Query<'_>, insertion: &Insertion) -> Result<Planned, Refusal> {
    let line = contained(predicate)?;
    let (mut text, mut expected) = ("where not(".to_owned(), vec!["where", "not", "("]);
    let day = insertion.expires.map(|day| format!("datetime({})", day.next()));
    if let Some(day) = &day {
        text += &format!("now() < {day} and ");
        expected.extend(["now", "(", ")", "<", day, "and"]);
    }
    text += &format!("coalesce(({line}), false))");
    expected.extend(["coalesce", "(", "("].into_iter().chain(words(predicate)));
    expected.extend([")", ",", "false", ")", ")"]);
    let words = expected.into_iter().map(str::to_owned).collect();
    Ok(Planned { id: insertion.id.clone(), text, words })
}

/// A predicate on one line without comments, if it cannot reach beyond its own parentheses.
///
/// # Errors
/// Faults, emptiness, `|` or `;` at its top level, tokens that span lines, directives.
pub(super) fn contained(query: &Query<'_>) -> Result<String, Refusal> {
    let predicate = query.text();
    let refused = |message: &str, span: Span| {
        let message = format!("the predicate {message}");
        Err(Refusal::new(refusal::PREDICATE, message, span, Reach::Anything)
            .help("write one boolean expression"))
    };
    if let Some(fault) = query.faults().first() {
        return refused(&format!("is not whole: {}", fault.message), fault.span.clone());
    }
    if query.tokens().is_empty() {
        return refused("is empty", 0..predicate.len());
    }
    let everything = 0..query.tokens().len();
    for mark in ["|", ";"] {
        let pieces = query.split(everything.clone(), mark);
        if pieces.len() > 1 {
            let at = query.tokens()[pieces[0].end].span();
            return refused(&format!("has a `{mark}` outside of parentheses"), at);
        }
    }
    for token in query.all_tokens() {
        let text = &predicate[token.span()];
        if token.kind == TokenKind::Directive {
            return refused("has a directive in it", token.span());
        }
        if token.kind == TokenKind::Unknown {
            return refused("has a character that KQL does not know", token.span());
        }
        if token.is_significant() && text.contains(|c: char| c.is_control() && !is_space(c)) {
            return refused("has a control character in it", token.span());
        }
        if token.is_significant() && text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            return refused("has a string that spans lines", token.span());
        }
    }
    let line = one_line(query);
    if line == predicate {
        return Ok(line);
    }
    let again = Query::parse(&line);
    let same = words(&again).eq(words(query)) && again.faults().is_empty();
    if same { Ok(line) } else { refused("does not fit on one line", 0..predicate.len()) }
}

/// A tab may stand in a string; line ends have a message of their own.
fn is_space(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{85}')
}

/// The tokens that carry meaning, with one blank where there was anything between two of them.
fn one_line(query: &Query<'_>) -> String {
    let mut line = String::new();
    let mut end = None;
    for token in query.tokens() {
        if end.is_some_and(|end| end != token.start) {
            line.push(' ');
        }
        line += &query.text()[token.span()];
        end = Some(token.end);
    }
    line
}

fn words<'q>(query: &'q Query<'_>) -> impl Iterator<Item = &'q str> {
    (0..query.tokens().len()).map(|index| query.word(index))
}

fn write(text: &str, places: &[Place], planned: &BTreeMap<usize, Vec<Planned>>) -> Injected {
    let added = planned.values().flatten().map(|stage| stage.text.len() + 100).sum::<usize>();
    let text_of = String::with_capacity(text.len() + added);
    let mut injected = Injected { text: text_of, stages: Vec::new() };
    let mut from = 0;
    for (at, opens, place) in pieces(places, planned) {
        injected.text += &text[from..at];
        from = at;
        if opens {
            injected.text.push('(');
            continue;
        }
        for stage in &planned[&place] {
            injected.text.push('\n');
            let start = injected.text.len();
            injected.text += "// exclusion: ";
            injected.text += stage.id.as_str();
            injected.text += "\n| ";
            injected.text += &stage.text;
            injected.stages.push(InjectedStage {
                id: stage.id.clone(),
                table: places[place].table.clone(),
                place,
                span: start..injected.text.len(),
            });
        }
        if places[place].wrap.is_some() {
            injected.text.push(')');
        }
    }
    injected.text += &text[from..];
    injected
}

/// Where something is written: the byte, whether an arm's parenthesis opens there, and the place.
fn pieces(places: &[Place], planned: &BTreeMap<usize, Vec<Planned>>) -> Vec<(usize, bool, usize)> {
    let mut pieces = Vec::new();
    for place in planned.keys() {
        pieces.push((places[*place].at, false, *place));
        pieces.extend(places[*place].wrap.map(|start| (start, true, *place)));
    }
    pieces.sort_unstable();
    pieces
}

/// Splits the result again and compares it with what was meant.
fn post_check(
    before: &Query<'_>,
    places: &[Place],
    planned: &BTreeMap<usize, Vec<Planned>>,
    injected: &Injected,
) -> Result<(), String> {
    let after = Query::parse(&injected.text);
    let again = spine(&after);
    if let Some(fault) = after.faults().first() {
        return Err(format!("the compiled query cannot be read: {}", fault.message));
    }
    let kinds = |query: &Query<'_>| -> Vec<_> {
        query.statements().iter().map(|s| (s.kind, s.name.clone())).collect()
    };
    if kinds(before) != kinds(&after) {
        return Err("the compiled query has other statements".to_owned());
    }
    if again.places.len() != places.len() {
        return Err("the compiled query has other places".to_owned());
    }
    for (old, new) in places.iter().zip(&again.places) {
        let mut expected = stages(before, old);
        let mut added: Vec<(usize, usize, usize)> = planned
            .keys()
            .filter(|place| places[**place].pipe == old.pipe)
            .map(|place| (places[*place].index, places[*place].at, *place))
            .collect();
        added.sort_unstable();
        for (index, _, place) in added.into_iter().rev() {
            let texts = planned[&place].iter().map(|stage| stage.words.concat());
            expected.splice(index..index, texts);
        }
        if old.table != new.table || !same_stages(&expected, &stages(&after, new), planned) {
            return Err(format!("the compiled query has other stages behind `{}`", old.table));
        }
    }
    if !expected_words(before, places, planned).into_iter().eq(words(&after)) {
        return Err("the compiled query has other tokens than were meant".to_owned());
    }
    Ok(())
}

/// Every token that the compiled query shall have.
fn expected_words<'w>(
    before: &'w Query<'_>,
    places: &[Place],
    planned: &'w BTreeMap<usize, Vec<Planned>>,
) -> Vec<&'w str> {
    let mut expected = Vec::new();
    let mut from = 0;
    for (at, opens, place) in pieces(places, planned) {
        let to = before.tokens().partition_point(|token| token.start < at);
        expected.extend((from..to).map(|index| before.word(index)));
        from = to;
        if opens {
            expected.push("(");
            continue;
        }
        for stage in &planned[&place] {
            expected.push("|");
            expected.extend(stage.words.iter().map(String::as_str));
        }
        expected.extend(places[place].wrap.map(|_| ")"));
    }
    expected.extend(words(before).skip(from));
    expected
}

fn stages(query: &Query<'_>, place: &Place) -> Vec<String> {
    let pipeline = query.pipeline(place.pipe.clone());
    let text = |tokens: std::ops::Range<usize>| {
        let mut text = String::with_capacity(query.span(&tokens).len());
        text.extend(tokens.map(|index| query.word(index)));
        text
    };
    pipeline.stages.into_iter().map(|stage| text(stage.tokens)).collect()
}

/// Stages of joins and unions may hold places of their own, which have grown; those of the pipe
/// itself are equal.
fn same_stages(
    expected: &[String],
    found: &[String],
    planned: &BTreeMap<usize, Vec<Planned>>,
) -> bool {
    let ours = || planned.values().flatten().map(|stage| format!("|{}", stage.words.concat()));
    let grown = |text: &str| ours().any(|our| text.contains(&our));
    expected.len() == found.len()
        && expected.iter().zip(found).all(|(expected, found)| expected == found || grown(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insertion(id: &str, table: Option<&str>, predicate: &str) -> Insertion {
        Insertion {
            id: id.parse().unwrap(),
            table: table.map(str::to_owned),
            predicate: predicate.to_owned(),
            expires: None,
        }
    }

    fn check(text: &str, table: Option<&str>, expect: &str) {
        let found = match inject(text, &[insertion("x", table, "c == 1")]) {
            Ok(injected) => injected
                .text
                .replace("\n// exclusion: x\n| where not(coalesce((c == 1), false))", "<+>"),
            Err(refusals) => refusals[0].code.to_string(),
        };
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn stages_go_behind_the_leading_filters_at_every_place() {
        check("T", None, "T<+>");
        check(
            "T | where a\n| where b // c\n| count",
            None,
            "T | where a\n| where b // c<+>\n| count",
        );
        check(
            "T | where a | extend c = 1 | where b",
            None,
            "T | where a<+> | extend c = 1 | where b",
        );
        check("union T, (U | take 1), V", Some("T"), "union (T<+>), (U | take 1), V");
        check("union T, T // x", None, "union (T<+>), (T // x<+>)");
        check("T | where a | union T", None, "T | where a<+> | union (T<+>)");
        check("let X = T; X | join (T) on a", None, "let X = T<+>; X | join (T) on a");
        check("let X = T; X | join (X) on a", None, "let X = T; X<+> | join (X) on a");
        check(
            "search 'x'\n// @exclusions\n| count",
            None,
            "search 'x'\n// @exclusions<+>\n| count",
        );
        check("search 'x'", None, "exclusion-cannot-place-search");
        check(
            "let f = (X:(*)) { union X, T }; U | invoke f() | partition by a (take 1 | union T)",
            Some("T"),
            "let f = (X:(*)) { union X, (T<+>) }; U | invoke f() | partition by a (take 1 | union \
             (T<+>))",
        );
        check(
            "U | partition by a { T | take 1 }",
            Some("T"),
            "U | partition by a { T<+> | take 1 }",
        );
    }

    #[test]
    fn stages_are_ordered_by_id_and_end_by_themselves() {
        let mut first = insertion("b-2", None, "a == 'x' // y\n  or b");
        first.expires = Some("2027-05-01".parse().unwrap());
        let injected = inject("T\n| count", &[first, insertion("a-1", None, "c")]).unwrap();
        assert_eq!(
            injected.text,
            "T\n// exclusion: a-1\n| where not(coalesce((c), false))\n// exclusion: b-2\n| where \
             not(now() < datetime(2027-05-02) and coalesce((a == 'x' or b), false))\n| count"
        );
        let shown = &injected.text[injected.stages[0].span.clone()];
        assert_eq!(shown, "// exclusion: a-1\n| where not(coalesce((c), false))");
    }

    #[test]
    fn a_predicate_cannot_reach_beyond_its_stage() {
        for predicate in [
            "",
            "// a",
            "a) or (b",
            "a | count",
            "a; b",
            "a == 'x",
            "a == \"x",
            "a == ```x\ny```",
            "a #b",
            "a == \u{7}",
            "a == 'x\u{0}y'",
            "a == @'\u{1b}[2J'",
            "a == 'x\u{7f}'",
            "a == 'x\u{9c}'",
            "['a\u{0}'] == 1",
            "a == datetime(\u{0}2020-01-01)",
            "a))\n| where ((b",
        ] {
            let refusal = contained(&Query::parse(predicate)).unwrap_err();
            assert_eq!(refusal.code, refusal::PREDICATE, "{predicate:?}");
        }
        assert_eq!(
            contained(&Query::parse("a in (\n 'b', // c\n 'd|')")).unwrap(),
            "a in ( 'b', 'd|')"
        );
        assert_eq!(contained(&Query::parse("a == 'x\ty'")).unwrap(), "a == 'x\ty'");
        assert_eq!(
            contained(&Query::parse("a in ((T | project b))")).unwrap(),
            "a in ((T | project b))"
        );
    }

    #[test]
    fn the_check_of_the_compiled_text_finds_every_way_of_getting_it_wrong() {
        let text = "union T, (T | where a | count)\n| take 5";
        let query = Query::parse(text);
        let places = spine(&query).places;
        let one = insertion("x", None, "c == 1");
        let predicate = Query::parse(&one.predicate);
        let planned = |_| vec![stage(&predicate, &one).unwrap()];
        let planned: BTreeMap<usize, Vec<Planned>> =
            (0..places.len()).map(|place| (place, planned(place))).collect();
        let right = write(text, &places, &planned);
        assert_eq!(post_check(&query, &places, &planned, &right), Ok(()));
        let stage = "\n// exclusion: x\n| where not(coalesce((c == 1), false))";
        let doubled = format!("{stage}{stage}");
        let behind = format!("| count{stage})");
        let outside = format!("){stage}");
        for (from, to) in [
            (stage, ""),
            (stage, doubled.as_str()),
            ("\n| where not", "\n// | where not"),
            ("c == 1", "c == 2"),
            ("c == 1)", "c == 1) or (true"),
            (&format!("{stage})"), &outside),
            (&format!("{stage} | count)"), &format!(" {behind}")),
            ("take 5", "take 5; T"),
            ("take 5", "take 5 | where b"),
            ("take 5", "take (5"),
            ("(T | where a", "(U | where a"),
            ("union (T", "union (U | union T"),
        ] {
            let wrong = right.text.replacen(from, to, 1);
            assert_ne!(wrong, right.text, "{from}");
            let wrong = Injected { text: wrong, stages: right.stages.clone() };
            assert!(post_check(&query, &places, &planned, &wrong).is_err(), "{}", wrong.text);
        }
    }

    #[test]
    fn nothing_is_placed_if_one_exclusion_is_refused() {
        let both = [insertion("a", Some("T"), "c"), insertion("b", Some("V"), "c")];
        assert_eq!(inject("T", &both).unwrap_err()[0].code, refusal::TABLE_ABSENT);
        assert_eq!(inject("T | where (", &[]).unwrap().text, "T | where (");
    }
}
