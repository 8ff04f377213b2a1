//! `sentinelops.plan/v1` and `sentinelops.drift/v1`.

use serde_json::{Map, Value, json};

use super::entry;
use crate::plan::{self, Action, Bound, Change, Class, Exceeded, Plan};
use crate::report::summary::{self, Summary};
use crate::state::Limit;

/// Every change, in-sync items too, what is worst first.
#[must_use]
pub fn plan(plan: &Plan) -> Value {
    judged_plan(plan, &plan::exceeded(plan))
}

/// The same of a plan of which the guards found this.
#[must_use]
pub fn judged_plan(plan: &Plan, found: &[Exceeded]) -> Value {
    let counts = Summary::judged(plan, found);
    let mut document = document("sentinelops.plan/v1", plan, &counts, |_| true);
    document["objections"] = found.iter().map(objection).collect();
    document
}

/// What moved live: the changes that count as drift, those whose drift is accepted, and those with
/// observed differences. `summary.drift` counts only the first.
#[must_use]
pub fn drift(plan: &Plan) -> Value {
    document("sentinelops.drift/v1", plan, &Summary::of(plan), summary::is_told_as_drift)
}

fn document(
    format: &str,
    plan: &Plan,
    summary: &Summary,
    shown: impl Fn(&Change) -> bool,
) -> Value {
    let changes = summary::all_ordered(plan).into_iter().filter(|(_, change)| shown(change));
    json!({
        "format": format,
        "owner": plan.owner.as_str(),
        "workspaces": plan.workspaces.iter().map(entry::workspace).collect::<Vec<_>>(),
        "changes": changes.map(|(workspace, change)| entry::change(workspace, change)).collect::<Vec<_>>(),
        "summary": counts(summary),
    })
}

/// What the guards found: `{guard, environment, workspace, exclusion, measured, owned, limit, sentence,
/// items, flag, acknowledged}`; `short` where too little is acknowledged. Without a workspace it is about the run as a whole; `acknowledged` is
/// the acknowledgement that covers it, else null, and `apply` sends nothing.
fn objection(found: &Exceeded) -> Value {
    let limit = |limit: &Limit| json!({"value": limit.value, "setAt": limit.set_at});
    let limits = match &found.bound {
        Bound::Number(count) | Bound::Few(count) => json!({"count": limit(count)}),
        Bound::Share { count, percent } => {
            json!({"count": limit(count), "percent": limit(percent)})
        }
        Bound::NothingStays => Value::Null,
    };
    let workspace = found.workspace.as_ref();
    let mut entry = json!({
        "guard": found.guard.as_str(),
        "environment": workspace.map(|key| key.environment.as_str()),
        "workspace": workspace.map(|key| key.workspace.as_str()),
        "exclusion": found.exclusion.as_ref().map(ToString::to_string),
        "measured": found.measured,
        "owned": found.owned,
        "limit": limits,
        "sentence": found.sentence(),
        "items": found.items,
        "flag": found.flag(),
        "acknowledged": found.acknowledged.as_ref().map(ToString::to_string),
    });
    if let Some(short) = found.short {
        entry["short"] = json!(short);
    }
    entry
}

/// Every action and class stands there, with 0 when it does not occur: a script need not ask whether
/// a key exists.
fn counts(summary: &Summary) -> Value {
    let actions: Map<String, Value> = Action::ALL
        .into_iter()
        .map(|action| (action.as_str().to_owned(), json!(summary.action(action))))
        .collect();
    let mut classes: Map<String, Value> = Class::ALL
        .into_iter()
        .map(|class| (class.as_str().to_owned(), json!(summary.class(class))))
        .collect();
    classes.insert("unmanaged".into(), json!(summary.unmanaged));
    classes.insert(Class::Foreign.as_str().into(), json!(summary.foreign));
    json!({
        "actions": actions,
        "classes": classes,
        "quieter": summary.quieter,
        "frozen": summary.frozen,
        "objections": summary.objections,
        "drift": summary.drift,
        "accepted": summary.accepted,
        "observed": summary.observed,
        "wantedForeign": summary.wanted_foreign,
        "workspaces": {
            "read": summary.workspaces - summary.unreadable,
            "unreadable": summary.unreadable,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::to_text;
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_plan_is_a_document() {
        insta::assert_snapshot!(to_text(&plan(&fixture::everything())));
    }

    #[test]
    fn a_drift_document_has_only_what_moved_live() {
        let document = drift(&fixture::everything());
        assert_eq!(document["format"], "sentinelops.drift/v1");
        let keys: Vec<&str> = document["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["key"].as_str().unwrap())
            .collect();
        assert_eq!(
            keys,
            [
                "analytic-rule/auto-disabled",
                "analytic-rule/conflict",
                "analytic-rule/held",
                "analytic-rule/drifted",
                "analytic-rule/accepted",
                "analytic-rule/observed",
            ]
        );
        assert_eq!(document["summary"]["drift"], 4);
    }

    #[test]
    fn the_same_plan_gives_the_same_bytes() {
        let text = || to_text(&plan(&fixture::everything()));
        assert_eq!(text(), text());
    }
}
