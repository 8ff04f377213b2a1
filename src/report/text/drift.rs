//! Drift as text: the live side, for people.

use super::change::{self, FIELD, ITEM};
use super::matrix;
use super::page::Page;
use super::plan::header;
use crate::plan::{Change, Effect, Plan, WorkspacePlan};
use crate::report::fold::{Fold, Shared};
use crate::report::matrix::Matrix;
use crate::report::style::{Paint, Style};
use crate::report::summary::{self, Summary};
use crate::report::{escape, sentence, wording};

/// What moved in the workspaces, outside git; what is accepted or the customer's to choose as
/// information; and a closing sentence that is calm only when every workspace was read.
#[must_use]
pub fn drift(plan: &Plan, style: Style) -> String {
    let mut page = Page::new(style);
    let shared = Shared::of(plan, summary::is_told_as_drift);
    let (bad, known): (Vec<_>, Vec<_>) = shared.folds.iter().partition(|fold| is_bad(fold.first));
    page.shared(&bad, item);
    for workspace in &plan.workspaces {
        self::workspace(&mut page, workspace, &shared);
    }
    page.shared(&known, item);
    matrix::matrix(&mut page, &Matrix::of_drift(plan));
    page.gap();
    let drifted = summary::all_ordered(plan).into_iter().map(|(_, change)| change);
    for hint in wording::ways_on(drifted.filter(|c| summary::is_drift(c) || summary::is_foreign(c)))
    {
        page.hint(hint);
    }
    page.closing(Paint::Strong, &sentence::drift(&Summary::of(plan)));
    page.finish()
}

fn workspace(page: &mut Page, workspace: &WorkspacePlan, shared: &Shared<'_>) {
    let changes = summary::ordered(workspace);
    let own = |change: &&Change| summary::is_told_as_drift(change) && !shared.has(change);
    let told: Vec<&Change> = changes.into_iter().filter(own).collect();
    if told.is_empty() && workspace.unreadable.is_none() {
        return;
    }
    page.gap();
    header(page, workspace);
    for change in told {
        item(page, &Fold::single(workspace, change));
    }
}

fn is_bad(change: &Change) -> bool {
    summary::is_drift(change) || summary::is_foreign(change)
}

fn item(page: &mut Page, fold: &Fold<'_, WorkspacePlan, Change>) {
    let change = fold.first;
    let is_bad = is_bad(change);
    let (paint, word) = match (is_bad, summary::is_accepted(change)) {
        (true, _) => (Paint::Bad, change.class.as_str()),
        (false, true) => (Paint::Quiet, "accepted drift"),
        (false, false) => (Paint::Quiet, "for information"),
    };
    let (name, key) = (page.name(&change.name), escape::visible(&change.key.to_string()));
    let head = format!("{} {word}{}:", if is_bad { '!' } else { '.' }, fold.spread());
    let reason = match is_bad {
        true => format!(": {}", escape::visible(&change.reason)),
        false => String::new(),
    };
    page.sentence(ITEM, paint, &head, &format!("{name} ({key}){reason}"));
    if wording::is_gone(change) {
        page.line(FIELD, "it is no longer in the workspace: deleted outside git");
    } else if change.fields.is_empty() && summary::is_uncompared(change) {
        page.line(FIELD, wording::uncompared(change));
    } else {
        for field in change.fields.iter().filter(|field| summary::moved_live(field)) {
            change::unwritten_field(page, change, field);
        }
    }
    change::observed(page, change);
    change::modified(page, fold);
    change::spread(page, fold);
    let words = match (summary::is_drift(change), change.effect) {
        (false, _) | (_, Effect::Neutral) => return,
        (true, _) => wording::effect_sentence(change),
    };
    let text = format!("the next apply ({}) {words}", change.action);
    page.line(FIELD, &text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Class};
    use crate::report::fixture;

    const WIDE: Style = Style { color: false, width: 100, verbose: false };

    #[test]
    fn drift_tells_what_moved_outside_git_and_who_did_it() {
        insta::assert_snapshot!(drift(&fixture::everything(), WIDE));
    }

    #[test]
    fn what_moved_only_in_git_is_no_drift() {
        let made =
            fixture::plan(vec![fixture::workspace("contoso/prod", vec![fixture::updated()])]);
        assert_eq!(drift(&made, WIDE), "No drift in 1 workspace.\n");
    }

    #[test]
    fn a_vanished_item_is_said_to_be_deleted_outside_git() {
        let gone = fixture::change("rule", Class::Vanished, Action::Create);
        let made = fixture::plan(vec![fixture::workspace("contoso/prod", vec![gone])]);
        let text = drift(&made, WIDE);
        assert!(text.contains("deleted outside git"), "{text}");
        assert!(text.ends_with("Drift: 1 item in 1 of 1 workspace.\n"), "{text}");
    }
}
