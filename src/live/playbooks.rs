//! Which playbooks rules start: asked for before a rule is deleted, since its links go with it.

use futures::stream::{self, StreamExt};

use super::Clients;
use crate::arm::ResourceId;
use crate::ident::EnvironmentName;
use crate::state::Playbooks;

/// Reads the playbook links of rules, in their order. One that cannot be read hinders no other.
pub async fn read_playbooks(
    clients: &Clients,
    rules: &[(EnvironmentName, ResourceId)],
) -> Vec<Playbooks> {
    let ask = async |(environment, rule): &(EnvironmentName, ResourceId)| {
        let client = match clients.get(environment) {
            Ok(client) => client,
            Err(reason) => return Playbooks::Unknown(reason.message),
        };
        match client.list_actions(rule).await {
            Ok(links) => Playbooks::Read(links),
            Err(error) => Playbooks::Unknown(error.to_string()),
        }
    };
    let at_once = clients.limits().concurrency.max(1);
    stream::iter(rules).map(ask).buffered(at_once).collect().await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::arm::Collection;
    use crate::live::fake::{Fault, Server, client, workspace};

    #[tokio::test]
    async fn what_cannot_be_read_is_not_taken_for_none() {
        let server = Arc::new(Server::default());
        let page = |links: serde_json::Value| Fault::Body(200, json!({"value": links}).to_string());
        server.fail("GET", "/alertrules/r1/actions", [page(json!([{"name": "a"}]))]);
        server.fail("GET", "/alertrules/r2/actions", [page(json!([]))]);
        server.fail("GET", "/alertrules/r3/actions", [Fault::status(403)]);
        let (client, _) = client(&server);
        let limits = client.throttle().limits();
        let contoso: EnvironmentName = "contoso".parse().unwrap();
        let clients = Clients::new(BTreeMap::from([(contoso.clone(), Ok(client))]), limits);
        let rule = |name: &str| {
            let id = workspace().resource(Collection::AlertRules, &name.parse().unwrap());
            (contoso.clone(), id)
        };
        let found = read_playbooks(&clients, &["r1", "r2", "r3"].map(rule)).await;
        assert_eq!(
            found[..2],
            [Playbooks::Read(vec![json!({"name": "a"})]), Playbooks::Read(vec![])]
        );
        assert!(matches!(&found[2], Playbooks::Unknown(why) if why.contains("403")), "{found:?}");
    }
}
