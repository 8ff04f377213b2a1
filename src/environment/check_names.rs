//! Looks up the names by which environments and content speak of each other.
//!
//! In: the fleet and the catalog, each right in itself. Out: an error for every name that nothing
//! bears. A typing slip must not look like "applies to nothing".

use std::collections::BTreeSet;

use super::selector::is_within;
use super::{Fleet, Selector, check_ecs, check_overrides, check_resources};
use crate::content::{Catalog, Exclusion, Scope};
use crate::diag::{Code, Diagnostic, Diagnostics, Located, suggest};
use crate::ident::{ContentId, EnvironmentName, Name, Tag, WorkspaceKey, WorkspaceReference};

const UNKNOWN_CONTENT: Code = Code::new("unknown-content");
const UNKNOWN_TAG: Code = Code::new("unknown-tag");
const UNKNOWN_PATH: Code = Code::new("unknown-path");
const UNKNOWN_SCOPE: Code = Code::new("unknown-scope-name");
const AMBIGUOUS_WORKSPACE: Code = Code::new("ambiguous-workspace");

/// Checks names across environments and content, and the overrides whose effect depends on the
/// content: a lower severity, a higher threshold.
///
/// Errors about environment files have no subject and stop planning as every error in them does;
/// errors about an exclusion's scope have its id as their subject. While content files are broken,
/// a name that may be theirs gets a warning only, for the broken file is already an error.
#[must_use]
pub fn check_names(fleet: &Fleet, catalog: &Catalog) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let known = Known::of(catalog);
    let mut seen = BTreeSet::new();
    for (environment, workspace) in fleet.workspaces() {
        for mention in &workspace.settings.mentions {
            // Every workspace of the fleet repeats what the fleet file says.
            if seen.insert((mention.source.path(), mention.span.start)) {
                diagnostics.extend(known.look_up(mention));
            }
        }
        check_overrides::check(workspace, catalog, &mut diagnostics);
        check_resources::check(workspace, catalog, &mut diagnostics);
        for (table, name, column) in check_ecs::strangers(environment, workspace) {
            if seen.insert((column.source.path(), column.span.start)) {
                diagnostics.push(check_ecs::unknown(environment, (table, name, column)));
            }
        }
    }
    let places = Places::of(fleet);
    for exclusion in &catalog.exclusions {
        places.check(exclusion, &mut diagnostics);
        diagnostics.extend(known.tags_of(exclusion));
    }
    diagnostics.sort();
    diagnostics
}

/// What content there is.
struct Known<'c> {
    ids: BTreeSet<&'c ContentId>,
    tags: BTreeSet<&'c Tag>,
    paths: BTreeSet<&'c str>,
    /// Whether some file's id could not be read.
    lacks_ids: bool,
    /// Whether some file's tags could not be read.
    lacks_tags: bool,
}

impl<'c> Known<'c> {
    fn of(catalog: &'c Catalog) -> Self {
        let contents = &catalog.contents;
        let broken = &catalog.broken;
        let ids = contents.iter().map(|content| &content.id.value);
        let paths = contents.iter().map(|content| content.source.path());
        Self {
            ids: ids.chain(broken.iter().filter_map(|file| file.id.as_ref())).collect(),
            tags: contents.iter().flat_map(|content| &content.tags).collect(),
            paths: paths.chain(broken.iter().map(|file| file.path.as_str())).collect(),
            lacks_ids: broken.iter().any(|file| file.id.is_none()),
            lacks_tags: !broken.is_empty(),
        }
    }

    /// What an exclusion applies to; its ids are looked up where it is loaded.
    fn tags_of(&self, exclusion: &Exclusion) -> Vec<Diagnostic> {
        let id = exclusion.id.value.as_str();
        let mention = |tag: &Located<Tag>| {
            Located::new(Selector::Tag(tag.value.clone()), &tag.source, tag.span.clone())
        };
        let tags = exclusion.applies_to.tags.iter();
        tags.filter_map(|tag| self.look_up(&mention(tag))).map(|error| error.about(id)).collect()
    }

