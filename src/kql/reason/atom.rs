//! Tests as Boolean atoms, and predicates as formulas over them.
//!
//! A predicate has four readings: it may be true, may be not true, may be false, may be not false.
//! Each becomes a formula that holds whenever some reading of KQL's three-valued logic allows it, so
//! that a formula without a model is a proof.

use std::collections::BTreeMap;

use super::formula::Formula;
use crate::kql::predicate::{Bound, Check, Function, Opaque, Subject, Test, TextOperator};
use crate::kql::term::is_term_operator;
use crate::kql::{ColumnType, Predicate, Value};

/// What is asked of a predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    True,
    NotTrue,
    False,
    NotFalse,
}

impl Want {
    fn under_not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::NotTrue => Self::NotFalse,
            Self::False => Self::True,
            Self::NotFalse => Self::NotTrue,
        }
    }

    fn of(value: bool, want: Self) -> bool {
        match want {
            Self::True | Self::NotFalse => value,
            Self::NotTrue | Self::False => !value,
        }
    }
}

/// A statement about an event that is so or not.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Atom {
    /// The leaf that it is about.
    pub(super) leaf: Predicate,
    /// Whether it says that the leaf is true, or that it is false.
    pub(super) side: bool,
    /// The column that it reads; none for an opaque leaf.
    pub(super) column: Option<String>,
    /// What lemmas need to know.
    pub(super) shape: Shape,
}

impl Atom {
    /// That a test is true.
    fn of(test: Test, shape: Shape) -> Self {
        let column = Some(test.subject.column.clone());
        Self { leaf: Predicate::Test(test), side: true, column, shape }
    }
}

/// What an atom is, as far as lemmas go.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A comparison of a text.
    Text { subject: String, operator: TextOperator, needle: String, cased: bool },
    /// The subject is not null and below a position.
    Cut { subject: String, family: Family, position: Position },
    /// The column is null.
    Null,
    /// The column equals a constant that has no order.
    Constant { subject: String, value: String },
    /// Nothing is known about it but that its two sides exclude each other; if `total`, one holds.
    Side { other: usize, total: bool },
    /// A condition of its own.
    Free,
}

/// Positions are compared only within a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Number,
    Time,
    Length,
}

/// Where a column's order is cut: everything below it is on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Position {
    Whole(i128),
    /// Bits that sort as the number does, and whether the number itself is below the cut.
    Real(u64, bool),
}

/// All atoms of a case, each once.
#[derive(Debug, Clone)]
pub(super) struct Atoms {
    /// The clock, in ticks.
    now: i64,
    list: Vec<Atom>,
    index: BTreeMap<Key, usize>,
    of_exclusions: usize,
}

/// What makes two atoms one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The subject, and how it is compared with what.
    Text(String, TextOperator, String, bool),
    /// The subject, and where its order is cut.
    Cut(String, Family, Position),
    /// A column that is null.
    Null(String),
    /// A leaf as it is written.
    Leaf(String),
    /// The same, and on which side.
    Side(String, bool),
}

impl Atoms {
    pub(super) fn new(now: i64) -> Self {
        Self { now, list: Vec::new(), index: BTreeMap::new(), of_exclusions: 0 }
    }

    pub(super) fn now(&self) -> i64 {
        self.now
    }

    pub(super) fn list(&self) -> &[Atom] {
        &self.list
    }

    /// Atoms up to here come from exclusions.
    pub(super) fn mark_exclusions(&mut self) {
        self.of_exclusions = self.list.len();
    }

    pub(super) fn is_of_exclusion(&self, atom: usize) -> bool {
        atom < self.of_exclusions
    }

    /// The formula for what is asked of a predicate.
    pub(super) fn translate(&mut self, predicate: &Predicate, want: Want) -> Formula {
        match predicate {
            Predicate::Always(value) => Formula::Always(Want::of(*value, want)),
            Predicate::Not(inner) => self.translate(inner, want.under_not()),
            // Null under `and` may be null or false, so "false" may hold wherever "true" does not.
            Predicate::All(parts) => match want {
                Want::True | Want::NotFalse => Formula::All(self.each(parts, want)),
                Want::NotTrue | Want::False => Formula::Any(self.each(parts, Want::NotTrue)),
            },
            Predicate::Any(parts) => match want {
                Want::True | Want::NotFalse => Formula::Any(self.each(parts, want)),
                Want::NotTrue | Want::False => Formula::All(self.each(parts, Want::NotTrue)),
            },
            Predicate::Test(test) => self.test(test, want),
            Predicate::Opaque(opaque) => self.opaque(opaque, want),
        }
    }

    fn each(&mut self, parts: &[Predicate], want: Want) -> Vec<Formula> {
        parts.iter().map(|part| self.translate(part, want)).collect()
    }

