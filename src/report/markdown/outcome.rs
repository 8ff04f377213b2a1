//! How a run ended.

use super::COMMENT_LIMIT;
use super::list::{Ended, Named, Row, Stand, Unread};
use super::page::{Halted, Page};
use crate::apply::{Outcome, RingOutcome, Verdict, WorkspaceOutcome};
use crate::plan::Effect;
use crate::report::ending::{self, Told};
use crate::report::{rollout, sentence, summary};

/// What was done and what was not.
#[must_use]
pub fn outcome(outcome: &Outcome) -> String {
    let mut folds = ending::folds(outcome);
    folds.sort_by_key(|fold| ending::weight(fold.first));
    let (calm, troubles): (Vec<Told<'_>>, Vec<Told<'_>>) =
        folds.into_iter().partition(|fold| ending::is_calm(fold.first));
    let is_quieter = |fold: &&Told<'_>| {
        fold.first.effect == Effect::Quieter && fold.first.verdict == Verdict::Done
    };
    let words = words(outcome);
    let mut columns = words.clone();
    columns.push("in sync");
    let mut hints: Vec<String> = ending::ways_on(outcome).into_iter().map(str::to_owned).collect();
    hints.extend(rollout::way_on(outcome));
    let page = Page {
        title: "Outcome",
        sentence: sentence::outcome(outcome),
        halted: halted(outcome),
        unreadable: Unread::all(outcome.workspaces.iter().map(|w| (&w.key, w.unreadable.as_ref()))),
        troubles: troubles.iter().map(Ended::of).collect(),
        quieter: calm.iter().filter(is_quieter).map(Named::of_done).collect(),
        columns,
        rows: Row::all(outcome.workspaces.iter().map(|w| (&w.key, stand(w, &words)))),
        done: calm.iter().map(Ended::of).collect(),
        hints,
        whole: "`outcome.json` in the run's folder",
        ..Page::default()
    };
    page.render(COMMENT_LIMIT)
}

fn halted(outcome: &Outcome) -> Option<Halted> {
    let (ring, halt) = rollout::halted(outcome)?;
    let head = format!("Rollout halted at ring {}: {}", ring.ring, rollout::why(ring, halt));
    let line = |ring: &RingOutcome| format!("{}: {}", ring.ring, rollout::standing(ring));
    Some(Halted { head, rings: outcome.rings.iter().map(line).collect() })
}

/// The ways in which items ended, in the order of reports.
fn words(outcome: &Outcome) -> Vec<&'static str> {
    let items = outcome.workspaces.iter().flat_map(|workspace| &workspace.items);
    let mut all: Vec<_> = items
        .map(|item| (ending::place(&item.verdict), summary::verdict_words(&item.verdict)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|(_, word)| word).collect()
}

fn stand(workspace: &WorkspaceOutcome, words: &[&str]) -> Stand {
    let ended = |word: &&str| {
        let items = workspace.items.iter();
        items.filter(|item| summary::verdict_words(&item.verdict) == *word).count()
    };
    Stand {
        ring: workspace.ring.to_string(),
        unreadable: workspace.unreadable.is_some(),
        frozen: false,
        cells: words.iter().map(ended).chain([workspace.in_sync]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Class};
    use crate::report::fixture;

    #[test]
    fn an_outcome_is_a_comment() {
        insta::assert_snapshot!(outcome(&fixture::outcome()));
    }

    #[test]
    fn what_failed_alike_in_many_workspaces_is_told_once_and_a_name_stays_a_name() {
        let mut made = fixture::outcome();
        let evil = "x`</code></details> | @acme/owners ![](https://evil.example/p.png)\n# Done";
        let mut failed = fixture::item(
            "rule",
            Class::New,
            Action::Create,
            Verdict::Failed(format!("400 {evil}")),
        );
        failed.name = evil.into();
        let one = |at: usize| WorkspaceOutcome {
            key: fixture::key(&format!("tenant-{at}/law")),
            items: vec![failed.clone()],
            in_sync: 3,
            ..made.workspaces[0].clone()
        };
        made.workspaces = (0..37).map(one).collect();
        let text = outcome(&made);
        assert_eq!(text.matches("analytic-rule/rule").count(), 1, "{text}");
        assert!(text.contains("in 37 workspaces (<code>tenant-0/law, "), "{text}");
        assert!(text.contains("and 27 more)"), "{text}");
        assert!(!text.contains("@acme") && !text.contains("https://"), "{text}");
        assert!(!text.contains("</details>") && !text.contains("\n# "), "{text}");
    }
}
