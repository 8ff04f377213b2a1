//! The speed that users feel: loading and compiling, planning what is unchanged, deploying.
//!
//! Each line is a figure, most of them with the ratio to a floor measured in the same run: machines
//! are noisy, ratios less so. `cargo bench` runs all of it, `cargo bench -- tenants` the large fleet alone,
//! `cargo bench -- emulator` the emulator.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops where it fails")]

mod bare;
mod clients;
mod deploy;
mod emulator;
mod exclusions;
mod fleet;
mod load;
mod tenants;

use std::time::{Duration, Instant};

use mimalloc::MiMalloc;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, latency, workspaces, rest @ ..] = arguments.as_slice()
        && word == clients::EMULATOR
    {
        return clients::serve(latency, workspaces, rest.first().map(String::as_str));
    }
    if let [_, word, endpoint, workspaces, ..] = arguments.as_slice()
        && word == tenants::READ
    {
        return tenants::read_bare(endpoint, workspaces);
    }
    if let [_, word, endpoint, workspaces, floor, ..] = arguments.as_slice()
        && word == tenants::PLAN
    {
        return tenants::plan_unchanged(endpoint, workspaces, floor);
    }
    if arguments.iter().any(|argument| argument == "tenants") {
        return tenants::run();
    }
    if arguments.iter().any(|argument| argument == "emulator") {
        return emulator::run();
    }
    println!("{} cores", std::thread::available_parallelism().map_or(1, usize::from));
    load::run();
    exclusions::run();
    deploy::run();
    tenants::run();
    emulator::run();
    match peak_memory() {
        Some(mebibytes) => println!("peak memory of this process          {mebibytes:>8} MiB"),
        None => println!("peak memory of this process          not known on this system"),
    }
}

/// The shortest of several runs: what the work costs when nothing else is in the way. Throwing the
/// result away is not part of it.
fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let one = || {
        let start = Instant::now();
        let result = std::hint::black_box(work());
        let took = start.elapsed();
        drop(result);
        took
    };
    std::iter::repeat_with(one).take(runs).min().unwrap_or_default()
}

/// The most resident memory so far (`VmHWM`, Linux only).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024)
}

fn figure(what: &str, took: Duration, note: &str) {
    println!("{what:<36} {:>8.1} ms   {note}", took.as_secs_f64() * 1000.0);
}
