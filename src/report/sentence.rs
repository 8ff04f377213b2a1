//! The closing sentences, which every format for people shares.

use super::count::{count, form};
use super::rollout;
use super::summary::{Summary, Tally};
use crate::apply::Outcome;
use crate::plan::{Action, Class};

/// `Plan: 2 to create, 1 refused, 14 in sync, 1 workspace could not be read.`
pub(super) fn plan(summary: &Summary) -> String {
    let mut parts = Vec::new();
    let mut part = |number: usize, words: &str| {
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    };
    part(summary.action(Action::Create), "to create");
    part(summary.action(Action::Update), "to update");
    part(summary.action(Action::Restore), "to restore");
    part(summary.action(Action::Record), "to record");
    part(summary.action(Action::Retire), "to retire");
    part(summary.action(Action::Delete), "to delete");
    part(summary.action(Action::Forget), "to forget");
    part(summary.action(Action::Refuse), "refused");
    let named = [
        (Class::AutoDisabled, "left disabled"),
        (Class::Held, "held"),
        (Class::Retired, "waiting for prune"),
    ];
    for (class, words) in named {
        part(summary.left(class), words);
    }
    let known: usize = named.iter().map(|(class, _)| summary.left(*class)).sum();
    part(summary.action(Action::None) - known - summary.left(Class::InSync), "left alone");
    let nothing = parts.is_empty();
    if summary.in_sync_but_accepted > 0 {
        parts.push(format!("{} with accepted drift", summary.in_sync_but_accepted));
    }
    let in_sync = summary.in_sync();
    if in_sync > 0 {
        parts.push(format!("{in_sync} in sync"));
    }
    if nothing {
        parts.insert(0, "nothing to do".to_owned());
    }
    if summary.unreadable > 0 {
        parts.push(format!("{} could not be read", count(summary.unreadable, "workspace")));
    }
    let mut sentence = format!("Plan: {}.", parts.join(", "));
    if summary.frozen > 0 {
        let waits = form(summary.frozen, "waits", "wait");
        let changes = count(summary.frozen, "change");
        sentence = format!("{sentence} Of these, {changes} {waits} for the end of a freeze.");
    }
    if let Some(quieter) = quieter(summary.quieter, "makes", "make") {
        sentence = format!("{sentence} {quieter}");
    }
    if summary.objections > 0 {
        let objections = count(summary.objections, "objection");
        sentence = format!("{sentence} {objections} of guards: `apply` sends nothing.");
    }
    with_foreign(sentence, summary.wanted_foreign)
}

/// Adds what belongs to another owner: with a mistyped owner, that is everything.
fn with_foreign(sentence: String, number: usize) -> String {
    if number == 0 {
        return sentence;
    }
    let belong = form(number, "belongs", "belong");
    let items = count(number, "item");
    format!(
        "{sentence} {items} that the files want {belong} to another owner: not compared, never touched."
    )
}

fn quieter(number: usize, one: &'static str, more: &'static str) -> Option<String> {
    let words = format!("{} detection quieter.", form(number, one, more));
    (number > 0).then(|| format!("{} {words}", count(number, "change")))
}

/// `No drift in 3 workspaces.`, only when every one of them was read.
pub(super) fn drift(summary: &Summary) -> String {
    let read = summary.workspaces - summary.unreadable;
    if summary.workspaces == 0 {
        return "No workspace was selected: nothing was compared.".to_owned();
    }
    let found = match (summary.drift, read) {
        (_, 0) => {
            let all = count(summary.workspaces, "workspace");
            return format!("Drift is unknown: none of {all} could be read.",);
        }
        (0, _) if summary.wanted_foreign > 0 => "Drift is not known for every item.".to_owned(),
        (0, _) if summary.unreadable == 0 => {
            format!("No drift in {}.", count(read, "workspace"))
        }
        (0, _) => format!(
            "No drift in the {} that {} read.",
            count(read, "workspace"),
            form(read, "was", "were")
        ),
        (items, _) => format!(
            "Drift: {} in {} of {}.",
            count(items, "item"),
            summary.drifted_workspaces,
            count(read, "workspace")
        ),
    };
    let found = with_foreign(found, summary.wanted_foreign);
    match summary.unreadable {
        0 => found,
        unread => {
            let unread_words = count(unread, "workspace");
            let is = form(unread, "is", "are");
            format!("{found} {unread_words} could not be read and {is} unknown.")
        }
    }
}

