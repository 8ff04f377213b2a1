//! What a command line selects: some workspaces of the fleet, some of the content.
//!
//! Pure: names in, workspaces out. Desired is always computed from everything; a selection only
//! says what is looked at and written.

use std::collections::BTreeSet;

use super::selector::{is_within, tidy};
use super::{Environment, Fleet, Workspace};
use crate::diag::{Code, Diagnostic, Diagnostics, suggest};
use crate::ident::{EnvironmentName, ItemKey, RingName, Tag, WorkspaceReference};

const UNKNOWN_ENVIRONMENT: Code = Code::new("unknown-environment");
const UNKNOWN_WORKSPACE: Code = Code::new("unknown-workspace");
const UNKNOWN_RING: Code = Code::new("unknown-ring");
const UNKNOWN_CONTENT: Code = Code::new("unknown-content");
const UNKNOWN_TAG: Code = Code::new("unknown-tag");
const EMPTY: Code = Code::new("empty-selection");

/// What was asked for, as it was typed. Several criteria all hold at once; several values of one are
/// alternatives; a criterion without values does not count. Names compare without case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of environments.
    pub environments: Vec<String>,
    /// Workspaces: `<workspace>` in any environment, or `<environment>/<workspace>`.
    pub workspaces: Vec<String>,
    /// Names of rings.
    pub rings: Vec<String>,
    /// Content: an id, an item's key (`analytic-rule/<id>`), a file, or a folder.
    pub content: Vec<String>,
    /// Tags of content.
    pub tags: Vec<String>,
    /// That the whole fleet is meant, said aloud.
    pub all: bool,
}

impl Selection {
    /// Whether it was said where to write: by environments, rings, or all.
    #[must_use]
    pub fn names_a_place(&self) -> bool {
        self.all || !self.environments.is_empty() || !self.rings.is_empty()
    }

    /// The selected workspaces, in the order of the fleet; all of them where nothing was asked for.
    ///
    /// # Errors
    /// When a name is unknown, or the criteria have no workspace in common.
    pub fn workspaces<'f>(
        &self,
        fleet: &'f Fleet,
    ) -> Result<Vec<(&'f Environment, &'f Workspace)>, Diagnostics> {
        let unknown = self.unknown_places(fleet);
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let mut selected = fleet.workspaces();
        selected.retain(|(environment, workspace)| {
            any(&self.environments, |name| same(name, environment.name.as_str()))
                && any(&self.rings, |name| same(name, workspace.ring.value.as_str()))
                && any(&self.workspaces, |name| is_workspace(name, workspace))
        });
        if selected.is_empty() {
            let message = "no workspace is in everything that was asked for";
            let help = "leave one of `--environment`, `--ring`, `--workspace` out";
            return Err(Diagnostics::from_iter([Diagnostic::error(EMPTY, message).help(help)]));
        }
        Ok(selected)
    }

    /// Whether an item is selected, given its content file (empty where there is none any more) and
    /// the tags in it.
    #[must_use]
    pub fn selects(&self, key: &ItemKey, path: &str, tags: &[Tag]) -> bool {
        any(&self.content, |wanted| is_item(wanted, key, path))
            && any(&self.tags, |wanted| tags.iter().any(|tag| same(wanted, tag.as_str())))
    }

    /// An error for each content name and tag that none of the items bears. The items are those that
    /// could have been meant: of the files, and retired ones too where live is known.
    #[must_use]
    pub fn unknown_items<'i>(
        &self,
        items: impl IntoIterator<Item = (&'i ItemKey, &'i str, &'i [Tag])>,
    ) -> Diagnostics {
        let items: Vec<_> = items.into_iter().collect();
        let mut errors = Diagnostics::new();
        for wanted in &self.content {
            if !items.iter().any(|(key, path, _)| is_item(wanted, key, path)) {
                let ids = items.iter().map(|(key, ..)| key.id.as_str());
                let known: BTreeSet<&str> =
                    ids.chain(items.iter().map(|(_, path, _)| *path)).collect();
                errors.push(unknown(UNKNOWN_CONTENT, "content", wanted, known));
            }
        }
        let tags: BTreeSet<&str> =
            items.iter().flat_map(|(.., tags)| tags.iter()).map(Tag::as_str).collect();
        for wanted in &self.tags {
            if !tags.iter().any(|tag| same(wanted, tag)) {
                errors.push(unknown(UNKNOWN_TAG, "tag of content", wanted, tags.clone()));
            }
        }
        errors
    }

    fn unknown_places(&self, fleet: &Fleet) -> Diagnostics {
        let mut errors = Diagnostics::new();
        let environments: BTreeSet<&str> =
            fleet.environments.keys().map(EnvironmentName::as_str).collect();
        for wanted in &self.environments {
            if !environments.iter().any(|name| same(wanted, name)) {
                let known = environments.clone();
                errors.push(unknown(UNKNOWN_ENVIRONMENT, "environment", wanted, known));
            }
        }
        for wanted in &self.rings {
            if !fleet.rings.iter().any(|ring| same(wanted, ring.as_str())) {
                let known = fleet.rings.iter().map(RingName::as_str);
                errors.push(unknown(UNKNOWN_RING, "ring", wanted, known));
            }
        }
        let workspaces = fleet.workspaces();
        for wanted in &self.workspaces {
            if !workspaces.iter().any(|(_, workspace)| is_workspace(wanted, workspace)) {
                let keys = workspaces.iter().map(|(_, workspace)| &workspace.key);
                let names: BTreeSet<String> = if wanted.contains('/') {
                    keys.map(ToString::to_string).collect()
                } else {
                    keys.map(|key| key.workspace.to_string()).collect()
                };
                let known = names.iter().map(String::as_str);
                errors.push(unknown(UNKNOWN_WORKSPACE, "workspace", wanted, known));
            }
        }
        errors
    }
}

