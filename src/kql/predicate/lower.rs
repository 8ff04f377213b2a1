//! From the syntax of an expression to what it tests, with the types of the columns.
//!
//! Out comes a [`Predicate`] and the type mistakes. A mistaken test is opaque in the predicate.

use std::collections::BTreeSet;

use super::error::TYPE_MISMATCH;
use super::expression::{Expression, Shape};
use super::types;
use super::unnamed::unnamed;
use super::{
    Bound, Check, Constant, Context, Function, Opaque, Pattern, Predicate, PredicateError, Subject,
    Test, TextOperator,
};
use crate::kql::{ColumnType, Query, Value};

/// Lowers an expression.
pub(super) fn lower(
    query: &Query<'_>,
    expression: &Expression,
    context: Context<'_>,
) -> (Predicate, Vec<PredicateError>) {
    let mut lowering = Lowering { query, context, errors: Vec::new() };
    let predicate = lowering.boolean(expression);
    (predicate, lowering.errors)
}

/// A whole text that is no expression, as one opaque part.
pub(super) fn opaque_text(query: &Query<'_>, context: Context<'_>) -> Opaque {
    let names = query.names().into_iter();
    let columns = names.filter(|name| may_be_column(name, context)).collect();
    let words: Vec<&str> = (0..query.tokens().len()).map(|index| query.word(index)).collect();
    // What cannot be read may read anything: `* has "x"` is such a text.
    let text = words.join(" ");
    Opaque { text, columns, time_only: false, any_column: true, elsewhere: None }
}

/// The value of a literal, or of a let that binds one.
pub(super) fn scalar(expression: &Expression, context: Context<'_>) -> Option<Value> {
    match &expression.shape {
        Shape::Value(value) => Some(value.clone()),
        Shape::Name(name) => match constant(name, context)? {
            Constant::Value(value) => Some(value.clone()),
            Constant::Now(_) | Constant::List(_) | Constant::Unknown => None,
        },
        _ => None,
    }
}

/// A point in time: a literal, `now()`, `ago()`, a let of one, and sums with lengths of time.
pub(super) fn moment(expression: &Expression, context: Context<'_>) -> Option<Bound> {
    match &expression.shape {
        Shape::Value(value @ Value::Datetime(_)) => Some(Bound::Value(value.clone())),
        Shape::Name(name) => match constant(name, context)? {
            Constant::Value(value @ Value::Datetime(_)) => Some(Bound::Value(value.clone())),
            Constant::Now(ticks) => Some(Bound::Now(*ticks)),
            Constant::Value(_) | Constant::List(_) | Constant::Unknown => None,
        },
        Shape::Call { name, arguments } => {
            let offset = match arguments.as_slice() {
                [] if name == "now" => 0,
                [offset] => length(offset, context)?,
                _ => return None,
            };
            match name.as_str() {
                "now" => Some(Bound::Now(offset)),
                "ago" => Some(Bound::Now(offset.checked_neg()?)),
                _ => None,
            }
        }
        Shape::Arithmetic { operator, operands } => {
            let [start, offset] = operands.as_slice() else { return None };
            let offset = length(offset, context)?;
            let offset = match operator.as_str() {
                "+" => offset,
                "-" => offset.checked_neg()?,
                _ => return None,
            };
            match moment(start, context)? {
                Bound::Now(ticks) => ticks.checked_add(offset).map(Bound::Now),
                Bound::Value(Value::Datetime(ticks)) => {
                    ticks.checked_add(offset).map(|sum| Bound::Value(Value::Datetime(sum)))
                }
                Bound::Value(_) => None,
            }
        }
        _ => None,
    }
}

fn length(expression: &Expression, context: Context<'_>) -> Option<i64> {
    match scalar(expression, context)? {
        Value::Timespan(ticks) => Some(ticks),
        _ => None,
    }
}

/// The scalars of `(a, b)`, `dynamic([…])`, or a let of a list.
pub(super) fn list_of(
    query: &Query<'_>,
    expression: &Expression,
    context: Context<'_>,
) -> Option<Vec<Value>> {
    match &expression.shape {
        Shape::List(elements) => match elements.as_slice() {
            [only] if scalar(only, context).is_none() => list_of(query, only, context),
            _ => elements.iter().map(|element| scalar(element, context)).collect(),
        },
        Shape::Name(name) => match constant(name, context)? {
            Constant::List(values) => Some(values.clone()),
            Constant::Value(_) | Constant::Now(_) | Constant::Unknown => None,
        },
        Shape::Call { name, .. } if name == "dynamic" => dynamic_list(query, expression),
        _ => None,
    }
}

