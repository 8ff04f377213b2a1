//! The `sentinelops` program.

fn main() -> std::process::ExitCode {
    sentinelops::cli::run()
}
