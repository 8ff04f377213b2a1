//! Predicates: boolean expressions over one row, as `where` and exclusions have them.
//!
//! A text is parsed into a syntax tree, and that is lowered into a
//! [`Predicate`]: `and`, `or`, `not` over [`Test`]s of one column with constants. Operators with many
//! shapes become few: `a !in ("x", "y")` is `not (a == "x" or a == "y")`, `between` is two bounds,
//! `has_any` is several `has`. What is not understood is an opaque test: it keeps its text and the
//! columns that it reads, and is never an error by itself.

mod constant;
mod error;
mod expression;
mod literal;
mod lower;
mod pattern;
mod print;
mod resolve;
mod slip;
mod spelling;
mod types;
mod unnamed;

pub use constant::{Constant, Constants};
pub(super) use constant::{constants, given_to_columns};
pub use error::{NAME_TAKEN, PredicateError, TYPE_MISMATCH, UNKNOWN_COLUMN, UNREADABLE};
pub(super) use expression::names_in;
pub use pattern::Pattern;
pub use resolve::{Polarity, Resolved, resolve};
pub(super) use unnamed::{names_column, unnamed};

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{ColumnType, Columns, Query, Value};

/// A boolean over one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// `and`.
    All(Vec<Predicate>),
    /// `or`.
    Any(Vec<Predicate>),
    /// `not`.
    Not(Box<Predicate>),
    /// `true` or `false`.
    Always(bool),
    /// A test of one column.
    Test(Test),
    /// Not understood.
    Opaque(Opaque),
}

/// What one column is tested for.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What is tested.
    pub subject: Subject,
    /// For what.
    pub check: Check,
}

/// A column, or a simple function of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The column.
    pub column: String,
    /// Its type; on an open table, the type that the test asks for.
    pub kind: ColumnType,
    /// What is applied to it, innermost first.
    pub functions: Vec<Function>,
}

/// A function of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// `tolower`.
    Lower,
    /// `toupper`.
    Upper,
    /// `strlen`.
    Length,
}

/// A condition on a subject.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// A column of type bool is true.
    True,
    /// `isnull`.
    Null,
    /// `isempty`.
    Empty,
    /// `==` with a number, time, bool or guid.
    Equal(Value),
    /// `<`, or `<=` if inclusive.
    Below {
        /// With what it is compared.
        bound: Bound,
        /// Whether the bound itself counts.
        inclusive: bool,
    },
    /// A comparison with a text.
    Text {
        /// Which.
        operator: TextOperator,
        /// With what.
        needle: String,
        /// Whether case counts.
        cased: bool,
    },
    /// `matches regex`.
    Regex(Pattern),
    /// `ipv4_is_in_range`.
    Ipv4InRange(String),
    /// `ipv4_is_private`.
    Ipv4Private,
}

/// With what a value is compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A constant.
    Value(Value),
    /// `now()` plus so many ticks.
    Now(i64),
}

/// How a text is compared with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextOperator {
    /// `==`, `=~`.
    Is,
    /// `has`: as whole terms.
    Has,
    /// `hasprefix`: at the start of a term.
    HasPrefix,
    /// `hassuffix`: at the end of a term.
    HasSuffix,
    /// `contains`.
    Contains,
    /// `startswith`.
    StartsWith,
    /// `endswith`.
    EndsWith,
}

/// A condition that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opaque {
    /// Its tokens, one blank between them where there was any.
    pub text: String,
    /// The names in it that may be columns.
    pub columns: BTreeSet<String>,
    /// Whether all that it reads are columns of time and the clock.
    pub time_only: bool,
    /// Whether it may read columns that it does not name, such as `pack_all()` does.
    pub any_column: bool,
    /// If it only asks whether another table has, or has not, a row with the values of its columns:
    /// everything that may say which values those are, in lower case and without backslashes.
    pub elsewhere: Option<Arc<str>>,
}

/// What is known where a predicate stands.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The table's columns, unless it is open.
    pub columns: Option<&'a Columns>,
    /// The scalars that the query's lets bind.
    pub constants: &'a Constants,
}

/// Reads a filter of a query. It is never an error: what is not understood is opaque.
#[must_use]
pub fn filter(text: &str, context: Context<'_>) -> Predicate {
    let query = Query::parse(text);
    match expression::parse(&query) {
        Ok(expression) => lower::lower(&query, &expression, context).0,
        Err(_) => Predicate::Opaque(lower::opaque_text(&query, context)),
    }
}

impl Predicate {
    /// The columns that it reads.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<&str> {
        let mut columns = BTreeSet::new();
        self.visit(&mut |leaf| match leaf {
            Self::Test(test) => {
                columns.insert(test.subject.column.as_str());
            }
            Self::Opaque(opaque) => columns.extend(opaque.columns.iter().map(String::as_str)),
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Always(_) => {}
        });
        columns
    }

    /// Its opaque parts, in order.
    #[must_use]
    pub fn opaque(&self) -> Vec<&Opaque> {
        let mut found = Vec::new();
        self.visit(&mut |leaf| {
            if let Self::Opaque(opaque) = leaf {
                found.push(opaque);
            }
        });
        found
    }

    /// Whether it only compares columns of time with constants and the clock.
    #[must_use]
    pub fn is_time_only(&self) -> bool {
        let mut only = !self.columns().is_empty();
        self.visit(&mut |leaf| {
            only &= match leaf {
                Self::Test(test) => {
                    test.subject.kind == ColumnType::Datetime
                        && matches!(test.check, Check::Below { .. } | Check::Equal(_))
                }
                Self::Opaque(opaque) => opaque.time_only,
                Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Always(_) => true,
            };
        });
        only
    }

    /// Its tests, in order.
    pub(super) fn tests(&self) -> Vec<&Test> {
        let mut found = Vec::new();
        self.visit(&mut |leaf| {
            if let Self::Test(test) = leaf {
                found.push(test);
            }
        });
        found
    }

    /// The same with every test and opaque part put through a function.
    pub(super) fn map_leaves(self, change: &mut dyn FnMut(Self) -> Self) -> Self {
        let mut each = |parts: Vec<Self>| -> Vec<Self> {
            parts.into_iter().map(|part| part.map_leaves(change)).collect()
        };
        match self {
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::Not(part) => Self::Not(Box::new(part.map_leaves(change))),
            Self::Always(value) => Self::Always(value),
            leaf @ (Self::Test(_) | Self::Opaque(_)) => change(leaf),
        }
    }

    /// Its tests and opaque parts, in order.
    pub(super) fn leaves(&self) -> Vec<&Self> {
        let mut found = Vec::new();
        self.visit(&mut |leaf| {
            if matches!(leaf, Self::Test(_) | Self::Opaque(_)) {
                found.push(leaf);
            }
        });
        found
    }

    /// How many tests and opaque parts it has.
    pub(super) fn size(&self) -> usize {
        let mut size = 0;
        self.visit(&mut |leaf| {
            size += usize::from(matches!(leaf, Self::Test(_) | Self::Opaque(_)));
        });
        size
    }

    /// Calls with every part, outer ones first.
    fn visit<'p>(&'p self, see: &mut dyn FnMut(&'p Self)) {
        see(self);
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.visit(see)),
            Self::Not(part) => part.visit(see),
            Self::Always(_) | Self::Test(_) | Self::Opaque(_) => {}
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Always(value) => Self::Always(!value),
            other => Self::Not(Box::new(other)),
        }
    }

    pub(super) fn all(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.remove(0) } else { Self::All(parts) }
    }

    pub(super) fn any(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.remove(0) } else { Self::Any(parts) }
    }
}