/// `dynamic ( [ scalar , scalar ] )`; strings may be in any form that KQL has.
fn dynamic_list(query: &Query<'_>, expression: &Expression) -> Option<Vec<Value>> {
    let (start, end) = (expression.tokens.start + 1, expression.tokens.end - 1);
    if !(query.is(start, "(") && query.is(start + 1, "[")) {
        return None;
    }
    let close = query.closing(start + 1).filter(|close| *close + 1 == end)?;
    let mut parts = query.split(start + 2..close, ",");
    if parts.last().is_some_and(std::ops::Range::is_empty) {
        parts.pop();
    }
    let constants = super::Constants::new();
    let context = Context { columns: None, constants: &constants };
    let values = parts.into_iter().map(|part| {
        let element = super::expression::parse_range(query, part).ok()?;
        scalar(&element, context)
    });
    values.collect()
}

/// What a let binds, unless a column hides it.
fn constant<'a>(name: &str, context: Context<'a>) -> Option<&'a Constant> {
    if context.columns.is_some_and(|columns| columns.contains_key(name)) {
        return None;
    }
    context.constants.get(name)
}

pub(super) fn may_be_column(name: &str, context: Context<'_>) -> bool {
    match context.columns {
        Some(columns) => columns.contains_key(name) || !context.constants.contains_key(name),
        // What is bound to something unknown may also be a function's parameter, elsewhere.
        None => matches!(context.constants.get(name), None | Some(Constant::Unknown)),
    }
}

struct Lowering<'l> {
    query: &'l Query<'l>,
    context: Context<'l>,
    errors: Vec<PredicateError>,
}

