//! From content keys to wire values: the left column of the field table.

mod problem;

pub use problem::Problem;
