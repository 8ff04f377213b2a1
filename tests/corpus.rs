//! Every file of the corpus of published content is loaded, or named in a diagnostic with a code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sentinelops::content::{self, Catalog, QuerySource};
use sentinelops::diag::{Diagnostics, Severity};
use sentinelops::state::Kind;

/// The corpus lies beside the project and is not part of it; only CI insists on it.
#[expect(clippy::print_stdout, reason = "a skipped test must be seen")]
fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", folder.display());
    println!("SKIPPED: {} is missing", folder.display());
    None
}

fn load() -> Option<(PathBuf, Catalog, Diagnostics)> {
    let folder = corpus()?;
    let (catalog, diagnostics) = content::load_folder(&folder);
    Some((folder, catalog, diagnostics))
}

#[test]
fn every_file_is_loaded_or_named() {
    let Some((folder, catalog, diagnostics)) = load() else { return };
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut codes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for diagnostic in &diagnostics {
        let (path, _) = diagnostic.place().expect("every finding has a place");
        if diagnostic.severity != Severity::Note {
            named.insert(path.to_owned());
        }
        *codes.entry((diagnostic.severity.word(), diagnostic.code.as_str())).or_default() += 1;
        assert!(diagnostic.help.is_some(), "{}: {}", diagnostic.code, diagnostic.message);
    }
    let loaded: BTreeSet<&str> = catalog.contents.iter().map(|c| c.source.path()).collect();
    for path in files(&folder, &folder) {
        assert!(loaded.contains(path.as_str()) || named.contains(&path), "{path}");
    }
    let outcomes = (
        catalog.contents.len(),
        catalog.contents.iter().filter(|content| !content.held.is_empty()).count(),
        catalog.broken.len(),
        files(&folder, &folder).len(),
    );
    assert_eq!(outcomes, (387, 7, 4, 391), "loaded, of those held, not loaded, files");
    let expect = BTreeMap::from([
        (("error", "duplicate-id"), 2),
        (("error", "folded-comment"), 1),
        (("error", "missing-key"), 7),
        (("error", "moved-stub"), 4),
        (("note", "ignored-key"), 21),
        (("note", "severity-in-hunt"), 41),
        (("warning", "description-cut"), 62),
        (("warning", "quoted-description"), 260),
        (("warning", "schedule-ignored"), 4),
        (("warning", "unknown-tactic"), 16),
    ]);
    assert_eq!(codes, expect);
}

fn files(folder: &Path, root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus can be read") {
        let path = entry.expect("the corpus can be read").path();
        if path.is_dir() {
            found.extend(files(&path, root));
        } else {
            let relative = path.strip_prefix(root).expect("it was found below the root");
            found.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    found
}

/// `serde_yaml` knows nothing of this loader: where it can read a file, both must have read the same.
#[test]
fn values_agree_with_an_independent_reader() {
    let Some((folder, catalog, _)) = load() else { return };
    let mut compared = 0;
    for content in &catalog.contents {
        let path = content.source.path();
        let text = std::fs::read_to_string(folder.join(path)).unwrap();
        let text = text.trim_start_matches('\u{feff}');
        let Ok(expect) = serde_yaml::from_str::<serde_json::Value>(text) else { continue };
        let expect = expect.as_object().unwrap();
        compared += 1;
        for (key, value) in &content.keys {
            let written = expect.get(key).unwrap_or_else(|| panic!("{path}: {key}"));
            // A version that looks like a number is kept as it is written.
            if key == "version" && !written.is_string() {
                continue;
            }
            assert_eq!(&value.value, written, "{path}: {key}");
        }
        let QuerySource::Own(query) = &content.query else { panic!("{path}") };
        // Where the file ends without a line end, the two readers differ about the last one.
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let expected = expect["query"].as_str().unwrap();
        assert!([expected, &format!("{expected}{end}")].contains(&query.value.as_str()), "{path}");
        assert_eq!(content.id.value.as_str(), expect["id"].as_str().unwrap().trim(), "{path}");
        let own = ["id", "kind", "query"];
        let expected = expect.keys().filter(|key| !own.contains(&key.as_str())).count();
        assert_eq!(content.keys.len(), expected, "{path}");
        let kind = expect.get("kind").and_then(|kind| kind.as_str());
        assert!(kind.is_none_or(|kind| Kind::parse(kind) == Some(content.kind)), "{path}");
    }
    assert_eq!(compared, 387);
}
