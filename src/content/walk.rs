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
pub(crate) struct File {
    /// Relative to the root, with forward slashes.
    pub(crate) shown: String,
    /// To open it.
    pub(crate) path: PathBuf,
}

/// The files below a folder, and what could not be entered: its path for people and why.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) files: Vec<File>,
    /// Files that are no YAML by their names.
    pub(crate) others: Vec<File>,
    pub(crate) failures: Vec<(String, Diagnostic)>,
}

/// Walks `folder`, which lies in `root`.
///
/// Links to folders are followed last, and not to what is walked anyway: a file has one path.
pub(crate) fn walk(root: &Path, folder: &Path) -> Found {
    let mut walk = Walk { root, links: BTreeSet::new(), found: Found::default() };
    if folder.is_symlink() {
        walk.links.insert(folder.to_owned());
    } else {
        walk.folder(folder);
    }
    if !walk.links.is_empty() {
        walk.follow(folder);
    }
    walk.found.files.sort();
    walk.found.others.sort();
    walk.found
}

struct Walk<'a> {
    root: &'a Path,
    /// Symbolic links that wait to be followed.
    links: BTreeSet<PathBuf>,
    found: Found,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(folder, &error),
        };
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.file_type()?, entry.path()))) {
                Ok((kind, path)) if kind.is_dir() => self.folder(&path),
                Ok((kind, path)) if kind.is_symlink() => drop(self.links.insert(path)),
                Ok((_, path)) => self.file(path),
                Err(error) => self.unreadable(folder, &error),
            }
        }
    }

    fn file(&mut self, path: PathBuf) {
        let shown = self.shown(&path);
        let files = if is_yaml(&path) { &mut self.found.files } else { &mut self.found.others };
        files.push(File { shown, path });
    }

    fn follow(&mut self, folder: &Path) {
        let root = fs::canonicalize(self.root).unwrap_or_else(|_| self.root.to_owned());
        let mut walked = Vec::new();
        if !folder.is_symlink() {
            walked.push(fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()));
        }
        while let Some(link) = self.links.pop_first() {
            match fs::canonicalize(&link) {
                Ok(target) if !target.starts_with(&root) => {
                    if target.is_dir() || is_yaml(&link) {
                        self.outside(&link);
                    }
                }
                Ok(target) if target.is_dir() => {
                    if !walked.iter().any(|folder| target.starts_with(folder)) {
                        walked.push(target);
                        self.folder(&link);
                    }
                }
                Ok(_) => self.file(link),
                // It may have led to a folder: a submodule that is not checked out, for one.
                Err(error) => self.unreadable(&link, &error),
            }
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

pub(super) fn is_yaml(path: &Path) -> bool {
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
        symlink(folder.join("nowhere"), folder.join("shared")).unwrap();
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
            ("content/shared", "unreadable-file"),
            ("content/x.yaml", "link-outside-root"),
        ];
        assert_eq!(failures, expect);

        let other = tempfile::tempdir().unwrap();
        symlink(outside.path(), other.path().join("content")).unwrap();
        let found = walk(other.path(), &other.path().join("content"));
        assert_eq!((found.files.len(), found.failures.len()), (0, 1));
        fs::create_dir(other.path().join("real")).unwrap();
        fs::write(other.path().join("real/a.yaml"), "").unwrap();
        symlink(other.path().join("real"), other.path().join("inner")).unwrap();
        let found = walk(other.path(), &other.path().join("inner"));
        assert_eq!(shown(&found), ["inner/a.yaml"]);
    }
}
