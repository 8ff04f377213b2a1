//! The limits of the guards: how much of something may happen before somebody has to say that it is
//! meant.

use std::collections::BTreeMap;

/// One number that a guard compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Threshold {
    /// Retirements and deletions.
    DeletesCount,
    /// Their share of what is owned, in percent.
    DeletesPercent,
    /// Updates and restores.
    ChangesCount,
    /// Their share of what is owned, in percent.
    ChangesPercent,
    /// Other changes from enabled to disabled.
    Disables,
    /// Items that one exclusion, chosen by tag or table, is put into.
    ExclusionReach,
    /// Items that are taken over in a workspace in which nothing is owned yet.
    FirstRun,
    /// Rules with playbooks that are deleted.
    Playbooks,
    /// Analytic rules that a workspace has afterwards, whoever owns them.
    Rules,
    /// The near-real-time ones among them.
    NrtRules,
}

impl Threshold {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::DeletesCount,
        Self::DeletesPercent,
        Self::ChangesCount,
        Self::ChangesPercent,
        Self::Disables,
        Self::ExclusionReach,
        Self::FirstRun,
        Self::Playbooks,
        Self::Rules,
        Self::NrtRules,
    ];

    /// Those that a run as a whole has too.
    pub const OF_RUN: [Self; 6] = [
        Self::DeletesCount,
        Self::DeletesPercent,
        Self::ChangesCount,
        Self::ChangesPercent,
        Self::Disables,
        Self::ExclusionReach,
    ];

    /// Its key in files, and the key within that, where there are two.
    #[must_use]
    pub const fn key(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::DeletesCount => ("deletes", Some("count")),
            Self::DeletesPercent => ("deletes", Some("percent")),
            Self::ChangesCount => ("changes", Some("count")),
            Self::ChangesPercent => ("changes", Some("percent")),
            Self::Disables => ("disables", None),
            Self::ExclusionReach => ("exclusionReach", None),
            Self::FirstRun => ("firstRun", None),
            Self::Playbooks => ("playbooks", None),
            Self::Rules => ("rules", None),
            Self::NrtRules => ("nrtRules", None),
        }
    }

    /// Within one workspace, where no file says otherwise. A handful of removals is a day's work, half a
    /// checkout is not; a tenth and a third are what tells the two apart in a workspace of any size.
    /// The rule quotas are those that Microsoft documents.
    const fn built_in(self) -> usize {
        match self {
            Self::DeletesCount => 5,
            Self::DeletesPercent | Self::ChangesCount => 10,
            Self::ChangesPercent => 30,
            Self::Disables | Self::FirstRun | Self::Playbooks => 0,
            Self::ExclusionReach | Self::NrtRules => 50,
            Self::Rules => 512,
        }
    }

    /// Over a run: what no single workspace is alarmed by may add up. A few in each of many workspaces
    /// is usual, so the counts are larger and the shares decide.
    const fn built_in_of_run(self) -> usize {
        match self {
            Self::DeletesCount => 20,
            Self::ChangesCount => 50,
            Self::Disables => 5,
            other => other.built_in(),
        }
    }
}

/// A number, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What is still within it.
    pub value: usize,
    /// `path:line`; `None` when it is built in.
    pub set_at: Option<String>,
}

impl Limit {
    /// `environments/fleet.yaml:7`, or `built in`.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.set_at.as_deref().unwrap_or("built in")
    }
}

/// What files say about the limits; the rest is built in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guards {
    set: BTreeMap<Threshold, Limit>,
}

impl Guards {
    /// Says one limit.
    pub fn set(&mut self, threshold: Threshold, limit: Limit) {
        self.set.insert(threshold, limit);
    }

    /// Lays what another place says over this.
    pub fn cover(&mut self, upper: &Self) {
        self.set.extend(upper.set.iter().map(|(threshold, limit)| (*threshold, limit.clone())));
    }

    /// A limit within one workspace.
    #[must_use]
    pub fn limit(&self, threshold: Threshold) -> Limit {
        self.said(threshold, threshold.built_in())
    }

    /// A limit over a whole run.
    #[must_use]
    pub fn limit_of_run(&self, threshold: Threshold) -> Limit {
        self.said(threshold, threshold.built_in_of_run())
    }

    fn said(&self, threshold: Threshold, built_in: usize) -> Limit {
        let built_in = || Limit { value: built_in, set_at: None };
        self.set.get(&threshold).cloned().unwrap_or_else(built_in)
    }
}
