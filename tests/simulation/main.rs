//! Whole runs in simulated time, against a service in memory that keeps Azure Resource Manager's
//! published limits: how long they take, and that nobody is ever told to wait who need not be.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is its report")]
#![expect(clippy::print_stdout, reason = "a simulation prints what it measured")]

mod service;
mod storm;
mod throughput;
mod world;
