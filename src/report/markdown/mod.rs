//! Plans, drift and outcomes for pull-request comments and job summaries.
//!
//! A sentence, what must not be missed, tables, and one folded block per change; what is the same in
//! several workspaces is told once. Every value passes a filter on its way into the template, so that no live value can leave
//! its place; what is too long for a comment is cut between blocks, with a sentence that says so.

mod entry;
mod escape;
mod list;
mod outcome;
mod page;

pub use outcome::outcome;

use std::collections::BTreeSet;

use super::fold::{self, Fold};
use super::matrix::Matrix;
use super::sentence;
use super::summary::{self, Summary};
use super::wording;
use crate::plan::{self, Action, Change, Class, Effect, Exceeded, Plan, WorkspacePlan};
use entry::{Detail, Side};
use list::{Named, Objected, Row, Stand, Table, Unread};
use page::Page;

/// How many bytes a report may have.
///
/// GitHub refuses a comment of more than 65,536 characters as a whole, and a pull request whose plan
/// is too big would then get no comment at all, which reads like a plan without changes. Bytes are
/// counted, since there are never fewer of them than of whatever GitHub counts; the difference
/// leaves room for the hidden marker by which a workflow finds its own comment again.
pub const COMMENT_LIMIT: usize = 65_000;

/// No more blocks than this can ever fit: the shortest takes more than 130 bytes.
const MOST_DETAILS: usize = COMMENT_LIMIT / 130;

/// What would be done.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    judged_plan(plan, &plan::exceeded(plan))
}

/// The same of a plan of which the guards found this.
#[must_use]
pub fn judged_plan(plan: &Plan, found: &[Exceeded]) -> String {
    let summary = Summary::judged(plan, found);
    let actions: Vec<Action> = Action::ALL
        .into_iter()
        .filter(|action| *action != Action::None && summary.action(*action) > 0)
        .collect();
    let held = summary.class(Class::Held) > 0;
    let mut columns: Vec<&'static str> = actions.iter().map(|action| action.as_str()).collect();
    columns.extend(held.then_some("held"));
    columns.extend(["in sync", "quieter"]);
    let rows = rows(plan, |workspace| {
        let counts = Summary::of_workspace(workspace);
        let mut cells: Vec<usize> = actions.iter().map(|action| counts.action(*action)).collect();
        cells.extend(held.then_some(counts.class(Class::Held)));
        cells.extend([counts.in_sync(), counts.quieter]);
        cells
    });
    let told = |change: &Change| !summary::is_quiet(change);
    let (acknowledged, objections): (Vec<_>, Vec<_>) =
        found.iter().partition(|found| found.acknowledged.is_some());
    let (details, more_details) = details(plan, Side::Workspace, told);
    let page = Page {
        title: "Plan",
        sentence: sentence::plan(&summary),
        objections: objections.into_iter().map(Objected::of).collect(),
        acknowledged: acknowledged.into_iter().map(Objected::of).collect(),
        unreadable: unreadable(plan),
        quieter: quieter(plan),
        columns,
        rows,
        items: Table::of(&Matrix::of_plan(plan)),
        details,
        more_details,
        hints: hints(plan, told),
        legend: "`-` is what the workspace has and `+` is what the files say.",
        whole: "`sentinelops plan --format json`",
        ..Page::default()
    };
    page.render(COMMENT_LIMIT)
}

