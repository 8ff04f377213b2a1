//! How an environment is reached: its cloud, its endpoint, its credential.

use super::reading::{Keys, Reading};
use super::{Credential, Endpoint};
use crate::arm::Cloud;
use crate::diag::{Code, Located, Source, Span};
use crate::ident::{ClientId, TenantId};
use crate::yaml::{Entry, Node, NodeKind};

const UNKNOWN_CLOUD: Code = Code::new("unknown-cloud");
const ENDPOINT: Code = Code::new("endpoint-refused");
const UNKNOWN_CREDENTIAL: Code = Code::new("unknown-credential");
const CREDENTIAL: Code = Code::new("credential-refused");
const SECRET: Code = Code::new("secret-in-file");

/// Keys by which people put a secret itself into a file, in lower case without separators.
const SECRET_KEYS: [&str; 6] =
    ["clientsecret", "secret", "secretvalue", "password", "token", "accesstoken"];

pub(super) fn cloud(reading: &mut Reading, node: &Node) -> Option<Cloud> {
    let clouds = Cloud::ALL.map(|cloud| (cloud.as_str(), cloud));
    reading.choice(node, UNKNOWN_CLOUD, "a cloud", &clouds)
}

/// A real cloud has its own endpoint; the emulator's is within the process or on loopback.
pub(super) fn endpoint(reading: &mut Reading, keys: &Keys<'_>, cloud: Cloud) -> Option<Endpoint> {
    let node = keys.get("endpoint");
    if cloud != Cloud::Emulator {
        if let Some(node) = node {
            let message = format!("cloud `{}` has its own endpoint", cloud.as_str());
            let help = "take `endpoint` out, or set `cloud: emulator`";
            reading.error(ENDPOINT, &node.span, message, help);
            return None;
        }
        return Some(Endpoint::Cloud);
    }
    let node = reading.need(keys, "endpoint")?;
    let text = reading.text(node, "`endpoint`")?;
    if text == "embedded" {
        return Some(Endpoint::Embedded);
    }
    let Some(url) = loopback(text) else {
        let message = format!("`{text}` is neither `embedded` nor plain http on loopback");
        let help = "write `embedded` or `http://127.0.0.1:PORT`: \
                    plain http to anywhere else would show tokens and queries to the network";
        reading.error(ENDPOINT, &node.span, message, help);
        return None;
    };
    Some(Endpoint::Loopback(url))
}

/// The address of a server on loopback, as a base URL.
///
/// Only the scheme, one of three spellings of this machine, and a port. A user part, a path or a
/// longer host name could lead elsewhere.
#[must_use]
pub fn loopback(text: &str) -> Option<String> {
    let rest = text.strip_prefix("http://")?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = rest.rsplit_once(':')?;
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = port.parse().ok().filter(|port| digits && *port > 0)?;
    let here = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    here.then(|| format!("http://{host}:{port}"))
}

/// A credential and, where tokens come from another tenant, that tenant.
pub(super) type Access = (Located<Credential>, Option<Located<TenantId>>);

/// Every kind with the keys that it takes.
const KINDS: [(&str, &[&str]); 7] = [
    ("github-oidc", &["kind", "clientId", "tenantId"]),
    ("workload-identity", &["kind", "clientId", "tenantId"]),
    ("managed-identity", &["kind", "clientId", "tenantId"]),
    ("azure-cli", &["kind", "tenantId"]),
    ("client-secret", &["kind", "clientId", "secretVariable", "tenantId"]),
    ("auto", &["kind", "clientId", "tenantId"]),
    ("none", &["kind"]),
];

