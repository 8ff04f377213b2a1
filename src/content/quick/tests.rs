use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::document::{self, Document};
use super::*;
use crate::diag::Source;
use crate::yaml;

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source::new("x.yaml", text))
}

/// What the strict reading makes of a text, if it is one mapping.
fn strict(text: &str) -> Option<Vec<Entry>> {
    let mut documents = yaml::documents::<Document>(&source(text), MOST_VALUES).ok()?;
    match (documents.pop(), documents.pop()) {
        (Some(Document::Map(entries)), None) => Some(entries),
        _ => None,
    }
}

/// Both readings agree where the quick one reads at all; says whether it did.
fn agree(text: &str) -> bool {
    let Some(quick) = entries(text) else { return false };
    let strict = strict(text).map(|entries| format!("{entries:#?}"));
    assert_eq!(Some(format!("{quick:#?}")), strict, "{text}");
    true
}

/// The value of `a` in the text, or what is wrong with it.
fn check(text: &str, quick: bool, expect: Result<&str, &str>) {
    assert_eq!(agree(text), quick, "{text}");
    let found = document::parse(&source(text)).map(|mut documents| match documents.remove(0) {
        Document::Map(keys) => {
            keys.iter().find(|key| key.name == "a").map_or(Value::Null, |key| key.value.clone())
        }
        Document::Other => Value::Null,
    });
    let found = found.map(|value| value.to_string()).map_err(|it| {
        let label = it.labels.first().map(|label| &text[label.span.clone()]);
        format!("{} {}", it.code, label.unwrap_or_default())
    });
    assert_eq!(found.as_deref().map_err(String::as_str), expect, "{text}");
}

#[test]
fn a_key_that_is_there_twice_is_an_error_at_every_level() {
    check("a: 1\na: 2\n", false, Err("duplicate-key a"));
    check("a: 1\n\"a\": 2\n", false, Err("duplicate-key \"a\""));
    check("a:\n  b: 1\n  b: 2\n", false, Err("duplicate-key b"));
    check("a:\n  - {b: 1, c: {d: 1, d: 2}}\n", false, Err("duplicate-key d"));
    check("- a: 1\n  a: 2\n", false, Err("duplicate-key a"));
    check("a: {0xB: 1, 11: 2}\n", false, Err("duplicate-key 11"));
    check("x: &x {b: 1, b: 2}\na: *x\n", false, Err("duplicate-key b"));
    check("a: {b: 1, B: 2}\n", true, Ok(r#"{"B":2,"b":1}"#));
}

#[test]
fn anchors_tags_merges_and_keys_that_are_no_names_are_left_to_the_strict_reading() {
    check("x: &x {b: 1, c: 2}\na: {<<: *x, c: 3}\n", false, Ok(r#"{"b":1,"c":3}"#));
    check("x: &x {a: 1}\n<<: *x\n", false, Ok("1"));
    check("x: &x {a: 1}\n!!merge \"<<\": *x\n", false, Ok("1"));
    check("a: {\"<<\": 1}\n", false, Ok(r#"{"<<":1}"#));
    check("a: {1: x}\n", false, Ok(r#"{"1":"x"}"#));
    check("a: {~: x}\n", false, Err("invalid-yaml ~"));
    check("a: {null: x}\n", false, Err("invalid-yaml null"));
    check("a: !!str 1\n", false, Ok("\"1\""));
    check("x: &x t\na: *x\n", false, Ok("\"t\""));
    check("--- \na: 1\n---\n", false, Ok("1"));
    check("%YAML 1.2\n---\na: 1\n", false, Ok("1"));
}

#[test]
fn a_text_that_is_not_yaml_to_its_end_is_not_read_at_all() {
    check("a: 1\nb: [\n", false, Err("invalid-yaml ["));
    check("a: 1\n}\n", false, Err("invalid-yaml }"));
    check("a: 1\n--- x\n", false, Ok("1"));
    assert!(entries("").is_none());
    assert!(entries("- a\n").is_none());
    assert!(entries(&format!("a: {}1{}\n", "[".repeat(40), "]".repeat(40))).is_none());
}

#[test]
fn scalars_are_what_the_strict_reading_makes_of_them() {
    let plain = ["1h", "1d", "P1D", "1.0.4", "2026-11-24", "2026-11-24T00:00:00Z", "0", "17"];
    let words = ["on", "yes", "True", "FALSE", "null", "Null", "~", "nULL", "inf", "NaN", "T1219"];
    let others = ["a b", "a\n  b", "\"1\"", "'x\n  y'", "|\n  x\n  y", ">-\n  x\n\n  y", "[1, x]"];
    let ids = ["10000000-0000-4000-8000-000000000001", "e483619f-5356-4967-b93e-cceb602783fb"];
    for value in plain.iter().chain(&words).chain(&others).chain(&ids) {
        assert!(agree(&format!("a: {value}\nb: x\n")), "{value}");
    }
    let doubtful = ["1.5", "-1", "+1", ".5", ".inf", "0x1F", "0o7", "007", "1_000", "1e3", "1e-3"];
    for value in doubtful.iter().chain(&["12345678901234567890", "0b1", "1.", "-.nan"]) {
        assert!(!agree(&format!("a: {value}\n")), "{value}");
    }
}

#[test]
fn the_content_of_this_repository_is_read_quickly() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("content");
    for kind in ["hunting", "analytics"] {
        for file in std::fs::read_dir(folder.join(kind)).unwrap() {
            let path = file.unwrap().path();
            assert!(agree(&std::fs::read_to_string(&path).unwrap()), "{}", path.display());
        }
    }
}

/// A value, written so that its first line may stand behind `key: ` and the others are indented.
fn value() -> impl Strategy<Value = String> {
    let number = "[-+.]?[0-9]{1,3}[0-9._eExXab+-]{0,6}";
    let word = "[a-zA-Z~.<*&!%@|>{}#'\"-][a-zA-Z0-9 :#,'\"\\[\\]{}*&-]{0,12}";
    let quoted = "\"[a-z \\\\n']{0,8}\"|'[a-z \"]{0,8}'";
    let block = "[|>][+-]?\n   [a-z:#-]{1,6}\n( {3,5}[a-z ]{0,5}\n){0,2}";
    let list = "\n  - [a-z0-9.-]{1,6}\n  - [a-z]{1,4}: [a-z0-9.]{1,5}";
    prop_oneof![number, word, quoted, block, list, Just(String::new())]
}

proptest! {
    #[test]
    fn both_readings_agree_on_any_text(
        keys in prop::collection::vec(("[a-e]{1,2}|[0-9~<\"]{1,2}", value()), 1..6),
        tail in "|\r\n|---\n|\\.\\.\\.\n|# x",
    ) {
        let mut text = String::new();
        for (key, value) in &keys {
            writeln!(text, "{key}: {value}").unwrap();
        }
        agree(&(text.clone() + &tail));
        agree(&text.replace('\n', "\r\n"));
    }
}
