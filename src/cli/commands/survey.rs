//! What `plan`, `drift` and `apply` have in common: load, select, read the workspaces, plan.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::arm::{Collection, WorkspaceId};
use crate::cli::args::{OnConflict, OnDrift, Selection as Typed, Shape};
use crate::cli::connect::{Connected, connect};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::files;
use crate::cli::load::{Loaded, load_or_stop};
use crate::cli::ui::Ui;
use crate::content::Content;
use crate::environment::{Environment, Fleet, Selection, Workspace};
use crate::ident::{Day, ItemKey, Tag, WorkspaceKey};
use crate::live::{Target, observe_each, read_playbooks};
use crate::merge::Part;
use crate::plan::{self, Change, Class, Options, Plan, Planner};
use crate::report;
use crate::report::summary;
use crate::state::{Desired, Ring};

/// Where the names of content in a selection come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Somebody typed them: one that names nothing is a slip.
    Typed,
    /// A saved plan has them, and what they name may be gone since, by that very plan.
    Saved,
}

/// A plan and what it came from. Of what is desired only the selected workspaces are left.
pub(super) struct Survey {
    pub(super) loaded: Loaded,
    pub(super) plan: Plan,
    pub(super) connected: Connected,
    selection: Selection,
}

impl Survey {
    /// What its report is a part of.
    pub(super) fn part(&self, context: &Context, digest: Option<&str>) -> Part {
        let fleet = &self.loaded.fleet;
        let all = Selection { shard: None, ..self.selection.clone() };
        let of_all_rings = Selection { rings: Vec::new(), ..all.clone() };
        let mut rings: Vec<String> = of_all_rings
            .workspaces(fleet)
            .unwrap_or_default()
            .iter()
            .map(|(_, workspace)| workspace.ring.value.to_string())
            .collect();
        rings.dedup();
        let shards = self.selection.shard.map_or_else(Vec::new, |shard| {
            let workspaces = all.workspaces(fleet).unwrap_or_default();
            shard.siblings(&workspaces).map(|shard| shard.to_string()).collect()
        });
        Part {
            owner: self.plan.owner.to_string(),
            files: files::digest(context),
            digest: digest.map(str::to_owned),
            rings,
            order: self.plan.terms.rings.iter().map(|ring| ring.name.to_string()).collect(),
            selection: words(&all),
            shard: self.selection.shard.map(|shard| shard.to_string()),
            shards,
            exits: Vec::new(),
        }
    }
}

/// A document with what it is a part of, and how the process ends.
pub(super) fn with_part(mut document: Value, part: Part, exits: &[Exit]) -> Value {
    document["part"] = json!(Part { exits: Exit::codes(exits), ..part });
    document
}

/// What was asked for, in one spelling.
pub(super) fn words(selection: &Selection) -> Vec<String> {
    let Selection { environments, workspaces, rings, content, tags, all: _, shard: _ } = selection;
    let named = [
        ("environment", environments),
        ("workspace", workspaces),
        ("ring", rings),
        ("content", content),
        ("tag", tags),
    ];
    let words = named.into_iter().flat_map(|(what, names)| {
        names.iter().map(move |name| format!("{what}={}", name.to_lowercase()))
    });
    let mut words: Vec<String> = words.collect();
    words.sort();
    words.dedup();
    words
}

/// Loads the root, reads the selected workspaces and plans.
///
/// # Errors
/// When the files do not say what should be there, or the selection names what is not there.
pub(super) async fn survey(
    asked: (&Typed, Names),
    options: &Options,
    today: Day,
    context: &Context,
    ui: &Ui,
) -> Result<Survey, Error> {
    survey_of(asked, options, today, context, ui, &|_| Ok(())).await
}

/// Changes what is desired before it is compared.
pub(super) type Turn<'t> = &'t dyn Fn(&mut Desired) -> Result<(), Error>;

