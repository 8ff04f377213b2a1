//! See `targets/query.rs`.
#![no_main]

#[path = "../targets/query.rs"]
mod query;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| query::run(bytes));
