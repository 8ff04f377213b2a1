//! Reaching an emulator: the embedded one of a repository, or one that is served on loopback.

use reqwest::{Client, Method};
use serde_json::Value;

use crate::arm::{Collection, ResourceId};
use crate::cli::args::Target;
use crate::cli::connect::open_embedded;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::emulator::{ACTOR_HEADER, Running};
use crate::environment::{Endpoint, Environment, Fleet, Workspace};
use crate::ident::{ItemKey, Name};

/// Who the emulator's user says to be.
const PORTAL: &str = "portal";

/// An emulator that answers.
pub(super) struct Server {
    base: String,
    client: Client,
    /// The embedded one, as long as this lives.
    running: Option<Running>,
}

impl Server {
    /// The one at an address.
    pub(super) fn at(base: &str) -> Result<Self, Error> {
        Ok(Self { base: base.to_owned(), client: client()?, running: None })
    }

    /// The one that an environment points at.
    pub(super) async fn of(context: &Context, fleet: &Fleet, wanted: &str) -> Result<Self, Error> {
        let environment = environment(fleet, wanted)?;
        match &environment.endpoint {
            Endpoint::Embedded => {
                let emulator = open_embedded(context, fleet)?;
                let start =
                    |error| Error::machine(format!("failed to serve the emulator: {error}"));
                let running = emulator.serve(0).await.map_err(start)?;
                Ok(Self { base: running.endpoint(), client: client()?, running: Some(running) })
            }
            Endpoint::Loopback(url) => Self::at(url),
            Endpoint::Cloud => {
                let name = &environment.name;
                Err(Error::usage(format!("environment `{name}` is not an emulator"))
                    .hint("choose another one with `--environment`"))
            }
        }
    }

    /// Whether what it keeps in memory is gone when this command ends.
    pub(super) fn is_embedded(&self) -> bool {
        self.running.is_some()
    }

    pub(super) async fn leave(self) {
        if let Some(running) = self.running {
            running.shutdown().await;
        }
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), Error> {
        let failed = |error: reqwest::Error| {
            Error::new(Exit::Unknown, format!("failed to reach the emulator: {error}"))
        };
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header(ACTOR_HEADER, PORTAL)
            .header("content-type", "application/json");
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.map_err(failed)?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
}

/// A stay at one emulated workspace.
pub(super) struct Visit<'f> {
    pub(super) server: Server,
    pub(super) workspace: &'f Workspace,
}

impl<'f> Visit<'f> {
    pub(super) async fn begin(
        context: &Context,
        fleet: &'f Fleet,
        target: &Target,
    ) -> Result<Self, Error> {
        let workspace = workspace(environment(fleet, &target.environment)?, target)?;
        let server = Server::of(context, fleet, &target.environment).await?;
        Ok(Self { server, workspace })
    }

    pub(super) fn path(&self, item: &ItemKey) -> Result<String, Error> {
        let name = self.workspace.resources.get(&item.id).map_or_else(
            || item.id.as_str().parse().map_err(|_| Error::usage("the id is no ARM name")),
            |name| Ok(name.value.clone()),
        )?;
        let collection = Collection::of(item.family);
        let id: ResourceId = self.workspace.id.value.resource(collection, &name);
        Ok(format!("{}?api-version={}", id.path(), collection.operation().version()))
    }
}

fn client() -> Result<Client, Error> {
    let built = Client::builder().no_proxy().build();
    built.map_err(|error| Error::new(Exit::Bug, format!("failed to reach the emulator: {error}")))
}

fn environment<'f>(fleet: &'f Fleet, wanted: &str) -> Result<&'f Environment, Error> {
    let named = |environment: &&Environment| environment.name.as_str().eq_ignore_ascii_case(wanted);
    fleet.environments.values().find(named).ok_or_else(|| {
        let known: Vec<&str> = fleet.environments.keys().map(Name::as_str).collect();
        Error::new(Exit::Invalid, format!("there is no environment `{wanted}`"))
            .hint(format!("environments: {}", known.join(", ")))
    })
}

fn workspace<'f>(environment: &'f Environment, target: &Target) -> Result<&'f Workspace, Error> {
    let labels: Vec<&str> =
        environment.workspaces.iter().map(|w| w.key.workspace.as_str()).collect();
    let error = |message: String| {
        Error::new(Exit::Invalid, message).hint(format!("workspaces: {}", labels.join(", ")))
    };
    match (&target.workspace, environment.workspaces.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => {
            Err(error("the environment has several workspaces; name one with `--workspace`".into()))
        }
        (Some(name), all) => all
            .iter()
            .find(|workspace| workspace.key.workspace.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| error(format!("there is no workspace `{name}`"))),
    }
}
