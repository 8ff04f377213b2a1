//! Requests to one environment: URLs, turns, retries, paging, typed errors.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::Bytes;
use azure_core::http::Url;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{OnceCell, OwnedMutexGuard};

use super::TransportError;
use super::bucket::Kind;
use super::retry::{self, Attempt, Decision, Failure};
use super::throttle::{Ask, ClosedFor, Payer, Turn};
use super::{Clock, Error, ErrorKind, Method, Pace, Request, Response, Throttle, Transport};
use crate::arm::{ArmError, Collection, Operation, ResourceId, WorkspaceId};
use crate::ident::{EnvironmentName, SubscriptionId, TenantId};

/// A list that has more pages than this is going round in circles.
const MOST_PAGES: usize = 1_000;

/// Where a client's requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The environment.
    pub environment: EnvironmentName,
    /// The tenant that its subscriptions must belong to.
    pub tenant: TenantId,
    /// The server: scheme, host and port.
    pub base: Url,
    /// Who its requests are counted as: sites that sign in alike have the same.
    pub principal: String,
    /// Whether its requests are counted.
    pub pace: Pace,
}

/// A wait before a request is sent, or sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// How long, as far as that is known.
    pub time: Duration,
    /// Why, for people: the failed try, or the limit that is met.
    pub reason: String,
}

/// Whoever wants to know about waits.
type Watcher = Arc<dyn Fn(Wait) + Send + Sync>;

/// Requests to one environment. Cheap to clone; clones share connections, limits and what they know
/// of subscriptions.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    watcher: Option<Watcher>,
}

struct Shared {
    site: Site,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    throttle: Arc<Throttle>,
    checked: Mutex<BTreeMap<SubscriptionId, Arc<OnceCell<()>>>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("site", &self.shared.site).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of one site. The transport must show the server nothing but a token of the
    /// environment's credential tenant; [`super::connect`] sees to that.
    #[must_use]
    pub fn new(
        site: Site,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        throttle: Arc<Throttle>,
    ) -> Self {
        let checked = Mutex::new(BTreeMap::new());
        Self {
            shared: Arc::new(Shared { site, transport, clock, throttle, checked }),
            watcher: None,
        }
    }

    /// The same client, which tells `watcher` about every wait.
    #[must_use]
    pub fn watched(&self, watcher: impl Fn(Wait) + Send + Sync + 'static) -> Self {
        Self { shared: Arc::clone(&self.shared), watcher: Some(Arc::new(watcher)) }
    }

