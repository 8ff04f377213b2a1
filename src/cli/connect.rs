//! From selected workspaces to clients: the embedded emulator is started where one needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::context::{Context, now, variable};
use super::error::Error;
use super::ui::{Ui, write_file};
use crate::emulator::{self, App, Emulator, Running};
use crate::environment::{Credential, Endpoint, Environment, Fleet, Workspace};
use crate::ident::{ClientId, EnvironmentName};
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
    ui: &Ui,
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
    clients.notes().iter().for_each(|note| ui.detail(note));
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
    let options =
        emulator::Options { record: recording(context), ..emulator::Options::new(Arc::new(now)) };
    let opened =
        Emulator::open(Some(&state), options).map_err(|error| failed(error.to_string()))?;
    provision(&opened, fleet).map_err(|error| failed(error.to_string()))?;
    Ok(opened)
}

/// The folder in which an emulator records its traffic, if one is named.
pub(crate) fn recording(context: &Context) -> Option<PathBuf> {
    variable("SENTINELOPS_EMULATOR_RECORD").map(|folder| context.root.join(folder))
}

/// Makes the workspaces of every emulated environment, and lets whoever the environment names sign in
/// to them.
pub(crate) fn provision(emulator: &Emulator, fleet: &Fleet) -> Result<(), emulator::EmulatorError> {
    for environment in fleet.environments.values() {
        if environment.endpoint == Endpoint::Cloud {
            continue;
        }
        let (tenant, managing) = (&environment.tenant.value, environment.token_tenant());
        for workspace in &environment.workspaces {
            emulator.provision(&workspace.id.value, tenant)?;
            if managing != tenant {
                emulator.delegate(&workspace.id.value, managing)?;
            }
        }
        if let Some(app) = app(emulator, environment) {
            emulator.register(app);
        }
    }
    Ok(())
}

/// The application that an environment signs in as, with all that its kind of credential shows.
fn app(emulator: &Emulator, environment: &Environment) -> Option<App> {
    let app = |client: &ClientId| App::new(environment.token_tenant().clone(), client.clone());
    let subject = Some(emulator.workflow_subject().to_owned());
    Some(match &environment.credential.value {
        Credential::GithubOidc { client }
        | Credential::WorkloadIdentity { client: Some(client) } => App { subject, ..app(client) },
        Credential::ManagedIdentity { client: Some(client) } => {
            App { managed: true, ..app(client) }
        }
        Credential::ClientSecret { client, secret_variable } => {
            App { secret: variable(secret_variable), ..app(client) }
        }
        Credential::Auto { client: Some(client) } => App { subject, managed: true, ..app(client) },
        Credential::WorkloadIdentity { client: None }
        | Credential::ManagedIdentity { client: None }
        | Credential::Auto { client: None }
        | Credential::AzureCli
        | Credential::None => return None,
    })
}

async fn start_embedded(context: &Context, fleet: &Fleet) -> Result<Running, Error> {
    let emulator = open_embedded(context, fleet)?;
    emulator
        .serve(0)
        .await
        .map_err(|error| Error::machine(format!("failed to start the embedded emulator: {error}")))
}
