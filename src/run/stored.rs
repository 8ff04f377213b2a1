//! A run's folder, read again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::document::{self, Manifest, OUTCOME, REPLACED, RUN, Replaced};
use super::folder::RUNS;
use crate::ident::{FieldHash, ItemKey};
use crate::plan::SavedPlan;
use crate::state::desired::Present;
use crate::state::{Field, Fields, Kind, Rollback};

/// What is put back of one item: what the run did, and how the item is desired, if at all.
type Back = (Rollback, Option<Present>);

/// A run that was.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What was run.
    pub manifest: Manifest,
    /// What it replaced, by `environment/workspace`.
    pub workspaces: BTreeMap<String, StoredWorkspace>,
    /// How many items only had their record written: nothing of them was replaced.
    pub only_recorded: usize,
    /// Whether it came to its end.
    pub ended: bool,
    /// How many items of its plan nothing is kept of. Of a run that did not come to its end, nobody can tell
    /// whether it had not come to them, or what it kept is gone.
    pub without_copy: usize,
}

/// What a run replaced in one workspace.
#[derive(Debug, Clone)]
pub struct StoredWorkspace {
    /// Its name in Azure.
    pub resource_id: String,
    /// By item.
    pub items: BTreeMap<ItemKey, Back>,
}

/// Why a run cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotARun(String);

/// The folder that a name means: a folder's path, a run's id or an unambiguous beginning of it, `latest`.
///
/// # Errors
/// When there is none, or several.
pub fn find(root: &Path, named: &str) -> Result<PathBuf, NotARun> {
    let as_path = Path::new(named);
    if named.contains(std::path::MAIN_SEPARATOR) || as_path.join("run.json").is_file() {
        return Ok(as_path.to_owned());
    }
    let runs = root.join(RUNS);
    let entries = std::fs::read_dir(&runs).into_iter().flatten().flatten();
    let mut ids: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    ids.sort();
    let found: Vec<&String> = match named {
        "latest" => ids.last().into_iter().collect(),
        _ => ids.iter().filter(|id| id.starts_with(named)).collect(),
    };
    match found.as_slice() {
        [one] => Ok(runs.join(one)),
        [] if ids.is_empty() => Err(NotARun(format!("there is no run in `{}`", runs.display()))),
        [] => {
            let newest: Vec<String> =
                ids.iter().rev().take(3).map(|id| format!("`{id}`")).collect();
            let newest = newest.join(", ");
            Err(NotARun(format!("no run is named `{named}`; the newest are {newest}")))
        }
        several => Err(NotARun(format!("`{named}` may be any of {} runs", several.len()))),
    }
}

impl Stored {
    /// Reads a run's folder whole.
    ///
    /// # Errors
    /// When a part of it is lacking, cut off, edited, or was written by another version.
    pub fn read(folder: &Path) -> Result<Self, NotARun> {
        let manifest: Manifest = parse(&folder.join("run.json"), RUN)?;
        let plan = folder.join("plan.json");
        let saved = SavedPlan::parse(&text(&plan)?).map_err(|why| not(&plan, &why.to_string()))?;
        if saved.digest != manifest.plan_digest {
            return Err(not(&plan, "it is the plan of another run"));
        }
        let mut stored = Self {
            manifest,
            workspaces: BTreeMap::new(),
            only_recorded: 0,
            ended: false,
            without_copy: 0,
        };
        let mut read: Vec<(String, String)> = Vec::new();
        for path in files(&folder.join("replaced"))? {
            let replaced: Replaced = parse(&path, REPLACED)?;
            if saved.action(&replaced.workspace, &replaced.key).is_none() {
                return Err(not(&path, "the plan of the run has no such item"));
            }
            read.push((replaced.workspace.clone(), replaced.key.clone()));
            stored.add(replaced).map_err(|why| not(&path, &why))?;
        }
        stored.without_copy = saved.changes().saturating_sub(read.len());
        let outcome = folder.join("outcome.json");
        if outcome.exists() {
            stored.ended = true;
            let document: Value = parse(&outcome, OUTCOME)?;
            if let Some(lacking) = lacking(&document, &read) {
                let why = format!("what the run replaced of `{lacking}` is not in it any more");
                return Err(not(&folder.join("replaced"), &why));
            }
        }
        Ok(stored)
    }

