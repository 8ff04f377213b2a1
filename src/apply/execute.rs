//! The requests of one item, in the order that survives a crash anywhere.

use serde_json::Value;

use super::records::Sent;
use super::refusal::{describe, is_race, lacks_parent, verdict};
use super::reread::{Again, decide_again, planned_metadata};
use super::{Journal, Verdict};
use crate::arm::{ResourceId, WorkspaceId};
use crate::ident::{Family, WorkspaceKey};
use crate::live::observe::read_if_there;
use crate::live::{Client, Error, ErrorKind};
use crate::plan::{BaselineSide, Change, Options, Put, RecordPut, Work};
use crate::state::Playbooks;

/// How an item's requests ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ended {
    pub(super) verdict: Verdict,
    /// What the workspace must say when it is read again, if the item was written or deleted.
    pub(super) left: Option<Left>,
}

/// What an item's requests left behind.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Left {
    /// The resource, as the service answered it, and the record beside it.
    Resource(Put, RecordPut),
    /// No resource.
    Nothing(ResourceId),
}

/// Why requests stopped halfway.
pub(super) enum Stop {
    /// Somebody else moved the item: it is to be decided again.
    Moved,
    /// The item ended so.
    Ended(Verdict),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        if is_race(&error) { Self::Moved } else { Self::Ended(verdict(&error)) }
    }
}

/// Carries out one change.
pub(super) struct Executor<'a> {
    pub(super) workspace: &'a WorkspaceKey,
    /// Its name in Azure.
    pub(super) id: &'a WorkspaceId,
    pub(super) client: &'a Client,
    pub(super) journal: &'a dyn Journal,
    pub(super) options: &'a Options,
}

