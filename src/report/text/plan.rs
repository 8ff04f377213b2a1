//! A plan as text.

use super::change;
use super::page::Page;
use crate::plan::{self, Effect, Plan, WorkspacePlan};
use crate::report::count::{count, form};
use crate::report::style::{Paint, Style};
use crate::report::summary::{self, Summary};
use crate::report::{escape, objection, sentence, wording};

/// What would be done, workspace by workspace, and a closing sentence with the counts.
#[must_use]
pub fn plan(plan: &Plan, style: Style) -> String {
    let summary = Summary::of(plan);
    let mut page = Page::new(style);
    quieter(&mut page, plan, &summary);
    for workspace in &plan.workspaces {
        page.gap();
        self::workspace(&mut page, workspace);
    }
    objections(&mut page, plan);
    page.gap();
    let hints = wording::ways_on(summary::all_ordered(plan).into_iter().map(|(_, change)| change));
    for hint in hints {
        page.hint(hint);
    }
    if let Some(hint) = objection::way_on(&plan::exceeded(plan)) {
        page.hint(&hint);
    }
    page.closing(Paint::Strong, &sentence::plan(&summary));
    page.finish()
}

/// With several workspaces, what makes detection quieter must not be found only by scrolling.
fn quieter(page: &mut Page, plan: &Plan, summary: &Summary) {
    if summary.quieter == 0 || plan.workspaces.len() < 2 {
        return;
    }
    let number = summary.quieter;
    let makes = form(number, "makes", "make");
    let head = format!("{} {makes} detection quieter:", count(number, "change"));
    page.sentence(0, Paint::Care, &head, "");
    for (workspace, change) in plan.changes().filter(|(_, c)| c.effect == Effect::Quieter) {
        let word = wording::action_word(change);
        let text = format!("{word} {} ({})", page.name(&change.name), change.key);
        page.line(change::ITEM, &format!("{}: {text}", workspace.key));
    }
}

/// What `apply` would refuse, and what somebody has said is meant.
fn objections(page: &mut Page, plan: &Plan) {
    let found = plan::exceeded(plan);
    if found.is_empty() {
        return;
    }
    page.gap();
    for one in &found {
        let (paint, head) = match one.acknowledged {
            None => (Paint::Bad, "! guard objects:"),
            Some(_) => (Paint::Care, ". acknowledged:"),
        };
        page.sentence(0, paint, head, &objection::sentence(one));
    }
}

fn workspace(page: &mut Page, workspace: &WorkspacePlan) {
    header(page, workspace);
    let changes = summary::ordered(workspace);
    for change in changes.into_iter().filter(|change| !summary::is_quiet(change)) {
        change::change(page, change);
    }
    let counts = Summary::of_workspace(workspace);
    let in_sync = workspace.changes.iter().filter(|change| summary::is_quiet(change)).count();
    let mut rest = Vec::new();
    if in_sync > 0 {
        rest.push(format!("{in_sync} in sync"));
    }
    if counts.unmanaged > 0 {
        rest.push(format!("{} not owned by this repository", counts.unmanaged));
    }
    if !rest.is_empty() {
        page.sentence(change::ITEM, Paint::Quiet, &rest.join(", "), "");
    }
    for foreign in &workspace.foreign {
        let (item, owner) = (escape::visible(&foreign.item), escape::visible(&foreign.owner));
        page.line(change::ITEM, &format!("foreign: {item} belongs to {owner}; never touched"));
    }
}

/// The workspace's name, and loudly whether it could not be read.
pub(super) fn header(page: &mut Page, workspace: &WorkspacePlan) {
    let head = workspace.key.to_string();
    page.sentence(0, Paint::Strong, &head, &format!("(ring {})", workspace.ring));
    if let Some(unreadable) = &workspace.unreadable {
        let why = match unreadable.denied {
            true => "not signed in, or not allowed",
            false => "not read whole",
        };
        let text = format!("{why}: {}", escape::visible(&unreadable.message));
        page.sentence(change::ITEM, Paint::Bad, "! COULD NOT BE READ, so it is unknown:", &text);
    }
    if let Some(freeze) = &workspace.frozen {
        page.sentence(change::ITEM, Paint::Care, "frozen", &wording::freeze(freeze));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Class, Moved};
    use crate::report::fixture;
    use crate::state::Field;

    const WIDE: Style = Style { color: false, width: 100, verbose: false };

    #[test]
    fn a_plan_tells_the_worst_first() {
        insta::assert_snapshot!(plan(&fixture::everything(), WIDE));
    }

    #[test]
    fn nothing_but_colours_is_lost_without_them() {
        let coloured = plan(&fixture::everything(), Style { color: true, ..WIDE });
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain += before;
            rest = after.split_once('m').unwrap().1;
        }
        plain += rest;
        assert_eq!(plain, plan(&fixture::everything(), WIDE));
    }

    #[test]
    fn an_unreadable_workspace_is_never_green() {
        let text = plan(
            &fixture::plan(vec![fixture::unreadable("fabrikam/law")]),
            Style { color: true, ..WIDE },
        );
        assert!(text.contains("COULD NOT BE READ"), "{text}");
        assert!(!text.contains("in sync") && !text.contains("\u{1b}[32m"), "{text}");
    }

    #[test]
    fn a_portal_user_cannot_paint_the_terminal() {
        let mut change = fixture::change("rule", Class::Drifted, Action::Restore);
        change.name = "Rule\u{1b}[2J\r\nPlan: nothing to do.".into();
        change.fields =
            vec![fixture::field(Field::Description, Moved::Live, "a\u{1b}[8mb\n\u{9b}31m", "a")];
        let made = fixture::plan(vec![fixture::workspace("contoso/prod", vec![change])]);
        let text = plan(&made, WIDE);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{9b}'), "{text}");
        assert!(!text.lines().any(|line| line == "Plan: nothing to do."), "{text}");
    }

    #[test]
    fn a_narrow_terminal_gets_wrapped_lines_with_whole_ids() {
        let narrow = plan(&fixture::everything(), Style { width: 60, ..WIDE });
        assert!(narrow.contains("(analytic-rule/auto-disabled)"), "{narrow}");
        let body = narrow.lines().filter(|line| !line.starts_with("Plan: "));
        let longest = body.map(crate::report::width::columns).max();
        assert!(longest <= Some(60), "{longest:?}\n{narrow}");
    }

    #[test]
    fn a_new_item_shows_its_fields_only_when_asked() {
        let mut change = fixture::change("new", Class::New, Action::Create);
        change.fields = vec![fixture::field(Field::Severity, Moved::Desired, (), "High")];
        let made = fixture::plan(vec![fixture::workspace("contoso/prod", vec![change])]);
        assert!(!plan(&made, WIDE).contains("severity"));
        let verbose = plan(&made, Style { verbose: true, ..WIDE });
        assert!(verbose.contains("severity: nothing → \"High\""), "{verbose}");
    }
}
