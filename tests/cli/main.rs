//! The built program as its users see it: files in a scratch repository, commands, what they print,
//! what they send. Every repository has its own emulator, so all tests run side by side, offline.

#![cfg(test)]

mod annotated;
mod bad_input;
mod coexistence;
#[cfg(unix)]
mod credentials;
mod explained;
mod field_table;
mod first_apply;
mod fleet;
mod guards;
mod help;
mod hostile;
mod layers;
mod limits;
mod lints;
mod merge;
mod moves;
mod not_ours;
mod output;
mod portal;
mod records;
mod retire;
mod rollback;
mod root;
mod runs;
mod said;
mod sample;
mod saved_plan;
mod schema;
mod selection;
mod shards;
#[cfg(unix)]
mod tenants;
mod verdicts;
