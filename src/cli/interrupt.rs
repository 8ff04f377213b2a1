//! Ctrl-C, and the SIGTERM that CI systems send: before the first write the run ends at once, and
//! afterwards it finishes what has begun. A second one always ends it at once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::error::Error;
use super::exit::Exit;
use super::ui::Ui;

/// Listens for the end of a command.
#[derive(Debug, Clone)]
pub(crate) struct Interrupts {
    writing: Arc<Mutex<bool>>,
    drain: watch::Sender<bool>,
}

impl Interrupts {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system lets nobody listen.
    pub(crate) fn listen(ui: &Ui) -> Result<Self, Error> {
        let mut signals = Signals::new()?;
        let listening = Self { writing: Arc::default(), drain: watch::Sender::new(false) };
        let (heard, ui) = (listening.clone(), ui.clone());
        tokio::spawn(async move {
            loop {
                let name = signals.next().await;
                heard.interrupted(name, &ui);
            }
        });
        Ok(listening)
    }

    /// Writing begins: from now on an interrupt no longer ends the run, but makes this true.
    pub(crate) fn drain(&self) -> watch::Receiver<bool> {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.drain.subscribe()
    }

    fn interrupted(&self, name: &str, ui: &Ui) {
        // While this is locked, no write begins.
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let again = self.drain.send_replace(*writing);
        match (*writing, again) {
            (false, _) => ui.end_at_once(&format!(
                "error: interrupted ({name}): nothing was changed in any workspace"
            )),
            (true, false) => ui.message(&format!(
                "interrupted ({name}): what has begun is finished, nothing else is started; \
                 once more ends at once"
            )),
            (true, true) => ui.end_at_once(&format!(
                "error: interrupted again ({name}): ended at once; what was under way may be \
                 written or not\nhint: run `sentinelops plan`: the next run reads what was done \
                 and goes on from there"
            )),
        }
    }
}

/// The signals that ask for an end. They end nothing by themselves from the moment this is made.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system lets nobody listen.
    pub(crate) fn new() -> Result<Self, Error> {
        Self::registered().map_err(|error| {
            Error::new(Exit::Bug, format!("failed to listen for interrupts: {error}"))
        })
    }

    fn registered() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one, and names it.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "Ctrl-C",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// The signals that ask for an end. They end nothing by themselves from the moment this is made.
#[cfg(windows)]
pub(crate) struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system lets nobody listen.
    pub(crate) fn new() -> Result<Self, Error> {
        Self::registered().map_err(|error| {
            Error::new(Exit::Bug, format!("failed to listen for interrupts: {error}"))
        })
    }

    fn registered() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// Waits for the next one, and names it.
    pub(crate) async fn next(&mut self) -> &'static str {
        self.0.recv().await;
        "Ctrl-C"
    }
}
