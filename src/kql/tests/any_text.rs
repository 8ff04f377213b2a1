//! Texts that nobody wrote: bytes, characters and pieces of queries in any order.

use proptest::prelude::*;

use crate::kql::predicate::{Constants, Context, filter};
use crate::kql::{Insertion, Query, Rows, Schema, inject, lex, parameters, refusal, spine, tables};

/// Pieces of KQL in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "T",
        "U",
        "let ",
        "X",
        " = ",
        ";",
        " | ",
        "where ",
        "union ",
        "join kind=inner ",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "'a'",
        "\"",
        "a",
        " == ",
        " and ",
        " or ",
        "not(",
        " has_any ",
        ",",
        " in~ ",
        " between ",
        " .. ",
        "1",
        "5d",
        "ago(",
        "now(",
        "-",
        "*",
        "dynamic(",
        ":",
        "// c\n",
        "\n// @exclusions T\n",
        "\n",
        "extend ",
        "materialize(",
        "datetime(2026-01-01)",
        ".",
        "!",
        "search ",
        "as ",
        "on ",
        "view ",
        "set ",
        "#",
        "é",
        "withsource=",
        "kind=rightanti ",
        "summarize ",
        "invoke X(",
        "partition by a ",
        "project ",
        " by ",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_what_is_placed_is_only_what_was_meant(text in soup()) {
        let constants = Query::parse(&text).constants();
        let context = Context { columns: None, constants: &constants };
        filter(&text, context).to_string();
        let columns = Schema::builtin().columns("SigninLogs");
        let _ = filter(&text, Context { columns, constants: &Constants::new() });
        let _ = parameters(&Query::parse(&text));
        let query = Query::parse(&text);
        for place in spine(&query).places {
            let _ = Rows::at(&query, &place);
        }
        for table in [None, Some("T".to_owned()), Some("U".to_owned())] {
            let insertion = Insertion {
                id: "probe".parse().unwrap(),
                table,
                predicate: "a == 'b'".to_owned(),
                expires: None,
            };
            match inject(&text, &[insertion]) {
                Ok(injected) => {
                    prop_assert!(!injected.stages.is_empty());
                    for stage in &injected.stages {
                        let shown = &injected.text[stage.span.clone()];
                        prop_assert!(shown.starts_with("// exclusion: probe\n| where not("));
                    }
                }
                Err(refusals) => prop_assert!(
                    refusals.iter().all(|refusal| refusal.code != refusal::POST_CHECK),
                    "{text:?} {refusals:?}"
                ),
            }
        }
    }
}

/// Every byte belongs to one token, in order, whatever the text is.
fn lossless(text: &str) -> Result<(), TestCaseError> {
    let mut at = 0;
    for token in lex(text) {
        prop_assert_eq!(token.start, at, "{:?}", text);
        prop_assert!(token.end > at && text.is_char_boundary(token.end), "{:?}", text);
        at = token.end;
    }
    prop_assert_eq!(at, text.len(), "{:?}", text);
    Ok(())
}

/// Nothing panics, and every driving table is placed or held.
fn placed_or_held(text: &str) -> Result<(), TestCaseError> {
    let query = Query::parse(text);
    let _ = tables(&query);
    for table in spine(&query).tables() {
        let insertion = Insertion {
            id: "probe".parse().unwrap(),
            table: Some(table.to_owned()),
            predicate: "a == 'b'".to_owned(),
            expires: None,
        };
        match inject(text, &[insertion]) {
            Ok(injected) => prop_assert!(!injected.stages.is_empty(), "{:?}", text),
            Err(refusals) => {
                let found = refusals.iter().find(|refusal| refusal.code == refusal::POST_CHECK);
                prop_assert!(!refusals.is_empty() && found.is_none(), "{:?} {:?}", text, found);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_loss(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        lossless(&text)?;
        placed_or_held(&text)?;
    }

    #[test]
    fn any_characters_are_read_without_loss(text in "\\PC{0,80}|[\"'`~@hH()\\[\\]{}|;/# \r\n\\\\a0.=-]{0,60}") {
        lossless(&text)?;
        placed_or_held(&text)?;
    }

    #[test]
    fn any_pieces_of_queries_are_read_without_loss(text in soup()) {
        lossless(&text)?;
        placed_or_held(&text)?;
    }
}
