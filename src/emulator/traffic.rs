//! Recorded traffic: every request that reached the service, with its answer, as pairs that Microsoft's
//! validators of API descriptions read.
//!
//! A folder gets a file per emulator with a pair per line: `{"liveRequest": {method, url, headers, body},
//! "liveResponse": {statusCode, headers, body}, "fault": …, "actor": …}`. Signing in is not recorded, nor is what was
//! dropped on its way, nor any header but the type of the content.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::fault::Played;
use super::reply::{Fate, Reply};
use super::request::Request;
use super::target::Target;

/// Tells the emulators of a process apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Where pairs go.
#[derive(Debug)]
pub(super) struct Traffic {
    file: Mutex<File>,
}

impl Traffic {
    /// A new file in the folder, which is made if need be.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}.jsonl", std::process::id());
        let file = OpenOptions::new().create(true).append(true).open(folder.join(name))?;
        Ok(Self { file: Mutex::new(file) })
    }

    /// Writes a pair in one piece, so that a process that is killed leaves at most one half behind.
    pub(super) fn note(&self, request: &Request, played: &Played, reply: &Reply) -> io::Result<()> {
        if reply.fate != Fate::Whole || Target::parse(&request.path).is_err() {
            return Ok(());
        }
        let headers = json!({"Content-Type": "application/json"});
        let mut sent = json!({
            "method": request.method,
            "url": format!("https://management.azure.com{}", request.target()),
            "headers": headers,
        });
        let mut answered = json!({"statusCode": reply.status.to_string(), "headers": headers});
        for (pair, body) in [(&mut sent, &request.body), (&mut answered, &reply.body)] {
            if let Ok(body) = serde_json::from_slice::<Value>(body) {
                pair["body"] = body;
            }
        }
        let pair = json!({
            "liveRequest": sent,
            "liveResponse": answered,
            "fault": played.name(),
            "actor": request.actor,
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(format!("{pair}\n").as_bytes())
    }
}
