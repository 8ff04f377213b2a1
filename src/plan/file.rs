//! A saved plan: the unit of approval.
//!
//! It holds what would be done, as actions and hashes, and the options that shaped it; no commit, no
//! etag, no time. So a plan made on a pull request is the plan of the merge, as long as neither the
//! files nor the workspaces have moved.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Acknowledgement, Action, Change, Class, DesiredSide, Options, Plan, Work, exceeded};
use crate::state::{Field, canonical};

const FORMAT: &str = "sentinelops.plan-file/v4";

/// A plan as `plan --out` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    format: String,
    /// `sha256:` and 64 hexadecimal digits over everything else.
    pub digest: String,
    owner: String,
    options: SavedOptions,
    /// What guards object to in the run as a whole and nobody has acknowledged.
    objections: Vec<String>,
    workspaces: BTreeMap<String, SavedWorkspace>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SavedOptions {
    prune: bool,
    keep_drift: bool,
    desired_wins: bool,
    re_enable: bool,
    keep_going: bool,
    retry: bool,
    acknowledged: Vec<String>,
    selection: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SavedWorkspace {
    resource_id: String,
    changes: BTreeMap<String, SavedChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedChange {
    action: String,
    /// Field, then hash before and after.
    fields: BTreeMap<String, (String, String)>,
    /// Hash over the name and all owned fields as they will stand (of what is created, all fields that
    /// are sent), or what becomes of the item.
    after: String,
}

/// Why a saved plan is not the plan of today.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mismatch {
    /// `environment/workspace: item`.
    pub item: String,
    /// What is different.
    pub reason: String,
}

/// Why a file is not a saved plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not a saved plan: {0}")]
pub struct NotAPlan(String);

impl SavedPlan {
    /// What a plan would do.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let workspaces = plan
            .workspaces
            .iter()
            .map(|workspace| {
                let changes = workspace
                    .changes
                    .iter()
                    .filter(|change| change.action.writes())
                    .map(|change| (change.key.to_string(), SavedChange::of(change)))
                    .collect();
                let resource_id = workspace.id.to_string();
                (workspace.key.to_string(), SavedWorkspace { resource_id, changes })
            })
            .collect();
        let options = SavedOptions::of(&plan.options);
        let owner = plan.owner.to_string();
        let of_run = exceeded(plan).into_iter();
        let open = of_run.filter(|one| one.workspace.is_none() && one.acknowledged.is_none());
        let objections = open.map(|one| format!("{} ({})", one.sentence(), one.flag())).collect();
        let (format, digest) = (FORMAT.into(), String::new());
        let mut saved = Self { format, digest, owner, options, objections, workspaces };
        saved.digest = saved.compute_digest();
        saved
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("invariant: maps with text keys are always representable in JSON");
        text.push('\n');
        text
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is not a saved plan of this version, or was changed after it was written.
    pub fn parse(text: &str) -> Result<Self, NotAPlan> {
        let saved: Self =
            serde_json::from_str(text).map_err(|error| NotAPlan(error.to_string()))?;
        if saved.format != FORMAT {
            return Err(NotAPlan(format!("its format is `{}`, not `{FORMAT}`", saved.format)));
        }
        for ack in &saved.options.acknowledged {
            let read = ack.parse::<Acknowledgement>();
            read.map_err(|invalid| NotAPlan(format!("it acknowledges `{ack}`: {invalid}")))?;
        }
        if saved.compute_digest() != saved.digest {
            return Err(NotAPlan("its digest does not fit: it was changed by hand".into()));
        }
        Ok(saved)
    }

    /// The options that shaped it, to plan again with.
    #[must_use]
    pub fn options(&self) -> Options {
        Options {
            prune: self.options.prune,
            keep_drift: self.options.keep_drift,
            desired_wins: self.options.desired_wins,
            re_enable: self.options.re_enable,
            keep_going: self.options.keep_going,
            retry: self.options.retry,
            acknowledged: self.acknowledged(),
            selection: self.options.selection.clone(),
            commit: None,
        }
    }

    fn acknowledged(&self) -> Vec<Acknowledgement> {
        let read = |ack: &String| ack.parse().expect("invariant: what was read has been looked at");
        self.options.acknowledged.iter().map(read).collect()
    }

    /// What guards object to in the run as a whole, if anything: no part of it may be applied, since each
    /// could be within limits that the whole is not.
    #[must_use]
    pub fn objection_to_run(&self) -> Option<String> {
        (!self.objections.is_empty()).then(|| self.objections.join("; "))
    }

    /// The workspaces that it was made for, as `environment/workspace`.
    #[must_use]
    pub fn workspaces(&self) -> Vec<String> {
        self.workspaces.keys().cloned().collect()
    }

    /// How many items it is about.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.workspaces.values().map(|workspace| workspace.changes.len()).sum()
    }

    /// What is to be done about an item of a workspace, both as they are named in reports.
    #[must_use]
    pub fn action(&self, workspace: &str, key: &str) -> Option<&str> {
        let change = self.workspaces.get(workspace)?.changes.get(key)?;
        Some(change.action.as_str())
    }

    /// Whether a plan that was made again, with the same options and perhaps for fewer workspaces,
    /// is still this one. Items that already stand as they were to stand are done.
    ///
    /// # Errors
    /// Every item that is new, missing or different.
    pub fn verify(&self, again: &Plan) -> Result<(), Vec<Mismatch>> {
        let mut mismatches = BTreeSet::new();
        let mut differ = |item: String, reason: &str| {
            mismatches.insert(Mismatch { item, reason: reason.to_owned() });
        };
        if !again.owner.as_str().eq_ignore_ascii_case(&self.owner) {
            differ("owner".into(), "the plan was made for another owner");
        }
        let nothing = BTreeMap::new();
        for workspace in &again.workspaces {
            let name = workspace.key.to_string();
            let saved = self.workspaces.get(&name);
            if saved.is_none() {
                differ(name.clone(), "the plan was made without this workspace");
            } else if saved.is_some_and(|s| s.resource_id != workspace.id.to_string()) {
                differ(name.clone(), "it is another workspace in Azure now");
            }
            if workspace.unreadable.is_some() {
                continue;
            }
            let saved = saved.map_or(&nothing, |saved| &saved.changes);
            let now: BTreeMap<String, &Change> =
                workspace.each().map(|c| (c.key.to_string(), c)).collect();
            for (key, change) in &now {
                let planned = saved.get(key);
                match planned {
                    _ if !change.action.writes() => {}
                    None => differ(format!("{name}: {key}"), "not in the plan"),
                    Some(planned)
                        if *planned != SavedChange::of(change) && !planned.is_written(change) =>
                    {
                        differ(format!("{name}: {key}"), "not as planned: a side has moved");
                    }
                    Some(_) => {}
                }
            }
            for (key, planned) in saved {
                if !planned.is_done_or_pending(now.get(key).copied()) {
                    differ(format!("{name}: {key}"), "planned, and no longer follows");
                }
            }
        }
        if mismatches.is_empty() { Ok(()) } else { Err(mismatches.into_iter().collect()) }
    }

    fn compute_digest(&self) -> String {
        let content = json!({
            "owner": self.owner.to_lowercase(),
            "options": self.options,
            "objections": self.objections,
            "workspaces": self.workspaces,
        });
        format!("sha256:{}", sha256(&content.to_string()))
    }
}

