//! KQL: everything about queries, exclusions in them, and what those do. Pure: texts in, texts and
//! answers out.
//!
//! The way of an exclusion through this module:
//!
//! 1. [`set_parameters`] gives the query's lets the values of an environment.
//! 2. [`Query::parse`] cuts the text into tokens ([`lex`]), statements and stages.
//! 3. [`spine()`] finds the [`Place`]s where rows of a table enter the result, with the leading
//!    filters that all rows there satisfy, and [`Refusal`]s for what has no place.
//! 4. [`resolve`] turns `when` or `keep` into KQL over the table's columns, by [`Schema`],
//!    [`EcsMap`] and what the query has done to its [`Rows`], with type checks.
//! 5. [`try_event`] judges test events, and a [`Question`] asks of each way from a place to the
//!    result whether the exclusions there blind the query, have an effect, and leave each
//!    alternative alive, at every moment at which they are in force. At one moment, a [`Case`]
//!    answers it.
//! 6. [`inject`] writes the stages, splits the result again and compares.
//!
//! What an exclusion does is decided by a [`Predicate`], the evaluator ([`evaluate`](evaluate())) and the
//! reasoning on top of it. Where KQL's documentation leaves an outcome open, all outcomes stay
//! possible ([`Truth`]), and nothing is proven from one of them.

mod bound;
mod evaluate;
mod event;
mod filters;
mod inject;
mod item;
mod lexer;
mod marker;
mod meaning;
mod operator;
pub mod parameter;
mod passage;
mod placing;
pub mod predicate;
mod query;
pub mod reason;
pub mod refusal;
mod rows;
pub mod schema;
mod spine;
mod tables;
mod term;
mod token;
mod trial;
mod truth;
mod type_column;
pub mod value;
mod walk;
mod way;

pub use evaluate::{Assumptions, evaluate, evaluate_assuming};
pub use event::{Event, EventError};
pub use filters::filters;
use inject::contained;
pub use inject::{Injected, InjectedStage, Insertion, inject, inject_into};
pub use lexer::lex;
pub use parameter::{Parameter, ParameterError, ParameterForm, parameters, set_parameters};
pub use predicate::{Polarity, Predicate, PredicateError, Resolved, resolve};
pub use query::{Fault, Pipeline, Query, Stage, Statement, StatementKind};
pub use reason::{
    Alternative, Answer, Case, Clock, Dated, Finding, Judgement, Question, Witness, judge,
};
pub use refusal::{Reach, Refusal};
pub use rows::Rows;
pub use schema::{Columns, EcsMap, NameError, Schema, Scope};
pub use spine::{Filter, Place, Spine, Step, spine};
pub use tables::tables;
pub use token::{Token, TokenKind};
pub use trial::{Trial, Verdict, try_event};
pub use truth::Truth;
pub use type_column::{TYPE, type_of_rows};
pub use value::{ColumnType, Value};

#[cfg(test)]
mod tests;
