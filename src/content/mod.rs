//! Content files (hunting queries, analytic rules, exclusions) as a [`Catalog`].
//!
//! In: the files under `content/`. Out: everything that loaded, what did not and why. A file that
//! does not load is never forgotten: its item is held, or, when not even its id can be read, nothing
//! is retired in that run.

mod catalog;
mod exclusion;

pub use catalog::{Broken, Catalog, Content, QuerySource};
pub use exclusion::{
    Acknowledgement, AppliesTo, Exclusion, ExclusionTest, Expectation, Polarity, Scope,
};
