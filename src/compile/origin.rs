//! Where each stage of a compiled query came from, and why it stands there.
//!
//! It is worked out anew for whoever asks, from the same parts that compiled the query; what comes out
//! says so with the text that it is about.

use super::compile::Index;
use super::exclusion;
use super::query::injected;
use super::source::Source;
use crate::content::{Catalog, Content, Exclusion, Scope};
use crate::environment::{Environment, Fleet, Workspace};
use crate::ident::{Day, ExclusionId, ItemKey, WorkspaceKey};
use crate::kql::{Query, spine};

/// One stage that an exclusion has become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The exclusion.
    pub exclusion: ExclusionId,
    /// The line of the compiled query on which the stage stands, from 1; its comment is above it.
    pub line: usize,
    /// Where the exclusion stands: `content/exclusions/x.yaml:12`.
    pub place: String,
    /// Which of its criteria the content fits.
    pub applies: String,
    /// Which of its criteria the workspace fits.
    pub in_force: String,
    /// Where in the query it was placed, and why there.
    pub placed: String,
}

/// The stages of exclusions in one item's compiled query, in the order in which they stand. There are
/// none if the item is held, or is not there.
#[must_use]
pub fn origins(
    (catalog, fleet): (&Catalog, &Fleet),
    (workspace, item): (&WorkspaceKey, &ItemKey),
    today: Day,
) -> Vec<Origin> {
    let index = Index::new(catalog, fleet, today);
    let content = catalog.contents.iter().find(|content| content.key() == *item);
    let at = index.workspaces.iter().position(|(_, one)| one.key == *workspace);
    let (Some(content), Some(at)) = (content, at) else { return Vec::new() };
    let Some((before, injected)) = injected(content, &index, at) else { return Vec::new() };
    let (before, after) = (Query::parse(&before), Query::parse(&injected.text));
    let (before_places, after_places) = (spine(&before).places, spine(&after).places);
    let mut origins = Vec::new();
    for stage in &injected.stages {
        let source = Source::of(content, &index);
        let about = exclusion::about(content, source.as_ref(), &index);
        let same = |(_, exclusion): &&(usize, &Exclusion)| exclusion.id.value == stage.id;
        let Some((_, exclusion)) = about.iter().find(same) else { continue };
        let place = before_places.get(stage.place);
        let now = after_places.get(stage.place);
        origins.push(Origin {
            exclusion: stage.id.clone(),
            line: line(&injected.text, stage.span.end),
            place: exclusion.id.place(),
            applies: applies(exclusion, content, &index),
            in_force: scope(exclusion, index.workspaces[at]),
            placed: place.zip(now).map_or_else(String::new, |(place, now)| {
                place.in_words(&before, line(&injected.text, now.source.start))
            }),
        });
    }
    origins
}

fn line(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

/// The first of its criteria that the content fits: its own id or tag, those of the hunt that it takes
/// its query from, or a table.
fn applies(exclusion: &Exclusion, content: &Content, index: &Index<'_>) -> String {
    let own = |content: &Content| {
        let applies = &exclusion.applies_to;
        let id = applies.content.iter().find(|id| id.value == content.id.value);
        let tag = applies.tags.iter().find(|tag| content.tags.contains(&tag.value));
        let id = id.map(|id| format!("`appliesTo` names `{}`", id.value));
        id.or_else(|| tag.map(|tag| format!("`appliesTo` names the tag `{}`", tag.value)))
    };
    let inherited = || {
        let hunt = exclusion::inherited(content, index)?;
        own(hunt).map(|words| format!("{words}, where this rule takes its query from"))
    };
    let tables = || {
        let tables = exclusion.applies_to.tables.iter();
        let named: Vec<String> = tables.map(|table| format!("`{}`", table.value)).collect();
        format!("`appliesTo` names the table {}", named.join(" or "))
    };
    own(content).or_else(inherited).unwrap_or_else(tables)
}

/// The first of its criteria that the workspace fits, and when it ends.
fn scope(exclusion: &Exclusion, (environment, workspace): (&Environment, &Workspace)) -> String {
    let words = match &exclusion.scope.value {
        Scope::All => "`scope` is `all`".to_owned(),
        Scope::Within { environments, workspaces, tags } => {
            let environment = environments.iter().find(|name| name.value == environment.name);
            let workspace_name = workspaces.iter().find(|name| name.value.fits(&workspace.key));
            let tag = tags.iter().find(|tag| workspace.tags.contains(&tag.value));
            let one = environment
                .map(|name| format!("the environment `{}`", name.value))
                .or_else(|| workspace_name.map(|name| format!("the workspace `{}`", name.value)))
                .or_else(|| tag.map(|tag| format!("the tag `{}`", tag.value)));
            format!("`scope` names {}", one.unwrap_or_default())
        }
    };
    match &exclusion.expires {
        Some(day) => format!("{words}; the last day is {}", day.value),
        None => format!("{words}; it has no end"),
    }
}
