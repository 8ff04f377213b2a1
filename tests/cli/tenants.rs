//! Many customers: each environment signs in to its own tenant, or one tenant manages them all. The
//! emulator is Microsoft Entra, GitHub and Resource Manager at once, and tells who asked for what.

use std::process::Command;

use sentinelops::arm::WorkspaceId;
use sentinelops::emulator::{App, Entry, Options};

use crate::portal::Portal;
use crate::root::{Ran, Root};
use crate::sample;

/// With what a customer's environment signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum With {
    /// A job's assertion.
    Assertion,
    /// A secret in a variable of its own.
    Secret,
    /// The assertion of a job, by the application of the tenant that manages it.
    Lighthouse,
}

/// One customer: what the names and ids of its environment are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Customer {
    number: usize,
    with: With,
}

/// The tenant that manages others, and its application.
const MANAGING: usize = 99;
/// How every token and assertion of the emulator begins.
const TOKEN_BEGINS: &str = "eyJhbGciOiJub25l";
const REQUEST_TOKEN: &str = "job-hunter3";

impl Customer {
    fn guid(number: usize, part: usize) -> String {
        format!("{number:08}-0000-4000-8000-{part:012}")
    }

    fn tenant(self) -> String {
        Self::guid(self.number, 1)
    }

    fn subscription(self) -> String {
        Self::guid(self.number, 2)
    }

    /// Whose token it needs, as the journal says it.
    fn caller(self) -> String {
        let who = if self.with == With::Lighthouse { MANAGING } else { self.number };
        format!("tenant {} app {}", Self::guid(who, 1), Self::guid(who, 3))
    }

    fn variable(self) -> String {
        format!("SECRET_{}", self.number)
    }

    fn secret(self) -> String {
        format!("xYz8Q~hunter2-{}", self.number)
    }

    pub(crate) fn name(self) -> String {
        format!("customer-{}", self.number)
    }

    fn credential(self) -> String {
        let client = Self::guid(self.number, 3);
        match self.with {
            With::Assertion => format!("{{ kind: github-oidc, clientId: {client} }}"),
            With::Secret => {
                let variable = self.variable();
                format!("{{ kind: client-secret, clientId: {client}, secretVariable: {variable} }}")
            }
            With::Lighthouse => {
                let (client, tenant) = (Self::guid(MANAGING, 3), Self::guid(MANAGING, 1));
                format!("{{ kind: github-oidc, clientId: {client}, tenantId: {tenant} }}")
            }
        }
    }

    fn environment(self, endpoint: &str, credential: &str) -> String {
        let (tenant, subscription) = (self.tenant(), self.subscription());
        format!(
            "cloud: emulator\nendpoint: {endpoint}\ntenantId: {tenant}\ncredential: {credential}\n\
             workspaces:\n  - name: soc\n    subscriptionId: {subscription}\n    \
             resourceGroup: rg-soc\n    workspaceName: law-soc\n    ring: canary\n"
        )
    }

    fn workspace(self) -> WorkspaceId {
        WorkspaceId {
            subscription: self.subscription().parse().unwrap(),
            resource_group: "rg-soc".parse().unwrap(),
            name: "law-soc".parse().unwrap(),
        }
    }

    /// As the customer's own tenant knows the application.
    fn app(self) -> App {
        let (tenant, client) = (self.tenant(), Self::guid(self.number, 3));
        App::new(tenant.parse().unwrap(), client.parse().unwrap())
    }
}

/// A repository with one rule and some customers, none of which has it yet.
pub(crate) struct Fleet {
    pub(crate) root: Root,
    pub(crate) portal: Portal,
    pub(crate) customers: Vec<Customer>,
}

impl Fleet {
    pub(crate) fn of(with: &[With]) -> Self {
        Self::on(with, |_| {})
    }

    fn on(with: &[With], change: impl FnOnce(&mut Options)) -> Self {
        let portal = Portal::with(|options| {
            options.require_token = true;
            change(options);
        });
        let root = Root::bare();
        root.write(sample::RULE_FILE, sample::RULE);
        let customers = with.iter().enumerate();
        let customers: Vec<Customer> =
            customers.map(|(number, with)| Customer { number, with: *with }).collect();
        let fleet = Self { root, portal, customers };
        let subject = Some(fleet.portal.emulator.workflow_subject().to_owned());
        for customer in &fleet.customers {
            let (workspace, app) = (customer.workspace(), customer.app());
            fleet.portal.provision(&workspace, &customer.tenant());
            fleet.write(*customer, &customer.credential());
            match customer.with {
                With::Assertion => {
                    fleet.portal.emulator.register(App { subject: subject.clone(), ..app });
                }
                With::Secret => {
                    fleet.portal.emulator.register(App { secret: Some(customer.secret()), ..app });
                }
                With::Lighthouse => {
                    let managing = Customer { number: MANAGING, with: With::Assertion }.app();
                    fleet.portal.emulator.delegate(&workspace, &managing.tenant).unwrap();
                    fleet.portal.emulator.register(App { subject: subject.clone(), ..managing });
                }
            }
        }
        fleet.portal.forget();
        fleet
    }

