//! Exclusions in many queries: splitting and walking the text, compiling them in, reasoning about them.

use std::fmt::Write;
use std::time::{Duration, Instant};

use sentinelops::compile::compile;
use sentinelops::kql::{
    self, EcsMap, Polarity, Query, Rows, Schema, Scope,
    reason::{Case, judge},
};
use sentinelops::state::{DesiredItem, DesiredState};
use sentinelops::{content, environment};

use crate::fleet::{self, Root};
use crate::{best, figure};

const QUERIES: usize = 3_000;
const EXCLUSIONS: usize = 5;

/// Shapes that published queries have: lets, a union of tables, a join, strings and comments.
const TEXTS: [&str; 3] = [
    "let window = 1d; // how far back\nlet known = dynamic([\"a.example\", \"b.example\"]);\n\
     DeviceNetworkEvents\n| where Timestamp > ago(window)\n| where RemoteUrl has_any (known)\n\
     | where InitiatingProcessFileName in~ (\"curl.exe\", \"wget.exe\")\n\
     | extend Host = tostring(parse_url(RemoteUrl).Host), Path = @\"C:\\Temp\"\n\
     | summarize Count = count(), First = min(Timestamp) by DeviceId, Host, Path\n| where Count > 3\n",
    "let failed = SigninLogs | where ResultType != 0 | where TimeGenerated > ago(1h);\n\
     let accounts = failed | summarize dcount(IPAddress) by UserPrincipalName;\n\
     union isfuzzy=true failed, (AADNonInteractiveUserSignInLogs | where ResultType != 0)\n\
     | where UserPrincipalName !endswith \"@corp.example\"\n\
     | join kind=inner (accounts) on UserPrincipalName\n\
     | project TimeGenerated, UserPrincipalName, IPAddress, dcount_IPAddress\n",
    "SecurityEvent\n| where EventID == 4688 and (CommandLine has \"-enc\" or CommandLine has 'iex')\n\
     | where not(ParentProcessName endswith \"\\\\agent.exe\")\n\
     | parse CommandLine with * \"-enc\" Encoded: string\n\
     | extend Decoded = base64_decode_tostring(Encoded)\n| where isnotempty(Decoded)\n\
     | lookup kind=leftouter (Heartbeat | distinct Computer, OSType) on Computer\n",
];

pub(crate) fn run() {
    split();
    compiled();
    reasoned();
    capped();
}

fn split() {
    let text = TEXTS.join("\n");
    let rounds = 2_000;
    let took = best(5, || {
        let walk = |_| {
            let places = |text: &&str| kql::spine(&Query::parse(text)).places.len();
            TEXTS.iter().map(places).sum::<usize>()
        };
        (0..rounds).map(walk).sum::<usize>()
    });
    let rate = (text.len() * rounds) as f64 / 1e6 / took.as_secs_f64();
    figure("split and walk queries, one core", took, &format!("{rate:.1} MB/s, target 30"));
}

fn compiled() {
    let root = Root::new();
    fleet::write_content(&root, QUERIES, 0);
    fleet::write_environment(&root, 1, "http://127.0.0.1:9");
    root.write("content/exclusions/bench.yaml", &exclusions());
    let today = "2026-11-24".parse().unwrap();
    let (catalog, found) = content::load(root.path());
    assert_eq!(catalog.exclusions.len(), EXCLUSIONS, "{found:?}");
    let fleet = environment::load(root.path()).0.unwrap();
    let took = best(5, || compile(&catalog, &fleet, today));
    let compiled = compile(&catalog, &fleet, today);
    let placed = compiled.desired.workspaces[0].items.values();
    let is_present = |item: &DesiredItem| matches!(item.state, DesiredState::Present(_));
    assert!(placed.into_iter().all(is_present), "{:?}", compiled.diagnostics);
    figure("compile 3,000 queries, 5 exclusions", took, "target 300");
}

