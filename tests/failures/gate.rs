//! A gate on loopback between the program and the emulator: a test decides on each request when it
//! comes, and so can stop time there.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::runtime::Runtime;

use crate::portal::Portal;
use crate::root::Root;
use crate::sample;

/// Longer than anything here takes; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The emulator answers it.
    Pass,
    /// The connection ends before anything happened.
    Lost,
}

/// A request as it comes: `PUT relay-rule`, `GET alertRules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) line: String,
}

impl Seen {
    /// Whether it writes.
    pub(crate) fn writes(&self) -> bool {
        !self.line.starts_with("GET ")
    }
}

type Rule = dyn Fn(&Seen) -> Fate + Send + Sync;

/// A served gate.
pub(crate) struct Gate {
    address: SocketAddr,
    runtime: Option<Runtime>,
    under_way: UnderWay,
}

/// How many requests have come and have not been answered yet.
type UnderWay = Arc<(Mutex<usize>, Condvar)>;

#[derive(Clone)]
struct Behind {
    endpoint: String,
    client: reqwest::Client,
    rule: Arc<Rule>,
    under_way: UnderWay,
}

impl Gate {
    /// A gate before the emulator. The rule may block: only its own request waits.
    pub(crate) fn before(
        portal: &Portal,
        rule: impl Fn(&Seen) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let under_way = UnderWay::default();
        let behind = Behind {
            endpoint: portal.endpoint(),
            client,
            rule: Arc::new(rule),
            under_way: Arc::clone(&under_way),
        };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().fallback(serve).with_state(behind);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, runtime: Some(runtime), under_way }
    }

    /// Waits until every request that came is answered, whoever sent it and lives no more.
    pub(crate) fn settles(&self) {
        let (count, changed) = &*self.under_way;
        let count = count.lock().unwrap();
        let settled = changed.wait_timeout_while(count, PATIENCE, |count| *count > 0).unwrap();
        assert!(!settled.1.timed_out(), "a request is never answered");
    }

    /// Makes a repository's environment go through it.
    pub(crate) fn guards(&self, root: &Root) {
        let endpoint = format!("http://{}", self.address);
        root.write("environments/local.yaml", &sample::environment(&endpoint));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A request is served to its end, even if whoever sent it goes away.
async fn serve(State(behind): State<Behind>, request: Request) -> Response {
    *behind.under_way.0.lock().unwrap() += 1;
    let served = tokio::spawn(async move {
        let under_way = Arc::clone(&behind.under_way);
        let response = pass(behind, request).await;
        *under_way.0.lock().unwrap() -= 1;
        under_way.1.notify_all();
        response
    });
    served.await.unwrap_or_else(|_| lost())
}

async fn pass(behind: Behind, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let last = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let seen = Seen { line: format!("{} {last}", parts.method) };
    let rule = Arc::clone(&behind.rule);
    let fate = tokio::task::spawn_blocking(move || rule(&seen)).await.unwrap_or(Fate::Lost);
    if fate == Fate::Lost {
        return lost();
    }
    let Ok(body) = to_bytes(body, usize::MAX).await else { return lost() };
    let mut headers = parts.headers;
    headers.remove("host");
    let url = format!("{}{}", behind.endpoint, parts.uri);
    let sent = behind.client.request(parts.method, url).headers(headers).body(body).send().await;
    match sent {
        Ok(answer) => {
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.bytes().await.unwrap();
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// A body that fails at once ends the connection before anything is written.
fn lost() -> Response {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Response::new(Body::from_stream(futures::stream::once(async { Err::<Bytes, _>(broken) })))
}

/// A place where a request waits until the test lets it go on.
pub(crate) struct Stop {
    reached: Receiver<()>,
    go_on: Sender<Fate>,
}

/// The request's side of a [`Stop`].
pub(crate) struct Stopped {
    reached: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<Fate>>,
}

impl Stop {
    /// Both sides of one.
    pub(crate) fn new() -> (Self, Stopped) {
        let (here, reached) = channel();
        let (go_on, went_on) = channel();
        let stopped = Stopped { reached: Mutex::new(here), go_on: Mutex::new(went_on) };
        (Self { reached, go_on }, stopped)
    }

    /// Waits until a request has come.
    #[track_caller]
    pub(crate) fn wait(&self) {
        self.reached.recv_timeout(PATIENCE).expect("the request comes");
    }

    /// Waits until a request has come, or `is_over`; answers whether it came.
    #[track_caller]
    pub(crate) fn reaches(&self, mut is_over: impl FnMut() -> bool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.reached.recv_timeout(Duration::from_millis(20)) {
                Ok(()) => return true,
                Err(_) if is_over() => return self.reached.try_recv().is_ok(),
                Err(_) => {}
            }
        }
        panic!("no request comes, and no end");
    }

    /// Lets it go on.
    pub(crate) fn let_go(&self, fate: Fate) {
        self.go_on.send(fate).unwrap();
    }
}

impl Stopped {
    /// Waits to be let go; lost once nobody is there to let it.
    pub(crate) fn wait(&self) -> Fate {
        let told = self.reached.lock().unwrap_or_else(PoisonError::into_inner).send(());
        let go_on = self.go_on.lock().unwrap_or_else(PoisonError::into_inner);
        told.ok().and_then(|()| go_on.recv().ok()).unwrap_or(Fate::Lost)
    }
}
