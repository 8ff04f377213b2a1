//! A query as tokens: its statements, its main expression, the stages of a pipe.
//!
//! This is a splitter, not a validator: what it cannot make sense of stays one expression. Faults
//! (unbalanced brackets, unterminated strings) are listed, and nothing is placed in such a query.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diag::Span;

use super::predicate::{Constants, constants};
use super::value::unquote;
use super::{Token, TokenKind, lex};

/// What a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// `let name = value`.
    Let,
    /// `let name = (parameters) { body }`, also with the word `view`.
    Function,
    /// `set option`.
    Set,
    /// `declare query_parameters(…)`.
    Declare,
    /// `alias database …` or `restrict access …`.
    Access,
    /// A tabular expression; the last one is the query's result.
    Expression,
}

/// One statement. Ranges count significant tokens, see [`Query::tokens`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// What a `let` binds.
    pub name: Option<String>,
    /// All of it, without its `;`.
    pub tokens: Range<usize>,
    /// A let's value, a function's text between its braces, an expression itself.
    pub body: Range<usize>,
}

/// One stage of a pipe, after its bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The operator: `where`, `mv-expand`; empty if the stage is.
    pub operator: String,
    /// The byte of its `|`.
    pub bar: usize,
    /// Its bytes, from the operator to the end of its last token.
    pub span: Span,
    /// Its tokens, without the bar.
    pub tokens: Range<usize>,
}

/// A source and the stages behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// The tokens before the first bar.
    pub source: Range<usize>,
    /// In order.
    pub stages: Vec<Stage>,
}

/// Why the brackets or strings of a text cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A lower-case fragment.
    pub message: &'static str,
    /// The bracket or string.
    pub span: Span,
}

/// A query's text, cut into tokens and statements.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    text: &'a str,
    all: Vec<Token>,
    tokens: Vec<Token>,
    mates: Vec<Option<usize>>,
    statements: Vec<Statement>,
    faults: Vec<Fault>,
}

