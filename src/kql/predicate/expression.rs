//! The syntax of scalar expressions: precedence climbing over the tokens of a text.
//!
//! Everything that `where` accepts is understood as far as its shape goes; subqueries stay whole.

use std::ops::Range;

use super::error::UNREADABLE;
use super::{PredicateError, slip};
use crate::diag::Span;
use crate::kql::value::{boolean, number, typed_literal, unquote};
use crate::kql::{Query, TokenKind, Value};

/// An expression and the tokens it is made of.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::kql) struct Expression {
    pub(super) shape: Shape,
    pub(super) tokens: Range<usize>,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A name, or names joined by dots.
    Name(String),
    Value(Value),
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
    /// A sign or arithmetic.
    Arithmetic {
        operator: String,
        operands: Vec<Expression>,
    },
    /// `and` or `or` over two or more.
    Logic {
        all: bool,
        parts: Vec<Expression>,
    },
    /// A comparison; `operator` is as KQL writes it, `!in~` for example.
    Binary {
        operator: String,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    /// `(a, b)` behind `in`, `has_any`, `has_all`.
    List(Vec<Expression>),
    /// `(a .. b)` behind `between`.
    Between(Box<Expression>, Box<Expression>),
    /// An access by index, JSON, a subquery: whole, not understood. Names in it are collected
    /// from `reads`.
    Whole {
        reads: Vec<Expression>,
    },
}

pub(super) const WORDS: [&str; 24] = [
    "has",
    "has_cs",
    "has_any",
    "has_all",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
    "contains",
    "contains_cs",
    "containscs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "in",
    "between",
    "matches",
    "like",
    "likecs",
    "notcontains",
    "notcontainscs",
    "notlike",
    "notlikecs",
];

/// Whether this word stands between operands: brackets behind it are no arguments.
pub(super) fn is_operator(word: &str) -> bool {
    WORDS.contains(&word) || matches!(word, "and" | "or" | "by" | "on")
}

/// Deeper nesting than any real expression has; a parser that recurses has to stop somewhere.
const DEPTH: usize = 100;

const MARKS: [&str; 9] = ["==", "!=", "=~", "!~", "<=", ">=", "<", ">", "<>"];

/// Parses a whole text.
pub(super) fn parse(query: &Query<'_>) -> Result<Expression, PredicateError> {
    if let Some(fault) = query.faults().first() {
        let error = PredicateError::new(UNREADABLE, fault.message, fault.span.clone());
        return Err(slip::helped(error, slip::of_fault(&query.text()[fault.span.clone()])));
    }
    parse_range(query, 0..query.tokens().len())
}

/// Parses some of the tokens of a text without faults.
pub(super) fn parse_range(
    query: &Query<'_>,
    range: Range<usize>,
) -> Result<Expression, PredicateError> {
    nested(query, range, 0)
}

fn nested(query: &Query<'_>, range: Range<usize>, depth: usize) -> Parsed {
    let mut parser = Parser { query, at: range.start, end: range.end, depth };
    if depth > DEPTH {
        return Err(parser.wrong("the expression nests too deeply at"));
    }
    let expression = parser.disjunction()?;
    if parser.at < parser.end {
        return Err(parser.wrong("an operator, `and` or `or` is missing before"));
    }
    Ok(expression)
}

/// The names that the expression in these tokens reads as columns, without what is read in them;
/// none if it is no expression.
pub(in crate::kql) fn names_in(query: &Query<'_>, range: Range<usize>) -> Vec<String> {
    let Ok(expression) = parse_range(query, range) else { return Vec::new() };
    let names = expression.names().into_iter();
    names.map(|(name, _)| name.split('.').next().unwrap_or(name).to_owned()).collect()
}

struct Parser<'q> {
    query: &'q Query<'q>,
    at: usize,
    end: usize,
    /// Of brackets, signs and chains around this.
    depth: usize,
}

type Parsed = Result<Expression, PredicateError>;