    fn test(&mut self, test: &Test, want: Want) -> Formula {
        let subject = &test.subject;
        match &test.check {
            Check::True => {
                let flag = self.flag(subject);
                self.nullable(flag, subject, want)
            }
            Check::Equal(Value::Bool(value)) => {
                let flag = self.flag(subject);
                let is = if *value {
                    literal(flag, true)
                } else {
                    Formula::All(vec![literal(flag, false), literal(self.null(subject), false)])
                };
                settled(is, want)
            }
            Check::Equal(value) => match self.position(subject, &Bound::Value(value.clone()), true)
            {
                Some((family, _)) => {
                    let within = self.cut(subject, &Bound::Value(value.clone()), true, family);
                    let below = self.cut(subject, &Bound::Value(value.clone()), false, family);
                    settled(Formula::All(vec![literal(within, true), literal(below, false)]), want)
                }
                None => {
                    let shape =
                        Shape::Constant { subject: name(subject), value: value.to_string() };
                    settled(literal(self.leaf(test, shape), true), want)
                }
            },
            Check::Below { bound, inclusive } => match self.position(subject, bound, *inclusive) {
                Some((family, _)) => {
                    let cut = self.cut(subject, bound, *inclusive, family);
                    self.nullable(cut, subject, want)
                }
                None => self.sides(&Predicate::Test(test.clone()), Some(subject), false, want),
            },
            Check::Null => settled(literal(self.null(subject), true), want),
            Check::Empty if subject.kind == ColumnType::Dynamic => {
                settled(literal(self.leaf(test, Shape::Free), true), want)
            }
            Check::Empty => settled(literal(self.null(subject), true), want),
            Check::Text { operator, needle, cased } => {
                let open = needle.is_empty()
                    && (is_term_operator(*operator) || subject.kind == ColumnType::Dynamic);
                if open {
                    return self.sides(&Predicate::Test(test.clone()), Some(subject), false, want);
                }
                if needle.is_empty() && *operator != TextOperator::Is {
                    return Formula::Always(Want::of(true, want));
                }
                let atom = self.text(subject, *operator, needle, *cased);
                if subject.kind == ColumnType::Dynamic {
                    return match want {
                        Want::NotFalse => {
                            let null = self.null(subject);
                            Formula::Any(vec![literal(atom, true), literal(null, true)])
                        }
                        _ => settled(literal(atom, true), want),
                    };
                }
                settled(literal(atom, true), want)
            }
            Check::Regex(pattern)
                if subject.kind == ColumnType::String && pattern.fits_everything() =>
            {
                Formula::Always(Want::of(true, want))
            }
            Check::Regex(_) => {
                let total = subject.kind == ColumnType::String;
                self.sides(&Predicate::Test(test.clone()), Some(subject), total, want)
            }
            Check::Ipv4InRange(_) | Check::Ipv4Private => {
                self.sides(&Predicate::Test(test.clone()), Some(subject), false, want)
            }
        }
    }

    fn opaque(&mut self, opaque: &Opaque, want: Want) -> Formula {
        self.sides(&Predicate::Opaque(opaque.clone()), None, false, want)
    }

    /// A leaf that may be true, false or neither.
    fn sides(
        &mut self,
        leaf: &Predicate,
        subject: Option<&Subject>,
        total: bool,
        want: Want,
    ) -> Formula {
        let key = leaf.to_string();
        let column = subject.map(|subject| subject.column.clone());
        let next = self.list.len();
        let mut side = |side: bool, other: usize| {
            self.add(Key::Side(key.clone(), side), || Atom {
                leaf: leaf.clone(),
                side,
                column: column.clone(),
                shape: Shape::Side { other, total },
            })
        };
        let holds = side(true, next + 1);
        let fails = side(false, next);
        match want {
            Want::True => literal(holds, true),
            Want::NotTrue => literal(holds, false),
            Want::False => literal(fails, true),
            Want::NotFalse => literal(fails, false),
        }
    }

    /// An atom that is also untrue where the column is null, and then neither true nor false.
    fn nullable(&mut self, atom: usize, subject: &Subject, want: Want) -> Formula {
        if !can_be_null(subject) {
            return settled(literal(atom, true), want);
        }
        let null = self.null(subject);
        match want {
            Want::True => literal(atom, true),
            Want::NotTrue => literal(atom, false),
            Want::False => Formula::All(vec![literal(atom, false), literal(null, false)]),
            Want::NotFalse => Formula::Any(vec![literal(atom, true), literal(null, true)]),
        }
    }

    fn flag(&mut self, subject: &Subject) -> usize {
        let test = Test { subject: subject.clone(), check: Check::True };
        self.leaf(&test, Shape::Free)
    }

