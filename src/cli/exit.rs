//! Exit codes: part of the interface, listed in the README.

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `drift` and `plan --exit-code`: nothing to report.
    Done,
    /// A bug.
    Bug,
    /// The command line makes no sense.
    Usage,
    /// This machine is in the way: a file that cannot be written, an emulator that is in use.
    Machine,
    /// Content, exclusions or environments are invalid, or a test failed.
    Invalid,
    /// Drift, also where `apply` was to leave it, or changes pending: also those that a freeze stops.
    Pending,
    /// Refused: a conflict, a collision, a twin, a stale plan.
    Refused,
    /// Some changes failed, or must wait though they are about what is deployed; the rest is done and recorded.
    Failed,
    /// The rollout halted at a ring: later ones got no writes.
    Halted,
    /// Not authenticated or not allowed anywhere.
    Denied,
    /// Some workspace could not be read.
    Unknown,
    /// Interrupted; what was done is reported.
    Interrupted,
}

use Exit as E;

/// When several hold, the first of these wins.
const PRECEDENCE: [Exit; 12] = [
    E::Interrupted,
    E::Bug,
    E::Usage,
    E::Invalid,
    E::Denied,
    E::Halted,
    E::Failed,
    E::Unknown,
    E::Refused,
    E::Machine,
    E::Pending,
    E::Done,
];

impl Exit {
    /// The process's exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Machine => 3,
            Self::Invalid => 10,
            Self::Pending => 20,
            Self::Refused => 21,
            Self::Failed => 30,
            Self::Halted => 31,
            Self::Denied => 40,
            Self::Unknown => 41,
            Self::Interrupted => 130,
        }
    }

    /// The exit of a code.
    pub(crate) fn of_code(code: u8) -> Option<Self> {
        PRECEDENCE.into_iter().find(|exit| exit.code() == code)
    }

    /// The codes of several, each once, the one that counts first.
    pub(crate) fn codes(all: &[Self]) -> Vec<u8> {
        let known = PRECEDENCE.into_iter().filter(|exit| all.contains(exit)).map(Self::code);
        let codes: Vec<u8> = known.collect();
        if codes.is_empty() { vec![Self::Done.code()] } else { codes }
    }

    /// The one that counts when several hold.
    pub(crate) fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        let all: Vec<Self> = all.into_iter().collect();
        PRECEDENCE.into_iter().find(|exit| all.contains(exit)).unwrap_or(Self::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_wins() {
        assert_eq!(Exit::worst([E::Done, E::Pending, E::Unknown]), E::Unknown);
        assert_eq!(Exit::worst([E::Refused, E::Pending]), E::Refused);
        assert_eq!(Exit::worst([E::Unknown, E::Failed, E::Halted]), E::Halted);
        assert_eq!(Exit::worst([E::Failed, E::Interrupted]), E::Interrupted);
        assert_eq!(Exit::worst([E::Machine, E::Failed, E::Pending]), E::Failed);
        assert_eq!(Exit::worst([]), E::Done);
    }
}
