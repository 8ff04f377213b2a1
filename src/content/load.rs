//! The entry: a root's content as a catalog.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::item::{self, Outcome, Unloaded};
use super::sheet::reason;
use super::walk::{self, File, Found};
use super::{Catalog, Content, exclusion_file, link, text};
use crate::diag::{Code, Diagnostic, Diagnostics, Source};

const NO_CONTENT: Code = Code::new("no-content");

/// Loads everything below `content/` of a root: exclusions from `content/exclusions/`, hunting queries
/// and analytic rules from everywhere else.
///
/// Contents and broken files come in the order of their paths, exclusions in the order of their ids,
/// diagnostics in the order of reports. Errors in a content file hold its item; errors in an exclusion
/// file set [`Catalog::exclusions_unreadable`]; a root without `content/` blocks every retirement.
#[must_use]
pub fn load(root: &Path) -> (Catalog, Diagnostics) {
    let folder = root.join("content");
    if !folder.is_dir() {
        return without_content();
    }
    let found = walk::walk(root, &folder);
    let is_exclusion = |shown: &str| shown.starts_with("content/exclusions/");
    let (exclusion_files, files): (Vec<File>, Vec<File>) =
        found.files.into_iter().partition(|file| is_exclusion(&file.shown));
    let (exclusion_failures, failures): (Vec<_>, Vec<_>) = found
        .failures
        .into_iter()
        .partition(|(shown, _)| shown == "content/exclusions" || is_exclusion(shown));

    let (mut catalog, mut diagnostics) = contents(Found { files, failures });
    let read = exclusion_file::read(&exclusion_files, &catalog);
    catalog.exclusions_unreadable |= read.unreadable || !exclusion_failures.is_empty();
    catalog.exclusions = read.exclusions;
    diagnostics.extend(read.diagnostics);
    diagnostics.extend(exclusion_failures.into_iter().map(|(_, failure)| failure));
    diagnostics.sort();
    (catalog, diagnostics)
}

/// Loads every YAML file below a folder as a hunting query or analytic rule, wherever it lies and
/// whatever the folder is called; paths are relative to the folder. There are no exclusions.
#[must_use]
pub fn load_folder(folder: &Path) -> (Catalog, Diagnostics) {
    let (catalog, mut diagnostics) = contents(walk::walk(folder, folder));
    diagnostics.sort();
    (catalog, diagnostics)
}

fn contents(found: Found) -> (Catalog, Diagnostics) {
    let outcomes: Vec<Outcome> = found.files.par_iter().map(content).collect();
    let mut diagnostics = Diagnostics::new();
    let mut catalog = Catalog::default();
    let mut contents: Vec<Content> = Vec::new();
    let mut unloaded: Vec<Unloaded> = Vec::new();
    for outcome in outcomes {
        contents.extend(outcome.content);
        unloaded.extend(outcome.unloaded);
        diagnostics.extend(outcome.diagnostics);
        catalog.exclusions_unreadable |= outcome.exclusions;
    }
    for (path, failure) in found.failures {
        let reason = reason(&failure);
        unloaded.push(Unloaded { path, id: None, reason, is_stub: false });
        diagnostics.push(failure);
    }
    diagnostics.extend(link::link(&mut contents, &mut unloaded));
    unloaded.sort_by(|left, right| left.path.cmp(&right.path));
    catalog.contents = contents;
    catalog.broken = unloaded.into_iter().map(Unloaded::into_broken).collect();
    (catalog, diagnostics)
}

fn content(file: &File) -> Outcome {
    let text::Read { source, failure } = text::read(&file.path, &file.shown);
    match failure {
        Some(failure) => item::broken(&source, failure),
        None => item::read(&source),
    }
}

/// Nothing may be taken for removed because a path was mistyped.
fn without_content() -> (Catalog, Diagnostics) {
    let source = Arc::new(Source::new("content", ""));
    let diagnostic = Diagnostic::error(NO_CONTENT, "the root has no folder `content`")
        .at(&source, 0..0, "")
        .help("run in the root of the repository, or name it with `--root`");
    let reason = reason(&diagnostic);
    let unloaded = Unloaded { path: "content".to_owned(), id: None, reason, is_stub: false };
    let catalog = Catalog { broken: vec![unloaded.into_broken()], ..Catalog::default() };
    (catalog, Diagnostics::from_iter([diagnostic]))
}
