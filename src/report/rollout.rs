//! The words for rings, and for why a rollout halted.

use super::count::{count, form};
use crate::apply::{Halt, Outcome, RingOutcome, Standing};
use crate::state::{FailureBudget, Limit};

/// The ring that halted the rollout, and why, if one did.
pub(super) fn halted(outcome: &Outcome) -> Option<(&RingOutcome, &Halt)> {
    outcome.rings.iter().find_map(|ring| match &ring.standing {
        Standing::Halted(halt) => Some((ring, halt)),
        Standing::Finished | Standing::NotStarted | Standing::Interrupted => None,
    })
}

/// How a ring ended, in a word, as JSON spells it.
pub(super) const fn word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Finished => "finished",
        Standing::Halted(_) => "halted",
        Standing::NotStarted => "not-started",
        Standing::Interrupted => "interrupted",
    }
}

/// Why it halted, in a word, as JSON spells it.
pub(super) const fn halt_word(halt: &Halt) -> &'static str {
    match halt {
        Halt::OverBudget => "over-budget",
        Halt::NothingTried => "nothing-tried",
    }
}

/// Why it halted, as a sentence without a full stop.
pub(super) fn why(ring: &RingOutcome, halt: &Halt) -> String {
    let score = ring.score;
    match halt {
        Halt::OverBudget => {
            let mut parts = Vec::new();
            if score.failed > 0 {
                parts.push(format!("{} failed", count(score.failed, "change")));
            }
            if score.unreadable > 0 {
                let unread = count(score.unreadable, "workspace");
                parts.push(format!("{unread} could not be read"));
            }
            format!(
                "{} of {} that were tried, and its failure budget allows {}",
                parts.join(" and "),
                score.tried(),
                allowed(&ring.budget)
            )
        }
        Halt::NothingTried => {
            let mut parts = Vec::new();
            if score.unreadable > 0 {
                let unread = count(score.unreadable, "workspace");
                parts.push(format!("{unread} could not be read"));
            }
            if score.frozen > 0 {
                let is = form(score.frozen, "is", "are");
                parts.push(format!("{} {is} frozen", count(score.frozen, "workspace")));
            }
            format!(
                "nothing could be tried in it ({}), so it shows nothing to the rings after it",
                parts.join(", ")
            )
        }
    }
}

/// `2 (environments/fleet.yaml:4) and 5 % (environments/fleet.yaml:4)`.
fn allowed(budget: &FailureBudget) -> String {
    let said = |limit: &Limit, unit: &str| format!("{}{unit} ({})", limit.value, limit.origin());
    let items = budget.items.as_ref().map(|limit| said(limit, ""));
    let percent = budget.percent.as_ref().map(|limit| said(limit, " %"));
    let parts: Vec<String> = items.into_iter().chain(percent).collect();
    if parts.is_empty() { "none (built in)".to_owned() } else { parts.join(" and ") }
}

/// How a ring ended, with its numbers.
pub(super) fn standing(ring: &RingOutcome) -> String {
    let score = ring.score;
    let workspaces = count(score.workspaces, "workspace");
    let mut text = match ring.standing {
        Standing::NotStarted => {
            format!("not started: {} in {workspaces}", count(score.not_begun, "change"))
        }
        Standing::Finished | Standing::Halted(_) | Standing::Interrupted => {
            let not = match score.not_begun {
                0 => String::new(),
                number => format!(", {number} not begun"),
            };
            format!(
                "{}: {} begun in {workspaces}, {} failed{not}",
                word(&ring.standing),
                count(score.begun, "change"),
                score.failed
            )
        }
    };
    if score.unreadable > 0 {
        text += &format!(", {} could not be read", count(score.unreadable, "workspace"));
    }
    text
}

/// How to go on after a halt.
pub(super) fn way_on(outcome: &Outcome) -> Option<String> {
    let (ring, _) = halted(outcome)?;
    let later = outcome.rings.iter().find(|ring| ring.standing == Standing::NotStarted);
    let named = later.map(|later| {
        format!("; to go on without it all the same, name the next ring: `--ring {}`", later.ring)
    });
    Some(format!(
        "mend what went wrong in ring `{}` and run `sentinelops apply` again: what is done is not done \
         twice, and the next ring begins when this one ends within its budget{}",
        ring.ring,
        named.unwrap_or_default()
    ))
}
