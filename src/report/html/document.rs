//! The data of a page: what the scripts draw.
//!
//! Names and texts stand there once and are meant by their numbers; workspaces whose items all stand alike
//! share a column. So a fleet of a thousand workspaces with three hundred items is a few hundred kilobytes.

use std::collections::HashMap;
use std::hash::Hash;

use serde_json::{Map, Value, json};

use super::excluded::Excluded;
use super::state::State;
use super::values::Values;
use super::{Facts, Kind};
use crate::ident::{EnvironmentName, ItemKey, RingName};
use crate::plan::{
    BaselineSide, Change, DesiredSide, Effect, FieldChange, Moved, Plan, WorkspacePlan,
};
use crate::report::fold::{self, Fold};
use crate::report::{escape, summary, wording};

/// More places than these are not told one by one: when each was changed, and applied from which commit.
const TOLD_EACH: usize = 20_000;

/// Things by their numbers, in the order of their first use.
#[derive(Debug)]
struct Numbered<T> {
    list: Vec<T>,
    known: HashMap<T, usize>,
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    fn new() -> Self {
        Self { list: Vec::new(), known: HashMap::new() }
    }

    fn number(&mut self, one: &T) -> usize {
        if let Some(known) = self.known.get(one) {
            return *known;
        }
        self.list.push(one.clone());
        self.known.insert(one.clone(), self.list.len() - 1);
        self.list.len() - 1
    }
}

/// One column: of every item its state, and the detail that says more.
type Column = Vec<Option<(usize, Option<usize>)>>;

/// `{partial, sides, states, tenants, rings, items, workspaces, columns, commits, applied, values, details,
/// exclusions}`; numbers count from 0, and `at` is a list of first and last numbers of workspaces.
pub(super) fn document(plan: &Plan, kind: Kind, facts: &Facts<'_>) -> Value {
    let all = summary::all_ordered(plan);
    let mut items: Numbered<&ItemKey> = Numbered::new();
    let mut names = Vec::new();
    let mut states: Numbered<State> = Numbered::new();
    states.number(&State::unknown());
    for (workspace, change) in &all {
        if items.number(&&change.key) == names.len() {
            names.push(escape::visible(&change.name));
        }
        states.number(&State::of(kind, workspace, change));
    }
    let folds = fold::changes(all.iter().copied().filter(|(_, change)| kind.tells(change)));
    let (mut tenants, mut rings) = (Numbered::new(), Numbered::new());
    let (mut columns, mut applied) = (Numbered::new(), Numbered::new());
    let mut commits: Numbered<String> = Numbered::new();
    let mut excluded = Excluded::default();
    let details = by_place(&folds);
    let mut workspaces = Vec::new();
    for (index, workspace) in plan.workspaces.iter().enumerate() {
        let mut entry = Map::new();
        entry.insert("t".into(), json!(tenants.number(&workspace.key.environment)));
        entry.insert("n".into(), json!(workspace.key.workspace.as_str()));
        entry.insert("r".into(), json!(rings.number(&workspace.ring)));
        entry.insert("id".into(), json!(workspace.id.to_string()));
        if workspace.unmanaged > 0 {
            entry.insert("u".into(), json!(workspace.unmanaged));
        }
        if let Some(freeze) = &workspace.frozen {
            entry.insert("frozen".into(), json!(wording::freeze(freeze)));
        }
        if let Some(unreadable) = &workspace.unreadable {
            entry.insert("e".into(), json!(escape::visible(&unreadable.message)));
        } else {
            let mut column: Column = vec![None; items.list.len()];
            let mut from: Vec<Option<usize>> = vec![None; items.list.len()];
            for change in workspace.each() {
                let item = items.number(&&change.key);
                let state = states.number(&State::of(kind, workspace, change));
                let place = (std::ptr::from_ref(workspace), std::ptr::from_ref(change));
                column[item] = Some((state, details.get(&place).copied()));
                from[item] = commit(change).map(|commit| commits.number(&commit));
                if let DesiredSide::Present(present) = &change.sides.desired {
                    for exclusion in &present.exclusions {
                        excluded.add(exclusion, item, index);
                    }
                }
            }
            entry.insert("c".into(), json!(columns.number(&column)));
            entry.insert("a".into(), json!(applied.number(&from)));
        }
        workspaces.push(Value::Object(entry));
    }
    let mut values = Values::default();
    let details = Details::new(plan, kind, &items, &states, &mut commits, &folds).all(&mut values);
    let items = items.list.iter().zip(&names);
    let applied = applied.list.iter().map(|from| from.iter().map(number_or_none).collect());
    json!({
        "partial": facts.catalog.is_none(),
        "sides": match kind {
            Kind::Plan => ["workspace has", "files say"],
            Kind::Drift => ["files say", "workspace has"],
        },
        "states": states.list.iter().map(State::to_json).collect::<Vec<_>>(),
        "tenants": tenants.list.iter().map(EnvironmentName::as_str).collect::<Vec<_>>(),
        "rings": rings.list.iter().map(RingName::as_str).collect::<Vec<_>>(),
        "items": items.map(|(key, name)| json!({"key": key.to_string(), "name": name})).collect::<Vec<_>>(),
        "workspaces": workspaces,
        "columns": columns.list.iter().map(column).collect::<Vec<_>>(),
        "applied": applied.collect::<Vec<Vec<i64>>>(),
        "values": values.into_list(),
        "details": details,
        "commits": commits.list,
        "exclusions": excluded.to_json(facts),
    })
}

