//! The files of `content/exclusions/`.
//!
//! Any error stops planning: while one exclusion is not understood, nobody knows which item would be
//! deployed without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::exclusion_entry::Reader;
use super::sheet::first_line;
use super::walk::File;
use super::{Catalog, Exclusion, table_names, text};
use crate::diag::{Code, Diagnostic, Located, Severity, Source};
use crate::ident::{ContentId, ExclusionId};
use crate::yaml::{self, NodeKind};

const EMPTY_FILE: Code = Code::new("empty-file");
const WRONG_TYPE: Code = Code::new("wrong-type");
const DUPLICATE_ID: Code = Code::new("duplicate-exclusion-id");
const UNKNOWN_CONTENT: Code = Code::new("unknown-content");

/// What the files say.
#[derive(Default)]
pub(super) struct Read {
    /// By id.
    pub(super) exclusions: Vec<Exclusion>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether anything in them was an error.
    pub(super) unreadable: bool,
}

/// Reads all files; `catalog` tells which content there is.
pub(super) fn read(files: &[File], catalog: &Catalog) -> Read {
    let mut read = Read::default();
    for file in files {
        let text::Read { source, failure } = text::read(&file.path, &file.shown);
        match failure {
            Some(failure) => read.diagnostics.push(failure),
            None => read_one(&source, &mut read),
        }
    }
    duplicates(&mut read);
    unknown_content(&mut read, catalog);
    read.diagnostics.extend(table_names::check(&read.exclusions, catalog));
    read.exclusions.sort_by(|left, right| left.id.value.cmp(&right.id.value));
    read.unreadable =
        read.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    read
}

/// Reads one file's text.
pub(super) fn read_one(source: &Arc<Source>, read: &mut Read) {
    let root = match yaml::document(source) {
        Ok(root) => root,
        Err(diagnostic) => return read.diagnostics.push(*diagnostic),
    };
    if root.is_null() {
        let empty = Diagnostic::error(EMPTY_FILE, "the file is empty")
            .at(source, first_line(source), "")
            .help("restore it, or delete it");
        return read.diagnostics.push(empty);
    }
    let mut reader = Reader::new(source);
    let fields = reader.mapping(&root, "the file", &["exclusions"]);
    let list = fields.as_ref().and_then(|fields| fields.get("exclusions"));
    match list.map(|node| (&node.kind, node)) {
        Some((NodeKind::List(items), _)) => {
            for item in items {
                if let Some(exclusion) = reader.exclusion(item) {
                    read.exclusions.push(exclusion);
                }
            }
        }
        Some((_, node)) => {
            let message = "`exclusions` must be a list";
            let help = "begin each exclusion with `- id: …`";
            reader.error(WRONG_TYPE, message, &node.span, help);
        }
        // An unknown key was said, or every exclusion was taken out.
        None => {}
    }
    read.diagnostics.extend(reader.finish());
}

fn duplicates(read: &mut Read) {
    let mut places: BTreeMap<ExclusionId, Vec<&Located<ExclusionId>>> = BTreeMap::new();
    for exclusion in &read.exclusions {
        places.entry(exclusion.id.value.clone()).or_default().push(&exclusion.id);
    }
    let mut found = Vec::new();
    for (id, places) in places.iter().filter(|(_, places)| places.len() > 1) {
        for (index, place) in places.iter().enumerate() {
            let message = format!("the exclusion id `{id}` is used {} times", places.len());
            let mut diagnostic = Diagnostic::error(DUPLICATE_ID, message)
                .at(&place.source, place.span.clone(), "")
                .help("give each its own id")
                .about(id.as_str());
            for (_, other) in places.iter().enumerate().filter(|(other, _)| *other != index) {
                diagnostic = diagnostic.at(&other.source, other.span.clone(), "also here");
            }
            found.push(diagnostic);
        }
    }
    read.diagnostics.extend(found);
}

