//! The three-way table: from the sides of one item to what is done about it.

use serde_json::Value;

use super::compare::{Comparison, compare, moved_live};
use super::effect::effect;
use super::rollback::{mark_of_desired, moved_since};
use super::{
    Action, BaselineSide, Change, Clash, Class, DesiredSide, Effect, FieldChange, Modified, Moved,
    Options, Sides, Terms, Work, body,
};
use crate::arm::WorkspaceId;
use crate::ident::Family;
use crate::state::baseline::Ownership;
use crate::state::define::AUTO_DISABLED;
use crate::state::desired::{HeldReason, Present};
use crate::state::{Field, Fields, LiveItem, Record, RecordState};

/// What is to be done about one item. Pure and total: the same sides give the same change.
#[must_use]
pub fn decide(sides: Sides, workspace: &WorkspaceId, options: &Options) -> Change {
    let terms = &Terms { workspace, options };
    let found = match &sides.desired {
        _ if let Some(why) = moved(&sides) => Finding::refuse(Class::Conflict, why, Vec::new()),
        _ if let Some(held) = held_back(&sides, terms) => held,
        DesiredSide::Present(present) => decide_present(&sides, present, terms),
        DesiredSide::Held(reasons) => decide_held(&sides, reasons),
        DesiredSide::Absent => decide_absent(&sides, terms),
    };
    let found = match found.work {
        Err(why) => Finding::refuse(found.class, why, found.fields),
        Ok(_) => found,
    };
    let written: Vec<&FieldChange> = found.fields.iter().filter(|c| found.writes(c)).collect();
    let nothing = Fields::default();
    let desired = match &sides.desired {
        DesiredSide::Present(present) => &present.fields,
        DesiredSide::Held(_) | DesiredSide::Absent => &nothing,
    };
    let before = match &sides.baseline {
        BaselineSide::Ours(baseline) => baseline.record().ok(),
        _ => None,
    };
    let (effect, quieter_by) = effect(found.action, &written, desired, before);
    Change {
        effect,
        quieter_by,
        key: sides.key.clone(),
        arm_name: sides.arm_name.clone(),
        name: sides.name.clone(),
        class: found.class,
        action: found.action,
        reason: found.reason,
        fields: found.fields,
        written: found.written,
        observed: found.observed,
        playbooks: None,
        modified: sides.live.as_ref().and_then(modified),
        work: found.work.unwrap_or(Work::Nothing),
        sides: Box::new(sides),
    }
}

/// A decision before it is dressed as a change.
struct Finding {
    class: Class,
    action: Action,
    reason: String,
    fields: Vec<FieldChange>,
    observed: Vec<FieldChange>,
    work: Result<Work, String>,
    /// Which of `fields` the work writes.
    written: Vec<Field>,
}

impl Finding {
    fn new(class: Class, action: Action, reason: impl Into<String>) -> Self {
        Self {
            class,
            action,
            reason: reason.into(),
            fields: Vec::new(),
            observed: Vec::new(),
            work: Ok(Work::Nothing),
            written: Vec::new(),
        }
    }

    fn refuse(class: Class, reason: impl Into<String>, fields: Vec<FieldChange>) -> Self {
        Self { fields, ..Self::new(class, Action::Refuse, reason) }
    }

    fn with(mut self, fields: Vec<FieldChange>) -> Self {
        self.fields = fields;
        self
    }

    fn doing(mut self, work: Result<Work, String>) -> Self {
        self.work = work;
        self
    }

    fn writes(&self, change: &FieldChange) -> bool {
        self.written.contains(&change.field)
    }
}

fn moved(sides: &Sides) -> Option<String> {
    moved_since(sides, sides.rollback.as_deref()?)
}

