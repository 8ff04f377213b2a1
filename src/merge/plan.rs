//! `sentinelops.plan/v1` and `sentinelops.drift/v1`, read back as far as reports need them.
//!
//! A document has no bodies, so such a plan can be told and never applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::outcome::{LastModified, Read, SetLimit};
use super::part::Waiting;
use super::words::{self, parsed};
use crate::arm::WorkspaceId;
use crate::ident::{ArmName, Family, ItemKey, Owner, WorkspaceKey};
use crate::plan::{
    Acknowledgement, BaselineSide, Bound, Change, DesiredSide, Exceeded, FieldChange, Foreign,
    Guard, Modified, Options, Plan, Quieting, RuleCount, Sides, Work, WorkspacePlan,
    mark_of_desired,
};
use crate::state::baseline::{Baseline, Ownership};
use crate::state::desired::Present;
use crate::state::{
    Body, Field, Freeze, Guards, Kind, Limit, LiveItem, MetadataItem, Record, RecordState, RunTerms,
};

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    owner: String,
    workspaces: Vec<Workspace>,
    changes: Vec<Told>,
    /// Only of a plan.
    #[serde(default)]
    objections: Vec<Objection>,
    pub(super) summary: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Workspace {
    environment: String,
    workspace: String,
    ring: String,
    resource_id: String,
    frozen: Option<Frozen>,
    unmanaged: usize,
    foreign: Vec<Other>,
    #[serde(flatten)]
    read: Read,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frozen {
    from: String,
    to: String,
    reason: String,
    set_at: String,
}

#[derive(Debug, Deserialize)]
struct Other {
    item: String,
    owner: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    environment: String,
    workspace: String,
    key: String,
    arm_name: String,
    name: String,
    class: String,
    action: String,
    reason: String,
    effect: String,
    fields: Vec<ToldField>,
    observed: Vec<ToldField>,
    #[serde(default)]
    quieter_by: Vec<By>,
    modified: Option<LastModified>,
    #[serde(default)]
    sides: ToldSides,
}

#[derive(Debug, Deserialize)]
struct By {
    what: String,
    certain: bool,
}

#[derive(Debug, Deserialize)]
struct ToldField {
    field: String,
    moved: String,
    before: Value,
    after: Value,
    accepted: Option<String>,
}

/// What is in sync has all three, and does not say so.
impl Default for ToldSides {
    fn default() -> Self {
        Self {
            desired: "present".to_owned(),
            live: true,
            record: "ours".to_owned(),
            exclusions: Vec::new(),
            held_back: false,
            other_kind: false,
            creates_disabled: false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldSides {
    desired: String,
    live: bool,
    record: String,
    exclusions: Vec<String>,
    #[serde(default)]
    held_back: bool,
    #[serde(default)]
    other_kind: bool,
    #[serde(default)]
    creates_disabled: bool,
}

#[derive(Debug, Deserialize)]
struct Objection {
    guard: String,
    environment: Option<String>,
    workspace: Option<String>,
    exclusion: Option<String>,
    measured: usize,
    owned: usize,
    limit: Option<Limits>,
    items: Vec<String>,
    acknowledged: Option<String>,
    short: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Limits {
    count: SetLimit,
    percent: Option<SetLimit>,
}

impl Document {
    /// The plan that it tells, and what the guards found.
    pub(super) fn plan(self) -> Result<(Plan, Vec<Exceeded>), String> {
        let owner: Owner = parsed(&self.owner)?;
        let mut told: BTreeMap<WorkspaceKey, Vec<Told>> = BTreeMap::new();
        for change in self.changes {
            let key = words::key(&change.environment, &change.workspace)?;
            told.entry(key).or_default().push(change);
        }
        let mut workspaces = Vec::new();
        for workspace in self.workspaces {
            let key = words::key(&workspace.environment, &workspace.workspace)?;
            let changes = told.remove(&key).unwrap_or_default();
            workspaces.push(workspace.planned(key, changes, &owner)?);
        }
        if let Some((key, _)) = told.first_key_value() {
            return Err(format!("it has changes of `{key}`, which is none of its workspaces"));
        }
        let found = self.objections.into_iter().map(Objection::found).collect::<Result<_, _>>()?;
        let (options, terms) = (Options::default(), RunTerms::default());
        Ok((Plan { owner, options, terms, workspaces }, found))
    }
}

impl Workspace {
    fn planned(
        self,
        key: WorkspaceKey,
        changes: Vec<Told>,
        owner: &Owner,
    ) -> Result<WorkspacePlan, String> {
        let id = workspace_id(&self.resource_id)?;
        let frozen = self.frozen.map(|Frozen { from, to, reason, set_at }| {
            Ok::<_, String>(Freeze { from: parsed(&from)?, to: parsed(&to)?, reason, set_at })
        });
        let changes = changes.into_iter().map(|change| change.change(owner).map(Arc::new));
        Ok(WorkspacePlan {
            key,
            ring: parsed(&self.ring)?,
            unreadable: self.read.unreadable(),
            frozen: frozen.transpose()?,
            guards: Guards::default(),
            rules: RuleCount::default(),
            owned: 0,
            retire_blocked: None,
            changes: changes.collect::<Result<_, _>>()?,
            unmanaged: self.unmanaged,
            foreign: self
                .foreign
                .into_iter()
                .map(|Other { item, owner }| Foreign { item, owner })
                .collect(),
            id,
        })
    }
}

impl Told {
    fn change(self, owner: &Owner) -> Result<Change, String> {
        let key: ItemKey = parsed(&self.key)?;
        let arm_name: ArmName = parsed(&self.arm_name)?;
        let sides = self.sides.sides(&key, &arm_name, &self.name, owner)?;
        let quieter_by = self.quieter_by.into_iter();
        let fields =
            |all: Vec<ToldField>| all.into_iter().map(ToldField::field).collect::<Result<_, _>>();
        Ok(Change {
            key,
            arm_name,
            name: self.name,
            class: words::class(&self.class)?,
            action: words::action(&self.action)?,
            reason: self.reason,
            effect: words::effect(&self.effect)?,
            quieter_by: quieter_by
                .map(|By { what, certain }| Quieting { what, is_certain: certain })
                .collect(),
            fields: fields(self.fields)?,
            written: Vec::new(),
            observed: fields(self.observed)?,
            modified: self.modified.map(Modified::from),
            playbooks: None,
            work: Work::Nothing,
            sides: Box::new(sides),
        })
    }
}

impl ToldField {
    fn field(self) -> Result<FieldChange, String> {
        Ok(FieldChange {
            field: words::field(&self.field)?,
            moved: words::moved(&self.moved)?,
            before: self.before,
            after: self.after,
            accepted: self.accepted,
        })
    }
}

impl ToldSides {
    /// Sides of which reports say the same. Their values are not known.
    fn sides(
        self,
        key: &ItemKey,
        arm_name: &ArmName,
        name: &str,
        owner: &Owner,
    ) -> Result<Sides, String> {
        let kind = match key.family {
            Family::AnalyticRule => Kind::Scheduled,
            Family::HuntingQuery => Kind::Hunt,
        };
        let desired = self.desired(kind)?;
        let live = self.live.then(|| LiveItem {
            family: key.family,
            name: arm_name.clone(),
            kind: (!self.other_kind).then_some(kind),
            body: Body::default(),
        });
        let metadata =
            MetadataItem { name: arm_name.clone(), family: key.family, body: Body::default() };
        let hold = if self.held_back { mark_of_desired(&desired) } else { None };
        let record = || Record {
            state: RecordState::Applied,
            kind,
            commit: None,
            hold,
            fields: BTreeMap::new(),
        };
        let ours = |record| Baseline::new(arm_name.clone(), metadata.clone()).with_record(record);
        let baseline = match self.record.as_str() {
            "none" => BaselineSide::None,
            "ours" => BaselineSide::Ours(ours(Ok(record()))),
            "unreadable" => BaselineSide::Ours(ours(Err(String::new()))),
            "ambiguous" => BaselineSide::Ambiguous(Vec::new()),
            "other" => BaselineSide::Other(metadata, Ownership::Theirs(String::new())),
            word => return Err(format!("a record that is `{word}` means nothing to this version")),
        };
        Ok(Sides {
            key: key.clone(),
            arm_name: arm_name.clone(),
            name: name.to_owned(),
            desired,
            live,
            baseline,
            clash: None,
            observed: Vec::new(),
            prune: false,
            edits_acknowledged: false,
            retire_blocked: None,
            left_out: None,
            rollback: None,
            owner: owner.clone(),
            today: parsed("1970-01-01")?,
        })
    }

    fn desired(&self, kind: Kind) -> Result<DesiredSide, String> {
        match self.desired.as_str() {
            "present" => {
                let exclusions = self.exclusions.iter().map(|id| parsed(id));
                let enabled = self.creates_disabled.then_some((Field::Enabled, Value::Bool(false)));
                Ok(DesiredSide::Present(Arc::new(Present {
                    kind,
                    fields: enabled.into_iter().collect(),
                    version: None,
                    exclusions: exclusions.collect::<Result<_, _>>()?,
                    replaces: None,
                    accepted: Vec::new(),
                })))
            }
            "held" => Ok(DesiredSide::Held(Vec::new())),
            "absent" => Ok(DesiredSide::Absent),
            word => Err(format!("content that is `{word}` means nothing to this version")),
        }
    }
}

impl Objection {
    fn found(self) -> Result<Exceeded, String> {
        let guard = Guard::ALL.into_iter().find(|guard| guard.as_str() == self.guard);
        let guard = guard
            .ok_or_else(|| format!("the guard `{}` means nothing to this version", self.guard))?;
        let workspace = match (&self.environment, &self.workspace) {
            (Some(environment), Some(workspace)) => Some(words::key(environment, workspace)?),
            _ => None,
        };
        let is_share = matches!(guard, Guard::Deletes | Guard::Changes);
        let bound = match self.limit.map(|Limits { count, percent }| (Limit::from(count), percent))
        {
            None => Bound::NothingStays,
            Some((count, Some(percent))) => Bound::Share { count, percent: percent.into() },
            Some((count, None)) if is_share => Bound::Few(count),
            Some((count, None)) => Bound::Number(count),
        };
        Ok(Exceeded {
            guard,
            workspace,
            exclusion: self.exclusion.as_deref().map(parsed).transpose()?,
            measured: self.measured,
            owned: self.owned,
            bound,
            items: self.items,
            acknowledged: self
                .acknowledged
                .as_deref()
                .map(parsed::<Acknowledgement>)
                .transpose()?,
            short: self.short,
        })
    }
}

fn workspace_id(text: &str) -> Result<WorkspaceId, String> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [
            "",
            "subscriptions",
            subscription,
            "resourceGroups",
            group,
            "providers",
            _,
            "workspaces",
            name,
        ] => Ok(WorkspaceId {
            subscription: parsed(subscription)?,
            resource_group: parsed(group)?,
            name: parsed(name)?,
        }),
        _ => Err(format!("`{text}` is no workspace of Azure")),
    }
}

/// Several plans as one, workspaces in the order of rings and then of environments.
pub(super) fn join(
    plans: Vec<(Plan, Vec<Exceeded>)>,
    waiting: &Waiting<'_>,
) -> Option<(Plan, Vec<Exceeded>)> {
    let mut plans = plans.into_iter();
    let (mut whole, mut found) = plans.next()?;
    for (plan, more) in plans {
        whole.workspaces.extend(plan.workspaces);
        found.extend(more);
    }
    whole.workspaces.sort_by_key(|workspace| {
        (waiting.place(workspace.ring.as_str()), workspace.key.environment.clone())
    });
    // What is about the run as a whole comes last.
    let place = |found: &Exceeded| {
        let at =
            found.workspace.as_ref().map(|key| whole.workspaces.iter().position(|w| w.key == *key));
        at.unwrap_or(Some(usize::MAX))
    };
    found.sort_by_cached_key(place);
    Some((whole, found))
}

/// The counts of several documents, added up.
pub(super) fn add(total: &mut Value, more: &Value) {
    match (total, more) {
        (Value::Object(total), Value::Object(more)) => {
            for (name, value) in more {
                add(total.entry(name.clone()).or_insert(Value::from(0)), value);
            }
        }
        (total, Value::Object(more)) => {
            *total = Value::Object(more.clone());
        }
        (total, more) => {
            let sum = total.as_u64().unwrap_or(0) + more.as_u64().unwrap_or(0);
            *total = Value::from(sum);
        }
    }
}
