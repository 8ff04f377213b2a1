//! Two runs of one repository at once: their requests reach the service in every order there is.
//!
//! Metadata has no etag, so a record can be written over between two requests of another run. What
//! must come of it all the same is tried over every order of the two runs' requests.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::Semaphore;

use super::*;
use crate::live::fake::TENANT;
use crate::live::{
    Client, Method, Pace, Request, Response, Site, Throttle, Transport, TransportError,
};

/// One run's line to the service: a request waits until it is let through.
#[derive(Debug)]
struct Line {
    server: Arc<Server>,
    name: char,
    gate: Semaphore,
    granted: AtomicUsize,
    passed: AtomicUsize,
    under_way: AtomicUsize,
    /// Requests that wait, in the order in which they will pass.
    waiting: Mutex<VecDeque<Waiting>>,
    journal: Journal,
}

/// A request that waits: its method and its path.
type Waiting = (Method, String);

#[async_trait]
impl Transport for Line {
    async fn sign_in(&self) -> Result<(), TransportError> {
        Ok(())
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        let path = request.url.path();
        // That a subscription belongs to the tenant moves nothing.
        if path.matches('/').count() > 2 {
            self.waiting.lock().unwrap().push_back((request.method, path.to_lowercase()));
            self.gate.acquire().await.unwrap().forget();
            self.waiting.lock().unwrap().pop_front();
            self.passed.fetch_add(1, Ordering::SeqCst);
            let last = path.rsplit('/').next().unwrap_or_default();
            let line = format!("{} {} {last}", self.name, request.method);
            self.journal.lock().unwrap().push(line);
        }
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let answer = self.server.exchange(request).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

impl Line {
    fn new(server: &Arc<Server>, name: char, journal: &Journal) -> Arc<Self> {
        Arc::new(Self {
            server: Arc::clone(server),
            name,
            gate: Semaphore::new(0),
            granted: AtomicUsize::new(0),
            passed: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            waiting: Mutex::default(),
            journal: Arc::clone(journal),
        })
    }

    fn clients(self: &Arc<Self>) -> Clients {
        let site = Site {
            environment: "contoso".parse().unwrap(),
            tenant: TENANT.parse().unwrap(),
            base: "http://127.0.0.1:1".parse().unwrap(),
            principal: "tests".to_owned(),
            pace: Pace::Arm,
        };
        let limits = client(&self.server).0.throttle().limits();
        let throttle = Arc::new(Throttle::new(limits));
        let transport: Arc<dyn Transport> = Arc::clone(self) as _;
        let client = Client::new(site, transport, Arc::new(TestClock::default()), throttle);
        let by_environment = BTreeMap::from([("contoso".parse().unwrap(), Ok(client))]);
        Clients::new(by_environment, limits)
    }

    fn grant(&self) {
        self.granted.fetch_add(1, Ordering::SeqCst);
        self.gate.add_permits(1);
    }

    /// The request that passes next.
    fn next(&self) -> Waiting {
        self.waiting.lock().unwrap().front().unwrap().clone()
    }

    /// Whether nothing moves before another request is let through.
    fn is_blocked(&self) -> bool {
        let read = |number: &AtomicUsize| number.load(Ordering::SeqCst);
        read(&self.granted) == read(&self.passed)
            && read(&self.under_way) == 0
            && !self.waiting.lock().unwrap().is_empty()
    }

    /// Polls a run until it ends or waits to be let through.
    fn advance<T>(&self, mut run: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match run.as_mut().poll(&mut context) {
                Poll::Ready(ended) => return Some(ended),
                Poll::Pending if self.is_blocked() => return None,
                Poll::Pending => {}
            }
        }
    }
}

/// Runs what waits for nobody.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
    }
}

type Journal = Arc<Mutex<Vec<String>>>;

/// How two runs ended, and in which order their requests came.
struct Both {
    told: [Vec<String>; 2],
    journal: Vec<String>,
}

/// Whose turn it is where it matters: `true` is the second run's.
type Order = Vec<bool>;