impl Fleet {
    /// An error for each reference that is to no workspace, or to several.
    #[must_use]
    pub fn unclear_workspaces<'r>(
        &self,
        references: impl IntoIterator<Item = &'r WorkspaceReference>,
    ) -> Diagnostics {
        let workspaces = self.workspaces();
        let keys = || workspaces.iter().map(|(_, workspace)| &workspace.key);
        let mut errors = Diagnostics::new();
        for wanted in references {
            let found: Vec<String> =
                keys().filter(|key| wanted.fits(key)).map(ToString::to_string).collect();
            match found.as_slice() {
                [_] => {}
                [] => {
                    let known: Vec<String> = keys().map(ToString::to_string).collect();
                    let known = known.iter().map(String::as_str);
                    errors.push(unknown(
                        UNKNOWN_WORKSPACE,
                        "workspace",
                        &wanted.to_string(),
                        known,
                    ));
                }
                several => {
                    let message = format!("`{wanted}` may be {}", several.join(" or "));
                    let help = format!("say which: `{}`", several[0]);
                    errors.push(Diagnostic::error(UNKNOWN_WORKSPACE, message).help(help));
                }
            }
        }
        errors
    }
}

/// A criterion without values does not count.
fn any(values: &[String], matches: impl Fn(&str) -> bool) -> bool {
    values.is_empty() || values.iter().any(|value| matches(value))
}

