//! Signing in: Microsoft Entra's token endpoint, GitHub's for assertions, and the managed identity
//! endpoint of Azure's machines.
//!
//! They stand on the same origin as ARM: `POST /{tenant}/oauth2/v2.0/token`, `GET /oidc/token` (what a
//! workflow finds in `ACTIONS_ID_TOKEN_REQUEST_URL`) and `GET /msi/token` (App Service's
//! `IDENTITY_ENDPOINT`). Tokens name their tenant and application, and open nothing but this emulator.

use jiff::Timestamp;
use serde_json::json;

use super::app::{App, Directory, Known};
use super::assertion::{Assertions, Stale};
use super::entra_error::EntraError;
use super::options::Options;
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::{Request, parameter};
use super::tenancy::Caller;
use super::{stamp, token};
use crate::arm::Cloud;
use crate::ident::{ClientId, TenantId};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Whom to ask for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// GitHub's, for assertions.
    Assertions,
    /// Entra's, for tokens of one tenant.
    Tokens(String),
    /// The machine's, for tokens of its identity.
    ManagedIdentity,
}

impl Endpoint {
    /// Of a path that is not ARM's.
    pub(super) fn of(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match segments.as_slice() {
            ["oidc", "token"] => Some(Self::Assertions),
            ["msi", "token"] => Some(Self::ManagedIdentity),
            [tenant, "oauth2", "v2.0", "token"] => Some(Self::Tokens((*tenant).to_owned())),
            _ => None,
        }
    }
}

/// Who may sign in, and with what.
#[derive(Debug, Default)]
pub(super) struct Entra {
    pub(super) directory: Directory,
    assertions: Assertions,
}

/// An answer, and who asked as far as that is known.
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) caller: Caller,
}

impl Entra {
    /// Answers a request to one of the endpoints.
    pub(super) fn answer(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        options: &Options,
        now: Timestamp,
    ) -> Answer {
        match endpoint {
            Endpoint::Assertions => {
                let reply = self.assertion(request, options, now);
                Answer { reply: reply.unwrap_or_else(Reply::from), caller: Caller::default() }
            }
            Endpoint::Tokens(tenant) => {
                let text = String::from_utf8_lossy(&request.body);
                let form = Form { tenant, text: &text, method: &request.method };
                let reply = match self.exchange(&form, now) {
                    Ok(app) => self.token(&app, options, now),
                    Err(refused) => refused.reply(now),
                };
                Answer { reply, caller: Caller::of(tenant, form.value("client_id").as_deref()) }
            }
            Endpoint::ManagedIdentity => match self.identity(request) {
                Ok(app) => {
                    let caller = Caller::of(app.tenant.as_str(), Some(app.client.as_str()));
                    Answer { reply: self.token(&app, options, now), caller }
                }
                Err(refused) => Answer { reply: refused.into(), caller: Caller::default() },
            },
        }
    }

    /// `{"value": "…"}`, as GitHub Actions answers a job that may ask.
    fn assertion(
        &self,
        request: &Request,
        options: &Options,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        if request.method != "GET" {
            return Err(Refusal::method_not_allowed(&request.method));
        }
        if request.authorization.as_deref().and_then(super::tenancy::bearer).is_none() {
            let text = "The job's request token is missing.";
            return Err(Refusal::new(401, "Unauthorized", text));
        }
        let Some(audience) = request.parameter("audience") else {
            return Err(Refusal::new(400, "BadRequest", "The audience is missing."));
        };
        let issuer = format!("http://{}/oidc", request.host);
        let subject = &options.workflow_subject;
        let assertion = self.assertions.issue(subject, &audience, &issuer, now);
        Ok(Reply::json(200, &json!({ "value": assertion })))
    }