    fn add(&mut self, replaced: Replaced) -> Result<(), String> {
        if !replaced.writes_resource {
            self.only_recorded += 1;
            return Ok(());
        }
        let key: ItemKey = replaced.key.parse().map_err(|invalid| format!("{invalid}"))?;
        let back = back(&replaced, &self.manifest.id)?;
        let workspace = self.workspaces.entry(replaced.workspace).or_insert(StoredWorkspace {
            resource_id: replaced.resource_id,
            items: BTreeMap::new(),
        });
        workspace.items.insert(key, back);
        Ok(())
    }
}

/// What is to be desired: the fields that the records knew, as they were; of what is made anew, all.
fn back(replaced: &Replaced, run: &str) -> Result<Back, String> {
    let kind = match replaced.kind.as_str() {
        "HuntingQuery" => Some(Kind::Hunt),
        rule => Kind::parse(rule),
    };
    let kind = kind.ok_or_else(|| format!("its kind `{}` is not known", replaced.kind))?;
    let arm_name = replaced.arm_name.parse().map_err(|invalid| format!("{invalid}"))?;
    let hold: FieldHash = replaced.wanted.parse().map_err(|invalid| format!("{invalid}"))?;
    let some = |body: &Value| (!body.is_null()).then(|| body.clone());
    let playbooks = match &replaced.playbooks {
        Value::Array(links) => Some(links.len()),
        Value::Null => Some(0),
        _ => None,
    };
    let rollback = Rollback {
        run: run.to_owned(),
        arm_name,
        kind,
        before: some(&replaced.before),
        after: some(&replaced.after),
        hold,
        playbooks,
    };
    let present = rollback.before.as_ref().map(|before| present(replaced, kind, before));
    Ok((rollback, present))
}

fn present(replaced: &Replaced, kind: Kind, before: &Value) -> Present {
    let is_made = replaced.after.is_null();
    let fields: Fields = Field::of(kind)
        .filter(|field| is_made || replaced.fields.contains(&field.to_string()))
        .map(|field| (field, field.read(kind, before)))
        .filter(|(field, value)| !is_made || !value.is_null() || !field.is_optional())
        .collect();
    let version = replaced.metadata["properties"]["version"].as_str().map(str::to_owned);
    Present { kind, fields, version, exclusions: Vec::new(), replaces: None, accepted: Vec::new() }
}

/// An item that was done and of which nothing was kept, if any.
fn lacking(outcome: &Value, read: &[(String, String)]) -> Option<String> {
    let part = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = outcome["items"].as_array()?.iter();
    let done = items.filter(|item| item["verdict"] == "done").map(|item| {
        (format!("{}/{}", part(item, "environment"), part(item, "workspace")), part(item, "key"))
    });
    let mut lacking = done.filter(|item| !read.contains(item));
    lacking.next().map(|(workspace, key)| format!("{workspace}: {key}"))
}

fn parse<T>(path: &Path, format: &str) -> Result<T, NotARun>
where
    T: serde::Serialize + for<'d> serde::Deserialize<'d>,
{
    document::parse(&text(path)?, format).map_err(|why| not(path, &why))
}

fn text(path: &Path) -> Result<String, NotARun> {
    std::fs::read_to_string(path).map_err(|error| not(path, &error.to_string()))
}

fn not(path: &Path, why: &str) -> NotARun {
    NotARun(format!("`{}`: {why}", path.display()))
}

/// All documents below a folder, in order. What a crash left half written was never sent.
fn files(folder: &Path) -> Result<Vec<PathBuf>, NotARun> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(found) };
    for entry in entries {
        let path = entry.map_err(|error| not(folder, &error.to_string()))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