fn number_or_none(number: &Option<usize>) -> i64 {
    number.map_or(-1, |number| number as i64)
}

/// `{s, d}`: of each item its state, -1 where the workspace has nothing of it; the details by item.
fn column(column: &Column) -> Value {
    let states: Vec<i64> =
        column.iter().map(|cell| number_or_none(&cell.map(|(s, _)| s))).collect();
    let details: Map<String, Value> = column
        .iter()
        .enumerate()
        .filter_map(|(item, cell)| Some((item.to_string(), json!(cell.as_ref()?.1?))))
        .collect();
    json!({"s": states, "d": details})
}

/// Numbers in order as pairs of the first and last of each run: `[1, 2, 3, 7]` is `[1, 3, 7, 7]`.
pub(super) fn pairs(numbers: &[usize]) -> Vec<usize> {
    let mut pairs: Vec<usize> = Vec::new();
    for number in numbers {
        match pairs.last_mut() {
            Some(last) if *last + 1 == *number => *last = *number,
            _ => pairs.extend([*number, *number]),
        }
    }
    pairs
}

type Place = (*const WorkspacePlan, *const Change);

fn by_place(folds: &[Fold<'_, WorkspacePlan, Change>]) -> HashMap<Place, usize> {
    let of_fold = |(number, fold): (usize, &Fold<'_, WorkspacePlan, Change>)| {
        let place = move |(workspace, change): &(&WorkspacePlan, &Change)| {
            ((std::ptr::from_ref(*workspace), std::ptr::from_ref(*change)), number)
        };
        fold.places.iter().map(place).collect::<Vec<_>>()
    };
    folds.iter().enumerate().flat_map(of_fold).collect()
}

/// The commit that an item was last applied from, by its record.
fn commit(change: &Change) -> Option<String> {
    let BaselineSide::Ours(baseline) = &change.sides.baseline else { return None };
    baseline.record().ok()?.commit.as_deref().map(escape::visible)
}

/// When an item's record was last written, as the service says.
fn applied_at(change: &Change) -> Option<String> {
    let BaselineSide::Ours(baseline) = &change.sides.baseline else { return None };
    let at = baseline.metadata.body["systemData"]["lastModifiedAt"].as_str()?;
    Some(escape::visible(at))
}

/// What is told in full.
struct Details<'a, 'p> {
    kind: Kind,
    items: &'a Numbered<&'p ItemKey>,
    states: &'a Numbered<State>,
    commits: &'a mut Numbered<String>,
    folds: &'a [Fold<'p, WorkspacePlan, Change>],
    indices: HashMap<*const WorkspacePlan, usize>,
    each: bool,
}

