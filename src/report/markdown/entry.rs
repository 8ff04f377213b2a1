//! One change in full, as a template is filled with it.

use serde::Serialize;

use super::list::{MANY, Places, REASON, name};
use crate::plan::{Action, Change, Effect, FieldChange, Moved, WorkspacePlan};
use crate::report::diff::Line;
use crate::report::difference::Difference;
use crate::report::fold::{self, Fold};
use crate::report::{escape, summary, width, wording};

/// A diff in a comment is read between other things; whoever needs more of it opens the file. The
/// limit also keeps one huge value from pushing every other change out of the comment.
const DIFF_LINES: usize = 80;
/// The same in bytes, for diffs of long lines.
const DIFF_BYTES: usize = 12_000;

/// The side that a diff starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A plan leads from the workspace to the files, and tells every field.
    Workspace,
    /// Drift leads from the files to the workspace, and tells what moved there.
    Files,
}

/// A change in full.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    places: Places,
    word: &'static str,
    name: String,
    key: String,
    class: &'static str,
    reason: String,
    quieter: bool,
    notes: Vec<String>,
    diff: String,
}

impl Detail {
    pub(super) fn of(fold: &Fold<'_, WorkspacePlan, Change>, from: Side) -> Self {
        let change = fold.first;
        let word = match from {
            Side::Workspace => wording::action_word(change),
            Side::Files if summary::is_drift(change) => "drift",
            Side::Files if summary::is_accepted(change) => "accepted drift",
            Side::Files => "for information",
        };
        Self {
            places: Places::of_fold(fold, MANY),
            word,
            name: name(&change.name),
            key: change.key.to_string(),
            class: change.class.as_str(),
            reason: width::cut(&escape::visible(&change.reason), REASON),
            quieter: from == Side::Workspace && change.effect == Effect::Quieter,
            notes: notes(fold, from),
            diff: diff(change, from),
        }
    }
}

fn notes(fold: &Fold<'_, WorkspacePlan, Change>, from: Side) -> Vec<String> {
    let change = fold.first;
    let mut notes = Vec::new();
    if from == Side::Files && wording::is_gone(change) {
        notes.push("no longer in the workspace: deleted outside git".to_owned());
    }
    if from == Side::Files && change.fields.is_empty() && summary::is_uncompared(change) {
        notes.push(wording::uncompared(change).to_owned());
    }
    let effect = wording::effect_sentence(change);
    if !effect.is_empty() {
        notes.push(match from {
            Side::Workspace => effect,
            Side::Files => format!("the next apply ({}) {effect}", change.action),
        });
    }
    if from == Side::Workspace && change.creates_disabled() {
        notes.push(wording::MADE_DISABLED.to_owned());
    }
    let exclusions = wording::new_exclusions(change);
    if from == Side::Workspace && !exclusions.is_empty() {
        notes.push(format!("with exclusions {}", exclusions.join(", ")));
    }
    let moved_live = change.fields.iter().any(summary::moved_live) || !change.observed.is_empty();
    let modified = fold::modified(fold.places.iter().map(|(_, one)| one.modified.as_ref()));
    notes.extend(modified.filter(|_| moved_live));
    let frozen = fold.places[0].0.frozen.as_ref();
    notes.extend(frozen.map(|freeze| format!("frozen {}", wording::freeze(freeze))));
    notes
}

/// Every field as lines of one diff; empty when there is nothing to show.
fn diff(change: &Change, from: Side) -> String {
    let mut lines = Vec::new();
    let told = |field: &&FieldChange| match from {
        Side::Workspace => wording::shows_fields(change),
        Side::Files => summary::moved_live(field) && !wording::is_gone(change),
    };
    for field in change.fields.iter().filter(told) {
        lines.push(Line::new(
            '@',
            format!("@@ {}: {} @@", field.field, remark(change, field, from)),
        ));
        if matches!(field.moved, Moved::Both | Moved::Unknown) {
            lines.push(Line::new('!', format!(" {}", wording::third_side(field.moved))));
        }
        if wording::has_desired(change) {
            lines.extend(sides(field, from));
        } else {
            lines.push(Line::new(' ', wording::live_alone(field)));
        }
    }
    for field in &change.observed {
        let text = format!("@@ {}: the customer's to choose; not written @@", field.field);
        lines.push(Line::new('@', text));
        lines.extend(sides(field, from));
    }
    limited(&lines)
}

fn remark(change: &Change, field: &FieldChange, from: Side) -> String {
    let writes = change.action.writes() && field.accepted.is_none();
    match (from, writes, change.action) {
        (Side::Workspace, false, Action::None) => {
            format!("{}; not written", wording::remark(field))
        }
        _ => wording::remark(field),
    }
}

fn sides(field: &FieldChange, from: Side) -> Vec<Line> {
    let (from, to) = match from {
        Side::Workspace => (&field.before, &field.after),
        Side::Files => (&field.after, &field.before),
    };
    Difference::between(field.field, from, to).into_lines()
}

fn limited(lines: &[Line]) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let text = line.to_text();
        if index >= DIFF_LINES || out.len() + text.len() > DIFF_BYTES {
            out += &format!("… {} more lines are not shown\n", lines.len() - index);
            break;
        }
        out += &text;
        out.push('\n');
    }
    out
}
