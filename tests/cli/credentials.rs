//! Every kind of credential signs in, and `auto` says which it chose.

use std::os::unix::fs::PermissionsExt;

use sentinelops::arm::Cloud;
use sentinelops::emulator::App;

use crate::root::Ran;
use crate::tenants::{Fleet, With};

const APP: &str = "00000000-0000-4000-8000-000000000003";
const TENANT: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-0000000000ff";

/// One customer whose environment has this credential.
fn fleet(credential: &str) -> Fleet {
    let fleet = Fleet::of(&[With::Assertion]);
    fleet.write(fleet.customers[0], credential);
    fleet
}

/// Runs `plan -v` with these variables and without those of a job.
fn plan(fleet: &Fleet, set: &[(&str, &str)]) -> Ran {
    let mut command = fleet.root.command(&["plan", "-v"]);
    for name in [
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "MSI_ENDPOINT",
    ] {
        command.env_remove(name);
    }
    command.envs(set.iter().copied());
    Ran::of(&["plan", "-v"], command.output().unwrap())
}

/// Everything was asked for in this name.
#[track_caller]
fn asked_as(fleet: &Fleet, caller: &str) {
    let asked = fleet.asked();
    assert!(asked.arm.len() >= 4, "{asked:?}");
    for entry in asked.arm {
        assert_eq!(entry.caller.as_deref(), Some(caller), "{entry:?}");
    }
}

fn by_app() -> String {
    format!("tenant {TENANT} app {APP}")
}

#[test]
fn a_pods_token_file_signs_in() {
    let fleet = fleet("{ kind: workload-identity }");
    let token = fleet.portal.assertion(Cloud::Emulator.assertion_audience());
    fleet.root.write("token", &token);
    let file = fleet.root.path("token");
    let file = file.to_str().unwrap();
    plan(&fleet, &[("AZURE_FEDERATED_TOKEN_FILE", file), ("AZURE_CLIENT_ID", APP)])
        .exits(0)
        .hides(&[&token]);
    asked_as(&fleet, &by_app());
}

#[test]
fn a_machines_own_identity_signs_in() {
    let fleet = fleet("{ kind: managed-identity }");
    let app = App::new(TENANT.parse().unwrap(), APP.parse().unwrap());
    fleet.portal.emulator.register(App { managed: true, ..app });
    let endpoint = format!("{}/msi/token", fleet.portal.endpoint());
    let machine = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "hunter2")];
    plan(&fleet, &machine).exits(0).hides(&["hunter2"]);
    asked_as(&fleet, &by_app());
}

#[test]
fn a_machines_identity_of_another_tenant_is_refused_before_anything_is_sent() {
    let fleet = fleet("{ kind: managed-identity }");
    let app = App::new(OTHER.parse().unwrap(), APP.parse().unwrap());
    fleet.portal.emulator.register(App { managed: true, ..app });
    let endpoint = format!("{}/msi/token", fleet.portal.endpoint());
    plan(&fleet, &[("IDENTITY_ENDPOINT", &endpoint), ("IDENTITY_HEADER", "h")])
        .exits(40)
        .says(&[&format!("the token is for tenant `{OTHER}`, not for `{TENANT}`")]);
    assert_eq!(fleet.asked().arm.len(), 0);
}

/// A folder with an `az` that says this and ends so.
fn az(fleet: &Fleet, says: &str, code: u8) -> String {
    fleet.root.write("bin/az", &format!("#!/bin/sh\n{says}\nexit {code}\n"));
    let path = fleet.root.path("bin/az");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let folder = fleet.root.path("bin");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_account_of_the_azure_cli_signs_in() {
    let fleet = fleet("{ kind: azure-cli }");
    let token = format!("emulator.{TENANT}.hunter2");
    // It must be asked for this tenant and this emulator, else it says nothing.
    let answer = format!(
        r#"case "$*" in *"--scope api://sentinelops-emulator/.default --tenant {TENANT}"*)
           echo '{{"accessToken":"{token}","expires_on":4102444800,"tokenType":"Bearer"}}';; esac"#
    );
    let path = az(&fleet, &answer, 0);
    plan(&fleet, &[("PATH", &path)]).exits(0).hides(&["hunter2"]);
    asked_as(&fleet, &format!("tenant {TENANT}"));
}

#[test]
fn auto_takes_a_jobs_assertion_and_says_why() {
    let fleet = fleet("{ kind: auto }");
    let url = format!("{}/oidc/token", fleet.portal.endpoint());
    let job = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job"),
        ("AZURE_CLIENT_ID", APP),
    ];
    plan(&fleet, &job).exits(0).says(&[
        "`auto` signs in to `customer-0` by `github-oidc`, as `ACTIONS_ID_TOKEN_REQUEST_URL` is set.",
    ]);
    asked_as(&fleet, &by_app());
    plan(&fleet, &job[..2]).exits(40).says(&[
        "`auto` chose `github-oidc`, as `ACTIONS_ID_TOKEN_REQUEST_URL` is set",
        "write `clientId`, or set `AZURE_CLIENT_ID`",
    ]);
}

#[test]
fn what_auto_chose_is_in_the_error_too() {
    let fleet = fleet("{ kind: auto }");
    let path = az(&fleet, "echo 'ERROR: Please run az login' >&2", 1);
    plan(&fleet, &[("PATH", &path)]).exits(40).says(&[
        "customer-0/soc",
        "`az` refused, no token for tenant",
        "by `azure-cli`, which `auto` chose as none of `ACTIONS_ID_TOKEN_REQUEST_URL`",
        &format!("run `az login --tenant {TENANT}`"),
    ]);
}

#[test]
fn github_that_is_away_for_a_moment_is_asked_again_and_not_taken_for_entra() {
    use sentinelops::emulator::{Answer, ErrorAnswer, Fault};
    let fleet = Fleet::of(&[With::Assertion]);
    let fault = |times: Option<u64>, status: u16| {
        let answer = Answer::Error(ErrorAnswer { status, ..ErrorAnswer::default() });
        let path_contains = Some("/oidc/".to_owned());
        fleet.portal.emulator.faults().set(vec![Fault {
            path_contains,
            times: times.map(|times| times.try_into().unwrap()),
            ..Fault::new(answer)
        }]);
    };
    fault(Some(1), 503);
    fleet.run(&["plan"]).exits(0);
    fault(None, 403);
    fleet.run(&["plan"]).exits(40).hides(&["refused"]).says(&[
        "no token for tenant",
        "GitHub Actions (`127.0.0.1`) gave no assertion: it answered 403; give the job \
         `permissions: id-token: write`",
    ]);
}

#[test]
fn an_emulator_of_its_own_lets_in_whom_the_files_name() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let fleet = Fleet::of(&[With::Assertion]);
    let mut server = fleet.root.command(&["emulator", "--port", "0"]);
    let mut server = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut endpoint = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
    let endpoint = endpoint.trim();
    let file = "environments/customer-0.yaml";
    fleet.root.replace(file, &fleet.portal.endpoint(), endpoint);
    let mut plan = fleet.command(&["plan"]);
    plan.env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{endpoint}/oidc/token?api-version=2.0"));
    let planned = Ran::of(&["plan"], plan.output().unwrap());
    let journal = fleet.run(&["emulator", "journal", "-e", "customer-0"]);
    server.kill().unwrap();
    server.wait().unwrap();
    planned.exits(0);
    journal.exits(0).says(&[&format!("{TENANT}/oauth2/v2.0/token [sentinelops"), &by_app()]);
}
