//! How a run ended, as text.

use super::change::{self, FIELD, ITEM};
use super::page::Page;
use crate::apply::{ItemOutcome, Outcome, RingOutcome, Standing, Verdict, WorkspaceOutcome};
use crate::plan::{Class, Effect};
use crate::report::fold::{self, Fold};
use crate::report::style::{Paint, Style};
use crate::report::{escape, rollout, sentence, summary, wording};

/// What was done and what was not, workspace by workspace, a way on, and a closing sentence.
#[must_use]
pub fn outcome(outcome: &Outcome, style: Style) -> String {
    let mut page = Page::new(style);
    let all = outcome.workspaces.iter().flat_map(|workspace| {
        told(outcome, workspace).into_iter().map(move |item| (workspace, item))
    });
    let (mut shared, own): (Vec<_>, Vec<_>) =
        fold::items(all).into_iter().partition(Fold::is_shared);
    shared.sort_by_key(|fold| weight(fold.first));
    let (bad, calm): (Vec<_>, Vec<_>) = shared.iter().partition(|fold| weight(fold.first) < CALM);
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
    for hint in ways_on(outcome) {
        page.hint(hint);
    }
    if let Some(hint) = rollout::way_on(outcome) {
        page.hint(&hint);
    }
    page.closing(Paint::Strong, &sentence::outcome(outcome));
    page.finish()
}

/// The items that are told one by one. What a ring that was not begun would have done is counted with
/// the ring: it may be thousands of items.
fn told<'o>(outcome: &Outcome, workspace: &'o WorkspaceOutcome) -> Vec<&'o ItemOutcome> {
    let begun = |ring: &RingOutcome| ring.standing != Standing::NotStarted;
    let of_ring = outcome.rings.iter().find(|ring| ring.ring == workspace.ring);
    let is_begun = of_ring.is_none_or(begun);
    let is_told = |item: &&ItemOutcome| is_begun || !matches!(item.verdict, Verdict::NotStarted(_));
    workspace.items.iter().filter(is_told).collect()
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

type Told<'o> = Fold<'o, WorkspaceOutcome, ItemOutcome>;

fn workspace(page: &mut Page, workspace: &WorkspaceOutcome, mut items: Vec<&Told<'_>>) {
    page.sentence(0, Paint::Strong, &workspace.key.to_string(), "");
    if let Some(unreadable) = &workspace.unreadable {
        let text = format!("nothing was sent to it: {}", escape::visible(&unreadable.message));
        page.sentence(ITEM, Paint::Bad, "! COULD NOT BE READ,", &text);
    }
    // What did not go as planned is read first; a run's order is of no use to a reader.
    items.sort_by_key(|fold| weight(fold.first));
    for item in items {
        self::item(page, item);
    }
    if workspace.in_sync > 0 {
        page.line(ITEM, &format!("{} in sync", workspace.in_sync));
    }
}

/// What comes first in a report, and what is calm: what was done and what is accepted.
fn weight(item: &ItemOutcome) -> (bool, u8) {
    (item.class != Class::AutoDisabled, place(&item.verdict))
}

const CALM: (bool, u8) = (true, place(&Verdict::Done));

const fn place(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Failed(_) => 0,
        Verdict::Overtaken(_) => 1,
        Verdict::Refused(_) => 2,
        Verdict::Held(_) => 3,
        Verdict::Blocked(_) => 4,
        Verdict::Deferred(_) => 5,
        Verdict::NotStarted(_) => 6,
        Verdict::Frozen(_) => 7,
        Verdict::Left(_) => 8,
        Verdict::Waits(_) => 9,
        Verdict::Done => 10,
        Verdict::Accepted(_) => 11,
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
    let word = match &item.verdict {
        Verdict::NotStarted(_) => "not started",
        Verdict::Accepted(_) => "accepted drift",
        other => summary::verdict_word(other),
    };
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

/// What can be done about what was not done, each once.
fn ways_on(outcome: &Outcome) -> Vec<&'static str> {
    let tally = summary::Tally::of(outcome);
    let way = |word, hint| (tally.verdict(word) > 0).then_some(hint);
    let ways = [
        way(
            "failed",
            "what failed is tried again by the next `sentinelops apply`; what is done is recorded and \
             is not done twice",
        ),
        way(
            "overtaken",
            "somebody else writes there too: `sentinelops drift` shows what they wrote",
        ),
        (tally.wanted_foreign > 0).then_some(wording::FOREIGN),
        way("refused", "`sentinelops plan` shows the sides of what was refused"),
        way("held", "`sentinelops plan` says what holds an item, and what to do about it"),
        way("deferred", "what was deferred is tried again by the next `sentinelops apply`"),
        way("blocked", "a blocked item waits until its workspace has the tables that it reads"),
        (tally.drift_left > 0).then_some(
            "`sentinelops drift` shows what was changed outside git; `sentinelops apply` without \
             `--drift report` restores it",
        ),
        way(
            "frozen",
            "what a freeze stopped is written by the first `sentinelops apply` after its last day; to write \
             it before, end the freeze in the file that has it",
        ),
        way("waiting", "`sentinelops plan` says what a waiting item waits for"),
        way("not-started", "`sentinelops apply` again begins what was not started"),
    ];
    ways.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Action;
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