    /// Where its requests go.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.shared.site
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.shared.clock.as_ref()
    }

    /// Its limits.
    #[must_use]
    pub fn throttle(&self) -> &Throttle {
        &self.shared.throttle
    }

    /// Makes sure that a subscription belongs to the environment's tenant: a mistyped subscription
    /// must not put one customer's exclusions into another's workspace. Asks once; every other
    /// request of the subscription waits for it.
    ///
    /// # Errors
    /// `WrongTenant` when it belongs to another tenant, else as for any request.
    pub async fn check_subscription(&self, subscription: &SubscriptionId) -> Result<(), Error> {
        let cell = {
            let mut checked = self.shared.checked.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(checked.entry(subscription.clone()).or_default())
        };
        cell.get_or_try_init(|| self.ask_for_tenant(subscription)).await.copied()
    }

    async fn ask_for_tenant(&self, subscription: &SubscriptionId) -> Result<(), Error> {
        let url = self.url(&format!("/subscriptions/{subscription}"), Operation::Subscriptions);
        let request = Request::new(Method::Get, url);
        let response = self.send(&request, subscription).await?;
        let body = parse(&request, &response)?;
        let Some(named) = body.get("tenantId").and_then(Value::as_str) else {
            return Err(protocol(&request, "the subscription's answer names no tenant"));
        };
        let site = &self.shared.site;
        if named.eq_ignore_ascii_case(site.tenant.as_str()) {
            return Ok(());
        }
        let message = format!(
            "subscription `{subscription}` belongs to tenant `{named}`, but environment `{}` is tenant `{}`",
            site.environment, site.tenant
        );
        Err(error(&request, ErrorKind::WrongTenant, message))
    }

    /// Reads one resource.
    ///
    /// # Errors
    /// `NotFound` when the service says that it is not there.
    pub async fn get(&self, id: &ResourceId) -> Result<Value, Error> {
        let request = self.request(Method::Get, id);
        let response = self.send_checked(&request, &id.workspace.subscription).await?;
        parse(&request, &response)
    }

    /// Creates or replaces one resource and answers what the service made of it.
    ///
    /// # Errors
    /// See [`Error::is_definite`] for whether it may have been written all the same.
    pub async fn put(&self, id: &ResourceId, body: &Value) -> Result<Value, Error> {
        let mut request = self.request(Method::Put, id);
        request.body = Some(Bytes::from(body.to_string()));
        let _alone = self.alone(id).await;
        let response = self.send_checked(&request, &id.workspace.subscription).await?;
        parse(&request, &response)
    }

    /// Deletes one resource; one that is not there counts as deleted.
    ///
    /// # Errors
    /// As for any request, but never `NotFound`.
    pub async fn delete(&self, id: &ResourceId) -> Result<(), Error> {
        let request = self.request(Method::Delete, id);
        let _alone = self.alone(id).await;
        match self.send_checked(&request, &id.workspace.subscription).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Waits until no other saved search of the workspace is being written, if this is one.
    async fn alone(&self, id: &ResourceId) -> Option<OwnedMutexGuard<()>> {
        let throttle = &self.shared.throttle;
        match id.collection {
            Collection::SavedSearches => Some(throttle.document(&id.workspace).await),
            Collection::AlertRules | Collection::Metadata => None,
        }
    }

    /// Reads a list, all its pages. A list is whole or an error.
    ///
    /// # Errors
    /// Also when a page has no `value`, or when its `nextLink` leads to another server or back.
    pub async fn list(
        &self,
        workspace: &WorkspaceId,
        collection: Collection,
    ) -> Result<Vec<Value>, Error> {
        let first = self.url(&workspace.list_path(collection), collection.operation());
        self.pages(first, &workspace.subscription).await
    }

    /// Reads which playbooks a rule starts.
    ///
    /// # Errors
    /// As for any list; `NotFound` when there is no such rule.
    pub async fn list_actions(&self, rule: &ResourceId) -> Result<Vec<Value>, Error> {
        let first = self.url(&format!("{}/actions", rule.path()), rule.collection.operation());
        self.pages(first, &rule.workspace.subscription).await
    }

    async fn pages(&self, first: Url, subscription: &SubscriptionId) -> Result<Vec<Value>, Error> {
        let mut request = Request::new(Method::Get, first);
        let mut seen = BTreeSet::new();
        let mut items = Vec::new();
        loop {
            let response = self.send_checked(&request, subscription).await?;
            let mut page = parse(&request, &response)?;
            let Some(Value::Array(value)) = page.get_mut("value").map(Value::take) else {
                return Err(protocol(&request, "a page of the list has no `value`"));
            };
            items.extend(value);
            seen.insert(request.url.to_string());
            match self.next_page(&request, &page)? {
                None => return Ok(items),
                Some(next) if seen.contains(next.as_str()) || seen.len() >= MOST_PAGES => {
                    return Err(protocol(&request, "the pages of the list go round in circles"));
                }
                Some(next) => request = Request::new(Method::Get, next),
            }
        }
    }

    /// The token goes where `nextLink` points to, so that must be the same server.
    fn next_page(&self, request: &Request, page: &Value) -> Result<Option<Url>, Error> {
        let link = match page.get("nextLink") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(link)) if link.is_empty() => return Ok(None),
            Some(Value::String(link)) => link,
            Some(_) => return Err(protocol(request, "a page's `nextLink` is no text")),
        };
        let Ok(next) = link.parse::<Url>() else {
            return Err(protocol(request, "a page's `nextLink` is no URL"));
        };
        if next.origin() != self.shared.site.base.origin() {
            let host = next.host_str().unwrap_or_default();
            let message = format!("a page's `nextLink` leads to another server, `{host}`");
            return Err(protocol(request, &message));
        }
        Ok(Some(next))
    }

    fn request(&self, method: Method, id: &ResourceId) -> Request {
        Request::new(method, self.url(&id.path(), id.collection.operation()))
    }

    fn url(&self, path: &str, operation: Operation) -> Url {
        let mut url = self.shared.site.base.clone();
        url.set_path(path);
        url.query_pairs_mut().clear().append_pair("api-version", operation.version());
        url
    }

    async fn send_checked(
        &self,
        request: &Request,
        subscription: &SubscriptionId,
    ) -> Result<Response, Error> {
        self.check_subscription(subscription).await?;
        self.send(request, subscription).await
    }

    async fn send(
        &self,
        request: &Request,
        subscription: &SubscriptionId,
    ) -> Result<Response, Error> {
        let clock = self.clock();
        let mut number = 1;
        let mut waited = Duration::ZERO;
        let mut repeated = false;
        let mut told = false;
        loop {
            // Whoever waits for a token waits alone: a hundred tenants whose authority says nothing take no
            // place from the others.
            if let Err(lost) = self.shared.transport.sign_in().await {
                return Err(Error { repeated, ..Failed::lost(request, lost).error });
            }
            let turn = match self.turn(request.method, subscription, told).await {
                Ok(turn) => turn,
                Err(closed) => return Err(closed_for(request, subscription, closed, repeated)),
            };
            let answer = self.shared.transport.exchange(request).await;
            if let Ok(response) = &answer {
                turn.follow(response, clock);
            }
            let mut failed = match answer {
                Ok(response) if is_cut_off(request, &response) => {
                    let half = TransportError::Unknown("the answer ends in the middle".into());
                    Failed::lost(request, half)
                }
                Ok(response) if response.is_success() => return Ok(response),
                Ok(response) => Failed::answered(request, &response, clock.now()),
                Err(lost) => Failed::lost(request, lost),
            };
            failed.error.repeated = repeated;
            let attempt = failed.attempt(request.method, number, waited);
            let closing = retry::closing(attempt);
            if let Some(closing) = closing {
                turn.close(closing, clock);
            }
            drop(turn);
            match retry::decide(attempt) {
                Decision::Fail => return Err(failed.error),
                Decision::GiveUp(time) => {
                    return Err(failed.out_of_patience(time, waited));
                }
                Decision::Retry(time) => {
                    self.tell(time, || failed.error.to_string());
                    // A closed bucket makes everybody wait who needs it, this request too.
                    told = closing.is_some();
                    if !told {
                        clock.sleep(time).await;
                    }
                    waited += time;
                    number += 1;
                    repeated |= failed.may_have_effect();
                }
            }
        }
    }

    /// `told`: the request's own wait was told already.
    async fn turn(
        &self,
        method: Method,
        subscription: &SubscriptionId,
        told: bool,
    ) -> Result<Turn, ClosedFor> {
        let Site { tenant, principal, pace, .. } = self.site();
        let kind = Kind::of(method);
        let reason = || format!("the limit on {} of subscription `{subscription}`", kind.as_str());
        let ask = Ask {
            payer: Payer { subscription: subscription.clone(), principal: principal.clone(), kind },
            tenant,
            pace: *pace,
            clock: self.clock(),
            patience: retry::PATIENCE,
            waits: &|time| {
                if !told {
                    self.tell(time, reason);
                }
            },
        };
        self.shared.throttle.turn(&ask).await
    }

    fn tell(&self, time: Duration, reason: impl FnOnce() -> String) {
        if let Some(watcher) = &self.watcher {
            watcher(Wait { time, reason: reason() });
        }
    }
}

