//! The entry: a root's content as a catalog.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::identity::Replaced;
use super::item::{self, Outcome, Unloaded};
use super::sheet::reason;
use super::walk::{self, File};
use super::{Catalog, Content, exclusion_file, link, text, unread};
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

    let (mut catalog, mut diagnostics) = contents(files, failures);
    let (not_read, warnings) = unread::check(&found.others, &catalog);
    catalog.not_read = not_read;
    diagnostics.extend(warnings);
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
    let found = walk::walk(folder, folder);
    let (catalog, mut diagnostics) = contents(found.files, found.failures);
    diagnostics.sort();
    (catalog, diagnostics)
}

fn contents(files: Vec<File>, failures: Vec<(String, Diagnostic)>) -> (Catalog, Diagnostics) {
    let outcomes: Vec<Outcome> = files.par_iter().map(content).collect();
    let mut diagnostics = Diagnostics::new();
    let mut catalog = Catalog::default();
    let mut contents: Vec<Content> = Vec::new();
    let mut unloaded: Vec<Unloaded> = Vec::new();
    for outcome in outcomes {
        contents.extend(outcome.content);
        unloaded.extend(outcome.unloaded);
        diagnostics.extend(outcome.diagnostics);
        catalog.exclusions_unreadable |= outcome.exclusions;
        catalog.replaces_unreadable = catalog.replaces_unreadable.or(outcome.replaces_unreadable);
    }
    for (path, failure) in failures {
        let reason = reason(&failure);
        unloaded.push(Unloaded {
            path,
            id: None,
            replaces: Replaced::default(),
            reason,
            is_stub: false,
        });
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
    let path = "content".to_owned();
    let unloaded =
        Unloaded { path, id: None, replaces: Replaced::default(), reason, is_stub: false };
    let catalog = Catalog { broken: vec![unloaded.into_broken()], ..Catalog::default() };
    (catalog, Diagnostics::from_iter([diagnostic]))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::content::QuerySource;
    use crate::diag::Severity;

    const SCHEDULE: &str = "severity: Low\nqueryFrequency: 1h\nqueryPeriod: 1d\n\
                            triggerOperator: gt\ntriggerThreshold: 0\n";
    const HUNT: &str = "id: h\nname: Hunt\ndescription: It hunts.\ntactics: Discovery\n\
                        relevantTechniques: T1219\nquery: T\n";

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join("content").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    /// Held and broken ids with their codes, in order, and the codes of errors.
    fn check(files: &[(&str, &str)], expect: &[&str], codes: &[&str]) -> Catalog {
        let (catalog, diagnostics) = load(root(files).path());
        let mut held = Vec::new();
        for content in &catalog.contents {
            let reasons: Vec<&str> = content.held.iter().map(|why| why.code.as_str()).collect();
            if !reasons.is_empty() {
                held.push(format!("{}: {}", content.id.value, reasons.join(" ")));
            }
        }
        for broken in &catalog.broken {
            let id = broken.id.as_ref().map_or("-", |id| id.as_str());
            held.push(format!("{id}: broken {}", broken.reason.code));
        }
        assert_eq!(held, expect, "{diagnostics:?}");
        let errors: Vec<&str> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(|diagnostic| diagnostic.code.as_str())
            .collect();
        assert_eq!(errors, codes);
        catalog
    }

    #[test]
    fn a_root_without_content_retires_nothing() {
        let root = tempfile::tempdir().unwrap();
        let (catalog, diagnostics) = load(root.path());
        assert_eq!(catalog.broken[0].id, None);
        assert!(diagnostics.has_errors());
    }

    #[test]
    fn a_rule_takes_from_its_hunt_what_it_does_not_say() {
        let rule = format!("id: r\nqueryFrom: H\nname: Rule\ntactics: null\n{SCHEDULE}");
        let files = [("analytics/r.yaml", rule.as_str()), ("hunting/h.yaml", HUNT)];
        let catalog = check(&files, &[], &[]);
        let keys = &catalog.contents[0].keys;
        assert_eq!(keys["name"].value, "Rule");
        assert_eq!(keys["description"].value, "It hunts.");
        assert_eq!(keys["tactics"].value, "Discovery");
        assert_eq!(keys["relevantTechniques"].place(), "content/hunting/h.yaml:5");
        assert!(matches!(catalog.contents[0].query, QuerySource::From { inherit: true, .. }));

        let own = format!("id: r\nqueryFrom: h\ntechniques: [T1000]\n{SCHEDULE}");
        let files = [("r.yaml", own.as_str()), ("h.yaml", HUNT)];
        let catalog = check(&files, &[], &[]);
        assert!(!catalog.contents[1].keys.contains_key("relevantTechniques"));
    }

    #[test]
    fn a_query_comes_from_a_hunt_that_loads() {
        let rule =
            |id: &str, from: &str| format!("id: {id}\nname: x\nqueryFrom: {from}\n{SCHEDULE}");
        let (a, b) = (rule("a", "h"), rule("b", "a"));
        let files = [("a.yaml", a.as_str()), ("b.yaml", b.as_str()), ("h.yaml", HUNT)];
        check(&files, &["b: query-source-chain"], &["query-source-chain"]);

        check(&[("a.yaml", &a)], &["a: unknown-query-source"], &["unknown-query-source"]);

        let own = format!("id: h\nname: x\nquery: T\n{SCHEDULE}");
        let files = [("a.yaml", a.as_str()), ("h.yaml", &own)];
        check(&files, &["a: query-source-not-a-hunt"], &["query-source-not-a-hunt"]);

        let held = format!("{HUNT}unknwon: 1\n");
        let files = [("a.yaml", a.as_str()), ("h.yaml", &held)];
        let expect = ["a: query-source-held", "h: unknown-key"];
        check(&files, &expect, &["query-source-held", "unknown-key"]);

        let files = [("a.yaml", a.as_str()), ("h.yaml", "id: h\nquery: [\n")];
        let expect = ["a: query-source-held", "h: broken invalid-yaml"];
        check(&files, &expect, &["query-source-held", "invalid-yaml"]);
    }

    #[test]
    fn an_id_is_unique_without_regard_to_case_and_every_place_is_named() {
        let other = HUNT.replace("id: h", "id: H");
        let files = [("a.yaml", HUNT), ("b.yaml", &other), ("c.yaml", "id: h\nname: [\n")];
        let expect = ["h: duplicate-id", "H: duplicate-id", "h: broken invalid-yaml"];
        let codes = ["duplicate-id", "duplicate-id", "duplicate-id", "invalid-yaml"];
        check(&files, &expect, &codes);
    }

    #[test]
    fn a_stub_gives_way_to_the_file_it_points_to() {
        let stub =
            "id: h\nname: x\ndescription: As part of content migration, this file is moved.\n";
        check(&[("a.yaml", stub), ("b.yaml", HUNT)], &[], &["moved-stub"]);
        check(&[("a.yaml", stub)], &["h: broken moved-stub"], &["moved-stub"]);
    }

    #[test]
    fn what_is_replaced_must_be_gone() {
        let new = HUNT.replace("id: h", "id: new\nreplaces: H");
        let code = "replaced-still-there";
        let expect = ["new: replaced-still-there"];
        check(&[("a.yaml", &new), ("h.yaml", HUNT)], &expect, &[code]);
        check(&[("a.yaml", &new)], &[], &[]);
    }

    #[test]
    fn bytes_that_are_no_text_hold_their_item() {
        let root = root(&[("ok.yaml", HUNT)]);
        fs::write(root.path().join("content/x.YML"), b"id: x\nname: caf\xe9\nquery: T\n").unwrap();
        fs::write(root.path().join("content/bom.yaml"), "\u{feff}id: b\nname: x\nquery: T\n")
            .unwrap();
        let (catalog, diagnostics) = load(root.path());
        let ids: Vec<&str> = catalog.contents.iter().map(|c| c.id.value.as_str()).collect();
        assert_eq!(ids, ["b", "h"]);
        assert_eq!(catalog.broken[0].id, Some("x".parse().unwrap()));
        let found = diagnostics.iter().next().unwrap();
        assert_eq!((found.code.as_str(), found.place().unwrap().1.line), ("not-utf8", 2));
    }

    #[test]
    fn exclusions_are_read_beside_the_content_they_name() {
        let exclusion = "exclusions:\n- id: x\n  scenario: s\n  appliesTo: {content: [H]}\n  \
                         scope: all\n  when: a == 1\n";
        let files = [("h.yaml", HUNT), ("exclusions/x.yaml", exclusion)];
        let catalog = check(&files, &[], &[]);
        assert_eq!(catalog.exclusions.len(), 1);
        assert!(!catalog.exclusions_unreadable);
        let catalog = check(&[("exclusions/x.yaml", exclusion)], &[], &["unknown-content"]);
        assert!(catalog.exclusions_unreadable);
        let files = [("h.yaml", HUNT), ("x.yaml", exclusion)];
        assert!(check(&files, &[], &["misplaced-exclusions"]).exclusions_unreadable);
    }

    #[test]
    fn a_table_in_the_wrong_case_is_an_error_and_an_unknown_one_is_not() {
        let hunt = HUNT.replace("query: T", "query: Made_CL | where a == 1");
        let check_name = |applies_to: &str, codes: &[&str]| {
            let exclusion = format!(
                "exclusions:\n- id: x\n  scenario: s\n  appliesTo: {applies_to}\n  \
                 scope: all\n  when: a == 1\n"
            );
            let files = [("h.yaml", hunt.as_str()), ("exclusions/x.yaml", &exclusion)];
            check(&files, &[], codes);
        };
        check_name("{tables: [DeviceEvents, Made_CL, Other_CL]}", &[]);
        check_name("{tables: [deviceevents]}", &["table-case"]);
        check_name("{tables: [made_cl]}", &["table-case"]);
        check_name("{content: [h]}\n  table: Made_cl", &["table-case"]);
    }

    #[test]
    fn a_file_that_looks_like_content_and_is_not_read_is_named() {
        let exclusions = "exclusions:\n- id: x\n";
        let files = [
            ("h.yaml", HUNT),
            ("h.yaml.bak", HUNT),
            ("b.yaml.bak", "anything"),
            ("c.ymal", HUNT),
            ("d", HUNT),
            (".e.yaml.swp", HUNT),
            ("readme.md", "id: one says who it is\n"),
            ("exclusions/x.yml~", exclusions),
            ("exclusions/y.txt", exclusions),
        ];
        let (catalog, diagnostics) = load(root(&files).path());
        assert_eq!(catalog.contents.len(), 1);
        assert!(catalog.not_read.is_empty(), "{:?}", catalog.not_read);
        assert!(!diagnostics.has_errors());
        let found: Vec<&str> = diagnostics.iter().filter_map(|d| Some(d.place()?.0)).collect();
        let expect = ["b.yaml.bak", "c.ymal", "d", "exclusions/x.yml~", "exclusions/y.txt"];
        assert_eq!(found, expect.map(|name| format!("content/{name}")));
        assert!(diagnostics.iter().all(|d| d.code.as_str() == "file-not-read"));
    }

    #[test]
    fn loading_twice_gives_the_same() {
        let files = [("a.yaml", HUNT), ("b.yaml", HUNT), ("c.yaml", "id: [\n"), ("d.yaml", "x")];
        let root = root(&files);
        let shown = || format!("{:?}", load(root.path()));
        assert_eq!(shown(), shown());
    }
}
