//! The `sentinelops` program.

fn main() {}
