//! `emulator`: serves it, plays the portal user, prints its journal.

use std::sync::Arc;

use reqwest::{Client, Method};
use serde_json::Value;

use crate::arm::{Collection, ResourceId};
use crate::cli::args::{Emulator as Args, EmulatorCommand, Target};
use crate::cli::connect::{open_embedded, provision, recording};
use crate::cli::context::{Context, now};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Signals;
use crate::cli::ui::Ui;
use crate::diag::Diagnostics;
use crate::emulator::edit::{Assignment, edit};
use crate::emulator::{self, ACTOR_HEADER, Emulator, Running};
use crate::environment::{self, Endpoint, Environment, Fleet, Workspace};
use crate::ident::ItemKey;
use crate::report;

/// Who the emulator's user says to be.
const PORTAL: &str = "portal";

pub(super) async fn run(args: &Args, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    let fleet = fleet(context, ui)?;
    match &args.command {
        None => serve(args, context, &fleet, ui).await,
        Some(EmulatorCommand::Edit { target, item, assignments }) => {
            let assignments: Vec<Assignment> = assignments
                .iter()
                .map(|text| text.parse::<Assignment>().map_err(|e| Error::usage(e.reason)))
                .collect::<Result<_, _>>()?;
            let visit = Visit::begin(context, &fleet, target).await?;
            let result = change(&visit, item, &assignments, ui).await;
            visit.end().await;
            result
        }
        Some(EmulatorCommand::Delete { target, item }) => {
            let visit = Visit::begin(context, &fleet, target).await?;
            let result = delete(&visit, item, ui).await;
            visit.end().await;
            result
        }
        Some(EmulatorCommand::Journal { target, writes, clear }) => {
            let visit = Visit::begin(context, &fleet, target).await?;
            let result = journal(&visit, *writes, *clear, ui).await;
            visit.end().await;
            result
        }
    }
}

fn fleet(context: &Context, ui: &Ui) -> Result<Fleet, Error> {
    let (fleet, diagnostics) = environment::load(&context.root);
    fleet.ok_or_else(|| {
        let errors: Diagnostics = diagnostics.into_iter().collect();
        ui.message(&report::text::diagnostics(&errors, ui.messages()));
        Error::new(Exit::Invalid, "the environment files cannot be read")
    })
}

/// Serves until Ctrl-C.
async fn serve(args: &Args, context: &Context, fleet: &Fleet, ui: &Ui) -> Result<Exit, Error> {
    let failed = |error: emulator::EmulatorError| {
        Error::machine(format!("failed to serve the emulator: {error}"))
            .hint("another process may use the port or the state file")
    };
    let mut signals = Signals::new()?;
    let mut options = emulator::Options::new(Arc::new(now));
    options.latency = args.latency.unwrap_or_default();
    options.record = recording(context);
    let path = args.state.as_ref().map(|path| context.root.join(path));
    let emulator = Emulator::open(path.as_deref(), options).map_err(failed)?;
    provision(&emulator, fleet).map_err(failed)?;
    let running = emulator.serve(args.port.unwrap_or_default()).await.map_err(failed)?;
    ui.print(&format!("{}\n", running.endpoint()))?;
    ui.note("Serving; press Ctrl-C to stop. Point an environment at it with `endpoint:`.");
    ui.detail(&format!(
        "Credential `github-oidc` signs in with ACTIONS_ID_TOKEN_REQUEST_TOKEN=any and \
         ACTIONS_ID_TOKEN_REQUEST_URL={}/oidc/token?api-version=2.0",
        running.endpoint()
    ));
    signals.next().await;
    running.shutdown().await;
    Ok(Exit::Done)
}

/// A stay at one emulated workspace.
struct Visit<'f> {
    workspace: &'f Workspace,
    base: String,
    client: Client,
    running: Option<Running>,
}

impl<'f> Visit<'f> {
    async fn begin(context: &Context, fleet: &'f Fleet, target: &Target) -> Result<Self, Error> {
        let environment = environment(fleet, target)?;
        let workspace = workspace(environment, target)?;
        let failed =
            |error: String| Error::new(Exit::Bug, format!("failed to reach the emulator: {error}"));
        let client = Client::builder().no_proxy().build().map_err(|e| failed(e.to_string()))?;
        let running = match &environment.endpoint {
            Endpoint::Embedded => {
                let emulator = open_embedded(context, fleet)?;
                let start =
                    |error| Error::machine(format!("failed to serve the emulator: {error}"));
                Some(emulator.serve(0).await.map_err(start)?)
            }
            Endpoint::Loopback(_) | Endpoint::Cloud => None,
        };
        let base = match (&running, &environment.endpoint) {
            (Some(running), _) => running.endpoint(),
            (None, Endpoint::Loopback(url)) => url.trim_end_matches('/').to_owned(),
            (None, Endpoint::Embedded | Endpoint::Cloud) => {
                let name = &environment.name;
                return Err(Error::usage(format!("environment `{name}` is not an emulator"))
                    .hint("choose another one with `--environment`"));
            }
        };
        Ok(Self { workspace, base, client, running })
    }