impl Lowering<'_> {
    fn boolean(&mut self, expression: &Expression) -> Predicate {
        match &expression.shape {
            Shape::Value(Value::Bool(value)) => Predicate::Always(*value),
            Shape::Logic { all, parts } => {
                let parts = parts.iter().map(|part| self.boolean(part)).collect();
                if *all { Predicate::All(parts) } else { Predicate::Any(parts) }
            }
            Shape::Binary { operator, left, right } => {
                self.comparison(expression, operator, left, right)
            }
            Shape::Call { name, arguments } => self.call(expression, name, arguments),
            Shape::Name(name) => match constant(name, self.context) {
                Some(Constant::Value(Value::Bool(value))) => Predicate::Always(*value),
                _ => match self.subject(expression, Some(ColumnType::Bool)) {
                    Some(subject) if subject.kind == ColumnType::Bool => test(subject, Check::True),
                    Some(subject) => {
                        let message = format!("{} is not a condition", types::column(subject.kind));
                        self.mistake(expression, message, types::compare(&subject))
                    }
                    None => self.opaque(expression),
                },
            },
            Shape::Value(_) | Shape::Arithmetic { .. } => {
                let help = "compare a column with it".to_owned();
                self.mistake(expression, "this is not a condition".to_owned(), help)
            }
            Shape::List(_) | Shape::Between(..) | Shape::Whole { .. } => self.opaque(expression),
        }
    }

    fn call(&mut self, whole: &Expression, name: &str, arguments: &[Expression]) -> Predicate {
        let [first, rest @ ..] = arguments else { return self.opaque(whole) };
        match (name, rest) {
            ("not", []) => self.boolean(first).negated(),
            ("isempty", []) => self.presence(whole, first, Check::Empty),
            ("isnotempty" | "notempty", []) => self.presence(whole, first, Check::Empty).negated(),
            ("isnull", []) => self.presence(whole, first, Check::Null),
            ("isnotnull" | "notnull", []) => self.presence(whole, first, Check::Null).negated(),
            ("ipv4_is_private", []) => self.address(whole, first, Check::Ipv4Private),
            ("ipv4_is_in_range", [range]) => match scalar(range, self.context) {
                Some(Value::Text(range)) => self.address(whole, first, Check::Ipv4InRange(range)),
                _ => self.opaque(whole),
            },
            // What gives a text or a number is no condition by itself.
            ("tolower" | "toupper" | "strlen" | "tostring" | "toint" | "tolong", []) => {
                let help = format!("compare `{name}(…)` with something");
                self.mistake(whole, format!("`{name}(…)` is not a condition"), help)
            }
            _ => self.opaque(whole),
        }
    }

    fn presence(&mut self, whole: &Expression, of: &Expression, check: Check) -> Predicate {
        match self.subject(of, None) {
            Some(subject) => match (subject.kind, &check) {
                (ColumnType::String, Check::Null) => Predicate::Always(false),
                (ColumnType::String, Check::Empty) => {
                    let check = text(TextOperator::Is, "", true);
                    test(subject, check)
                }
                _ => test(subject, check),
            },
            None => self.opaque(whole),
        }
    }

    fn address(&mut self, whole: &Expression, of: &Expression, check: Check) -> Predicate {
        match self.subject(of, Some(ColumnType::String)) {
            Some(subject) if subject.kind.is_text() => test(subject, check),
            Some(subject) => {
                let message = format!("an address is a text, not {}", types::column(subject.kind));
                self.mistake(whole, message, "name a column that holds addresses".to_owned())
            }
            None => self.opaque(whole),
        }
    }

    fn comparison(
        &mut self,
        whole: &Expression,
        operator: &str,
        left: &Expression,
        right: &Expression,
    ) -> Predicate {
        let (bare, negated) = match operator {
            "!=" => ("==", true),
            "!~" => ("=~", true),
            "notcontains" => ("contains", true),
            "notcontainscs" => ("contains_cs", true),
            "containscs" => ("contains_cs", false),
            _ => match operator.strip_prefix('!') {
                Some(bare) => (bare, true),
                None => (operator, false),
            },
        };
        let positive = match bare {
            "in" | "in~" | "has_any" | "has_all" => self.listed(whole, bare, left, right),
            "between" => self.between(whole, left, right),
            "<" | "<=" | ">" | ">=" => self.ordered(whole, bare, left, right),
            "==" => self.equal(whole, left, right),
            _ => self.textual(whole, bare, left, right),
        };
        if negated { positive.negated() } else { positive }
    }

    fn listed(
        &mut self,
        whole: &Expression,
        operator: &str,
        left: &Expression,
        right: &Expression,
    ) -> Predicate {
        let Some(values) = list_of(self.query, right, self.context) else {
            return self.opaque(whole);
        };
        let one = match operator {
            "in" => "==",
            "in~" => "=~",
            _ => "has",
        };
        let mut parts = Vec::new();
        for value in values {
            match self.compared(whole, one, left, value) {
                Predicate::Opaque(_) => return self.opaque(whole),
                part => parts.push(part),
            }
        }
        match operator {
            "has_all" => Predicate::all(parts),
            _ => Predicate::any(parts),
        }
    }

    fn textual(
        &mut self,
        whole: &Expression,
        operator: &str,
        left: &Expression,
        right: &Expression,
    ) -> Predicate {
        if let Some(value) = scalar(right, self.context) {
            return self.compared(whole, operator, left, value);
        }
        match (operator, scalar(left, self.context)) {
            ("=~", Some(value)) => self.compared(whole, operator, right, value),
            _ => self.opaque(whole),
        }
    }

    fn equal(&mut self, whole: &Expression, left: &Expression, right: &Expression) -> Predicate {
        if let (Some(left), Some(right)) = (scalar(left, self.context), scalar(right, self.context))
            && left.kind().is_some()
            && left.kind() == right.kind()
            && !matches!(left, Value::Dynamic(_))
        {
            return Predicate::Always(left == right);
        }
        for (subject, value) in [(left, right), (right, left)] {
            if let Some(value) = scalar(value, self.context) {
                return self.compared(whole, "==", subject, value);
            }
            if let Some(bound) = moment(value, self.context) {
                // `t == now()` is `t <= now() and t >= now()`, null included.
                let below = self.bounded(whole, subject, bound.clone(), false);
                let within = self.bounded(whole, subject, bound, true);
                return match (below, within) {
                    (Predicate::Opaque(opaque), _) => Predicate::Opaque(opaque),
                    (below, within) => Predicate::All(vec![within, below.negated()]),
                };
            }
        }
        self.opaque(whole)
    }

    /// A subject, an operator that is not an order, and a constant.
    fn compared(
        &mut self,
        whole: &Expression,
        operator: &str,
        left: &Expression,
        value: Value,
    ) -> Predicate {
        let Some(subject) = self.subject(left, value.kind()) else { return self.opaque(whole) };
        let kind = subject.kind;
        if operator == "==" {
            return match value {
                Value::Text(needle) if kind.is_text() => {
                    test(subject, text(TextOperator::Is, &needle, true))
                }
                Value::Null | Value::Dynamic(_) => self.opaque(whole),
                _ if kind == ColumnType::Dynamic => self.opaque(whole),
                value if comparable(kind, &value) => test(subject, Check::Equal(value)),
                value => self.mismatch(whole, &subject, &value),
            };
        }
        let Some((operator, cased)) = text_operator(operator) else {
            return match (operator, value) {
                ("matches", Value::Text(pattern)) if kind.is_text() => {
                    test(subject, Check::Regex(Pattern::new(&pattern)))
                }
                ("matches", value) => self.mismatch(whole, &subject, &value),
                // `like` and its kind.
                (_, value) if !kind.is_text() => self.mismatch(whole, &subject, &value),
                _ => self.opaque(whole),
            };
        };
        match value {
            Value::Text(needle) if kind.is_text() => test(subject, text(operator, &needle, cased)),
            value => self.mismatch(whole, &subject, &value),
        }
    }

    fn between(&mut self, whole: &Expression, left: &Expression, right: &Expression) -> Predicate {
        let Shape::Between(from, to) = &right.shape else { return self.opaque(whole) };
        let bound = |side: &Expression| bound(side, self.context);
        let (Some(from), Some(to)) = (bound(from), bound(to)) else { return self.opaque(whole) };
        // `between (start .. 1d)` means `start + 1d`.
        let to = match (&from, to) {
            (Bound::Now(start), Bound::Value(Value::Timespan(length))) => {
                Bound::Now(start.saturating_add(length))
            }
            (Bound::Value(Value::Datetime(start)), Bound::Value(Value::Timespan(length))) => {
                Bound::Value(Value::Datetime(start.saturating_add(length)))
            }
            (_, to) => to,
        };
        let below = self.bounded(whole, left, from, false);
        let within = self.bounded(whole, left, to, true);
        match (below, within) {
            (Predicate::Opaque(_), _) | (_, Predicate::Opaque(_)) => self.opaque(whole),
            (below, within) => Predicate::All(vec![below.negated(), within]),
        }
    }

    fn ordered(
        &mut self,
        whole: &Expression,
        operator: &str,
        left: &Expression,
        right: &Expression,
    ) -> Predicate {
        let (subject, value, operator) = match bound(right, self.context) {
            Some(value) => (left, value, operator),
            None => match bound(left, self.context) {
                Some(value) => (right, value, turned(operator)),
                None => return self.opaque(whole),
            },
        };
        match operator {
            "<" => self.bounded(whole, subject, value, false),
            "<=" => self.bounded(whole, subject, value, true),
            ">" => self.bounded(whole, subject, value, true).negated(),
            _ => self.bounded(whole, subject, value, false).negated(),
        }
    }

    fn bounded(
        &mut self,
        whole: &Expression,
        subject: &Expression,
        bound: Bound,
        inclusive: bool,
    ) -> Predicate {
        let wanted = match &bound {
            Bound::Now(_) => Some(ColumnType::Datetime),
            Bound::Value(value) => value.kind(),
        };
        let Some(subject) = self.subject(subject, wanted) else { return self.opaque(whole) };
        let ordered = match &bound {
            Bound::Now(_) => subject.kind == ColumnType::Datetime,
            Bound::Value(value @ (Value::Long(_) | Value::Real(_) | Value::Datetime(_)))
            | Bound::Value(value @ Value::Timespan(_)) => comparable(subject.kind, value),
            Bound::Value(_) => false,
        };
        if subject.kind == ColumnType::Dynamic {
            return self.opaque(whole);
        }
        if ordered {
            return test(subject, Check::Below { bound, inclusive });
        }
        let message = match bound {
            Bound::Now(_) => format!("{} is not compared with a time", types::column(subject.kind)),
            Bound::Value(Value::Text(_)) if subject.kind.is_text() => {
                "texts have no order in KQL".to_owned()
            }
            Bound::Value(value) => types::mismatch(subject.kind, &value),
        };
        self.mistake(whole, message, types::compare(&subject))
    }

    /// A column, or a simple function of one; `wanted` is its type on an open table.
    fn subject(&self, expression: &Expression, wanted: Option<ColumnType>) -> Option<Subject> {
        match &expression.shape {
            Shape::Name(column) => {
                let kind = match self.context.columns {
                    Some(columns) => *columns.get(column)?,
                    None if self.context.constants.contains_key(column) => return None,
                    None if column.contains('.') => return None,
                    // A whole number says nothing about whether the column's are whole.
                    None => match wanted? {
                        ColumnType::Long => ColumnType::Real,
                        wanted => wanted,
                    },
                };
                Some(Subject { column: column.clone(), kind, functions: Vec::new() })
            }
            Shape::Call { name, arguments } => {
                let function = match name.as_str() {
                    "tolower" => Function::Lower,
                    "toupper" => Function::Upper,
                    "strlen" => Function::Length,
                    _ => return None,
                };
                let [argument] = arguments.as_slice() else { return None };
                let mut subject = self.subject(argument, Some(ColumnType::String))?;
                if subject.kind != ColumnType::String {
                    return None;
                }
                subject.functions.push(function);
                if function == Function::Length {
                    subject.kind = ColumnType::Long;
                }
                Some(subject)
            }
            _ => None,
        }
    }

    fn opaque(&self, expression: &Expression) -> Predicate {
        let names = expression.names().into_iter().map(|(name, _)| {
            // `a.b` reads the column `a`, unless a column has that very name.
            let whole = self.context.columns.is_some_and(|columns| columns.contains_key(name));
            let head = name.split('.').next().unwrap_or(name);
            if whole { name } else { head }
        });
        let mut columns: BTreeSet<String> =
            names.filter(|name| may_be_column(name, self.context)).map(str::to_owned).collect();
        let is_time = |column: &String| match self.context.columns {
            Some(known) => known.get(column) == Some(&ColumnType::Datetime),
            None => matches!(column.as_str(), "TimeGenerated" | "Timestamp"),
        };
        let calls = expression.calls();
        let clock = ["ago", "now", "startofday", "endofday", "datetime_add", "bin", "startofhour"];
        let bound = |column: &&String| {
            self.context.columns.is_none() && self.context.constants.contains_key(*column)
        };
        let mut unbound = columns.iter().filter(|column| !bound(column)).peekable();
        let time_only = unbound.peek().is_some()
            && unbound.all(is_time)
            && calls.iter().all(|(call, _)| clock.contains(call));
        let (tokens, named) = (expression.tokens.clone(), !columns.is_empty());
        let unnamed = unnamed(self.query, tokens, self.context, named);
        columns.extend(unnamed.columns);
        let any_column = unnamed.anything;
        let mut tokens = expression.tokens.clone();
        while self.query.is(tokens.start, "(")
            && self.query.closing(tokens.start) == Some(tokens.end - 1)
        {
            tokens = tokens.start + 1..tokens.end - 1;
        }
        let words = tokens.map(|index| self.query.word(index));
        let text = words.collect::<Vec<&str>>().join(" ");
        Predicate::Opaque(Opaque { text, columns, time_only, any_column, elsewhere: None })
    }

    fn mismatch(&mut self, whole: &Expression, subject: &Subject, value: &Value) -> Predicate {
        self.mistake(whole, types::mismatch(subject.kind, value), types::compare(subject))
    }

    fn mistake(&mut self, expression: &Expression, message: String, help: String) -> Predicate {
        let span = self.query.span(&expression.tokens);
        self.errors.push(PredicateError::new(TYPE_MISMATCH, message, span).help(help));
        self.opaque(expression)
    }
}

