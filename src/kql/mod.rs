//! KQL.

mod inject;
mod lexer;
mod marker;
pub mod predicate;
mod query;
pub mod refusal;
pub mod schema;
mod spine;
mod token;
pub mod value;
mod walk;

pub use inject::{Injected, InjectedStage, Insertion, contained, inject};
pub use lexer::lex;
pub use predicate::{Polarity, Predicate, PredicateError, Resolved, resolve};
pub use query::{Fault, Pipeline, Query, Stage, Statement, StatementKind};
pub use refusal::{Reach, Refusal};
pub use schema::{Columns, EcsMap, NameError, Schema, Scope};
pub use spine::{Filter, Place, Spine, Step, spine};
pub use token::{Token, TokenKind};
pub use value::{ColumnType, Value};