    async fn end(self) {
        if let Some(running) = self.running {
            running.shutdown().await;
        }
    }

    async fn send(
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

    fn path(&self, item: &ItemKey) -> Result<String, Error> {
        let name = self.workspace.resources.get(&item.id).map_or_else(
            || item.id.as_str().parse().map_err(|_| Error::usage("the id is no ARM name")),
            |name| Ok(name.value.clone()),
        )?;
        let collection = Collection::of(item.family);
        let id: ResourceId = self.workspace.id.value.resource(collection, &name);
        Ok(format!("{}?api-version={}", id.path(), collection.operation().version()))
    }
}

async fn change(
    visit: &Visit<'_>,
    item: &ItemKey,
    assignments: &[Assignment],
    ui: &Ui,
) -> Result<Exit, Error> {
    let path = visit.path(item)?;
    let (status, live) = visit.send(Method::GET, &path, None).await?;
    if status != 200 {
        return Err(refused(item, "read", status, &live));
    }
    let body = edit(&live, assignments).map_err(|invalid| Error::usage(invalid.reason))?;
    let (status, answer) = visit.send(Method::PUT, &path, Some(&body)).await?;
    if !(200..300).contains(&status) {
        return Err(refused(item, "changed", status, &answer));
    }
    ui.note(&format!("Changed `{item}` in `{}` as a portal user would.", visit.workspace.key));
    Ok(Exit::Done)
}

async fn delete(visit: &Visit<'_>, item: &ItemKey, ui: &Ui) -> Result<Exit, Error> {
    let path = visit.path(item)?;
    // A saved search that is not there is deleted without a word.
    let (status, _) = visit.send(Method::GET, &path, None).await?;
    if status == 404 {
        return Err(Error::new(Exit::Invalid, format!("`{item}` is not there")));
    }
    let (status, answer) = visit.send(Method::DELETE, &path, None).await?;
    match status {
        200 => {
            ui.note(&format!(
                "Deleted `{item}` in `{}` as a portal user would.",
                visit.workspace.key
            ));
            Ok(Exit::Done)
        }
        status => Err(refused(item, "deleted", status, &answer)),
    }
}

async fn journal(visit: &Visit<'_>, writes: bool, clear: bool, ui: &Ui) -> Result<Exit, Error> {
    let (status, entries) = visit.send(Method::GET, "/_emulator/journal", None).await?;
    if status != 200 {
        let why = format!("the journal was not read: the server answered {status}");
        return Err(Error::new(Exit::Unknown, why));
    }
    let mut text = String::new();
    for entry in entries["value"].as_array().into_iter().flatten() {
        let word = |key: &str| entry[key].as_str().unwrap_or_default();
        if writes && word("method") == "GET" {
            continue;
        }
        let status = entry["status"].as_u64().map_or_else(|| "---".to_owned(), |s| s.to_string());
        let sequence = entry["sequence"].as_u64().unwrap_or_default();
        let actor = word("actor").split(' ').next().unwrap_or_default();
        let caller = match word("caller") {
            "" => String::new(),
            caller => format!(", {caller}"),
        };
        let target = short(word("target"));
        let method = word("method");
        text += &format!("{sequence:>6} {status} {method:<6} {target}  [{actor}{caller}]\n");
    }
    ui.print(&text)?;
    if clear {
        visit.send(Method::DELETE, "/_emulator/journal", None).await?;
    }
    Ok(Exit::Done)
}

/// A request's path without what is the same in every line: `law-sandbox/alertRules/<id>`.
fn short(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    match path.split_once("/workspaces/") {
        Some((_, rest)) => rest.replace("/providers/Microsoft.SecurityInsights/", "/"),
        None => path.trim_start_matches('/').to_owned(),
    }
}

fn refused(item: &ItemKey, done: &str, status: u16, answer: &Value) -> Error {
    let message = answer["error"]["message"].as_str().unwrap_or("no message");
    Error::new(Exit::Invalid, format!("`{item}` was not {done}: {status} {message}"))
}

fn environment<'f>(fleet: &'f Fleet, target: &Target) -> Result<&'f Environment, Error> {
    let named = |environment: &&Environment| {
        environment.name.as_str().eq_ignore_ascii_case(&target.environment)
    };
    fleet.environments.values().find(named).ok_or_else(|| {
        let known: Vec<&str> = fleet.environments.keys().map(crate::ident::Name::as_str).collect();
        Error::new(Exit::Invalid, format!("there is no environment `{}`", target.environment))
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
