//! See `targets/arm.rs`.
#![no_main]

#[path = "../targets/arm.rs"]
mod arm;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| arm::run(bytes));
