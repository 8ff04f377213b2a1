//! Lints: what loads and compiles, but is probably not what its author believes, or what the service
//! is documented to refuse.
//!
//! One rule per file, all of them in [`RULES`] and [`ITEM_RULES`]. A rule sees what was loaded and
//! compiled and returns diagnostics. What the service would refuse is an error, and [`Checked::hold`]
//! holds the item that it is about, so that nothing else of it has to fail in the middle of a rollout.

mod alert_overrides;
mod custom_details;
mod duration_bounds;
mod entity_identifiers;
mod environment_dates;
mod exclusion_dates;
mod exclusion_unused;
mod filters;
mod grouping;
mod hunt_tags;
mod item;
mod lookback;
mod mapped_columns;
mod nrt_limits;
mod output;
mod period;
mod placeholders;
mod query_of_all_tables;
mod repeating_window;
mod rule_counts;
#[cfg(test)]
mod sample;
mod several_results;
mod suppression;
mod techniques;
mod text_lengths;
mod undeclared_tables;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use self::item::Item;
use crate::compile::Compiled;
use crate::content::{Catalog, Content, QuerySource};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::environment::{Fleet, Workspace};
use crate::ident::{Day, ItemKey};
use crate::state::Desired;
use crate::state::desired::{DesiredState, HeldReason, Present};

/// What rules look at.
pub struct Subject<'a> {
    /// The content files.
    pub catalog: &'a Catalog,
    /// The environment files.
    pub fleet: &'a Fleet,
    /// What they come to.
    pub compiled: &'a Compiled,
    /// The day of the check, UTC.
    pub today: Day,
}

/// One rule over everything.
pub type Rule = fn(&Subject<'_>) -> Vec<Diagnostic>;

/// One rule over one item as a workspace gets it.
type ItemRule = fn(&Item<'_>) -> Vec<Diagnostic>;

/// Every rule over everything.
pub const RULES: &[Rule] = &[
    environment_dates::check,
    exclusion_dates::check,
    exclusion_unused::check,
    rule_counts::check,
];

/// Every rule over one item.
const ITEM_RULES: &[ItemRule] = &[
    alert_overrides::check,
    custom_details::check,
    duration_bounds::check,
    entity_identifiers::check,
    filters::check,
    grouping::check,
    hunt_tags::check,
    lookback::check,
    mapped_columns::check,
    nrt_limits::check,
    period::check,
    placeholders::check,
    query_of_all_tables::check,
    repeating_window::check,
    several_results::check,
    suppression::check,
    techniques::check,
    text_lengths::check,
    undeclared_tables::check,
];

/// What the rules found.
#[derive(Debug)]
pub struct Checked {
    /// In order, without repeats.
    pub diagnostics: Diagnostics,
    /// Why items must be held, by place of the workspace in the fleet.
    held: BTreeMap<(usize, ItemKey), Vec<HeldReason>>,
}

impl Checked {
    /// Holds the items that have errors.
    pub fn hold(&self, desired: &mut Desired) {
        for ((at, key), reasons) in &self.held {
            let workspace = desired.workspaces.get_mut(*at);
            if let Some(item) = workspace.and_then(|workspace| workspace.items.get_mut(key)) {
                item.state = DesiredState::Held(reasons.clone());
            }
        }
    }
}

/// Applies every rule.
#[must_use]
pub fn check(subject: &Subject<'_>) -> Checked {
    let contents = subject.catalog.contents.par_iter();
    let found: Vec<Vec<Found>> = contents.map(|content| items(subject, content)).collect();
    let mut all: Vec<Diagnostic> = RULES.iter().flat_map(|rule| rule(subject)).collect();
    let mut held = BTreeMap::new();
    for Found { at, key, diagnostics } in found.into_iter().flatten() {
        let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let reasons: Vec<HeldReason> = errors
            .map(|d| HeldReason { code: d.code.to_string(), message: d.message.clone() })
            .collect();
        if !reasons.is_empty() {
            held.insert((at, key), reasons);
        }
        all.extend(diagnostics);
    }
    let mut diagnostics: Diagnostics = once(all).into_iter().collect();
    diagnostics.sort();
    Checked { diagnostics, held }
}

/// What was found about one item of one workspace.
struct Found {
    at: usize,
    key: ItemKey,
    diagnostics: Vec<Diagnostic>,
}

/// Applies the rules for items to one content file. What is the same in several workspaces is looked
/// at once.
fn items(subject: &Subject<'_>, content: &Content) -> Vec<Found> {
    let mut seen: Vec<(&Present, Vec<Diagnostic>)> = Vec::new();
    let mut found = Vec::new();
    let (fleet, desired) = (subject.fleet.workspaces(), &subject.compiled.desired.workspaces);
    for (at, ((environment, workspace), desired)) in fleet.into_iter().zip(desired).enumerate() {
        let item = desired.items.get(&content.key());
        let Some(DesiredState::Present(present)) = item.map(|item| &item.state) else { continue };
        let plain = environment.schema.is_none()
            && !workspace.settings.overrides.contains_key(&content.id.value);
        let known = seen.iter().find(|(other, _)| plain && other.fields == present.fields);
        let diagnostics = match known {
            Some((_, diagnostics)) => diagnostics.clone(),
            None => {
                let item = Item::new(subject, content, present, (environment, workspace));
                let found = ITEM_RULES.iter().flat_map(|rule| rule(&item));
                let diagnostics: Vec<Diagnostic> = match is_its_own(workspace, content) {
                    true => found.map(|d| d.because(format!("in `{}`", workspace.key))).collect(),
                    false => found.collect(),
                };
                if plain {
                    seen.push((present, diagnostics.clone()));
                }
                diagnostics
            }
        };
        found.push(Found { at, key: content.key(), diagnostics });
    }
    found
}

/// Whether files say of the item that it is different in the workspace: then a finding may not be one
/// about what its own file says.
fn is_its_own(workspace: &Workspace, content: &Content) -> bool {
    let settings = &workspace.settings;
    let hunt = match &content.query {
        QuerySource::From { id, .. } => Some(&id.value),
        QuerySource::Own(_) => None,
    };
    settings.overrides.contains_key(&content.id.value)
        || hunt
            .into_iter()
            .chain([&content.id.value])
            .any(|id| settings.parameters.contains_key(id))
}

/// The same finding about many workspaces is said once.
fn once(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    type Key = (Code, String, Option<(String, usize, usize)>);
    let mut seen: BTreeSet<Key> = BTreeSet::new();
    let fresh = |diagnostic: &Diagnostic| {
        let place = diagnostic.labels.first();
        let place = place.map(|l| (l.source.path().to_owned(), l.span.start, l.span.end));
        seen.insert((diagnostic.code, diagnostic.message.clone(), place))
    };
    let mut fresh = fresh;
    diagnostics.into_iter().filter(|diagnostic| fresh(diagnostic)).collect()
}
