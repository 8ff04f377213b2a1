//! KQL.

mod evaluate;
mod event;
mod inject;
mod lexer;
mod marker;
pub mod parameter;
pub mod predicate;
mod query;
pub mod reason;
pub mod refusal;
pub mod schema;
mod spine;
mod term;
mod token;
mod trial;
mod truth;
pub mod value;
mod walk;

pub use evaluate::{Assumptions, evaluate, evaluate_assuming};
pub use event::{Event, EventError};
pub use inject::{Injected, InjectedStage, Insertion, contained, inject};
pub use lexer::lex;
pub use parameter::{Parameter, ParameterError, ParameterForm, parameters, set_parameters};
pub use predicate::{Polarity, Predicate, PredicateError, Resolved, resolve};
pub use query::{Fault, Pipeline, Query, Stage, Statement, StatementKind};
pub use reason::{Alternative, Answer, Case, Witness};
pub use refusal::{Reach, Refusal};
pub use schema::{Columns, EcsMap, NameError, Schema, Scope};
pub use spine::{Filter, Place, Spine, Step, spine};
pub use token::{Token, TokenKind};
pub use trial::{Trial, Verdict, try_event};
pub use truth::Truth;
pub use value::{ColumnType, Value};

#[cfg(test)]
mod tests;
