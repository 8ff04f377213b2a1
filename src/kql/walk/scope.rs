//! What names mean along the walk: lets, functions, their parameters.

use std::ops::Range;

use crate::kql::operator::settings;
use crate::kql::value::unquote;
use crate::kql::{Pipeline, Query, StatementKind, TokenKind};

/// What a name means.
#[derive(Debug, Clone)]
pub(super) enum Binding {
    Parameter,
    /// The parameter for which `invoke` gives the pipe before it.
    Piped,
    /// A parameter for which the call at hand gives this text.
    Text(String),
    Let {
        name: String,
        token: usize,
        function: bool,
        body: Range<usize>,
        visible: usize,
    },
}

/// The names in force, later ones first in force.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    names: Vec<(String, Binding)>,
}

impl Scope {
    pub(super) fn with_statements(mut self, query: &Query<'_>, range: Range<usize>) -> Self {
        for statement in query.statements_in(range) {
            let function = match statement.kind {
                StatementKind::Let => false,
                StatementKind::Function => true,
                _ => continue,
            };
            let Some(name) = statement.name else { continue };
            let binding = Binding::Let {
                name: name.clone(),
                token: statement.tokens.start,
                function,
                body: statement.body,
                visible: self.names.len(),
            };
            self.names.push((name, binding));
        }
        self
    }

    /// Names that `as` gives to the rows of a pipe before a stage at which that pipe is left: each
    /// stands for what comes before it, as a let does.
    pub(super) fn with_names_given(
        mut self,
        query: &Query<'_>,
        pipe: &Pipeline,
        before: usize,
    ) -> Self {
        for stage in pipe.stages[..before].iter().filter(|stage| stage.operator == "as") {
            let Range { start: token, end } = stage.tokens;
            let (_, at) = settings(query, token + 1, end);
            let Some((name, _)) = query.name_at(at, end) else { continue };
            // What stands before the bar.
            let body = pipe.source.start..token - 1;
            let visible = self.names.len();
            let binding =
                Binding::Let { name: name.clone(), token, function: false, body, visible };
            self.names.push((name, binding));
        }
        self
    }

    pub(super) fn find(&self, name: &str) -> Option<&Binding> {
        self.names.iter().rev().find(|(known, _)| known == name).map(|(_, binding)| binding)
    }

    /// The scope in which a let's value was written; a function's parameters are in its own.
    pub(super) fn within(
        &self,
        query: &Query<'_>,
        binding: &Binding,
        arguments: Option<Range<usize>>,
    ) -> Self {
        let Binding::Let { function, body, visible, .. } = binding else {
            return self.clone();
        };
        let mut scope = Self { names: self.names[..*visible].to_vec() };
        let close = body.start.saturating_sub(2);
        let Some(open) = query.opening(close).filter(|_| *function) else { return scope };
        let given = arguments.map_or(Vec::new(), |arguments| query.split(arguments, ","));
        for (index, parameter) in query.split(open + 1..close, ",").into_iter().enumerate() {
            let text = given
                .get(index)
                .filter(|argument| argument.len() == 1)
                .filter(|argument| query.kind(argument.start) == Some(TokenKind::Text))
                .and_then(|argument| unquote(query.word(argument.start)));
            let bound = text.map_or(Binding::Parameter, Binding::Text);
            scope.names.push((query.word(parameter.start).to_owned(), bound));
        }
        scope.with_statements(query, body.clone())
    }

    /// Gives a function's first parameter the pipe before `invoke`.
    pub(super) fn pipe_in(&mut self, query: &Query<'_>, body: &Range<usize>) {
        let close = body.start.saturating_sub(2);
        let first = query.opening(close).map_or("", |open| query.word(open + 1));
        let parameter = |(name, binding): &&mut (String, Binding)| {
            name == first && !matches!(binding, Binding::Let { .. })
        };
        if let Some((_, binding)) = self.names.iter_mut().rev().find(parameter) {
            *binding = Binding::Piped;
        }
    }
}