/// Ours, and what the files say was rolled back and has not changed since. An item that somebody deletes
/// meanwhile is not there as it was rolled back to: that is drift, and not what was decided.
fn held_back(sides: &Sides, terms: &Terms<'_>) -> Option<Finding> {
    let BaselineSide::Ours(baseline) = &sides.baseline else { return None };
    let record = baseline.record().ok()?;
    let is_held = record.hold.is_some() && record.hold == mark_of_desired(&sides.desired);
    if !is_held || terms.options.retry || sides.rollback.is_some() {
        return None;
    }
    if sides.live.is_none() && record.state != RecordState::Retired {
        let reason = "it was deleted outside git, and what the files say is held back by a rollback; \
                      `--retry` writes it";
        return Some(Finding::new(Class::Vanished, Action::None, reason));
    }
    let reason = match &sides.desired {
        DesiredSide::Absent => {
            "held back by a rollback: it stays until its content is back, or `--retry`"
        }
        DesiredSide::Present(_) | DesiredSide::Held(_) => {
            "held back by a rollback until its content changes, or `--retry`"
        }
    };
    Some(Finding::new(Class::Held, Action::None, reason).with(moved_while_held(sides)))
}

fn decide_present(sides: &Sides, present: &Present, terms: &Terms<'_>) -> Finding {
    match (&sides.baseline, &sides.live) {
        (BaselineSide::Ambiguous(names), _) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let reason = format!("{} records claim it: {}", names.len(), names.join(", "));
            Finding::refuse(Class::Conflict, reason, Vec::new())
        }
        (BaselineSide::Other(_, Ownership::Foreign(owner)), _) => {
            let reason = format!("it belongs to the owner `{owner}`");
            Finding::refuse(Class::Foreign, reason, Vec::new())
        }
        (BaselineSide::None | BaselineSide::Other(..), _)
            if let Some(Clash::Kind(why)) = &sides.clash =>
        {
            other_family(why, Vec::new())
        }
        (BaselineSide::None | BaselineSide::Other(..), None) => decide_new(sides, present, terms),
        (BaselineSide::None | BaselineSide::Other(..), Some(live)) => {
            decide_unowned(sides, present, live, terms)
        }
        (BaselineSide::Ours(baseline), live) => {
            if let Some(Clash::Name(why)) = &sides.clash {
                return Finding::refuse(Class::Collision, why.clone(), Vec::new());
            }
            match (live, baseline.record()) {
                (None, _) => decide_vanished(sides, present, terms),
                (Some(live), Ok(record)) => decide_owned(sides, present, live, record, terms),
                (Some(live), Err(why)) => decide_unrecorded(sides, present, live, why, terms),
            }
        }
    }
}

/// Neither live nor ours.
fn decide_new(sides: &Sides, present: &Present, terms: &Terms<'_>) -> Finding {
    match (&sides.clash, &sides.baseline) {
        (Some(Clash::Twin(twin)), _) => {
            let reason = format!("{twin}; allow it with `allowTwin` or take the other one over");
            Finding::refuse(Class::Twin, reason, Vec::new())
        }
        (Some(Clash::Name(why) | Clash::Kind(why)), _) => {
            Finding::refuse(Class::Collision, why.clone(), Vec::new())
        }
        (None, BaselineSide::Other(_, Ownership::Theirs(source))) => {
            let reason = format!("leftover metadata of `{source}` is replaced; the item is gone");
            let work = body::create(sides, present, terms);
            Finding::new(Class::Leftover, Action::Create, reason).doing(work)
        }
        (None, _) => {
            let work = body::create(sides, present, terms);
            // What is put back was deployed: if it must wait, that is no small thing.
            let (class, reason) = match rolled_back(sides) {
                Some(reason) => (Class::Vanished, reason),
                None => (Class::New, "it is not there yet".into()),
            };
            Finding::new(class, Action::Create, reason).doing(work)
        }
    }
}

/// Live, and not ours yet.
fn decide_unowned(sides: &Sides, present: &Present, live: &LiveItem, terms: &Terms<'_>) -> Finding {
    if let Some(Clash::Name(why)) = &sides.clash {
        return Finding::refuse(Class::Collision, why.clone(), Vec::new());
    }
    if let BaselineSide::Other(_, Ownership::Theirs(source)) = &sides.baseline {
        let reason = format!("`{source}` owns the item of this name");
        return Finding::refuse(Class::Collision, reason, Vec::new());
    }
    if live.kind != Some(present.kind) {
        let reason = format!("an item of another kind, {}, has this name", kind_of(live));
        return Finding::refuse(Class::Collision, reason, Vec::new());
    }
    let Comparison { changes, observed, .. } =
        compare(present, &live.body, None, &sides.observed, sides.today);
    let finding = if changes.is_empty() {
        let work = body::record(sides, present, terms);
        let reason = "it is there already and equal; takes ownership";
        Finding::new(Class::Adoptable, Action::Record, reason).doing(work)
    } else {
        let reason = "an item of this name is there that this repository does not own";
        Finding::refuse(Class::Collision, reason, changes)
    };
    Finding { observed, ..finding }
}

