//! Any bytes as what Azure Resource Manager answers: to every request alike. The workspace is read whole or
//! unreadable; nothing of it makes the planner write to what it does not own, and nothing panics.
//!
//! The first byte says which status, the second which `Retry-After`; the rest is the body.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::Bytes;
use jiff::Timestamp;
use sentinelops::arm::{ArmError, WorkspaceId};
use sentinelops::environment::Limits;
use sentinelops::live::{
    Client, Clock, Pace, Request, Response, Site, Throttle, Transport, TransportError, Wanted,
    observe,
};
use sentinelops::state::Observation;

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const STATUSES: [u16; 8] = [200, 200, 200, 201, 302, 404, 429, 500];
const WAITS: [&str; 6] =
    ["1", "-1", "99999999999999999999", "Tue, 24 Nov 2026 14:47:36 GMT", "soon", "0"];

#[derive(Debug)]
struct Anything {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Bytes,
}

#[async_trait]
impl Transport for Anything {
    async fn sign_in(&self) -> Result<(), TransportError> {
        Ok(())
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        let path = request.url.path();
        // The subscription is the tenant's, or nothing else would be asked for.
        let subscription = format!("{{\"tenantId\": \"{TENANT}\"}}");
        let is_subscription = path.matches('/').count() == 2;
        let body = if is_subscription { Bytes::from(subscription) } else { self.body.clone() };
        let status = if is_subscription { 200 } else { self.status };
        Ok(Response { status, headers: self.headers.clone(), body })
    }
}

/// Nobody waits.
#[derive(Debug)]
struct Instantly;

#[async_trait]
impl Clock for Instantly {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

pub(crate) fn run(bytes: &[u8]) {
    let [status, wait, body @ ..] = bytes else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let wait = WAITS[usize::from(*wait) % WAITS.len()];
    let _ = ArmError::read(status, body, None).to_string();
    let headers = BTreeMap::from([("retry-after".to_owned(), wait.to_owned())]);
    let transport = Anything { status, headers, body: Bytes::copy_from_slice(body) };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    let seen = runtime.block_on(seen(transport));
    if let Observation::Read(live) = seen {
        let is_list = serde_json::from_slice::<serde_json::Value>(body)
            .is_ok_and(|body| body["value"].is_array());
        assert!(status < 300 && is_list, "{status}: what is no list is not read as one: {live:?}");
    }
}

async fn seen(transport: Anything) -> Observation {
    let site = Site {
        environment: "contoso".parse().expect("a name"),
        tenant: TENANT.parse().expect("a tenant"),
        base: "http://127.0.0.1:1".parse().expect("a URL"),
        principal: "anybody".to_owned(),
        pace: Pace::Free,
    };
    let throttle = Arc::new(Throttle::new(Limits::default()));
    let client = Client::new(site, Arc::new(transport), Arc::new(Instantly), throttle);
    let workspace = WorkspaceId {
        subscription: "00000000-0000-0000-0000-000000000001".parse().expect("a subscription"),
        resource_group: "rg".parse().expect("a name"),
        name: "law-sec".parse().expect("a name"),
    };
    let wanted = Wanted { owner: "acme-soc".parse().expect("an owner"), items: Vec::new() };
    observe(&client, &workspace, &wanted).await
}