/// `Applied 4 changes to 1 workspace.`, with what was not done.
pub(super) fn outcome(outcome: &Outcome) -> String {
    let tally = Tally::of(outcome);
    let done = tally.verdict("done") + tally.verdict("overtaken");
    let read = tally.workspaces - tally.unreadable;
    let calm: usize = ["waiting", "left", "accepted"].map(|word| tally.verdict(word)).iter().sum();
    let left = tally.drift_left + tally.left_disabled;
    let mut sentence = match (done, tally.verdicts.values().sum::<usize>()) {
        (0, all) if read > 0 && all == calm && left > 0 => {
            format!("Changed nothing in {}.", count(read, "workspace"))
        }
        (0, all) if read > 0 && all == calm => {
            format!("Nothing to change in {}.", count(read, "workspace"))
        }
        (0, _) => "Applied nothing.".to_owned(),
        (done, _) => {
            let changes = count(done, "change");
            format!("Applied {changes} to {}.", count(tally.written, "workspace"))
        }
    };
    let waiting = tally.verdict("waiting") - tally.left_disabled;
    let words = [
        ("failed", "failed"),
        ("overtaken", "overtaken by somebody else"),
        ("refused", "refused"),
        ("held", "held"),
        ("blocked", "blocked"),
        ("deferred", "deferred"),
        ("frozen", "frozen"),
        ("not-started", "not started"),
    ];
    let rest: Vec<String> = words
        .into_iter()
        .filter(|(word, _)| tally.verdict(word) > 0)
        .map(|(word, said)| format!("{} {said}", tally.verdict(word)))
        .collect();
    if !rest.is_empty() {
        sentence = format!("{sentence} Not as planned: {}.", rest.join(", "));
    }
    if waiting > 0 {
        let items = count(waiting, "item");
        sentence = format!("{sentence} {items} {} for a word.", form(waiting, "waits", "wait"));
    }
    let stays = form(tally.left_disabled, "stays disabled", "stay disabled");
    let is_left =
        form(tally.drift_left, "with drift is left as it is", "with drift are left as they are");
    let has = form(tally.verdict("accepted"), "has accepted drift", "have accepted drift");
    for (number, words) in [
        (tally.left_disabled, stays),
        (tally.drift_left, is_left),
        (tally.verdict("accepted"), has),
    ] {
        if number > 0 {
            sentence = format!("{sentence} {} {words}.", count(number, "item"));
        }
    }
    if tally.unreadable > 0 {
        let unread = count(tally.unreadable, "workspace");
        sentence = format!("{sentence} {unread} could not be read and got no writes.");
    }
    if let Some(quieter) = quieter(tally.quieter, "made", "made") {
        sentence = format!("{sentence} {quieter}");
    }
    sentence = with_foreign(sentence, tally.wanted_foreign);
    if let Some((ring, _)) = rollout::halted(outcome) {
        sentence = format!("Halted at ring `{}`. {sentence}", ring.ring);
    }
    if outcome.interrupted {
        sentence = format!("Interrupted; what had begun was finished. {sentence}");
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{change, plan as made, unreadable, workspace};
    use super::*;

    fn summary(workspaces: Vec<crate::plan::WorkspacePlan>) -> Summary {
        Summary::of(&made(workspaces))
    }

    #[test]
    fn a_plan_ends_with_what_it_would_do() {
        let changes = vec![
            change("a", Class::New, Action::Create),
            change("b", Class::Conflict, Action::Refuse),
            change("c", Class::InSync, Action::None),
            change("d", Class::Held, Action::None),
            change("e", Class::Drifted, Action::None),
        ];
        let two = summary(vec![workspace("contoso/prod", changes), unreadable("fabrikam/law")]);
        assert_eq!(
            plan(&two),
            "Plan: 1 to create, 1 refused, 1 held, 1 left alone, 1 in sync, \
             1 workspace could not be read."
        );
        let in_sync = vec![change("c", Class::InSync, Action::None)];
        let one = summary(vec![workspace("contoso/prod", in_sync)]);
        assert_eq!(plan(&one), "Plan: nothing to do, 1 in sync.");
        assert_eq!(plan(&summary(vec![])), "Plan: nothing to do.");
    }

    #[test]
    fn what_belongs_to_another_owner_is_said_by_every_sentence() {
        let foreign = vec![
            change("a", Class::Foreign, Action::Refuse),
            change("b", Class::InSync, Action::None),
        ];
        let one = summary(vec![workspace("contoso/prod", foreign)]);
        let said =
            "1 item that the files want belongs to another owner: not compared, never touched.";
        assert_eq!(plan(&one), format!("Plan: 1 refused, 1 in sync. {said}"));
        assert_eq!(drift(&one), format!("Drift is not known for every item. {said}"));
    }

    #[test]
    fn no_drift_is_said_only_of_what_was_read() {
        let calm = || workspace("contoso/prod", vec![change("a", Class::InSync, Action::None)]);
        let check = |workspaces, expect: &str| assert_eq!(drift(&summary(workspaces)), expect);
        check(vec![calm(), calm()], "No drift in 2 workspaces.");
        check(
            vec![calm(), unreadable("fabrikam/law")],
            "No drift in the 1 workspace that was read. \
             1 workspace could not be read and is unknown.",
        );
        check(
            vec![unreadable("fabrikam/law")],
            "Drift is unknown: none of 1 workspace could be read.",
        );
        check(vec![], "No workspace was selected: nothing was compared.");
    }
}
