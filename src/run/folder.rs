//! The folder of a run that is under way.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::document::{self, Manifest, Replaced};
use super::file;
use crate::apply::{Journal, Keeping};
use crate::arm::WorkspaceId;
use crate::ident::WorkspaceKey;
use crate::plan::{Change, Plan, SavedPlan};

/// Where a repository's runs are.
pub(super) const RUNS: &str = ".sentinelops/runs";

/// A run's folder, open for what it replaces.
#[derive(Debug)]
pub struct Folder {
    id: String,
    path: PathBuf,
    folders: Folders,
}

/// The folders within a run's, each with whether it is on the disk by now. Items of one folder are kept at
/// once: none may be said to be kept before its folder is.
#[derive(Debug, Clone, Default)]
struct Folders(Arc<Mutex<BTreeMap<PathBuf, Arc<Mutex<bool>>>>>);

impl Folders {
    /// Sees to it that a folder below `run` is on the disk, and those above it.
    fn ensure(&self, run: &Path, folder: &Path) -> io::Result<()> {
        let one = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(folder.to_owned()).or_default())
        };
        let mut is_there = one.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_there {
            file::folders(folder)?;
            let above = folder.ancestors().take_while(|above| *above != run);
            above.chain([run]).try_for_each(file::sync)?;
            *is_there = true;
        }
        Ok(())
    }
}

impl Folder {
    /// Makes the folder of a run, with its plan in it. `started` is when it begins, in microseconds since
    /// 1970, with the name that this time has; of two runs that begin at once, one is named a moment later.
    /// `rolls_back` names the run that it undoes.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn create(
        root: &Path,
        name: impl Fn(u32) -> String,
        plan: &Plan,
        rolls_back: Option<&str>,
    ) -> io::Result<Self> {
        let runs = root.join(RUNS);
        file::folders(&runs)?;
        let ignore = root.join(".sentinelops/.gitignore");
        if !ignore.exists() {
            file::write(&ignore, "*\n")?;
        }
        let (id, path) = claim(&runs, name)?;
        let saved = SavedPlan::of(plan);
        let manifest = Manifest::new(id.clone(), plan, &saved, rolls_back.map(str::to_owned));
        file::write(&path.join("plan.json"), &saved.to_text())?;
        file::write(&path.join("run.json"), &document::to_text(&manifest))?;
        Ok(Self { id, path, folders: Folders::default() })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps how the run ended: a `sentinelops.outcome/v1` document, to which its digest is added.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn end(&self, outcome: &Value) -> io::Result<()> {
        file::write(&self.path.join("outcome.json"), &document::to_text(&document::sealed(outcome)))
    }
}

/// Keeps what was replaced in a file below the run's folder.
fn keep(run: &Path, path: &Path, folders: &Folders, replaced: &Replaced) -> io::Result<()> {
    if path.exists() && !replaced.writes_resource {
        // The item stands as it was to stand, perhaps by this run's own write: what that replaced is kept
        // already.
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        folders.ensure(run, folder)?;
    }
    file::write(path, &document::to_text(replaced))
}

impl Journal for Folder {
    fn replaces(
        &self,
        workspace: &WorkspaceKey,
        id: &WorkspaceId,
        change: &Change,
    ) -> Option<Keeping> {
        let replaced = Replaced::of(workspace, id, change);
        let path = self.path.join(Replaced::path(workspace, &change.key));
        let (run, folders) = (self.path.clone(), self.folders.clone());
        Some(Box::new(move || {
            keep(&run, &path, &folders, &replaced)
                .map_err(|error| format!("failed to write to `{}`: {error}", run.display()))
        }))
    }
}

/// Makes a folder that nobody else has.
fn claim(runs: &Path, name: impl Fn(u32) -> String) -> io::Result<(String, PathBuf)> {
    let mut later = 0;
    loop {
        let id = name(later);
        let path = runs.join(&id);
        match file::new_folder(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && later < 1000 => {
                later += 1;
            }
            made => return made.map(|()| (id, path)),
        }
    }
}