/// A failed try: its error, and what the retry decision needs to know of it.
struct Failed {
    error: Error,
    lost: Option<TransportError>,
    retry_after: Option<Duration>,
}

impl Failed {
    fn answered(request: &Request, response: &Response, now: Timestamp) -> Self {
        let id = response.request_id().map(str::to_owned);
        let arm = ArmError::read(response.status, &response.body, id);
        let kind = kind(response.status, &arm.message);
        let mut error = error(request, kind, arm.message.clone());
        error.arm = Some(Box::new(arm));
        Self { error, lost: None, retry_after: response.retry_after(now) }
    }

    fn lost(request: &Request, lost: TransportError) -> Self {
        let kind = match lost {
            TransportError::Credential(_) => ErrorKind::Denied,
            TransportError::NotSent(_) | TransportError::Unknown(_) => ErrorKind::Transport,
        };
        Self { error: error(request, kind, lost.to_string()), lost: Some(lost), retry_after: None }
    }

    fn attempt(&self, method: Method, number: u32, waited: Duration) -> Attempt<'_> {
        let failure = match &self.lost {
            Some(TransportError::Credential(_)) => Failure::Credential,
            Some(TransportError::NotSent(_)) => Failure::NotSent,
            Some(TransportError::Unknown(_)) => Failure::Broken,
            None => Failure::Status {
                status: self.error.arm.as_ref().map_or(0, |arm| arm.status),
                code: self.error.code(),
                message: &self.error.message,
                retry_after: self.retry_after,
            },
        };
        Attempt { method, failure, number, waited }
    }

    /// A 429 was not processed; a request that was not sent had no effect either.
    fn may_have_effect(&self) -> bool {
        match &self.lost {
            Some(TransportError::Unknown(_)) => true,
            Some(TransportError::Credential(_) | TransportError::NotSent(_)) => false,
            None => self.error.kind == ErrorKind::Unavailable,
        }
    }

    fn out_of_patience(self, asked: Duration, waited: Duration) -> Error {
        let mut error = self.error;
        let (asked, waited) = (asked.as_secs(), waited.as_secs());
        let more = format!("; asked to wait {asked} s more after {waited} s of waiting");
        error.message = format!("{}{more}", error.message.trim_end_matches('.'));
        if let Some(arm) = &mut error.arm {
            arm.message.clone_from(&error.message);
        }
        error
    }
}

