//! A plan as text.

use super::change;
use super::matrix;
use super::page::Page;
use crate::plan::{self, Change, Effect, Exceeded, Plan, WorkspacePlan};
use crate::report::count::{count, form};
use crate::report::fold::{self, Fold, Shared};
use crate::report::matrix::Matrix;
use crate::report::style::{Paint, Style};
use crate::report::summary::{self, Summary};
use crate::report::{escape, objection, sentence, wording};

/// What would be done, workspace by workspace, and a closing sentence with the counts.
#[must_use]
pub fn plan(plan: &Plan, style: Style) -> String {
    judged_plan(plan, &plan::exceeded(plan), style)
}

/// The same of a plan of which the guards found this.
#[must_use]
pub fn judged_plan(plan: &Plan, found: &[Exceeded], style: Style) -> String {
    let summary = Summary::judged(plan, found);
    let mut page = Page::new(style);
    quieter(&mut page, plan, &summary);
    let shared = Shared::of(plan, |change| !summary::is_quiet(change));
    let (urgent, other): (Vec<_>, Vec<_>) =
        shared.folds.iter().partition(|fold| summary::is_urgent(fold.first));
    page.shared(&urgent, change::change);
    for group in alike(plan, &shared) {
        page.gap();
        workspaces(&mut page, &group, &shared);
    }
    page.shared(&other, change::change);
    matrix::matrix(&mut page, &Matrix::of_plan(plan));
    objections(&mut page, found);
    page.gap();
    let hints = wording::ways_on(summary::all_ordered(plan).into_iter().map(|(_, change)| change));
    for hint in hints {
        page.hint(hint);
    }
    if let Some(hint) = objection::way_on(found) {
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
    let most = if page.style.verbose { usize::MAX } else { fold::NAMED };
    for fold in fold::changes(plan.changes().filter(|(_, c)| c.effect == Effect::Quieter)) {
        let change = fold.first;
        let word = wording::action_word(change);
        let text = format!("{word} {} ({})", page.name(&change.name), change.key);
        let names = fold::names(fold.places.iter().map(|(workspace, _)| &workspace.key), most);
        page.line(change::ITEM, &format!("{names}: {text}"));
    }
}

/// What `apply` would refuse, and what somebody has said is meant.
fn objections(page: &mut Page, found: &[Exceeded]) {
    if found.is_empty() {
        return;
    }
    page.gap();
    for one in found {
        let (paint, head) = match one.acknowledged {
            None => (Paint::Bad, "! guard objects:"),
            Some(_) => (Paint::Care, ". acknowledged:"),
        };
        page.sentence(0, paint, head, &objection::sentence(one));
    }
}

/// Workspaces of which the same is to be said once what they share is told; each by itself where there
/// is more than counts.
fn alike<'p>(plan: &'p Plan, shared: &Shared<'p>) -> Vec<Vec<&'p WorkspacePlan>> {
    let mut groups: Vec<Vec<&WorkspacePlan>> = Vec::new();
    let is_bare = |workspace: &WorkspacePlan| {
        let own = own(workspace, shared).next().is_some();
        !own && workspace.unreadable.is_none()
            && workspace.frozen.is_none()
            && workspace.foreign.is_empty()
    };
    for workspace in &plan.workspaces {
        let like = |group: &&mut Vec<&WorkspacePlan>| {
            let first = group[0];
            is_bare(first) && first.ring == workspace.ring && rest(first) == rest(workspace)
        };
        match is_bare(workspace).then(|| groups.iter_mut().find(like)).flatten() {
            Some(group) => group.push(workspace),
            None => groups.push(vec![workspace]),
        }
    }
    groups
}

/// What a workspace does not share with another.
fn own<'w>(workspace: &'w WorkspacePlan, shared: &Shared<'_>) -> impl Iterator<Item = &'w Change> {
    let changes = summary::ordered(workspace).into_iter();
    changes.filter(|change| !summary::is_quiet(change) && !shared.has(change))
}

/// What is only counted.
fn rest(workspace: &WorkspacePlan) -> String {
    let in_sync = workspace.changes.iter().filter(|change| summary::is_quiet(change)).count();
    let mut rest = Vec::new();
    if in_sync > 0 {
        rest.push(format!("{in_sync} in sync"));
    }
    if workspace.unmanaged > 0 {
        rest.push(format!("{} not owned by this repository", workspace.unmanaged));
    }
    rest.join(", ")
}

fn workspaces(page: &mut Page, group: &[&WorkspacePlan], shared: &Shared<'_>) {
    let workspace = group[0];
    match group {
        [_] => header(page, workspace),
        several => {
            let most = if page.style.verbose { usize::MAX } else { fold::NAMED };
            let names = fold::names(several.iter().map(|workspace| &workspace.key), most);
            let head = count(several.len(), "workspace");
            page.sentence(0, Paint::Strong, &head, &format!("(ring {}): {names}", workspace.ring));
        }
    }
    for change in own(workspace, shared) {
        change::change(page, &Fold::single(workspace, change));
    }
    let rest = rest(workspace);
    if !rest.is_empty() {
        let each = if group.len() > 1 { "each " } else { "" };
        page.sentence(change::ITEM, Paint::Quiet, &format!("{each}{rest}"), "");
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
    fn what_thirty_seven_workspaces_share_is_told_once() {
        let tenant = |at: usize| {
            let name = format!("tenant-{at:02}/law");
            let changes = vec![
                fixture::change("new", Class::New, Action::Create),
                fixture::updated(),
                fixture::change("calm", Class::InSync, Action::None),
            ];
            fixture::workspace(&name, changes)
        };
        let mut all: Vec<_> = (1..=37).map(tenant).collect();
        all[4].changes.push(fixture::drifted());
        all.push(fixture::unreadable("tenant-99/law"));
        let text = plan(&fixture::plan(all), WIDE);
        assert_eq!(text.matches("+ create in 37 workspaces:").count(), 1, "{text}");
        insta::assert_snapshot!(text);
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
