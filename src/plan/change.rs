//! What a plan says.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::{Acknowledgement, Sides, Work};
use crate::arm::WorkspaceId;
use crate::ident::{ArmName, Family, ItemKey, Owner, RingName, WorkspaceKey};
use crate::state::{Field, Freeze, Guards, Playbooks, RunTerms, Unreadable};

/// Every change of a run, workspaces in fleet order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Marks what this repository owns.
    pub owner: Owner,
    /// What shaped the changes.
    pub options: Options,
    /// What holds for the run as a whole.
    pub terms: RunTerms,
    /// One entry per selected workspace.
    pub workspaces: Vec<WorkspacePlan>,
}

impl Plan {
    /// Every change with its workspace, in order.
    pub fn changes(&self) -> impl Iterator<Item = (&WorkspacePlan, &Change)> {
        self.workspaces.iter().flat_map(|w| w.each().map(move |change| (w, change)))
    }

    /// Rules that are to be deleted, and where: what they start is looked at before.
    pub fn deleted_rules(
        &mut self,
    ) -> impl Iterator<Item = (&WorkspaceKey, &WorkspaceId, &mut Change)> {
        self.workspaces.iter_mut().flat_map(|workspace| {
            let is_deleted = |change: &&mut Arc<Change>| {
                change.action == Action::Delete && change.key.family == Family::AnalyticRule
            };
            let (key, id) = (&workspace.key, &workspace.id);
            let deleted = workspace.changes.iter_mut().filter(is_deleted);
            deleted.map(move |change| (key, id, Arc::make_mut(change)))
        })
    }

    /// Every change that is to be sent: what a freeze stops is not.
    pub fn writes(&self) -> impl Iterator<Item = (&WorkspacePlan, &Change)> {
        let is_sent =
            |(w, change): &(&WorkspacePlan, &Change)| w.frozen.is_none() && change.action.writes();
        self.changes().filter(is_sent)
    }
}

/// The changes of one workspace.
#[derive(Debug, Clone)]
pub struct WorkspacePlan {
    /// Its name here.
    pub key: WorkspaceKey,
    /// Its name in Azure.
    pub id: WorkspaceId,
    /// Its ring.
    pub ring: RingName,
    /// Why it could not be read, if so: then there are no changes, and it is not green.
    pub unreadable: Option<Unreadable>,
    /// Why nothing is written here today, if so: the changes wait.
    pub frozen: Option<Freeze>,
    /// How much may happen here before somebody has to say that it is meant.
    pub guards: Guards,
    /// How many rules there are now, whoever owns them.
    pub rules: RuleCount,
    /// How many items this repository owns here, whatever was selected.
    pub owned: usize,
    /// Why nothing may be retired in this run, if so: some content file's id or `replaces` cannot be
    /// read.
    pub retire_blocked: Option<String>,
    /// What is to be said about each item, worst news first, in-sync items too. What is in sync in many
    /// workspaces alike is one change that they share.
    pub changes: Vec<Arc<Change>>,
    /// How many rules and hunting queries there are that this repository does not own.
    pub unmanaged: usize,
    /// Items of other owners of this tool.
    pub foreign: Vec<Foreign>,
}

impl WorkspacePlan {
    /// Every change, in order.
    pub fn each(&self) -> impl Iterator<Item = &Change> + Clone {
        self.changes.iter().map(|change| &**change)
    }
}

/// How many rules a workspace has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// Scheduled and near-real-time ones.
    pub all: usize,
    /// The near-real-time ones.
    pub nrt: usize,
}

/// An item of another owner: listed, never touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreign {
    /// The item's family and ARM name.
    pub item: String,
    /// Its owner.
    pub owner: String,
}

/// What is to be said, and done, about one item.
#[derive(Debug, Clone)]
pub struct Change {
    /// The item.
    pub key: ItemKey,
    /// Its ARM name in this workspace.
    pub arm_name: ArmName,
    /// Its display name.
    pub name: String,
    /// How its three sides stand.
    pub class: Class,
    /// What will be done.
    pub action: Action,
    /// Why, in one sentence without a full stop.
    pub reason: String,
    /// Whether detection becomes quieter or louder by what will be done.
    pub effect: Effect,
    /// What makes it quieter, where single fields do.
    pub quieter_by: Vec<Quieting>,
    /// What moved, in the order of the field table.
    pub fields: Vec<FieldChange>,
    /// Those of them that are written.
    pub written: Vec<Field>,
    /// Observed fields whose live value is not the desired one: shown, never written.
    pub observed: Vec<FieldChange>,
    /// Who last changed the live item and when, where the service says so. Of an item that is in sync nobody
    /// asks.
    pub modified: Option<Modified>,
    /// The playbooks that a rule starts, where they were asked for: before it is deleted.
    pub playbooks: Option<Playbooks>,
    /// Everything that the executor needs.
    pub work: Work,
    /// What it was decided on, so that it can be decided again on newer sides.
    pub sides: Box<Sides>,
}

