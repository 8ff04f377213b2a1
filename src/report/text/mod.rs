//! Reports for a terminal: sentences and indented lines, wrapped to its width.
//!
//! Everything that a person or a workspace wrote is made visible first, so that no value can paint
//! the terminal. Colours only repeat what words say.

mod change;
mod diagnostics;
mod drift;
mod exclusion_tests;
mod explanation;
mod matrix;
mod outcome;
mod page;
mod plan;

pub use diagnostics::diagnostics;
pub use drift::drift;
pub use exclusion_tests::exclusion_tests;
pub use explanation::{codes, concept, concepts, explanation};
pub use outcome::outcome;
pub use plan::{judged_plan, plan};
