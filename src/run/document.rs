//! The documents of a run's folder. Each ends with a digest over the rest of it, so that one that was cut
//! off or edited is not taken for what was there.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::arm::WorkspaceId;
use crate::ident::{ItemKey, WorkspaceKey};
use crate::plan::{BaselineSide, Change, Plan, SavedPlan, Work, mark_of_desired};
use crate::state::{Field, Kind, Playbooks, Record};

/// The format of `run.json`.
pub(super) const RUN: &str = "sentinelops.run/v1";
/// The format of what was replaced.
pub(super) const REPLACED: &str = "sentinelops.replaced/v1";

/// What was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// The files were applied.
    Apply,
    /// An earlier run was rolled back.
    Rollback,
}

/// `run.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest {
    pub(super) format: String,
    /// When it began, which is its name: `20261124T160500.123456Z`.
    pub id: String,
    /// What was run.
    pub command: Command,
    /// The run that was rolled back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rolls_back: Option<String>,
    /// Marks what the repository owns.
    pub owner: String,
    /// The commit that was applied, where CI said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// The digest of `plan.json`.
    pub plan_digest: String,
    digest: String,
}

impl Manifest {
    pub(super) fn new(id: String, plan: &Plan, saved: &SavedPlan, back: Option<String>) -> Self {
        let mut manifest = Self {
            format: RUN.into(),
            id,
            command: if back.is_some() { Command::Rollback } else { Command::Apply },
            rolls_back: back,
            owner: plan.owner.to_string(),
            commit: plan.options.commit.clone(),
            plan_digest: saved.digest.clone(),
            digest: String::new(),
        };
        manifest.digest = digest(&manifest);
        manifest
    }
}

/// What was there of one item before its first write, and what the write was to leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Replaced {
    pub(super) format: String,
    pub(super) workspace: String,
    pub(super) resource_id: String,
    pub(super) key: String,
    pub(super) arm_name: String,
    pub(super) name: String,
    pub(super) action: String,
    pub(super) kind: String,
    /// The resource as it was; `null` where there was none.
    pub(super) before: Value,
    /// The metadata as it was; `null` where there was none.
    pub(super) metadata: Value,
    /// The resource as it was sent; `null` where it was deleted, or where only the record was written.
    pub(super) after: Value,
    /// Whether the resource was to be written or deleted, and not its record alone.
    pub(super) writes_resource: bool,
    /// Fields that the record knows before or after.
    pub(super) fields: Vec<String>,
    /// The hash of what the files wanted.
    pub(super) wanted: String,
    /// Links to playbooks of what was deleted, as they were answered; a text says why they are not known.
    pub(super) playbooks: Value,
    pub(super) digest: String,
}

impl Replaced {
    pub(super) fn of(workspace: &WorkspaceKey, id: &WorkspaceId, change: &Change) -> Self {
        let sides = &change.sides;
        let live = sides.live.as_ref();
        let (record, metadata) = match &sides.baseline {
            BaselineSide::Ours(baseline) => {
                (baseline.record().ok(), Value::clone(&baseline.metadata.body))
            }
            BaselineSide::Other(item, _) => (None, Value::clone(&item.body)),
            BaselineSide::None | BaselineSide::Ambiguous(_) => (None, Value::Null),
        };
        let (kind, after, next) = match &change.work {
            Work::Create { resource, record } => {
                (Some(resource.kind), resource.body.clone(), Some(&record.record))
            }
            Work::Update { resource, applied, .. } => {
                (Some(resource.kind), resource.body.clone(), Some(&applied.record))
            }
            Work::Record { record } => {
                (Some(record.record.kind), Value::Null, Some(&record.record))
            }
            Work::Delete { .. } | Work::Forget { .. } | Work::Nothing => (None, Value::Null, None),
        };
        let kind = kind.or_else(|| live.and_then(|l| l.kind)).or_else(|| record.map(|r| r.kind));
        let mut replaced = Self {
            format: REPLACED.into(),
            workspace: workspace.to_string(),
            resource_id: id.to_string(),
            key: change.key.to_string(),
            arm_name: change.arm_name.to_string(),
            name: change.name.clone(),
            action: change.action.to_string(),
            kind: kind.map_or_else(String::new, |kind| kind.to_string()),
            before: live.map_or(Value::Null, |live| Value::clone(&live.body)),
            metadata,
            after,
            writes_resource: !matches!(
                change.work,
                Work::Record { .. } | Work::Forget { .. } | Work::Nothing
            ),
            fields: kind.map_or_else(Vec::new, |kind| known(kind, [record, next])),
            wanted: mark_of_desired(&sides.desired).map_or_else(String::new, |m| m.to_string()),
            playbooks: match &change.playbooks {
                None => Value::Null,
                Some(Playbooks::Read(links)) => json!(links),
                Some(Playbooks::Unknown(why)) => json!(why),
            },
            digest: String::new(),
        };
        replaced.digest = digest(&replaced);
        replaced
    }

    /// Its file within the run's folder.
    pub(super) fn path(workspace: &WorkspaceKey, key: &ItemKey) -> String {
        let WorkspaceKey { environment, workspace } = workspace;
        format!("replaced/{environment}/{workspace}/{}.{}.json", key.family, key.id)
    }
}

fn known(kind: Kind, records: [Option<&Record>; 2]) -> Vec<String> {
    let is_known =
        |field: &Field| records.iter().flatten().any(|record| record.fields.contains_key(field));
    Field::of(kind).filter(is_known).map(|field| field.to_string()).collect()
}

/// A document as it is written.
pub(super) fn to_text(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document);
    text.expect("invariant: maps with text keys are always representable in JSON") + "\n"
}

/// The format of `outcome.json`.
pub(super) const OUTCOME: &str = "sentinelops.outcome/v1";

/// A report as a document of the folder, with its digest.
pub(super) fn sealed(report: &Value) -> Value {
    let mut document = report.clone();
    document["digest"] = Value::String(digest(&document));
    document
}

/// Reads a document of this format.
///
/// # Errors
/// When it is none, is cut off, was changed after it was written, or another version wrote it.
pub(super) fn parse<T: Serialize + for<'d> Deserialize<'d>>(
    text: &str,
    format: &str,
) -> Result<T, String> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| format!("it is cut off or was changed: {error}"))?;
    match value["format"].as_str() {
        Some(found) if found == format => {}
        Some(found) => {
            return Err(format!(
                "its format is `{found}`, not `{format}`: another version of the tool wrote it"
            ));
        }
        None => return Err(format!("it does not say that its format is `{format}`")),
    }
    let said = value["digest"].as_str().unwrap_or_default().to_owned();
    let document: T = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if digest(&document) != said {
        return Err("its digest does not fit: it was changed after it was written".into());
    }
    Ok(document)
}

/// `sha256:` and 64 hexadecimal digits over everything but the digest itself.
fn digest(document: &impl Serialize) -> String {
    let mut value = serde_json::to_value(document)
        .expect("invariant: maps with text keys are always representable in JSON");
    if let Some(map) = value.as_object_mut() {
        map.remove("digest");
    }
    let hash = Sha256::digest(value.to_string().as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}
