//! See `targets/yaml.rs`.
#![no_main]

#[path = "../targets/yaml.rs"]
mod yaml;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| yaml::run(bytes));
