//! The entry: all content in all workspaces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::item::compile_content;
use super::reading::Vocabulary;
use super::test_report::{Judgement, TestReport};
use super::tests_of_exclusions::{conclude, failing};
use super::verdict::WITNESS;
use crate::content::{AppliesTo, Broken, Catalog, Content};
use crate::diag::{Code, Diagnostic, Diagnostics, Label, Severity};
use crate::environment::{Environment, Fleet, Policy, Workspace};
use crate::ident::{ContentId, Day, ExclusionId, Family, ItemKey, RingName};
use crate::kql::EcsMap;
use crate::state::desired::{
    DesiredState, HeldReason, Successor, UnreadableContent, UnselectedContent,
};
use crate::state::{Desired, DesiredItem, DesiredWorkspace, Ring, RunTerms};

/// What the files come to.
#[derive(Debug)]
pub struct Compiled {
    /// What should be in every workspace of the fleet.
    pub desired: Desired,
    /// What is to be said about content and exclusions, without repeats.
    pub diagnostics: Diagnostics,
    /// How the tests of every exclusion in use went, by exclusion.
    pub tests: TestReport,
    /// In how many items and workspaces each exclusion is compiled.
    pub reach: BTreeMap<ExclusionId, Reach>,
}

/// Where an exclusion is compiled in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Pairs of item and workspace.
    pub placements: usize,
}

/// What every item is compiled against.
pub(super) struct Index<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) by_id: BTreeMap<&'a ContentId, &'a Content>,
    pub(super) workspaces: Vec<(&'a Environment, &'a Workspace)>,
    /// ECS names by workspace, in the order of `workspaces`.
    pub(super) ecs: Vec<EcsMap>,
    pub(super) policy: &'a Policy,
    pub(super) today: Day,
}

impl<'a> Index<'a> {
    pub(super) fn new(catalog: &'a Catalog, fleet: &'a Fleet, today: Day) -> Self {
        let by_id = catalog.contents.iter().map(|content| (&content.id.value, content)).collect();
        let workspaces = fleet.workspaces();
        let ecs = workspaces.iter().map(|(_, workspace)| ecs_of(workspace)).collect();
        Self { catalog, by_id, workspaces, ecs, policy: &fleet.policy, today }
    }
}

impl Index<'_> {
    /// What names mean in the workspace at this place.
    pub(super) fn names(&self, at: usize) -> Vocabulary<'_> {
        Vocabulary { ecs: &self.ecs[at], schema: self.workspaces[at].0.schema() }
    }
}

fn ecs_of(workspace: &Workspace) -> EcsMap {
    let mut map = EcsMap::builtin();
    for (table, names) in &workspace.settings.ecs {
        for (name, column) in names {
            map = map.with_mapping(table, name, &column.value);
        }
    }
    map
}

/// Compiles everything for every workspace of the fleet.
#[must_use]
pub fn compile(catalog: &Catalog, fleet: &Fleet, today: Day) -> Compiled {
    let index = Index::new(catalog, fleet, today);
    let compiled: Vec<_> =
        catalog.contents.par_iter().map(|content| compile_content(content, &index)).collect();
    let mut workspaces: Vec<DesiredWorkspace> =
        index.workspaces.iter().map(|(_, workspace)| empty(workspace, catalog)).collect();
    let mut result = Compiled {
        desired: Desired {
            owner: fleet.owner.value.clone(),
            terms: terms(catalog, fleet),
            workspaces: Vec::new(),
        },
        diagnostics: Diagnostics::new(),
        tests: TestReport::default(),
        reach: BTreeMap::new(),
    };
    let mut diagnostics = Once::default();
    let mut trials: BTreeMap<(ExclusionId, usize), Vec<Judgement>> = BTreeMap::new();
    for (content, outcome) in catalog.contents.iter().zip(compiled) {
        diagnostics.extend(outcome.diagnostics);
        for trial in outcome.trials {
            trials.entry((trial.exclusion, trial.test)).or_default().push(trial.judgement);
        }
        leave_out(content, &outcome.items, &mut workspaces);
        let name: Arc<str> = content.name().into();
        let path: Arc<str> = content.source.path().into();
        for (at, state) in outcome.items {
            let workspace = &mut workspaces[at];
            if let DesiredState::Present(present) = &state {
                for id in &present.exclusions {
                    result.reach.entry(id.clone()).or_default().placements += 1;
                }
            }
            let item = DesiredItem { name: Arc::clone(&name), path: Arc::clone(&path), state };
            workspace.items.insert(content.key(), item);
        }
    }
    for exclusion in &catalog.exclusions {
        if result.reach.contains_key(&exclusion.id.value) {
            let (results, failures) = conclude(exclusion, &trials);
            result.tests.results.extend(results);
            diagnostics.extend(failures);
        }
    }
    hold_untested(&mut workspaces, &result);
    result.diagnostics.extend(diagnostics.kept);
    result.diagnostics.sort();
    result.desired.workspaces = workspaces;
    result
}

