//! What everybody logs about signing in when everything is logged: the program itself never lets
//! Microsoft's libraries say more than warnings, and this is what stands behind that. Alone in its
//! process: what is logged is decided once, for all threads.
#![cfg(test)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use sentinelops::emulator::{App, Emulator, Options};
use sentinelops::environment::{Fleet, Limits, load};
use sentinelops::live::{Surroundings, SystemClock, connect, observe};
use sentinelops::state::Observation;

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const APP: &str = "22222222-2222-2222-2222-222222222222";
const OTHER: &str = "33333333-3333-3333-3333-333333333333";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Three environments of one tenant: two that sign in, and one whose secret is wrong.
fn fleet(endpoint: &str) -> Fleet {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("environments");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("fleet.yaml"), "owner: acme-soc\nrings: [canary]\n").unwrap();
    let credentials = [
        ("assertion", format!("kind: github-oidc, clientId: {APP}")),
        ("right", format!("kind: client-secret, clientId: {OTHER}, secretVariable: RIGHT")),
        ("wrong", format!("kind: client-secret, clientId: {OTHER}, secretVariable: WRONG")),
    ];
    for (number, (name, credential)) in credentials.iter().enumerate() {
        let text = format!(
            "cloud: emulator\nendpoint: {endpoint}\ntenantId: {TENANT}\n\
             credential: {{ {credential} }}\nworkspaces:\n  - name: soc\n    \
             subscriptionId: 00000000-0000-0000-0000-00000000000{number}\n    \
             resourceGroup: rg-soc\n    workspaceName: law-soc\n    ring: canary\n"
        );
        std::fs::write(folder.join(format!("{name}.yaml")), text).unwrap();
    }
    load(root.path()).0.unwrap()
}

#[tokio::test]
async fn at_their_loudest_no_library_logs_a_secret_a_token_or_an_assertion() {
    let log = Log::default();
    let writer = log.clone();
    let loud = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(loud).unwrap();

    let mut options = Options::new(Arc::new(jiff::Timestamp::now));
    options.record = std::env::var_os("SENTINELOPS_EMULATOR_RECORD").map(Into::into);
    let emulator = Emulator::open(None, options).unwrap();
    let app = |id: &str| App::new(TENANT.parse().unwrap(), id.parse().unwrap());
    let subject = Some(emulator.workflow_subject().to_owned());
    emulator.register(App { subject, ..app(APP) });
    emulator.register(App { secret: Some("hunter2".into()), ..app(OTHER) });
    let running = emulator.serve(0).await.unwrap();

    let url = format!("{}/oidc/token?api-version=2.0", running.endpoint());
    let variable = |name: &str| {
        Some(match name {
            "ACTIONS_ID_TOKEN_REQUEST_URL" => url.clone(),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN" => "hunter3".to_owned(),
            "RIGHT" => "hunter2".to_owned(),
            _ => "hunter4".to_owned(),
        })
    };
    let fleet = fleet(&running.endpoint());
    let surroundings = Surroundings {
        limits: Limits::default(),
        embedded: None,
        variable: &variable,
        clock: Arc::new(SystemClock),
    };
    let clients = connect(fleet.environments.values(), &surroundings);
    for environment in fleet.environments.values() {
        let workspace = &environment.workspaces[0].id.value;
        emulator.provision(workspace, &environment.tenant.value).unwrap();
        let client = clients.get(&environment.name).unwrap();
        let wanted = observe::Wanted { owner: fleet.owner.value.clone(), items: Vec::new() };
        let seen = observe(client, workspace, &wanted).await;
        let signs_in = environment.name.as_str() != "wrong";
        assert_eq!(matches!(seen, Observation::Read(_)), signs_in, "{seen:?}");
        tracing::error!(?client, ?environment, ?seen, "and what they look like");
    }
    tracing::error!(?clients, ?emulator, "and what they look like");

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for loud in ["TRACE", "hyper_util", "oauth2/v2.0/token", "GithubOidc"] {
        assert!(log.contains(loud), "nothing of {loud} is logged, so this proves nothing:\n{log}");
    }
    for secret in ["hunter", "eyJ", "Bearer e"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{line:?}");
    }
}
