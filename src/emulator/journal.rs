//! The journal: every request in the order in which it took effect.
//!
//! Writes enter it in the transaction of their effect. Reads wait in memory until the next write,
//! until a batch is full, or until somebody reads the journal or the emulator closes: a killed
//! process may lose the last reads from it, never a write.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::store::{Store, StoreError, Write};

/// Reads that wait at most.
const BATCH: usize = 256;

/// One request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its place; grows by one, also over restarts and clearing.
    pub sequence: u64,
    /// When it was answered.
    pub time: String,
    /// `GET`, `PUT`, `PATCH`, `DELETE`; `POST` to sign in.
    pub method: String,
    /// Path and query as they were sent.
    pub target: String,
    /// The status that was answered; nothing when the connection was dropped.
    pub status: Option<u16>,
    /// The `x-sentinelops-actor` header, else the user agent.
    pub actor: String,
    /// `tenant <id>`, `tenant <id> app <client id>` or `token <hash>`; nothing without a token. Of a
    /// sign-in, who asked for a token.
    pub caller: Option<String>,
    /// The client's `x-ms-client-request-id`.
    pub client_request_id: Option<String>,
    /// The fault that was played, if one was.
    pub fault: Option<String>,
}

impl Entry {
    fn bytes(mut self, sequence: u64) -> Vec<u8> {
        self.sequence = sequence;
        serde_json::to_vec(&self).expect("invariant: an entry is plain data")
    }
}

/// Reads that are not stored yet.
#[derive(Debug)]
pub(super) struct Journal {
    waiting: Mutex<Vec<Entry>>,
    length: u64,
}

impl Journal {
    pub(super) fn new(length: u64) -> Self {
        Self { waiting: Mutex::new(Vec::new()), length }
    }

    /// Notes a request that changed nothing.
    pub(super) fn note(&self, entry: Entry, store: &Store) -> Result<(), StoreError> {
        let full = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(entry);
            waiting.len() >= BATCH
        };
        if full { self.flush(store) } else { Ok(()) }
    }

    /// Stores what waits, then one more entry, as part of a write.
    pub(super) fn append(&self, write: &Write, entry: Option<Entry>) -> Result<(), StoreError> {
        let waiting = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        let entries = waiting.into_iter().chain(entry);
        write.append(entries.map(|entry| move |sequence| entry.bytes(sequence)), self.length)
    }

    /// Stores what waits.
    pub(super) fn flush(&self, store: &Store) -> Result<(), StoreError> {
        store.write(|write| self.append(write, None))
    }

    /// Everything after a sequence number.
    pub(super) fn read(&self, store: &Store, after: u64) -> Result<Vec<Entry>, StoreError> {
        self.flush(store)?;
        let entries = store.view()?.journal(after)?;
        Ok(entries.iter().filter_map(|bytes| serde_json::from_slice(bytes).ok()).collect())
    }

    /// Forgets everything.
    pub(super) fn clear(&self, store: &Store) -> Result<(), StoreError> {
        store.write(|write| {
            self.append(write, None)?;
            write.clear_journal()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(method: &str) -> Entry {
        Entry { method: method.into(), ..Entry::default() }
    }

    #[test]
    fn reads_are_stored_before_the_write_that_follows_them() {
        let store = Store::open(None).unwrap();
        let journal = Journal::new(100);
        journal.note(entry("GET"), &store).unwrap();
        assert!(store.view().unwrap().journal(0).unwrap().is_empty());
        store.write(|write| journal.append(write, Some(entry("PUT")))).unwrap();
        journal.note(entry("DELETE"), &store).unwrap();
        let entries = journal.read(&store, 0).unwrap();
        let seen: Vec<_> = entries.iter().map(|e| (e.sequence, e.method.as_str())).collect();
        assert_eq!(seen, [(1, "GET"), (2, "PUT"), (3, "DELETE")]);
        assert_eq!(journal.read(&store, 2).unwrap().len(), 1);
    }

    #[test]
    fn clearing_keeps_the_count() {
        let store = Store::open(None).unwrap();
        let journal = Journal::new(100);
        journal.note(entry("GET"), &store).unwrap();
        journal.clear(&store).unwrap();
        assert!(journal.read(&store, 0).unwrap().is_empty());
        journal.note(entry("GET"), &store).unwrap();
        assert_eq!(journal.read(&store, 0).unwrap()[0].sequence, 2);
    }

    #[test]
    fn a_full_batch_of_reads_is_stored() {
        let store = Store::open(None).unwrap();
        let journal = Journal::new(100_000);
        for _ in 0..BATCH {
            journal.note(entry("GET"), &store).unwrap();
        }
        assert_eq!(store.view().unwrap().journal(0).unwrap().len(), BATCH);
    }
}
