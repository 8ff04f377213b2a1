//! The fuzz targets without a fuzzer: seeds from this repository, changed by a generator that draws from a
//! number, so that every run tries the same inputs. With `FUZZ_SECONDS=60` each target goes on for so long.
//!
//! `fuzz_targets/` has the same targets for `cargo fuzz`, which needs a nightly compiler.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is its report")]
#![expect(clippy::print_stdout, reason = "the table is the tests' output")]

#[path = "targets/arm.rs"]
mod arm;
mod generator;
#[path = "targets/plan.rs"]
mod plan;
#[path = "targets/query.rs"]
mod query;
mod seeds;
#[path = "../survival/table.rs"]
mod table;
#[path = "targets/yaml.rs"]
mod yaml;

use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use generator::Generator;
use table::{Row, is_in_readme};

/// Tries a target: the seeds themselves, then as many changed ones as said; more where time is given.
fn tries(name: &str, run: fn(&[u8]), seeds: &[Vec<u8>], count: usize) {
    assert!(seeds.len() > 3, "{name}: {} seeds", seeds.len());
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut generator = Generator::new(seeds);
    let mut tried = 0;
    while tried < count || until.is_some_and(|until| Instant::now() < until) {
        let input = match seeds.get(tried) {
            Some(seed) => seed.clone(),
            None => generator.next(),
        };
        if catch_unwind(|| run(&input)).is_err() {
            panic!("{name}, input {tried}: {}", input.escape_ascii());
        }
        tried += 1;
    }
    println!("{name}: {tried} inputs");
    is_in_readme(&[Row::new(name, &[count, 0])]);
}

#[test]
fn no_text_as_yaml_crashes_or_is_lost_without_a_word() {
    tries("YAML as content, exclusions, environments", yaml::run, &seeds::yaml(), 1_500);
}

#[test]
fn no_text_as_a_query_crashes_or_loses_an_exclusion() {
    tries("KQL: lexer, splitter, injection", query::run, &seeds::queries(), 3_000);
}

#[test]
fn no_answer_crashes_or_is_read_as_what_it_is_not() {
    tries("answers of Azure Resource Manager", arm::run, &seeds::answers(), 2_000);
}

#[test]
fn no_text_as_a_plan_or_record_crashes() {
    tries("saved plans, records, acknowledgements", plan::run, &seeds::plans(), 20_000);
}
