//! The emulator itself: opening, provisioning, and answering one request after another.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::app::{App, Known, Role};
use super::bucket::{self, Buckets};
use super::call::{self, Answered, Call};
use super::entra::{Endpoint, Entra};
use super::fault::{Faults, Played};
use super::journal::{Entry, Journal};
use super::options::Options;
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Request;
use super::store::{Store, StoreError, SubscriptionRecord, View, WorkspaceRecord, Write};
use super::tables::Tables;
use super::target::Target;
use super::tenancy::{self, Caller};
use super::traffic::Traffic;
use super::{built_in, metadata, onboarding, playbook, rules, saved_searches, stamp, version};
use crate::arm::{Collection, WorkspaceId};
use crate::ident::{ClientId, TenantId};

/// Why the emulator cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The state could not be read or written.
    #[error("the emulator's state cannot be used: {0}")]
    Store(#[from] StoreError),
    /// A file of the folder to seed from.
    #[error("{file}: {why}")]
    Seed {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The folder for recorded traffic cannot be made, or is full.
    #[error("cannot record traffic: {0}")]
    Record(std::io::Error),
    /// The port is taken, or sockets are not allowed.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[from] std::io::Error),
    /// A subscription belongs to one tenant.
    #[error("subscription {subscription} belongs to tenant {tenant} already")]
    OtherTenant {
        /// The subscription.
        subscription: String,
        /// The tenant that it was provisioned for.
        tenant: String,
    },
}

/// An emulated Azure Resource Manager for Sentinel. Clones share their state.
#[derive(Debug, Clone)]
pub struct Emulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    journal: Journal,
    faults: Faults,
    options: Options,
    entra: Entra,
    buckets: Buckets,
    traffic: Option<Traffic>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Reads that wait are lost when this fails, as they are in a process that is killed.
        let _ = self.journal.flush(&self.store);
    }
}

