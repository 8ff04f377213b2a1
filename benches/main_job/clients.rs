//! Clients of an emulator in a process of its own, counted as Azure Resource Manager counts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sentinelops::emulator::{Emulator, Options};
use sentinelops::environment::Fleet;
use sentinelops::live::{
    Access, Client, Clients, Connections, Pace, PipelineTransport, Site, SystemClock, Throttle,
};

/// The word that makes this program an emulator; then come its latency in milliseconds, how many
/// workspaces it has, and the file of its state, if it is not in memory.
pub(crate) const EMULATOR: &str = "--serve-emulator";

/// An emulator in a process of its own, which ends with it.
pub(crate) struct Served {
    process: Child,
    pub(crate) endpoint: String,
}

impl Served {
    pub(crate) fn start(workspaces: usize, latency: Duration) -> Self {
        Self::keeping(workspaces, latency, None)
    }

    /// One that keeps its state in a file.
    pub(crate) fn keeping(workspaces: usize, latency: Duration, state: Option<PathBuf>) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([EMULATOR, &latency.as_millis().to_string(), &workspaces.to_string()])
            .args(state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
        Self { process, endpoint: endpoint.trim().to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until its input ends, which is when the other process does.
pub(crate) fn serve(latency: &str, workspaces: &str, state: Option<&str>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut options = Options::new(Arc::new(jiff::Timestamp::now));
        options.latency = Duration::from_millis(latency.parse().unwrap());
        let emulator = Emulator::open(state.map(Path::new), options).unwrap();
        for number in 1..=workspaces.parse().unwrap() {
            let workspace = crate::fleet::workspace(number);
            emulator.provision(&workspace, &crate::fleet::TENANT.parse().unwrap()).unwrap();
        }
        let running = emulator.serve(0).await.unwrap();
        println!("{}", running.endpoint());
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
        let _ = ended.await;
    });
}

/// New clients, as every run of the program has them. `Pace::Arm` counts requests although the server
/// is on loopback.
pub(crate) fn clients(fleet: &Fleet, endpoint: &str, pace: Pace) -> Clients {
    let throttle = Arc::new(Throttle::new(fleet.limits));
    let connections = Connections::new().unwrap();
    let of_environment = fleet.environments.values().map(|environment| {
        let base: azure_core::http::Url = endpoint.parse().unwrap();
        let transport =
            PipelineTransport::new(&connections, base.clone(), Access::Anonymous).unwrap();
        let site = Site {
            environment: environment.name.clone(),
            tenant: environment.tenant.value.clone(),
            base,
            principal: "bench".to_owned(),
            pace,
        };
        let clock = Arc::new(SystemClock);
        let client = Client::new(site, Arc::new(transport), clock, Arc::clone(&throttle));
        (environment.name.clone(), Ok(client))
    });
    Clients::new(of_environment.collect::<BTreeMap<_, _>>(), fleet.limits)
}
