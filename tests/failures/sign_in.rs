//! Microsoft Entra is away. A proxy on loopback that refuses every connection stands for it, so that
//! nothing leaves the machine.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::root::{Ran, Root};
use crate::sample;

const SECRET: &str = "xYz8Q~hunter2.abcdefghijklmnopqrstuvwxyz";
const PROXY_PASSWORD: &str = "proxy-hunter3";

const ENVIRONMENT: &str = "\
cloud: public
tenantId: 11111111-1111-1111-1111-111111111111
credential:
  kind: client-secret
  clientId: 22222222-2222-2222-2222-222222222222
  secretVariable: THE_SECRET
workspaces:
  - name: prod
    subscriptionId: 33333333-3333-3333-3333-333333333333
    resourceGroup: rg-sec
    workspaceName: law-sec
    ring: canary
  - name: lab
    subscriptionId: 44444444-4444-4444-4444-444444444444
    resourceGroup: rg-sec
    workspaceName: law-lab
    ring: canary
";

/// Runs the commands side by side in a repository whose authority cannot be reached.
fn without_entra(commands: &[&[&str]]) -> Vec<Ran> {
    let (root, _portal) = Root::empty();
    root.write(sample::RULE_FILE, sample::RULE);
    root.write("environments/local.yaml", ENVIRONMENT);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let start = |args: &&[&str]| {
        let mut command = root.command(args);
        for variable in ["NO_PROXY", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
            command.env_remove(variable);
        }
        command.env("https_proxy", format!("http://me:{PROXY_PASSWORD}@{closed}"));
        command.env("THE_SECRET", SECRET);
        Process::start(command, args)
    };
    let running: Vec<Process> = commands.iter().map(start).collect();
    running.into_iter().map(Process::ends).collect()
}

#[test]
fn an_authority_that_cannot_be_reached_is_named_within_seconds() {
    let begun = Instant::now();
    let commands: &[&[&str]] = &[&["plan"], &["drift"], &["apply", "--yes"]];
    for ran in without_entra(commands) {
        ran.exits(40).says(&[
            "local/prod",
            "local/lab",
            "could not sign in: `https://login.microsoftonline.com` is not reachable",
            "no token for tenant `11111111-1111-1111-1111-111111111111`",
        ]);
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn no_secret_is_in_any_output_however_verbose() {
    let commands: &[&[&str]] =
        &[&["plan", "-vv"], &["drift", "-vv", "--format", "json"], &["apply", "-vv", "--yes"]];
    for ran in without_entra(commands) {
        ran.exits(40).says(&["no token scope="]).hides(&[SECRET, "hunter2", PROXY_PASSWORD]);
    }
}
