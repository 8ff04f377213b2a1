//! One change as text: a line that says what will be done and why, and its fields below.

use super::page::Page;
use crate::ident::WorkspaceKey;
use crate::plan::{Action, Change, Class, Effect, FieldChange, Moved, WorkspacePlan};
use crate::report::difference::Difference;
use crate::report::fold::{self, Fold};
use crate::report::style::Paint;
use crate::report::{escape, wording};

/// Where an item's line begins.
pub(super) const ITEM: usize = 2;
/// Where what belongs to an item begins.
pub(super) const FIELD: usize = 6;
/// Where what belongs to a field begins.
const BELOW: usize = 8;

/// One change of a plan, and where it is the same.
pub(super) fn change(page: &mut Page, fold: &Fold<'_, WorkspacePlan, Change>) {
    let change = fold.first;
    let word = wording::action_word(change);
    let quieter = if change.effect == Effect::Quieter { ", QUIETER" } else { "" };
    let spread = fold.spread();
    let head = format!("{} {word}{quieter}{spread}:", wording::sign(change.action));
    page.sentence(ITEM, paint(change), &head, &about(page, change));
    if change.effect == Effect::Quieter {
        page.sentence(FIELD, Paint::Care, &wording::effect_sentence(change), "");
    }
    if change.creates_disabled() {
        page.sentence(FIELD, Paint::Care, wording::MADE_DISABLED, "");
    }
    let exclusions = wording::new_exclusions(change);
    if !exclusions.is_empty() {
        page.line(FIELD, &format!("with exclusions {}", exclusions.join(", ")));
    }
    if page.style.verbose || wording::shows_fields(change) {
        for field in &change.fields {
            self::field(page, change, field);
        }
    }
    observed(page, change);
    modified(page, fold);
    self::spread(page, fold);
}

/// The workspaces of what is in several, and what a freeze says in all of them.
pub(super) fn spread(page: &mut Page, fold: &Fold<'_, WorkspacePlan, Change>) {
    if !fold.is_shared() {
        return;
    }
    places(page, fold.places.iter().map(|(workspace, _)| &workspace.key));
    if let Some(freeze) = &fold.places[0].0.frozen {
        page.sentence(FIELD, Paint::Care, "frozen", &wording::freeze(freeze));
    }
}

/// The names of several workspaces.
pub(super) fn places<'k>(page: &mut Page, keys: impl IntoIterator<Item = &'k WorkspaceKey>) {
    let most = if page.style.verbose { usize::MAX } else { fold::NAMED };
    let names = fold::names(keys, most);
    page.sentence(FIELD, Paint::Strong, "in", &names);
}

/// `Name (key), class: reason`.
fn about(page: &Page, change: &Change) -> String {
    let name = page.name(&change.name);
    let key = escape::visible(&change.key.to_string());
    let arm_name = match change.arm_name.as_str() == change.key.id.as_str() {
        true => String::new(),
        false => format!(" as {}", escape::visible(change.arm_name.as_str())),
    };
    let reason = escape::visible(&change.reason);
    format!("{name} ({key}{arm_name}), {}: {reason}", change.class)
}

fn paint(change: &Change) -> Paint {
    match (change.class, change.action, change.effect) {
        (Class::AutoDisabled, ..) | (_, Action::Refuse, _) => Paint::Bad,
        (_, _, Effect::Quieter) | (Class::Held, ..) => Paint::Care,
        (_, Action::Create | Action::Update | Action::Restore, _) => Paint::Good,
        (_, Action::Delete | Action::Retire, _) => Paint::Care,
        (_, Action::Record | Action::Forget | Action::None, _) => Paint::Quiet,
    }
}

