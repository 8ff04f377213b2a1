//! Diagnostics as values: a stable code, a severity, labelled places in files, and a way on.
//!
//! Every layer that reads something a person wrote returns these instead of printing. Nothing here
//! renders: `report` turns a [`Diagnostic`] into text or JSON.

mod code;
mod collection;
mod file;
mod located;
mod source;
mod suggestion;

pub use code::Code;
pub use collection::Diagnostics;
pub use file::{LARGEST_FILE, read_file};
pub use located::Located;
pub use source::{Position, Source, Span};
pub use suggestion::{closest, suggest};

use std::sync::Arc;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// What it names will not be deployed; the exit code is 10.
    Error,
    /// It works, but probably not as its author believes.
    Warning,
    /// Good to know; nothing needs to change.
    Note,
}

impl Severity {
    /// The word that reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A place in a file and what is to be said about it.
#[derive(Debug, Clone)]
pub struct Label {
    /// The file.
    pub source: Arc<Source>,
    /// Bytes of the file's text.
    pub span: Span,
    /// What is said beside the underlined text; may be empty.
    pub text: String,
}

/// One finding about something that a person wrote.
///
/// `labels[0]` is the primary place; a diagnostic about a whole directory or a command line has none.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Stable kebab-case name, documented by `sentinelops explain`.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// One lower-case sentence without a full stop.
    pub message: String,
    /// Primary place first.
    pub labels: Vec<Label>,
    /// Further facts, one sentence each.
    pub notes: Vec<String>,
    /// One way to mend it.
    pub help: Option<String>,
    /// The content id (or exclusion id) that it is about, for folding and filtering.
    pub subject: Option<String>,
}

impl Diagnostic {
    /// An error: what it names is not deployed.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning: deployed, but look.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// A note: for information only.
    #[must_use]
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            subject: None,
        }
    }

    /// Adds a place; the first one added is the primary one.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// Adds a further fact.
    #[must_use]
    pub fn because(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Sets the way on.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets what it is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The primary place as `path`, line and column (both from 1), if there is one.
    #[must_use]
    pub fn place(&self) -> Option<(&str, Position)> {
        let label = self.labels.first()?;
        Some((label.source.path(), label.source.position(label.span.start)))
    }
}