/// What moved in the workspaces, outside git.
#[must_use]
pub fn drift(plan: &Plan) -> String {
    let summary = Summary::of(plan);
    let drifted = plan.changes().map(|(_, change)| change).filter(|c| summary::is_drift(c));
    let classes: BTreeSet<Class> = drifted.map(|change| change.class).collect();
    let mut columns: Vec<&'static str> = classes.iter().map(|class| class.as_str()).collect();
    columns.extend(["accepted", "observed"]);
    let rows = rows(plan, |workspace| {
        let of_class = |class: &Class| {
            let drifted = workspace.changes.iter().filter(|c| summary::is_drift(c));
            drifted.filter(|change| change.class == *class).count()
        };
        let counts = Summary::of_workspace(workspace);
        classes.iter().map(of_class).chain([counts.accepted, counts.observed]).collect()
    });
    let (details, more_details) = details(plan, Side::Files, summary::is_told_as_drift);
    let page = Page {
        title: "Drift",
        sentence: sentence::drift(&summary),
        unreadable: unreadable(plan),
        columns,
        rows,
        items: Table::of(&Matrix::of_drift(plan)),
        details,
        more_details,
        hints: hints(plan, |change| summary::is_drift(change) || summary::is_foreign(change)),
        legend: "`-` is what the files say and `+` is what the workspace has.",
        whole: "`sentinelops drift --format json`",
        ..Page::default()
    };
    page.render(COMMENT_LIMIT)
}

fn rows(plan: &Plan, cells: impl Fn(&WorkspacePlan) -> Vec<usize>) -> Vec<Row> {
    let stand = |workspace: &WorkspacePlan| Stand {
        ring: workspace.ring.to_string(),
        unreadable: workspace.unreadable.is_some(),
        frozen: workspace.frozen.is_some(),
        cells: cells(workspace),
    };
    Row::all(plan.workspaces.iter().map(|workspace| (&workspace.key, stand(workspace))))
}

fn unreadable(plan: &Plan) -> Vec<Unread> {
    Unread::all(plan.workspaces.iter().map(|w| (&w.key, w.unreadable.as_ref())))
}

fn quieter(plan: &Plan) -> Vec<Named> {
    let quieter = plan.changes().filter(|(_, change)| change.effect == Effect::Quieter);
    fold::changes(quieter).iter().map(Named::of).collect()
}

/// One block for every change, and only one for what is the same in several workspaces.
/// Tells also how many more there are.
fn details(plan: &Plan, from: Side, told: impl Fn(&Change) -> bool) -> (Vec<Detail>, usize) {
    let changes = summary::all_ordered(plan).into_iter().filter(|(_, change)| told(change));
    let folds = fold::changes(changes);
    let detail = |fold: &Fold<'_, WorkspacePlan, Change>| Detail::of(fold, from);
    let built: Vec<Detail> = folds.iter().take(MOST_DETAILS).map(detail).collect();
    let more = folds.len() - built.len();
    (built, more)
}

