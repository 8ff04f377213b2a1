//! Why an exclusion has no place in a query: one table of codes, each with a message and a way on.

use crate::diag::{Code, Span};

/// An unbalanced bracket or a string without an end: nothing in the text can be trusted.
pub const FAULTY: Code = Code::new("exclusion-cannot-place-faulty-query");
/// The query has no tabular expression.
pub const NO_MAIN: Code = Code::new("exclusion-cannot-place-no-main-expression");
/// The query has several results.
pub const SEVERAL_MAINS: Code = Code::new("exclusion-cannot-place-several-results");
/// `search`, `find` and the like: rows of unnamed tables.
pub const SEARCH: Code = Code::new("exclusion-cannot-place-search");
/// `print`, `range`, `datatable`, `externaldata`: rows that come from no table.
pub const NO_TABLE: Code = Code::new("exclusion-cannot-place-generated-rows");
/// `union Device*`.
pub const WILDCARD: Code = Code::new("exclusion-cannot-place-wildcard");
/// A bare arm of `union withsource=`: parentheses might change the reported name.
pub const WITH_SOURCE: Code = Code::new("exclusion-cannot-place-union-withsource");
/// A let that is also used beside the driving spine.
pub const SHARED_LET: Code = Code::new("exclusion-cannot-place-shared-let");
/// A table that a function is given.
pub const PARAMETER: Code = Code::new("exclusion-cannot-place-table-parameter");
/// A table of another service or cluster.
pub const REMOTE: Code = Code::new("exclusion-cannot-place-remote-table");
/// A source that the splitter does not know.
pub const UNKNOWN_SOURCE: Code = Code::new("exclusion-cannot-place-unknown-source");
/// Lets that refer to each other too deeply.
pub const TOO_DEEP: Code = Code::new("exclusion-cannot-place-too-deep");
/// The named table does not drive the query.
pub const TABLE_ABSENT: Code = Code::new("exclusion-cannot-place-table-absent");
/// No table is named and several drive the query.
pub const AMBIGUOUS: Code = Code::new("exclusion-cannot-place-ambiguous-table");
/// A marker comment that does not stand between two stages.
pub const MARKER: Code = Code::new("exclusion-cannot-place-marker");
/// A predicate that would change more than its own stage.
pub const PREDICATE: Code = Code::new("exclusion-cannot-place-predicate");
/// The compiled text does not have the old stages plus the new ones.
pub const POST_CHECK: Code = Code::new("exclusion-cannot-place-post-check");

/// Every code with which a placement may be refused.
pub const CODES: [Code; 17] = [
    FAULTY,
    NO_MAIN,
    SEVERAL_MAINS,
    SEARCH,
    NO_TABLE,
    WILDCARD,
    WITH_SOURCE,
    SHARED_LET,
    PARAMETER,
    REMOTE,
    UNKNOWN_SOURCE,
    TOO_DEEP,
    TABLE_ABSENT,
    AMBIGUOUS,
    MARKER,
    PREDICATE,
    POST_CHECK,
];

/// Which tables the rows behind a refused construct may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// From no table of the workspace: in nobody's way.
    Nothing,
    /// From this table.
    Table(String),
    /// From every table whose name fits this pattern with `*`.
    Pattern(String),
    /// From any table.
    Anything,
}

impl Reach {
    /// Whether rows of the table may be among them.
    #[must_use]
    pub fn includes(&self, table: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Table(name) => name == table,
            Self::Pattern(pattern) => fits(pattern, table),
            Self::Anything => true,
        }
    }
}

/// A construct of the query at which no exclusion can be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable name; one of [`CODES`].
    pub code: Code,
    /// A lower-case sentence that names the construct.
    pub message: String,
    /// Its bytes in the query.
    pub span: Span,
    /// A way on.
    pub help: String,
    /// Whose rows it concerns.
    pub reach: Reach,
}

const BY_HAND: &str = "put the comment `// @exclusions TABLE` alone on a line between the two \
                       stages where exclusions shall go";

impl Refusal {
    /// A refusal with the usual way on: the author's own placement.
    pub(super) fn new(code: Code, message: impl Into<String>, span: Span, reach: Reach) -> Self {
        Self { code, message: message.into(), span, help: BY_HAND.to_owned(), reach }
    }

    /// Sets another way on.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// `*` stands for any characters; table names have case.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_reaches_the_tables_that_fit_it() {
        for (pattern, name, expect) in [
            ("Device*", "DeviceEvents", true),
            ("Device*", "EmailEvents", false),
            ("*Events", "DeviceEvents", true),
            ("D*c*s", "DeviceEvents", true),
            ("*", "X", true),
            ("Device*Events", "DeviceInfo", false),
        ] {
            assert_eq!(Reach::Pattern(pattern.into()).includes(name), expect, "{pattern} {name}");
        }
    }
}
