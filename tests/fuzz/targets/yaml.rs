//! Any bytes as a content file, an exclusion file and an environment: read, or refused by name at a place
//! that is there; never a panic, and never silence about a file that was lost.

use std::fs;
use std::path::Path;

use sentinelops::diag::{Diagnostics, Severity};
use sentinelops::report::{Style, text};
use sentinelops::{content, environment};

pub(crate) fn run(bytes: &[u8]) {
    // Kept for the thread: folders are dearer than files.
    thread_local!(static ROOT: tempfile::TempDir = tempfile::tempdir().expect("a folder"));
    ROOT.with(|root| {
        content(root.path(), bytes);
        exclusions(root.path(), bytes);
        environments(root.path(), bytes);
    });
}

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
    fs::write(path, bytes).expect("a file");
}

fn content(root: &Path, bytes: &[u8]) {
    let root = root.join("one");
    write(&root, "content/a.yaml", bytes);
    let (catalog, said) = content::load(&root);
    are_in_place(&said);
    let lost = catalog.contents.is_empty() && !said.has_errors();
    // A stub of moved content is none, and is named.
    assert!(!lost || said.iter().next().is_some(), "a file is lost without a word");
}

fn exclusions(root: &Path, bytes: &[u8]) {
    let root = root.join("two");
    write(&root, "content/.keep", b"");
    write(&root, "content/exclusions/a.yaml", bytes);
    let (catalog, said) = content::load(&root);
    are_in_place(&said);
    assert_eq!(catalog.exclusions_unreadable, said.has_errors(), "what is lost stops planning");
}

fn environments(root: &Path, bytes: &[u8]) {
    let root = root.join("three");
    write(&root, "environments/fleet.yaml", b"owner: acme\nrings: [canary]\n");
    write(&root, "environments/a.yaml", bytes);
    let (fleet, said) = environment::load(&root);
    are_in_place(&said);
    assert_eq!(fleet.is_none(), said.has_errors(), "there is a fleet, or an error");
}

fn are_in_place(said: &Diagnostics) {
    for one in said {
        for label in &one.labels {
            let text = label.source.text();
            assert!(text.get(label.span.clone()).is_some(), "{:?} of {text:?}", label.span);
        }
        assert!(one.severity == Severity::Note || one.help.is_some(), "{}", one.message);
    }
    let style = Style { color: false, width: 80, verbose: true };
    let shown = text::diagnostics(said, style);
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}