    fn look_up(&self, mention: &Located<Selector>) -> Option<Diagnostic> {
        let (code, message, help, unsure) = match &mention.value {
            Selector::Id(id) if !self.ids.contains(id) => {
                let help = suggest(id.as_str(), self.ids.iter().map(|id| id.as_str()));
                (UNKNOWN_CONTENT, format!("no content has the id `{id}`"), help, self.lacks_ids)
            }
            Selector::Tag(tag) if !self.tags.contains(tag) => {
                let help = suggest(tag.as_str(), self.tags.iter().map(|tag| tag.as_str()));
                (UNKNOWN_TAG, format!("no content has the tag `{tag}`"), help, self.lacks_tags)
            }
            Selector::Path(path) if !self.paths.iter().any(|file| is_within(file, path)) => {
                let help = suggest(path, self.paths.iter().copied());
                (UNKNOWN_PATH, format!("there is no content at `{path}`"), help, false)
            }
            Selector::Id(_)
            | Selector::Tag(_)
            | Selector::Path(_)
            | Selector::Tactic(_)
            | Selector::Kind(_) => return None,
        };
        let diagnostic = if unsure {
            Diagnostic::warning(code, message).because("a content file that may have it is broken")
        } else {
            Diagnostic::error(code, message)
        };
        Some(diagnostic.at(&mention.source, mention.span.clone(), "").help(help))
    }
}

/// What a scope may name.
struct Places<'f> {
    environments: BTreeSet<&'f EnvironmentName>,
    workspaces: BTreeSet<&'f WorkspaceKey>,
    tags: BTreeSet<&'f Tag>,
}

impl<'f> Places<'f> {
    fn of(fleet: &'f Fleet) -> Self {
        let workspaces = || fleet.environments.values().flat_map(|each| &each.workspaces);
        Self {
            environments: fleet.environments.keys().collect(),
            workspaces: workspaces().map(|workspace| &workspace.key).collect(),
            tags: workspaces().flat_map(|workspace| &workspace.tags).collect(),
        }
    }

    fn check(&self, exclusion: &Exclusion, diagnostics: &mut Diagnostics) {
        let Scope::Within { environments, workspaces, tags } = &exclusion.scope.value else {
            return;
        };
        let lists = [
            unknown(environments, &self.environments, "environment"),
            workspaces.iter().filter_map(|name| self.workspace(name)).collect(),
            unknown(tags, &self.tags, "tag of an environment or workspace"),
        ];
        let id = exclusion.id.value.as_str();
        diagnostics.extend(lists.into_iter().flatten().map(|error| error.about(id)));
    }

    /// A name that no workspace has, or workspaces of several environments: one customer's exclusion
    /// must not come into another's workspace because both call theirs `prod`.
    fn workspace(&self, name: &Located<WorkspaceReference>) -> Option<Diagnostic> {
        let meant: Vec<&WorkspaceKey> =
            self.workspaces.iter().copied().filter(|key| name.value.fits(key)).collect();
        let error = match meant.as_slice() {
            [_] => return None,
            [] => {
                let names: Vec<String> = match &name.value.environment {
                    Some(_) => self.workspaces.iter().map(ToString::to_string).collect(),
                    None => self.workspaces.iter().map(|key| key.workspace.to_string()).collect(),
                };
                let help = suggest(&name.value.to_string(), names.iter().map(String::as_str));
                let message = format!("there is no workspace `{}`", name.value);
                Diagnostic::error(UNKNOWN_SCOPE, message).help(help)
            }
            several => {
                let message = format!(
                    "{} environments have a workspace `{}`",
                    several.len(),
                    name.value.workspace
                );
                let keys: Vec<String> = several.iter().map(|key| format!("`{key}`")).collect();
                let help = format!("write which is meant: {}", keys.join(", "));
                Diagnostic::error(AMBIGUOUS_WORKSPACE, message).help(help)
            }
        };
        Some(error.at(&name.source, name.span.clone(), ""))
    }
}

