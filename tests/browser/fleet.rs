//! Fleets to make pages of, built by hand.

use sentinelops::arm::WorkspaceId;
use sentinelops::ident::{Family, ItemKey, WorkspaceKey};
use sentinelops::plan::{
    Action, BaselineSide, Change, Class, DesiredSide, Effect, FieldChange, Modified, Moved,
    Options, Plan, RuleCount, Sides, Work, WorkspacePlan,
};
use sentinelops::state::desired::Present;
use sentinelops::state::{Field, Guards, Kind, RunTerms, Unreadable};
use std::sync::Arc;

/// What somebody with a portal account may write.
pub(crate) const HOSTILE: &str = "</script><script>window.hurt=1</script><img src=x onerror=\"window.hurt=2\">\
     <b onclick='window.hurt=3'>&lt;${window.hurt=4}{{7*7}}\u{202e}evil";

fn id() -> WorkspaceId {
    WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
        resource_group: "rg-sec".parse().unwrap(),
        name: "law-sec".parse().unwrap(),
    }
}

pub(crate) fn plan(workspaces: Vec<WorkspacePlan>) -> Plan {
    let owner = "acme-soc".parse().unwrap();
    Plan { owner, options: Options::default(), terms: RunTerms::default(), workspaces }
}

pub(crate) fn workspace(environment: &str, ring: &str, changes: Vec<Change>) -> WorkspacePlan {
    WorkspacePlan {
        key: WorkspaceKey {
            environment: environment.parse().unwrap(),
            workspace: "law-security".parse().unwrap(),
        },
        id: id(),
        ring: ring.parse().unwrap(),
        unreadable: None,
        frozen: None,
        guards: Guards::default(),
        rules: RuleCount::default(),
        owned: changes.len(),
        retire_blocked: None,
        changes: changes.into_iter().map(Arc::new).collect(),
        unmanaged: 0,
        foreign: Vec::new(),
    }
}

pub(crate) fn unknown(environment: &str, why: &str) -> WorkspacePlan {
    let unreadable = Some(Unreadable { denied: true, message: why.into() });
    WorkspacePlan { unreadable, ..workspace(environment, "broad", Vec::new()) }
}

pub(crate) fn change(id: &str, name: &str, class: Class, action: Action) -> Change {
    let key = ItemKey { family: Family::AnalyticRule, id: id.parse().unwrap() };
    let present = Present {
        kind: Kind::Scheduled,
        fields: [].into(),
        version: None,
        exclusions: vec!["own-instance".parse().unwrap()],
        replaces: None,
        accepted: Vec::new(),
    };
    let sides = Sides {
        key: key.clone(),
        arm_name: id.parse().unwrap(),
        name: name.into(),
        desired: DesiredSide::Present(Arc::new(present)),
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
        today: "2026-11-24".parse().unwrap(),
    };
    Change {
        key,
        arm_name: id.parse().unwrap(),
        name: name.into(),
        class,
        action,
        reason: "it was changed outside git".into(),
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

pub(crate) fn field(field: Field, live: &str, files: &str) -> FieldChange {
    let (before, after) = (live.into(), files.into());
    FieldChange { field, moved: Moved::Live, before, after, accepted: None }
}

fn query(rule: usize, tuned: &str) -> String {
    let mut text = format!("let window = 1h;\n// Rule {rule} of the fleet\nDeviceNetworkEvents\n");
    for at in 0..24 {
        text += &format!("| where Column{at} !in (\"value {rule} {at}\", \"other\")\n");
        if at == 11 {
            text += tuned;
        }
    }
    text + "| summarize count() by DeviceName, bin(Timestamp, window)\n"
}

/// A rule whose query somebody has tuned in the portal.
pub(crate) fn tuned(rule: usize, tenant: usize) -> Change {
    let mut made = change(&format!("rule-{rule:03}"), &name(rule), Class::Drifted, Action::Restore);
    let noisy = format!("| where DeviceName != \"noisy-{tenant}\"\n");
    let live = query(rule, &noisy).replace(&format!("value {rule} 5"), "value changed 5");
    made.fields =
        vec![field(Field::Severity, "Low", "High"), field(Field::Query, &live, &query(rule, ""))];
    made.effect = Effect::Louder;
    made.modified = Some(Modified {
        by: Some(format!("analyst{}@tenant.example", tenant % 3)),
        at: Some(format!("2026-11-{:02}T09:12:00Z", tenant % 20 + 1)),
    });
    made
}

fn name(rule: usize) -> String {
    format!("Rule {rule}: remote management tool connects to the internet")
}

/// 1,000 workspaces with 300 rules, drift in 40 of them, 3 unknown.
pub(crate) fn big() -> Plan {
    let item = |tenant: usize, rule: usize| match tenant % 25 == 7 && rule % 60 == tenant % 60 {
        true => tuned(rule, tenant),
        false => change(&format!("rule-{rule:03}"), &name(rule), Class::InSync, Action::None),
    };
    let one = |tenant: usize| {
        let environment = format!("tenant-{tenant:04}");
        let ring = ["canary", "early", "broad"][(tenant / 50).min(2)];
        match tenant % 400 {
            3 => unknown(&environment, "the service answered 403 to the list of alert rules"),
            _ => workspace(&environment, ring, (0..300).map(|rule| item(tenant, rule)).collect()),
        }
    };
    plan((0..1000).map(one).collect())
}

/// A few workspaces with one finding of several kinds, and names that would do harm.
pub(crate) fn small() -> Plan {
    let calm = |id: &str| change(id, "A calm rule", Class::InSync, Action::None);
    let mut hostile = change("hostile", HOSTILE, Class::Conflict, Action::Refuse);
    hostile.reason = HOSTILE.into();
    hostile.modified = Some(Modified { by: Some(HOSTILE.into()), at: Some(HOSTILE.into()) });
    hostile.fields =
        vec![field(Field::Query, HOSTILE, "T\n| take 1"), field(Field::Description, HOSTILE, "x")];
    let gone = change("gone", "A rule that is gone", Class::Vanished, Action::Create);
    let mut accepted = change("accepted", "Known drift", Class::Drifted, Action::None);
    accepted.fields = vec![FieldChange {
        accepted: Some("until 2026-12-31: the customer tunes it".into()),
        ..field(Field::Severity, "Low", "High")
    }];
    plan(vec![
        workspace("contoso", "canary", vec![calm("calm"), tuned(1, 7), hostile]),
        workspace("fabrikam", "broad", vec![calm("calm"), tuned(1, 7), gone, accepted]),
        workspace("northwind", "broad", vec![calm("calm")]),
        unknown("tailspin", HOSTILE),
    ])
}

/// Nearly every workspace stands differently: hardly anything folds.
pub(crate) fn unfolded() -> Plan {
    let one = |tenant: usize| {
        let item = |rule: usize| match (tenant * 1_103 + rule * 7_919).pow(2) / 64 % 11 {
            0 => change(&format!("rule-{rule:03}"), &name(rule), Class::Vanished, Action::Create),
            1 => tuned(rule, 7),
            _ => change(&format!("rule-{rule:03}"), &name(rule), Class::InSync, Action::None),
        };
        workspace(&format!("tenant-{tenant:04}"), "broad", (0..120).map(item).collect())
    };
    plan((0..400).map(one).collect())
}
