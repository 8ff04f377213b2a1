//! Microsoft's own KQL engine agrees about every query of the corpus: where its statements and stages
//! are, what tables it reads, and that exclusions in it are sound.
//!
//! The engine lies beside the project and comes from the npm registry; only CI insists on it.
#![cfg(test)]

mod corpus;
mod engine;
mod injection;
mod scratch;
mod structure;
