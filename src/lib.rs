#![doc = include_str!("ARCHITECTURE.md")]

pub mod arm;
pub mod diag;
pub mod ident;
pub mod kql;
