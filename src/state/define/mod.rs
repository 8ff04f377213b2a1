//! From content keys to wire values: the left column of the field table.
//!
//! In: the top-level keys of a content file as JSON, after overrides were merged in. Out: a wire value
//! for every field that the tool owns of that kind, but the query, which is compiled elsewhere, and
//! what is wrong with the keys. Limits that depend on more than one key's shape (a period that is
//! shorter than its frequency, identifiers that a type of entity does not have) are left to `check`.

mod alert;
mod attack;
mod describe;
mod entity;
mod fields;
mod hunt;
mod incident;
mod problem;
mod reader;
mod schedule;
mod spelling;

pub use describe::AUTO_DISABLED;
pub use fields::define;
pub use problem::Problem;
pub use spelling::TACTICS;
