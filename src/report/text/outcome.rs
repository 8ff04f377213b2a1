//! How a run ended, as text.

use super::change::{self, FIELD, ITEM};
use super::page::Page;
use crate::apply::{Outcome, Verdict, WorkspaceOutcome};
use crate::plan::Effect;
use crate::report::ending::{self, Told};
use crate::report::fold::{self, Fold};
use crate::report::style::{Paint, Style};
use crate::report::{escape, rollout, sentence, summary, wording};

/// What was done and what was not, workspace by workspace, a way on, and a closing sentence.
#[must_use]
pub fn outcome(outcome: &Outcome, style: Style) -> String {
    let mut page = Page::new(style);
    let (mut shared, own): (Vec<_>, Vec<_>) =
        ending::folds(outcome).into_iter().partition(Fold::is_shared);
    shared.sort_by_key(|fold| ending::weight(fold.first));
    let (calm, bad): (Vec<_>, Vec<_>) = shared.iter().partition(|fold| ending::is_calm(fold.first));
    page.shared(&bad, item);
    for workspace in &outcome.workspaces {
        let of_workspace = |fold: &&Fold<'_, _, _>| std::ptr::eq(fold.places[0].0, workspace);
        let items: Vec<_> = own.iter().filter(of_workspace).collect();
        if !items.is_empty() || workspace.unreadable.is_some() {
            page.gap();
            self::workspace(&mut page, workspace, items);
        }
    }
    page.shared(&calm, item);
    rollout(&mut page, outcome);
    page.gap();
    for hint in ending::ways_on(outcome) {
        page.hint(hint);
    }
    if let Some(hint) = rollout::way_on(outcome) {
        page.hint(&hint);
    }
    page.closing(Paint::Strong, &sentence::outcome(outcome));
    page.finish()
}

/// Where a rollout halted: why, and how every ring ended.
fn rollout(page: &mut Page, outcome: &Outcome) {
    let Some((ring, halt)) = rollout::halted(outcome) else { return };
    page.gap();
    let head = format!("Rollout halted at ring {}:", ring.ring);
    page.sentence(0, Paint::Bad, &head, &rollout::why(ring, halt));
    for ring in &outcome.rings {
        page.sentence(ITEM, Paint::Strong, &format!("{}:", ring.ring), &rollout::standing(ring));
    }
}

fn workspace(page: &mut Page, workspace: &WorkspaceOutcome, mut items: Vec<&Told<'_>>) {
    page.sentence(0, Paint::Strong, &workspace.key.to_string(), "");
    if let Some(unreadable) = &workspace.unreadable {
        let text = format!("nothing was sent to it: {}", escape::visible(&unreadable.message));
        page.sentence(ITEM, Paint::Bad, "! COULD NOT BE READ,", &text);
    }
    // What did not go as planned is read first; a run's order is of no use to a reader.
    items.sort_by_key(|fold| ending::weight(fold.first));
    for item in items {
        self::item(page, item);
    }
    if workspace.in_sync > 0 {
        page.line(ITEM, &format!("{} in sync", workspace.in_sync));
    }
}

fn item(page: &mut Page, fold: &Told<'_>) {
    let item = fold.first;
    let (paint, sign) = match &item.verdict {
        Verdict::Done => (Paint::Good, wording::sign(item.action)),
        Verdict::Failed(_) | Verdict::Overtaken(_) | Verdict::Refused(_) => (Paint::Bad, '!'),
        Verdict::Held(_)
        | Verdict::Blocked(_)
        | Verdict::Deferred(_)
        | Verdict::Waits(_)
        | Verdict::Left(_)
        | Verdict::Frozen(_)
        | Verdict::NotStarted(_) => (Paint::Care, '.'),
        Verdict::Accepted(_) => (Paint::Quiet, '.'),
    };
    let word = summary::verdict_words(&item.verdict);
    let quieter = if item.effect == Effect::Quieter { ", QUIETER" } else { "" };
    let spread = fold.spread();
    let head = match item.action.writes() {
        true => format!("{sign} {} {word}{quieter}{spread}:", item.action),
        false => format!("{sign} {word}{quieter}{spread}:"),
    };
    let reason = match summary::verdict_reason(&item.verdict) {
        Some(reason) => format!(": {}", escape::visible(reason)),
        None => String::new(),
    };
    let key = escape::visible(&item.key.to_string());
    let text = format!("{} ({key}), {}{reason}", page.name(&item.name), item.class);
    page.sentence(ITEM, paint, &head, &text);
    if !item.undecided.is_empty() && matches!(item.verdict, Verdict::Done) {
        let fields: Vec<&str> = item.undecided.iter().map(|field| field.path()).collect();
        page.line(FIELD, &format!("left as it is until someone decides: {}", fields.join(", ")));
    }
    if !item.drift_left.is_empty() {
        let fields: Vec<&str> = item.drift_left.iter().map(|field| field.path()).collect();
        page.line(FIELD, &format!("left as it was changed outside git: {}", fields.join(", ")));
    }
    let is_left = summary::leaves_drift(item) || matches!(item.verdict, Verdict::Waits(_));
    let modified = fold::modified(fold.places.iter().map(|(_, one)| one.modified.as_ref()));
    if let (true, Some(words)) = (is_left, modified) {
        page.line(FIELD, &words);
    }
    if item.creates_disabled && matches!(item.verdict, Verdict::Done) {
        page.line(FIELD, wording::MADE_DISABLED);
    }
    if item.effect == Effect::Quieter && matches!(item.verdict, Verdict::Done) {
        page.line(FIELD, "detection is quieter now: fewer or less visible alerts");
    }
    if fold.is_shared() {
        change::places(page, fold.places.iter().map(|(workspace, _)| &workspace.key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Class};
    use crate::report::fixture;

    const WIDE: Style = Style { color: false, width: 100, verbose: false };

    #[test]
    fn an_outcome_tells_what_was_not_done_first() {
        insta::assert_snapshot!(outcome(&fixture::outcome(), WIDE));
    }

    #[test]
    fn a_quiet_run_is_one_sentence() {
        let mut calm = fixture::outcome();
        calm.workspaces.truncate(1);
        calm.workspaces[0].items.clear();
        assert_eq!(outcome(&calm, WIDE), "Nothing to change in 1 workspace.\n");
        let done = fixture::item("a", Class::New, Action::Create, Verdict::Done);
        calm.workspaces[0].items = vec![done.clone(), done];
        assert!(outcome(&calm, WIDE).ends_with("\nApplied 2 changes to 1 workspace.\n"));
    }

    #[test]
    fn an_interrupted_run_says_so() {
        let mut made = fixture::outcome();
        made.interrupted = true;
        assert!(
            outcome(&made, WIDE).contains("\nInterrupted; what had begun was finished. Applied")
        );
    }
}
