//! How the tests of exclusions ended.

use crate::content::Expectation;
use crate::ident::{ExclusionId, ItemKey};

/// How every selected test ended, in the order in which they are to be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestReport {
    /// One entry per test.
    pub results: Vec<TestResult>,
}

impl TestReport {
    /// How many tests failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| !result.passed).count()
    }
}

/// How one test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// The exclusion.
    pub exclusion: ExclusionId,
    /// Its file, relative to the root.
    pub path: String,
    /// The test's line in it, from 1.
    pub line: usize,
    /// Which of the exclusion's tests it is, from 1.
    pub number: usize,
    /// What should become of the event.
    pub expect: Expectation,
    /// What became of it, by item and parameter values.
    pub judgements: Vec<Judgement>,
    /// Whether that is what was expected.
    pub passed: bool,
}

/// What became of a test's event in one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The item.
    pub key: ItemKey,
    /// The parameter values that it was judged with, for people; empty when it has none.
    pub parameters: String,
    /// What became of the event.
    pub verdict: TestVerdict,
    /// Conditions that could not be judged and count as met, as the query spells them.
    pub assumed: Vec<String>,
}

/// What became of a test's event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestVerdict {
    /// The query admits it and the exclusion takes it out.
    Excluded,
    /// The query admits it and it survives.
    Kept,
    /// The query's own filter rejects it; which one, as the query spells it, where known.
    NotReached(Option<String>),
    /// It could not be judged, and why.
    Unjudged(String),
}

impl TestVerdict {
    /// As reports and JSON spell it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::Kept => "kept",
            Self::NotReached(_) => "not-reached",
            Self::Unjudged(_) => "unjudged",
        }
    }

    /// What is to be said beside the word.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Excluded | Self::Kept => None,
            Self::NotReached(filter) => filter.as_deref(),
            Self::Unjudged(reason) => Some(reason),
        }
    }
}