/// Ours, and not live: asked for by itself, the service said 404.
fn decide_vanished(sides: &Sides, present: &Present, terms: &Terms<'_>) -> Finding {
    let reason = "it was deleted outside git";
    if terms.options.keep_drift {
        return Finding::new(Class::Vanished, Action::None, format!("{reason}; left as it is"));
    }
    let work = body::create(sides, present, terms);
    Finding::new(Class::Vanished, Action::Create, reason).doing(work)
}

/// Ours and live, but what was last applied cannot be read: never a silent two-way comparison.
fn decide_unrecorded(
    sides: &Sides,
    present: &Present,
    live: &LiveItem,
    why: &str,
    terms: &Terms<'_>,
) -> Finding {
    if live.kind != Some(present.kind) {
        return kind_change(present, live);
    }
    let Comparison { changes, observed, .. } =
        compare(present, &live.body, None, &sides.observed, sides.today);
    let reason = format!("what was last applied cannot be read: {why}");
    let finding = if changes.is_empty() {
        let work = body::record(sides, present, terms);
        Finding::new(Class::Converged, Action::Record, format!("{reason}; both sides agree"))
            .doing(work)
    } else if terms.options.desired_wins {
        write(sides, present, live, Class::Conflict, reason, changes, terms)
    } else {
        Finding::refuse(Class::Conflict, reason, changes)
    };
    Finding { observed, ..finding }
}

/// Ours and live: the heart of the table.
fn decide_owned(
    sides: &Sides,
    present: &Present,
    live: &LiveItem,
    record: &Record,
    terms: &Terms<'_>,
) -> Finding {
    if live.kind != Some(present.kind) || record.kind != present.kind {
        return kind_change(present, live);
    }
    let auto_disabled = is_auto_disabled(present, live);
    // This tool disabled it when its content went: that was no choice of the customer's.
    let is_back = record.state == RecordState::Retired;
    let enables = is_back || (auto_disabled && terms.options.re_enable);
    let observed: Vec<Field> = match enables {
        true => sides.observed.iter().copied().filter(|field| *field != Field::Enabled).collect(),
        false => sides.observed.clone(),
    };
    let mut comparison = compare(present, &live.body, Some(record), &observed, sides.today);
    if auto_disabled && terms.options.re_enable {
        // What is accepted is somebody's edit, not the service's.
        let of_service = comparison.changes.iter_mut().filter(|c| is_of_service(c.field));
        of_service.for_each(|change| change.accepted = None);
    }
    if auto_disabled && !terms.options.re_enable {
        let reason = "by its name the service disabled it after failures; \
                      nothing is written without `--re-enable`";
        let finding = Finding::new(Class::AutoDisabled, Action::None, reason);
        return Finding { observed: comparison.observed, ..finding.with(comparison.changes) };
    }
    let observed = comparison.observed.clone();
    let mut sides = sides.clone();
    if enables {
        sides.observed.retain(|field| *field != Field::Enabled);
    }
    Finding { observed, ..by_moves(&sides, present, live, record, comparison, terms) }
}

