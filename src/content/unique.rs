//! JSON values of a YAML text whose keys are beyond doubt, read without the parser's own search for
//! duplicate keys.
//!
//! That search fingerprints and hashes every key of every mapping, although the map that is built finds
//! a duplicate anyway. A key twice, or one that YAML may not take by its letters, is refused here
//! without a reason: whoever gets a refusal reads the text again with the parser's search, and only
//! that says what is wrong.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::Options;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

/// The options that leave keys to the reader.
pub(super) fn options() -> Options {
    serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
    }
}

/// Whether two spellings of such a key are two keys: `0xB` and `11` are one, and `<<` is none.
pub(super) fn is_beyond_doubt(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
}

/// The refusal.
pub(super) fn doubtful<E: Error>() -> E {
    E::custom("a key is there twice, or is not a name")
}

/// A value in which every key of every mapping is beyond doubt and there once.
pub(super) struct Unique(pub(super) Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Unique(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some((key, Unique(value))) = map.next_entry::<String, Unique>()? {
            if !is_beyond_doubt(&key) || values.insert(key, value).is_some() {
                return Err(doubtful());
            }
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::document::{self, Document};
    use super::*;
    use crate::diag::Source;

    /// The value of `a` in the text, or what is wrong with it.
    fn check(text: &str, quick: bool, expect: Result<&str, &str>) {
        let read = serde_saphyr::from_str_with_options::<Unique>(text, options());
        assert_eq!(read.is_ok(), quick, "{text}");
        let source = Arc::new(Source::new("x.yaml", text));
        let found = document::parse(&source).map(|mut documents| match documents.remove(0) {
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
    fn merges_and_keys_that_are_no_names_are_left_to_the_parser() {
        check("x: &x {b: 1, c: 2}\na: {<<: *x, c: 3}\n", false, Ok(r#"{"b":1,"c":3}"#));
        check("x: &x {a: 1}\n<<: *x\n", false, Ok("1"));
        check("x: &x {a: 1}\n!!merge \"<<\": *x\n", false, Ok("1"));
        check("a: {\"<<\": 1}\n", false, Ok(r#"{"<<":1}"#));
        check("a: {1: x}\n", false, Ok(r#"{"1":"x"}"#));
        check("a: {~: x}\n", false, Err("invalid-yaml ~"));
    }

    #[test]
    fn values_are_what_the_parser_makes_of_them() {
        let text = "x: &x [1, -1, 1.5, on, true, ~, '1', .5]\na: {b: *x, c: \"t\\n\"}\n";
        let expect = r#"{"b":[1,-1,1.5,"on",true,null,"1",0.5],"c":"t\n"}"#;
        check(text, true, Ok(expect));
        let value: Value = serde_saphyr::from_str_with_options(
            text,
            serde_saphyr::options! { with_snippet: false, strict_booleans: true },
        )
        .unwrap();
        assert_eq!(value["a"].to_string(), expect);
    }
}
