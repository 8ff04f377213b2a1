//! Plans for tests of reports, built by hand.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::apply::{
    ItemOutcome, Outcome, RingOutcome, RingScore, Standing, Verdict, WorkspaceOutcome,
};
use crate::arm::WorkspaceId;
use crate::content::Expectation;
use crate::ident::{Family, ItemKey, RingName, WorkspaceKey};
use crate::plan::{
    Action, BaselineSide, Change, Class, DesiredSide, Effect, FieldChange, Foreign, Modified,
    Moved, Options, Plan, RuleCount, Sides, Work, WorkspacePlan,
};
use crate::report::{Judgement, TestReport, TestResult, TestVerdict};
use crate::state::baseline::Baselines;
use crate::state::{FailureBudget, Field, Freeze, Guards, MetadataItem, RunTerms, Unreadable};

pub(crate) fn plan(workspaces: Vec<WorkspacePlan>) -> Plan {
    let terms = RunTerms::default();
    Plan { owner: "acme-soc".parse().unwrap(), options: Options::default(), terms, workspaces }
}

pub(super) fn key(text: &str) -> WorkspaceKey {
    let (environment, workspace) = text.split_once('/').unwrap();
    WorkspaceKey {
        environment: environment.parse().unwrap(),
        workspace: workspace.parse().unwrap(),
    }
}

fn id() -> WorkspaceId {
    WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
        resource_group: "rg-sec".parse().unwrap(),
        name: "law-sec".parse().unwrap(),
    }
}

pub(crate) fn workspace(name: &str, changes: Vec<Change>) -> WorkspacePlan {
    WorkspacePlan {
        key: key(name),
        id: id(),
        ring: "broad".parse().unwrap(),
        unreadable: None,
        frozen: None,
        guards: Guards::default(),
        rules: RuleCount::default(),
        owned: 0,
        retire_blocked: None,
        changes: changes.into_iter().map(Arc::new).collect(),
        unmanaged: 0,
        foreign: Vec::new(),
    }
}

pub(super) fn unreadable(name: &str) -> WorkspacePlan {
    let message = "the service answered 403 AuthorizationFailed to the list of alert rules";
    let unreadable = Some(Unreadable { denied: true, message: message.into() });
    WorkspacePlan { unreadable, ..workspace(name, Vec::new()) }
}

pub(super) fn foreign(item: &str, owner: &str) -> Foreign {
    Foreign { item: item.into(), owner: owner.into() }
}

/// A freeze that is in force.
pub(super) fn freeze() -> Freeze {
    Freeze {
        from: "2026-10-01".parse().unwrap(),
        to: "2026-12-31".parse().unwrap(),
        reason: "audit".into(),
        set_at: "environments/fleet.yaml:3".into(),
    }
}

/// A rule without differences; tests fill in what they are about.
pub(crate) fn change(id: &str, class: Class, action: Action) -> Change {
    let key = ItemKey { family: Family::AnalyticRule, id: id.parse().unwrap() };
    let name = format!("The {id} rule");
    let sides = Sides {
        key: key.clone(),
        arm_name: id.parse().unwrap(),
        name: name.clone(),
        desired: DesiredSide::Absent,
        live: None,
        baseline: BaselineSide::None,
        clash: None,
        observed: Vec::new(),
        prune: false,
        edits_acknowledged: false,
        retire_blocked: None,
        left_out: None,
        rollback: None,
        owner: "acme-soc".parse().unwrap(),
        today: "2026-11-01".parse().unwrap(),
    };
    Change {
        key,
        arm_name: id.parse().unwrap(),
        name,
        class,
        action,
        reason: format!("its sides stand as {class}"),
        effect: Effect::Neutral,
        quieter_by: Vec::new(),
        fields: Vec::new(),
        written: Vec::new(),
        observed: Vec::new(),
        playbooks: None,
        modified: None,
        work: Work::Nothing,
        sides: Box::new(sides),
    }
}

pub(crate) fn quieter(change: Change) -> Change {
    Change { effect: Effect::Quieter, ..change }
}

pub(super) fn field(
    field: Field,
    moved: Moved,
    before: impl Into<Value>,
    after: impl Into<Value>,
) -> FieldChange {
    FieldChange { field, moved, before: before.into(), after: after.into(), accepted: None }
}