/// The rows of the table where all three sides are there.
fn by_moves(
    sides: &Sides,
    present: &Present,
    live: &LiveItem,
    record: &Record,
    comparison: Comparison,
    terms: &Terms<'_>,
) -> Finding {
    let changes = comparison.changes;
    let any = |moved: Moved| changes.iter().any(|c| c.moved == moved && c.accepted.is_none());
    if any(Moved::Both) && !terms.options.desired_wins {
        let reason = "the same field was changed in git and outside git, to different values";
        return Finding::refuse(Class::Conflict, reason, changes);
    }
    let (class, reason) = match (any(Moved::Desired), any(Moved::Live)) {
        _ if any(Moved::Both) => {
            (Class::Conflict, "changed on both sides; the files win (`--on-conflict desired`)")
        }
        _ if any(Moved::Unknown) => {
            (Class::Conflict, "nothing is recorded for a field whose sides differ")
        }
        (true, true) => (Class::ChangedAndDrifted, "changed in git, and other fields outside git"),
        (true, false) => (Class::Changed, "changed in git"),
        (false, true) => (Class::Drifted, "changed outside git"),
        (false, false) => {
            return settled(sides, present, record, comparison.converged, changes, terms);
        }
    };
    let reason = rolled_back(sides).unwrap_or_else(|| reason.to_owned());
    write(sides, present, live, class, reason, changes, terms)
}

/// Nothing to write to the item itself.
fn settled(
    sides: &Sides,
    present: &Present,
    record: &Record,
    converged: std::collections::BTreeSet<Field>,
    changes: Vec<FieldChange>,
    terms: &Terms<'_>,
) -> Finding {
    let reason = if !converged.is_empty() {
        "changed alike in git and outside git"
    } else if record.state == RecordState::Writing {
        "an earlier run was cut off after it had written"
    } else if record.state == RecordState::Retired {
        "its content is back, and it is as the files say"
    } else if sides.rollback.as_ref().is_some_and(|back| record.hold != Some(back.hold)) {
        "it is as it was before the run; what the run wanted is held back from now on"
    } else if sides.rollback.is_none() && record.hold.is_some() {
        "as the files say; what was held back by a rollback is no longer in them"
    } else {
        let reason = match changes.is_empty() {
            true => "as the files say",
            false => "as the files say, but for drift that is accepted",
        };
        return Finding::new(Class::InSync, Action::None, reason).with(changes);
    };
    let work = body::record(sides, present, terms);
    Finding::new(Class::Converged, Action::Record, reason).doing(work).with(changes)
}

/// Writes those fields that the options let be written.
fn write(
    sides: &Sides,
    present: &Present,
    live: &LiveItem,
    class: Class,
    reason: String,
    changes: Vec<FieldChange>,
    terms: &Terms<'_>,
) -> Finding {
    let re_enable = terms.options.re_enable && is_auto_disabled(present, live);
    let wanted = |change: &FieldChange| match change.moved {
        Moved::Desired => true,
        Moved::Live if re_enable && is_of_service(change.field) => true,
        Moved::Live => change.accepted.is_none() && !terms.options.keep_drift,
        Moved::Both | Moved::Unknown => terms.options.desired_wins,
    };
    let written: Vec<&FieldChange> = changes.iter().filter(|change| wanted(change)).collect();
    let fields: Vec<Field> = written.iter().map(|change| change.field).collect();
    if written.is_empty() {
        let action = if class == Class::Conflict { Action::Refuse } else { Action::None };
        return Finding::new(class, action, reason).with(changes);
    }
    let restores = written.iter().all(|change| change.moved == Moved::Live);
    let action = if restores { Action::Restore } else { Action::Update };
    let work = body::update(sides, present, live, &written, terms);
    Finding { written: fields, ..Finding::new(class, action, reason).doing(work).with(changes) }
}

fn decide_held(sides: &Sides, reasons: &[HeldReason]) -> Finding {
    let why = reasons.first().map_or_else(String::new, |reason| {
        let more = reasons.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        format!("{} [{}]{more}", reason.message, reason.code)
    });
    Finding::new(Class::Held, Action::None, why).with(moved_while_held(sides))
}

