//! How an item stands in a workspace, as a sign, a word and a tone.

use serde_json::{Value, json};

use super::Kind;
use crate::plan::{Action, Change, Class, Effect, WorkspacePlan};
use crate::report::{summary, wording};

/// How loud a state is; the page has a colour for each, and a sign so that nobody needs the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tone {
    Unknown,
    Bad,
    Warn,
    Info,
    Calm,
}

impl Tone {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Calm => "calm",
        }
    }
}

/// How an item stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    word: String,
    sign: char,
    tone: Tone,
    /// Whether it is shown without being asked for.
    told: bool,
}

impl State {
    /// Of every item of a workspace that could not be read.
    pub(super) fn unknown() -> Self {
        Self { word: "unknown".into(), sign: '?', tone: Tone::Unknown, told: false }
    }

    /// Of an item.
    pub(super) fn of(kind: Kind, workspace: &WorkspacePlan, change: &Change) -> Self {
        let told = kind.tells(change);
        match kind {
            Kind::Drift => Self { told, ..of_drift(change) },
            Kind::Plan => Self { told, ..of_plan(workspace, change) },
        }
    }

    /// `{word, sign, tone, told}`.
    pub(super) fn to_json(&self) -> Value {
        let Self { word, sign, tone, told } = self;
        json!({"word": word, "sign": sign.to_string(), "tone": tone.as_str(), "told": told})
    }
}

fn state(word: impl Into<String>, sign: char, tone: Tone) -> State {
    State { word: word.into(), sign, tone, told: false }
}

fn of_drift(change: &Change) -> State {
    if summary::is_drift(change) {
        return state(change.class.as_str(), drift_sign(change.class), Tone::Bad);
    }
    if summary::is_foreign(change) {
        return state("of another owner", '@', Tone::Bad);
    }
    if summary::is_accepted(change) {
        return state("accepted", '~', Tone::Info);
    }
    if !change.observed.is_empty() {
        return state("observed", 'o', Tone::Info);
    }
    match change.class {
        Class::InSync => state("in sync", '·', Tone::Calm),
        Class::Held => state("held", '‖', Tone::Warn),
        class => state(format!("{class}, in git only"), '+', Tone::Calm),
    }
}

/// One sign for each way to drift.
const fn drift_sign(class: Class) -> char {
    match class {
        Class::Drifted => '≠',
        Class::ChangedAndDrifted => '±',
        Class::Vanished => '×',
        Class::AutoDisabled => 'Ø',
        Class::RetiredEdited => '¬',
        Class::Held => '‖',
        Class::Collision => '#',
        Class::KindChange => '%',
        _ => '!',
    }
}

fn of_plan(workspace: &WorkspacePlan, change: &Change) -> State {
    let mut word = wording::action_word(change).to_owned();
    if change.effect == Effect::Quieter {
        word += ", QUIETER";
    }
    if change.action.writes() && workspace.frozen.is_some() {
        word += ", frozen";
    }
    if summary::is_quiet(change) {
        return state(word, '·', Tone::Calm);
    }
    let tone = match (change.class, change.action, change.effect) {
        (Class::AutoDisabled, ..) | (_, Action::Refuse, _) => Tone::Bad,
        (_, _, Effect::Quieter) | (Class::Held, ..) => Tone::Warn,
        (_, Action::Retire | Action::Delete, _) => Tone::Warn,
        (_, Action::None, _) => Tone::Calm,
        _ => Tone::Info,
    };
    let sign = match (change.class, change.action) {
        (Class::Held, _) => '‖',
        (Class::AutoDisabled, Action::None) => 'Ø',
        (_, Action::Restore) => '↺',
        _ => wording::sign(change.action),
    };
    state(word, sign, tone)
}
