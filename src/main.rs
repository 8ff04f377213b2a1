//! The `sentinelops` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// A panic is a bug, and ends as README says that one does; its message has been printed.
fn main() -> ExitCode {
    std::panic::catch_unwind(sentinelops::cli::run).unwrap_or(ExitCode::from(1))
}
