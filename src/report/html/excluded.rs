//! The exclusions that are in force, with who answers for them, and what ends first.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Facts;
use super::document::pairs;
use crate::content::Exclusion;
use crate::ident::{Day, ExclusionId};
use crate::report::count::count;
use crate::report::escape;

/// Days before an end that are as bad as it gets.
const URGENT: i64 = 7;

/// Which exclusion is in force for which item, in which workspaces.
#[derive(Debug, Default)]
pub(super) struct Excluded<'p> {
    places: BTreeMap<&'p ExclusionId, BTreeMap<usize, Vec<usize>>>,
}

impl<'p> Excluded<'p> {
    /// Notes that an item has an exclusion; workspaces come in their order.
    pub(super) fn add(&mut self, exclusion: &'p ExclusionId, item: usize, workspace: usize) {
        self.places.entry(exclusion).or_default().entry(item).or_default().push(workspace);
    }

    /// What ends soonest first, then what never ends, then what has ended.
    pub(super) fn to_json(&self, facts: &Facts<'_>) -> Vec<Value> {
        let known: BTreeMap<&ExclusionId, &Exclusion> = facts
            .catalog
            .iter()
            .flat_map(|catalog| &catalog.exclusions)
            .map(|exclusion| (&exclusion.id.value, exclusion))
            .collect();
        let mut all: Vec<(Option<Day>, Value)> = self
            .places
            .iter()
            .map(|(id, items)| {
                let exclusion = known.get(id).copied();
                let expires = exclusion.and_then(|e| e.expires.as_ref()).map(|day| day.value);
                (expires, one(id, exclusion, expires, items, facts))
            })
            .collect();
        let rank = |expires: Option<Day>| match expires {
            Some(day) if day >= facts.today => (0, Some(day)),
            None => (1, None),
            Some(day) => (2, Some(day)),
        };
        all.sort_by_key(|(expires, _)| rank(*expires));
        all.into_iter().map(|(_, value)| value).collect()
    }
}

fn one(
    id: &ExclusionId,
    exclusion: Option<&Exclusion>,
    expires: Option<Day>,
    items: &BTreeMap<usize, Vec<usize>>,
    facts: &Facts<'_>,
) -> Value {
    let (tone, left) = match exclusion {
        None => ("calm", "not said here".to_owned()),
        Some(_) => ends(expires, facts),
    };
    // Items that have it in the same workspaces are told together.
    let mut wheres: Vec<(&Vec<usize>, Vec<usize>)> = Vec::new();
    for (item, workspaces) in items {
        match wheres.iter_mut().find(|(known, _)| *known == workspaces) {
            Some((_, items)) => items.push(*item),
            None => wheres.push((workspaces, vec![*item])),
        }
    }
    let wheres = wheres.into_iter().map(|(at, items)| json!({"i": items, "at": pairs(at)}));
    let text = |text: &str| escape::visible_lines(text);
    let owner = match exclusion {
        None => "not said here".to_owned(),
        Some(e) => e.owner.as_ref().map_or("nobody".to_owned(), |owner| text(&owner.value)),
    };
    json!({
        "id": id.as_str(),
        "left": left,
        "tone": tone,
        "expires": expires.map(|day| day.to_string()),
        "scenario": exclusion.map_or(String::new(), |e| text(&e.scenario)),
        "condition": exclusion.map_or(String::new(), |e| text(e.condition.value.trim_end())),
        "owner": owner,
        "ticket": exclusion.and_then(|e| e.ticket.as_deref()).map(text),
        "place": exclusion.map_or(String::new(), |e| text(&e.id.place())),
        "where": wheres.collect::<Vec<_>>(),
    })
}

/// When it ends, for people.
fn ends(expires: Option<Day>, facts: &Facts<'_>) -> (&'static str, String) {
    let Some(expires) = expires else { return ("calm", "never ends".into()) };
    let days = facts.today.days_until(expires);
    let tone = match days {
        ..0 => "calm",
        left if left <= URGENT.min(facts.expiry_warning_days) => "bad",
        left if left <= facts.expiry_warning_days => "warn",
        _ => "calm",
    };
    let left = match days {
        ..0 => format!("ended {} ago", count(days.unsigned_abs() as usize, "day")),
        0 => "ends today".to_owned(),
        left => format!("ends in {}", count(left.unsigned_abs() as usize, "day")),
    };
    (tone, left)
}