/// What moved outside git meanwhile, as far as that can be told.
fn moved_while_held(sides: &Sides) -> Vec<FieldChange> {
    match (&sides.baseline, &sides.live) {
        (BaselineSide::Ours(baseline), Some(live)) => baseline
            .record()
            .map(|record| moved_live(record, &live.body, &sides.observed))
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Not in the files. Only items that we have a record of get here.
fn decide_absent(sides: &Sides, terms: &Terms<'_>) -> Finding {
    let baseline = match &sides.baseline {
        BaselineSide::Ours(baseline) => baseline,
        BaselineSide::Ambiguous(names) => {
            let reason = format!("{} records claim it, and its content is gone", names.len());
            return Finding::refuse(Class::Conflict, reason, Vec::new());
        }
        BaselineSide::None | BaselineSide::Other(..) => {
            return Finding::new(Class::InSync, Action::None, "not this repository's");
        }
    };
    if let Some(why) = &sides.retire_blocked {
        return Finding::new(Class::Held, Action::None, why.clone()).with(moved_while_held(sides));
    }
    if sides.rollback.is_some()
        && let Ok(record) = baseline.record()
        && let Some(found) = unmake(sides, record, terms)
    {
        return found;
    }
    let Some(live) = &sides.live else {
        let reason = "its content and the item itself are gone";
        return Finding::new(Class::Gone, Action::Forget, reason).doing(body::forget(sides, terms));
    };
    let record = match baseline.record() {
        Ok(record) => record,
        Err(why) => {
            let reason = format!("its content is gone, and its record cannot be read: {why}");
            return Finding::refuse(Class::Conflict, reason, Vec::new());
        }
    };
    let moved = moved_live(record, &live.body, &sides.observed);
    match &sides.clash {
        Some(Clash::Kind(why)) => return other_family(why, moved),
        // Two records claim one resource, or a record claims what the files want as something else.
        Some(Clash::Name(why)) => {
            let reason = format!("its content is gone, but {why}");
            return Finding::refuse(Class::Collision, reason, moved);
        }
        Some(Clash::Twin(_)) | None => {}
    }
    let edited = !moved.is_empty() || live.kind != Some(record.kind);
    if edited && !sides.edits_acknowledged {
        let reason = "its content is gone, but it was changed outside git since; \
                      acknowledge with `--ack retired-edited`";
        return Finding::refuse(Class::RetiredEdited, reason, moved);
    }
    retire(sides, live, record, terms).with(moved)
}

/// What is said of an item that is put back.
fn rolled_back(sides: &Sides) -> Option<String> {
    let rollback = sides.rollback.as_ref()?;
    let links = match rollback.playbooks {
        Some(0) => String::new(),
        Some(many) => format!("; its {many} links to playbooks do not come back: link them again"),
        None => "; links to playbooks, if it had any, do not come back".into(),
    };
    Some(format!("put back as it was before the run `{}`{links}", rollback.run))
}

/// What a run made is never deleted when that is rolled back: its record has to say what is held back.
/// Where it cannot be disabled, only the record says so.
fn unmake(sides: &Sides, record: &Record, terms: &Terms<'_>) -> Option<Finding> {
    let rollback = sides.rollback.as_ref()?;
    let is_marked = record.state == RecordState::Retired && record.hold == Some(rollback.hold);
    if is_marked {
        let reason = "it is as it was before the run, but that it waits for its content to change";
        return Some(Finding::new(Class::InSync, Action::None, reason));
    }
    let why = match (&sides.live, sides.key.family) {
        (None, _) => "it is not there; what the run wanted is held back from now on",
        (Some(_), Family::HuntingQuery) => {
            "made by the run; a hunt cannot be disabled and stays, and its changes are held back"
        }
        (Some(_), Family::AnalyticRule) if sides.observed.contains(&Field::Enabled) => {
            "made by the run; `enabled` is the customer's, so it stays as it is, and its changes are held back"
        }
        (Some(_), Family::AnalyticRule) if record.state == RecordState::Retired => {
            "made by the run, and disabled already; what the run wanted is held back from now on"
        }
        (Some(_), Family::AnalyticRule) => return None,
    };
    let work = body::mark_retired(sides, record, terms);
    Some(Finding::new(Class::Converged, Action::Record, why).doing(work))
}

fn retire(sides: &Sides, live: &LiveItem, record: &Record, terms: &Terms<'_>) -> Finding {
    let gone = match &sides.left_out {
        Some(path) => format!("the selectors of this workspace leave `{path}` out"),
        None if let Some(back) = &sides.rollback => format!("made by the run `{}`", back.run),
        None => "its content is gone".to_owned(),
    };
    if sides.prune {
        let reason = format!("{gone}; it is deleted");
        return Finding::new(Class::Retired, Action::Delete, reason)
            .doing(body::delete(sides, terms));
    }
    let stays =
        sides.key.family == Family::HuntingQuery || sides.observed.contains(&Field::Enabled);
    if stays || record.state == RecordState::Retired {
        let reason = format!("{gone}; it waits for `--prune`");
        return Finding::new(Class::Retired, Action::None, reason);
    }
    let work = body::retire(sides, live, record, terms);
    let reason = format!("{gone}; it is disabled once and waits for `--prune`");
    Finding::new(Class::Retired, Action::Retire, reason).doing(work)
}

fn kind_change(present: &Present, live: &LiveItem) -> Finding {
    let reason = format!(
        "the files say {}, the workspace has {}; use a new id with `replaces`",
        present.kind,
        kind_of(live)
    );
    Finding::refuse(Class::KindChange, reason, Vec::new())
}

/// Of two families under one id, neither is written: what is live would be retired for something
/// that nobody may have meant.
fn other_family(why: &str, moved: Vec<FieldChange>) -> Finding {
    let reason = format!("{why}; mend the file, or use a new id with `replaces`");
    Finding::refuse(Class::KindChange, reason, moved)
}

fn kind_of(live: &LiveItem) -> String {
    let named = live.body.member("kind").as_str().map(str::to_owned);
    let search = || {
        let category = live.body.property("category").as_str()?;
        Some(format!("a saved search or function of category `{category}`"))
    };
    let kind = live.kind.map(|kind| kind.to_string()).or(named).or_else(search);
    kind.unwrap_or_else(|| "something else".into())
}

fn is_auto_disabled(present: &Present, live: &LiveItem) -> bool {
    let desired = present.fields.get(&Field::DisplayName).and_then(Value::as_str).unwrap_or("");
    *live.body.property("enabled") == Value::Bool(false)
        && live.display_name().starts_with(AUTO_DISABLED)
        && !desired.starts_with(AUTO_DISABLED)
}

/// What the service changes when it disables a rule by itself, and must change back.
const fn is_of_service(field: Field) -> bool {
    matches!(field, Field::Enabled | Field::DisplayName)
}

fn modified(live: &LiveItem) -> Option<Modified> {
    let system = |key: &str| live.body.member("systemData")[key].as_str().map(str::to_owned);
    let utc = live.body.property("lastModifiedUtc").as_str().map(str::to_owned);
    let modified = Modified { by: system("lastModifiedBy"), at: system("lastModifiedAt").or(utc) };
    (modified.by.is_some() || modified.at.is_some()).then_some(modified)
}

impl Change {
    /// Whether another decision about the same item asks for the same writes: the same action, and
    /// the same fields from the same values to the same values.
    #[must_use]
    pub fn asks_the_same(&self, other: &Self) -> bool {
        let moves = |change: &Self| -> Vec<_> {
            let hash = |c: &FieldChange| (c.field, c.field.hash(&c.before), c.field.hash(&c.after));
            change.fields.iter().map(hash).collect()
        };
        self.action == other.action && moves(self) == moves(other)
    }

    /// Whether what the files say is not written, since it was rolled back.
    #[must_use]
    pub fn is_held_back(&self) -> bool {
        let BaselineSide::Ours(baseline) = &self.sides.baseline else { return false };
        let hold = baseline.record().ok().and_then(|record| record.hold);
        self.action == Action::None
            && self.sides.rollback.is_none()
            && matches!(self.class, Class::Held | Class::Vanished)
            && hold.is_some()
            && hold == mark_of_desired(&self.sides.desired)
    }

    /// Whether a rule is to be made that detects nothing until it is enabled.
    #[must_use]
    pub fn creates_disabled(&self) -> bool {
        let off =
            |present: &Present| present.fields.get(&Field::Enabled) == Some(&Value::Bool(false));
        self.action == Action::Create
            && matches!(&self.sides.desired, DesiredSide::Present(present) if off(present))
    }

    /// Whether what will be done makes detection quieter.
    #[must_use]
    pub fn is_quieter(&self) -> bool {
        self.effect == Effect::Quieter
    }
}