fn exclusions() -> String {
    let mut text = "exclusions:\n".to_owned();
    for number in 0..EXCLUSIONS {
        write!(
            text,
            "  - id: bench-{number}\n    scenario: A tool of our own\n    \
             appliesTo: {{ tables: [DeviceNetworkEvents] }}\n    scope: all\n    \
             when: RemoteUrl =~ \"host{number}.connectwise.com\" and RemotePort == 44{number}\n    \
             owner: bench@example.com\n    expires: 2027-06-30\n    tests:\n\
             {}{}",
            event("excluded", number, 440 + number),
            event("kept", number, 80)
        )
        .unwrap();
    }
    text
}

fn event(expect: &str, number: usize, port: usize) -> String {
    format!(
        "      - expect: {expect}\n        event:\n          RemoteUrl: host{number}.connectwise.com\n          \
         RemotePort: {port}\n          InitiatingProcessVersionInfoCompanyName: ConnectWise\n"
    )
}

/// Judgements of one exclusion behind the leading filters of a query, one by one.
fn reasoned() {
    let schema = Schema::builtin();
    let mut times: Vec<Duration> = Vec::new();
    for text in TEXTS {
        let query = Query::parse(text);
        for place in &kql::spine(&query).places {
            let (rows, ecs) = (Rows::at(&query, place), EcsMap::default());
            let scope = Scope { table: &place.table, schema, ecs: &ecs, rows: &rows };
            for when in conditions(&place.table) {
                let resolved = kql::resolve(when, Polarity::When, scope).unwrap();
                let start = Instant::now();
                let leading = place.filters(&query, schema);
                let case = Case::new(leading, vec![resolved.predicate], 0);
                std::hint::black_box(judge(&case));
                times.push(start.elapsed());
            }
        }
    }
    times.sort();
    let note =
        format!("of {}; target 5; the longest took {:?}", times.len(), times.last().unwrap());
    figure("reason about an exclusion, median", times[times.len() / 2], &note);
}

/// A question that no search of this kind can settle: nine pigeons in eight holes.
fn capped() {
    let (pigeons, holes) = (1..=9, 1..=8);
    let mut text = "Pigeons_CL\n".to_owned();
    for pigeon in pigeons.clone() {
        let any: Vec<String> = holes.clone().map(|h| format!("P{pigeon}H{h} == 'x'")).collect();
        writeln!(text, "| where {}", any.join(" or ")).unwrap();
    }
    for hole in holes {
        for (one, other) in pigeons.clone().flat_map(|p| (1..p).map(move |q| (p, q))) {
            writeln!(text, "| where P{one}H{hole} != 'x' or P{other}H{hole} != 'x'").unwrap();
        }
    }
    let query = Query::parse(&text);
    let place = &kql::spine(&query).places[0];
    let (rows, ecs) = (Rows::at(&query, place), EcsMap::default());
    let scope = Scope { table: &place.table, schema: Schema::builtin(), ecs: &ecs, rows: &rows };
    let resolved = kql::resolve("P1H1 == 'x'", Polarity::When, scope).unwrap();
    let took = best(3, || {
        let leading = place.filters(&query, Schema::builtin());
        judge(&Case::new(leading, vec![resolved.predicate.clone()], 0))
    });
    figure("reason at the step cap", took, "target 200");
}

fn conditions(table: &str) -> &'static [&'static str] {
    match table {
        "DeviceNetworkEvents" => &[
            "RemoteUrl endswith \".a.example\" and InitiatingProcessFileName =~ \"curl.exe\"",
            "RemotePort in (443, 8443) and not(ipv4_is_private(RemoteIP))",
            "InitiatingProcessFolderPath startswith @\"C:\\Tools\\\" or DeviceName has \"build\"",
        ],
        "SecurityEvent" => &[
            "CommandLine has \"-enc\" and Account endswith \"$\"",
            "ParentProcessName =~ @\"C:\\Tools\\updater.exe\" and Computer has_any (\"a\", \"b\")",
        ],
        _ => &[
            "IPAddress startswith \"10.\" and UserPrincipalName =~ \"scan@corp2.example\"",
            "ipv4_is_in_range(IPAddress, \"192.0.2.0/24\") and AppDisplayName == \"Scanner\"",
        ],
    }
}
