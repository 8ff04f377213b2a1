//! An exclusion: a known false positive, as a team wrote it down.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diag::Located;
use crate::ident::{ContentId, Day, EnvironmentName, ExclusionId, Tag, WorkspaceReference};

/// One exclusion.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// Unique in the repository.
    pub id: Located<ExclusionId>,
    /// What happens in the world that makes these events harmless.
    pub scenario: String,
    /// The content that it is about.
    pub applies_to: AppliesTo,
    /// Where it is in force.
    pub scope: Located<Scope>,
    /// The source table; by default the query's only driving table.
    pub table: Option<Located<String>>,
    /// `when` or `keep`: KQL over one row of the table.
    pub condition: Located<String>,
    /// Which of the two it is.
    pub polarity: Polarity,
    /// A filter as somebody wrote it, never compiled.
    pub source_filter: Option<String>,
    /// Who answers for it.
    pub owner: Option<Located<String>>,
    /// A ticket.
    pub ticket: Option<String>,
    /// When it was written.
    pub created: Option<Located<Day>>,
    /// The last day in force, UTC.
    pub expires: Option<Located<Day>>,
    /// Sample events and what becomes of them.
    pub tests: Vec<Located<ExclusionTest>>,
    /// Verdicts that its authors accept.
    pub acknowledge: Vec<Located<Acknowledgement>>,
}

/// Which content an exclusion is about: any of these.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AppliesTo {
    /// By id.
    pub content: Vec<Located<ContentId>>,
    /// By a tag of the content.
    pub tags: Vec<Located<Tag>>,
    /// By driving table.
    pub tables: Vec<Located<String>>,
}

/// Where an exclusion is in force.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// In every workspace: the word `all`.
    All,
    /// In workspaces that any of these names.
    Within {
        /// By environment.
        environments: Vec<Located<EnvironmentName>>,
        /// By workspace: `<workspace>`, or `<environment>/<workspace>`.
        workspaces: Vec<Located<WorkspaceReference>>,
        /// By a tag of the environment or the workspace.
        tags: Vec<Located<Tag>>,
    },
}

/// Whether the condition says what to exclude or what to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    /// `when`: exclude when it holds.
    When,
    /// `keep`: keep when it holds or is null.
    Keep,
}

/// A sample event and what should become of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExclusionTest {
    /// What should become of it.
    pub expect: Expectation,
    /// Values by column (or ECS name).
    pub event: BTreeMap<String, Value>,
    /// The only content to judge it on; by default everything that the exclusion applies to.
    pub content: Option<Located<ContentId>>,
}

/// What should become of a sample event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// The query admits it and the exclusion takes it out.
    Excluded,
    /// The query admits it and it survives.
    Kept,
    /// The query's own filters reject it.
    Unreached,
}

/// A verdict that the authors accept, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The code of the verdict.
    pub code: String,
    /// Why it is right.
    pub reason: String,
    /// The content that it holds for; by default all.
    pub content: Option<ContentId>,
}
