//! What the tool survives: everything that the service, the network and the clock can do to a deploy,
//! in turn; and a service that rewrites whatever it is given. All of it in simulated time, against the
//! emulator in memory.
//!
//! The counts are kept true in README.md by [`table`].

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is its report")]
#![expect(
    clippy::print_stdout,
    reason = "the table is the tests' output; a skipped test must be seen"
)]

mod at_once;
mod canonical;
mod clock;
mod faults;
mod generated;
mod line;
mod normaliser;
mod not_ours;
mod round_trip;
mod sides;
mod table;
mod world;