/// Like [`survey`], of another desired side than that of the files.
///
/// # Errors
/// Those of [`survey`] and those of the turn.
pub(super) async fn survey_of(
    (typed, names): (&Typed, Names),
    options: &Options,
    today: Day,
    context: &Context,
    ui: &Ui,
    turn: Turn<'_>,
) -> Result<Survey, Error> {
    let mut loaded = load_or_stop(context, ui, today)?;
    let selection = selection(typed);
    let workspaces = selected(&selection, &loaded.fleet, ui)?;
    if let (Some(shard), true) = (selection.shard, workspaces.is_empty()) {
        ui.note(&format!("Shard {shard} has no workspace: nothing is to be done in it."));
    }
    check_acknowledged(options, &loaded.fleet, ui)?;
    let desired = &mut loaded.compiled.desired;
    keep_only(desired, &workspaces, &selection);
    turn(desired)?;
    let connected = connect(context, &loaded.fleet, &workspaces, ui).await?;
    let targets: Vec<Target> =
        desired.workspaces.iter().map(|w| Target::of(&desired.owner, w)).collect();
    let mut planner = Planner::new(desired, options, today);
    let progress = ui.progress(targets.len(), "reading workspaces");
    let planned = observe_each(&connected.clients, &targets, |target, seen| {
        progress.inc(1);
        planner.workspace(&target.key, &seen)
    });
    let planned = planned.await;
    let mut plan = planner.plan(planned.into_iter().flatten());
    progress.finish_and_clear();
    // What a workspace that was not read has is not known, so no name can be called unknown.
    let is_read = plan.workspaces.iter().all(|workspace| workspace.unreadable.is_none());
    if names == Names::Typed
        && is_read
        && let Err(error) = check_names(&plan, &selection, &loaded, ui)
    {
        connected.close().await;
        return Err(error);
    }
    filter(&mut plan, &selection, &loaded);
    look_at_playbooks(&mut plan, &connected).await;
    if names == Names::Typed {
        say_idle(&plan, ui);
    }
    Ok(Survey { loaded, plan, connected, selection })
}

/// A workspace that is named in an acknowledgement is one of the fleet, and only one.
fn check_acknowledged(options: &Options, fleet: &Fleet, ui: &Ui) -> Result<(), Error> {
    let named = options.acknowledged.iter().filter_map(|ack| ack.workspace.as_ref());
    let unknown = fleet.unclear_workspaces(named);
    if unknown.is_empty() {
        return Ok(());
    }
    ui.message(&report::text::diagnostics(&unknown, ui.messages()));
    Err(Error::new(Exit::Invalid, "an acknowledgement is not about one workspace"))
}

/// What is acknowledged and was not found may be a slip, or hide the next thing that is found.
fn say_idle(plan: &Plan, ui: &Ui) {
    for ack in plan::idle(plan) {
        ui.message(&format!(
            "warning: `--ack {ack}` acknowledges nothing: no guard objects to that; take it out"
        ));
    }
}

/// Reads which playbooks the rules start that are to be deleted.
async fn look_at_playbooks(plan: &mut Plan, connected: &Connected) {
    let rule = |(key, workspace, change): (&WorkspaceKey, &WorkspaceId, &mut Change)| {
        let id = workspace.resource(Collection::AlertRules, &change.arm_name);
        (key.environment.clone(), id)
    };
    let rules: Vec<_> = plan.deleted_rules().map(rule).collect();
    let found = read_playbooks(&connected.clients, &rules).await;
    for ((_, _, change), playbooks) in plan.deleted_rules().zip(found) {
        change.playbooks = Some(playbooks);
    }
}

/// What a page for a browser says besides the plan.
pub(super) fn page_facts<'l>(
    loaded: &'l Loaded,
    today: Day,
    context: &'l Context,
) -> report::html::Facts<'l> {
    report::html::Facts {
        today,
        commit: context.commit.as_deref(),
        catalog: Some(&loaded.catalog),
        expiry_warning_days: loaded.fleet.policy.expiry_warning_days,
    }
}

/// The options that the flags come to.
pub(super) fn options(shape: &Shape, typed: &Typed, context: &Context) -> Options {
    let mut acknowledged = shape.ack.clone();
    acknowledged.sort();
    acknowledged.dedup();
    Options {
        prune: shape.prune,
        keep_drift: shape.drift == Some(OnDrift::Report),
        desired_wins: shape.on_conflict == Some(OnConflict::Desired),
        re_enable: shape.re_enable,
        keep_going: shape.keep_going,
        retry: shape.retry,
        acknowledged,
        selection: typed_words(typed),
        commit: context.commit.clone(),
    }
}

/// The selection as it was typed, in one spelling, for a saved plan's digest. Which workspaces the
/// plan was made for stands in the plan itself.
fn typed_words(typed: &Typed) -> Vec<String> {
    let mut words: Vec<String> = typed
        .content
        .iter()
        .map(|content| format!("content={content}"))
        .chain(typed.tags.iter().map(|tag| format!("tag={tag}")))
        .collect();
    words.sort();
    words.dedup();
    words
}

pub(super) fn selection(typed: &Typed) -> Selection {
    Selection {
        environments: typed.environments.clone(),
        workspaces: typed.workspaces.clone(),
        rings: typed.rings.clone(),
        content: typed.content.clone(),
        tags: typed.tags.clone(),
        all: typed.all,
        shard: typed.shard,
    }
}

