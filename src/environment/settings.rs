//! What is different in a workspace, merged over fleet, ring, environment and workspace.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diag::Located;
use crate::ident::{ContentId, Day, Family, Tag};
use crate::state::{Field, Freeze, Guards};

/// A workspace's merged settings. Maps are merged over the layers, lists are replaced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Only this content; empty means everything.
    pub include: Vec<Located<Selector>>,
    /// Never this content.
    pub exclude: Vec<Located<Selector>>,
    /// By content id, then by top-level content key.
    pub overrides: BTreeMap<ContentId, BTreeMap<String, Layered>>,
    /// By content id, then by the name of a `let`.
    pub parameters: BTreeMap<ContentId, BTreeMap<String, Located<Value>>>,
    /// Fields that the customer chooses: shown, never written.
    pub observed: Vec<Located<Field>>,
    /// Known drift.
    pub accepted: Vec<Located<AcceptedDrift>>,
    /// ECS names by table: further mappings to columns.
    pub ecs: BTreeMap<String, BTreeMap<String, Located<String>>>,
    /// How much may happen before somebody has to say that it is meant.
    pub guards: Guards,
    /// Days on which nothing is written, of all layers.
    pub freeze: Vec<Freeze>,
    /// Every content id, tag and path that the layers name, at the place of the name, even where an
    /// upper layer replaces what was said: [`check_names`](super::check_names) looks them up.
    pub mentions: Vec<Located<Selector>>,
}

/// An overriding value. Written either plainly (`severity: Low`) or with its reason
/// (`enabled: { value: false, reason: …, expires: … }`).
#[derive(Debug, Clone, PartialEq)]
pub struct Layered {
    /// The value and its place. Maps (`incidentConfiguration`) merge into the content's own.
    pub value: Located<Value>,
    /// Why; needed where the override makes a rule quieter.
    pub reason: Option<String>,
    /// What an upper layer merged into the value without a reason of its own, and where.
    pub unexplained: Vec<Located<Value>>,
    /// The last day in force, UTC.
    pub expires: Option<Day>,
}

/// Known drift that is not restored until a day.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedDrift {
    /// The item.
    pub content: ContentId,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The last day in force, UTC.
    pub until: Day,
    /// Why.
    pub reason: String,
}

/// One criterion for content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// By id.
    Id(ContentId),
    /// By a tag of the content file.
    Tag(Tag),
    /// By a tactic, spelled canonically.
    Tactic(String),
    /// By family or kind.
    Kind(KindSelector),
    /// By path relative to the root: the file itself, or everything below a folder. Not a glob.
    Path(String),
}

/// A family or one kind of rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindSelector {
    /// All analytic rules or all hunting queries.
    Family(Family),
    /// Scheduled or NRT rules.
    Rule(crate::state::Kind),
}