/// Every content id that an exclusion names must be there, loaded or broken.
fn unknown_content(read: &mut Read, catalog: &Catalog) {
    let broken = catalog.broken.iter().filter_map(|broken| broken.id.as_ref());
    let known: BTreeSet<&ContentId> =
        catalog.contents.iter().map(|content| &content.id.value).chain(broken).collect();
    let mut found = Vec::new();
    for exclusion in &read.exclusions {
        let tests = exclusion.tests.iter().filter_map(|test| test.value.content.as_ref());
        for id in exclusion.applies_to.content.iter().chain(tests) {
            if !known.contains(&id.value) {
                found.push(unknown(exclusion, id));
            }
        }
        for accepted in &exclusion.acknowledge {
            if let Some(id) = accepted.value.content.as_ref().filter(|id| !known.contains(id)) {
                let id = Located::new(id.clone(), &accepted.source, accepted.span.clone());
                found.push(unknown(exclusion, &id));
            }
        }
    }
    read.diagnostics.extend(found);
}

fn unknown(exclusion: &Exclusion, id: &Located<ContentId>) -> Diagnostic {
    Diagnostic::error(UNKNOWN_CONTENT, format!("no content has the id `{}`", id.value))
        .at(&id.source, id.span.clone(), "")
        .help("write the `id` of a file in `content/`; delete what is about removed content")
        .about(exclusion.id.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::{Expectation, Polarity, Scope};
    use super::*;

    const WHOLE: &str = r#"exclusions:
  - id: own-instance
    scenario: Maintenance by our own instance
    appliesTo: { content: [e483619f], tags: rmm }
    scope: { environments: [contoso], workspaces: contoso-prod, tags: [emea] }
    table: DeviceNetworkEvents
    when: RemoteUrl has "contoso.screenconnect.com"
    sourceFilter: process.name != "X"
    owner: soc@contoso.example
    ticket: 1234
    created: 2026-11-01
    expires: 2027-05-01
    tests:
      - { expect: excluded, event: { RemoteUrl: a, Port: 443 } }
      - { expect: unreached, event: {}, content: e483619f }
    acknowledge:
      - { code: exclusion-may-blind-query, reason: Looked at it., content: e483619f }
"#;

    fn read_text(text: &str) -> Read {
        let mut read = Read::default();
        read_one(&Arc::new(Source::new("content/exclusions/x.yaml", text)), &mut read);
        duplicates(&mut read);
        read
    }

    /// An entry with one line changed, and the codes that follow.
    fn check(from: &str, to: &str, codes: &[&str]) {
        assert!(WHOLE.contains(from), "{from}");
        let read = read_text(&WHOLE.replace(from, to));
        let found: Vec<&str> = read.diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(found, codes, "{from} -> {to}: {:?}", read.diagnostics);
        let is_error = |found: &Diagnostic| found.severity == Severity::Error;
        let failed = read.diagnostics.iter().any(is_error);
        assert_eq!(read.exclusions.is_empty(), failed, "{from} -> {to}");
        for diagnostic in &read.diagnostics {
            assert!(diagnostic.help.as_ref().is_some_and(|help| !help.is_empty()));
            let span = diagnostic.labels[0].span.clone();
            assert!(!span.is_empty(), "{diagnostic:?}");
        }
    }

    #[test]
    fn a_whole_exclusion_is_read() {
        let read = read_text(WHOLE);
        assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
        let exclusion = &read.exclusions[0];
        assert_eq!(exclusion.id.value.as_str(), "own-instance");
        assert_eq!(exclusion.polarity, Polarity::When);
        assert_eq!(exclusion.condition.value, "RemoteUrl has \"contoso.screenconnect.com\"");
        assert_eq!(exclusion.condition.place(), "content/exclusions/x.yaml:7");
        assert_eq!((exclusion.applies_to.content.len(), exclusion.applies_to.tags.len()), (1, 1));
        let Scope::Within { environments, workspaces, tags } = &exclusion.scope.value else {
            panic!("{:?}", exclusion.scope)
        };
        assert_eq!((environments.len(), workspaces.len(), tags.len()), (1, 1, 1));
        assert_eq!(exclusion.ticket.as_deref(), Some("1234"));
        assert_eq!(
            exclusion.expires.as_ref().map(|day| day.value.to_string()).as_deref(),
            Some("2027-05-01")
        );
        assert_eq!(exclusion.tests[0].value.event["Port"], 443);
        assert_eq!(exclusion.tests[1].value.expect, Expectation::Unreached);
        assert_eq!(exclusion.acknowledge[0].value.code, "exclusion-may-blind-query");
    }

    #[test]
    fn ids_cannot_end_their_comment() {
        check("own-instance", "\"own\\ninstance\"", &["bad-exclusion-id"]);
        check("own-instance", "'own\"instance'", &["bad-exclusion-id"]);
        check("own-instance", "Own", &["bad-exclusion-id"]);
        check("- id: own-instance\n    scenario", "- scenario", &["missing-id"]);
    }

    #[test]
    fn a_scope_is_said() {
        let scope = "{ environments: [contoso], workspaces: contoso-prod, tags: [emea] }";
        check(scope, "all", &[]);
        check(scope, "everywhere", &["empty-scope"]);
        check(scope, "{}", &["empty-scope"]);
        check(scope, "{ environments: [] }", &["empty-scope"]);
        check(scope, "", &["missing-scope"]);
        check(scope, "[contoso]", &["wrong-type"]);
        check(scope, "{ environment: [contoso] }", &["unknown-key"]);
        check(scope, "{ environments: [con/toso] }", &["bad-name"]);
        check(scope, "{ environments: [contoso, null] }", &["wrong-type"]);
    }

    #[test]
    fn it_applies_to_something() {
        let to = "{ content: [e483619f], tags: rmm }";
        check(to, "{ tables: [DeviceEvents] }", &[]);
        check(to, "{ content: [] }", &["empty-applies-to"]);
        check(to, "", &["empty-applies-to"]);
        check(to, "{ content: [a b] }", &["bad-name"]);
        check(to, "{ contents: [a] }", &["unknown-key"]);
    }

    #[test]
    fn exactly_one_condition_is_there() {
        let when = "when: RemoteUrl has \"contoso.screenconnect.com\"";
        check(when, "keep: a != 1", &[]);
        check(when, "when: a == 1\n    keep: a != 1", &["when-and-keep"]);
        check(when, "when:", &["missing-condition"]);
        check(when, "when: ' '", &["missing-condition"]);
        check(when, "when: true", &["wrong-type"]);
        check(when, "whem: a == 1", &["unknown-key"]);
    }

    #[test]
    fn a_comment_that_yaml_joins_with_the_next_line_is_refused() {
        let when = "when: RemoteUrl has \"contoso.screenconnect.com\"";
        let folded = ["folded-comment"];
        check(when, "when: a == 1 // ours\n      and b == 2", &folded);
        check(when, "keep: a == 1 // ours\n      or b == 2", &folded);
        check(when, "when: >\n      a == 1 // ours\n      and b == 2", &folded);
        check(when, "when: >-\n      // ours\n      a == 1\n\n      and b == 2", &folded);
        check(when, "when: 'a == 1 // ours\n      and b == 2'", &folded);
        check(when, "when: \"a == 1 // ours\n      and b == 2\"", &folded);
        check(when, "when: \"a == 1 // ours\\\n      and b == 2\"", &folded);
        check(when, "when: # | \n      a == 1 // ours\n      and b == 2", &folded);
        let source_filter = "sourceFilter: process.name != \"X\"";
        check(source_filter, "sourceFilter: a // b\n      and c", &[]);
    }

    #[test]
    fn a_comment_that_ends_with_its_line_is_no_harm() {
        let when = "when: RemoteUrl has \"contoso.screenconnect.com\"";
        check(when, "when: |\n      a == 1 // ours\n      and b == 2", &[]);
        check(when, "when: |2-\r\n      // ours\r\n      a == 1\r\n\r\n      and b == 2", &[]);
        check(when, "when: a == 1 // ours", &[]);
        check(when, "when: \"a == 1 // ours\\nand b == 2\"", &[]);
        check(when, "when: a == \"http://x\"\n      and b == 2", &[]);
        check(when, "when: a == 1\n      and b == 2 // ours", &[]);
    }

    #[test]
    fn a_condition_from_an_anchor_is_not_trusted_with_comments() {
        let when = "when: RemoteUrl has \"contoso.screenconnect.com\"";
        let anchored = |text: &str| format!("ticket: &c {text}\n    when: *c");
        let first = WHOLE.replace("    ticket: 1234\n", "");
        let codes = |text: &str| -> Vec<String> {
            let read = read_text(&first.replace(when, &anchored(text)));
            read.diagnostics.iter().map(|found| found.code.to_string()).collect()
        };
        assert!(codes("a == 1").is_empty());
        assert_eq!(codes(">\n      a == 1 // ours\n      and b == 2"), ["folded-comment"]);
    }

    #[test]
    fn days_are_days_in_their_order() {
        check("2027-05-01", "2027-5-1", &["bad-date"]);
        check("2027-05-01", "2026-10-31", &["bad-date"]);
        check("2027-05-01", "20270501", &["bad-date"]);
        check("2027-05-01", "2026-11-01", &[]);
        check("2027-05-01", "9999-12-30", &[]);
        check("2027-05-01", "9999-12-31", &["bad-date"]);
    }

    #[test]
    fn a_test_has_an_event_and_expects_something() {
        check(
            "{ expect: unreached, event: {}, content: e483619f }",
            "{ expect: kept }",
            &["bad-exclusion-test"],
        );
        check("expect: unreached, ", "", &["bad-exclusion-test"]);
        check("expect: unreached", "expect: exclude", &["bad-exclusion-test"]);
        check("expect: unreached", "expct: kept", &["unknown-key"]);
        check("event: {}, content: e483619f", "event: {}, content: [a, b]", &["wrong-type"]);
        check("{ RemoteUrl: a, Port: 443 }", "[RemoteUrl]", &["bad-exclusion-test"]);
    }

    #[test]
    fn acknowledgements_are_narrow_and_have_reasons() {
        let entry = "{ code: exclusion-may-blind-query, reason: Looked at it., content: e483619f }";
        check(
            entry,
            "{ code: exclusion-may-blind-query, content: e483619f }",
            &["bad-acknowledgement"],
        );
        check(entry, "{ code: exclusion-may-blind-query, reason: ok }", &["bad-acknowledgement"]);
        check(entry, "undecided", &["wrong-type"]);
        let slip = entry.replace("may-blind", "may-blnd");
        check(entry, &slip, &["bad-acknowledgement"]);
    }

    #[test]
    fn a_scenario_may_be_missing_with_a_warning() {
        check("Maintenance by our own instance", "", &["missing-scenario"]);
    }

    #[test]
    fn files_have_one_shape() {
        let codes = |text: &str| -> Vec<&'static str> {
            read_text(text).diagnostics.iter().map(|found| found.code.as_str()).collect()
        };
        assert_eq!(codes(""), ["empty-file"]);
        assert_eq!(codes("exclusions: [\n"), ["invalid-yaml"]);
        assert_eq!(codes("- id: x\n"), ["wrong-type"]);
        assert_eq!(codes("exclusion: []\n"), ["unknown-key"]);
        assert_eq!(codes("exclusions: {id: x}\n"), ["wrong-type"]);
        assert_eq!(codes("exclusions: [x]\n"), ["wrong-type"]);
        assert_eq!(codes("exclusions: []\n---\nexclusions: []\n"), ["many-documents"]);
        assert!(codes("exclusions: []\n").is_empty());
    }

    #[test]
    fn an_exclusion_id_is_used_once() {
        let entry = WHOLE.strip_prefix("exclusions:\n").unwrap();
        let read = read_text(&format!("{WHOLE}{entry}"));
        let codes: Vec<&str> = read.diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, ["duplicate-exclusion-id"; 2]);
    }
}
