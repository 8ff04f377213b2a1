//! What stops a command before its work is done.

use super::exit::Exit;

/// A lower-case fragment that fits "error: …", with lines that say how to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    /// What went wrong.
    pub(crate) message: String,
    /// Each can be pasted or followed.
    pub(crate) hints: Vec<String>,
    /// The exit code.
    pub(crate) exit: Exit,
}

impl Error {
    /// What went wrong, and the exit code that goes with it.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new(), exit }
    }

    /// The command line makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// This machine is in the way.
    pub(crate) fn machine(message: impl Into<String>) -> Self {
        Self::new(Exit::Machine, message)
    }

    /// The same, where something worse may be known already.
    pub(crate) fn besides(self, known: &[Exit]) -> Self {
        let exit = Exit::worst(known.iter().copied().chain([self.exit]));
        Self { exit, ..self }
    }

    /// Adds a way on.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