fn kind(status: u16, message: &str) -> ErrorKind {
    match status {
        // 400 in some reports and 409 in others: only the message counts.
        400 | 409 if retry::is_recently_deleted(message) => ErrorKind::RecentlyDeleted,
        401 | 403 => ErrorKind::Denied,
        404 => ErrorKind::NotFound,
        409 | 412 => ErrorKind::Conflict,
        429 => ErrorKind::Throttled,
        408 | 500..=599 => ErrorKind::Unavailable,
        400..=499 => ErrorKind::Refused,
        _ => ErrorKind::Protocol,
    }
}

/// The service wants nothing of the kind for longer than anybody waits: it was not sent.
fn closed_for(
    request: &Request,
    subscription: &SubscriptionId,
    ClosedFor(time): ClosedFor,
    repeated: bool,
) -> Error {
    let (kind, seconds) = (Kind::of(request.method).as_str(), time.as_secs());
    let message = format!(
        "not sent: the service wants no {kind} of subscription `{subscription}` for {seconds} s more"
    );
    Error { repeated, ..error(request, ErrorKind::Throttled, message) }
}

/// Whether the line was cut while a gateway passed the answer on: what came is no whole JSON.
fn is_cut_off(request: &Request, response: &Response) -> bool {
    let whole = || serde_json::from_slice::<serde::de::IgnoredAny>(&response.body);
    let reads = matches!(request.method, Method::Get | Method::Put);
    reads && response.is_success() && whole().is_err_and(|error| error.is_eof())
}

fn parse(request: &Request, response: &Response) -> Result<Value, Error> {
    match serde_json::from_slice(&response.body) {
        Ok(Value::Object(body)) => Ok(Value::Object(body)),
        _ => Err(protocol(request, "the answer is no JSON object, or not a whole one")),
    }
}

fn protocol(request: &Request, message: &str) -> Error {
    error(request, ErrorKind::Protocol, message.to_owned())
}

