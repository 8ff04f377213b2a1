//! `emulator`: serves it, plays the portal user, prints its journal, sets faults.

mod fault;
mod server;

use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;

use crate::cli::args::{At, Emulator as Args, EmulatorCommand};
use crate::cli::connect::{provision, recording};
use crate::cli::context::{Context, now};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Signals;
use crate::cli::ui::Ui;
use crate::diag::Diagnostics;
use crate::emulator::edit::{Assignment, edit};
use crate::emulator::{self, Emulator, Tombstones};
use crate::environment::{self, Fleet};
use crate::ident::ItemKey;
use crate::report;

use server::{Server, Visit};

pub(super) async fn run(args: &Args, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    match &args.command {
        None => serve(args, context, ui).await,
        Some(EmulatorCommand::Edit { target, item, assignments }) => {
            let assignments: Vec<Assignment> = assignments
                .iter()
                .map(|text| text.parse::<Assignment>().map_err(|e| Error::usage(e.reason)))
                .collect::<Result<_, _>>()?;
            let fleet = fleet(context, ui)?;
            let visit = Visit::begin(context, &fleet, target).await?;
            let result = change(&visit, item, &assignments, ui).await;
            visit.server.leave().await;
            result
        }
        Some(EmulatorCommand::Delete { target, item }) => {
            let fleet = fleet(context, ui)?;
            let visit = Visit::begin(context, &fleet, target).await?;
            let result = delete(&visit, item, ui).await;
            visit.server.leave().await;
            result
        }
        Some(EmulatorCommand::Journal { at, writes, clear }) => {
            let server = reach(at, context, ui).await?;
            let result = journal(&server, *writes, *clear, ui).await;
            server.leave().await;
            result
        }
        Some(EmulatorCommand::Fault { at, command }) => {
            let server = reach(at, context, ui).await?;
            let result = fault::run(&server, command, context, ui).await;
            server.leave().await;
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

/// The emulator at an address, for which no repository is needed, or an environment's.
async fn reach(at: &At, context: &Context, ui: &Ui) -> Result<Server, Error> {
    match &at.endpoint {
        Some(endpoint) => Server::at(endpoint),
        None => Server::of(context, &fleet(context, ui)?, &at.environment).await,
    }
}

/// Serves until Ctrl-C.
async fn serve(args: &Args, context: &Context, ui: &Ui) -> Result<Exit, Error> {
    let failed = |error: emulator::EmulatorError| {
        Error::machine(format!("failed to serve the emulator: {error}"))
            .hint("another process may use the port or the state file")
    };
    let mut signals = Signals::new()?;
    let mut options = emulator::Options::new(Arc::new(now));
    options.latency = args.latency.unwrap_or_default();
    options.page_size = args.page_size;
    options.require_token = args.require_token;
    options.throttles = args.throttle;
    options.visible_after = args.visible_after.unwrap_or_default();
    options.tombstones = args.tombstones.map(|window| Tombstones { window, status: 400 });
    options.record = recording(context);
    let path = args.state.as_ref().map(|path| context.root.join(path));
    let emulator = Emulator::open(path.as_deref(), options).map_err(failed)?;
    if context.root.join("environments").exists() {
        provision(&emulator, &fleet(context, ui)?).map_err(failed)?;
    } else {
        ui.note("There are no environments here; `PUT /_emulator/workspaces` makes workspaces.");
    }
    if let Some(folder) = &args.seed {
        let seeded = emulator.seed(&context.root.join(folder)).map_err(|error| {
            Error::new(Exit::Invalid, format!("failed to seed the emulator: {error}"))
        })?;
        ui.note(&format!("Seeded {seeded} resources."));
    }
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

async fn change(
    visit: &Visit<'_>,
    item: &ItemKey,
    assignments: &[Assignment],
    ui: &Ui,
) -> Result<Exit, Error> {
    let path = visit.path(item)?;
    let (status, live) = visit.server.send(Method::GET, &path, None).await?;
    if status != 200 {
        return Err(refused(item, "read", status, &live));
    }
    let body = edit(&live, assignments).map_err(|invalid| Error::usage(invalid.reason))?;
    let (status, answer) = visit.server.send(Method::PUT, &path, Some(&body)).await?;
    if !(200..300).contains(&status) {
        return Err(refused(item, "changed", status, &answer));
    }
    ui.note(&format!("Changed `{item}` in `{}` as a portal user would.", visit.workspace.key));
    Ok(Exit::Done)
}

async fn delete(visit: &Visit<'_>, item: &ItemKey, ui: &Ui) -> Result<Exit, Error> {
    let path = visit.path(item)?;
    // A saved search that is not there is deleted without a word.
    let (status, _) = visit.server.send(Method::GET, &path, None).await?;
    if status == 404 {
        return Err(Error::new(Exit::Invalid, format!("`{item}` is not there")));
    }
    let (status, answer) = visit.server.send(Method::DELETE, &path, None).await?;
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

async fn journal(server: &Server, writes: bool, clear: bool, ui: &Ui) -> Result<Exit, Error> {
    let (status, entries) = server.send(Method::GET, "/_emulator/journal", None).await?;
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
        server.send(Method::DELETE, "/_emulator/journal", None).await?;
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
