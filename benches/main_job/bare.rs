//! A client without any of this tool's sense, as a floor: it sends requests, so many at once, and parses
//! the JSON.

use std::sync::Arc;

use azure_core::Bytes;
use azure_core::http::Url;
use futures::stream::{self, StreamExt};
use sentinelops::arm::{Collection, Operation, ResourceId, WorkspaceId};
use sentinelops::live::{Access, Connections, Method, PipelineTransport, Request, Transport};
use serde_json::Value;

pub(crate) struct Bare {
    base: Url,
    transport: Arc<PipelineTransport>,
    at_once: usize,
}

impl Bare {
    pub(crate) fn new(endpoint: &str, at_once: usize) -> Self {
        let base: Url = endpoint.parse().unwrap();
        let connections = Connections::new().unwrap();
        let transport = PipelineTransport::new(&connections, base.clone(), Access::Anonymous);
        Self { base, transport: Arc::new(transport.unwrap()), at_once }
    }

    fn request(&self, method: Method, path: &str, operation: Operation) -> Request {
        let mut url = self.base.clone();
        url.set_path(path);
        url.query_pairs_mut().append_pair("api-version", operation.version());
        Request::new(method, url)
    }

    /// Reads a subscription and the three lists of each workspace.
    pub(crate) async fn read_all(&self, workspaces: &[WorkspaceId]) -> usize {
        let of_workspace = |workspace: &WorkspaceId| {
            let subscription = format!("/subscriptions/{}", workspace.subscription);
            let first = self.request(Method::Get, &subscription, Operation::Subscriptions);
            let lists = [Collection::AlertRules, Collection::SavedSearches, Collection::Metadata];
            let list = |collection: Collection| {
                let path = workspace.list_path(collection);
                self.request(Method::Get, &path, collection.operation())
            };
            std::iter::once(first).chain(lists.map(list))
        };
        self.send_all(workspaces.iter().flat_map(of_workspace).collect()).await
    }

    /// Puts resources.
    pub(crate) async fn put_all(&self, puts: Vec<(ResourceId, Value)>) -> usize {
        let request = |(id, body): (ResourceId, Value)| {
            let mut request = self.request(Method::Put, &id.path(), id.collection.operation());
            request.body = Some(Bytes::from(body.to_string()));
            request
        };
        self.send_all(puts.into_iter().map(request).collect()).await
    }

    async fn send_all(&self, requests: Vec<Request>) -> usize {
        let send = async |request: Request| {
            let response = self.transport.exchange(&request).await.unwrap();
            assert!(response.is_success(), "{} {}", request.method, request.url);
            let body: Value = serde_json::from_slice(&response.body).unwrap();
            std::hint::black_box(body);
        };
        stream::iter(requests).map(send).buffer_unordered(self.at_once).count().await
    }
}