/// `systemData` of a live item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modified {
    /// `lastModifiedBy`.
    pub by: Option<String>,
    /// `lastModifiedAt` or `properties.lastModifiedUtc`.
    pub at: Option<String>,
}

/// One field that is not the same on all sides.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The field.
    pub field: Field,
    /// Which side moved away from what was last applied.
    pub moved: Moved,
    /// The live value.
    pub before: Value,
    /// The desired value.
    pub after: Value,
    /// Known drift that is left alone, and until when.
    pub accepted: Option<String>,
}

/// Which side moved away from what was last applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moved {
    /// The files.
    Desired,
    /// The workspace: a change outside git.
    Live,
    /// Both, to different values.
    Both,
    /// Nobody knows: nothing is recorded for the field.
    Unknown,
}

impl Moved {
    /// As JSON spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desired => "desired",
            Self::Live => "live",
            Self::Both => "both",
            Self::Unknown => "unknown",
        }
    }
}

/// How an item's three sides stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of the three-way table in ARCHITECTURE.md")]
pub enum Class {
    New,
    Twin,
    Adoptable,
    Collision,
    InSync,
    Changed,
    Drifted,
    Converged,
    ChangedAndDrifted,
    Conflict,
    KindChange,
    Vanished,
    Retired,
    RetiredEdited,
    Gone,
    Held,
    AutoDisabled,
    Foreign,
    Leftover,
}

impl Class {
    /// All of them, in the order of summaries.
    pub const ALL: [Self; 19] = [
        Self::New,
        Self::Twin,
        Self::Adoptable,
        Self::Collision,
        Self::InSync,
        Self::Changed,
        Self::Drifted,
        Self::Converged,
        Self::ChangedAndDrifted,
        Self::Conflict,
        Self::KindChange,
        Self::Vanished,
        Self::Retired,
        Self::RetiredEdited,
        Self::Gone,
        Self::Held,
        Self::AutoDisabled,
        Self::Foreign,
        Self::Leftover,
    ];

    /// As reports and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Twin => "twin",
            Self::Adoptable => "adoptable",
            Self::Collision => "collision",
            Self::InSync => "in-sync",
            Self::Changed => "changed",
            Self::Drifted => "drifted",
            Self::Converged => "converged",
            Self::ChangedAndDrifted => "changed-and-drifted",
            Self::Conflict => "conflict",
            Self::KindChange => "kind-change",
            Self::Vanished => "vanished",
            Self::Retired => "retired",
            Self::RetiredEdited => "retired-edited",
            Self::Gone => "gone",
            Self::Held => "held",
            Self::AutoDisabled => "auto-disabled",
            Self::Foreign => "foreign",
            Self::Leftover => "leftover",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What will be done about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Make it.
    Create,
    /// Bring it to what the files say.
    Update,
    /// Bring it back to what the files say, after a change outside git.
    Restore,
    /// Only write down that it is as it should be.
    Record,
    /// Disable a rule whose content is gone.
    Retire,
    /// Delete an item whose content is gone.
    Delete,
    /// Only delete the record of an item that is gone.
    Forget,
    /// Nothing.
    None,
    /// Nothing, and someone has to decide.
    Refuse,
}

impl Action {
    /// All of them, in the order of summaries.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::Update,
        Self::Restore,
        Self::Record,
        Self::Retire,
        Self::Delete,
        Self::Forget,
        Self::None,
        Self::Refuse,
    ];

    /// As reports and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Restore => "restore",
            Self::Record => "record",
            Self::Retire => "retire",
            Self::Delete => "delete",
            Self::Forget => "forget",
            Self::None => "none",
            Self::Refuse => "refuse",
        }
    }

    /// Whether something is sent.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Self::None | Self::Refuse)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Whether detection becomes quieter or louder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Fewer or less visible alerts, or nothing shows that it is not so.
    Quieter,
    /// More or more visible alerts.
    Louder,
    /// Neither, or not known.
    Neutral,
}

/// One thing that makes detection quieter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quieting {
    /// What, as half a sentence.
    pub what: String,
    /// Whether it does; else nothing shows that it does not.
    pub is_certain: bool,
}

impl Effect {
    /// As reports and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quieter => "quieter",
            Self::Louder => "louder",
            Self::Neutral => "neutral",
        }
    }
}

/// What shapes the changes; covered by a saved plan's digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `--prune`: delete retired items.
    pub prune: bool,
    /// `--drift report`: leave drift alone.
    pub keep_drift: bool,
    /// `--on-conflict desired`: the files win.
    pub desired_wins: bool,
    /// `--re-enable`: write rules that the service disabled by itself.
    pub re_enable: bool,
    /// `--keep-going`: apply the rest although something is held.
    pub keep_going: bool,
    /// `--retry`: write what a rollback has put on hold.
    pub retry: bool,
    /// `--ack`: objections that are acknowledged once.
    pub acknowledged: Vec<Acknowledgement>,
    /// What was selected, as it was typed, for the digest.
    pub selection: Vec<String>,
    /// The commit that is applied, for the records; information only, not in the digest.
    pub commit: Option<String>,
}
