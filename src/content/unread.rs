//! Files below `content/` that look like content and are not read, since their names do not end in
//! `.yaml` or `.yml`: renamed by accident, or put aside by somebody who believes that they still count.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::sheet::reason;
use super::walk::{File, is_yaml};
use super::{Catalog, NotRead, identity, text};
use crate::diag::{Code, Diagnostic, Source};

const NOT_READ: Code = Code::new("file-not-read");

/// What is longer is no content file.
const LONGEST: u64 = 1 << 20;

/// A warning for each of the files that looks like content, and those among them that carry an id
/// which no file of the catalog has: that item did not go, its file was put aside. Of hidden files and
/// of copies only the latter are worth a word.
pub(super) fn check(files: &[File], catalog: &Catalog) -> (Vec<NotRead>, Vec<Diagnostic>) {
    let mut aside = Vec::new();
    let mut warnings = Vec::new();
    for file in files.iter().filter(|file| looks_like_content(file)) {
        let source = text::read(&file.path, &file.shown).source;
        let mut ids = identity::search_within(&source);
        // The ids of exclusions deploy nothing of their own.
        ids.retain(|id| !has_line(&source, "exclusions:") && !catalog.has(&id.value));
        let mut warning = warning(&source);
        if let Some(id) = ids.first() {
            let note = format!("where `{}` is deployed, it stays as it is", id.value);
            warning = warning.about(id.value.to_string()).because(note);
            aside.push(NotRead {
                path: file.shown.clone(),
                replaces: identity::replaced(&source).ids,
                reason: reason(&warning),
                ids: ids.into_iter().map(|id| id.value).collect(),
            });
        } else if is_of_an_editor(file) {
            continue;
        }
        warnings.push(warning);
    }
    (aside, warnings)
}

fn looks_like_content(file: &File) -> bool {
    let name = name(file).to_lowercase();
    name.contains(".yaml") || name.contains(".yml") || reads_like_content(&file.path)
}

fn is_of_an_editor(file: &File) -> bool {
    name(file).starts_with('.') || is_copy(&file.path)
}

fn name(file: &File) -> String {
    file.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether the file that it is a copy of lies beside it and is read: `x.yaml` beside `x.yaml.bak`.
fn is_copy(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let lower = name.to_ascii_lowercase();
    let ends = [".yaml", ".yml"].into_iter().filter_map(|end| Some(lower.find(end)? + end.len()));
    let mut originals =
        ends.filter_map(|end| name.get(..end)).map(|name| path.with_file_name(name));
    originals.any(|original| original != path && is_yaml(&original) && original.is_file())
}

fn reads_like_content(path: &Path) -> bool {
    if fs::metadata(path).map_or(true, |about| about.len() > LONGEST) {
        return false;
    }
    let source = text::read(path, "").source;
    let has = |key: &str| has_line(&source, key);
    has("exclusions:") || (has("id:") && (has("query:") || has("queryFrom:")))
}

fn has_line(source: &Source, start: &str) -> bool {
    source.text().lines().any(|line| line.starts_with(start))
}

fn warning(source: &Arc<Source>) -> Diagnostic {
    let message = format!("`{}` looks like content and is not read", source.path());
    Diagnostic::warning(NOT_READ, message)
        .at(source, 0..0, "")
        .because("files of content end in `.yaml` or `.yml`")
        .help("rename it, or take it out of `content/`")
}
