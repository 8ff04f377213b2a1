//! The program while it runs: signals, and what it says in the meantime.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, spawn};

use crate::gate::PATIENCE;
use crate::root::{Ran, Root};

/// A running program.
pub(crate) struct Process {
    args: String,
    child: Child,
    out: Option<JoinHandle<Vec<u8>>>,
    lines: Receiver<String>,
    err: String,
}

impl Root {
    /// Starts the program in the repository.
    pub(crate) fn start(&self, args: &[&str]) -> Process {
        Process::start(self.command(args), args)
    }
}

impl Process {
    /// Starts a command.
    pub(crate) fn start(mut command: Command, args: &[&str]) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let out = spawn(move || {
            let mut text = Vec::new();
            let _whole = out.read_to_end(&mut text);
            text
        });
        let (said, lines) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let _nobody_listens = said.send(line);
            }
        });
        Self { args: args.join(" "), child, out: Some(out), lines, err: String::new() }
    }

    /// Sends a signal: `INT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(sent.success(), "kill -s {name} {pid}");
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it as the end of its machine would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it says this on standard error.
    #[track_caller]
    pub(crate) fn says(&mut self, text: &str) {
        while !self.err.contains(text) {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.err += &(line + "\n"),
                Err(_) => {
                    panic!("`sentinelops {}` does not say {text:?}:\n{}", self.args, self.err)
                }
            }
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(mut self) -> Ran {
        // Its standard error ends when it does.
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.err += &(line + "\n"),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    let _ended = self.child.kill();
                    panic!("`sentinelops {}` does not end:\n{}", self.args, self.err);
                }
            }
        }
        let status = self.child.wait().unwrap();
        let stdout = self.out.take().unwrap().join().unwrap();
        let output = Output { status, stdout, stderr: self.err.into_bytes() };
        Ran::of(&[&self.args], output)
    }
}