impl SavedOptions {
    fn of(options: &Options) -> Self {
        let Options {
            prune,
            keep_drift,
            desired_wins,
            re_enable,
            keep_going,
            retry,
            acknowledged,
            selection,
            commit: _,
        } = options;
        Self {
            prune: *prune,
            keep_drift: *keep_drift,
            desired_wins: *desired_wins,
            re_enable: *re_enable,
            keep_going: *keep_going,
            retry: *retry,
            acknowledged: acknowledged.iter().map(ToString::to_string).collect(),
            selection: selection.clone(),
        }
    }
}

impl SavedChange {
    fn of(change: &Change) -> Self {
        let fields = change
            .fields
            .iter()
            .map(|c| {
                let hashes = (c.field.hash(&c.before), c.field.hash(&c.after));
                (c.field.to_string(), (hashes.0.to_string(), hashes.1.to_string()))
            })
            .collect();
        Self { action: change.action.to_string(), fields, after: after(change, change.action) }
    }

    /// Whether a run that was cut off has written the item, and only its record is left to write.
    fn is_written(&self, now: &Change) -> bool {
        (now.class, now.action) == (Class::Converged, Action::Record) && self.stands(now)
    }

    /// Whether the files still want what was to stand.
    fn stands(&self, now: &Change) -> bool {
        let planned = Action::ALL.into_iter().find(|action| action.as_str() == self.action);
        planned.is_some_and(|action| after(now, action) == self.after)
    }

    /// Whether the item still waits for this change, or stands as it was to stand.
    fn is_done_or_pending(&self, now: Option<&Change>) -> bool {
        let goes = [Action::Delete, Action::Forget].iter().any(|a| a.as_str() == self.action);
        match now {
            None => goes,
            Some(change) if change.action.writes() => true,
            Some(change) if self.action == Action::Retire.as_str() => {
                change.class == Class::Retired && change.action == Action::None
            }
            Some(change) => change.class == Class::InSync && self.stands(change),
        }
    }
}

/// How the item will stand after an action: a hash over its name and owned fields, or what becomes of
/// it. A create sends the fields that the customer chooses too, so they are approved with it. The hash
/// is a whole one: the short ones of the fields could be met on purpose, by whoever writes what is
/// approved.
fn after(change: &Change, action: Action) -> String {
    match (&change.work, &change.sides.desired) {
        (Work::Delete { .. } | Work::Forget { .. }, _) => "gone".into(),
        (_, DesiredSide::Present(present)) => {
            let observed = &change.sides.observed;
            let is_sent = |field: &Field| action == Action::Create || !observed.contains(field);
            let sent = present.fields.iter().filter(|(field, _)| is_sent(field));
            let fields: BTreeMap<String, Value> =
                sent.map(|(field, value)| (field.to_string(), canonical(*field, value))).collect();
            let whole = json!({"name": change.arm_name.as_str(), "fields": fields});
            format!("{}:{}", present.kind, sha256(&whole.to_string()))
        }
        (_, DesiredSide::Held(_)) => "held".into(),
        (_, DesiredSide::Absent) => "retired".into(),
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
