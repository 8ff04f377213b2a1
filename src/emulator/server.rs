//! Serving on loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::emulator::{Emulator, EmulatorError};

/// How long requests in flight may take once the server was asked to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server on loopback. It stops when this is dropped; [`Running::shutdown`] waits for it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Emulator {
    /// Serves on 127.0.0.1; port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn serve(&self, port: u16) -> Result<Running, EmulatorError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        // Answers are small: waiting to fill a packet would cost more than the answer. A connection
        // on which that cannot be set works all the same.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = axum::serve(listener, self.router())
            .with_graceful_shutdown(async { drop(stopped.await) });
        let task = tokio::spawn(async move { server.await });
        Ok(Running { address, stop, task })
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more connections, lets requests in flight finish, and returns. Requests that take
    /// longer than five seconds are cut off.
    pub async fn shutdown(self) {
        let Self { address: _, stop, mut task } = self;
        drop(stop);
        if tokio::time::timeout(PATIENCE, &mut task).await.is_err() {
            task.abort();
        }
    }
}