/// A path and bytes in it.
type Place = (String, (usize, usize));

/// What makes two diagnostics the same: all that is seen of them but their notes.
type Said = (Code, Severity, String, Vec<Place>);

/// Says the same thing about many items once, with all its notes, and leaves one witness per
/// exclusion: it differs from workspace to workspace only in what does not matter, such as the time.
/// A note is not the same as the error of its words: it would hide that an item is held.
#[derive(Default)]
struct Once {
    witnesses: BTreeSet<Option<String>>,
    said: BTreeMap<Said, usize>,
    kept: Vec<Diagnostic>,
}

impl Once {
    fn extend(&mut self, diagnostics: Vec<Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.add(diagnostic));
    }

    fn add(&mut self, diagnostic: Diagnostic) {
        if diagnostic.code == WITNESS {
            if self.witnesses.contains(&diagnostic.subject) {
                return;
            }
            self.witnesses.insert(diagnostic.subject.clone());
        }
        let place =
            |label: &Label| (label.source.path().to_owned(), (label.span.start, label.span.end));
        let places = diagnostic.labels.iter().map(place).collect();
        let key = (diagnostic.code, diagnostic.severity, diagnostic.message.clone(), places);
        match self.said.get(&key).copied() {
            Some(at) => {
                let notes = &mut self.kept[at].notes;
                let new = diagnostic.notes.into_iter().filter(|note| !notes.contains(note));
                let new: Vec<String> = new.collect();
                notes.extend(new);
            }
            None => {
                self.said.insert(key, self.kept.len());
                self.kept.push(diagnostic);
            }
        }
    }
}

/// Holds every item that an exclusion whose tests fail is compiled into.
fn hold_untested(workspaces: &mut [DesiredWorkspace], result: &Compiled) {
    let failing = failing(&result.tests.results);
    if failing.is_empty() {
        return;
    }
    for workspace in workspaces {
        for item in workspace.items.values_mut() {
            let DesiredState::Present(present) = &item.state else { continue };
            let reasons: Vec<HeldReason> = present
                .exclusions
                .iter()
                .filter(|id| failing.contains(*id))
                .map(|id| HeldReason {
                    code: "exclusion-test-failed".into(),
                    message: format!("a test of exclusion `{id}` fails"),
                })
                .collect();
            if !reasons.is_empty() {
                item.state = DesiredState::Held(reasons);
            }
        }
    }
}

/// A workspace without its items.
fn empty(workspace: &Workspace, catalog: &Catalog) -> DesiredWorkspace {
    let resources =
        workspace.resources.iter().map(|(id, name)| (id.clone(), name.value.clone())).collect();
    DesiredWorkspace {
        key: workspace.key.clone(),
        ring: workspace.ring.value.clone(),
        id: workspace.id.value.clone(),
        items: BTreeMap::new(),
        unreadable: catalog.broken.iter().map(unreadable).collect(),
        unselected: not_read(catalog),
        resources,
        allow_twin: workspace.allow_twin.iter().map(|id| id.value.clone()).collect(),
        prune: workspace.prune,
        replaced: replaced(catalog),
        retire_blocked: retire_blocked(catalog),
        observed: workspace.settings.observed.iter().map(|field| field.value).collect(),
        guards: workspace.settings.guards.clone(),
        freeze: workspace.settings.freeze.clone(),
        rollbacks: BTreeMap::new(),
    }
}