impl<'a, 'p> Details<'a, 'p> {
    fn new(
        plan: &Plan,
        kind: Kind,
        items: &'a Numbered<&'p ItemKey>,
        states: &'a Numbered<State>,
        commits: &'a mut Numbered<String>,
        folds: &'a [Fold<'p, WorkspacePlan, Change>],
    ) -> Self {
        let indices = plan.workspaces.iter().enumerate();
        let indices = indices.map(|(index, workspace)| (std::ptr::from_ref(workspace), index));
        let places: usize = folds.iter().map(|fold| fold.places.len()).sum();
        let each = places <= TOLD_EACH;
        Self { kind, items, states, commits, folds, indices: indices.collect(), each }
    }

    fn all(mut self, values: &mut Values) -> Vec<Value> {
        self.folds.iter().map(|fold| self.one(fold, values)).collect()
    }

    /// `{i, s, reason, effect, notes, fields, by, when, at}`, and by workspace `times` (changed, applied,
    /// commit) unless there are too many.
    fn one(&mut self, fold: &Fold<'_, WorkspacePlan, Change>, values: &mut Values) -> Value {
        let (workspace, change) = fold.places[0];
        let state = State::of(self.kind, workspace, change);
        let mut places: Vec<(usize, &Change)> =
            fold.places.iter().map(|(w, c)| (self.indices[&std::ptr::from_ref(*w)], *c)).collect();
        places.sort_by_key(|(index, _)| *index);
        let at: Vec<usize> = places.iter().map(|(index, _)| *index).collect();
        let by = change.modified.as_ref().and_then(|modified| modified.by.as_deref());
        let modified = |change: &Change| {
            change.modified.as_ref().and_then(|m| m.at.as_deref().map(escape::visible))
        };
        let span = span(places.iter().filter_map(|(_, change)| modified(change)));
        let mut entry = json!({
            "i": self.items.known.get(&&change.key),
            "s": self.states.known.get(&state),
            "reason": escape::visible(&change.reason),
            "effect": effect(self.kind, change),
            "notes": notes(self.kind, workspace, change),
            "fields": self.fields(change, values),
            "by": by.map(escape::visible),
            "when": span,
            "at": pairs(&at),
        });
        if self.each {
            let mut time = |change: &Change| {
                let commit = commit(change).map(|commit| self.commits.number(&commit));
                json!([modified(change), applied_at(change), number_or_none(&commit)])
            };
            entry["times"] = places.iter().map(|(_, change)| time(change)).collect();
        }
        entry
    }

    /// `{f, r, l, h}`: a field, who moved, and the numbers of its values on the left and on the right.
    fn fields(&self, change: &Change, values: &mut Values) -> Vec<Value> {
        let shown = |field: &&FieldChange| match self.kind {
            Kind::Drift => !wording::is_gone(change) && summary::moved_live(field),
            Kind::Plan => wording::shows_fields(change),
        };
        let compared =
            change.fields.iter().filter(shown).map(|field| (field, wording::remark(field)));
        let observed = change.observed.iter();
        let observed =
            observed.map(|field| (field, "the customer's to choose: never written".to_owned()));
        let mut made = Vec::new();
        for (field, mut remark) in compared.chain(observed) {
            if matches!(field.moved, Moved::Both | Moved::Unknown) {
                remark = format!("{remark}; {}", wording::third_side(field.moved));
            }
            let live = Some(values.number(field.field, &field.before));
            let files =
                wording::has_desired(change).then(|| values.number(field.field, &field.after));
            let (left, right) = match self.kind {
                Kind::Plan => (live, files),
                Kind::Drift => (files, live),
            };
            made.push(json!({"f": field.field.path(), "r": remark, "l": left, "h": right}));
        }
        made
    }
}

/// The first and the last of times.
fn span(times: impl Iterator<Item = String>) -> Option<String> {
    let mut times: Vec<String> = times.collect();
    times.sort_unstable();
    match (times.first()?, times.last()?) {
        (first, last) if first == last => Some(first.clone()),
        (first, last) => Some(format!("{first} … {last}")),
    }
}

fn effect(kind: Kind, change: &Change) -> String {
    match (kind, change.effect) {
        (_, Effect::Neutral) => String::new(),
        (Kind::Plan, _) => wording::effect_sentence(change),
        (Kind::Drift, _) if !summary::is_drift(change) => String::new(),
        (Kind::Drift, _) => {
            format!("the next apply ({}) {}", change.action, wording::effect_sentence(change))
        }
    }
}

fn notes(kind: Kind, workspace: &WorkspacePlan, change: &Change) -> Vec<String> {
    let mut notes = Vec::new();
    if wording::is_gone(change) {
        notes.push("it is no longer in the workspace: deleted outside git".to_owned());
    } else if change.fields.is_empty() && summary::is_uncompared(change) {
        notes.push(wording::uncompared(change).to_owned());
    }
    if kind == Kind::Drift {
        return notes;
    }
    if change.creates_disabled() {
        notes.push(wording::MADE_DISABLED.to_owned());
    }
    let exclusions = wording::new_exclusions(change);
    if !exclusions.is_empty() {
        notes.push(format!("with exclusions {}", exclusions.join(", ")));
    }
    if let (Some(freeze), true) = (&workspace.frozen, change.action.writes()) {
        notes.push(format!("frozen {}", wording::freeze(freeze)));
    }
    notes
}
