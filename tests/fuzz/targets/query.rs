//! Any bytes as a query: nothing is lost, nothing panics, and an exclusion is placed soundly or held.

use sentinelops::kql::{Insertion, Query, inject, lex, parameters, refusal, spine, tables};

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut at = 0;
    for token in lex(&text) {
        assert!(token.start == at && token.end > at, "tokens are adjacent");
        at = token.end;
    }
    assert_eq!(at, text.len(), "tokens joined are the text");
    let query = Query::parse(&text);
    let _ = (tables(&query), parameters(&query));
    let spine = spine(&query);
    let tables = spine.tables().into_iter().map(|table| Some(table.to_owned()));
    for table in tables.chain([None]) {
        let insertion = Insertion {
            id: "probe".parse().expect("it is an id"),
            table,
            predicate: "Probe =~ \"a|b\"".to_owned(),
            expires: None,
        };
        match inject(&text, &[insertion]) {
            Ok(injected) => assert!(!injected.stages.is_empty(), "a stage for each place"),
            Err(refusals) => {
                assert!(!refusals.is_empty(), "held with a code");
                assert!(refusals.iter().all(|refusal| refusal.code != refusal::POST_CHECK));
            }
        }
    }
}