/// What holds for a run as a whole. A ring without a workspace is none: nothing waits for it.
fn terms(catalog: &Catalog, fleet: &Fleet) -> RunTerms {
    let workspaces = fleet.workspaces();
    let is_used = |ring: &&RingName| workspaces.iter().any(|(_, w)| w.ring.value == **ring);
    let ring = |name: &RingName| Ring {
        name: name.clone(),
        budget: fleet.budgets.get(name).cloned().unwrap_or_default(),
    };
    let is_broad =
        |applies_to: &AppliesTo| !applies_to.tags.is_empty() || !applies_to.tables.is_empty();
    let broad = catalog.exclusions.iter().filter(|exclusion| is_broad(&exclusion.applies_to));
    RunTerms {
        rings: fleet.rings.iter().filter(is_used).map(ring).collect(),
        guards: fleet.run_guards.clone(),
        broad_exclusions: broad.map(|exclusion| exclusion.id.value.clone()).collect(),
    }
}

/// Why nothing may be retired: some file may be, or may take the place of, any item that is absent.
fn retire_blocked(catalog: &Catalog) -> Option<String> {
    let nameless = catalog.broken.iter().find(|broken| broken.id.is_none());
    let nameless = nameless.map(|broken| ("the id", &broken.path));
    let (what, path) =
        nameless.or(catalog.replaces_unreadable.as_ref().map(|path| ("`replaces`", path)))?;
    Some(format!("nothing is retired while {what} of `{path}` cannot be read"))
}

/// Notes a content file in the workspaces that it does not belong into: an item of its id is there
/// not for want of a file.
fn leave_out(
    content: &Content,
    items: &BTreeMap<usize, DesiredState>,
    workspaces: &mut [DesiredWorkspace],
) {
    let left_out = Arc::new(UnselectedContent {
        key: content.key(),
        path: content.source.path().to_owned(),
        held: content.held.clone(),
    });
    for (_, workspace) in
        workspaces.iter_mut().enumerate().filter(|(at, _)| !items.contains_key(at))
    {
        workspace.unselected.push(Arc::clone(&left_out));
    }
}

/// What is replaced by content that loaded and by content that did not.
fn replaced(catalog: &Catalog) -> BTreeMap<ContentId, Vec<Successor>> {
    let mut replaced: BTreeMap<ContentId, Vec<Successor>> = BTreeMap::new();
    for content in &catalog.contents {
        let Some(old) = &content.replaces else { continue };
        let path = content.source.path().to_owned();
        let successor = Successor { path, key: Some(content.key()) };
        replaced.entry(old.value.clone()).or_default().push(successor);
    }
    let broken = catalog.broken.iter().map(|broken| (&broken.path, &broken.replaces));
    let not_read = catalog.not_read.iter().map(|file| (&file.path, &file.replaces));
    for (path, ids) in broken.chain(not_read) {
        for old in ids {
            let successor = Successor { path: path.clone(), key: None };
            replaced.entry(old.clone()).or_default().push(successor);
        }
    }
    replaced
}

/// Files that are not read hold what was deployed under their ids, in either family.
fn not_read(catalog: &Catalog) -> Vec<Arc<UnselectedContent>> {
    let mut items = Vec::new();
    for file in &catalog.not_read {
        for (id, family) in file.ids.iter().flat_map(|id| Family::ALL.map(|family| (id, family))) {
            items.push(Arc::new(UnselectedContent {
                key: ItemKey { family, id: id.clone() },
                path: file.path.clone(),
                held: vec![file.reason.clone()],
            }));
        }
    }
    items
}

fn unreadable(broken: &Broken) -> UnreadableContent {
    UnreadableContent {
        path: broken.path.clone(),
        id: broken.id.clone(),
        reason: broken.reason.clone(),
    }
}