fn error(request: &Request, kind: ErrorKind, message: String) -> Error {
    let path = request.url.path().to_owned();
    Error { kind, method: request.method, path, arm: None, message, repeated: false }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::live::fake::{Fault, Server, TestClock, client, rule, workspace};

    fn a_rule() -> ResourceId {
        workspace().resource(Collection::AlertRules, &"r1".parse().unwrap())
    }

    async fn get_with(fault: Fault) -> (Result<Value, Error>, Arc<TestClock>, Arc<Server>) {
        let server = Arc::new(Server::default());
        server.store(&a_rule(), rule("r1"));
        server.fail("GET", "/alertRules/r1", [fault]);
        let (client, clock) = client(&server);
        (client.get(&a_rule()).await, clock, server)
    }

    #[tokio::test]
    async fn every_status_has_its_class() {
        let check = async |status, expect| {
            let faults = std::iter::repeat_n(Fault::status(status), 4);
            let server = Arc::new(Server::default());
            server.fail("GET", "/alertRules/r1", faults);
            let (client, _) = client(&server);
            let error = client.get(&a_rule()).await.unwrap_err();
            assert_eq!(error.kind, expect, "{status}");
            assert_eq!(error.arm.unwrap().request_id.as_deref(), Some("request-1"));
        };
        check(400, ErrorKind::Refused).await;
        check(401, ErrorKind::Denied).await;
        check(403, ErrorKind::Denied).await;
        check(404, ErrorKind::NotFound).await;
        check(408, ErrorKind::Unavailable).await;
        check(409, ErrorKind::Conflict).await;
        check(412, ErrorKind::Conflict).await;
        check(429, ErrorKind::Throttled).await;
        check(500, ErrorKind::Unavailable).await;
        check(302, ErrorKind::Protocol).await;
    }

    #[tokio::test]
    async fn retry_after_is_waited_for_exactly() {
        let (answer, clock, _) = get_with(Fault::throttled(17)).await;
        assert!(answer.is_ok());
        assert_eq!(clock.sleeps(), [Duration::from_secs(17)]);
    }

    #[tokio::test]
    async fn a_wait_beyond_patience_is_an_error_that_says_so() {
        let (answer, clock, _) = get_with(Fault::throttled(3600)).await;
        let error = answer.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Throttled);
        assert!(error.to_string().contains("asked to wait 3600 s more"), "{error}");
        assert!(clock.sleeps().is_empty());
    }

    #[tokio::test]
    async fn a_passing_failure_passes() {
        for fault in [Fault::status(500), Fault::NotSent, Fault::LostBefore, Fault::LostAfter] {
            let (answer, clock, _) = get_with(fault).await;
            assert!(answer.is_ok());
            assert_eq!(clock.sleeps(), [Duration::from_millis(500)]);
        }
    }

    #[tokio::test]
    async fn an_answer_after_a_lost_one_is_not_definite() {
        let server = Arc::new(Server::default());
        server.fail("PUT", "/alertRules/r1", [Fault::LostAfter, Fault::status(409)]);
        let (client, _) = client(&server);
        let error = client.put(&a_rule(), &rule("r1")).await.unwrap_err();
        assert_eq!((error.kind, error.is_definite()), (ErrorKind::Conflict, false));
        server.fail("PUT", "/alertRules/r1", [Fault::NotSent, Fault::status(409)]);
        let error = client.put(&a_rule(), &rule("r1")).await.unwrap_err();
        assert!(error.is_definite());
    }

    #[tokio::test]
    async fn half_an_answer_is_asked_for_again_and_then_an_error() {
        let half = Fault::Body(200, "{\"name\": \"r1\", ".into());
        let (answer, clock, server) = get_with(half.clone()).await;
        assert!(answer.is_ok());
        assert_eq!(clock.sleeps(), [Duration::from_millis(500)]);
        server.fail("PUT", "/alertRules/r1", std::iter::repeat_n(half, 4));
        let error = client(&server).0.put(&a_rule(), &rule("r1")).await.unwrap_err();
        assert_eq!((error.kind, error.is_definite()), (ErrorKind::Transport, false));
        assert!(error.to_string().contains("ends in the middle"), "{error}");
    }

    #[tokio::test]
    async fn an_answer_that_is_no_json_is_an_error_at_once() {
        let (answer, clock, _) = get_with(Fault::Body(200, "<html>Sign in</html>".into())).await;
        assert_eq!(answer.unwrap_err().kind, ErrorKind::Protocol);
        assert!(clock.sleeps().is_empty());
    }

    #[tokio::test]
    async fn a_list_follows_its_pages_and_stays_with_its_server() {
        let server = Arc::new(Server::with_page_size(2));
        for name in ["a", "b", "c", "d", "e"] {
            let id = workspace().resource(Collection::AlertRules, &name.parse().unwrap());
            server.store(&id, rule(name));
        }
        let (client, _) = client(&server);
        let list = client.list(&workspace(), Collection::AlertRules).await.unwrap();
        let names: Vec<&str> = list.iter().filter_map(|item| item["name"].as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d", "e"]);
        assert_eq!(server.journal().len(), 4, "one subscription, three pages");
    }

    async fn list_answering(body: Value) -> Error {
        let server = Arc::new(Server::default());
        let answers = std::iter::repeat_n(Fault::Body(200, body.to_string()), 3);
        server.fail("GET", "/alertRules?", answers);
        let (client, _) = client(&server);
        client.list(&workspace(), Collection::AlertRules).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_list_is_whole_or_an_error() {
        let check = async |body, expect: &str| {
            let error = list_answering(body).await;
            assert_eq!(error.kind, ErrorKind::Protocol);
            assert!(error.message.contains(expect), "{error}");
        };
        check(json!({}), "no `value`").await;
        check(json!({"value": {}}), "no `value`").await;
        check(json!([]), "no JSON object").await;
        check(json!({"value": [], "nextLink": 1}), "no text").await;
        check(json!({"value": [], "nextLink": "/next"}), "no URL").await;
        let link = "https://evil.example/alertRules?x=1";
        check(json!({"value": [], "nextLink": link}), "another server, `evil.example`").await;
        let link = "http://127.0.0.1:2/alertRules?x=1";
        check(json!({"value": [], "nextLink": link}), "another server").await;
        let link =
            format!("http://127.0.0.1:1{}?x=1", workspace().list_path(Collection::AlertRules));
        check(json!({"value": [], "nextLink": link}), "in circles").await;
    }

    #[tokio::test]
    async fn a_subscription_of_another_tenant_is_neither_read_nor_written() {
        let server = Arc::new(Server::default());
        server.set_tenant("99999999-9999-9999-9999-999999999999");
        let (client, _) = client(&server);
        let error = client.put(&a_rule(), &rule("r1")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::WrongTenant);
        assert!(error.is_denied());
        let subscription = &workspace().subscription;
        assert_eq!(server.journal(), [format!("GET /subscriptions/{subscription}")]);
    }

    #[tokio::test]
    async fn a_subscription_is_asked_about_once() {
        let server = Arc::new(Server::default());
        server.store(&a_rule(), rule("r1"));
        let (client, _) = client(&server);
        let id = a_rule();
        let (one, two) = tokio::join!(client.get(&id), client.get(&id));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(server.journal().len(), 3);
    }

    #[tokio::test]
    async fn no_more_requests_are_under_way_than_a_subscription_may_have() {
        let server = Arc::new(Server::default());
        server.store(&a_rule(), rule("r1"));
        let (client, _) = client(&server);
        let id = a_rule();
        let all = futures::future::join_all((0..50).map(|_| client.get(&id))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(server.most_under_way(), client.throttle().limits().per_subscription);
    }

    #[tokio::test]
    async fn what_is_not_there_counts_as_deleted() {
        let server = Arc::new(Server::default());
        server.fail("DELETE", "/alertRules/r1", [Fault::status(404)]);
        let (client, _) = client(&server);
        assert!(client.delete(&a_rule()).await.is_ok());
    }
}
