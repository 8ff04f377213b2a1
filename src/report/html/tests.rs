use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;
use crate::plan::{Action, Class, DesiredSide, Modified, Moved, WorkspacePlan};
use crate::report::fixture::{self, change, field, workspace};
use crate::report::inert;
use crate::state::desired::Present;
use crate::state::{Field, Kind as ItemKind};

fn facts() -> Facts<'static> {
    Facts {
        today: "2026-11-01".parse().unwrap(),
        commit: Some("abc1234"),
        catalog: None,
        expiry_warning_days: 30,
    }
}

/// What stands between two marks.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

fn data(page: &str) -> Value {
    let text = between(page, "<script type=\"application/json\" id=\"data\">", "</script>");
    serde_json::from_str(text).unwrap()
}

/// Items by name, and how they stand in a workspace, by words.
fn standing(page: &str, at: usize) -> Vec<(String, String)> {
    let data = data(page);
    let column = data["workspaces"][at]["c"].as_u64().unwrap() as usize;
    let cells = data["columns"][column]["s"].as_array().unwrap();
    let word = |state: &Value| match state.as_i64().unwrap() {
        -1 => "nothing".to_owned(),
        number => data["states"][number as usize]["word"].as_str().unwrap().to_owned(),
    };
    let items = data["items"].as_array().unwrap().iter();
    items
        .zip(cells)
        .map(|(item, state)| (item["key"].as_str().unwrap().into(), word(state)))
        .collect()
}

#[test]
fn a_drift_page_says_how_every_item_stands() {
    let page = drift(&fixture::everything(), &facts());
    let expect = [
        ("analytic-rule/auto-disabled", "auto-disabled"),
        ("analytic-rule/conflict", "conflict"),
        ("analytic-rule/updated", "changed, in git only"),
        ("analytic-rule/held", "held"),
        ("analytic-rule/brand-new", "new, in git only"),
        ("analytic-rule/drifted", "drifted"),
        ("analytic-rule/accepted", "accepted"),
        ("analytic-rule/old", "retired, in git only"),
        ("analytic-rule/in-sync-1", "in sync"),
        ("analytic-rule/in-sync-2", "in sync"),
        ("analytic-rule/observed", "observed"),
    ];
    assert_eq!(standing(&page, 0), expect.map(|(key, word)| (key.to_owned(), word.to_owned())));
    let details = data(&page)["details"].as_array().unwrap().len();
    assert_eq!(details, 6);
}

#[test]
fn a_plan_page_says_what_would_be_done() {
    let page = plan(&fixture::everything(), &facts());
    let found = standing(&page, 0);
    let word = |key: &str| found.iter().find(|(k, _)| k.ends_with(key)).unwrap().1.as_str();
    assert_eq!(word("/updated"), "update, QUIETER");
    assert_eq!(word("/brand-new"), "create");
    assert_eq!(word("/conflict"), "refused");
    assert_eq!(word("/in-sync-1"), "in sync");
}

#[test]
fn unknown_workspaces_come_first_and_need_no_script() {
    let page = drift(&fixture::everything(), &facts());
    assert!(page.contains("<title>1 UNKNOWN · 4 drifted · Drift of acme-soc, 2026-11-01</title>"));
    let body = between(&page, "<main>", "<script");
    let banner = body.trim_start();
    assert!(banner.starts_with("<section class=\"banner unknown\""), "{banner}");
    assert!(banner.contains("1 workspace is UNKNOWN"));
    assert!(banner.contains("<strong>fabrikam/law</strong>: the service answered 403"));
    let calm = fixture::plan(vec![workspace("a/x", vec![])]);
    assert!(!drift(&calm, &facts()).contains("banner unknown"));
}