impl Executor<'_> {
    /// Carries out the change; if its item moved since it was planned, once more on fresh sides, as
    /// long as the same change still follows.
    pub(super) async fn carry_out(&self, change: &Change) -> Ended {
        match self.send(change).await {
            Ok(left) => Ended { verdict: Verdict::Done, left },
            Err(Stop::Ended(verdict)) => Ended { verdict, left: None },
            Err(Stop::Moved) => self.carry_out_again(change).await,
        }
    }

    /// Carries out a change whose item is known to have moved since it was planned.
    pub(super) async fn carry_out_again(&self, planned: &Change) -> Ended {
        let fresh = match decide_again(self.client, self.id, self.options, planned).await {
            Ok(Again::Same(fresh) | Again::Settled(fresh)) => fresh,
            Ok(Again::Other(fresh)) => return moved(&fresh.reason),
            Err(unreadable) => {
                let why = format!("it moved, and could not be read again: {}", unreadable.message);
                return Ended { verdict: Verdict::Failed(why), left: None };
            }
        };
        match self.send(&fresh).await {
            Ok(left) => Ended { verdict: Verdict::Done, left },
            Err(Stop::Ended(verdict)) => Ended { verdict, left: None },
            Err(Stop::Moved) => self.settle_at_last(&fresh).await,
        }
    }

    /// An item that moved twice is not written again; but another run may have brought it to where
    /// it should be.
    async fn settle_at_last(&self, planned: &Change) -> Ended {
        match decide_again(self.client, self.id, self.options, planned).await {
            Ok(Again::Settled(fresh)) => match self.send(&fresh).await {
                Ok(left) => Ended { verdict: Verdict::Done, left },
                Err(Stop::Ended(verdict)) => Ended { verdict, left: None },
                Err(Stop::Moved) => moved("it keeps moving"),
            },
            Ok(Again::Same(_) | Again::Other(_)) | Err(_) => moved("it keeps moving"),
        }
    }

    async fn send(&self, change: &Change) -> Result<Option<Left>, Stop> {
        if change.work != Work::Nothing
            && let Err(why) = self.keep(change).await
        {
            let why = format!("not sent, since what it replaces could not be kept: {why}");
            return Err(Stop::Ended(Verdict::Failed(why)));
        }
        match &change.work {
            Work::Nothing => Ok(None),
            Work::Create { resource, record } => self.create(change, resource, record).await,
            Work::Update { resource, writing, applied, previous } => {
                self.update(change, resource, [writing, applied], previous).await
            }
            Work::Record { record } => {
                self.client.put(&record.id, &record.to_body()).await?;
                Ok(None)
            }
            Work::Delete { resource, metadata } => self.delete(change, resource, metadata).await,
            Work::Forget { metadata } => {
                let planned = self.ask_before_removing(change).await?;
                self.forget(&planned, metadata).await?;
                Ok(None)
            }
        }
    }

    /// Keeps what a change replaces, beside whatever else is under way.
    async fn keep(&self, change: &Change) -> Result<(), String> {
        let Some(keeping) = self.journal.replaces(self.workspace, self.id, change) else {
            return Ok(());
        };
        let kept = tokio::task::spawn_blocking(keeping).await;
        kept.unwrap_or_else(|lost| Err(lost.to_string()))
    }

    /// The record first: a crash after it leaves a record without its item, which the next run
    /// makes. The other way round it would leave an item that nobody owns.
    async fn create(
        &self,
        change: &Change,
        resource: &Put,
        record: &RecordPut,
    ) -> Result<Option<Left>, Stop> {
        self.ask_before_creating(change, record).await?;
        let recorded = match self.client.put(&record.id, &record.to_body()).await {
            Ok(_) => true,
            Err(error) if error.is_definite() && lacks_parent(&error) => false,
            Err(error) => return Err(error.into()),
        };
        let answer = match self.client.put(&resource.id, &resource.body).await {
            Ok(answer) => answer,
            Err(error) if recorded && error.is_definite() => {
                let sent = Sent { resource, record, previous: planned_metadata(change) };
                return Err(self.take_back(change, &sent, error).await);
            }
            Err(error) => return Err(error.into()),
        };
        let answered = record.answered(resource, &answer);
        let again = !recorded || answered.is_some();
        let last = answered.unwrap_or_else(|| record.clone());
        if again {
            self.settle(&last, "created").await?;
        }
        taken(record, resource, &answer)?;
        Ok(Some(left(resource, answer, last)))
    }

    /// A hunt that another run has just made is refused, and what is taken back then must not be
    /// that run's record. A rule is not refused but written over, with its record: for rules, the
    /// look before the first write is enough.
    async fn ask_before_creating(&self, change: &Change, record: &RecordPut) -> Result<(), Stop> {
        if change.key.family == Family::AnalyticRule {
            return Ok(());
        }
        let current = read_if_there(self.client, &record.id).await?.unwrap_or(Value::Null);
        let planned = planned_metadata(change);
        if current["properties"] == planned["properties"] { Ok(()) } else { Err(Stop::Moved) }
    }

    async fn update(
        &self,
        change: &Change,
        resource: &Put,
        [writing, applied]: [&RecordPut; 2],
        previous: &Value,
    ) -> Result<Option<Left>, Stop> {
        let current = read_if_there(self.client, &writing.id).await?.unwrap_or(Value::Null);
        if current["properties"] != previous["properties"] {
            return Err(Stop::Moved);
        }
        self.client.put(&writing.id, &writing.to_body()).await?;
        let answer = match self.client.put(&resource.id, &resource.body).await {
            Ok(answer) => answer,
            Err(error) if error.is_definite() => {
                let sent = Sent { resource, record: writing, previous };
                return Err(self.take_back(change, &sent, error).await);
            }
            // It may have been written: the record stays as it is, and the next run reads both.
            Err(error) => return Err(error.into()),
        };
        let last = applied.answered(resource, &answer).unwrap_or_else(|| applied.clone());
        self.settle(&last, "written").await?;
        taken(applied, resource, &answer)?;
        Ok(Some(left(resource, answer, last)))
    }

    async fn delete(
        &self,
        change: &Change,
        resource: &ResourceId,
        metadata: &ResourceId,
    ) -> Result<Option<Left>, Stop> {
        let planned = self.ask_before_removing(change).await?;
        self.ask_for_playbooks(change, resource).await?;
        self.client.delete(resource).await?;
        if let Err(error) = self.forget(&planned, metadata).await {
            let why = format!("deleted, but its record could not be: {}", describe(&error));
            return Err(Stop::Ended(Verdict::Failed(why)));
        }
        Ok(Some(Left::Nothing(resource.clone())))
    }

    /// Deletes a record, unless another run has written it anew beside an item that it made.
    async fn forget(&self, planned: &Change, metadata: &ResourceId) -> Result<(), Error> {
        match read_if_there(self.client, metadata).await? {
            Some(found) if found["properties"] == planned_metadata(planned)["properties"] => {
                self.client.delete(metadata).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What is removed is read once more, since nothing brings it back: an edit since the plan was
    /// made is somebody's wish to keep it. An item that went meanwhile is no obstacle.
    async fn ask_before_removing(&self, change: &Change) -> Result<Change, Stop> {
        match decide_again(self.client, self.id, self.options, change).await {
            Ok(Again::Same(fresh)) => Ok(fresh),
            Ok(Again::Settled(fresh) | Again::Other(fresh)) => match fresh.work {
                Work::Forget { .. } => Ok(fresh),
                _ if is_gone(&fresh) => Ok(fresh),
                _ => Err(Stop::Ended(moved(&fresh.reason).verdict)),
            },
            Err(unreadable) => Err(Stop::Ended(Verdict::Failed(unreadable.message))),
        }
    }

    /// What a rule starts goes with it: a playbook that was linked since somebody looked is nobody's wish
    /// to lose.
    async fn ask_for_playbooks(&self, change: &Change, rule: &ResourceId) -> Result<(), Stop> {
        let Some(Playbooks::Read(planned)) = &change.playbooks else { return Ok(()) };
        match self.client.list_actions(rule).await {
            Ok(links) if links == *planned => Ok(()),
            Ok(_) => Err(Stop::Ended(moved("its links to playbooks are others now").verdict)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn settle(&self, record: &RecordPut, done: &str) -> Result<(), Stop> {
        match self.client.put(&record.id, &record.to_body()).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let why =
                    format!("{done}, but its record could not be written: {}", describe(&error));
                Err(Stop::Ended(Verdict::Failed(why)))
            }
        }
    }
}

/// Stops where the service answered other values than it was sent in fields that decide what is
/// detected. The record says what was sent, so the next run reports the difference as drift.
fn taken(record: &RecordPut, sent: &Put, answer: &Value) -> Result<(), Stop> {
    let fields = record.record.not_taken(sent.kind, &sent.body, answer);
    if fields.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    let why = format!("written, but the service answered another value of {}", named.join(", "));
    Err(Stop::Ended(Verdict::Failed(why)))
}

fn left(sent: &Put, answer: Value, record: RecordPut) -> Left {
    Left::Resource(Put { id: sent.id.clone(), kind: sent.kind, body: answer }, record)
}

/// Whether neither an item nor a record is left of what was to be removed.
fn is_gone(fresh: &Change) -> bool {
    fresh.sides.live.is_none() && fresh.sides.baseline == BaselineSide::None
}

fn moved(reason: &str) -> Ended {
    let verdict = Verdict::Refused(format!("moved since it was planned: {reason}"));
    Ended { verdict, left: None }
}
