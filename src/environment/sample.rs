//! Small repositories for the tests of this module.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use serde_json::Value;

use super::Fleet;
use crate::content::{Catalog, Content, QuerySource};
use crate::diag::{Diagnostic, Diagnostics, Located, Severity, Source};
use crate::state::Kind;

/// A fleet file that is right.
pub(super) const FLEET: &str = "owner: acme\nrings: [canary, early, broad]\n";

/// An environment file that is right, up to the keys of its only workspace.
pub(super) const ENVIRONMENT: &str = "\
cloud: public
tenantId: 11111111-1111-1111-1111-111111111111
credential: { kind: azure-cli }
workspaces:
  - name: prod
    subscriptionId: 22222222-2222-2222-2222-222222222222
    resourceGroup: rg-sec
    workspaceName: law-sec
";

/// Loads a repository of these files below `environments/`.
pub(super) fn load(files: &[(&str, &str)]) -> (Option<Fleet>, Diagnostics) {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join("environments").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    super::load(root.path())
}

/// The fleet of a repository that is right.
pub(super) fn fleet(files: &[(&str, &str)]) -> Fleet {
    let (fleet, diagnostics) = load(files);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    fleet.unwrap()
}

/// `code path:line underlined text` of each diagnostic; a block's first line stands for it.
pub(super) fn shown(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics.iter().map(show).collect()
}

fn show(diagnostic: &Diagnostic) -> String {
    assert!(diagnostic.help.is_some(), "there is always a way on: {diagnostic:?}");
    let Some(label) = diagnostic.labels.first() else {
        return diagnostic.code.to_string();
    };
    let line = label.source.position(label.span.start).line;
    let text = label.source.text()[label.span.clone()].lines().next().unwrap_or("");
    let path = label.source.path();
    let file = path.strip_prefix("environments/").unwrap_or(path);
    format!("{} {file}:{line} {text}", diagnostic.code)
}

/// Checks that files are refused with exactly these errors.
pub(super) fn check_errors(files: &[(&str, &str)], expect: &[&str]) {
    let (fleet, diagnostics) = load(files);
    assert_eq!(shown(&diagnostics), expect, "{files:#?}");
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Error));
    assert!(fleet.is_none(), "an error anywhere leaves no fleet");
}

/// Checks what lines added to the right environment file (at the end: in its workspace, if indented)
/// are refused with.
pub(super) fn check_added(lines: &str, expect: &[&str]) {
    let text = format!("{ENVIRONMENT}{lines}");
    check_errors(&[("fleet.yaml", FLEET), ("a.yaml", &text)], expect);
}

/// Checks what the right environment file is refused with after one text is replaced by another.
pub(super) fn check_changed(from: &str, to: &str, expect: &[&str]) {
    assert!(ENVIRONMENT.contains(from), "{from}");
    let text = ENVIRONMENT.replace(from, to);
    check_errors(&[("fleet.yaml", FLEET), ("a.yaml", &text)], expect);
}

/// A content item of the file `path`, with these keys.
pub(super) fn content(id: &str, kind: Kind, path: &str, keys: Value) -> Content {
    let source = Arc::new(Source::new(path, format!("id: {id}\n")));
    let end = source.text().len() - 1;
    let Value::Object(keys) = keys else { panic!("keys are a map") };
    let keys: BTreeMap<String, Located<Value>> =
        keys.into_iter().map(|(key, value)| (key, Located::new(value, &source, 0..0))).collect();
    Content {
        id: Located::new(id.parse().unwrap(), &source, 4..end),
        kind,
        keys,
        fields: crate::state::Fields::new(),
        query: QuerySource::Own(Located::new("T".to_owned(), &source, 0..0)),
        parameters: BTreeMap::new(),
        replaces: None,
        tags: Vec::new(),
        held: Vec::new(),
        source,
    }
}

/// A catalog of these items.
pub(super) fn catalog(contents: Vec<Content>) -> Catalog {
    Catalog { contents, ..Catalog::default() }
}