impl Emulator {
    /// Opens the state in a file, creating it and its folder, or an empty one in memory.
    ///
    /// # Errors
    /// When the file cannot be used: it is no such file, or another process has it open.
    pub fn open(path: Option<&Path>, options: Options) -> Result<Self, EmulatorError> {
        let store = Store::open(path)?;
        let journal = Journal::new(options.journal_length);
        let traffic = options.record.as_deref().map(Traffic::open).transpose();
        let traffic = traffic.map_err(EmulatorError::Record)?;
        let inner = Inner {
            store,
            journal,
            options,
            faults: Faults::default(),
            entra: Entra::default(),
            buckets: Buckets::default(),
            traffic,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes a workspace known, and its subscription as one of the tenant's. A new workspace gets
    /// what a fresh one has: the Fusion rule and the searches of Log Analytics. Doing it again
    /// changes nothing.
    ///
    /// # Errors
    /// When the subscription belongs to another tenant, or the state cannot be written.
    pub fn provision(
        &self,
        workspace: &WorkspaceId,
        tenant: &TenantId,
    ) -> Result<(), EmulatorError> {
        let now = stamp::of((self.inner.options.clock)());
        let key = &workspace.subscription;
        let other = self.inner.store.write(|write| {
            let known = write.subscription(key)?;
            if let Some(record) = known.as_ref()
                && !record.tenant.eq_ignore_ascii_case(tenant.as_str())
            {
                return Ok(Some(record.tenant.clone()));
            }
            if known.is_none() {
                let record =
                    SubscriptionRecord { tenant: tenant.to_string(), managed_by: Vec::new() };
                write.put_subscription(key, &record)?;
            }
            if !write.has_workspace(workspace)? {
                let stamp = write.stamp(now)?;
                let id = workspace.to_string();
                let customer_id = stamp::guid(&id.to_ascii_lowercase());
                let created = stamp::to_text(stamp);
                write.put_workspace(
                    workspace,
                    &WorkspaceRecord { id, customer_id, created, tables: None, onboarded: true },
                )?;
                built_in::fill(write, workspace, stamp)?;
            }
            Ok(None)
        })?;
        match other {
            None => Ok(()),
            Some(tenant) => {
                Err(EmulatorError::OtherTenant { subscription: key.to_string(), tenant })
            }
        }
    }

    /// Says which tables a workspace has; `None` for all that a query names, as at first. Rules that
    /// are there stay.
    ///
    /// # Errors
    /// When the state cannot be read or written. An unknown workspace is left unknown.
    pub fn set_tables(
        &self,
        workspace: &WorkspaceId,
        tables: Option<Tables>,
    ) -> Result<(), EmulatorError> {
        self.change_workspace(workspace, |record| record.tables = tables)
    }

    /// Turns Microsoft Sentinel on or off, as its onboarding state does.
    ///
    /// # Errors
    /// When the state cannot be read or written. An unknown workspace is left unknown.
    pub fn set_onboarded(
        &self,
        workspace: &WorkspaceId,
        onboarded: bool,
    ) -> Result<(), EmulatorError> {
        self.change_workspace(workspace, |record| record.onboarded = onboarded)
    }

    fn change_workspace(
        &self,
        workspace: &WorkspaceId,
        change: impl FnOnce(&mut WorkspaceRecord),
    ) -> Result<(), EmulatorError> {
        let known = self.inner.store.view()?.workspace(workspace)?;
        if let Some(mut record) = known {
            change(&mut record);
            self.inner.store.write(|write| write.put_workspace(workspace, &record))?;
        }
        Ok(())
    }

    /// Lets another tenant manage a workspace's subscription, as Azure Lighthouse does.
    ///
    /// # Errors
    /// When the state cannot be written. An unknown subscription is left unknown.
    pub fn delegate(
        &self,
        workspace: &WorkspaceId,
        managing: &TenantId,
    ) -> Result<(), EmulatorError> {
        let key = &workspace.subscription;
        self.inner.store.write(|write| {
            let Some(mut record) = write.subscription(key)? else { return Ok(()) };
            if !record.admits(managing) {
                record.managed_by.push(managing.to_string());
                write.put_subscription(key, &record)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Lets an application sign in to a tenant, until the emulator ends. Doing it again replaces what
    /// it signs in with.
    pub fn register(&self, app: App) {
        self.inner.entra.directory.register(app);
    }

    /// The subject of the assertions that it issues.
    #[must_use]
    pub fn workflow_subject(&self) -> &str {
        &self.inner.options.workflow_subject
    }

    /// The ids of all workspaces, ordered without case.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn workspaces(&self) -> Result<Vec<String>, EmulatorError> {
        let records = self.inner.store.view()?.workspaces()?;
        Ok(records.into_iter().map(|record| record.id).collect())
    }

    /// The faults in force.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// The requests after a sequence number, in order; 0 for all that are kept.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub fn journal(&self, after: u64) -> Result<Vec<Entry>, EmulatorError> {
        Ok(self.inner.journal.read(&self.inner.store, after)?)
    }

    /// Forgets all requests. The sequence goes on where it was.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn clear_journal(&self) -> Result<(), EmulatorError> {
        Ok(self.inner.journal.clear(&self.inner.store)?)
    }

    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(super) fn options(&self) -> &Options {
        &self.inner.options
    }

    /// What happens to a request; counts it.
    pub(super) fn play(&self, request: &Request) -> Played {
        self.inner.faults.play(request)
    }

    /// Answers a request and notes it in the journal.
    pub(super) fn answer(&self, request: &Request, played: &Played) -> Reply {
        let failed = |why: String| Refusal::new(500, "InternalServerError", why).into();
        let reply = match self.answered(request, played) {
            Ok(reply) => reply,
            Err(error) => failed(format!("The emulator's state cannot be used: {error}.")),
        };
        // A recording with a gap would show less than there was.
        match self.inner.traffic.as_ref().map(|traffic| traffic.note(request, played, &reply)) {
            None | Some(Ok(())) => reply,
            Some(Err(error)) => failed(format!("The traffic cannot be recorded: {error}.")),
        }
    }

    fn answered(&self, request: &Request, played: &Played) -> Answered {
        let inner = &self.inner;
        if let Some(endpoint) = Endpoint::of(&request.path) {
            return self.signed_in(&endpoint, request, played);
        }
        let caller = Caller::read(request.authorization.as_deref());
        let entry = |reply: &Reply| self.entry(request, played, reply, &caller);
        let note = |reply: Reply| {
            inner.journal.note(entry(&reply), &inner.store)?;
            Ok(reply)
        };
        if let Some(reply) = played.instead() {
            return note(reply);
        }
        let view = inner.store.view()?;
        let mut limits = None;
        let (call, target) = match self.admitted(&view, request, played, &caller, &mut limits)? {
            Ok(admitted) => admitted,
            Err(reply) => return note(limited(played.change_reply(reply), limits, None)),
        };
        if !request.changes_something() {
            return note(limited(
                played.change_reply(read(&view, &call, &target)?),
                limits,
                Some(&target),
            ));
        }
        drop(view);
        inner.store.write(|write| {
            let reply =
                limited(played.change_reply(change(write, &call, &target)?), limits, Some(&target));
            inner.journal.append(write, Some(entry(&reply)))?;
            Ok(reply)
        })
    }

    /// Answers whoever wants to sign in.
    fn signed_in(&self, endpoint: &Endpoint, request: &Request, played: &Played) -> Answered {
        let inner = &self.inner;
        let now = (inner.options.clock)();
        let (reply, caller) = match played.instead() {
            Some(reply) => (reply, Caller::default()),
            None => {
                let answer = inner.entra.answer(endpoint, request, &inner.options, now);
                (played.change_reply(answer.reply), answer.caller)
            }
        };
        inner.journal.note(self.entry(request, played, &reply, &caller), &inner.store)?;
        Ok(reply)
    }

    fn entry(&self, request: &Request, played: &Played, reply: &Reply, caller: &Caller) -> Entry {
        Entry {
            sequence: 0,
            time: stamp::to_text(stamp::of((self.inner.options.clock)())),
            method: request.method.clone(),
            target: request.target(),
            status: reply.answered(),
            actor: request.actor.clone(),
            caller: caller.label(),
            client_request_id: request.client_request_id.clone(),
            fault: played.name(),
        }
    }

    /// The checks that every request passes: form, path, tenant, API version, limits, subscription, role,
    /// workspace. Says in `limits` what is left of the caller's.
    fn admitted<'a>(
        &'a self,
        view: &View,
        request: &'a Request,
        played: &'a Played,
        caller: &'a Caller,
        limits: &mut Option<bucket::Left>,
    ) -> Result<Result<(Call<'a>, Target), Reply>, StoreError> {
        let options = &self.inner.options;
        let target = match request.is_well_formed().and_then(|()| Target::parse(&request.path)) {
            Ok(target) => target,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let subscription = view.subscription(target.subscription())?;
        let now = (options.clock)();
        let checked = tenancy::admit(caller, subscription.as_ref(), options.require_token, now)
            .and_then(|()| {
                let version = request.parameter("api-version");
                version::check(target.operation(), target.type_name().1, version.as_deref())
            });
        let version = match checked {
            Ok(version) => version,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        match self.counted(request, &target, caller, now) {
            Ok(left) => *limits = Some(left),
            Err(refused) => return Ok(Err(refused)),
        }
        let Some(subscription) = subscription else {
            let id = target.subscription().as_str();
            return Ok(Err(Refusal::subscription_not_found(id).into()));
        };
        if let Err(refusal) = self.permitted(request, &target, caller) {
            return Ok(Err(refusal.into()));
        }
        let Some(id) = target.workspace() else {
            return Ok(Err(subscription_body(&target, request, &subscription)));
        };
        let Some(workspace) = view.workspace(id)? else {
            let (name, group) = (id.name.as_str(), id.resource_group.as_str());
            return Ok(Err(if view.has_resource_group(id)? {
                Refusal::workspace_not_found(name, group).into()
            } else {
                Refusal::resource_group_not_found(group).into()
            }));
        };
        let is_onboarding =
            matches!(target, Target::OnboardingStates(_) | Target::OnboardingState(_));
        let is_sentinel = target.type_name().0 == "Microsoft.SecurityInsights";
        if is_sentinel && !is_onboarding && !workspace.onboarded {
            return Ok(Err(Refusal::not_onboarded(id.name.as_str()).into()));
        }
        Ok(Ok((Call { request, options, played, caller, version, workspace, now }, target)))
    }

    /// Takes the request out of its caller's buckets.
    fn counted(
        &self,
        request: &Request,
        target: &Target,
        caller: &Caller,
        now: jiff::Timestamp,
    ) -> Result<bucket::Left, Reply> {
        let (buckets, refuses) = (&self.inner.buckets, self.inner.options.throttles);
        let whose = (target.subscription().as_str(), caller.actor());
        let left = buckets.take(bucket::Kind::of(&request.method), whose, now, refuses)?;
        if request.method == "PUT" && matches!(target, Target::Action(..)) {
            buckets.take(bucket::Kind::PlaybookLink, whose, now, refuses)?;
        }
        Ok(left)
    }

    /// Whether the role of the caller's application lets it do that. Callers that were not registered may
    /// do everything.
    fn permitted(
        &self,
        request: &Request,
        target: &Target,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let app = caller.app.as_deref().and_then(|app| app.parse::<ClientId>().ok());
        let (Some(tenant), Some(app)) = (&caller.tenant, app) else { return Ok(()) };
        let role = match self.inner.entra.directory.find(tenant, Some(&app)) {
            Known::App(app) => app.role,
            Known::TenantOnly | Known::Nothing => Role::default(),
        };
        if role.allows(&request.method) {
            return Ok(());
        }
        let verb = match request.method.as_str() {
            "GET" => "read",
            "DELETE" => "delete",
            _ => "write",
        };
        let (provider, kind) = target.type_name();
        Err(Refusal::forbidden(caller, &format!("{provider}/{kind}/{verb}"), &request.path))
    }
}

/// An answer that says what is left of the caller's limits, and which versions there are.
fn limited(mut reply: Reply, limits: Option<bucket::Left>, target: Option<&Target>) -> Reply {
    reply.headers.extend(limits.map(bucket::Left::headers).into_iter().flatten());
    let supported = target.and_then(|target| version::supported(target.operation()));
    reply.headers.extend(supported.map(|versions| ("api-supported-versions".into(), versions)));
    reply
}

fn read(view: &View, call: &Call<'_>, target: &Target) -> Answered {
    match (call.request.method.as_str(), target) {
        ("GET", Target::Workspace(id)) => Ok(workspace_body(id, &call.workspace)),
        ("GET", Target::List(id, Collection::AlertRules)) => rules::list(view, call, id),
        ("GET", Target::List(id, Collection::SavedSearches)) => {
            saved_searches::list(view, call, id)
        }
        ("GET", Target::List(id, Collection::Metadata)) => metadata::list(view, call, id),
        ("GET", Target::Item(id)) => match id.collection {
            Collection::AlertRules => rules::get(view, call, id),
            Collection::SavedSearches => saved_searches::get(view, call, id),
            Collection::Metadata => metadata::get(view, call, id),
        },
        ("GET", Target::Actions(rule)) => playbook::list(view, rule),
        ("GET", Target::Action(rule, name)) => playbook::get(view, rule, name),
        ("GET", Target::OnboardingStates(_)) => Ok(onboarding::list(call)),
        ("GET", Target::OnboardingState(_)) => Ok(onboarding::get(call)),
        (method, _) => Ok(Refusal::method_not_allowed(method).into()),
    }
}

fn change(write: &Write, call: &Call<'_>, target: &Target) -> Answered {
    let method = call.request.method.as_str();
    let id = match (method, target) {
        (_, Target::Item(id)) => id,
        ("PUT", Target::Action(rule, name)) => return playbook::put(write, call, rule, name),
        ("DELETE", Target::Action(rule, name)) => return playbook::delete(write, rule, name),
        ("PUT", Target::OnboardingState(id)) => return onboarding::put(write, call, id),
        ("DELETE", Target::OnboardingState(id)) => return onboarding::delete(write, call, id),
        _ => return Ok(Refusal::method_not_allowed(method).into()),
    };
    call.hide(write, id)?;
    match (method, id.collection) {
        ("PUT", Collection::AlertRules) => rules::put(write, call, id),
        ("PUT", Collection::SavedSearches) => saved_searches::put(write, call, id),
        ("PUT", Collection::Metadata) => metadata::put(write, call, id),
        ("PATCH", Collection::Metadata) => metadata::patch(write, call, id),
        ("DELETE", Collection::AlertRules) => rules::delete(write, call, id),
        ("DELETE", Collection::SavedSearches | Collection::Metadata) => call::delete(write, id),
        (method, _) => Ok(Refusal::method_not_allowed(method).into()),
    }
}

fn subscription_body(target: &Target, request: &Request, record: &SubscriptionRecord) -> Reply {
    if request.method != "GET" {
        return Refusal::method_not_allowed(&request.method).into();
    }
    let id = target.subscription();
    let managed: Vec<_> = record.managed_by.iter().map(|t| json!({ "tenantId": t })).collect();
    let body = json!({
        "id": format!("/subscriptions/{id}"),
        "subscriptionId": id.as_str(),
        "tenantId": record.tenant,
        "displayName": "Emulator",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": managed,
    });
    Reply::json(200, &body)
}

fn workspace_body(id: &WorkspaceId, record: &WorkspaceRecord) -> Reply {
    let body = json!({
        "id": record.id,
        "name": record.id.rsplit('/').next().unwrap_or(id.name.as_str()),
        "type": "Microsoft.OperationalInsights/workspaces",
        "location": "westeurope",
        "properties": {
            "customerId": record.customer_id,
            "provisioningState": "Succeeded",
            "createdDate": record.created,
            "sku": {"name": "PerGB2018"},
            "retentionInDays": 90,
            "publicNetworkAccessForIngestion": "Enabled",
            "publicNetworkAccessForQuery": "Enabled",
        },
    });
    Reply::json(200, &body)
}