fn unknown<R>(
    named: &[Located<Name<R>>],
    known: &BTreeSet<&Name<R>>,
    kind: &str,
) -> Vec<Diagnostic> {
    let missing = named.iter().filter(|name| !known.contains(&name.value));
    let error = |name: &Located<Name<R>>| {
        let help = suggest(name.value.as_str(), known.iter().map(|name| name.as_str()));
        Diagnostic::error(UNKNOWN_SCOPE, format!("there is no {kind} `{}`", name.value))
            .at(&name.source, name.span.clone(), "")
            .help(help)
    };
    missing.map(error).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::sample::{self, ENVIRONMENT, FLEET, fleet, shown};
    use super::*;
    use crate::content::{AppliesTo, Broken, Polarity};
    use crate::diag::Source;
    use crate::state::Kind;
    use crate::state::desired::HeldReason;

    fn catalog() -> Catalog {
        let mut rule = sample::content("rule-1", Kind::Nrt, "content/one.yaml", json!({}));
        rule.tags = vec!["rmm".parse().unwrap()];
        sample::catalog(vec![rule])
    }

    fn broken(id: Option<&str>) -> Broken {
        let reason = HeldReason { code: "invalid-yaml".into(), message: String::new() };
        let id = id.map(|id| id.parse().unwrap());
        Broken { path: "content/two.yaml".into(), id, replaces: Vec::new(), reason }
    }

    fn check(lines: &str, catalog: &Catalog, expect: &[&str]) {
        let text = format!("{ENVIRONMENT}{lines}");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        assert_eq!(shown(&check_names(&fleet, catalog)), expect, "{lines}");
    }

    #[test]
    fn names_that_nothing_bears_are_errors_wherever_they_stand() {
        for lines in [
            "overrides: { rule-2: { severity: High } }\n",
            "parameters: { rule-2: { a: 1 } }\n",
            "content: { include: [{ id: rule-2 }] }\n",
            "accepted: [{ content: rule-2, fields: [query], until: 2027-01-01, reason: x }]\n",
            "    resources: { rule-2: x }\n",
            "    allowTwin: [rule-2]\n",
        ] {
            check(lines, &catalog(), &["unknown-content a.yaml:9 rule-2"]);
            check(&lines.replace("rule-2", "RULE-1"), &catalog(), &[]);
        }
        check("content: { exclude: [{ tag: rmn }] }\n", &catalog(), &["unknown-tag a.yaml:9 rmn"]);
        let path = "content: { exclude: [{ path: contents }] }\n";
        check(path, &catalog(), &["unknown-path a.yaml:9 contents"]);
        check("content: { exclude: [{ path: content }, { tag: RMM }] }\n", &catalog(), &[]);
    }

    #[test]
    fn a_name_is_wrong_even_where_another_layer_replaces_it_or_nobody_is_in_the_ring() {
        let fleet_file = "owner: acme\n\
            rings: [{ name: canary, parameters: { gone: { a: 1 } } }, broad]\n\
            content: { include: [{ tag: gone }] }\n";
        let text = format!("{ENVIRONMENT}content: {{ include: [{{ tag: rmm }}] }}\n");
        let fleet = fleet(&[("fleet.yaml", fleet_file), ("a.yaml", &text)]);
        assert_eq!(
            shown(&check_names(&fleet, &catalog())),
            ["unknown-content fleet.yaml:2 gone", "unknown-tag fleet.yaml:3 gone",]
        );
    }

    #[test]
    fn a_broken_file_may_be_the_one_that_is_meant() {
        let mut known = catalog();
        known.broken.push(broken(Some("rule-2")));
        let named = "parameters: { rule-2: { a: 1 } }\n";
        check(named, &known, &[]);
        check("content: { include: [{ path: content/two.yaml }] }\n", &known, &[]);
        check("parameters: { rule-3: { a: 1 } }\n", &known, &["unknown-content a.yaml:9 rule-3"]);

        let mut unknown = catalog();
        unknown.broken.push(broken(None));
        let text = format!("{ENVIRONMENT}{named}content: {{ include: [{{ tag: other }}] }}\n");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        let diagnostics = check_names(&fleet, &unknown);
        assert_eq!(shown(&diagnostics).len(), 2);
        assert!(!diagnostics.has_errors());
    }

    fn exclusion(environment: &str, workspace: &str, tag: &str) -> Exclusion {
        let text = format!("{environment} {workspace} {tag}");
        let source = Arc::new(Source::new("x.yaml", text.clone()));
        let at = |name: &str| {
            let start = text.find(name).unwrap();
            start..start + name.len()
        };
        let scope = Scope::Within {
            environments: vec![Located::new(
                environment.parse().unwrap(),
                &source,
                at(environment),
            )],
            workspaces: vec![Located::new(workspace.parse().unwrap(), &source, at(workspace))],
            tags: vec![Located::new(tag.parse().unwrap(), &source, at(tag))],
        };
        Exclusion {
            id: Located::new("e1".parse().unwrap(), &source, 0..0),
            scenario: String::new(),
            applies_to: AppliesTo::default(),
            scope: Located::new(scope, &source, 0..0),
            table: None,
            condition: Located::new(String::new(), &source, 0..0),
            polarity: Polarity::When,
            source_filter: None,
            owner: None,
            ticket: None,
            created: None,
            expires: None,
            tests: Vec::new(),
            acknowledge: Vec::new(),
        }
    }

    #[test]
    fn a_workspace_that_several_environments_have_is_named_with_its_environment() {
        let other = ENVIRONMENT.replace("law-sec", "law-two");
        let one = format!("tags: [emea]\n{ENVIRONMENT}");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &one), ("b.yaml", &other)]);
        let scoped = |workspace: &str| {
            let mut catalog = catalog();
            catalog.exclusions.push(exclusion("a", workspace, "emea"));
            check_names(&fleet, &catalog)
        };
        let errors = scoped("prod");
        assert_eq!(shown(&errors), ["ambiguous-workspace x.yaml:1 prod"]);
        let error = errors.iter().next().unwrap();
        assert_eq!(error.help.as_deref(), Some("write which is meant: `a/prod`, `b/prod`"));
        assert!(scoped("b/prod").is_empty());
        assert_eq!(shown(&scoped("c/prod")), ["unknown-scope-name x.yaml:1 c/prod"]);
    }

    #[test]
    fn an_exclusion_for_a_tag_that_no_content_has_is_an_error() {
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT)]);
        let about = |tag: &str| {
            let mut catalog = catalog();
            let mut exclusion = exclusion("a", "prod", "emea");
            let source = Arc::new(Source::new("x.yaml", tag));
            exclusion.scope.value = Scope::All;
            exclusion.applies_to.tags =
                vec![Located::new(tag.parse().unwrap(), &source, 0..tag.len())];
            catalog.exclusions.push(exclusion);
            shown(&check_names(&fleet, &catalog))
        };
        assert_eq!(about("rmn"), ["unknown-tag x.yaml:1 rmn"]);
        assert!(about("RMM").is_empty());
    }

    #[test]
    fn a_scope_names_what_exists() {
        let mut known = catalog();
        known.exclusions.push(exclusion("A", "PROD", "emea"));
        check("tags: [EMEA]\n", &known, &[]);
        let mut unknown = catalog();
        unknown.exclusions.push(exclusion("c", "lab", "apac"));
        check(
            "tags: [emea]\n",
            &unknown,
            &[
                "unknown-scope-name x.yaml:1 c",
                "unknown-scope-name x.yaml:1 lab",
                "unknown-scope-name x.yaml:1 apac",
            ],
        );
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT)]);
        let errors = check_names(&fleet, &unknown);
        assert!(errors.iter().all(|error| error.subject.as_deref() == Some("e1")));
    }
}