fn same(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

fn is_workspace(wanted: &str, workspace: &Workspace) -> bool {
    same(wanted, workspace.key.workspace.as_str()) || same(wanted, &workspace.key.to_string())
}

fn is_item(wanted: &str, key: &ItemKey, path: &str) -> bool {
    let folder = tidy(wanted);
    same(wanted, key.id.as_str())
        || same(wanted, &key.to_string())
        || (!folder.is_empty() && is_within(path, &folder))
}

fn unknown<'c>(
    code: Code,
    kind: &str,
    wanted: &str,
    known: impl IntoIterator<Item = &'c str>,
) -> Diagnostic {
    Diagnostic::error(code, format!("there is no {kind} `{wanted}`")).help(suggest(wanted, known))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, ENVIRONMENT, FLEET};
    use super::*;

    /// `a/prod` in ring early; `b/prod` and `b/lab` in ring broad.
    fn fleet() -> Fleet {
        let a = format!("{ENVIRONMENT}    ring: early\n");
        let b = ENVIRONMENT.replace("law-sec", "law-two");
        let lab = b[b.find("  - name").unwrap()..].replace("prod", "lab").replace("two", "lab");
        let b = format!("{b}{lab}");
        sample::fleet(&[("fleet.yaml", FLEET), ("a.yaml", &a), ("b.yaml", &b)])
    }

    fn list(names: &str) -> Vec<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    fn selection(environments: &str, workspaces: &str, rings: &str) -> Selection {
        Selection {
            environments: list(environments),
            workspaces: list(workspaces),
            rings: list(rings),
            ..Selection::default()
        }
    }

    fn check(environments: &str, workspaces: &str, rings: &str, expect: &str) {
        let fleet = fleet();
        let shown = match selection(environments, workspaces, rings).workspaces(&fleet) {
            Ok(found) => found.iter().map(|(_, each)| each.key.to_string()).collect::<Vec<_>>(),
            Err(errors) => sample::shown(&errors),
        };
        assert_eq!(shown.join(" "), expect, "{environments} | {workspaces} | {rings}");
    }

    #[test]
    fn values_of_one_criterion_unite_and_criteria_intersect() {
        check("", "", "", "a/prod b/prod b/lab");
        check("b", "", "", "b/prod b/lab");
        check("b A", "", "", "a/prod b/prod b/lab");
        check("", "prod", "", "a/prod b/prod");
        check("", "B/Prod", "", "b/prod");
        check("", "", "early", "a/prod");
        check("", "lab", "EARLY broad", "b/lab");
        check("b", "prod", "broad", "b/prod");
    }

    #[test]
    fn unknown_names_and_empty_intersections_are_errors() {
        check("a c", "", "", "unknown-environment");
        check("", "prd", "", "unknown-workspace");
        check("", "a/lab", "", "unknown-workspace");
        check("", "", "canry", "unknown-ring");
        check("a", "", "broad", "empty-selection");
        // A ring of the fleet that no workspace is in.
        check("", "", "canary", "empty-selection");
    }

    #[test]
    fn an_unknown_name_lists_the_near_one() {
        let fleet = fleet();
        let errors = selection("", "a/prd", "").workspaces(&fleet).unwrap_err();
        let help = errors.iter().next().unwrap().help.clone();
        assert_eq!(help.as_deref(), Some("did you mean `a/prod`?"));
    }

    #[test]
    fn writing_needs_a_place_that_was_named() {
        assert!(!selection("", "prod", "").names_a_place());
        assert!(selection("a", "", "").names_a_place());
        assert!(selection("", "", "early").names_a_place());
        assert!(Selection { all: true, ..Selection::default() }.names_a_place());
    }

    fn check_item(content: &str, tags: &str, expect: bool) {
        let selection =
            Selection { content: list(content), tags: list(tags), ..Selection::default() };
        let key: ItemKey = "analytic-rule/Rule-1".parse().unwrap();
        let path = "content/analytics/one.yaml";
        let item = [("rmm".parse().unwrap())];
        assert_eq!(selection.selects(&key, path, &item), expect, "{content} | {tags}");
        let unknown = selection.unknown_items([(&key, path, &item[..])]);
        assert_eq!(unknown.is_empty(), expect, "{content} | {tags}");
    }

    #[test]
    fn content_is_selected_by_id_key_path_and_tag() {
        check_item("", "", true);
        check_item("rule-1", "", true);
        check_item("ANALYTIC-RULE/rule-1", "", true);
        check_item("hunting-query/rule-1", "", false);
        check_item("content/analytics/one.yaml", "", true);
        check_item("./content/analytics/", "RMM", true);
        check_item("content/ana", "", false);
        check_item("rule", "", false);
        check_item("./", "", false);
        check_item("rule-1", "other", false);
    }
}
