//! From the folder `environments/` to a [`Fleet`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fleet_file::{self, FleetFile};
use super::reading::Reading;
use super::{Environment, Fleet, access, environment_file, schema_file, unique};
use crate::content::walk;
use crate::diag::{Code, Diagnostic, Diagnostics, LARGEST_FILE, Source, read_file};
use crate::ident::EnvironmentName;
use crate::kql::schema::Columns;
use crate::yaml::{self, Node};

const NO_FLEET: Code = Code::new("no-fleet-file");
const NO_ENVIRONMENT: Code = Code::new("no-environment");
const UNREADABLE: Code = Code::new("unreadable-file");
const NOT_UTF8: Code = Code::new("not-utf8");
const FILE_NAME: Code = Code::new("environment-file-name");
const DUPLICATE: Code = Code::new("duplicate-environment");
const NOT_READ: Code = Code::new("file-not-read");
const NO_ENVIRONMENT_OF: Code = Code::new("schema-without-environment");

const FOLDER: &str = "environments";
const FLEET: &str = "environments/fleet.yaml";

/// Reads `environments/` below a root.
///
/// There is no fleet when anything is wrong with any of its files: a plan made from the rest could
/// not know what it lacks. Then, and only then, some diagnostic is an error. Diagnostics are in the
/// order of reports.
#[must_use]
pub fn load(root: &Path) -> (Option<Fleet>, Diagnostics) {
    load_with(root, &[])
}

/// Like [`load`], with further schema files that are about every environment.
#[must_use]
pub fn load_with(root: &Path, schemas: &[PathBuf]) -> (Option<Fleet>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut fleet = read(root, &mut diagnostics);
    for path in schemas {
        let shown = path.to_string_lossy();
        let tables = schema(Path::new(""), &shown, &mut diagnostics);
        let all = fleet.iter_mut().flat_map(|fleet| fleet.environments.values_mut());
        all.for_each(|environment| environment.add_tables(&tables));
    }
    diagnostics.sort();
    let fleet = fleet.filter(|_| !diagnostics.has_errors());
    (fleet, diagnostics)
}

fn read(root: &Path, diagnostics: &mut Diagnostics) -> Option<Fleet> {
    let Paths { environments: paths, schemas } = paths(root, diagnostics);
    if !paths.iter().any(|path| path == FLEET) {
        let message = format!("there is no `{FLEET}`");
        let help = "create it with `owner: <name>`, or point `--root` at a folder that has one";
        diagnostics.push(Diagnostic::error(NO_FLEET, message).help(help));
    }
    let file = paths.iter().find(|path| *path == FLEET).and_then(|path| {
        let (mut reading, node) = open(root, path, diagnostics)?;
        let file = fleet_file::read(&mut reading, &node);
        diagnostics.extend(reading.diagnostics);
        Some(file)
    });
    let file = file.unwrap_or_default();
    let mut environments = environments(root, &paths, &file, diagnostics);
    for path in schemas {
        let Some(name) = environment_name(&path, ".schema.yaml", diagnostics) else { continue };
        let tables = schema(root, &path, diagnostics);
        match environments.get_mut(&name) {
            Some(environment) => environment.add_tables(&tables),
            // What is wrong with the environment itself has been said.
            None if paths.iter().any(|path| is_named(path, &name)) => {}
            None => diagnostics.push(without_environment(&path, &name)),
        }
    }
    unique::check(environments.values(), diagnostics);
    if environments.is_empty() && !diagnostics.has_errors() {
        let message = format!("there is no environment in `{FOLDER}/`");
        let help = format!("describe one in `{FOLDER}/<name>.yaml`");
        diagnostics.push(Diagnostic::error(NO_ENVIRONMENT, message).help(help));
    }
    let FleetFile { owner, rings, budgets, run_guards, limits, policy, .. } = file;
    Some(Fleet { owner: owner?, rings, budgets, run_guards, limits, policy, environments })
}

