//! Whole runs in simulated time, against a service in memory that keeps Azure Resource Manager's
//! published limits: how long they take, and that nobody is ever told to wait who need not be.

#![expect(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod service;
mod sign_in;
mod storm;
mod throughput;
mod world;
