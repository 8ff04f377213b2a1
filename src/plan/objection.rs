//! Why a plan may not be applied, in words that say what was measured, against which limit, where that
//! was set, and how to say that it is meant.

use super::{Acknowledgement, Guard};
use crate::ident::{ExclusionId, WorkspaceKey};
use crate::state::Limit;

/// Why a plan may not be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// Something is held, and `--keep-going` was not given: nothing is sent.
    #[error("{} held, so nothing is sent", items(.held))]
    Held {
        /// The held items, `workspace: item`.
        held: Vec<String>,
    },
    /// A content file's id or `replaces` cannot be read, so whatever it holds is not known, and `--keep-going`
    /// was not given: nothing is sent.
    #[error("{why}, and nothing is sent")]
    Nameless {
        /// Which file, and what follows.
        why: String,
    },
    /// More than a guard lets pass: nothing is sent.
    #[error("{}, so nothing is sent", .0.sentence())]
    Exceeded(Box<Exceeded>),
}

impl Objection {
    /// Whether the files are at fault, and `--keep-going` overrules it.
    #[must_use]
    pub const fn is_about_files(&self) -> bool {
        !matches!(self, Self::Exceeded(_))
    }
}

fn items(held: &[String]) -> String {
    match held {
        [one] => format!("`{one}` is"),
        many => format!("{} items are", many.len()),
    }
}

/// More of something than a guard lets pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// Which guard.
    pub guard: Guard,
    /// Where; `None` when it is the run as a whole.
    pub workspace: Option<WorkspaceKey>,
    /// Which exclusion, where it is one.
    pub exclusion: Option<ExclusionId>,
    /// How many.
    pub measured: usize,
    /// Of how many that this repository owns there.
    pub owned: usize,
    /// Against what.
    pub bound: Bound,
    /// The items, `environment/workspace: family/id`.
    pub items: Vec<String>,
    /// Who said that it is meant, if anybody did.
    pub acknowledged: Option<Acknowledgement>,
    /// The largest number that was said to be meant and is too small.
    pub short: Option<usize>,
}

/// What a guard compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// A number.
    Number(Limit),
    /// More than a number, and more than a share in percent.
    Share {
        /// The number.
        count: Limit,
        /// The share.
        percent: Limit,
    },
    /// More than a number, since so little is owned that a share says nothing.
    Few(Limit),
    /// The files have nothing any more of the several items that stand there: an empty checkout looks
    /// just like that.
    NothingStays,
}

impl Exceeded {
    /// What was found, against which limit, set where; without a full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        let found = self.found();
        match (self.limit(), self.short) {
            (Some(limit), None) => format!("{found}; {limit}"),
            (Some(limit), Some(short)) => format!("{found}; {limit}, acknowledged are {short}"),
            (None, None) => found,
            (None, Some(short)) => format!("{found}; acknowledged are {short}"),
        }
    }

    /// The flag that says that it is meant, once.
    #[must_use]
    pub fn flag(&self) -> String {
        let at = self.workspace.as_ref().map(|key| format!("@{key}")).unwrap_or_default();
        format!("--ack {}{at}={}", self.guard, self.measured)
    }

    fn found(&self) -> String {
        let (measured, owned) = (self.measured, self.owned);
        let place = match &self.workspace {
            Some(key) => format!("in `{key}`"),
            None => "in this run".to_owned(),
        };
        let these = |one: &str, more: &str| match measured {
            1 => format!("1 {one}"),
            number => format!("{number} {more}"),
        };
        if self.bound == Bound::NothingStays {
            return format!(
                "the files have nothing any more of what this repository owns {place} ({owned} items)"
            );
        }
        match self.guard {
            Guard::Deletes | Guard::RetiredEdited => {
                format!("{measured} of {owned} items {place} would be retired or deleted")
            }
            Guard::Changes => format!("{measured} of {owned} items {place} would be changed"),
            Guard::Disables => {
                format!("{} {place} would be switched off", these("rule", "rules"))
            }
            Guard::ExclusionReach => {
                let exclusion = self.exclusion.as_ref().map(ToString::to_string);
                format!(
                    "exclusion `{}`, which chooses its content by tag or table, would be put into {} \
                     {place}",
                    exclusion.unwrap_or_default(),
                    these("item", "items")
                )
            }
            Guard::FirstRun => format!(
                "{} {place} without an owner would be taken over, equal to the files, where this \
                 repository owns nothing yet",
                these("item", "items")
            ),
            Guard::Playbooks => format!(
                "{} {place} would be deleted together with links to playbooks, or with links that could \
                 not be read",
                these("rule", "rules")
            ),
            Guard::Rules => {
                format!("there would be {} {place}", these("analytic rule", "analytic rules"))
            }
            Guard::NrtRules => {
                let rules = these("near-real-time rule", "near-real-time rules");
                format!("there would be {rules} {place}")
            }
        }
    }

    fn limit(&self) -> Option<String> {
        let said =
            |limit: &Limit, unit: &str| format!("{}{unit} ({})", limit.value, limit.origin());
        match &self.bound {
            Bound::Number(limit) => Some(format!("the limit is {}", said(limit, ""))),
            Bound::Share { count, percent } => Some(format!(
                "the limit is {} and {} of them",
                said(count, ""),
                said(percent, " %")
            )),
            Bound::Few(count) => Some(format!(
                "the limit is {}, of fewer than 10 whatever their share",
                said(count, "")
            )),
            Bound::NothingStays => None,
        }
    }
}