impl<'a> Query<'a> {
    /// Splits any text; see [`Query::faults`] for what is wrong with it.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let all = lex(text);
        let tokens: Vec<Token> = all.iter().copied().filter(|t| t.is_significant()).collect();
        let mut query = Self {
            text,
            all,
            mates: vec![None; tokens.len()],
            tokens,
            statements: Vec::new(),
            faults: Vec::new(),
        };
        query.match_brackets();
        query.statements = query.statements_in(0..query.tokens.len());
        query
    }

    /// The text it was made of.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Every token, blanks and comments included.
    #[must_use]
    pub fn all_tokens(&self) -> &[Token] {
        &self.all
    }

    /// The tokens that carry meaning.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// In order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Unbalanced brackets and unterminated strings, in order.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The tabular expression whose result is the query's.
    #[must_use]
    pub fn main(&self) -> Option<&Statement> {
        self.statements.iter().rev().find(|s| s.kind == StatementKind::Expression)
    }

    /// Every name the text mentions that is not called as a function: columns among them.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for index in 0..self.tokens.len() {
            if self.is_name(index) && !self.is(index + 1, "(") {
                names.insert(self.word(index).to_owned());
            } else if let Some((name, _)) = self.bracketed_name(index, self.tokens.len()) {
                names.insert(name);
            }
        }
        names
    }

    /// The scalars that its lets bind; what its filters compare with.
    #[must_use]
    pub fn constants(&self) -> Constants {
        constants(self)
    }

    /// The text of a significant token; empty past the end.
    #[must_use]
    pub fn word(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |token| &self.text[token.span()])
    }

    /// The bytes from the first to the last of these tokens; an empty range is a point.
    #[must_use]
    pub fn span(&self, range: &Range<usize>) -> Span {
        let start = self.tokens.get(range.start).map_or(self.text.len(), |token| token.start);
        if range.is_empty() {
            return start..start;
        }
        start..self.tokens[range.end - 1].end
    }

    /// The source and stages of the expression in these tokens.
    #[must_use]
    pub fn pipeline(&self, range: Range<usize>) -> Pipeline {
        let mut parts = self.split(range, "|").into_iter();
        let source = parts.next().unwrap_or(0..0);
        let stages = parts.map(|tokens| self.stage(tokens)).collect();
        Pipeline { source, stages }
    }

    /// The pieces between a mark at the top level of these tokens; always at least one.
    #[must_use]
    pub fn split(&self, range: Range<usize>, mark: &str) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut start = range.start;
        let mut index = range.start;
        while index < range.end {
            if let Some(close) = self.closing(index) {
                index = close + 1;
                continue;
            }
            if self.is(index, mark) {
                pieces.push(start..index);
                start = index + 1;
            }
            index += 1;
        }
        pieces.push(start..range.end);
        pieces
    }

    /// The statements within these tokens, such as a function's body.
    #[must_use]
    pub fn statements_in(&self, range: Range<usize>) -> Vec<Statement> {
        let pieces = self.split(range, ";").into_iter();
        pieces.filter(|tokens| !tokens.is_empty()).map(|tokens| self.statement(tokens)).collect()
    }

    /// Whether the token is this punctuation.
    pub(super) fn is(&self, index: usize, mark: &str) -> bool {
        self.kind(index) == Some(TokenKind::Punctuation) && self.word(index) == mark
    }

    pub(super) fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// Names may begin with a digit, and then the lexer takes them for numbers.
    pub(super) fn is_name(&self, index: usize) -> bool {
        match self.kind(index) {
            Some(TokenKind::Name) => true,
            Some(TokenKind::Number) => {
                let word = self.word(index);
                word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    && word.bytes().any(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            }
            _ => false,
        }
    }

    /// For an opening bracket, where it closes.
    pub(super) fn closing(&self, index: usize) -> Option<usize> {
        self.mates.get(index).copied().flatten().filter(|mate| *mate > index)
    }

    /// For a closing bracket, where it opens.
    pub(super) fn opening(&self, index: usize) -> Option<usize> {
        self.mates.get(index).copied().flatten().filter(|mate| *mate < index)
    }

    /// A name, also `['a name']`, and the token behind it.
    pub(super) fn name_at(&self, index: usize, end: usize) -> Option<(String, usize)> {
        if index < end && self.is_name(index) {
            return Some((self.word(index).to_owned(), index + 1));
        }
        self.bracketed_name(index, end)
    }

    fn bracketed_name(&self, index: usize, end: usize) -> Option<(String, usize)> {
        let quoted = index + 2 < end
            && self.is(index, "[")
            && self.closing(index) == Some(index + 2)
            && self.kind(index + 1) == Some(TokenKind::Text)
            && !self.is_access(index);
        let name = quoted.then(|| unquote(self.word(index + 1))).flatten();
        name.map(|name| (name, index + 3))
    }

    /// `a["b"]` is an access, not a name.
    fn is_access(&self, bracket: usize) -> bool {
        let Some(before) = bracket.checked_sub(1) else { return false };
        let value = self.is_name(before) || self.is(before, ")") || self.is(before, "]");
        value && self.tokens[before].end == self.tokens[bracket].start
    }

    /// The operator that begins here; `mv` `-` `expand` is one if nothing stands between.
    pub(super) fn operator(&self, index: usize) -> String {
        let mut operator = self.word(index).to_owned();
        let mut at = index;
        while self.is(at + 1, "-")
            && self.is_name(at + 2)
            && self.tokens[at].end == self.tokens[at + 1].start
            && self.tokens[at + 1].end == self.tokens[at + 2].start
        {
            operator.push('-');
            operator.push_str(self.word(at + 2));
            at += 2;
        }
        operator
    }

    /// The tokens of the innermost pipe in which a token stands.
    pub(super) fn pipe_around(&self, token: usize) -> Option<Range<usize>> {
        let count = self.tokens.len();
        let mut start = 0;
        let mut at = token;
        while at > 0 {
            at -= 1;
            if let Some(open) = self.opening(at) {
                at = open;
            } else if self.closing(at).is_some() || self.is(at, ";") {
                start = at + 1;
                break;
            }
        }
        let mut end = token;
        while end < count && !self.is(end, ";") && self.opening(end).is_none() {
            end = self.closing(end).unwrap_or(end) + 1;
        }
        // A let's name and `=`, and the word of a declaration, are no part of the pipe.
        let statements = self.statements_in(start..end);
        let statement = statements.into_iter().next()?;
        Some(statement.body.start.max(start)..end.min(statement.tokens.end))
    }

    fn stage(&self, tokens: Range<usize>) -> Stage {
        let bar = self.tokens[tokens.start - 1];
        let operator = if tokens.is_empty() { String::new() } else { self.operator(tokens.start) };
        let span = if tokens.is_empty() { bar.end..bar.end } else { self.span(&tokens) };
        Stage { operator, bar: bar.start, span, tokens }
    }

    /// A stage's tokens behind its operator.
    pub(super) fn behind_operator(&self, stage: &Stage) -> Range<usize> {
        let Range { start, end } = stage.tokens;
        let hyphens = self.operator(start).matches('-').count();
        (start + 1 + 2 * hyphens).min(end)..end
    }

    /// Tokens taken as a stage of this operator.
    pub(super) fn stage_of(&self, tokens: Range<usize>, operator: &str) -> Stage {
        let span = self.span(&tokens);
        Stage { operator: operator.to_owned(), bar: span.start, span, tokens }
    }

    fn statement(&self, tokens: Range<usize>) -> Statement {
        let start = tokens.start;
        let next = self.word(start + 1);
        let kind = match self.word(start) {
            "let" => match self.name_at(start + 1, tokens.end) {
                Some((name, equals)) if self.is(equals, "=") => {
                    return self.binding(name, equals + 1, tokens);
                }
                _ => StatementKind::Expression,
            },
            "set" if self.is_name(start + 1) => StatementKind::Set,
            "declare" if self.is_name(start + 1) => StatementKind::Declare,
            "alias" if next == "database" => StatementKind::Access,
            "restrict" if next == "access" => StatementKind::Access,
            _ => StatementKind::Expression,
        };
        Statement { kind, name: None, body: tokens.clone(), tokens }
    }

    fn binding(&self, name: String, value: usize, tokens: Range<usize>) -> Statement {
        let view = self.word(value) == "view" && self.is(value + 1, "(");
        let head = if view { value + 1 } else { value };
        let braces = self
            .closing(head)
            .filter(|_| self.is(head, "("))
            .map(|close| close + 1)
            .filter(|open| self.is(*open, "{"))
            .and_then(|open| Some((open, self.closing(open)?)));
        let name = Some(name);
        match braces {
            Some((open, close)) => {
                Statement { kind: StatementKind::Function, name, tokens, body: open + 1..close }
            }
            None => {
                let body = value..tokens.end;
                Statement { kind: StatementKind::Let, name, tokens, body }
            }
        }
    }

    fn match_brackets(&mut self) {
        let mut open: Vec<usize> = Vec::new();
        for index in 0..self.tokens.len() {
            let token = self.tokens[index];
            if !token.terminated {
                let message = "this string or literal has no end";
                self.faults.push(Fault { message, span: token.span() });
            }
            if token.kind != TokenKind::Punctuation {
                continue;
            }
            let word = self.word(index);
            if matches!(word, "(" | "[" | "{") {
                open.push(index);
                continue;
            }
            let opener = match word {
                ")" => "(",
                "]" => "[",
                "}" => "{",
                _ => continue,
            };
            match open.pop() {
                Some(mate) if self.word(mate) == opener => {
                    self.mates[index] = Some(mate);
                    self.mates[mate] = Some(index);
                }
                _ => self
                    .faults
                    .push(Fault { message: "this bracket closes nothing", span: token.span() }),
            }
        }
        for index in open {
            let span = self.tokens[index].span();
            self.faults.push(Fault { message: "this bracket is not closed", span });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(text: &str) -> Vec<String> {
        let query = Query::parse(text);
        let main = query.main().unwrap();
        let pipeline = query.pipeline(main.body.clone());
        let source = query.text()[query.span(&pipeline.source)].to_owned();
        std::iter::once(source).chain(pipeline.stages.into_iter().map(|s| s.operator)).collect()
    }

    fn check(text: &str, expect: &[&str]) {
        assert_eq!(stages(text), expect, "{text}");
    }

    #[test]
    fn stages_are_split_at_top_level_bars_only() {
        check("T | where a == '|' // | x\n| take 1", &["T", "where", "take"]);
        check("let x = 1; T | join (U | where b) on c | mv-expand d", &["T", "join", "mv-expand"]);
        check("T | where a in ((U | project b)) |", &["T", "where", ""]);
        check("let f = () { T | take 1 }; f() | count", &["f()", "count"]);
        check("T | extend a = b -c | project-away d", &["T", "extend", "project-away"]);
    }

    #[test]
    fn statements_have_kinds_and_names() {
        let query = Query::parse(
            "set x; declare query_parameters(a:int=1); let b = 1; let c = view () { T }; \
             let ['d e'] = 2; T; ;",
        );
        let kinds: Vec<_> =
            query.statements().iter().map(|s| (s.kind, s.name.as_deref())).collect();
        assert_eq!(
            kinds,
            [
                (StatementKind::Set, None),
                (StatementKind::Declare, None),
                (StatementKind::Let, Some("b")),
                (StatementKind::Function, Some("c")),
                (StatementKind::Let, Some("d e")),
                (StatementKind::Expression, None),
            ]
        );
    }

    #[test]
    fn faults_are_named_with_their_place() {
        let faults = |text: &str| Query::parse(text).faults().to_vec();
        assert!(faults("T | where (a) == 'x'").is_empty());
        assert_eq!(faults("T | where (a")[0].span, 10..11);
        assert_eq!(faults("T | where a)")[0].span, 11..12);
        assert_eq!(faults("T | where (a]")[0].message, "this bracket closes nothing");
        assert_eq!(faults("T | where a == 'x")[0].span, 15..17);
    }

    #[test]
    fn names_are_what_may_be_a_column() {
        let query = Query::parse("T | where strlen(a) > 1 and ['b c'] has d['e'] // f");
        let names: Vec<String> = query.names().into_iter().collect();
        assert_eq!(names, ["T", "a", "and", "b c", "d", "has", "where"]);
        assert!(Query::parse("T | where isempty(['b c'])").names().contains("b c"));
    }
}