fn environments(
    root: &Path,
    paths: &[String],
    fleet: &FleetFile,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<EnvironmentName, Environment> {
    let mut named: BTreeMap<EnvironmentName, &String> = BTreeMap::new();
    let mut environments = BTreeMap::new();
    for path in paths.iter().filter(|path| *path != FLEET) {
        let Some(name) = environment_name(path, ".yaml", diagnostics) else { continue };
        if let Some(first) = named.get(&name) {
            let message = format!("`{first}` and `{path}` are both environment `{name}`");
            let error = Diagnostic::error(DUPLICATE, message).help("rename one of the files");
            diagnostics.push(error);
            continue;
        }
        named.insert(name.clone(), path);
        let Some((mut reading, node)) = open(root, path, diagnostics) else { continue };
        let environment = environment_file::read(&mut reading, &node, &name, fleet);
        diagnostics.extend(reading.diagnostics);
        environments.extend(environment.map(|environment| (name, environment)));
    }
    environments
}

fn is_named(path: &str, name: &EnvironmentName) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".yaml").and_then(|stem| stem.parse().ok()).as_ref() == Some(name)
}

fn without_environment(path: &str, name: &EnvironmentName) -> Diagnostic {
    let message = format!("`{path}` is about no environment: there is no `{name}.yaml`");
    Diagnostic::error(NO_ENVIRONMENT_OF, message)
        .help("name it after an environment, or give it to a command with `--schema`")
}

/// The tables of a schema file; none where it cannot be read, which is said.
fn schema(root: &Path, path: &str, diagnostics: &mut Diagnostics) -> BTreeMap<String, Columns> {
    let Some((mut reading, node)) = open(root, path, diagnostics) else { return BTreeMap::new() };
    let tables = schema_file::read(&mut reading, &node);
    diagnostics.extend(reading.diagnostics);
    tables
}

/// The name of an environment's file without its ending.
fn environment_name(
    path: &str,
    ending: &str,
    diagnostics: &mut Diagnostics,
) -> Option<EnvironmentName> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let refuse = |reason: String, help: &str| {
        let message = format!("`{path}` cannot be an environment: {reason}");
        Diagnostic::error(FILE_NAME, message).help(help)
    };
    let Some(stem) = file.strip_suffix(ending) else {
        let help = format!("let its name end in `{ending}`");
        diagnostics.push(refuse("it would be ignored".to_owned(), &help));
        return None;
    };
    if stem.eq_ignore_ascii_case("fleet") {
        let reason = "this name is kept for the fleet file".to_owned();
        diagnostics.push(refuse(reason, "rename it; the fleet file is `environments/fleet.yaml`"));
        return None;
    }
    match stem.parse() {
        Ok(name) => Some(name),
        Err(invalid) => {
            diagnostics.push(refuse(invalid.reason, "rename the file"));
            None
        }
    }
}

/// Opens one file as a tree; whatever seems to be a secret is blackened in the text that
/// diagnostics show.
fn open(root: &Path, path: &str, diagnostics: &mut Diagnostics) -> Option<(Reading, Node)> {
    let source = match source(root, path) {
        Ok(source) => Arc::new(source),
        Err(diagnostic) => {
            diagnostics.push(*diagnostic);
            return None;
        }
    };
    match yaml::document(&source) {
        Ok(node) => Some((Reading::new(&Arc::new(access::blackened(&source, &node))), node)),
        Err(diagnostic) => {
            diagnostics.push(*diagnostic);
            None
        }
    }
}

