//! From selected workspaces to clients: the embedded emulator is started where one needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{Context, now, variable};
use super::error::Error;
use super::ui::write_file;
use crate::emulator::{self, Emulator, Running};
use crate::environment::{Endpoint, Environment, Fleet, Workspace};
use crate::ident::EnvironmentName;
use crate::live::{Clients, Surroundings, SystemClock, connect as connect_clients};

/// Clients, and the emulator that some of them talk to.
pub(crate) struct Connected {
    pub(crate) clients: Clients,
    running: Option<Running>,
}

impl Connected {
    /// Stops the emulator, so that its state is whole in the file.
    pub(crate) async fn close(self) {
        if let Some(running) = self.running {
            running.shutdown().await;
        }
    }
}

/// Connects to the environments of these workspaces.
///
/// # Errors
/// When the embedded emulator does not start.
pub(crate) async fn connect(
    context: &Context,
    fleet: &Fleet,
    workspaces: &[(&Environment, &Workspace)],
) -> Result<Connected, Error> {
    let environments: BTreeMap<&EnvironmentName, &Environment> =
        workspaces.iter().map(|(environment, _)| (&environment.name, *environment)).collect();
    let embedded: BTreeSet<&EnvironmentName> = environments
        .values()
        .filter(|environment| environment.endpoint == Endpoint::Embedded)
        .map(|environment| &environment.name)
        .collect();
    let running = match embedded.is_empty() {
        true => None,
        false => Some(start_embedded(context, fleet).await?),
    };
    let base = running.as_ref().and_then(|running| running.endpoint().parse().ok());
    let surroundings = Surroundings {
        limits: fleet.limits,
        embedded: base.as_ref(),
        variable: &variable,
        clock: Arc::new(SystemClock),
    };
    let clients = connect_clients(environments.into_values(), &surroundings);
    Ok(Connected { clients, running })
}

/// Opens the embedded emulator with its state under `.sentinelops/`.
pub(crate) fn open_embedded(context: &Context, fleet: &Fleet) -> Result<Emulator, Error> {
    let folder = context.root.join(".sentinelops");
    let state = folder.join("emulator.redb");
    let failed = |why: String| {
        Error::machine(format!("failed to start the embedded emulator: {why}")).hint(format!(
            "its state is `{}`; let the other run end, or delete the file to start afresh",
            state.display()
        ))
    };
    std::fs::create_dir_all(&folder).map_err(|error| failed(error.to_string()))?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        write_file(&ignore, "*\n")?;
    }
    let options = emulator::Options::new(Arc::new(now));
    let opened =
        Emulator::open(Some(&state), options).map_err(|error| failed(error.to_string()))?;
    provision(&opened, fleet).map_err(|error| failed(error.to_string()))?;
    Ok(opened)
}

/// Makes the workspaces of every emulated environment.
pub(crate) fn provision(emulator: &Emulator, fleet: &Fleet) -> Result<(), emulator::EmulatorError> {
    for environment in fleet.environments.values() {
        if environment.endpoint == Endpoint::Cloud {
            continue;
        }
        for workspace in &environment.workspaces {
            emulator.provision(&workspace.id.value, &environment.tenant.value)?;
        }
    }
    Ok(())
}

async fn start_embedded(context: &Context, fleet: &Fleet) -> Result<Running, Error> {
    let emulator = open_embedded(context, fleet)?;
    emulator
        .serve(0)
        .await
        .map_err(|error| Error::machine(format!("failed to start the embedded emulator: {error}")))
}
