//! Texts for tests that are nearly YAML, and sometimes are.

use proptest::prelude::*;

const PARTS: [&str; 25] = [
    "a", "ü", "secret", ": ", "- ", "\n", "\n  ", "\r\n", "[", "]", "{", "}", ", ", "'", "\"",
    "|\n", "&x ", "*x", "# c", "\u{feff}", "\t", "---\n", "<<: ", "~", "1",
];

pub(crate) fn text() -> impl Strategy<Value = String> {
    let parts = proptest::collection::vec(proptest::sample::select(&PARTS[..]), 0..24);
    parts.prop_map(|parts| parts.concat())
}
