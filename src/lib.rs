#![doc = include_str!("ARCHITECTURE.md")]

pub mod apply;
pub mod arm;
pub mod check;
pub mod cli;
pub mod compile;
pub mod content;
pub mod diag;
pub mod emulator;
pub mod environment;
pub mod ident;
pub mod kql;
pub mod live;
pub mod merge;
pub mod plan;
pub mod report;
pub mod run;
pub mod state;
mod yaml;
