//! `sentinelops.outcome/v1`.

use serde_json::{Map, Value, json};

use super::entry;
use crate::apply::{
    ItemOutcome, Outcome, RingOutcome, RingScore, Standing, Verdict, WorkspaceOutcome,
};
use crate::report::rollout;
use crate::report::summary::{Tally, verdict_reason, verdict_word};
use crate::state::Limit;

/// How each item ended, in plan order: `{environment, workspace, key, name, class, action, effect,
/// undecided, driftLeft, verdict}`; `reason` for every verdict but `done`; `createsDisabled` where a rule
/// is made so; `modified` where the service says who changed the live item before.
#[must_use]
pub fn outcome(outcome: &Outcome) -> Value {
    let items: Vec<Value> = outcome
        .workspaces
        .iter()
        .flat_map(|workspace| workspace.items.iter().map(move |made| item(workspace, made)))
        .collect();
    let workspaces: Vec<Value> = outcome.workspaces.iter().map(workspace).collect();
    json!({
        "format": "sentinelops.outcome/v1",
        "interrupted": outcome.interrupted,
        "rings": outcome.rings.iter().map(ring).collect::<Vec<_>>(),
        "workspaces": workspaces,
        "items": items,
        "summary": counts(&Tally::of(outcome)),
    })
}

fn workspace(workspace: &WorkspaceOutcome) -> Value {
    let mut entry = entry::status(&workspace.key, workspace.unreadable.as_ref());
    entry.insert("ring".into(), json!(workspace.ring.as_str()));
    entry.insert("inSync".into(), json!(workspace.in_sync));
    Value::Object(entry)
}

/// `{ring, standing, workspaces, unreadable, frozen, begun, failed, notBegun, budget}`; of one that halted
/// the rollout also `halt`, the reason in one word, and `reason`.
fn ring(ring: &RingOutcome) -> Value {
    let RingScore { workspaces, unreadable, frozen, begun, failed, not_begun } = ring.score;
    let limit = |limit: &Option<Limit>| {
        limit.as_ref().map(|limit| json!({"value": limit.value, "setAt": limit.set_at}))
    };
    let mut entry = json!({
        "ring": ring.ring.as_str(),
        "standing": rollout::word(&ring.standing),
        "workspaces": workspaces,
        "unreadable": unreadable,
        "frozen": frozen,
        "begun": begun,
        "failed": failed,
        "notBegun": not_begun,
        "budget": {"items": limit(&ring.budget.items), "percent": limit(&ring.budget.percent)},
    });
    if let Standing::Halted(halt) = &ring.standing {
        entry["halt"] = json!(rollout::halt_word(halt));
        entry["reason"] = json!(rollout::why(ring, halt));
    }
    entry
}

fn item(workspace: &WorkspaceOutcome, item: &ItemOutcome) -> Value {
    let mut entry = json!({
        "environment": workspace.key.environment.as_str(),
        "workspace": workspace.key.workspace.as_str(),
        "key": item.key.to_string(),
        "name": item.name,
        "class": item.class.as_str(),
        "action": item.action.as_str(),
        "effect": item.effect.as_str(),
        "undecided": item.undecided.iter().map(|field| field.path()).collect::<Vec<_>>(),
        "driftLeft": item.drift_left.iter().map(|field| field.path()).collect::<Vec<_>>(),
        "verdict": verdict_word(&item.verdict),
    });
    if let Some(reason) = verdict_reason(&item.verdict) {
        entry["reason"] = json!(reason);
    }
    if item.creates_disabled {
        entry["createsDisabled"] = json!(true);
    }
    if let Some(modified) = &item.modified {
        entry["modified"] = json!({"by": modified.by, "at": modified.at});
    }
    entry
}

fn counts(tally: &Tally) -> Value {
    let reason = String::new;
    let every = [
        Verdict::Done,
        Verdict::Failed(reason()),
        Verdict::Refused(reason()),
        Verdict::Held(reason()),
        Verdict::Deferred(reason()),
        Verdict::Blocked(reason()),
        Verdict::Overtaken(reason()),
        Verdict::Waits(reason()),
        Verdict::Left(reason()),
        Verdict::Accepted(reason()),
        Verdict::Frozen(reason()),
        Verdict::NotStarted(reason()),
    ];
    let verdicts: Map<String, Value> = every
        .iter()
        .map(verdict_word)
        .map(|word| (word.to_owned(), json!(tally.verdict(word))))
        .collect();
    json!({
        "verdicts": verdicts,
        "inSync": tally.in_sync,
        "quieter": tally.quieter,
        "wantedForeign": tally.wanted_foreign,
        "driftLeft": tally.drift_left,
        "leftDisabled": tally.left_disabled,
        "workspaces": {
            "read": tally.workspaces - tally.unreadable,
            "unreadable": tally.unreadable,
            "written": tally.written,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::to_text;
    use super::*;
    use crate::report::fixture;

    #[test]
    fn an_outcome_is_a_document() {
        insta::assert_snapshot!(to_text(&outcome(&fixture::outcome())));
    }
}
