//! What the service refuses: checks of bodies, with the service's texts where they are known.
//!
//! In: a request's body. Out: its properties, unchanged, or the first thing that is wrong with it.
//! The tables come from Microsoft's descriptions and validators, not from the client.

mod entity;
mod fields;
mod metadata;
mod rule;
mod saved_search;
mod technique;

pub(super) use metadata::metadata;
pub(super) use rule::rule;
pub(super) use saved_search::saved_search;