pub(super) fn credential(
    reading: &mut Reading,
    node: &Node,
    endpoint: &Endpoint,
) -> Option<Access> {
    if refuse_secrets(reading, node) {
        return None;
    }
    let kind_only = reading.map(node, "`credential`")?;
    let kind = reading.need(&kind_only, "kind")?;
    let name = reading.text(kind, "`kind`")?;
    let allowed = reading.choice(kind, UNKNOWN_CREDENTIAL, "a credential kind", &KINDS)?;
    let keys = reading.keys(node, "this kind of credential", allowed)?;
    let tenant = keys.get("tenantId").and_then(|node| reading.name(node, "a tenant id"));
    let credential = of_kind(reading, &keys, name)?;
    if let Some((message, help)) = misfit(&credential, endpoint) {
        reading.error(CREDENTIAL, &kind.span, message, help);
        return None;
    }
    Some((reading.located(credential, &node.span), tenant))
}

fn of_kind(reading: &mut Reading, keys: &Keys<'_>, kind: &str) -> Option<Credential> {
    let needed = |reading: &mut Reading| {
        let node = reading.need(keys, "clientId")?;
        reading.name::<ClientId>(node, "a client id").map(|client| client.value)
    };
    let optional = |reading: &mut Reading| match keys.get("clientId") {
        None => Some(None),
        Some(node) => reading.name::<ClientId>(node, "a client id").map(|id| Some(id.value)),
    };
    Some(match kind {
        "github-oidc" => Credential::GithubOidc { client: needed(reading)? },
        "workload-identity" => Credential::WorkloadIdentity { client: optional(reading)? },
        "managed-identity" => Credential::ManagedIdentity { client: optional(reading)? },
        "azure-cli" => Credential::AzureCli,
        "client-secret" => {
            let client = needed(reading);
            let variable = reading.need(keys, "secretVariable")?;
            let secret_variable = reading.text(variable, "`secretVariable`")?.to_owned();
            Credential::ClientSecret { client: client?, secret_variable }
        }
        "auto" => Credential::Auto { client: optional(reading)? },
        _ => Credential::None,
    })
}

/// Why a credential does not go with where requests go, and a way on.
fn misfit(credential: &Credential, endpoint: &Endpoint) -> Option<(&'static str, &'static str)> {
    match (endpoint, credential) {
        (Endpoint::Cloud, Credential::None) => Some((
            "nothing is done in Azure without a credential",
            "write `kind: azure-cli`, for example",
        )),
        // Nobody else can reach it, so nobody can hand out assertions and tokens for it either.
        (Endpoint::Embedded, kind) if *kind != Credential::None => Some((
            "the embedded emulator takes no token",
            "write `credential: { kind: none }`, or point `endpoint` at an emulator on loopback \
             that signs in too: `sentinelops emulator --port 8080`",
        )),
        (Endpoint::Cloud | Endpoint::Embedded | Endpoint::Loopback(_), _) => None,
    }
}

/// Reports secrets that stand in the file, without repeating them.
fn refuse_secrets(reading: &mut Reading, node: &Node) -> bool {
    let NodeKind::Map(entries) = &node.kind else { return false };
    let mut found = false;
    for entry in entries.iter().filter(|entry| holds_secret(entry)) {
        let message =
            format!("`{}` seems to hold a secret, not a variable's name in capitals", entry.key);
        let help = "take it out of the file (and out of git: it must be renewed), and name the \
                    environment variable that holds it: `secretVariable: CONTOSO_CLIENT_SECRET`";
        reading.error(SECRET, &entry.key_span, message, help);
        found = true;
    }
    found
}

fn holds_secret(entry: &Entry) -> bool {
    let NodeKind::Scalar(value) = &entry.value.kind else { return false };
    let key: String = entry.key.chars().filter(|c| c.is_alphanumeric()).collect();
    let key = key.to_lowercase();
    let text = value.as_str().unwrap_or_default();
    SECRET_KEYS.contains(&key.as_str()) || (key == "secretvariable" && !is_variable(text))
}

/// Variables are written in capitals everywhere; generated secrets mix cases and other characters.
fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The source with everything blackened that seems to be a secret, so that no report shows it.
pub(super) fn blackened(source: &Source, node: &Node) -> Source {
    let mut spans = Vec::new();
    secrets(node, &mut spans);
    let mut text = source.text().to_owned();
    for span in spans {
        let marks = "*".repeat(span.len());
        text.replace_range(span, &marks);
    }
    Source::new(source.path(), text)
}