fn hints(plan: &Plan, told: impl Fn(&Change) -> bool) -> Vec<String> {
    let changes = summary::all_ordered(plan).into_iter().map(|(_, change)| change);
    let ways = wording::ways_on(changes.filter(|change| told(change)));
    ways.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Moved;
    use crate::report::fixture::{self, change, field, workspace};
    use crate::state::Field;

    #[test]
    fn a_plan_is_a_comment() {
        insta::assert_snapshot!(plan(&fixture::everything()));
    }

    #[test]
    fn drift_is_a_comment() {
        insta::assert_snapshot!(drift(&fixture::everything()));
    }

    #[test]
    fn calm_is_two_lines_and_a_table() {
        let calm = workspace("contoso/prod", vec![change("a", Class::InSync, Action::None)]);
        insta::assert_snapshot!(drift(&fixture::plan(vec![calm])));
    }

    #[test]
    fn a_live_value_cannot_leave_its_place() {
        let evil =
            "x`</code></details>\n\n```\n# Approved @acme/owners | ![](https://evil.example/p.png)";
        let mut made = change("rule", Class::Drifted, Action::Restore);
        made.name = evil.into();
        made.reason = evil.into();
        made.fields = vec![
            field(Field::Description, Moved::Live, format!("{evil}\n```\n````\n"), "plain\ntext\n"),
            field(Field::DisplayName, Moved::Live, evil, "plain"),
        ];
        let made = fixture::plan(vec![workspace("contoso/prod", vec![made])]);
        for text in [plan(&made), drift(&made)] {
            assert_eq!(text.lines().filter(|line| *line == "</details>").count(), 1, "{text}");
            let outside: Vec<&str> = text.split("`````").step_by(2).collect();
            assert_eq!(outside.len(), 2, "one fence, longer than those in the value: {text}");
            for part in outside {
                assert!(!part.contains("@acme") && !part.contains("https://"), "{part}");
                assert!(!part.contains("![") && !part.contains("\n# "), "{part}");
            }
        }
    }

    #[test]
    fn a_report_that_is_too_long_is_cut_between_blocks_and_says_so() {
        let many = |index: usize| {
            let mut made = change(&format!("rule-{index}"), Class::Drifted, Action::Restore);
            made.fields = vec![field(Field::Severity, Moved::Live, "Low", "High")];
            made
        };
        let mut changes: Vec<Change> = (0..2000).map(many).collect();
        changes.push(fixture::quieter(change("last", Class::Changed, Action::Update)));
        let text = plan(&fixture::plan(vec![workspace("contoso/prod", changes)]));
        assert!(
            text.len() <= COMMENT_LIMIT && text.len() > COMMENT_LIMIT - 1_000,
            "{}",
            text.len()
        );
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert!(text.contains("**This report is cut to fit a comment:**"), "{text}");
        assert!(
            text.contains("analytic-rule/last"),
            "what makes detection quieter is never cut first"
        );
    }

    #[test]
    fn the_same_change_in_many_workspaces_is_one_block_and_one_row() {
        let tenant = |at: usize| {
            let changes = vec![change("new", Class::New, Action::Create), fixture::updated()];
            workspace(&format!("tenant-{at:02}/law"), changes)
        };
        let mut all: Vec<_> = (1..=37).map(tenant).collect();
        all[4].changes.push(fixture::drifted());
        all.extend((98..=99).map(|at| fixture::unreadable(&format!("tenant-{at}/law"))));
        insta::assert_snapshot!(plan(&fixture::plan(all)));
    }

    /// Nothing is alike: as bad as it gets.
    #[test]
    fn a_comment_holds_any_fleet_and_says_what_it_leaves_out() {
        let tenant = |at: usize| {
            let name = format!("tenant-{at:04}-with-quite-a-long-name/workspace-of-{at:04}");
            let changed = |item: usize| {
                let mut made = fixture::drifted();
                made.key.id = format!("rule-{item}").parse().unwrap();
                made.fields[0].before = format!("{at}-{item}").into();
                if item == at % 7 {
                    made.effect = Effect::Quieter;
                }
                made
            };
            let mut made = workspace(&name, (0..1 + at % 30).map(changed).collect());
            if at.is_multiple_of(50) {
                made = fixture::unreadable(&name);
                made.unreadable.as_mut().unwrap().message = format!("{at}: {}", "?".repeat(5_000));
            }
            made
        };
        let made = fixture::plan((0..400).map(tenant).collect());
        for text in [plan(&made), drift(&made)] {
            assert!(text.len() <= COMMENT_LIMIT, "{}", text.len());
            assert!(text.len() > COMMENT_LIMIT - 3_000, "{}", text.len());
            let blocks = text.matches("<details>").count();
            assert_eq!(blocks, text.matches("</details>").count());
            assert!(
                text.find("tenant-0350").unwrap()
                    < text.find("| workspace |").unwrap_or(usize::MAX)
            );
            let cut = text.lines().last().unwrap();
            assert!(
                cut.starts_with("**This report is cut to fit a comment:** not shown: "),
                "{cut}"
            );
            assert!(cut.contains("changes in full") && cut.contains("--format json"), "{cut}");
        }
    }

    #[test]
    fn a_huge_value_does_not_push_out_the_others() {
        let mut huge = change("huge", Class::Drifted, Action::Restore);
        huge.fields = vec![field(Field::Query, Moved::Live, "T\n| take 1\n".repeat(50_000), "T")];
        let second = change("second", Class::New, Action::Create);
        let text = plan(&fixture::plan(vec![workspace("contoso/prod", vec![huge, second])]));
        assert!(text.len() < 20_000 && text.contains("analytic-rule/second"), "{}", text.len());
        assert!(text.contains("more lines"), "{text}");
    }
}
