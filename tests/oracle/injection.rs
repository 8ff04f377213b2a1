//! An exclusion for every driving table.

use std::collections::{BTreeMap, BTreeSet};

use sentinelops::kql::{Insertion, Query, inject, refusal, spine};

use crate::corpus::{Clean, Corpus, corpus};
use crate::engine::{Bound, Diagnostic};
use crate::structure::Units;

/// A query with an exclusion of one of its tables in it.
struct Injected<'c> {
    clean: &'c Clean,
    table: String,
    column: String,
    text: String,
    /// Where the column stands in each stage, as the engine counts.
    names: Vec<usize>,
}

/// A column of text that the query has not computed anew; which one differs from query to query.
fn column<'c>(corpus: &'c Corpus, clean: &Clean, table: &str) -> &'c str {
    let query = Query::parse(&clean.text);
    let hidden: BTreeSet<String> =
        spine(&query).places.into_iter().flat_map(|place| place.hidden).collect();
    let function = corpus.schema.functions.iter().find(|function| function.name == table);
    let columns = match corpus.schema.tables.get(table) {
        Some(columns) => columns,
        None => &function.unwrap_or_else(|| panic!("{}: {table}", clean.path)).columns,
    };
    let plain = |name: &&String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let fit: Vec<&String> = columns
        .iter()
        .filter(|(_, kind)| *kind == "string")
        .map(|(name, _)| name)
        .filter(|name| plain(name) && !hidden.contains(*name) && *name != "Type")
        .collect();
    assert!(!fit.is_empty(), "{}: {table}", clean.path);
    fit[clean.path.bytes().map(usize::from).sum::<usize>() % fit.len()]
}

fn probe<'c>(corpus: &Corpus, clean: &'c Clean, table: &str) -> Result<Injected<'c>, String> {
    let column = column(corpus, clean, table).to_owned();
    let insertion = Insertion {
        id: "probe".parse().unwrap(),
        table: Some(table.to_owned()),
        predicate: format!("{column} =~ \"kql//probe | x\""),
        expires: None,
    };
    let injected = inject(&clean.text, &[insertion]).map_err(|refusals| {
        let codes: BTreeSet<&str> = refusals.iter().map(|r| r.code.as_str()).collect();
        assert!(refusals.iter().all(|r| refusal::CODES.contains(&r.code)), "{codes:?}");
        assert!(!codes.contains(refusal::POST_CHECK.as_str()), "{}: {table}", clean.path);
        assert!(!codes.is_empty(), "{}: {table}", clean.path);
        Vec::from_iter(codes).join(", ")
    })?;
    let start = "| where not(coalesce((";
    let names = injected.stages.iter().map(|stage| {
        let found = injected.text[stage.span.clone()].find(start).expect("a stage is a filter");
        Units(&injected.text).at(stage.span.start + found + start.len())
    });
    let names = names.collect();
    Ok(Injected { clean, table: table.to_owned(), column, names, text: injected.text })
}

/// Findings that were not there before; where they stand does not count.
fn new<'b>(before: &Clean, after: &'b Bound) -> Vec<&'b Diagnostic> {
    let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for old in before.structure.syntax.iter().chain(&before.structure.semantic) {
        *known.entry((&old.code, &old.message)).or_default() += 1;
    }
    let all = after.syntax.iter().chain(&after.semantic);
    all.filter(|found| match known.get_mut(&(found.code.as_str(), found.message.as_str())) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    })
    .collect()
}

#[test]
fn an_exclusion_of_every_driving_table_is_sound_or_held() {
    let Some(corpus) = corpus() else { return };
    let (mut injected, mut held) = (Vec::new(), Vec::new());
    let mut placed = 0;
    for clean in &corpus.clean {
        let query = Query::parse(&clean.text);
        let spine = spine(&query);
        let mut complete = !spine.tables().is_empty();
        for table in spine.tables() {
            match probe(corpus, clean, table) {
                Ok(one) => injected.push(one),
                Err(codes) => {
                    complete = false;
                    held.push(format!("{} {table}: {codes}", clean.path));
                }
            }
        }
        if spine.tables().is_empty() {
            let codes: Vec<&str> = spine.refusals.iter().map(|r| r.code.as_str()).collect();
            assert!(!codes.is_empty(), "{}: neither placed nor held", clean.path);
            held.push(format!("{}: {}", clean.path, codes.join(", ")));
        }
        placed += usize::from(complete);
    }
    let texts: Vec<&str> = injected.iter().map(|one| one.text.as_str()).collect();
    let names: Vec<Vec<usize>> = injected.iter().map(|one| one.names.clone()).collect();
    let answers = corpus.engine.bindings(&texts, &names);
    let mut wrong = Vec::new();
    for (one, answer) in injected.iter().zip(&answers) {
        let Injected { clean, table, column, .. } = one;
        for diagnostic in new(clean, answer) {
            wrong.push(format!("{} {table}.{column}: {diagnostic:?}", clean.path));
        }
        if answer.bound.iter().any(|bound| bound.as_deref() != Some("column")) {
            wrong.push(format!("{} {table}.{column}: {:?}", clean.path, answer.bound));
        }
    }
    let (clean, points) = (corpus.clean.len(), names.iter().map(Vec::len).sum::<usize>());
    println!("{placed} of {clean} queries are placed; {} exclusions, {points} stages", texts.len());
    println!("held:\n{}", held.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(placed * 100 >= clean * 97, "{placed} of {clean}");
}
