//! How many small requests a second the emulator answers, with what sends them on the same cores: reads
//! of one rule and writes of it, over connections that stay open. It must never be what limits a test.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sentinelops::arm::Collection;

use crate::clients::Served;
use crate::fleet::workspace;

/// Connections that send one request after another.
const CONNECTIONS: usize = 8;
/// How long each figure is measured.
const FOR: Duration = Duration::from_secs(3);
/// What is wanted, at least, by the second.
const WANTED: u32 = 5_000;

const BODY: &str = r#"{"kind": "Scheduled", "properties": {"displayName": "A rule", "enabled": true,
"severity": "High", "query": "SigninLogs | where ResultType == 0", "suppressionEnabled": false,
"suppressionDuration": "PT5H", "queryFrequency": "PT1H", "queryPeriod": "P1D",
"triggerOperator": "GreaterThan", "triggerThreshold": 0}}"#;

pub(crate) fn run() {
    let folder = tempfile::tempdir().unwrap();
    for (word, state) in [("memory", None), ("a file", Some(folder.path().join("state.redb")))] {
        for method in ["GET", "PUT"] {
            let rate = rate(method, state.clone());
            let verdict = if rate >= f64::from(WANTED) { "enough" } else { "TOO FEW" };
            println!(
                "emulator, {word:<6}: {method} of one rule {rate:>9.0} /s    ({verdict}: {WANTED} /s are wanted)"
            );
        }
    }
}

/// Requests a second over all connections.
fn rate(method: &str, state: Option<PathBuf>) -> f64 {
    let served = Served::keeping(1, Duration::ZERO, state);
    let address = served.endpoint.strip_prefix("http://").unwrap();
    Connection::open(address).send(&request("PUT", 0));
    for index in 1..CONNECTIONS {
        Connection::open(address).send(&request("PUT", index));
    }
    let start = Instant::now();
    let answered: usize = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..CONNECTIONS)
            .map(|index| {
                scope.spawn(move || {
                    let (mut connection, request) =
                        (Connection::open(address), request(method, index));
                    let mut answered = 0;
                    while start.elapsed() < FOR {
                        connection.send(&request);
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).sum()
    });
    f64::from(u32::try_from(answered).unwrap()) / start.elapsed().as_secs_f64()
}

fn request(method: &str, index: usize) -> String {
    let id = workspace(1).resource(Collection::AlertRules, &format!("r{index}").parse().unwrap());
    let body = if method == "PUT" { BODY } else { "" };
    let mut head = format!("{method} {}?api-version=2024-04-01-preview HTTP/1.1\r\n", id.path());
    head += "host: 127.0.0.1\r\n";
    if !body.is_empty() {
        let length = body.len();
        write!(head, "content-type: application/json\r\ncontent-length: {length}\r\n").unwrap();
    }
    format!("{head}\r\n{body}")
}

/// A connection that stays open.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: vec![0; 64 * 1024] }
    }

    /// Sends a request and reads its answer, which must be a good one.
    fn send(&mut self, request: &str) {
        self.stream.write_all(request.as_bytes()).unwrap();
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).unwrap();
            assert!(read > 0, "the emulator ended the connection");
            filled += read;
            let Some(whole) = length(&self.buffer[..filled]) else { continue };
            if filled >= whole {
                let text = String::from_utf8_lossy(&self.buffer[..filled]);
                assert!(text.starts_with("HTTP/1.1 20"), "{text}");
                return;
            }
        }
    }
}

/// How long an answer is, head and body, once its head is there.
fn length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(end + length.parse::<usize>().ok()?)
}