    /// Whose token it is.
    fn exchange(&self, form: &Form<'_>, now: Timestamp) -> Result<App, EntraError> {
        if form.method != "POST" {
            let method = form.method;
            let text =
                format!("The endpoint only accepts POST requests. Received a {method} request.");
            return Err(EntraError::request("invalid_request", 900_561, text));
        }
        let grant = form.need("grant_type")?;
        if grant != "client_credentials" {
            let text = format!("The app requested an unsupported grant type '{grant}'.");
            return Err(EntraError::request("unsupported_grant_type", 70_003, text));
        }
        let (client, scope) = (form.need("client_id")?, form.need("scope")?);
        let app = self.app(form.tenant, &client)?;
        if scope != Cloud::Emulator.scope() {
            let resource = scope.strip_suffix("/.default").unwrap_or(&scope);
            let text = format!(
                "The resource principal named {resource} was not found in the tenant named {}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
                form.tenant
            );
            return Err(EntraError::request("invalid_resource", 500_011, text));
        }
        match (form.value("client_assertion"), form.value("client_secret")) {
            (Some(assertion), _) => {
                if form.value("client_assertion_type").as_deref() != Some(ASSERTION_TYPE) {
                    return Err(EntraError::missing("client_assertion_type"));
                }
                self.federated(&app, &assertion, now)?;
            }
            (None, Some(secret)) => has_secret(&app, &secret)?,
            (None, None) => {
                let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
                return Err(EntraError::client(7_000_218, text));
            }
        }
        Ok(app)
    }

    fn app(&self, tenant: &str, client: &str) -> Result<App, EntraError> {
        let known = match tenant.parse::<TenantId>() {
            Ok(tenant) => self.directory.find(&tenant, client.parse::<ClientId>().ok().as_ref()),
            Err(_) => Known::Nothing,
        };
        match known {
            Known::App(app) => Ok(app),
            Known::TenantOnly => {
                let text = format!(
                    "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
                );
                Err(EntraError::request("unauthorized_client", 700_016, text))
            }
            Known::Nothing => {
                let text = format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
                );
                Err(EntraError::request("invalid_request", 90_002, text))
            }
        }
    }

    /// Whether the application's federated credential takes an assertion.
    fn federated(&self, app: &App, assertion: &str, now: Timestamp) -> Result<(), EntraError> {
        let said = self.assertions.take(assertion, now).map_err(|stale| match stale {
            Stale::Unknown => {
                EntraError::client(50_027, "JWT token is invalid or malformed.")
            }
            Stale::Used => {
                let text = "The assertion was shown before. The emulator takes each once.";
                EntraError::client(50_027, text)
            }
            Stale::Expired(at) => {
                let text = format!(
                    "Client assertion is not within its valid time range. Current time: {now}, expiry time of assertion {at}."
                );
                EntraError::client(700_024, text)
            }
        })?;
        let no_match = |what: &str, value: &str| {
            format!(
                "No matching federated identity record found for presented assertion {what} '{value}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
            )
        };
        let Some(subject) = &app.subject else {
            let client = &app.client;
            let text =
                format!("The client '{client}' has no configured federated identity credentials.");
            return Err(EntraError::client(70_025, text));
        };
        if said.audience != Cloud::Emulator.assertion_audience() {
            return Err(EntraError::client(700_212, no_match("audience", &said.audience)));
        }
        // Entra compares subjects with their case.
        if said.subject != *subject {
            return Err(EntraError::client(700_213, no_match("subject", &said.subject)));
        }
        Ok(())
    }

    fn identity(&self, request: &Request) -> Result<App, Refusal> {
        if request.identity_header.is_none() {
            let text = "The header 'X-IDENTITY-HEADER' is missing.";
            return Err(Refusal::new(401, "Unauthorized", text));
        }
        let resource = request.parameter("resource").unwrap_or_default();
        if format!("{resource}/.default") != Cloud::Emulator.scope() {
            let text = format!("The resource '{resource}' is not known here.");
            return Err(Refusal::new(400, "BadRequest", text));
        }
        let client = request.parameter("client_id").and_then(|client| client.parse().ok());
        self.directory.managed(client.as_ref()).ok_or_else(|| {
            Refusal::new(400, "BadRequest", "No such managed identity is assigned here.")
        })
    }

    fn token(&self, app: &App, options: &Options, now: Timestamp) -> Reply {
        let App { tenant, client, .. } = app;
        let seconds = i64::try_from(options.token_lifetime.as_secs()).unwrap_or(i64::MAX);
        let expires = now.as_second().saturating_add(seconds);
        let resource = Cloud::Emulator.scope();
        let resource = resource.trim_end_matches("/.default");
        let claims = json!({
            "aud": resource,
            "iss": format!("https://sts.windows.net/{tenant}/"),
            "iat": now.as_second(),
            "nbf": now.as_second(),
            "exp": expires,
            "appid": client.as_str(),
            "oid": stamp::guid(&format!("{tenant} {client}").to_ascii_lowercase()),
            "tid": tenant.as_str(),
            "ver": "1.0",
        });
        // Entra says for how long, a managed identity until when: neither minds what the other says.
        let body = json!({
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "expires_on": expires.to_string(),
            "resource": resource,
            "client_id": client.as_str(),
            "access_token": token::write(&claims, self.assertions.key()),
        });
        Reply::json(200, &body)
    }
}

