//! Which files there are: every `.yaml` and `.yml` below a folder, in the order of their paths.
//!
//! Names are never patterns: `c2[Nobelium].yaml` is a file like any other. A symbolic link is followed
//! only to what lies within the root; what a link hides outside counts as a file that cannot be read,
//! so that an item behind it is not taken for removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Source};

const OUTSIDE: Code = Code::new("link-outside-root");
const UNREADABLE: Code = Code::new("unreadable-file");

/// One YAML file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct File {
    /// Relative to the root, with forward slashes.
    pub(super) shown: String,
    /// To open it.
    pub(super) path: PathBuf,
}

/// The files below a folder, and what could not be entered: its path for people and why.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<File>,
    pub(super) failures: Vec<(String, Diagnostic)>,
}

/// Walks `folder`, which lies in `root`.
pub(super) fn walk(root: &Path, folder: &Path) -> Found {
    let mut walk = Walk {
        root,
        real_root: fs::canonicalize(root).unwrap_or_else(|_| root.to_owned()),
        visited: BTreeSet::new(),
        found: Found::default(),
    };
    walk.folder(folder);
    walk.found.files.sort();
    walk.found
}

struct Walk<'a> {
    root: &'a Path,
    real_root: PathBuf,
    /// Real paths of folders, since links may form a circle.
    visited: BTreeSet<PathBuf>,
    found: Found,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) {
        let real = match fs::canonicalize(folder) {
            Ok(real) => real,
            Err(error) => return self.unreadable(folder, &error),
        };
        if !self.visited.insert(real) {
            return;
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(folder, &error),
        };
        let mut paths = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => paths.push(entry.path()),
                Err(error) => self.unreadable(folder, &error),
            }
        }
        paths.sort();
        for path in paths {
            self.entry(path);
        }
    }

    fn entry(&mut self, path: PathBuf) {
        let about = match fs::symlink_metadata(&path) {
            Ok(about) => about,
            Err(error) => return self.unreadable(&path, &error),
        };
        let is_folder = if about.is_symlink() {
            match fs::canonicalize(&path) {
                Ok(target) if target.starts_with(&self.real_root) => target.is_dir(),
                Ok(target) if target.is_dir() || is_yaml(&path) => return self.outside(&path),
                Ok(_) => return,
                Err(error) if is_yaml(&path) => return self.unreadable(&path, &error),
                Err(_) => return,
            }
        } else {
            about.is_dir()
        };
        if is_folder {
            self.folder(&path);
        } else if is_yaml(&path) {
            self.found.files.push(File { shown: self.shown(&path), path });
        }
    }

    fn shown(&self, path: &Path) -> String {
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
    }

    fn outside(&mut self, path: &Path) {
        let message = format!("`{}` is a link to a place outside the root", self.shown(path));
        let help = "put the files themselves into the repository";
        self.fail(path, OUTSIDE, message, help);
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        let message = format!("`{}` cannot be read: {error}", self.shown(path));
        self.fail(path, UNREADABLE, message, "make it readable, or delete it");
    }

    fn fail(&mut self, path: &Path, code: Code, message: String, help: &str) {
        let shown = self.shown(path);
        let source = Arc::new(Source::new(shown.clone(), ""));
        let failure = Diagnostic::error(code, message).at(&source, 0..0, "").help(help);
        self.found.failures.push((shown, failure));
    }
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: &Found) -> Vec<&str> {
        found.files.iter().map(|file| file.shown.as_str()).collect()
    }

    #[test]
    fn names_are_never_patterns_and_extensions_have_no_case() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("content");
        fs::create_dir_all(folder.join("b (x) & [y]")).unwrap();
        for name in ["z[Nobelium].yaml", "a .YAML", "b (x) & [y]/c$@.yml", "readme.md", "yaml"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let found = walk(root.path(), &folder);
        let expect = ["content/a .YAML", "content/b (x) & [y]/c$@.yml", "content/z[Nobelium].yaml"];
        assert_eq!(shown(&found), expect);
        assert!(found.failures.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_within_the_root_only_and_circles_end() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("x.yaml"), "").unwrap();
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("content");
        fs::create_dir_all(folder.join("sub")).unwrap();
        fs::write(folder.join("sub/a.yaml"), "").unwrap();
        symlink(&folder, folder.join("sub/circle")).unwrap();
        symlink(folder.join("sub/a.yaml"), folder.join("b.yaml")).unwrap();
        symlink(outside.path(), folder.join("away")).unwrap();
        symlink(outside.path().join("x.yaml"), folder.join("x.yaml")).unwrap();
        symlink(folder.join("nowhere"), folder.join("gone.yaml")).unwrap();
        let found = walk(root.path(), &folder);
        assert_eq!(shown(&found), ["content/b.yaml", "content/sub/a.yaml"]);
        let mut failures: Vec<_> = found
            .failures
            .iter()
            .map(|(shown, failure)| (shown.as_str(), failure.code.as_str()))
            .collect();
        failures.sort_unstable();
        let expect = [
            ("content/away", "link-outside-root"),
            ("content/gone.yaml", "unreadable-file"),
            ("content/x.yaml", "link-outside-root"),
        ];
        assert_eq!(failures, expect);
    }
}
