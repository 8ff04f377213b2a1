//! Plans and drift for pull-request comments and job summaries.
//!
//! A summary table, what makes detection quieter before anything else, and one folded block per
//! change. Every value passes a filter on its way into the template, so that no live value can leave
//! its place; what is too long for a comment is cut between blocks, with a sentence that says so.

mod entry;
mod escape;
mod page;

use std::collections::BTreeSet;

use super::sentence;
use super::summary::{self, Summary};
use super::wording;
use crate::plan::{self, Action, Change, Class, Effect, Plan};
use entry::{Detail, Named, Objected, Row, Side, Unread};
use page::Page;

/// How many bytes a report may have.
///
/// GitHub refuses a comment of more than 65,536 characters as a whole, and a pull request whose plan
/// is too big would then get no comment at all, which reads like a plan without changes. Bytes are
/// counted, since there are never fewer of them than of whatever GitHub counts; the difference
/// leaves room for the hidden marker by which a workflow finds its own comment again.
pub const COMMENT_LIMIT: usize = 65_000;

/// What would be done.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let summary = Summary::of(plan);
    let actions: Vec<Action> = Action::ALL
        .into_iter()
        .filter(|action| *action != Action::None && summary.action(*action) > 0)
        .collect();
    let held = summary.class(Class::Held) > 0;
    let mut columns: Vec<&'static str> = actions.iter().map(|action| action.as_str()).collect();
    columns.extend(held.then_some("held"));
    columns.extend(["in sync", "quieter"]);
    let rows = rows(plan, |counts| {
        let mut cells: Vec<usize> = actions.iter().map(|action| counts.action(*action)).collect();
        cells.extend(held.then_some(counts.class(Class::Held)));
        cells.extend([counts.in_sync(), counts.quieter]);
        cells
    });
    let told = |change: &Change| !summary::is_quiet(change);
    let (acknowledged, objections): (Vec<_>, Vec<_>) =
        plan::exceeded(plan).into_iter().partition(|found| found.acknowledged.is_some());
    let page = Page {
        title: "Plan",
        sentence: sentence::plan(&summary),
        objections: objections.iter().map(Objected::of).collect(),
        acknowledged: acknowledged.iter().map(Objected::of).collect(),
        unreadable: unreadable(plan),
        quieter: quieter(plan),
        columns,
        rows,
        details: details(plan, Side::Workspace, told),
        hints: hints(plan, told),
        legend: "`-` is what the workspace has and `+` is what the files say.",
        command: "sentinelops plan",
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
    let mut rows = rows(plan, |_| Vec::new());
    for (row, workspace) in rows.iter_mut().zip(&plan.workspaces) {
        let of_class = |class: &Class| {
            let drifted = workspace.changes.iter().filter(|c| summary::is_drift(c));
            drifted.filter(|change| change.class == *class).count()
        };
        let counts = Summary::of_workspace(workspace);
        row.cells = classes.iter().map(of_class).collect();
        row.cells.extend([counts.accepted, counts.observed]);
    }
    let page = Page {
        title: "Drift",
        sentence: sentence::drift(&summary),
        objections: Vec::new(),
        acknowledged: Vec::new(),
        unreadable: unreadable(plan),
        quieter: Vec::new(),
        columns,
        rows,
        details: details(plan, Side::Files, summary::is_told_as_drift),
        hints: hints(plan, |change| summary::is_drift(change) || summary::is_foreign(change)),
        legend: "`-` is what the files say and `+` is what the workspace has.",
        command: "sentinelops drift",
    };
    page.render(COMMENT_LIMIT)
}

fn rows(plan: &Plan, cells: impl Fn(&Summary) -> Vec<usize>) -> Vec<Row> {
    let row = |workspace| Row::of(workspace, cells(&Summary::of_workspace(workspace)));
    plan.workspaces.iter().map(row).collect()
}

fn unreadable(plan: &Plan) -> Vec<Unread> {
    plan.workspaces.iter().filter_map(Unread::of).collect()
}

fn quieter(plan: &Plan) -> Vec<Named> {
    let quieter = plan.changes().filter(|(_, change)| change.effect == Effect::Quieter);
    quieter.map(|(workspace, change)| Named::of(workspace, change)).collect()
}

fn details(plan: &Plan, from: Side, told: impl Fn(&Change) -> bool) -> Vec<Detail> {
    let changes = summary::all_ordered(plan).into_iter().filter(|(_, change)| told(change));
    changes.map(|(workspace, change)| Detail::of(workspace, change, from)).collect()
}

fn hints(plan: &Plan, told: impl Fn(&Change) -> bool) -> Vec<&'static str> {
    let changes = summary::all_ordered(plan).into_iter().map(|(_, change)| change);
    wording::ways_on(changes.filter(|change| told(change)))
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
    fn a_huge_value_does_not_push_out_the_others() {
        let mut huge = change("huge", Class::Drifted, Action::Restore);
        huge.fields = vec![field(Field::Query, Moved::Live, "T\n| take 1\n".repeat(50_000), "T")];
        let second = change("second", Class::New, Action::Create);
        let text = plan(&fixture::plan(vec![workspace("contoso/prod", vec![huge, second])]));
        assert!(text.len() < 20_000 && text.contains("analytic-rule/second"), "{}", text.len());
        assert!(text.contains("more lines"), "{text}");
    }
}