/// Whether it matters which of two requests comes first.
fn matters((method, path): &Waiting, (other_method, other_path): &Waiting) -> bool {
    let reads = *method == Method::Get && *other_method == Method::Get;
    !reads && (path.starts_with(other_path.as_str()) || other_path.starts_with(path.as_str()))
}

/// Applies two plans at once in one order; where `order` ends, the first run goes on. Answers the
/// order that was taken as well, and no ends where the order differs from an earlier one only by
/// requests whose order does not matter (sleep sets).
fn run_both(
    server: &Arc<Server>,
    plans: [ApprovedPlan; 2],
    order: &[bool],
) -> (Option<Both>, Order) {
    let journal = Journal::default();
    let lines = ['a', 'b'].map(|name| Line::new(server, name, &journal));
    let clients = [lines[0].clients(), lines[1].clients()];
    let [first, second] = plans;
    let (events, _) = mpsc::unbounded_channel();
    let (_sender, interrupt) = watch::channel(false);
    let mut first = pin!(apply(first, &clients[0], &Forgetful, events.clone(), interrupt.clone()));
    let mut second = pin!(apply(second, &clients[1], &Forgetful, events, interrupt));
    let mut ended = [lines[0].advance(first.as_mut()), lines[1].advance(second.as_mut())];
    let mut taken = Vec::new();
    // The first run, while its next request would do the same that was tried before.
    let mut asleep = false;
    loop {
        let second_goes = match (&ended[0], &ended[1]) {
            (Some(_), Some(_)) => break,
            (None, Some(_)) if asleep => return (None, taken),
            (None, Some(_)) => false,
            (Some(_), None) => true,
            (None, None) if asleep => true,
            (None, None) => {
                asleep = order.get(taken.len()).copied().unwrap_or(false);
                taken.push(asleep);
                asleep
            }
        };
        if asleep && matters(&lines[0].next(), &lines[1].next()) {
            asleep = false;
        }
        lines[usize::from(second_goes)].grant();
        match second_goes {
            false => ended[0] = lines[0].advance(first.as_mut()),
            true => ended[1] = lines[1].advance(second.as_mut()),
        }
    }
    let told = ended.map(|outcome| told(&outcome.unwrap()));
    let journal = journal.lock().unwrap().clone();
    (Some(Both { told, journal }), taken)
}

/// The order after this one, if there is one.
fn next(mut order: Order) -> Option<Order> {
    while order.pop()? {}
    order.push(true);
    Some(order)
}