impl<'q> Parser<'q> {
    fn word(&self) -> &'q str {
        if self.at < self.end { self.query.word(self.at) } else { "" }
    }

    fn is(&self, mark: &str) -> bool {
        self.at < self.end && self.query.is(self.at, mark)
    }

    fn wrong(&self, what: &str) -> PredicateError {
        if self.at >= self.end {
            let end = match self.at.checked_sub(1) {
                Some(last) if last < self.query.tokens().len() => self.query.tokens()[last].end,
                _ => 0,
            };
            return PredicateError::new(UNREADABLE, "the expression ends too early", end..end);
        }
        let span: Span = self.query.tokens()[self.at].span();
        let message = format!("{what} `{}`", self.word());
        let error = PredicateError::new(UNREADABLE, message, span);
        slip::helped(error, slip::at(self.query, self.at))
    }

    fn disjunction(&mut self) -> Parsed {
        let mut parts = vec![self.conjunction()?];
        // Runbooks write `OR`, which KQL itself does not know; it is compiled in lower case.
        while matches!(self.word(), "or" | "OR") {
            self.at += 1;
            parts.push(self.conjunction()?);
        }
        Ok(logic(false, parts))
    }

    fn conjunction(&mut self) -> Parsed {
        let mut parts = vec![self.comparison()?];
        while matches!(self.word(), "and" | "AND") {
            self.at += 1;
            parts.push(self.comparison()?);
        }
        Ok(logic(true, parts))
    }

    /// A chain of operators makes a tree as deep as it is long.
    fn deeper(&self, links: usize) -> Result<(), PredicateError> {
        if self.depth + links > DEPTH {
            return Err(self.wrong("the expression nests too deeply at"));
        }
        Ok(())
    }

    fn comparison(&mut self) -> Parsed {
        let mut left = self.sum()?;
        let mut links = 0;
        while let Some(operator) = self.operator() {
            links += 1;
            self.deeper(links)?;
            let bare = operator.trim_start_matches('!').trim_end_matches('~');
            let right = match bare {
                "in" | "has_any" | "has_all" => self.list()?,
                "between" => self.between()?,
                _ => self.sum()?,
            };
            left = binary(&operator, left, right);
        }
        Ok(left)
    }

    /// Takes a comparison operator, if one stands here.
    fn operator(&mut self) -> Option<String> {
        let word = self.word();
        if MARKS.iter().any(|mark| self.is(mark)) {
            self.at += 1;
            return Some(if word == "<>" { "!=".to_owned() } else { word.to_owned() });
        }
        let negated = self.is("!");
        let at = self.at + usize::from(negated);
        let word = if at < self.end { self.query.word(at) } else { "" };
        if !WORDS.contains(&word) || self.query.kind(at) != Some(TokenKind::Name) {
            return None;
        }
        self.at = at + 1;
        let mut operator = if negated { format!("!{word}") } else { word.to_owned() };
        if word == "in" && self.is("~") {
            self.at += 1;
            operator.push('~');
        }
        if word == "matches" && self.word() == "regex" {
            self.at += 1;
        }
        Some(operator)
    }

    fn list(&mut self) -> Parsed {
        let start = self.at;
        let Some(close) = self.query.closing(start).filter(|_| self.is("(")) else {
            return self.sum();
        };
        if close >= self.end {
            return Err(self.wrong("this does not belong here:"));
        }
        self.at = close + 1;
        let tokens = start..self.at;
        if self.query.split(start + 1..close, "|").len() > 1 {
            return Ok(Expression { shape: Shape::Whole { reads: Vec::new() }, tokens });
        }
        let elements = self.arguments(start + 1..close)?;
        if elements.is_empty() {
            self.at = close;
            return Err(self.wrong("a value is missing before"));
        }
        Ok(Expression { shape: Shape::List(elements), tokens })
    }

    fn between(&mut self) -> Parsed {
        let start = self.at;
        let close = self.query.closing(start).filter(|close| self.is("(") && *close < self.end);
        let Some(close) = close else {
            return Err(self.wrong("`between` needs `(from .. to)`, not"));
        };
        let parts = self.query.split(start + 1..close, "..");
        let [from, to] = parts.as_slice() else {
            return Err(self.wrong("`between` needs `(from .. to)` at"));
        };
        let from = nested(self.query, from.clone(), self.depth + 1)?;
        let to = nested(self.query, to.clone(), self.depth + 1)?;
        self.at = close + 1;
        let shape = Shape::Between(Box::new(from), Box::new(to));
        Ok(Expression { shape, tokens: start..self.at })
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        let mut links = 0;
        while self.is("+") || self.is("-") {
            links += 1;
            self.deeper(links)?;
            left = self.arithmetic(left, Self::product)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.signed()?;
        let mut links = 0;
        while self.is("*") || self.is("/") || self.is("%") {
            links += 1;
            self.deeper(links)?;
            left = self.arithmetic(left, Self::signed)?;
        }
        Ok(left)
    }

    fn arithmetic(&mut self, left: Expression, next: fn(&mut Self) -> Parsed) -> Parsed {
        let operator = self.word().to_owned();
        self.at += 1;
        let right = next(self)?;
        let tokens = left.tokens.start..right.tokens.end;
        let shape = Shape::Arithmetic { operator, operands: vec![left, right] };
        Ok(Expression { shape, tokens })
    }

    fn signed(&mut self) -> Parsed {
        if !(self.is("-") || self.is("+")) {
            return self.postfix();
        }
        let start = self.at;
        let operator = self.word().to_owned();
        self.at += 1;
        self.deeper(1)?;
        self.depth += 1;
        let operand = self.signed()?;
        self.depth -= 1;
        let tokens = start..operand.tokens.end;
        let negated = match &operand.shape {
            Shape::Value(Value::Long(value)) => value.checked_neg().map(Value::Long),
            Shape::Value(Value::Real(value)) => Some(Value::Real(-value)),
            Shape::Value(Value::Timespan(value)) => value.checked_neg().map(Value::Timespan),
            _ => None,
        };
        let positive = match &operand.shape {
            Shape::Value(value) if negated.is_some() => Some(value.clone()),
            _ => None,
        };
        let signed = if operator == "-" { negated } else { positive };
        let shape = match signed {
            Some(value) => Shape::Value(value),
            None => Shape::Arithmetic { operator, operands: vec![operand] },
        };
        Ok(Expression { shape, tokens })
    }

    /// Accesses behind a value: `a.b`, `a[0]`, `f(x).y`.
    fn postfix(&mut self) -> Parsed {
        let mut value = self.primary()?;
        let mut links = 0;
        loop {
            links += 1;
            self.deeper(links)?;
            let start = value.tokens.start;
            if self.is(".") {
                self.at += 1;
                let Some((name, next)) = self.query.name_at(self.at, self.end) else {
                    return Err(self.wrong("a name is missing before"));
                };
                self.at = next;
                let shape = match value.shape {
                    Shape::Name(head) => Shape::Name(format!("{head}.{name}")),
                    shape => {
                        let reads = vec![Expression { shape, tokens: value.tokens }];
                        Shape::Whole { reads }
                    }
                };
                value = Expression { shape, tokens: start..self.at };
            } else if self.is("[") {
                let Some(close) = self.query.closing(self.at) else {
                    return Err(self.wrong("this is not closed:"));
                };
                let index = nested(self.query, self.at + 1..close, self.depth + 1)?;
                self.at = close + 1;
                let reads = vec![value, index];
                value = Expression { shape: Shape::Whole { reads }, tokens: start..self.at };
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let start = self.at;
        if self.is("(") {
            return self.parenthesised();
        }
        if let Some((name, next)) = self.query.name_at(start, self.end) {
            let number_first = self.query.kind(start) == Some(TokenKind::Number);
            if !(number_first && number(self.query.word(start)).is_some()) {
                self.at = next;
                return self.name(name, start);
            }
        }
        let word = self.word();
        let value = match self.query.kind(start).filter(|_| start < self.end) {
            Some(TokenKind::Text) => unquote(word).map(Value::Text),
            Some(TokenKind::Number) => number(word),
            Some(TokenKind::Literal) => typed_literal(word),
            _ => return Err(self.wrong("a value is missing before")),
        };
        self.at += 1;
        // `"a" "b"` is one string to KQL; it is left alone here.
        let shape = value.map_or(Shape::Whole { reads: Vec::new() }, Shape::Value);
        Ok(Expression { shape, tokens: start..self.at })
    }

    fn parenthesised(&mut self) -> Parsed {
        let start = self.at;
        let close = self.query.closing(start).filter(|close| *close < self.end);
        let Some(close) = close else {
            return Err(self.wrong("this is not closed:"));
        };
        self.at = close + 1;
        let tokens = start..self.at;
        if self.query.split(start + 1..close, "|").len() > 1 {
            return Ok(Expression { shape: Shape::Whole { reads: Vec::new() }, tokens });
        }
        let inner = nested(self.query, start + 1..close, self.depth + 1)?;
        Ok(Expression { shape: inner.shape, tokens })
    }

    fn name(&mut self, name: String, start: usize) -> Parsed {
        let keyword = ["and", "or", "AND", "OR", "in", "has", "contains", "between"];
        // In brackets, it is a column of that name.
        let bare = self.at == start + 1;
        if bare && keyword.contains(&name.as_str()) {
            self.at = start;
            return Err(self.wrong("a value is missing before"));
        }
        let shape = match boolean(&name).filter(|_| bare) {
            Some(value) => Shape::Value(value),
            None if self.is("(") => {
                let Some(close) = self.query.closing(self.at).filter(|close| *close < self.end)
                else {
                    return Err(self.wrong("this is not closed:"));
                };
                let inside = self.at + 1..close;
                self.at = close + 1;
                // A subquery, or JSON: neither is made of expressions.
                let whole = self.query.split(inside.clone(), "|").len() > 1
                    || matches!(name.as_str(), "dynamic" | "toscalar" | "typeof");
                let arguments = if whole { Vec::new() } else { self.arguments(inside)? };
                let name = if name == "NOT" { "not".to_owned() } else { name };
                Shape::Call { name, arguments }
            }
            None => Shape::Name(name),
        };
        Ok(Expression { shape, tokens: start..self.at })
    }

    fn arguments(&self, inside: Range<usize>) -> Result<Vec<Expression>, PredicateError> {
        if inside.is_empty() {
            return Ok(Vec::new());
        }
        let parts = self.query.split(inside, ",");
        parts.into_iter().map(|part| self.argument(part)).collect()
    }

    fn argument(&self, part: Range<usize>) -> Parsed {
        // `*` as in `pack_all`, and named arguments, read nothing that matters here.
        if part.len() == 1 && self.query.is(part.start, "*") {
            return Ok(Expression { shape: Shape::Whole { reads: Vec::new() }, tokens: part });
        }
        nested(self.query, part, self.depth + 1)
    }
}

fn logic(all: bool, mut parts: Vec<Expression>) -> Expression {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let tokens = parts[0].tokens.start..parts[parts.len() - 1].tokens.end;
    Expression { shape: Shape::Logic { all, parts }, tokens }
}

fn binary(operator: &str, left: Expression, right: Expression) -> Expression {
    let tokens = left.tokens.start..right.tokens.end;
    let (operator, left, right) = (operator.to_owned(), Box::new(left), Box::new(right));
    Expression { shape: Shape::Binary { operator, left, right }, tokens }
}

impl Expression {
    /// Every name in it that may be a column, with its tokens.
    pub(super) fn names(&self) -> Vec<(&str, Range<usize>)> {
        match &self.shape {
            Shape::Name(name) => vec![(name.as_str(), self.tokens.clone())],
            Shape::Value(_) => Vec::new(),
            Shape::Call { arguments: parts, .. }
            | Shape::Arithmetic { operands: parts, .. }
            | Shape::Logic { parts, .. }
            | Shape::List(parts)
            | Shape::Whole { reads: parts } => parts.iter().flat_map(Self::names).collect(),
            Shape::Binary { left, right, .. } | Shape::Between(left, right) => {
                left.names().into_iter().chain(right.names()).collect()
            }
        }
    }

    /// The expressions that it is directly made of.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match &self.shape {
            Shape::Name(_) | Shape::Value(_) => Vec::new(),
            Shape::Call { arguments: parts, .. }
            | Shape::Arithmetic { operands: parts, .. }
            | Shape::Logic { parts, .. }
            | Shape::List(parts)
            | Shape::Whole { reads: parts } => parts.iter().collect(),
            Shape::Binary { left, right, .. } | Shape::Between(left, right) => vec![left, right],
        }
    }

    /// The functions that it calls, with their arguments.
    pub(super) fn calls(&self) -> Vec<(&str, &[Self])> {
        match &self.shape {
            Shape::Name(_) | Shape::Value(_) => Vec::new(),
            Shape::Call { name, arguments } => {
                std::iter::once((name.as_str(), arguments.as_slice()))
                    .chain(arguments.iter().flat_map(Self::calls))
                    .collect()
            }
            Shape::Arithmetic { operands: parts, .. }
            | Shape::Logic { parts, .. }
            | Shape::List(parts)
            | Shape::Whole { reads: parts } => parts.iter().flat_map(Self::calls).collect(),
            Shape::Binary { left, right, .. } | Shape::Between(left, right) => {
                left.calls().into_iter().chain(right.calls()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&[&str], Range<usize>>) {
        let query = Query::parse(text);
        let parsed = parse(&query);
        match expect {
            Ok(names) => {
                let found = parsed.expect(text);
                let found: Vec<&str> = found.names().into_iter().map(|(name, _)| name).collect();
                assert_eq!(found, names, "{text}");
            }
            Err(span) => assert_eq!(parsed.unwrap_err().span, span, "{text}"),
        }
    }

    #[test]
    fn expressions_are_read_and_their_names_found() {
        check("a == 1 and b !in~ ('x', 'y') or not(c has 'd')", Ok(&["a", "b", "c"]));
        check("process.name =~ 'x'", Ok(&["process.name"]));
        check("a between (ago(1d) .. b)", Ok(&["a", "b"]));
        check("tostring(a.b[0].c) matches regex @'x'", Ok(&["a.b"]));
        check("a in ((T | project b))", Ok(&["a"]));
        check("a in (dynamic(['x']))", Ok(&["a"]));
        check("a - b * -c > 1", Ok(&["a", "b", "c"]));
        check("['a b'] == 1", Ok(&["a b"]));
        check("['in'] == 1 and ['true'] == True and tRue", Ok(&["in", "true", "tRue"]));
        check("FALSE or a == TRUE", Ok(&["a"]));
    }

    #[test]
    fn what_is_no_expression_is_an_error_with_a_place() {
        check("", Err(0..0));
        check("a ==", Err(4..4));
        check("a b", Err(2..3));
        check("a == 'x' 'y'", Err(9..12));
        check("and a", Err(0..3));
        check("a == 1 and", Err(10..10));
        check("(a", Err(0..1));
        check("a in ()", Err(6..7));
        check("a between 1", Err(10..11));
        check("a | b", Err(2..3));
        check("a = 1", Err(2..3));
        check(&"(".repeat(99), Err(0..1));
        let deep = format!("{}a{}", "(".repeat(5000), ")".repeat(5000));
        assert!(parse(&Query::parse(&deep)).is_err());
        let long = vec!["a == 1"; 20_000].join(" or ");
        assert!(parse(&Query::parse(&long)).is_ok());
    }
}