pub(super) fn selected<'l>(
    selection: &Selection,
    fleet: &'l Fleet,
    ui: &Ui,
) -> Result<Vec<(&'l Environment, &'l Workspace)>, Error> {
    selection.workspaces(fleet).map_err(|diagnostics| {
        ui.message(&report::text::diagnostics(&diagnostics, ui.messages()));
        Error::new(Exit::Invalid, "the selection names what is not there")
    })
}

/// Leaves the desired side of the selected workspaces. Where rings are named, the run is one job of a
/// chain, and later rings wait for how it ends; else only those of this run do.
fn keep_only(
    desired: &mut Desired,
    workspaces: &[(&Environment, &Workspace)],
    selection: &Selection,
) {
    let chosen: BTreeSet<&WorkspaceKey> = workspaces.iter().map(|(_, w)| &w.key).collect();
    desired.workspaces.retain(|workspace| chosen.contains(&workspace.key));
    if selection.rings.is_empty() {
        let of_run = |ring: &Ring| workspaces.iter().any(|(_, w)| w.ring.value == ring.name);
        desired.terms.rings.retain(of_run);
    }
}

/// Content that is selected is in the files, or was deployed to one of the workspaces.
fn check_names(plan: &Plan, selection: &Selection, loaded: &Loaded, ui: &Ui) -> Result<(), Error> {
    let in_files = loaded.catalog.contents.iter().map(Content::key);
    let deployed = plan.changes().map(|(_, change)| change.key.clone());
    let keys: BTreeSet<ItemKey> = in_files.chain(deployed).collect();
    let known = keys.iter().map(|key| {
        let (path, tags) = facts(loaded, key);
        (key, path, tags)
    });
    let unknown = selection.unknown_items(known);
    if unknown.is_empty() {
        return Ok(());
    }
    if let Some(shard) = selection.shard {
        let names: Vec<&str> = unknown.iter().map(|one| one.message.as_str()).collect();
        let names = names.join(", ");
        ui.message(&format!("warning: in shard {shard}, {names}; another shard may have it"));
        return Ok(());
    }
    ui.message(&report::text::diagnostics(&unknown, ui.messages()));
    Err(Error::new(Exit::Invalid, "the selection names what is not there"))
}

/// Leaves only the selected content in a finished plan.
fn filter(plan: &mut Plan, selection: &Selection, loaded: &Loaded) {
    if selection.content.is_empty() && selection.tags.is_empty() {
        return;
    }
    plan.keep(|change| {
        let (path, tags) = facts(loaded, &change.key);
        selection.selects(&change.key, path, tags)
    });
}

/// The file of an item, which may be gone, and its tags.
fn facts<'l>(loaded: &'l Loaded, key: &ItemKey) -> (&'l str, &'l [Tag]) {
    let file = loaded.catalog.contents.iter().find(|content| content.key() == *key);
    file.map_or(("", &[]), |content| (content.source.path(), content.tags.as_slice()))
}

/// What a plan by itself says about the exit code: unread workspaces, refusals and held items.
pub(super) fn exits(plan: &Plan) -> Vec<Exit> {
    let mut exits = Vec::new();
    let unreadable: Vec<_> = plan.workspaces.iter().filter_map(|w| w.unreadable.as_ref()).collect();
    if !unreadable.is_empty() {
        exits.push(Exit::Unknown);
        if unreadable.len() == plan.workspaces.len() && unreadable.iter().all(|u| u.denied) {
            exits.push(Exit::Denied);
        }
    }
    if plan::exceeded(plan).iter().any(|found| found.acknowledged.is_none()) {
        exits.push(Exit::Refused);
    }
    if plan.workspaces.iter().any(|workspace| workspace.retire_blocked.is_some()) {
        exits.push(Exit::Invalid);
    }
    for (_, change) in plan.changes() {
        match change.class {
            // The files win, and somebody said so.
            Class::Conflict if plan.options.desired_wins && change.action.writes() => {}
            Class::Conflict
            | Class::Collision
            | Class::Twin
            | Class::KindChange
            | Class::Foreign
            | Class::RetiredEdited => exits.push(Exit::Refused),
            Class::Held if matches!(change.sides.desired, plan::DesiredSide::Held(_)) => {
                exits.push(Exit::Invalid);
            }
            _ => {}
        }
    }
    exits
}

/// Whether something moved outside git that the SOC must know of.
pub(super) fn has_drift(plan: &Plan) -> bool {
    plan.changes().any(|(_, change)| summary::is_drift(change))
}