fn has_secret(app: &App, secret: &str) -> Result<(), EntraError> {
    if app.secret.as_deref() == Some(secret) {
        return Ok(());
    }
    let text = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
        app.client
    );
    Err(EntraError::client(7_000_215, text))
}

/// A form that was sent to a tenant's token endpoint.
struct Form<'a> {
    tenant: &'a str,
    text: &'a str,
    method: &'a str,
}

impl Form<'_> {
    fn value(&self, name: &str) -> Option<String> {
        parameter(self.text, name).filter(|value| !value.is_empty())
    }

    fn need(&self, name: &str) -> Result<String, EntraError> {
        self.value(name).ok_or_else(|| EntraError::missing(name))
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;

    const TENANT: &str = "11111111-1111-1111-1111-111111111111";
    const OTHER: &str = "22222222-2222-2222-2222-222222222222";
    const CLIENT: &str = "33333333-3333-3333-3333-333333333333";

    struct Bench {
        entra: Entra,
        options: Options,
        now: Timestamp,
    }

    impl Bench {
        fn new(app: impl FnOnce(App) -> App) -> Self {
            let entra = Entra::default();
            let client: ClientId = CLIENT.parse().unwrap();
            entra.directory.register(app(App::new(TENANT.parse().unwrap(), client.clone())));
            let elsewhere = ClientId::from_str(OTHER).unwrap();
            entra.directory.register(App::new(OTHER.parse().unwrap(), elsewhere));
            let now = Timestamp::from_second(1000).unwrap();
            Self { entra, options: Options::new(Arc::new(move || now)), now }
        }

        fn ask(&self, path: &str, request: Request) -> (u16, Value) {
            let endpoint = Endpoint::of(path).unwrap();
            let answer = self.entra.answer(&endpoint, &request, &self.options, self.now);
            (answer.reply.status, serde_json::from_slice(&answer.reply.body).unwrap())
        }

        fn assertion(&self, audience: &str) -> String {
            let request = Request {
                method: "GET".into(),
                query: format!("api-version=2.0&audience={audience}"),
                host: "127.0.0.1:1".into(),
                authorization: Some("Bearer job".into()),
                ..Request::default()
            };
            self.ask("/oidc/token", request).1["value"].as_str().unwrap().to_owned()
        }

        fn exchange(&self, tenant: &str, client: &str, credential: &str) -> Value {
            let scope = Cloud::Emulator.scope();
            let body = format!(
                "grant_type=client_credentials&client_id={client}&scope={scope}&{credential}"
            );
            let request =
                Request { method: "POST".into(), body: body.into(), ..Request::default() };
            self.ask(&format!("/{tenant}/oauth2/v2.0/token"), request).1
        }

        fn federated(&self, assertion: &str) -> Value {
            let credential =
                format!("client_assertion_type={ASSERTION_TYPE}&client_assertion={assertion}");
            self.exchange(TENANT, CLIENT, &credential)
        }
    }

    fn with_subject(app: App) -> App {
        App { subject: Some("repo:acme/detections:ref:refs/heads/main".into()), ..app }
    }

    fn with_secret(app: App) -> App {
        App { secret: Some("hunter2".into()), ..app }
    }

    fn audience() -> &'static str {
        Cloud::Emulator.assertion_audience()
    }

    #[track_caller]
    fn refused(answer: &Value, code: u32, word: &str) {
        assert_eq!(answer["error_codes"], json!([code]), "{answer}");
        let description = answer["error_description"].as_str().unwrap();
        assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
        assert!(description.contains(word), "{description}");
    }

    #[test]
    fn a_fresh_assertion_becomes_a_token_of_its_tenant_once() {
        let bench = Bench::new(with_subject);
        let assertion = bench.assertion(audience());
        let answer = bench.federated(&assertion);
        assert_eq!(answer["expires_in"], 3599);
        let claims = token::claims(answer["access_token"].as_str().unwrap()).unwrap();
        assert_eq!((&claims["tid"], &claims["appid"]), (&json!(TENANT), &json!(CLIENT)));
        assert_eq!(
            (&claims["exp"], &claims["aud"]),
            (&json!(4599), &json!("api://sentinelops-emulator"))
        );
        refused(&bench.federated(&assertion), 50_027, "shown before");
    }

    #[test]
    fn an_assertion_must_be_fresh_and_for_this_cloud_and_of_the_workflow() {
        let mut bench = Bench::new(with_subject);
        let old = bench.assertion(audience());
        refused(
            &bench.federated(&bench.assertion("api://AzureADTokenExchange")),
            700_212,
            "audience",
        );
        bench.options.workflow_subject = "repo:acme/detections:pull_request".into();
        refused(
            &bench.federated(&bench.assertion(audience())),
            700_213,
            "'repo:acme/detections:pull_request'",
        );
        bench.now = Timestamp::from_second(1300).unwrap();
        refused(&bench.federated(&old), 700_024, "time range");
        refused(&bench.federated("a.b.c"), 50_027, "malformed");
        let bare = Bench::new(|app| app);
        refused(&bare.federated(&bare.assertion(audience())), 70_025, "federated");
    }

    #[test]
    fn a_secret_is_compared_and_never_repeated() {
        let bench = Bench::new(with_secret);
        assert_eq!(bench.exchange(TENANT, CLIENT, "client_secret=hunter2")["token_type"], "Bearer");
        let answer = bench.exchange(TENANT, CLIENT, "client_secret=hunter3");
        refused(&answer, 7_000_215, "Invalid client secret");
        assert!(!answer.to_string().contains("hunter"), "{answer}");
        refused(&bench.exchange(TENANT, CLIENT, ""), 7_000_218, "client_assertion");
        assert!(!format!("{:?}", bench.entra).contains("hunter2"));
    }

    #[test]
    fn who_is_not_known_where_it_asks_gets_no_token() {
        let bench = Bench::new(with_secret);
        let credential = "client_secret=hunter2";
        refused(&bench.exchange(OTHER, CLIENT, credential), 700_016, OTHER);
        let nowhere = "99999999-9999-9999-9999-999999999999";
        refused(&bench.exchange(nowhere, CLIENT, credential), 90_002, nowhere);
    }

    #[test]
    fn nothing_but_this_emulator_can_be_asked_for() {
        let bench = Bench::new(with_secret);
        let body = format!(
            "grant_type=client_credentials&client_id={CLIENT}&client_secret=hunter2&scope={}",
            Cloud::Public.scope()
        );
        let request = Request { method: "POST".into(), body: body.into(), ..Request::default() };
        let (status, answer) = bench.ask(&format!("/{TENANT}/oauth2/v2.0/token"), request);
        assert_eq!(status, 400);
        refused(&answer, 500_011, "https://management.azure.com");
    }

    #[test]
    fn no_job_no_assertion() {
        let bench = Bench::new(with_subject);
        let request =
            Request { method: "GET".into(), query: "audience=x".into(), ..Request::default() };
        assert_eq!(bench.ask("/oidc/token", request).0, 401);
    }

    #[test]
    fn a_machine_has_the_identity_that_it_was_given() {
        let bench = Bench::new(|app| App { managed: true, ..app });
        let ask = |query: &str, header: Option<&str>| {
            let resource = "resource=api%3A%2F%2Fsentinelops-emulator";
            let request = Request {
                method: "GET".into(),
                query: format!("{resource}&{query}"),
                identity_header: header.map(str::to_owned),
                ..Request::default()
            };
            bench.ask("/msi/token", request)
        };
        assert_eq!(ask("", None).0, 401);
        let (status, body) = ask("", Some("h"));
        assert_eq!((status, &body["expires_on"]), (200, &json!("4599")));
        assert_eq!(ask(&format!("client_id={CLIENT}"), Some("h")).0, 200);
        assert_eq!(ask(&format!("client_id={OTHER}"), Some("h")).0, 400);
    }
}
