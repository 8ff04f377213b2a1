//! KQL.

mod inject;
mod lexer;
mod marker;
mod query;
pub mod refusal;
mod spine;
mod token;
mod walk;

pub use inject::{Injected, InjectedStage, Insertion, contained, inject};
pub use lexer::lex;
pub use query::{Fault, Pipeline, Query, Stage, Statement, StatementKind};
pub use refusal::{Reach, Refusal};
pub use spine::{Filter, Place, Spine, Step, spine};
pub use token::{Token, TokenKind};