fn bound(expression: &Expression, context: Context<'_>) -> Option<Bound> {
    moment(expression, context).or_else(|| scalar(expression, context).map(Bound::Value))
}

fn test(subject: Subject, check: Check) -> Predicate {
    Predicate::Test(Test { subject, check })
}

fn text(operator: TextOperator, needle: &str, cased: bool) -> Check {
    Check::Text { operator, needle: needle.to_owned(), cased }
}

fn turned(operator: &str) -> &'static str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        _ => "<=",
    }
}

fn comparable(kind: ColumnType, value: &Value) -> bool {
    match value {
        Value::Long(_) | Value::Real(_) => kind.is_number(),
        other => other.kind() == Some(kind),
    }
}

fn text_operator(operator: &str) -> Option<(TextOperator, bool)> {
    Some(match operator {
        "=~" => (TextOperator::Is, false),
        "has" => (TextOperator::Has, false),
        "has_cs" => (TextOperator::Has, true),
        "hasprefix" => (TextOperator::HasPrefix, false),
        "hasprefix_cs" => (TextOperator::HasPrefix, true),
        "hassuffix" => (TextOperator::HasSuffix, false),
        "hassuffix_cs" => (TextOperator::HasSuffix, true),
        "contains" => (TextOperator::Contains, false),
        "contains_cs" => (TextOperator::Contains, true),
        "startswith" => (TextOperator::StartsWith, false),
        "startswith_cs" => (TextOperator::StartsWith, true),
        "endswith" => (TextOperator::EndsWith, false),
        "endswith_cs" => (TextOperator::EndsWith, true),
        _ => return None,
    })
}