#[test]
fn the_policy_lets_only_the_pages_own_script_and_style_run() {
    let page = drift(&fixture::everything(), &facts());
    let hash = |text: &str| {
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha256::digest(text))
    };
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    let script = between(&page, "<script>", "</script>");
    let style = between(&page, "<style>", "</style>");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(policy.contains(&format!("script-src 'sha256-{}';", hash(script))), "{policy}");
    assert!(policy.contains(&format!("style-src 'sha256-{}';", hash(style))), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for dangerous in
        ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch("]
    {
        assert!(!script.contains(dangerous), "{dangerous}");
    }
    for loads in ["http:", "https:", "src=", "url(", "@import", "<link", " style="] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn what_other_people_wrote_is_inert() {
    const HOSTILE: &str = "</script><script>alert(1)</script>##[error]x<img src=x onerror=alert(2)>\u{202e}&lt;b \"'`${x}";
    let mut made = fixture::drifted();
    made.name = HOSTILE.into();
    made.reason = HOSTILE.into();
    made.modified = Some(Modified { by: Some(HOSTILE.into()), at: Some(HOSTILE.into()) });
    made.fields = vec![
        field(Field::Query, Moved::Live, HOSTILE, format!("T\n| where a == '{HOSTILE}'")),
        field(Field::Tactics, Moved::Live, json!([HOSTILE]), json!({HOSTILE: HOSTILE})),
    ];
    let mut unread = fixture::unreadable("b/x");
    unread.unreadable.as_mut().unwrap().message = format!("{HOSTILE}\n::stop-commands::y");
    let made = fixture::plan(vec![workspace("a/x", vec![made]), unread]);
    for page in [drift(&made, &facts()), plan(&made, &facts())] {
        assert_eq!(page.matches("<script").count(), 2, "one of data, one of our own");
        assert_eq!(page.matches("</script").count(), 2);
        assert!(!page.contains("<img"));
        assert!(!page.contains('\u{202e}'));
        // What is written passes what keeps a build's log from being commanded.
        let written = inert(&page);
        assert_eq!(data(&written), data(&page));
        let script = |page: &str| between(page, "<script>", "</script>").to_owned();
        assert!(script(&written) == script(&page), "its hash is another one");
        let shown = data(&page);
        let name = shown["items"][0]["name"].as_str().unwrap();
        assert_eq!(name, HOSTILE.replace('\u{202e}', "\\u{202e}"));
    }
}

#[test]
fn each_place_of_a_finding_says_when_it_was_applied_and_from_which_commit() {
    let owner = "acme-soc";
    let mut made = fixture::drifted();
    made.sides.baseline =
        fixture::recorded("so1;A;Scheduled;c3f2a91c", owner, "2026-10-02T08:00:00Z");
    let made = fixture::plan(vec![
        workspace("a/x", vec![made]),
        workspace("b/x", vec![fixture::drifted()]),
    ]);
    let data = data(&drift(&made, &facts()));
    assert_eq!(data["details"].as_array().unwrap().len(), 1, "{data:#}");
    assert_eq!(data["details"][0]["at"], json!([0, 1]));
    assert_eq!(
        data["details"][0]["times"],
        json!([
            ["2026-10-31T09:12:00Z", "2026-10-02T08:00:00Z", 0],
            ["2026-10-31T09:12:00Z", null, -1]
        ])
    );
    assert_eq!(data["commits"], json!(["3f2a91c"]));
}

#[test]
fn drift_leads_from_the_files_to_the_workspace_and_a_plan_the_other_way() {
    let made = fixture::plan(vec![workspace("a/x", vec![fixture::drifted()])]);
    let sides = |page: &str| {
        let data = data(page);
        let field = &data["details"][0]["fields"][0];
        let value = |side: &str| data["values"][field[side].as_u64().unwrap() as usize][0].clone();
        (data["sides"][0].clone(), value("l"), value("h"))
    };
    let (high, low) = (json!("\"High\""), json!("\"Low\""));
    assert_eq!(sides(&drift(&made, &facts())), (json!("files say"), high.clone(), low.clone()));
    assert_eq!(sides(&plan(&made, &facts())), (json!("workspace has"), low, high));
}

#[test]
fn exclusions_are_listed_with_where_they_are_in_force() {
    let with = |exclusions: &[&str]| {
        let mut made = change("rule", Class::InSync, Action::None);
        made.sides.desired = DesiredSide::Present(Arc::new(Present {
            kind: ItemKind::Scheduled,
            fields: [].into(),
            version: None,
            exclusions: exclusions.iter().map(|id| id.parse().unwrap()).collect(),
            replaces: None,
            accepted: Vec::new(),
        }));
        made
    };
    let made = fixture::plan(vec![
        workspace("a/x", vec![with(&["one", "two"])]),
        workspace("b/x", vec![with(&["two"])]),
    ]);
    let data = data(&drift(&made, &facts()));
    let listed: Vec<_> =
        data["exclusions"].as_array().unwrap().iter().map(|e| (&e["id"], &e["where"])).collect();
    assert_eq!(
        listed,
        [
            (&json!("one"), &json!([{"i": [0], "at": [0, 0]}])),
            (&json!("two"), &json!([{"i": [0], "at": [0, 1]}])),
        ]
    );
}

/// 1,000 workspaces with 300 items, drift in 40 of them, 3 unknown.
fn fleet() -> Plan {
    let query = |rule: usize, tuned: &str| {
        let stages: String =
            (0..30).map(|at| format!("| where Column{at} != \"value {rule} {at}\"\n")).collect();
        format!(
            "DeviceNetworkEvents\n| where Timestamp > ago(1h)\n{stages}{tuned}| summarize count() by DeviceName\n"
        )
    };
    let item = |tenant: usize, rule: usize| {
        if tenant % 25 != 7 || rule % 60 != tenant % 60 {
            return change(&format!("rule-{rule}"), Class::InSync, Action::None);
        }
        let mut made = change(&format!("rule-{rule}"), Class::Drifted, Action::Restore);
        let tuned = format!("| where DeviceName != \"noisy-{tenant}\"\n");
        made.fields = vec![field(Field::Query, Moved::Live, query(rule, &tuned), query(rule, ""))];
        made
    };
    let tenant = |tenant: usize| -> WorkspacePlan {
        let name = format!("tenant-{tenant:04}/law-security");
        match tenant % 400 {
            3 => fixture::unreadable(&name),
            _ => workspace(&name, (0..300).map(|rule| item(tenant, rule)).collect()),
        }
    };
    fixture::plan((0..1000).map(tenant).collect())
}

#[test]
fn a_fleet_of_a_thousand_workspaces_is_a_small_page() {
    let fleet = fleet();
    let page = drift(&fleet, &facts());
    let data = data(&page);
    assert_eq!(data["workspaces"].as_array().unwrap().len(), 1000);
    assert_eq!(data["columns"].as_array().unwrap().len(), 41);
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
}
