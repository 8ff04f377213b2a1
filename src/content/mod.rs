//! Content files (hunting queries, analytic rules, exclusions) as a [`Catalog`].
//!
//! In: the files under `content/`. Out: everything that loaded, what did not and why. A file that
//! does not load is never forgotten: its item is held, or, when not even its id can be read, nothing
//! is retired in that run.
//!
//! A file goes through `walk` (which files there are), `document` or `yaml` (YAML with places),
//! `item` or `exclusion_file` (what it says) and `link` (what it says about other files).

mod catalog;
mod document;
mod exclusion;
mod exclusion_entry;
mod exclusion_file;
mod folding;
mod identity;
mod item;
mod key;
mod link;
mod load;
mod place;
mod query;
mod quick;
mod reference;
mod shape;
mod sheet;
mod table_names;
mod text;
mod unread;
mod walk;

pub use catalog::{Broken, Catalog, Content, NotRead, QuerySource};
pub use exclusion::{
    Acknowledgement, AppliesTo, Exclusion, ExclusionTest, Expectation, Polarity, Scope,
};
pub use load::{load, load_folder};
pub use place::place;
pub(crate) use walk::walk;