    fn null(&mut self, subject: &Subject) -> usize {
        self.add(Key::Null(subject.column.clone()), || {
            let bare = Subject { functions: Vec::new(), ..subject.clone() };
            Atom::of(Test { subject: bare, check: Check::Null }, Shape::Null)
        })
    }

    fn text(
        &mut self,
        subject: &Subject,
        operator: TextOperator,
        needle: &str,
        cased: bool,
    ) -> usize {
        // Without case, texts that differ only in the case of ASCII letters are one atom.
        let needle = if cased { needle.to_owned() } else { needle.to_ascii_lowercase() };
        let key = Key::Text(name(subject), operator, needle.clone(), cased);
        self.add(key, || {
            let check = Check::Text { operator, needle: needle.clone(), cased };
            let shape = Shape::Text { subject: name(subject), operator, needle, cased };
            Atom::of(Test { subject: subject.clone(), check }, shape)
        })
    }

    fn cut(&mut self, subject: &Subject, bound: &Bound, inclusive: bool, family: Family) -> usize {
        let test = || Test {
            subject: subject.clone(),
            check: Check::Below { bound: bound.clone(), inclusive },
        };
        let Some((_, position)) = self.position(subject, bound, inclusive) else {
            let leaf = Predicate::Test(test());
            return self.add(Key::Leaf("cut without position".to_owned()), || Atom {
                leaf,
                side: true,
                column: None,
                shape: Shape::Free,
            });
        };
        let name = name(subject);
        self.add(Key::Cut(name.clone(), family, position), || {
            Atom::of(test(), Shape::Cut { subject: name, family, position })
        })
    }

    fn position(
        &self,
        subject: &Subject,
        bound: &Bound,
        inclusive: bool,
    ) -> Option<(Family, Position)> {
        match bound {
            Bound::Now(ticks) => {
                let at = i128::from(self.now) + i128::from(*ticks) + i128::from(inclusive);
                Some((Family::Time, Position::Whole(at)))
            }
            Bound::Value(value) => position(subject, value, inclusive),
        }
    }

    fn leaf(&mut self, test: &Test, shape: Shape) -> usize {
        self.add(Key::Leaf(test.to_string()), || Atom::of(test.clone(), shape))
    }

    fn add(&mut self, key: Key, atom: impl FnOnce() -> Atom) -> usize {
        let next = self.list.len();
        let index = *self.index.entry(key).or_insert(next);
        if index == next {
            self.list.push(atom());
        }
        index
    }
}

fn literal(atom: usize, positive: bool) -> Formula {
    Formula::Literal { atom, positive }
}

/// A formula for something that is either true or false.
fn settled(is: Formula, want: Want) -> Formula {
    match want {
        Want::True | Want::NotFalse => is,
        Want::NotTrue | Want::False => is.negated(),
    }
}

fn can_be_null(subject: &Subject) -> bool {
    subject.kind != ColumnType::String && subject.functions.is_empty()
}

/// A subject's name: its column, where nothing is made of it.
fn name(subject: &Subject) -> String {
    match subject.functions.as_slice() {
        [] => subject.column.clone(),
        // No name has this character in it.
        functions => format!("{}\u{1}{functions:?}", subject.column),
    }
}

/// Where a comparison cuts the order of its subject; nothing for values without order.
fn position(subject: &Subject, value: &Value, inclusive: bool) -> Option<(Family, Position)> {
    let whole = |ticks: i64| Position::Whole(i128::from(ticks) + i128::from(inclusive));
    let integral = matches!(subject.kind, ColumnType::Int | ColumnType::Long);
    let length = subject.functions.last() == Some(&Function::Length);
    let family = if length { Family::Length } else { Family::Number };
    match value {
        Value::Datetime(ticks) | Value::Timespan(ticks) => Some((Family::Time, whole(*ticks))),
        Value::Long(value) if integral => Some((family, whole(*value))),
        Value::Real(value) if integral => {
            // `i < 1.5` and `i <= 1.5` both mean `i < 2`; `i < 2.0` means `i < 2`.
            if value.abs() > 1e15 {
                return None;
            }
            let cut = if inclusive { value.floor() + 1.0 } else { value.ceil() };
            Some((family, Position::Whole(cut as i128)))
        }
        Value::Long(value) if value.unsigned_abs() < 1 << 53 => {
            Some((family, real(*value as f64, inclusive)))
        }
        Value::Real(value) => Some((family, real(*value, inclusive))),
        _ => None,
    }
}

fn real(value: f64, inclusive: bool) -> Position {
    // Zero has two signs but one place.
    let bits = (value + 0.0).to_bits();
    let sorted = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    Position::Real(sorted, inclusive)
}
