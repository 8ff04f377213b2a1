//! What somebody says is meant, once: `--ack GUARD[@WORKSPACE][=N]`.

use std::fmt;
use std::str::FromStr;

use crate::ident::{Invalid, WorkspaceKey, WorkspaceReference};

/// Something that is done only when somebody has said that it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Retirements and deletions.
    Deletes,
    /// Updates and restores.
    Changes,
    /// Other changes from enabled to disabled.
    Disables,
    /// Items that one exclusion, chosen by tag or table, is put into.
    ExclusionReach,
    /// Items that are taken over in a workspace in which nothing is owned yet.
    FirstRun,
    /// Rules with playbooks that are deleted.
    Playbooks,
    /// More analytic rules than a workspace takes.
    Rules,
    /// More near-real-time rules than a workspace takes.
    NrtRules,
    /// Items that were edited since their content went, one by one.
    RetiredEdited,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Deletes,
        Self::Changes,
        Self::Disables,
        Self::ExclusionReach,
        Self::FirstRun,
        Self::Playbooks,
        Self::Rules,
        Self::NrtRules,
        Self::RetiredEdited,
    ];

    /// As it is typed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deletes => "deletes",
            Self::Changes => "changes",
            Self::Disables => "disables",
            Self::ExclusionReach => "exclusion-reach",
            Self::FirstRun => "first-run",
            Self::Playbooks => "playbooks",
            Self::Rules => "rules",
            Self::NrtRules => "nrt-rules",
            Self::RetiredEdited => "retired-edited",
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What somebody says is meant, in this run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acknowledgement {
    /// What.
    pub guard: Guard,
    /// Where; everywhere, and over the run, if it is not said.
    pub workspace: Option<WorkspaceReference>,
    /// Up to which number; any, if it is not said.
    pub at_most: Option<usize>,
}

impl Acknowledgement {
    /// Whether it is about this guard in this workspace (or over the run), whatever the number.
    #[must_use]
    pub fn is_about(&self, guard: Guard, workspace: Option<&WorkspaceKey>) -> bool {
        self.guard == guard
            && match (&self.workspace, workspace) {
                (None, _) => true,
                (Some(named), Some(key)) => named.fits(key),
                (Some(_), None) => false,
            }
    }

    /// Whether it covers so many.
    #[must_use]
    pub fn covers(&self, number: usize) -> bool {
        self.at_most.is_none_or(|most| number <= most)
    }
}

impl FromStr for Acknowledgement {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (rest, number) = match text.split_once('=') {
            Some((rest, number)) => (rest, Some(number)),
            None => (text, None),
        };
        let (name, workspace) = match rest.split_once('@') {
            Some((name, workspace)) => (name, Some(workspace)),
            None => (rest, None),
        };
        let guard =
            Guard::ALL.into_iter().find(|guard| guard.as_str() == name).ok_or_else(|| {
                let known = Guard::ALL.map(Guard::as_str).join(", ");
                Invalid::new(format!("`{name}` is nothing that can be acknowledged: {known}"))
            })?;
        let at_most = number
            .map(|number| {
                let why = || Invalid::new(format!("`{number}` is not a number of items"));
                number.parse::<usize>().map_err(|_| why())
            })
            .transpose()?;
        if guard == Guard::RetiredEdited && at_most.is_some() {
            return Err(Invalid::new(
                "`retired-edited` is about items one by one and takes no number; select them with \
                 `--content`",
            ));
        }
        let workspace = workspace.map(str::parse).transpose()?;
        Ok(Self { guard, workspace, at_most })
    }
}

impl fmt::Display for Acknowledgement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.guard)?;
        if let Some(workspace) = &self.workspace {
            write!(formatter, "@{workspace}")?;
        }
        if let Some(number) = self.at_most {
            write!(formatter, "={number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_reads_back() {
        for text in ["deletes", "changes@prod", "disables@contoso/prod=3", "exclusion-reach=120"] {
            let parsed: Acknowledgement = text.parse().unwrap();
            assert_eq!(parsed.to_string(), text);
        }
        for wrong in [
            "delete",
            "",
            "deletes@",
            "deletes=",
            "deletes=-1",
            "deletes=many",
            "deletes@a b",
            "retired-edited=1",
            "deletes=1@prod",
        ] {
            assert!(wrong.parse::<Acknowledgement>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_acknowledgement_of_one_workspace_is_none_of_the_run() {
        let key = |text: &str| {
            let (environment, workspace) = text.split_once('/').unwrap();
            WorkspaceKey {
                environment: environment.parse().unwrap(),
                workspace: workspace.parse().unwrap(),
            }
        };
        let check = |ack: &str, workspace: Option<&str>, expect| {
            let ack: Acknowledgement = ack.parse().unwrap();
            let workspace = workspace.map(key);
            assert_eq!(ack.is_about(Guard::Deletes, workspace.as_ref()), expect, "{ack}");
        };
        check("deletes", None, true);
        check("deletes", Some("contoso/prod"), true);
        check("deletes@prod", Some("contoso/prod"), true);
        check("deletes@contoso/prod", Some("Contoso/Prod"), true);
        check("deletes@fabrikam/prod", Some("contoso/prod"), false);
        check("deletes@contoso/prod", None, false);
        check("changes", Some("contoso/prod"), false);
    }
}