/// One field of a plan: from what the workspace has to what the files say, if that is written.
fn field(page: &mut Page, change: &Change, field: &FieldChange) {
    let stays = !change.action.writes() || field.accepted.is_some();
    if stays || matches!(field.moved, Moved::Both | Moved::Unknown) {
        return unwritten_field(page, change, field);
    }
    let remark = wording::remark(field);
    match Difference::between(field.field, &field.before, &field.after) {
        Difference::Values { from, to } => {
            let head = format!("{}:", field.field);
            page.sentence(FIELD, Paint::Strong, &head, &format!("{from} → {to} ({remark})"));
        }
        Difference::Parts(lines) => {
            page.sentence(FIELD, Paint::Strong, &format!("{}:", field.field), &remark);
            page.diff(BELOW, &lines);
        }
        Difference::Text(lines) => {
            let head = format!("{}:", field.field);
            let rest = format!("{remark} (- the workspace, + the files)");
            page.sentence(FIELD, Paint::Strong, &head, &rest);
            page.diff(BELOW, &lines);
        }
    }
}

/// Both sides and the third that neither of them is.
fn three_sides(page: &mut Page, change: &Change, field: &FieldChange) {
    let head = format!("{}:", field.field);
    page.sentence(FIELD, Paint::Bad, &head, &wording::remark(field));
    let sides = match wording::has_desired(change) {
        true => Difference::between(field.field, &field.before, &field.after),
        false => Difference::Values { from: escape::value(&field.before), to: String::new() },
    };
    match sides {
        Difference::Values { from, to } => {
            if !to.is_empty() {
                page.line(BELOW, &format!("files say:     {to}"));
            }
            page.line(BELOW, &format!("workspace has: {from}"));
        }
        Difference::Parts(lines) | Difference::Text(lines) => {
            page.line(BELOW, "- only the workspace has it, + only the files say it");
            page.diff(BELOW, &lines);
        }
    }
    page.line(BELOW, wording::third_side(field.moved));
}

/// A field of an item for which the files have no value.
fn only_live(page: &mut Page, field: &FieldChange) {
    let text = format!("{} ({})", wording::live_alone(field), wording::remark(field));
    page.sentence(FIELD, Paint::Strong, &format!("{}:", field.field), &text);
}

/// Fields that the customer chooses.
pub(super) fn observed(page: &mut Page, change: &Change) {
    for field in &change.observed {
        let head = format!("{}:", field.field);
        let whose = "the customer's to choose; not written";
        match Difference::between(field.field, &field.after, &field.before) {
            Difference::Values { from, to } => {
                let text = format!("files say {from}, workspace has {to} ({whose})");
                page.sentence(FIELD, Paint::Strong, &head, &text);
            }
            Difference::Parts(lines) | Difference::Text(lines) => {
                let text = format!("{whose} (- the files, + the workspace)");
                page.sentence(FIELD, Paint::Strong, &head, &text);
                page.diff(BELOW, &lines);
            }
        }
    }
}

/// Who last changed the live item, where something moved there.
pub(super) fn modified(page: &mut Page, fold: &Fold<'_, WorkspacePlan, Change>) {
    let change = fold.first;
    let modified = fold::modified(fold.places.iter().map(|(_, one)| one.modified.as_ref()));
    let moved =
        change.fields.iter().any(crate::report::summary::moved_live) || !change.observed.is_empty();
    if let (true, Some(words)) = (moved, modified) {
        page.line(FIELD, &words);
    }
}

/// One field that is only reported: what the files say and what the workspace has instead.
pub(super) fn unwritten_field(page: &mut Page, change: &Change, field: &FieldChange) {
    if matches!(field.moved, Moved::Both | Moved::Unknown) {
        return three_sides(page, change, field);
    }
    if !wording::has_desired(change) {
        return only_live(page, field);
    }
    let head = format!("{}:", field.field);
    let remark = wording::remark(field);
    match Difference::between(field.field, &field.after, &field.before) {
        Difference::Values { from, to } => {
            let text = format!("files say {from}, workspace has {to} ({remark})");
            page.sentence(FIELD, Paint::Strong, &head, &text);
        }
        Difference::Parts(lines) | Difference::Text(lines) => {
            let text = format!("{remark} (- the files, + the workspace)");
            page.sentence(FIELD, Paint::Strong, &head, &text);
            page.diff(BELOW, &lines);
        }
    }
}
