//! Trees, their places, and what is no tree.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Every span of a tree is a piece of the text.
fn holds(node: &Node, text: &str) -> bool {
    let inside = text.get(node.span.clone()).is_some();
    inside
        && match &node.kind {
            NodeKind::Scalar(_) => true,
            NodeKind::List(list) => list.iter().all(|item| holds(item, text)),
            NodeKind::Map(entries) => entries.iter().all(|entry| {
                text.get(entry.key_span.clone()).is_some() && holds(&entry.value, text)
            }),
        }
}

proptest! {
    #[test]
    fn no_text_panics_and_every_place_is_in_the_text(text in sample::text()) {
        let source = Arc::new(Source::new("a.yaml", text));
        match document(&source) {
            Ok(node) => prop_assert!(holds(&node, source.text())),
            Err(diagnostic) => {
                let span = diagnostic.labels[0].span.clone();
                prop_assert!(source.text().get(span).is_some());
            }
        }
    }
}

fn parsed(text: &str) -> Node {
    document(&Arc::new(Source::new("a.yaml", text))).unwrap()
}

/// The texts of all keys and scalars, in order.
fn pieces(node: &Node, text: &str, out: &mut Vec<String>) {
    match &node.kind {
        NodeKind::Scalar(_) => out.push(text[node.span.clone()].to_owned()),
        NodeKind::List(list) => list.iter().for_each(|item| pieces(item, text, out)),
        NodeKind::Map(entries) => {
            for entry in entries {
                out.push(text[entry.key_span.clone()].to_owned());
                pieces(&entry.value, text, out);
            }
        }
    }
}

fn check_pieces(text: &str, expect: &[&str]) {
    let mut found = Vec::new();
    pieces(&parsed(text), text, &mut found);
    assert_eq!(found, expect);
}

#[test]
fn every_key_and_value_knows_its_bytes() {
    check_pieces(
        "a: 1\nnäme: { b: ü, c: [x, 'y'] }\n",
        &["a", "1", "näme", "b", "ü", "c", "x", "'y'"],
    );
    check_pieces("a: 1\r\nb:\r\n  - c: two words\r\n", &["a", "1", "b", "c", "two words"]);
}

fn check_whole(text: &str, path: &[usize], expect: &str) {
    let mut node = &parsed(text);
    for index in path {
        node = match &node.kind {
            NodeKind::Scalar(_) => panic!("nothing is in a scalar"),
            NodeKind::List(list) => &list[*index],
            NodeKind::Map(entries) => &entries[*index].value,
        };
    }
    assert_eq!(&text[node.span.clone()], expect);
}

#[test]
fn lists_and_maps_reach_to_their_ends() {
    check_whole("a: [1, {b: 2}, ]\nc: 3\n", &[0], "[1, {b: 2}, ]");
    check_whole("a: [1, {b: 2}]\nc: 3\n", &[0, 1], "{b: 2}");
    check_whole("a: {}\nc: 3\n", &[0], "{}");
    check_whole("a:\n  b: 1\n  c: two\nd: 3\n", &[0], "b: 1\n  c: two");
    check_whole("a:\n  - b\n  - c\nd: 3\n", &[0], "- b\n  - c");
    check_whole("a: &x {b: 1}\nc: *x\nd: 3\n", &[1], "*x");
}

#[test]
fn values_keep_their_types() {
    let text = "{a: 1, b: true, c: ~, d: 2026-12-31, e: '1', f: 1.5, g: [yes, no], h: {i: 3d}}";
    let expect = json!({"a": 1, "b": true, "c": null, "d": "2026-12-31", "e": "1", "f": 1.5,
        "g": ["yes", "no"], "h": {"i": "3d"}});
    assert_eq!(parsed(text).to_json(), expect);
}

fn check_refused(text: &str, code: &str, line: usize) {
    let source = Arc::new(Source::new("a.yaml", text));
    let diagnostic = document(&source).unwrap_err();
    assert_eq!(diagnostic.code.as_str(), code, "{text}");
    assert_eq!(diagnostic.place().unwrap().1.line, line, "{text} {diagnostic:?}");
    assert!(!diagnostic.message.contains("line"), "{}", diagnostic.message);
    assert!(diagnostic.help.is_some());
}

#[test]
fn broken_text_is_refused_with_its_place() {
    check_refused("a: 1\nb: [1, 2\nc: 3\n", "invalid-yaml", 3);
    check_refused("a: 1\n b: 2\n", "invalid-yaml", 2);
    check_refused("a: 1\nb: 2\na: 3\n", "duplicate-key", 3);
    check_refused("a: {b: 1, b: 2}\n", "duplicate-key", 1);
    check_refused("a: 1\n---\nb: 2\n", "many-documents", 3);
}

fn check_message(text: &str, message: &str, at: &str) {
    let source = Arc::new(Source::new("a.yaml", text));
    let diagnostic = document(&source).unwrap_err();
    assert_eq!(diagnostic.message, message, "{text}");
    assert_eq!(&text[diagnostic.labels[0].span.clone()], at, "{text}");
}

#[test]
fn a_message_says_why_and_its_label_where() {
    check_message("{a: 1, a: 2}", "`a` stands twice in one map", "a");
    check_message("a: 'b\n", "the file is not valid YAML: unclosed quote", "'b");
    check_message("a: *x\n", "the file is not valid YAML: alias references unknown anchor", "*x");
    check_message("a: 1\n---\nb: 2\n", "the file has several YAML documents", "b: 2");
    check_message("a: 1\n--- 2\n", "the file has several YAML documents", "2");
}

#[test]
fn empty_documents_say_nothing() {
    assert!(parsed("").is_null());
    assert!(parsed("# only this\n---\n~\n").is_null());
    assert_eq!(parsed("---\na: 1\n---\n").to_json(), json!({"a": 1}));
}

#[test]
fn a_key_of_ones_own_counts_more_than_a_merged_one() {
    for map in ["{<<: *x, b: 2}", "{b: 2, <<: *x}", "{<<: [*x, *y], b: 2}"] {
        let text = format!("a: [&x {{b: 1, c: 4}}, &y {{c: 5}}]\nd: {map}\n");
        let tree = parsed(&text);
        assert_eq!(tree.to_json()["d"], json!({"b": 2, "c": 4}), "{map}");
        let NodeKind::Map(entries) = &tree.kind else { panic!("{tree:?}") };
        assert_eq!(&text[entries[1].value.span.clone()], map);
    }
}

#[test]
fn a_number_is_known_as_it_is_written() {
    let source = Source::new("a.yaml", "1.10");
    let tree = parsed(source.text());
    assert_eq!((tree.written(&source), tree.to_json()), ("1.10", json!(1.1)));
    let source = Source::new("a.yaml", "'1.10'");
    assert_eq!(parsed(source.text()).written(&source), "1.10");
}