fn secrets(node: &Node, spans: &mut Vec<Span>) {
    match &node.kind {
        NodeKind::Scalar(_) => {}
        NodeKind::List(list) => list.iter().for_each(|item| secrets(item, spans)),
        NodeKind::Map(entries) => {
            for entry in entries {
                if holds_secret(entry) {
                    spans.push(entry.value.span.clone());
                }
                secrets(&entry.value, spans);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::sample::{ENVIRONMENT, FLEET, check_changed, fleet, load};
    use super::*;
    use crate::yaml;

    proptest::proptest! {
        #[test]
        fn every_tree_can_be_blackened(text in yaml::sample::text()) {
            let source = Arc::new(Source::new("a.yaml", text));
            if let Ok(node) = yaml::document(&source) {
                let length = blackened(&source, &node).text().len();
                proptest::prop_assert_eq!(length, source.text().len());
            }
        }
    }

    const KIND: &str = "{ kind: azure-cli }";
    const CLIENT: &str = "33333333-3333-3333-3333-333333333333";

    fn emulator(endpoint: &str) -> String {
        let emulator = format!("cloud: emulator\nendpoint: {endpoint}");
        ENVIRONMENT.replace("cloud: public", &emulator).replace("azure-cli", "none")
    }

    #[test]
    fn only_loopback_is_reached_by_plain_http() {
        for right in ["http://127.0.0.1:8080", "http://localhost:1", "'http://[::1]:65535/'"] {
            let text = emulator(right);
            let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
            let endpoint = &fleet.environments.values().next().unwrap().endpoint;
            let url = right.trim_matches('\'').trim_end_matches('/');
            assert_eq!(*endpoint, Endpoint::Loopback(url.to_owned()));
        }
        for wrong in [
            "http://management.azure.com:80",
            "http://127.0.0.1.nip.io:8080",
            "http://localhost.example:8080",
            "http://127.0.0.1:8080@example.com:80",
            "http://example.com#127.0.0.1:80",
            "http://127.0.0.1:8080/subscriptions",
            "http://127.0.0.1:8080?x",
            "http://127.0.0.1",
            "http://127.0.0.1:0",
            "http://127.0.0.1:+80",
            "http://127.0.0.1:70000",
            "http://0.0.0.0:8080",
            "https://127.0.0.1:8080",
            "127.0.0.1:8080",
            "Embedded",
        ] {
            let (none, diagnostics) = load(&[("fleet.yaml", FLEET), ("a.yaml", &emulator(wrong))]);
            assert!(none.is_none(), "{wrong}");
            let codes: Vec<&str> = diagnostics.iter().map(|each| each.code.as_str()).collect();
            assert_eq!(codes, ["endpoint-refused"], "{wrong}");
        }
    }

    #[test]
    fn a_real_cloud_has_its_own_endpoint_and_an_emulator_needs_one() {
        check_changed(
            "cloud: public",
            "cloud: public\nendpoint: embedded",
            &["endpoint-refused a.yaml:2 embedded"],
        );
        let bare =
            ENVIRONMENT.replace("cloud: public", "cloud: emulator").replace(KIND, "{kind: none}");
        let (_, diagnostics) = load(&[("fleet.yaml", FLEET), ("a.yaml", &bare)]);
        assert_eq!(diagnostics.iter().next().unwrap().code.as_str(), "missing-key");
        check_changed("cloud: public", "cloud: pubic", &["unknown-cloud a.yaml:1 pubic"]);
    }

    #[test]
    fn credentials_fit_where_requests_go() {
        check_changed(KIND, "{ kind: none }", &["credential-refused a.yaml:3 none"]);
        let with = |endpoint: &str| {
            let text = emulator(endpoint).replace("kind: none", "kind: azure-cli");
            let (_, diagnostics) = load(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
            diagnostics.iter().next().map(|each| each.code.as_str())
        };
        assert_eq!(with("embedded"), Some("credential-refused"));
        assert_eq!(with("http://127.0.0.1:8080"), None);
    }

    #[test]
    fn every_kind_of_credential_reads_as_itself() {
        let client = || CLIENT.parse::<ClientId>().unwrap();
        let check = |text: &str, expect: Credential| {
            let file = ENVIRONMENT.replace(KIND, text);
            let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &file)]);
            let environment = fleet.environments.values().next().unwrap();
            assert_eq!(environment.credential.value, expect);
            assert!(text.contains(&format!("kind: {}", expect.kind())), "{text}");
        };
        let id = format!("clientId: {CLIENT}");
        check(
            &format!("{{ kind: github-oidc, {id} }}"),
            Credential::GithubOidc { client: client() },
        );
        check("{ kind: workload-identity }", Credential::WorkloadIdentity { client: None });
        let identity = Credential::ManagedIdentity { client: Some(client()) };
        check(&format!("{{ kind: managed-identity, {id} }}"), identity);
        check("{ kind: auto }", Credential::Auto { client: None });
        check("{ kind: azure-cli }", Credential::AzureCli);
    }

    #[test]
    fn what_a_kind_needs_must_be_there_and_other_keys_must_not() {
        check_changed(
            KIND,
            "{ kind: github-oidc }",
            &["missing-key a.yaml:3 { kind: github-oidc }"],
        );
        check_changed(KIND, "{ kind: auto, clientId: app }", &["invalid-value a.yaml:3 app"]);
        check_changed(
            KIND,
            "{ kind: managed-identity, secretVariable: S }",
            &["unknown-key a.yaml:3 secretVariable"],
        );
        check_changed(KIND, "{ kind: azurecli }", &["unknown-credential a.yaml:3 azurecli"]);
        check_changed(KIND, "{ kind: azure-cli, clientId: x }", &["unknown-key a.yaml:3 clientId"]);
        check_changed(KIND, "azure-cli", &["wrong-type a.yaml:3 azure-cli"]);
        check_changed(KIND, "{}", &["missing-key a.yaml:3 {}"]);
    }

    #[test]
    fn a_client_secret_is_the_name_of_a_variable() {
        let text = format!(
            "{{ kind: client-secret, clientId: {CLIENT}, secretVariable: THE_SECRET, tenantId: {CLIENT} }}"
        );
        let text = ENVIRONMENT.replace(KIND, &text);
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        let environment = fleet.environments.values().next().unwrap();
        let expect = Credential::ClientSecret {
            client: CLIENT.parse().unwrap(),
            secret_variable: "THE_SECRET".to_owned(),
        };
        assert_eq!(environment.credential.value, expect);
        assert_eq!(*environment.token_tenant(), CLIENT.parse().unwrap());
        assert_ne!(environment.tenant.value, CLIENT.parse().unwrap());
        check_changed(
            KIND,
            "{ kind: client-secret, clientId: app, secretVariable: S }",
            &["invalid-value a.yaml:3 app"],
        );
    }

    #[test]
    fn a_secret_in_a_file_is_refused_and_shown_nowhere() {
        let secret = "xYz8Q~hunter2.abcdefghijklmnopqrstuvwxyz";
        for key in ["secretVariable", "clientSecret", "client_secret", "password"] {
            let text = format!("{{ kind: client-secret, clientId: {CLIENT}, {key}: {secret} }}");
            let text = ENVIRONMENT.replace(KIND, &text);
            let (none, diagnostics) = load(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
            assert!(none.is_none());
            let codes: Vec<&str> = diagnostics.iter().map(|each| each.code.as_str()).collect();
            assert_eq!(codes, ["secret-in-file"], "{key}");
            assert!(!format!("{diagnostics:?}").contains("hunter2"), "{key}");
        }
    }
}
