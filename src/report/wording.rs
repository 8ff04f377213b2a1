//! The words for classes, actions, effects and fields that every report for people uses.

use crate::ident::ExclusionId;
use crate::plan::{Action, BaselineSide, Change, Class, DesiredSide, Effect, FieldChange, Moved};
use crate::report::{escape, summary, width};
use crate::state::Freeze;

/// A sign that stands before an action, for the eye; the word behind it says the same.
pub(super) const fn sign(action: Action) -> char {
    match action {
        Action::Create => '+',
        Action::Update | Action::Restore => '~',
        Action::Record | Action::Forget => '=',
        Action::Retire | Action::Delete => '-',
        Action::None => '.',
        Action::Refuse => '!',
    }
}

/// What will be done, in a word; where nothing is, what the item is instead.
pub(super) fn action_word(change: &Change) -> &'static str {
    match change.action {
        Action::None => match change.class {
            Class::Held => "held",
            Class::AutoDisabled => "left disabled",
            Class::Retired => "waits for prune",
            Class::InSync if summary::is_in_sync_but_accepted(change) => "accepted drift",
            Class::InSync => "in sync",
            _ => "left alone",
        },
        Action::Refuse => "refused",
        action => action.as_str(),
    }
}

/// Until when and why nothing is written, behind the word `frozen`.
pub(super) fn freeze(freeze: &Freeze) -> String {
    let reason = escape::visible(&freeze.reason);
    format!("until {}: {reason} ({}); nothing is written here till then", freeze.to, freeze.set_at)
}

/// What a change does to detection; empty when nothing is known.
pub(super) fn effect_sentence(change: &Change) -> String {
    match change.effect {
        Effect::Quieter => quieter_sentence(change),
        Effect::Louder => "makes detection louder".to_owned(),
        Effect::Neutral => String::new(),
    }
}

fn quieter_sentence(change: &Change) -> String {
    let by = &change.quieter_by;
    let makes = match by.is_empty() || by.iter().any(|one| one.is_certain) {
        true => "makes detection quieter",
        false => "may make detection quieter",
    };
    let by: Vec<String> = by.iter().map(|one| escape::visible(&one.what)).collect();
    match by.as_slice() {
        [] => format!("{makes}: fewer or less visible alerts"),
        by => format!("{makes}: {}", by.join("; ")),
    }
}

/// Who moved, in words.
pub(super) const fn moved_words(moved: Moved) -> &'static str {
    match moved {
        Moved::Desired => "changed in git",
        Moved::Live => "changed outside git",
        Moved::Both => "changed in git and, to another value, outside git",
        Moved::Unknown => "who changed it is unknown: nothing is recorded for this field",
    }
}

/// Who moved and whether it is accepted, as one remark about a field.
pub(super) fn remark(field: &FieldChange) -> String {
    match &field.accepted {
        None => moved_words(field.moved).to_owned(),
        Some(terms) => {
            format!("{}, accepted {}", moved_words(field.moved), escape::visible(terms))
        }
    }
}

/// The third side of a conflict.
pub(super) const fn third_side(moved: Moved) -> &'static str {
    match moved {
        Moved::Unknown => {
            "what was last applied is not recorded, so nobody can say which side moved"
        }
        Moved::Both | Moved::Live | Moved::Desired => "neither is what was last applied",
    }
}

/// Whether the files have a value to show: an item that is held, gone from the files
/// or of another kind there has none.
pub(super) const fn has_desired(change: &Change) -> bool {
    !matches!(change.class, Class::Held | Class::RetiredEdited | Class::KindChange)
}

/// Whether fields are worth showing without being asked: those of an item that is about to be made
/// are its file once more.
pub(super) const fn shows_fields(change: &Change) -> bool {
    !matches!(change.class, Class::New | Class::Vanished | Class::Leftover | Class::Gone)
}

/// Columns of a value that has no other to be compared with.
const ALONE: usize = 300;

/// What the workspace has, where the files have nothing to compare it with; a long text is cut.
pub(super) fn live_alone(field: &FieldChange) -> String {
    format!("workspace has {}", width::cut(&escape::value(&field.before), ALONE))
}

/// Whether an item that was applied is gone from the workspace.
pub(super) fn is_gone(change: &Change) -> bool {
    change.class == Class::Vanished || summary::vanished_while_held(change)
}

/// The exclusions that a new item is deployed with: nobody should have to read its query for that.
pub(super) fn new_exclusions(change: &Change) -> Vec<&str> {
    match (&change.sides.desired, change.action) {
        (DesiredSide::Present(present), Action::Create) => {
            present.exclusions.iter().map(ExclusionId::as_str).collect()
        }
        _ => Vec::new(),
    }
}

/// What is to be said of a rule that is made disabled.
pub(super) const MADE_DISABLED: &str = "created disabled: it detects nothing until it is enabled";

/// Where nothing can be compared.
pub(super) const fn uncompared(change: &Change) -> &'static str {
    match change.sides.baseline {
        BaselineSide::Ours(_) | BaselineSide::Ambiguous(_) => {
            "what was last applied cannot be read: whether it was changed outside git is unknown"
        }
        BaselineSide::None | BaselineSide::Other(..) => {
            "it is there, with no record of this repository: whether it was changed outside git is \
             unknown"
        }
    }
}

/// The way on where items belong to another owner.
pub(super) const FOREIGN: &str = "what another owner deployed is never touched: if `owner` in \
     `environments/fleet.yaml` is misspelt, put it right, else leave the content out for that workspace";

/// The way on that a class leaves to people, once per report; `None` when the next `apply` is it.
pub(super) fn way_on(change: &Change) -> Option<&'static str> {
    match (change.class, change.action) {
        (Class::AutoDisabled, Action::None) => Some(
            "a rule that the service disabled stays so until `sentinelops apply --re-enable`; first \
             find out why it failed",
        ),
        (Class::Conflict, Action::Refuse) => Some(
            "in a conflict, bring the workspace's value into the file, or let the files win with \
             `--on-conflict desired`",
        ),
        (Class::Collision | Class::Twin, Action::Refuse) => Some(
            "an item that is already there is taken over once its file says exactly what is there; a \
             new one beside a look-alike needs `allowTwin` in the environment's file",
        ),
        (Class::KindChange, Action::Refuse) => Some(
            "an item cannot change its kind: put `kind` and its schedule back as they were, or give \
             the content a new id and name the old one in `replaces`",
        ),
        (Class::Foreign, Action::Refuse) => Some(FOREIGN),
        (Class::Retired, Action::None) => {
            Some("retired items stay until `sentinelops apply --prune` deletes them")
        }
        (Class::Held, _) if change.is_held_back() => Some(
            "what was rolled back waits until its file changes, or for `sentinelops apply --retry`",
        ),
        (Class::Held, _) => Some(
            "a held item is neither written nor retired until its files are mended: see \
             `sentinelops check`",
        ),
        _ => None,
    }
}

/// The ways on of several changes, each once, in the order of their first change.
pub(super) fn ways_on<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<&'static str> {
    let mut ways = Vec::new();
    for way in changes.into_iter().filter_map(way_on) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}