/// Plans twice on the same workspace, for the repository as `first` and as `second` make it, applies
/// both plans in every order, and checks what is left. Answers how many orders there were.
fn in_every_order(
    prepare: impl AsyncFn() -> Bench,
    runs: [Change<'_>; 2],
    check: impl Fn(&Bench, &Both),
) -> usize {
    let mut order = Some(Order::new());
    let mut count = 0;
    while let Some(turns) = order {
        let mut bench = block_on(prepare());
        let unchanged = bench.desired.clone();
        let plans = runs.map(|change| {
            bench.desired = unchanged.clone();
            change(&mut bench);
            block_on(bench.approved())
        });
        let (both, taken) = run_both(&bench.server, plans, &turns);
        if let Some(both) = both {
            check(&bench, &both);
            count += 1;
        }
        order = next(taken);
    }
    count
}

/// Neither run lost anything, and nothing is left to do or to blame on somebody.
fn both_are_right(bench: &Bench, both: &Both) {
    for told in both.told.iter().flatten() {
        assert!(told.ends_with("Done"), "{:?} after {:#?}", both.told, both.journal);
    }
    let pending = block_on(bench.pending());
    assert!(pending.is_empty(), "{pending:?} after {:#?}", both.journal);
}

/// Whether one run wrote the record between the other's last look at it and its own write: the only
/// thing that a run cannot notice.
fn a_record_was_written_over(journal: &[String]) -> bool {
    let is_record = |line: &str| line.contains("huntingquery-") || line.contains("analyticsrule-");
    let by = |line: &str, run: char| line.starts_with(run);
    let reads = |line: &str| line[2..].starts_with("GET");
    let overwritten = |run: char| {
        let mut unseen = false;
        journal.iter().filter(|line| is_record(line)).any(|line| {
            match (by(line, run), reads(line)) {
                (true, true) => unseen = false,
                (true, false) => return unseen,
                (false, false) => unseen = true,
                (false, true) => {}
            }
            false
        })
    };
    overwritten('a') || overwritten('b')
}

/// Of two contents one was written; the run that lost says so, and the next run knows whose it is.
fn one_of_two_wins(bench: &Bench, both: &Both) {
    let done = both.told.iter().flatten().filter(|told| told.ends_with("Done")).count();
    assert_ne!(done, 0, "{:?} after {:#?}", both.told, both.journal);
    let pending = block_on(bench.pending());
    let refused = pending.iter().any(|line| line.ends_with("refuse"));
    assert!(
        !refused || a_record_was_written_over(&both.journal),
        "{pending:?} after {:#?}",
        both.journal
    );
    // Whoever is refused can go on: nothing is written that nobody owns and nothing is lost.
    if !refused {
        let told = block_on(bench.run());
        assert!(told.iter().all(|line| line.ends_with("Done")), "{told:?}");
        assert!(block_on(bench.pending()).is_empty());
    }
}

type Change<'a> = &'a dyn Fn(&mut Bench);

const HUNT: Change<'_> = &|bench| bench.want("hunting-query/h1");
const OTHER_HUNT: Change<'_> = &|bench| {
    bench.want("hunting-query/h1");
    bench.set("hunting-query/h1", Field::Query, json!("T | where other"));
};
const RULE: Change<'_> = &|bench| bench.want("analytic-rule/r1");
const OTHER_RULE: Change<'_> = &|bench| {
    bench.want("analytic-rule/r1");
    bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
};
const LOW: Change<'_> = &|bench| bench.set("analytic-rule/r1", Field::Severity, json!("Low"));
const MEDIUM: Change<'_> = &|bench| bench.set("analytic-rule/r1", Field::Severity, json!("Medium"));
const GONE: Change<'_> = &|bench| bench.drop("analytic-rule/r1");

#[test]
fn a_hunt_that_two_runs_create_at_once_keeps_its_record() {
    let orders = in_every_order(async || Bench::new(), [HUNT, HUNT], both_are_right);
    assert!(orders > 30, "{orders}");
}

#[test]
fn a_rule_that_two_runs_create_at_once_keeps_its_record() {
    let orders = in_every_order(async || Bench::new(), [RULE, RULE], both_are_right);
    // Two writes each, and what is read afterwards.
    assert!(orders > 20, "{orders}");
}

#[test]
fn an_update_by_two_runs_at_once_leaves_the_baseline_of_what_is_live() {
    let orders = in_every_order(Bench::deployed, [LOW, LOW], both_are_right);
    assert!(orders > 100, "{orders}");
}

#[test]
fn a_rule_that_two_runs_prune_at_once_is_gone_with_its_record() {
    let prepare = async || {
        let mut bench = Bench::deployed().await;
        bench.options.prune = true;
        bench
    };
    in_every_order(prepare, [GONE, GONE], |bench, both| {
        both_are_right(bench, both);
        assert_eq!(bench.record("r1"), None);
    });
}

#[test]
fn a_rule_that_two_runs_retire_at_once_is_retired() {
    in_every_order(Bench::deployed, [GONE, GONE], |bench, _| {
        assert_eq!(bench.live("r1", "/properties/enabled"), false);
        block_on(bench.run());
        assert_eq!(block_on(bench.pending()), ["analytic-rule/r1 retired none"]);
    });
}

#[test]
fn of_two_contents_of_a_hunt_that_are_created_at_once_one_wins() {
    in_every_order(async || Bench::new(), [HUNT, OTHER_HUNT], one_of_two_wins);
}

#[test]
fn of_two_contents_of_a_rule_that_are_created_at_once_one_wins() {
    let orders = in_every_order(async || Bench::new(), [RULE, OTHER_RULE], one_of_two_wins);
    assert!(orders > 20, "{orders}");
}

#[test]
fn of_two_updates_to_different_values_at_once_one_wins() {
    in_every_order(Bench::deployed, [LOW, MEDIUM], one_of_two_wins);
}
