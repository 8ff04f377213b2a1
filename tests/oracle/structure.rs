//! Statements, main expression, stages and tables.

use std::collections::BTreeSet;
use std::ops::Range;

use sentinelops::kql::{Query, StatementKind, spine, tables};

use crate::corpus::{Clean, corpus};

/// Byte offsets as the engine counts them.
pub(crate) struct Units<'t>(pub(crate) &'t str);

impl Units<'_> {
    pub(crate) fn at(&self, byte: usize) -> usize {
        self.0[..byte].encode_utf16().count()
    }

    fn span(&self, span: &Range<usize>) -> (usize, usize) {
        (self.at(span.start), self.at(span.end))
    }
}

fn kind(kind: StatementKind) -> &'static [&'static str] {
    match kind {
        StatementKind::Let | StatementKind::Function => &["LetStatement"],
        StatementKind::Set => &["SetOptionStatement"],
        StatementKind::Declare => &["QueryParametersStatement", "DeclarePatternStatement"],
        StatementKind::Access => &["AliasStatement", "RestrictStatement"],
        StatementKind::Expression => &["ExpressionStatement"],
    }
}

fn differences(clean: &Clean) -> Option<String> {
    let Clean { text, structure, .. } = clean;
    let (query, units) = (Query::parse(text), Units(text));
    let said = structure.statements.iter().map(|s| (s.start, s.end));
    let found = query.statements().iter().map(|s| units.span(&query.span(&s.tokens)));
    if !said.clone().eq(found.clone()) {
        return Some(format!("statements: {:?} {:?}", Vec::from_iter(said), Vec::from_iter(found)));
    }
    for (said, found) in structure.statements.iter().zip(query.statements()) {
        if !kind(found.kind).contains(&said.kind.as_str()) {
            return Some(format!("kinds: {} {:?}", said.kind, found.kind));
        }
    }
    let (said, found) = match (&structure.main, query.main()) {
        (Some(said), Some(found)) => (said, found),
        (None, None) => return None,
        (said, found) => return Some(format!("main: {said:?} {found:?}")),
    };
    let pipeline = query.pipeline(found.body.clone());
    let spans = [&found.tokens, &pipeline.source].map(|tokens| units.span(&query.span(tokens)));
    if spans != [(said.start, said.end), (said.source.start, said.source.end)] {
        return Some(format!("main and source: {said:?} {spans:?}"));
    }
    let said = said.stages.iter().map(|s| (s.bar, s.start, s.end));
    let found = pipeline.stages.iter().map(|stage| {
        let (start, end) = units.span(&stage.span);
        (units.at(stage.bar), start, end)
    });
    let same = said.clone().eq(found.clone());
    (!same).then(|| format!("stages: {:?} {:?}", Vec::from_iter(said), Vec::from_iter(found)))
}

#[test]
fn statements_the_main_expression_and_stages_are_where_the_engine_finds_them() {
    let Some(corpus) = corpus() else { return };
    let differ: Vec<String> = corpus
        .clean
        .iter()
        .filter_map(|clean| Some(format!("{}: {}", clean.path, differences(clean)?)))
        .collect();
    println!("{} queries, {} differ", corpus.clean.len(), differ.len());
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn tables_are_those_that_the_engine_finds() {
    let Some(corpus) = corpus() else { return };
    // Where a parser function has the name of a table too, the engine takes the function.
    let functions = corpus.schema.functions.iter().map(|function| function.name.as_str());
    let functions: BTreeSet<&str> = functions.collect();
    let known =
        |name: &&str| corpus.schema.tables.contains_key(*name) && !functions.contains(*name);
    let mut differ = Vec::new();
    for clean in &corpus.clean {
        let query = Query::parse(&clean.text);
        let said: BTreeSet<&str> = clean.structure.tables.iter().map(String::as_str).collect();
        let found = tables(&query);
        let found: BTreeSet<&str> = found.iter().map(String::as_str).filter(known).collect();
        if said != found {
            differ.push(format!("{}: {said:?} {found:?}", clean.path));
        }
        // What drives the query is a table. The engine's syntax tree does not show those whose names a
        // function gets as texts.
        for table in spine(&query).tables().into_iter().filter(known) {
            let as_text = ['"', '\''].map(|quote| format!("{quote}{table}{quote}"));
            let as_text = as_text.iter().any(|written| clean.text.contains(written));
            assert!(said.contains(table) || as_text, "{}: {table}", clean.path);
        }
    }
    println!("{} queries, {} differ", corpus.clean.len(), differ.len());
    assert!(differ.len() * 1000 <= corpus.clean.len() * 5, "{}", differ.join("\n"));
}
