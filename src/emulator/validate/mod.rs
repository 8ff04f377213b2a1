//! What the service refuses: checks of bodies, with the service's texts where they are known.
//!
//! In: a request's body. Out: its properties, unchanged, or the first thing that is wrong with it.
//! The tables come from Microsoft's descriptions and validators, not from the client; a test compares
//! them. What is refused in which words is a table in `tests/emulator/refused.rs`.

mod action;
mod entity;
mod fields;
mod metadata;
mod place;
mod rule;
mod saved_search;
mod shape;
mod shapes;
mod technique;
#[cfg(test)]
mod tests;

pub(super) use action::action;
pub(super) use metadata::metadata;
pub(super) use rule::rule;
pub(super) use saved_search::saved_search;
pub(super) use shape::Sent;