    /// Writes a customer's environment with a credential in YAML.
    pub(crate) fn write(&self, customer: Customer, credential: &str) {
        let text = customer.environment(&self.portal.endpoint(), credential);
        self.root.write(&format!("environments/{}.yaml", customer.name()), &text);
    }

    /// The program as in a job of GitHub Actions that has every customer's secret.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.root.command(args);
        let url = format!("{}/oidc/token?api-version=2.0", self.portal.endpoint());
        command.env("ACTIONS_ID_TOKEN_REQUEST_URL", url);
        command.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN);
        for customer in self.customers.iter().filter(|each| each.with == With::Secret) {
            command.env(customer.variable(), customer.secret());
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(args, self.command(args).output().unwrap())
    }

    /// What was asked since the last time: assertions, tokens, and Resource Manager.
    pub(crate) fn asked(&self) -> Asked {
        let mut asked = Asked::default();
        for entry in self.portal.emulator.journal(0).unwrap() {
            match entry.target.as_str() {
                target if target.starts_with("/oidc/") => asked.assertions.push(entry),
                target if target.starts_with("/msi/") || target.ends_with("/token") => {
                    asked.tokens.push(entry);
                }
                _ => asked.arm.push(entry),
            }
        }
        self.portal.forget();
        asked
    }

    /// Nothing that opens anything is in what the program said and wrote.
    #[track_caller]
    fn keeps_its_secrets(&self, ran: &[Ran]) {
        let mut secrets = vec![TOKEN_BEGINS.to_owned(), REQUEST_TOKEN.to_owned()];
        secrets.extend(self.customers.iter().map(|customer| customer.secret()));
        let all: Vec<&str> = secrets.iter().map(String::as_str).collect();
        for ran in ran {
            ran.clone().hides(&all);
        }
        let files = self.root.files();
        assert!(files.len() > self.customers.len());
        for (path, bytes) in files {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let found = secrets.iter().find(|secret| text.contains(secret.as_str()));
            assert!(found.is_none(), "{found:?} is in {}", path.display());
        }
    }
}

/// Requests by what they are about, in order.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) assertions: Vec<Entry>,
    pub(crate) tokens: Vec<Entry>,
    pub(crate) arm: Vec<Entry>,
}

impl Asked {
    /// Every request to Resource Manager carries the token of its own subscription's customer, and
    /// the first one for a subscription asks whose it is.
    #[track_caller]
    fn each_with_its_own_token(&self, customers: &[Customer]) {
        for customer in customers {
            let path = format!("/subscriptions/{}", customer.subscription());
            let own = self.arm.iter().filter(|entry| entry.target.starts_with(&path));
            let own: Vec<&Entry> = own.collect();
            assert!(own.len() >= 4, "{}: {own:?}", customer.name());
            assert!(own[0].target.starts_with(&format!("{path}?")), "{:?}", own[0]);
            for entry in own {
                assert_eq!(entry.caller, Some(customer.caller()), "{entry:?}");
                assert!(entry.status.is_some_and(|status| status < 300), "{entry:?}");
            }
        }
    }
}

fn twenty() -> Vec<With> {
    (0..20).map(|number| [With::Assertion, With::Secret][number % 2]).collect()
}

#[test]
fn twenty_tenants_with_twenty_credentials_each_get_their_own_token_and_none_is_shown() {
    let fleet = Fleet::of(&twenty());
    assert!(fleet.portal.assertion("any").starts_with(TOKEN_BEGINS), "the search would find one");
    fleet.portal.forget();
    let mut all = Vec::new();
    for args in [
        &["plan", "-vv", "--out", "saved.plan", "--output", "plan.json", "--format", "json"][..],
        &["apply", "-vv", "--all", "--yes", "--output", "outcome.txt"],
        &["drift", "-vv", "--format", "markdown", "--output", "drift.md"],
    ] {
        let ran = fleet.run(args).exits(0);
        assert!(ran.err.contains("answered"), "requests are logged: {ran}");
        all.push(ran);
        let asked = fleet.asked();
        asked.each_with_its_own_token(&fleet.customers);
        assert_eq!((asked.assertions.len(), asked.tokens.len()), (10, 20), "{args:?}");
        let granted = |entry: &Entry| entry.status == Some(200);
        assert!(asked.assertions.iter().chain(&asked.tokens).all(granted), "{asked:?}");
    }
    fleet.keeps_its_secrets(&all);
}