/// The baseline of an item whose record was last written at a time.
pub(super) fn recorded(record: &str, owner: &str, at: &str) -> BaselineSide {
    let metadata = MetadataItem {
        name: "analyticsrule-drifted".parse().unwrap(),
        family: Family::AnalyticRule,
        body: json!({
            "properties": {
                "parentId": "/subscriptions/s/alertRules/drifted",
                "contentId": "drifted",
                "customVersion": record,
                "source": {"kind": "SourceRepository", "name": "sentinelops", "sourceId": owner},
            },
            "systemData": {"lastModifiedAt": at},
        })
        .into(),
    };
    let mut sorted = Baselines::sort(&[metadata], &owner.parse().unwrap());
    let (_, mut records) = sorted.ours.pop_first().unwrap();
    BaselineSide::Ours(records.remove(0))
}

/// One workspace with something of everything, one that is in sync, one that could not be read.
pub(crate) fn everything() -> Plan {
    let mut first = workspace(
        "contoso/contoso-prod",
        vec![
            change("in-sync-1", Class::InSync, Action::None),
            change("in-sync-2", Class::InSync, Action::None),
            change("brand-new", Class::New, Action::Create),
            updated(),
            drifted(),
            conflict(),
            auto_disabled(),
            held(),
            accepted(),
            observed(),
            change("old", Class::Retired, Action::None),
        ],
    );
    first.unmanaged = 3;
    first.foreign = vec![foreign("analytic-rule/theirs", "other-soc")];
    let second =
        workspace("contoso/contoso-lab", vec![change("in-sync-1", Class::InSync, Action::None)]);
    plan(vec![first, second, unreadable("fabrikam/law")])
}

pub(super) fn updated() -> Change {
    let mut made = quieter(change("updated", Class::Changed, Action::Update));
    made.reason = "the files moved".into();
    made.fields = vec![
        field(Field::Severity, Moved::Desired, "High", "Low"),
        field(
            Field::Query,
            Moved::Desired,
            "DeviceNetworkEvents\n| where Timestamp > ago(1h)\n| summarize count()\n",
            "DeviceNetworkEvents\n| where Timestamp > ago(1h)\n// exclusion: own-instance\n\
             | where not(false)\n| summarize count()\n",
        ),
        field(Field::Tactics, Moved::Desired, json!(["Execution"]), json!(["Impact"])),
    ];
    made
}

pub(super) fn drifted() -> Change {
    let mut made = change("drifted", Class::Drifted, Action::Restore);
    made.effect = Effect::Louder;
    made.reason = "it was changed outside git".into();
    made.fields = vec![
        field(Field::Severity, Moved::Live, "Low", "High"),
        field(
            Field::CustomDetails,
            Moved::Live,
            json!({"Host": "Computer"}),
            json!({
                "Host": "DeviceName",
                "User": "Account",
            }),
        ),
    ];
    made.modified = Some(Modified {
        by: Some("jo@contoso.example".into()),
        at: Some("2026-10-31T09:12:00Z".into()),
    });
    made
}

fn conflict() -> Change {
    let mut made = change("conflict", Class::Conflict, Action::Refuse);
    made.reason = "severity moved on both sides, to different values".into();
    made.fields = vec![
        field(Field::Severity, Moved::Both, "Low", "Medium"),
        field(Field::TriggerThreshold, Moved::Unknown, 5, 0),
    ];
    made
}

fn auto_disabled() -> Change {
    let mut made = change("auto-disabled", Class::AutoDisabled, Action::None);
    made.name = "AUTO DISABLED The auto-disabled rule".into();
    made.reason = "the service disabled it".into();
    made.fields = vec![field(Field::Enabled, Moved::Live, false, true)];
    made
}

fn held() -> Change {
    let mut made = change("held", Class::Held, Action::None);
    made.reason = "exclusion-unresolved: `process.name` is no column of SigninLogs".into();
    made.fields = vec![field(Field::QueryPeriod, Moved::Live, "PT2H", Value::Null)];
    made
}

fn accepted() -> Change {
    let mut made = change("accepted", Class::Drifted, Action::None);
    made.reason = "its drift is accepted".into();
    let mut severity = field(Field::Severity, Moved::Live, "Informational", "Low");
    severity.accepted = Some("until 2026-12-31: the customer tunes it".into());
    made.fields = vec![severity];
    made
}

