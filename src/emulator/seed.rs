//! Seeding: a folder of resources as Azure answers them, put into the state.
//!
//! A `.json` file holds one resource, a list of them, or a page (`{"value": […]}`), as `az rest` prints
//! it; the resources' ids say where they belong. `workspaces.json` is what `PUT /_emulator/workspaces`
//! takes, and comes first. What is there already stays, so that a restart changes nothing. Bodies are
//! not checked: they are what the service has.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::emulator::{Emulator, EmulatorError};
use super::stamp;
use super::store::Resource;
use super::target::Target;
use crate::arm::{Collection, ResourceId};

/// The file that is no resources.
const WORKSPACES: &str = "workspaces.json";

impl Emulator {
    /// Puts what is not there yet; returns how many resources that were.
    ///
    /// # Errors
    /// When a file cannot be read, is no JSON, or holds what is no rule, saved search or metadata of a
    /// workspace that is known. What other files hold is put by then.
    pub fn seed(&self, folder: &Path) -> Result<usize, EmulatorError> {
        let failed = |file: &Path, why: String| EmulatorError::Seed {
            file: file.display().to_string(),
            why,
        };
        let mut files = json_files(folder).map_err(|error| failed(folder, error.to_string()))?;
        files.sort_by_key(|file| (!file.ends_with(WORKSPACES), file.clone()));
        let mut put = 0;
        for file in files {
            let failed = |why: String| failed(&file, why);
            let text = std::fs::read(&file).map_err(|error| failed(error.to_string()))?;
            if file.ends_with(WORKSPACES) {
                self.provision_all(&text).map_err(|refused| failed(refused.to_string()))?;
                continue;
            }
            let value = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
            for resource in resources(value) {
                put += usize::from(self.plant(&resource).map_err(failed)?);
            }
        }
        Ok(put)
    }

    /// Puts one resource unless there is one; returns whether there was none.
    fn plant(&self, resource: &Value) -> Result<bool, String> {
        let id = resource["id"].as_str().ok_or("a resource has no `id`")?;
        let Ok(Target::Item(id)) = Target::parse(id) else {
            return Err(format!("`{id}` is no rule, saved search or metadata"));
        };
        let store = self.store();
        let view = store.view().map_err(|error| error.to_string())?;
        let is_known = view.workspace(&id.workspace).map_err(|error| error.to_string())?.is_some();
        if !is_known {
            return Err(format!("workspace `{}` is not known", id.workspace));
        }
        let is_there = view.resource(&id).map_err(|error| error.to_string())?.is_some();
        if !is_there {
            let now = stamp::of((self.options().clock)());
            let planted = store.write(|write| {
                let stored = stored(&id, resource, write.stamp(now)?);
                write.put(&id, &stored)
            });
            planted.map_err(|error| error.to_string())?;
        }
        Ok(!is_there)
    }
}

fn json_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(files)
}

fn resources(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Object(mut page) if page.get("value").is_some_and(Value::is_array) => {
            page.remove("value").map(resources).unwrap_or_default()
        }
        one => vec![one],
    }
}

/// A rule has an etag; a saved search that has none is a built-in one.
fn stored(id: &ResourceId, resource: &Value, stamp: u64) -> Resource {
    let mut body = resource.clone();
    if id.collection == Collection::AlertRules && !body["etag"].is_string() {
        body["etag"] = json!(stamp::rule_etag(stamp));
    }
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    Resource { kind: text("kind"), etag: text("etag"), body: body.to_string().into_bytes() }
}
