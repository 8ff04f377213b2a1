//! `emulator fault`: what a served emulator does to the requests of whoever is tested.

use reqwest::Method;
use serde_json::{Value, json};

use super::server::Server;
use crate::cli::args::{FaultCommand, NewFault};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::emulator::{Answer, ErrorAnswer, Fault};

const PATH: &str = "/_emulator/faults";

pub(super) async fn run(
    server: &Server,
    command: &FaultCommand,
    context: &Context,
    ui: &Ui,
) -> Result<Exit, Error> {
    if server.is_embedded() {
        return Err(Error::usage("faults are kept by an emulator that is served")
            .hint("serve one: `sentinelops emulator --port 8080`")
            .hint("then name it: `--endpoint http://127.0.0.1:8080`"));
    }
    match command {
        FaultCommand::Add(new) => {
            let mut faults = read(server).await?;
            faults.push(fault(new)?);
            set(server, &json!(faults)).await?;
        }
        FaultCommand::Script { file } => {
            let path = context.root.join(file);
            let shown = file.display();
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Error::new(Exit::Invalid, format!("{shown}: {error}")))?;
            let faults: Vec<Fault> = serde_json::from_str(&text)
                .map_err(|error| Error::new(Exit::Invalid, format!("{shown}: {error}")))?;
            set(server, &json!(faults)).await?;
        }
        FaultCommand::List => {}
        FaultCommand::Clear => {
            let (status, _) = server.send(Method::DELETE, PATH, None).await?;
            expect(status, 204)?;
        }
    }
    let faults = read(server).await?;
    let lines: Vec<String> = faults.iter().map(|fault| format!("{}\n", json!(fault))).collect();
    ui.print(&lines.concat())?;
    Ok(Exit::Done)
}

fn fault(new: &NewFault) -> Result<Fault, Error> {
    let NewFault { method, path, nth, times, always, effect } = new;
    let answer = match (effect.status, &effect.drop, effect.half, effect.delay) {
        (Some(status), None, false, None) => Answer::Error(ErrorAnswer {
            status,
            code: effect.code.clone(),
            message: effect.message.clone(),
            retry_after: effect.retry_after,
            after: effect.after_effect,
            ..ErrorAnswer::default()
        }),
        (None, Some(drop), false, None) if drop == "before" => Answer::Drop,
        (None, Some(_), false, None) => Answer::DropAfter,
        (None, None, true, None) => Answer::HalfPage,
        (None, None, false, Some(delay)) => {
            Answer::Latency(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))
        }
        _ => {
            return Err(Error::usage(
                "a fault has one of `--status`, `--drop`, `--half`, `--delay`",
            ));
        }
    };
    Ok(Fault {
        method: method.clone(),
        path_contains: path.clone(),
        skip: nth.get() - 1,
        times: (!always).then_some(*times),
        answer,
    })
}

async fn read(server: &Server) -> Result<Vec<Fault>, Error> {
    let (status, mut body) = server.send(Method::GET, PATH, None).await?;
    expect(status, 200)?;
    serde_json::from_value(body["value"].take())
        .map_err(|error| Error::new(Exit::Unknown, format!("the faults cannot be read: {error}")))
}

async fn set(server: &Server, faults: &Value) -> Result<(), Error> {
    let (status, _) = server.send(Method::PUT, PATH, Some(faults)).await?;
    expect(status, 204)
}

fn expect(status: u16, expected: u16) -> Result<(), Error> {
    if status == expected {
        return Ok(());
    }
    let text = format!("the server answered {status}: it is no emulator of this version");
    Err(Error::new(Exit::Unknown, text))
}