fn observed() -> Change {
    let mut made = change("observed", Class::InSync, Action::None);
    made.observed = vec![field(Field::Enabled, Moved::Live, false, true)];
    made
}

pub(super) fn item(id: &str, class: Class, action: Action, verdict: Verdict) -> ItemOutcome {
    let made = change(id, class, action);
    ItemOutcome {
        key: made.key,
        name: made.name,
        class,
        action,
        effect: made.effect,
        undecided: Vec::new(),
        drift_left: Vec::new(),
        creates_disabled: false,
        modified: None,
        verdict,
    }
}

fn broad() -> RingName {
    "broad".parse().unwrap()
}

/// One item for every way in which an item can end, and a workspace that could not be read.
pub(crate) fn outcome() -> Outcome {
    let mut quieter = item("updated", Class::Changed, Action::Update, Verdict::Done);
    quieter.effect = Effect::Quieter;
    let mut partly = item("partly", Class::Conflict, Action::Update, Verdict::Done);
    partly.undecided = vec![Field::Enabled, Field::Severity];
    let items = vec![
        item("new", Class::New, Action::Create, Verdict::Done),
        quieter,
        partly,
        item(
            "disabled",
            Class::AutoDisabled,
            Action::None,
            Verdict::Waits("the service disabled it by itself after failures".into()),
        ),
        item(
            "refused-by-azure",
            Class::New,
            Action::Create,
            Verdict::Failed("400 BadRequest: 'invalid KQL' (request 7f2c)".into()),
        ),
        item(
            "conflict",
            Class::Conflict,
            Action::Refuse,
            Verdict::Refused("severity moved on both sides".into()),
        ),
        item("held", Class::Held, Action::None, Verdict::Held("its file does not load".into())),
        item(
            "recent",
            Class::New,
            Action::Create,
            Verdict::Deferred("its id was deleted less than a day ago".into()),
        ),
        item(
            "no-table",
            Class::New,
            Action::Create,
            Verdict::Blocked("the workspace has no table DeviceNetworkEvents".into()),
        ),
        item(
            "shared",
            Class::Drifted,
            Action::Restore,
            Verdict::Overtaken("severity is \"Low\" again".into()),
        ),
        item(
            "old",
            Class::Retired,
            Action::Delete,
            Verdict::NotStarted("a create in the workspace failed".into()),
        ),
    ];
    let unreadable = unreadable("fabrikam/law").unreadable;
    Outcome {
        workspaces: vec![
            WorkspaceOutcome {
                key: key("contoso/prod"),
                ring: broad(),
                unreadable: None,
                items,
                in_sync: 12,
            },
            WorkspaceOutcome {
                key: key("fabrikam/law"),
                ring: broad(),
                unreadable,
                items: vec![],
                in_sync: 0,
            },
        ],
        rings: vec![RingOutcome {
            ring: broad(),
            budget: FailureBudget::default(),
            score: RingScore {
                workspaces: 2,
                unreadable: 1,
                frozen: 0,
                begun: 8,
                failed: 2,
                not_begun: 1,
            },
            standing: Standing::Finished,
        }],
        interrupted: false,
    }
}

pub(super) fn tests() -> TestReport {
    let judgement = |verdict, assumed: &[&str]| Judgement {
        key: change("hunt", Class::New, Action::Create).key,
        parameters: "lookback = 3d".into(),
        verdict,
        assumed: assumed.iter().map(ToString::to_string).collect(),
    };
    let result = |number, expect, judgement, passed| TestResult {
        exclusion: "connectwise-own-instance".parse().unwrap(),
        path: "content/exclusions/connectwise.yaml".into(),
        line: 10 + number,
        number,
        expect,
        judgements: vec![judgement],
        passed,
    };
    let excluded = judgement(TestVerdict::Excluded, &["ipv4_is_private(RemoteIP)"]);
    let rejected = TestVerdict::NotReached(Some("RemoteUrl has_any (domains)".into()));
    TestReport {
        results: vec![
            result(1, Expectation::Excluded, excluded, true),
            result(2, Expectation::Kept, judgement(rejected, &[]), false),
        ],
    }
}