fn source(root: &Path, path: &str) -> Result<Source, Box<Diagnostic>> {
    let bytes = read_file(&root.join(path), LARGEST_FILE)
        .map_err(|error| Box::new(unreadable(path, &error)))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let diagnostic = Diagnostic::error(NOT_UTF8, "the file is not UTF-8")
            .at(&Arc::new(Source::new(path, text)), valid..valid, "")
            .help("save it as UTF-8");
        Box::new(diagnostic)
    })?;
    Ok(Source::new(path, text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

fn unreadable(path: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::error(UNREADABLE, format!("`{path}` cannot be read: {error}"))
        .help("make it a file that can be read, or take it away")
}

/// Files by what they are, relative to the root, in order.
#[derive(Default)]
struct Paths {
    environments: Vec<String>,
    /// `*.schema.yaml`.
    schemas: Vec<String>,
}

/// Every YAML file of the folder and its sub-folders. Hidden files and folders are none. A file that only
/// its ending keeps from being an environment is listed too, to be refused.
fn paths(root: &Path, diagnostics: &mut Diagnostics) -> Paths {
    let folder = root.join(FOLDER);
    // That there is no folder is said by the lack of a fleet file.
    if !folder.exists() && !folder.is_symlink() {
        return Paths::default();
    }
    let found = walk(root, &folder);
    let failures = found.failures.into_iter().filter(|(path, _)| !is_hidden(path));
    diagnostics.extend(failures.map(|(_, failure)| failure));
    let others = found.others.into_iter().map(|file| file.shown);
    let read: BTreeSet<&str> = found.files.iter().map(|file| file.shown.as_str()).collect();
    let aside = others.filter(|path| was_environment(path, &read)).map(|path| put_aside(&path));
    diagnostics.extend(aside);
    let paths = found.files.into_iter().map(|file| file.shown);
    let is_schema = |path: &String| {
        let lower = path.to_lowercase();
        lower.ends_with(".schema.yaml") || lower.ends_with(".schema.yml")
    };
    let (schemas, environments) = paths.filter(|path| !is_hidden(path)).partition(is_schema);
    Paths { environments, schemas }
}

fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

/// Whether a file has been an environment by its name, and is no copy of one that is read:
/// `contoso.yaml.bak`, `contoso.yaml.off`.
fn was_environment(path: &str, read: &BTreeSet<&str>) -> bool {
    let end =
        [".yaml", ".yml"].iter().find_map(|end| Some(path.to_lowercase().find(end)? + end.len()));
    end.is_some_and(|end| !is_hidden(path) && !path.get(..end).is_some_and(|p| read.contains(p)))
}

fn put_aside(path: &str) -> Diagnostic {
    let message = format!("`{path}` looks like an environment and is not read");
    Diagnostic::warning(NOT_READ, message)
        .at(&Arc::new(Source::new(path, "")), 0..0, "")
        .because("files of environments end in `.yaml`")
        .help(format!("rename it, or take it out of `{FOLDER}/`"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::sample::{ENVIRONMENT, FLEET, check_errors, fleet, shown};
    use super::super::{Credential, Endpoint, sample};
    use super::*;

    #[test]
    fn the_shipped_environments_load() {
        let (fleet, diagnostics) = load(Path::new(env!("CARGO_MANIFEST_DIR")));
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");
        let fleet = fleet.unwrap();
        let keys: Vec<String> =
            fleet.workspaces().iter().map(|(_, workspace)| workspace.key.to_string()).collect();
        assert_eq!(keys, ["local/sandbox", "contoso/contoso-lab", "contoso/contoso-prod"]);
        let local = fleet.environments.values().find(|each| each.name.as_str() == "local").unwrap();
        assert_eq!(local.endpoint, Endpoint::Embedded);
        assert_eq!(local.credential.value, Credential::None);
    }

    #[test]
    fn what_is_not_said_has_defaults() {
        let fleet = fleet(&[("fleet.yaml", "owner: acme"), ("emea/a.yaml", ENVIRONMENT)]);
        assert_eq!(fleet.limits, super::super::Limits::default());
        assert_eq!(fleet.policy, super::super::Policy::default());
        let workspaces = fleet.workspaces();
        let (environment, workspace) = workspaces[0];
        assert_eq!(environment.path, "environments/emea/a.yaml");
        assert_eq!(workspace.key.to_string(), "a/prod");
        assert_eq!(workspace.ring.value.as_str(), "all");
        assert!(!workspace.prune);
        assert_eq!(
            workspace.id.value.to_string(),
            "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg-sec/providers/\
             Microsoft.OperationalInsights/workspaces/law-sec"
        );
    }

    #[test]
    fn a_workspace_without_a_ring_is_in_the_last_one() {
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT)]);
        assert_eq!(fleet.workspaces()[0].1.ring.value.as_str(), "broad");
    }

    #[test]
    fn other_files_are_no_environments() {
        fleet(&[
            ("fleet.yaml", FLEET),
            ("a.yaml", ENVIRONMENT),
            ("README.md", "x: ["),
            (".hidden/b.yaml", "x: ["),
            ("a.yaml.bak", ENVIRONMENT),
        ]);
    }

    #[test]
    fn an_environment_that_was_put_aside_is_named() {
        for name in ["b.yaml.off", "emea/B.YML~"] {
            let files = [("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT), (name, ENVIRONMENT)];
            let (fleet, diagnostics) = sample::load(&files);
            assert_eq!(shown(&diagnostics), [format!("file-not-read {name}:1 ")]);
            assert!(fleet.is_some(), "it is a warning");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_a_link_hides_outside_the_root_is_neither_read_nor_shown() {
        let outside = tempfile::tempdir().unwrap();
        let secret = outside.path().join("secret.txt");
        fs::write(&secret, "password: [hunter2\n").unwrap();
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(FOLDER);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("fleet.yaml"), FLEET).unwrap();
        std::os::unix::fs::symlink(&secret, folder.join("x.yaml")).unwrap();
        let (fleet, diagnostics) = load(root.path());
        assert!(fleet.is_none());
        assert!(!format!("{diagnostics:?}").contains("hunter2"));
        assert_eq!(shown(&diagnostics), ["link-outside-root x.yaml:1 "]);
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
        let windows = format!("\u{feff}{}", ENVIRONMENT.replace('\n', "\r\n"));
        fleet(&[("fleet.yaml", FLEET), ("a.yaml", &windows)]);
        let wrong = format!("{windows}    rnig: early\r\n");
        check_errors(&[("fleet.yaml", FLEET), ("a.yaml", &wrong)], &["unknown-key a.yaml:9 rnig"]);
    }

    #[test]
    fn files_that_cannot_be_read_are_named() {
        check_errors(&[], &["no-fleet-file"]);
        check_errors(&[("a.yaml", ENVIRONMENT)], &["no-fleet-file"]);
        check_errors(&[("fleet.yaml", FLEET)], &["no-environment"]);
        let broken = [("fleet.yaml", FLEET), ("a.yaml", "cloud: [public\ntags: []\n")];
        check_errors(&broken, &["invalid-yaml a.yaml:2 : []"]);
        check_errors(
            &[("fleet.yaml", "owner: a\nowner: b\n"), ("a.yaml", ENVIRONMENT)],
            &["duplicate-key fleet.yaml:2 owner"],
        );
        check_errors(&[("fleet.yaml", FLEET), ("a.yaml", "")], &["wrong-type a.yaml:1 "]);
    }

    #[test]
    fn a_file_that_is_not_utf8_is_refused_at_its_first_wrong_byte() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(FOLDER)).unwrap();
        fs::write(root.path().join("environments/fleet.yaml"), b"owner: acme\n# caf\xe9\n")
            .unwrap();
        let (fleet, diagnostics) = load(root.path());
        assert!(fleet.is_none());
        assert_eq!(shown(&diagnostics), ["not-utf8 fleet.yaml:2 "]);
    }

    #[test]
    fn a_file_that_would_be_ignored_is_refused() {
        let right = [("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT)];
        for name in ["b.yml", "B.YAML", "emea/fleet.yaml", "Fleet.yaml", "a b.yaml"] {
            let files = [right[0], right[1], (name, ENVIRONMENT)];
            let (fleet, diagnostics) = sample::load(&files);
            assert_eq!(shown(&diagnostics), ["environment-file-name"], "{name}");
            assert!(fleet.is_none());
        }
    }

    #[test]
    fn two_files_of_one_environment_are_refused_in_any_case() {
        let files = [("fleet.yaml", FLEET), ("a.yaml", ENVIRONMENT), ("emea/A.yaml", ENVIRONMENT)];
        check_errors(&files, &["duplicate-environment"]);
    }
}