#[test]
fn every_exchange_has_a_fresh_assertion() {
    // So short that a token is renewed before each request. The emulator takes an assertion once.
    let brief = |options: &mut Options| {
        options.token_lifetime = std::time::Duration::from_secs(60);
    };
    let fleet = Fleet::on(&[With::Assertion, With::Assertion], brief);
    fleet.run(&["apply", "--all", "--yes"]).exits(0);
    let asked = fleet.asked();
    asked.each_with_its_own_token(&fleet.customers);
    assert!(asked.tokens.len() > 2, "{asked:?}");
    assert_eq!(asked.assertions.len(), asked.tokens.len());
    assert!(asked.tokens.iter().all(|entry| entry.status == Some(200)), "{asked:?}");
    let audience = "audience=api%3A%2F%2FAzureADTokenExchangeEmulator";
    assert!(asked.assertions.iter().all(|entry| entry.target.contains(audience)), "{asked:?}");
}

#[test]
fn a_managing_tenant_signs_in_once_for_all_whom_it_manages() {
    let fleet = Fleet::of(&[With::Lighthouse; 5]);
    fleet.run(&["apply", "--all", "--yes"]).exits(0);
    let asked = fleet.asked();
    asked.each_with_its_own_token(&fleet.customers);
    assert_eq!((asked.assertions.len(), asked.tokens.len()), (1, 1), "{asked:?}");
}

#[test]
fn a_customer_who_did_not_delegate_is_unknown_and_the_others_are_done() {
    let fleet = Fleet::of(&[With::Lighthouse, With::Lighthouse, With::Secret]);
    let customer = fleet.customers[2];
    let managing = Customer { with: With::Lighthouse, ..customer };
    fleet.write(customer, &managing.credential());
    fleet.run(&["apply", "--all", "--yes"]).exits(41).says(&[
        "customer-2/soc",
        "InvalidAuthenticationTokenTenant",
        &Customer::guid(MANAGING, 1),
        "have the subscription delegated to that tenant (Azure Lighthouse)",
    ]);
    fleet.asked().each_with_its_own_token(&fleet.customers[..2]);
}

#[test]
fn one_tenant_that_refuses_is_unknown_and_the_others_are_done() {
    let fleet = Fleet::of(&[With::Secret, With::Secret, With::Assertion, With::Secret]);
    let mut command = fleet.command(&["apply", "--all", "--yes", "-vv"]);
    command.env("SECRET_1", "wrong-hunter4").env_remove("SECRET_3");
    let ran = Ran::of(&["apply"], command.output().unwrap());
    let ran = ran.exits(41).hides(&["wrong-hunter4", "in sync: 4"]).says(&[
        "customer-1/soc",
        "AADSTS7000215",
        "put the secret's value, not its id, into `SECRET_1`",
        "customer-3/soc",
        "the environment variable `SECRET_3` is not set",
    ]);
    let asked = fleet.asked();
    asked.each_with_its_own_token(&[fleet.customers[0], fleet.customers[2]]);
    for refused in [fleet.customers[1], fleet.customers[3]] {
        let own = |entry: &&Entry| entry.target.contains(&refused.subscription());
        assert_eq!(asked.arm.iter().filter(own).count(), 0, "{}", refused.name());
    }
    fleet.keeps_its_secrets(&[ran]);
}

#[test]
fn a_subscription_of_another_customer_is_not_touched() {
    let fleet = Fleet::of(&[With::Lighthouse, With::Lighthouse]);
    let (own, other) = (fleet.customers[0], fleet.customers[1]);
    // The managing tenant's token opens both: only the question whose it is tells them apart.
    let file = "environments/customer-0.yaml";
    fleet.root.remove("environments/customer-1.yaml");
    fleet.root.replace(file, &own.subscription(), &other.subscription());
    fleet
        .run(&["apply", "--all", "--yes"])
        .exits(40)
        .says(&["customer-0/soc", &format!("belongs to tenant `{}`", other.tenant())]);
    let asked = fleet.asked();
    assert_eq!(asked.arm.len(), 1, "{asked:?}");
}

#[test]
fn a_job_without_the_permission_is_told_which() {
    let fleet = Fleet::of(&[With::Assertion]);
    let mut command = fleet.command(&["plan"]);
    command.env_remove("ACTIONS_ID_TOKEN_REQUEST_URL");
    Ran::of(&["plan"], command.output().unwrap()).exits(40).says(&[
        "customer-0/soc",
        "`ACTIONS_ID_TOKEN_REQUEST_URL` is not set",
        "`permissions: id-token: write`",
    ]);
}
